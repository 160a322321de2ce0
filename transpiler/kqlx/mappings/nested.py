"""Nested groups, and names with stars, in the terms of single fields."""

from __future__ import annotations

import re
from dataclasses import replace

from kqlx.elastic.type_names import DATES, NUMBERS
from kqlx.nodes import (
    Always,
    And,
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
    simplify,
)


def flattened(node: Nested) -> Node:
    """The tests of a nested group on their full names: met by any objects, not by one and the same.

    What must not hold of one object may hold of others, so that negated tests are left out.
    """
    path = node.path.name

    def full(part: Node) -> Node:
        if isinstance(part, And | Or):
            return replace(part, items=tuple([full(item) for item in part.items]))
        if isinstance(part, Not):
            return Always(part.span)
        if isinstance(part, Nested):
            inner = Literal(f"{path}.{part.path.name}", span=part.path.span)
            return flattened(replace(part, path=inner))
        if isinstance(part, FreeText):
            return field_test(part, f"{path}.null")
        if isinstance(part, FieldTest):
            field = part.field
            if isinstance(field, Pattern):
                field = field.prefixed(f"{path}.")
            else:
                field = Literal(f"{path}.{field.name}", span=field.span)
            return replace(part, field=field)
        return part

    return simplify(full(node.item))


def field_test(node: FreeText, name: str) -> Equals | Like | Exists:
    """A bare value within a nested group, of which Kibana makes a test of a field called null:
    that of this name.
    """
    field = Literal(name)
    if isinstance(node.value, Literal):
        return Equals(field, node.value, node.span)
    if node.value.is_lone_star:
        return Exists(field, node.span)
    return Like(field, node.value, node.span)


_PLACE = re.compile(r"\.[0-9]+(?=\.|$)")


def in_any_place(name: str) -> str:
    """The name of a field in a numbered place of a list, ``targets.0.id``, for any place:
    ``targets.*.id``. Other names as they are.
    """
    return _PLACE.sub(".*", name)


OBJECTS = frozenset({"object", "nested"})


def may_meet(type: str, node: FieldTest) -> bool:
    """Whether a field of this Elasticsearch type can meet the test of a name with stars, in which
    Kibana passes over the fields that the value is no value of.
    """
    from kqlx.elastic.addresses import network
    from kqlx.elastic.numbers import number_of

    if isinstance(node, Exists):
        return type not in OBJECTS
    if type in NUMBERS:
        return not isinstance(node, Like) and number_of(node.value.name) is not None
    if type == "ip":
        return isinstance(node, Equals) and network(node.value.name) is not None
    if type == "boolean":
        return isinstance(node, Equals) and node.value.name in ("true", "false")
    return type not in OBJECTS | DATES | {"geo_point"}
