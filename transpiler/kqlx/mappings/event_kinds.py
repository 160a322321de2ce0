"""Fields that Elastic's pipeline takes from another column by the kind of event: which of these
kinds a query can be about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from kqlx.mappings.asserted_values import Asserted, spelt
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.pack import Destination
from kqlx.mappings.predicates import read_predicate
from kqlx.nodes import And, Equals, Node, Not, Or, Span, any_of, simplify
from kqlx.records import replace

Chosen = Callable[[FieldSpec], FieldSpec]
"""Of the specs of a field the one that is for the query."""


def narrowed_to_query(
    spec: FieldSpec,
    destination: Destination,
    asserted: Asserted,
    chosen: Chosen = lambda spec: spec,
) -> FieldSpec:
    """The field as it is on the events that the query asserts: with the cases that are left, or,
    where all of those events are of one case, as that case says.

    ``asserted`` are the sets of values by field of which every matching event has one.
    """
    if not spec.cases:
        return spec
    of_kinds = [kind for case in spec.cases for kind in case.case_values]
    kinds = kinds_asserted(spec.case_field, destination, asserted, chosen, of_kinds)
    if kinds is None:
        return _alike(spec)
    told = frozenset(of_kinds)
    left = []
    for case in spec.cases:
        meant = kinds & frozenset(case.case_values) if case.case_values else kinds - told
        if meant and len(meant) == len(kinds):
            alone = replace(case, case_values=(), apart=False)
            if not any(
                kinds & frozenset(other.case_values) for other in spec.cases if other is not case
            ):
                return alone
        if meant:
            left.append(replace(case, case_values=tuple(sorted(meant)) if case.case_values else ()))
    if len(left) == 1 and left[0].apart:
        return replace(left[0], case_values=(), apart=False)  # empty on events of other kinds
    return _alike(replace(spec, cases=tuple(left)))


def _alike(spec: FieldSpec) -> FieldSpec:
    """The field as the one column that all cases name, if they differ in notes alone and stand for
    all kinds; the note is that of the first that has one.
    """
    plain = [replace(case, case_values=(), apart=False, note=None) for case in spec.cases]
    if len(plain) < 2 or any(one != plain[0] for one in plain) or spec.cases[-1].case_values:
        return spec
    note = next((case.note for case in spec.cases if case.note), None)
    return replace(plain[0], note=note)


def kinds_asserted(
    by: str,
    destination: Destination,
    asserted: Asserted,
    chosen: Chosen = lambda spec: spec,
    of_kinds: Collection[str] = (),
) -> frozenset[str] | None:
    """The values of a field of which every matching event has one, by all that the query asserts:
    of the field itself, of others in the same column, and of those that the destination tells by
    that column. None where nothing is asserted of it. ``of_kinds`` are those that the pack knows.
    """
    own = destination.field(by)
    if own is None or own.column is None:
        return None
    kinds: frozenset[str] | None = None
    for name, values in asserted.items():
        spec = destination.field(name)
        if spec is None:
            continue
        spec = chosen(spec)
        for one in values:
            if name == by or spec == own:
                found: frozenset[str] | None = spelt(one, of_kinds)
            elif spec.value_predicates and spelt(one, spec.value_predicates) <= {
                *spec.value_predicates
            }:
                predicates = [spec.value_predicates[v] for v in spelt(one, spec.value_predicates)]
                found = _of_predicates(predicates, own.column)
            else:
                continue
            if found is not None:
                kinds = found if kinds is None else kinds & found
    return kinds


def _of_predicates(predicates: Iterable[str], column: str) -> frozenset[str] | None:
    found: frozenset[str] = frozenset()
    for predicate in predicates:
        values = _values(read_predicate(predicate), column)
        if values is None:
            return None
        found |= values
    return found


def _values(node: Node, column: str) -> frozenset[str] | None:
    """The values of the column of which every event has one that meets the predicate."""
    if isinstance(node, Equals):
        return frozenset({node.value.name}) if node.field.name == column else None
    if isinstance(node, Or):
        each = [_values(item, column) for item in node.items]
        known = [values for values in each if values is not None]
        return frozenset().union(*known) if len(known) == len(each) else None
    if isinstance(node, And):
        known = [v for item in node.items if (v := _values(item, column)) is not None]
        return frozenset.intersection(*known) if known else None
    return None


def either_of(tests: Sequence[Node], span: Span) -> Node:
    """One of the tests, each of other events."""
    return simplify(any_of(tests, span))


def excluding(test: Node, excluded: Iterable[Node], span: Span) -> Node:
    """The test, and none of those that are excluded."""
    left_out = list(excluded)
    return And((test, Not(either_of(left_out, span), span)), span) if left_out else test
