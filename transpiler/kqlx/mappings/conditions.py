"""Conditions of a pack on the values of a field, for those who count and show values: what the
``given`` of a field says, bound to the columns of the destination.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kqlx.mappings.bound import Bound
from kqlx.mappings.pack import FieldSpec


def condition(spec: FieldSpec, bound: Bound, field: str) -> Bound | None:
    """A tree that holds on the events on which the field has the column's value; None where all
    have it.
    """
    if not spec.given or bound.pack is None or bound.destination is None:
        return None
    from kqlx.mappings.translation import Translation

    words = Translation(bound.pack, bound.destination, {}, bound.types)
    node = words.parse_predicate(spec.given, (0, 0), field)
    return replace(bound, node=node, columns=words.columns)


def conditional_first(cases: Iterable[FieldSpec]) -> list[FieldSpec]:
    """The cases that have values, in the order in which an event's is looked for: what holds on
    some events of a kind alone before what holds on all others.
    """
    with_values = [case for case in cases if case.column or case.any]
    return sorted(with_values, key=lambda case: not case.given)


def names_columns(spec: FieldSpec) -> bool:
    """Whether the values of a field are in columns, as they are or a part of them."""
    translated = spec.values or spec.where or spec.fixed is not None or spec.counted_by
    return bool(spec.column or spec.any) and not translated
