"""Two data sources whose events are in the same place at the target: their bound trees → one."""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.field_values import FieldValues, InColumn, resolve
from kqlx.nodes import And, Node, Or, conjuncts, simplify
from kqlx.notes import Effect
from kqlx.records import replace

_SHOWN = ("user.id", "user.name", "user.domain", "user.email", "host.name", "source.ip")
"""Fields that say whom an alert is about, in tables."""


def merged(bound: Bound, other: Bound, counted: Iterable[str]) -> Bound | None:
    """Two sources whose events are in one place there: what is asked of either. None where they are
    in two places, read a column of it in two ways, or are different events of a table that have a
    field that is ``counted`` in two columns, or one that says whom an alert is about.
    """
    if bound.place != other.place or bound.uses_target_names is not other.uses_target_names:
        return None
    if bound.records != other.records and (_puts_together(bound) or _puts_together(other)):
        return None  # no event of the other has an ID of records
    if bound.node == other.node:
        told = [note for note in other.notes if note.effect is Effect.COVERAGE]
        more = [note for note in told if note not in bound.notes]
        return replace(bound, notes=(*bound.notes, *more)) if more else bound
    shared = bound.columns.keys() & other.columns.keys()
    if any(_reading(bound.columns[name]) != _reading(other.columns[name]) for name in shared):
        return None
    names = (*counted, *(_SHOWN if _are_logs(bound, other) else ()))
    if _are_apart(bound, other) and any(_column(bound, n) != _column(other, n) for n in names):
        return None
    return replace(
        bound,
        node=_either(bound.node, other.node),
        columns={
            **bound.columns,
            **other.columns,
            **{name: _of_both(bound.columns[name], other.columns[name]) for name in shared},
        },
        notes=(*bound.notes, *other.notes),
        unmapped=(*bound.unmapped, *other.unmapped),
        left_out=(*bound.left_out, *other.left_out),
        source=f"{bound.source}, {other.source}",
    )


def _puts_together(bound: Bound) -> bool:
    """Whether the tree asks for what stands in a further record of an event."""
    return bound.records is not None and not bound.records.columns.keys().isdisjoint(bound.columns)


def _are_apart(bound: Bound, other: Bound) -> bool:
    """Whether the two ask a table for events of two kinds, none of which is in both."""
    there = bound.destination, other.destination
    return "table" in bound.place and len({one.filter for one in there if one is not None}) > 1


def _are_logs(*bounds: Bound) -> bool:
    """Whether these are logs of Windows, each with accounts in columns of its own."""
    marks = [bound.pack.recognise for bound in bounds if bound.pack is not None]
    return all(one.collector or "winlog.channel" in one.fields for one in marks)


def _column(bound: Bound, field: str) -> FieldValues | str:
    found = resolve(bound, field)
    return found.column if isinstance(found, InColumn) else found


def _either(one: Node, other: Node) -> Node:
    """One query or the other, what both ask for said once."""
    first, second = conjuncts(one), conjuncts(other)
    common = [test for test in first if test in second]
    rest = [
        And(tuple(test for test in tests if test not in common), one.span)
        for tests in (first, second)
    ]
    return simplify(And((*common, Or(tuple(rest), one.span)), one.span))


def _reading(column: Column) -> Column:
    return replace(column, field="", null_values=(), case="same")


def _of_both(one: Column, other: Column) -> Column:
    """The column for the tests of two sources, of which only one may say what stands for none, or
    that letter case may differ.
    """
    nulls = tuple(dict.fromkeys((*one.null_values, *other.null_values)))
    case = "differs" if "differs" in (one.case, other.case) else one.case
    return replace(one, null_values=nulls, case=case)
