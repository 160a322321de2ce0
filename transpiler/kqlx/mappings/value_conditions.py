"""Conditions of a pack on the values of a field, for those who count and show values: what the
``guard`` and ``exists`` of a field say, and the predicates that stand for some of its values, bound
to the columns of the destination.
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.mappings.binding import Binding
from kqlx.mappings.bound import Bound
from kqlx.mappings.column_tests import bind_predicate
from kqlx.mappings.extraction import captures
from kqlx.mappings.field_spec import ColumnSpec, FieldSpec
from kqlx.mappings.pack import Destination
from kqlx.mappings.predicates import read_predicate
from kqlx.nodes import Always, And, Equals, Like, Never, Node, Not, walk
from kqlx.records import replace

IPV4_IN_IPV6 = r"(?i)^::ffff:(\d+\.\d+\.\d+\.\d+)$"
"""The regular expression for an IPv4 address that is written as an IPv6 one; both PCRE and RE2 read
it.
"""


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
    binding = Binding(bound.pack, bound.destination, {}, bound.types)
    types = dict.fromkeys(columns, bound.type(field) or "keyword")
    node = bind_predicate(binding, predicate, (0, 0), field, types)
    if bound.destination.other_prefixes:
        from kqlx.mappings.collector_names import under_both

        node = under_both(node, binding.columns, bound.destination.other_prefixes)
    return replace(bound, node=node, columns=binding.columns)


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


def alike_values(spec: FieldSpec, bound: Bound, field: str) -> list[tuple[str, ...]]:
    """Values of a field, in groups, that the destination does not tell apart: the same is looked
    for in its columns, or the pack says so.
    """
    if spec.counted_by is not None:
        return []
    groups: dict[Node | tuple[str, ...], dict[str, str]] = {}
    for value, predicate in spec.value_predicates.items() if spec.column or spec.any_of else ():
        if (tree := _bound(predicate, bound, field)) is not None:
            groups.setdefault(tree.node, {}).setdefault(value.lower(), value)
    for value, spelt in spec.values.items():
        groups.setdefault((str(spelt),), {}).setdefault(value.lower(), value)
    for group in spec.indistinguishable:
        groups[group] = {value.lower(): value for value in group}
    return [tuple(group.values()) for group in groups.values() if len(group) > 1]


def has_values(spec: FieldSpec) -> bool:
    """Whether an event's value can be told: it is in columns, or one that all events have."""
    return bool(spec.column or spec.any_of or spec.fixed is not None)


def conditional_first(cases: Iterable[FieldSpec]) -> list[FieldSpec]:
    """The cases in the order in which an event's is looked for: what holds on some events of a kind
    alone before what holds on all others of it, and what is for all other kinds last. Right before
    that stand those without values, whose events have none; else these are left out.
    """
    found = [*cases]
    others = any(has_values(case) and not case.case_values for case in found)
    told = [case for case in found if has_values(case) or (others and case.case_values)]
    return sorted(told, key=_turn)


def _turn(case: FieldSpec) -> tuple[bool, bool, bool]:
    return (not case.case_values, not has_values(case), not case.guard)


def why_without_values(spec: FieldSpec, destination: Destination) -> str:
    """Why no column has the values of a field, or of some of its kinds of event, and what stands
    for it; "" where the pack does not say.
    """
    lacking = [case for case in spec.cases or (spec,) if not has_values(case)]
    whys = [case.no_counterpart for case in lacking if case.no_counterpart]
    if columns := _tested(lacking):
        told = " and ".join(columns[:3]) if len(columns) < 4 else "several columns"
        whys.insert(0, f"each of its values is a test of {told}")
        if len(columns) == 1 and (instead := _named_by(columns[0], destination)):
            whys.append(f"use {instead} in the rule instead")
    return "; ".join(dict.fromkeys(whys))


def _tested(cases: Iterable[FieldSpec]) -> list[str]:
    """The columns by which values are told."""
    predicates = [predicate for case in cases for predicate in case.value_predicates.values()]
    nodes = [node for predicate in predicates for node in walk(read_predicate(predicate))]
    return [*dict.fromkeys(node.field.name for node in nodes if isinstance(node, Equals | Like))]


def _named_by(column: str, destination: Destination) -> str:
    """The first field that is a column and nothing else, or ""."""
    plain = FieldSpec(column=column)
    fields = destination.fields.items()
    return next((name for name, spec in fields if spec.column == column and spec == plain), "")


def spelt_apart(bound: Bound, field: str, column: str) -> ColumnSpec | None:
    """What a column is like that may spell one address in several ways; None for others."""
    from kqlx.elastic import ecs

    if bound.destination is None or (bound.type(field) or ecs.types().get(field)) != "ip":
        return None
    like = bound.destination.column(column)
    return like if like.ipv4_mapped or like.words else None


def names_columns(spec: FieldSpec) -> bool:
    """Whether the values of a field are in columns, as they are or a part of them."""
    translated = spec.values or spec.value_predicates or spec.fixed is not None or spec.counted_by
    return bool(spec.column or spec.any_of) and not translated
