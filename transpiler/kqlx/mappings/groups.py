"""Nested groups in the terms of single fields."""

from __future__ import annotations

from dataclasses import replace

from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
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
            name = Literal(f"{path}.null")
            if isinstance(part.value, Literal):
                return Equals(name, part.value, part.span)
            lone = part.value.is_lone_star
            return Exists(name, part.span) if lone else Like(name, part.value, part.span)
        if isinstance(part, Equals | Like | Exists | Compare):
            field = part.field
            if isinstance(field, Pattern):
                field = Pattern((f"{path}.{field.parts[0]}", *field.parts[1:]), field.span)
            else:
                field = Literal(f"{path}.{field.name}", span=field.span)
            return replace(part, field=field)
        return part

    return simplify(full(node.item))
