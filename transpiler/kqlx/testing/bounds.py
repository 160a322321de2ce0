"""What Kibana answers to a tree, and between which bounds it would answer if the letter case of
some of its tests did not count.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from kqlx.elastic import ecs
from kqlx.elastic.numbers import number_of
from kqlx.evaluate.compiler import compile
from kqlx.evaluate.event_fields import objects
from kqlx.frontends.shown import shown
from kqlx.mappings.nested import bare_value_test, field_tests
from kqlx.nodes import (
    And,
    Compare,
    Equals,
    FreeText,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    Term,
    transform,
)
from kqlx.records import replace
from kqlx.regular_expressions import folded
from kqlx.testing.edges import NOW
from kqlx.testing.stored import Event, is_multi_field, map_values

Bounds = tuple[bool, bool]
"""Least and most that may be answered: equal where there is one answer."""

TEXTUAL = frozenset(
    {"keyword", "constant_keyword", "wildcard", "flattened", "text", "match_only_text"}
)


def types_of(node: Node) -> dict[str, str]:
    """The types of ECS, and for each other field of the tree what the conversion takes it to be: a
    number where it is compared with one (note ``type-assumed``), else a keyword. Multi-fields and
    parts of flattened fields stay undeclared.
    """
    types = dict(ecs.types())
    for name, test in field_tests(_with_names(node)):
        is_known = name in ecs.types() or is_multi_field(name, types) or _below_leaf(name, types)
        if is_known or isinstance(test.field, Pattern):
            continue
        is_number = isinstance(test, Compare) and number_of(test.value.name) is not None
        if is_number or name not in types:
            types[name] = "double" if is_number else "keyword"
    return types


def _with_names(node: Node, *, inside: bool = False) -> Node:
    """The tree with the names that Kibana gives the bare values within nested groups."""

    def leaf(item: Node) -> Node:
        if isinstance(item, Nested):
            return replace(item, item=_with_names(item.item, inside=True))
        return bare_value_test(item) if inside and isinstance(item, FreeText) else item

    return transform(node, leaf)


def _below_leaf(name: str, types: Mapping[str, str]) -> bool:
    parts = name.split(".")
    above = (".".join(parts[:end]) for end in range(1, len(parts)))
    return any(types.get(place, "object") not in ("object", "nested") for place in above)


class Kibana:
    """The answers of Kibana to one tree."""

    def __init__(self, node: Node, types: Mapping[str, str]) -> None:
        self.node = node
        self.types = types
        self.exact = compile(node, types, now=NOW)

    def bounds(self, event: Event, *, folded: bool) -> Bounds:
        """The answer; with ``folded`` the least and the most that comes of some tests taking
        letter case as it is, and others not.
        """
        if not folded:
            return (self.exact(event),) * 2
        if self._has_odd_letters or has_odd_letters(json.dumps(event, ensure_ascii=False)):
            return (False, True)
        return self._bounds(event)

    @cached_property
    def _has_odd_letters(self) -> bool:
        return has_odd_letters(shown(self.node))

    @cached_property
    def _bounds(self) -> Callable[[Event], Bounds]:
        return self._of(self.node, ())

    def _of(self, node: Node, path: tuple[str, ...]) -> Callable[[Event], Bounds]:
        """The bounds of a node on the object that the groups of the path hold."""
        match node:
            case Not():
                inner = self._of(node.item, path)
                return lambda event: _turned(inner(event))
            case And() | Or():
                items = [self._of(item, path) for item in node.items]
                join = all if isinstance(node, And) else any
                return lambda event: _joined(join, (item(event) for item in items))
            case Nested() if isinstance(node.path, Literal):
                name = node.path.name
                below = self._of(node.item, (*path, name))
                return lambda event: _joined(any, map(below, objects(event, name)))
            case _:
                return self._leaf(node, path)

    def _leaf(self, node: Node, path: tuple[str, ...]) -> Callable[[Event], Bounds]:
        exact = compile(_wrapped(node, path), self.types, now=NOW)
        prefix = "".join(part + "." for part in path)
        lowered = lower_tree(node, self.types, prefix)
        folded = compile(_wrapped(lowered, path), self.types, now=NOW)

        def bounds(event: Event) -> Bounds:
            whole: Event = event
            for part in reversed(path):
                whole = {part: whole}
            answers = exact(whole), folded(lower_event(whole, self.types))
            return (all(answers), any(answers))

        return bounds


def _wrapped(node: Node, path: tuple[str, ...]) -> Node:
    for part in reversed(path):
        node = Nested(Literal(part), node)
    return node


def _turned(bounds: Bounds) -> Bounds:
    return (not bounds[1], not bounds[0])


def _joined(join: Callable[[list[bool]], bool], bounds: Iterable[Bounds]) -> Bounds:
    found = list(bounds)
    return (join([least for least, _ in found]), join([most for _, most in found]))


def lower_tree(node: Node, types: Mapping[str, str], prefix: str = "") -> Node:
    """A leaf whose text is in lower case, if it is about a field whose letter case can count."""
    if isinstance(node, FreeText):
        return replace(node, value=_lower_term(node.value))
    if isinstance(node, Regexp):
        return replace(node, regexp=folded(node.regexp))
    if isinstance(node, Equals | Like | Compare):
        kind = types.get(prefix + node.field.name, "keyword")
        if kind not in TEXTUAL and isinstance(node.field, Literal):
            return node
        if isinstance(node, Like):
            return replace(node, pattern=_lower_term(node.pattern))
        return replace(node, value=_lower_term(node.value))
    return node


def _lower_term(term: Term) -> Any:
    if isinstance(term, Pattern):
        return term.map_literals(str.lower)
    return replace(term, value=term.value.lower()) if isinstance(term.value, str) else term


def lower_event(event: Event, types: Mapping[str, str]) -> Event:
    """The event with its texts in lower case, dates excepted."""

    def lower(name: str, value: Any) -> Any:
        is_date = types.get(name) in ("date", "date_nanos")
        return value.lower() if isinstance(value, str) and not is_date else value

    return map_values(event, lower)


def has_odd_letters(text: str) -> bool:
    """Whether it has letters on whose other case languages and libraries do not agree: ß, İ, ſ, Σ.
    No target documents what becomes of them.
    """
    return any(
        c in "Σσ"
        or len(c.lower()) != 1
        or len(c.upper()) != 1
        or not (c.lower() == c.casefold() == c.upper().lower())
        for c in text
        if c > "\x7f"
    )
