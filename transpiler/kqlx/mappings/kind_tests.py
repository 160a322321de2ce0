"""Tests of a field that is another column by the kind of event."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kqlx.mappings.binding import Binding
from kqlx.mappings.event_kinds import either_of
from kqlx.mappings.field_spec import FieldSpec
from kqlx.nodes import And, Equals, FieldTest, Literal, Node, Not, Or
from kqlx.records import replace

Apply = Callable[[FieldTest, FieldSpec], Node]
"""Binds a test of a field by what becomes of the field."""


def bind_by_kind(binding: Binding, node: FieldTest, spec: FieldSpec, apply: Apply) -> Node:
    """A field that is another column by the kind of event."""
    name = node.field.name
    by = binding.destination.field(spec.case_field)
    assert by is not None
    if not spec.cases:
        message = f"{name} is not set on any of the events that the query asks for"
        binding.add_note("constant-folded", message, node.span)
        return binding.constant(False, message, node.span)
    tests: list[Node] = []
    for case in spec.cases:
        if case.no_counterpart and not case.value_predicates:
            return binding.unmapped(node, name, case.no_counterpart)
        test = apply(node, case)
        if note := case.note:
            binding.add_note(note.code, note.message, node.span, note.effect)
        if not case.apart:
            of = case.case_values or [kind for other in spec.cases for kind in other.case_values]
            kinds = [Equals(Literal(spec.case_field), Literal(kind), node.span) for kind in of]
            guard = either_of([apply(kind, by) for kind in kinds], node.span)
            test = And((guard if case.case_values else Not(guard, node.span), test), node.span)
        tests.append(test)
    columns = dict.fromkeys(c for case in spec.cases for c in (case.column, *case.any_of) if c)
    if len(columns) > 1:
        message = f"{name} is {' or '.join(columns)}, depending on {spec.case_field}"
        binding.add_note("value-translated", message, None)
    return either_of(tests, node.span)


def group_by_kind(node: Or, made: Sequence[Node], count: int) -> Node:
    """Alternative tests of one field, each bound for ``count`` kinds of event: the kinds once, each
    with all values.
    """
    cases = [_kinds_and_test(one) for one in made]
    if any(len(case) != count for case in cases):
        return replace(node, items=tuple(made))
    grouped = [
        And((each[0][0], Or(tuple(test for _, test in each), node.span)), node.span)
        for each in zip(*cases, strict=True)
    ]
    return either_of(grouped, node.span)


def _kinds_and_test(node: Node) -> list[tuple[Node, Node]]:
    """The cases that ``bind_by_kind`` made of a test: the kinds of event, and the test of those."""
    cases = node.items if isinstance(node, Or) else (node,)
    return [
        (case.items[0], case.items[1])
        for case in cases
        if isinstance(case, And) and len(case.items) == 2
    ]
