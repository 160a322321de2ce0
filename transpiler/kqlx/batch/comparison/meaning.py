"""What a rule asks for, and what a target's query asks for, as short texts that are the same where
nothing but spelling, order or repetition differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from kqlx.batch.outcome import Meaning
from kqlx.nodes import Always, And, Literal, Node, Not, Or
from kqlx.rules.filters import with_conditions, with_conditions_on_events
from kqlx.rules.forms import form_of
from kqlx.rules.model import Rule
from kqlx.sequences import EventQuery, Sample, Step


def meaning_of_rule(rule: Rule, query: EventQuery) -> Meaning:
    """Of its query and the conditions beside it, its form and the indices that it reads."""
    tree, _ = with_conditions_on_events(query, rule)
    conditions, _ = with_conditions(Always(), rule)
    return Meaning(
        _told(tree),
        _told(query),
        _told(conditions),
        _told(form_of(rule)),
        _told(tuple(sorted({*rule.indices}))),
    )


def meaning_of_query(
    trees: Iterable[Node],
    place: Mapping[str, object],
    several_events: EventQuery | None = None,
) -> str:
    """Of a target's query, by the trees that were written and the place that it looks in, and what
    the rule asks of several events.
    """
    return _digest("query", (_told(tuple(trees)), _told(place), _told(several_events)))


def _told(value: Any) -> str:
    match value:
        case And() | Or():
            name = type(value).__name__
            items = sorted({_told(item) for item in _items(value)})
            return items[0] if len(items) == 1 else _digest(name, items)
        case Not(item=Not(item=inner)):
            return _told(inner)
        case Literal(value=str(text), phrase=True) if _is_word(text):
            return _told(Literal(text, kind=value.kind))  # a phrase of one word is that word
        case Step():
            keys = [(_told(key), key.optional) for key in value.keys]
            counted = (repr(keys), repr(value.runs), repr(value.missing))
            return _digest("step", (_told(value.condition), *counted))
        case Sample():  # in any order
            return _digest("sample", sorted(map(_told, value.steps)))
        case Mapping():
            return _digest("mapping", sorted(f"{_told(k)}: {_told(v)}" for k, v in value.items()))
        case list() | tuple():
            return _digest("list", map(_told, value))
        case _ if is_dataclass(value):
            compared = (field.name for field in fields(value) if field.compare)
            parts = (f"{name}={_told(getattr(value, name))}" for name in compared)
            return _digest(type(value).__name__, parts)
    return repr(value)


def _items(group: And | Or) -> Iterator[Node]:
    """Those of a group, and of groups like it in it."""
    for item in group.items:
        if type(item) is type(group):
            yield from _items(item)
        else:
            yield item


def _is_word(text: str) -> bool:
    return text.isascii() and text.isalnum()


def _digest(name: str, parts: Iterable[str]) -> str:
    """Of bounded length, however large what it stands for is."""
    text = "\0".join((name, *parts))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
