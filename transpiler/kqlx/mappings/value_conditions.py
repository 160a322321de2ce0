"""Conditions of a pack on the values of a field, for those who count and show values: what the
``guard`` and ``exists`` of a field say, and the predicates that stand for some of its values, bound
to the columns of the destination.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kqlx.mappings.bound import Bound
from kqlx.mappings.collector_names import under_both
from kqlx.mappings.extraction import captures
from kqlx.mappings.pack import FieldSpec
from kqlx.nodes import Always, And, Equals, Never, Node, Not


def condition(spec: FieldSpec, bound: Bound, field: str) -> Bound | None:
    """A tree that holds on the events on which the field has the column's value; None where all
    have it.
    """
    return _bound(spec.guard, bound, field) if spec.guard else None


def presence(bound: Bound, field: str) -> Bound | None:
    """A tree that holds on the events which have the field, where its column has other values too;
    None where a value of the column is one of the field.
    """
    spec = bound.destination.field(field) if bound.destination is not None else None
    if spec is None or not isinstance(spec.exists, str) or not names_columns(spec):
        return None
    if spec.guard or (all(found := captures(spec)) and found):
        return None  # what is taken out of the column is a value of the field
    return _bound(spec.exists, bound, field, spec.any_of or filter(None, [spec.column]))


def _bound(predicate: str, bound: Bound, field: str, columns: Iterable[str] = ()) -> Bound | None:
    """A predicate of the pack as a tree on the destination's columns; ``columns`` that have the
    field's own values are of its type.
    """
    if bound.pack is None or bound.destination is None:
        return None
    from kqlx.mappings.field_translation import Translation

    words = Translation(bound.pack, bound.destination, {}, bound.types)
    types = dict.fromkeys(columns, bound.type(field) or "keyword")
    node = words.parse_predicate(predicate, (0, 0), field, types)
    if bound.destination.other_prefixes:
        node = under_both(node, words.columns, bound.destination.other_prefixes)
    return replace(bound, node=node, columns=words.columns)


def named_values(spec: FieldSpec, bound: Bound, field: str) -> list[tuple[str, Bound]]:
    """The values of a field that are others than those which its columns hold, each with the tree
    that holds on its events. Other events have the value of the column.
    """
    if not (spec.column or spec.any_of) or spec.counted_by is not None:
        return []
    found: dict[Node, tuple[str, Bound]] = {}
    for value, predicate in spec.value_predicates.items():
        tree = _bound(predicate, bound, field)
        if tree is not None and not _is_the_columns(tree.node, value, spec):
            found.setdefault(tree.node, (value, tree))
    return list(found.values())


def _is_the_columns(node: Node, value: str, spec: FieldSpec) -> bool:
    """Whether what a predicate holds on has that value in a column, or it holds on all events or
    on none.
    """
    if isinstance(node, And):
        return any(_is_the_columns(item, value, spec) for item in node.items)
    if isinstance(node, Equals):
        same = node.value.name.lower() == value.lower()
        return same and node.field.name in (spec.column, *spec.any_of)
    return isinstance(node.item if isinstance(node, Not) else node, Always | Never)


def conditional_first(cases: Iterable[FieldSpec]) -> list[FieldSpec]:
    """The cases that have values, in the order in which an event's is looked for: what holds on
    some events of a kind alone before what holds on all others.
    """
    with_values = [case for case in cases if case.column or case.any_of or case.fixed is not None]
    return sorted(with_values, key=lambda case: not case.guard)


def names_columns(spec: FieldSpec) -> bool:
    """Whether the values of a field are in columns, as they are or a part of them."""
    translated = spec.values or spec.value_predicates or spec.fixed is not None or spec.counted_by
    return bool(spec.column or spec.any_of) and not translated
