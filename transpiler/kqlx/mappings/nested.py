"""Nested groups in the terms of single fields: their tests on full names."""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.nodes import (
    Always,
    And,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    simplify,
    transform,
)
from kqlx.records import replace
from kqlx.regexes import late_regex


def field_tests(node: Node, prefix: str = "") -> Iterator[tuple[str, FieldTest | Regexp]]:
    """Each test of a field below a node, with the field's name in full."""
    if isinstance(node, And | Or):
        for item in node.items:
            yield from field_tests(item, prefix)
    elif isinstance(node, Not):
        yield from field_tests(node.item, prefix)
    elif isinstance(node, Nested):
        yield from field_tests(node.item, f"{prefix}{node.path.name}.")
    elif isinstance(node, FieldTest | Regexp):
        yield prefix + node.field.name, node
    elif isinstance(node, FunctionTest):
        yield from ((prefix + name.name, Exists(name, node.span)) for name in node.fields)


def flattened(node: Nested) -> Node:
    """The tests of a nested group on their full names: met by any objects, not by one and the same.

    What must not hold of one object may hold of others, so that negated tests are left out.
    """
    item = without_negations(with_full_names(node.item, node.path.name))
    return simplify(
        transform(item, lambda leaf: flattened(leaf) if isinstance(leaf, Nested) else leaf)
    )


def with_full_names(item: Node, path: str) -> Node:
    """The item of a nested group with the full names of its fields, and of the groups in it."""

    def full(leaf: Node) -> Node:
        if isinstance(leaf, Nested):
            return replace(leaf, path=Literal(f"{path}.{leaf.path.name}", span=leaf.path.span))
        if isinstance(leaf, FreeText):
            return bare_value_test(leaf, f"{path}.null")
        if isinstance(leaf, FieldTest | Regexp):
            field = leaf.field
            if isinstance(field, Pattern) and not isinstance(leaf, Regexp):
                return replace(leaf, field=field.prefixed(f"{path}."))
            return replace(leaf, field=Literal(f"{path}.{field.name}", span=field.span))
        if isinstance(leaf, FunctionTest):
            return leaf.with_fields(lambda field: replace(field, value=f"{path}.{field.name}"))
        return leaf

    return transform(item, full)


def without_negations(node: Node) -> Node:
    """The tree with every ``not`` as what always holds; those within nested groups stay."""
    if isinstance(node, And | Or):
        return replace(node, items=tuple(map(without_negations, node.items)))
    return Always(node.span) if isinstance(node, Not) else node


def one_object_is_enough(item: Node) -> bool:
    """Whether one object meets the item of a nested group whenever several together meet it: it is
    one test, or any of some.
    """
    if isinstance(item, Or):
        return all(map(one_object_is_enough, item.items))
    if isinstance(item, Nested):
        return one_object_is_enough(item.item)
    return isinstance(item, FieldTest | Regexp | Always)


def bare_value_test(node: FreeText, name: str = "null") -> Equals | Like | Exists:
    """A bare value within a nested group, of which Kibana makes a test of a field called null:
    that of this name.
    """
    field = Literal(name)
    if isinstance(node.value, Literal):
        return Equals(field, node.value, node.span)
    if node.value.is_lone_star:
        return Exists(field, node.span)
    return Like(field, node.value, node.span)


_PLACE = late_regex(r"\.[0-9]+(?=\.|$)")


def in_any_place(name: str) -> str:
    """The name of a field in a numbered place of a list, ``targets.0.id``, for any place:
    ``targets.*.id``. Other names as they are.
    """
    return _PLACE.sub(".*", name)
