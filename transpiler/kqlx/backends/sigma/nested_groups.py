"""Nested groups and names with stars in the terms of single fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from kqlx.backends.sigma.backend import ORDERED
from kqlx.elastic.numbers import number_of
from kqlx.elastic.type_names import DATES, NUMBERS
from kqlx.mappings.nested import field_test
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
)

_CONTAINERS = frozenset({"object", "nested", "flattened"})


def is_any(node: Node) -> bool:
    """Whether one object meets the tests whenever some objects meet them."""
    if isinstance(node, Or):
        return all(is_any(item) for item in node.items)
    if isinstance(node, Nested):
        return is_any(node.item)
    return isinstance(node, FieldTest | Always)


def without_not(node: Node) -> Node:
    if isinstance(node, And | Or):
        return replace(node, items=tuple([without_not(item) for item in node.items]))
    return Always(node.span) if isinstance(node, Not) else node


def with_path(node: Node, path: str) -> Node:
    """The item of a nested group with the full names of its fields."""
    match node:
        case And() | Or():
            return replace(node, items=tuple([with_path(item, path) for item in node.items]))
        case Not():
            return Not(with_path(node.item, path), node.span)
        case Nested():
            return replace(node, path=Literal(f"{path}.{node.path.name}", span=node.path.span))
        case FreeText():
            return field_test(node, f"{path}.null")
        case Equals() | Like() | Exists() | Compare():
            field = node.field
            if isinstance(field, Pattern):
                parts = (f"{path}.{field.parts[0]}", *field.parts[1:])
                return replace(node, field=Pattern.between_stars(parts, field.span))
            return replace(node, field=Literal(f"{path}.{field.name}", span=field.span))
    return node


def names_of(name: Pattern, node: FieldTest, types: Mapping[str, str]) -> list[str]:
    """The fields that the name fits and whose type suits the test, multi-fields apart."""
    fits = re.compile(".*".join(map(re.escape, name.parts)), re.DOTALL)
    return [
        field
        for field, kind in types.items()
        if kind not in _CONTAINERS
        and fits.fullmatch(field)
        and types.get(field.rpartition(".")[0], "object") in _CONTAINERS
        and _suits(kind, node)
    ]


def _suits(kind: str, node: FieldTest) -> bool:
    """Whether Elasticsearch would ask a field of this type at all."""
    match node:
        case Exists():
            return True
        case Compare():
            return kind in NUMBERS and number_of(node.value.name) is not None
        case Equals():
            if kind in NUMBERS:
                return number_of(node.value.name) is not None
            if kind == "boolean":
                return node.value.name in ("true", "false")
            return kind not in DATES | {"ip"}
    return kind not in ORDERED
