"""Names of fields: how they are written, and those that no field has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import short
from kqlx.lint.wording import inclusive, note, suggest_node
from kqlx.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Term,
)
from kqlx.notes import Note
from kqlx.records import replace
from kqlx.regexes import late_regex

_SIGN = late_regex(r"[!+-](?=[\w@*])")


def check_spelling(node: FieldTest, text: str) -> Iterator[Note]:
    """The doubts about how the name of the field is written."""
    field = node.field
    raw = text[slice(*field.span)]
    if raw.startswith('"') or not raw:
        return
    if raw in ("_exists_", "_missing_") and isinstance(node, Equals):
        test: Node = Exists(Literal(node.value.name))
        test = test if raw == "_exists_" else Not(test)
        message = f"{raw} is Lucene syntax; here it is a field name"
        yield note("other-language", message, node.span, suggest_node(test))
    elif _SIGN.match(raw) or (raw.startswith("! ") and len(raw) > 2):
        name = _without_first(field)
        bare = replace(node, field=name)
        hint = suggest_node(bare if raw[0] == "+" else Not(bare))
        if node.span[0] != field.span[0]:  # one of a group
            hint = "remove it" if raw[0] == "+" else 'put "not" before the field instead'
        message = f"{raw[0]} is not an operator: it is part of the field name {short(raw)}"
        yield note("symbol-operator", message, field.span, hint)
    elif isinstance(node, Compare) and re.search(r"[=!]$", raw):
        name = Literal(raw.rstrip("=! " + SPACES))
        message = f"{raw[-1]} before the operator is part of the field name"
        hint = suggest_node(Compare(name, inclusive(node.op), node.value))
        yield note("equals-sign", message, field.span, hint)
    elif len(raw.split()) > 1:
        message = f'the field name is "{short(" ".join(raw.split()))}", including the blanks'
        *before, last = raw.split()
        hint = f"if the field is {short(last)}, put an operator before it"
        hint += "; else put the whole name in quotes"
        if before[0].lower() in ("and", "or", "not"):
            hint = "a keyword that follows a keyword is text: remove one of them"
        yield note("field-with-blanks", message, field.span, hint)


def _without_first(term: Term) -> Term:
    if isinstance(term, Pattern):
        others = term.tokens[1:] if term.prefix else term.tokens
        return Pattern.of(term.prefix[1:].lstrip(), *others)
    return Literal(term.name[1:].lstrip())


def check_unknown(root: Node, nearest: Callable[[str], str]) -> Iterator[Note]:
    """The doubts about names that are nearly those of known fields (``nearest``)."""
    yield from _unknown(root, "", nearest, set())


def _unknown(
    node: Node, prefix: str, nearest: Callable[[str], str], reported: set[str]
) -> Iterator[Note]:
    """Each name that is nearly a known one, once."""
    if isinstance(node, And | Or):
        for item in node.items:
            yield from _unknown(item, prefix, nearest, reported)
    elif isinstance(node, Not):
        yield from _unknown(node.item, prefix, nearest, reported)
    elif isinstance(node, Nested):
        yield from _unknown_name(node.path, prefix, nearest, reported)
        yield from _unknown(node.item, f"{prefix}{node.path.name}.", nearest, reported)
    elif isinstance(node, FieldTest):
        yield from _unknown_name(node.field, prefix, nearest, reported)


def _unknown_name(
    field: Term, prefix: str, nearest: Callable[[str], str], reported: set[str]
) -> Iterator[Note]:
    name = prefix + field.name
    if isinstance(field, Pattern) or name in reported:
        return
    reported.add(name)
    meant = nearest(name)
    if meant:
        message = f"{short(name)} is not a field of ECS or of any known data source"
        yield note("unknown-field", message, field.span, f"did you mean {meant}?")
