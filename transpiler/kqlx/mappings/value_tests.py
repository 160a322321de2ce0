"""Tests of a field whose values a pack translates: by a table, or by a predicate for each value."""

from __future__ import annotations

from kqlx.elastic.matching import matches_value, met_values
from kqlx.mappings.binding import Binding
from kqlx.mappings.column_tests import bind_predicate, bind_to_column
from kqlx.mappings.field_spec import FieldSpec
from kqlx.nodes import (
    Always,
    And,
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Never,
    Node,
    Not,
    any_of,
)
from kqlx.notes import Effect, Note
from kqlx.records import replace


def translate_values(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """Values by the table; a pattern stands for all values of the table that fit it."""
    name = node.field.name
    numeric = {value.__class__ for value in spec.values.values()} <= {int, bool}
    type = "long" if numeric else None
    if isinstance(node, Exists):
        if spec.others == "refuse":
            return binding.unmapped(node, f"the existence of {name}")
        return bind_to_column(binding, node, spec, type)
    if isinstance(node, Compare):
        return binding.unmapped(node, f"{name}, compared as text,")
    known = met_values(node, spec.values)
    tests: list[Node] = []
    for value in known:
        literal = Literal(str(spec.values[value]), True, node.span)
        tests.append(bind_to_column(binding, Equals(node.field, literal, node.span), spec, type))
        there = f"{spec.column} {spec.values[value]} in {binding.destination.name}"
        binding.add_note("value-translated", f'{name} "{value}" is {there}', node.span)
    if spec.others == "keep":
        if not known or isinstance(node, Like):
            tests.append(_untranslated(binding, node, spec, known))
    elif known and isinstance(node, Like):
        message = f'"{node.pattern.name}" covers only the known values of {name}'
        binding.add_note("known-values-only", message, node.span, Effect.NARROWER)
    if not tests:
        value = node.value.name if isinstance(node, Equals) else node.pattern.name
        return binding.unmapped(node, f'the value "{value}" of {name}')
    return any_of(tests, node.span)


def _untranslated(binding: Binding, node: Equals | Like, spec: FieldSpec, known: list[str]) -> Node:
    """Values that stay as they are, less the raw ones that the pipeline makes others of."""
    raw = [
        str(there)
        for value, there in spec.values.items()
        if value not in known and matches_value(node, str(there))
    ]
    if not raw:
        return bind_to_column(binding, node, spec)
    name = node.field.name
    message = f'{name} is never "{raw[0]}": Elastic renames it'
    binding.add_note("value-translated", message, node.span)
    if isinstance(node, Equals) and node.case is Case.EXACT:
        return binding.constant(False, message, node.span)
    others = [
        Not(bind_to_column(binding, Equals(node.field, Literal(r, True), node.span), spec))
        for r in raw
    ]
    return And((bind_to_column(binding, node, spec), *others), node.span)


def bind_existence(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """Which events have the field, where that is more than a value in the column."""
    name, meaning = node.field.name, str(spec.exists)
    message = f"{name}:* is {meaning} in {binding.destination.name}"
    binding.add_note("value-translated", message, node.span)
    of_field = binding.types.get(name, "keyword")
    types = {spec.column: of_field} if spec.column else {}
    return bind_predicate(binding, meaning, node.span, name, types)


_MOST_SHOWN = 120

_NEVER = "not *:*"

_DATA_SETS = ("event.dataset", "data_stream.dataset")

_CONSTANTS = {"*:*": "true", _NEVER: "false"}
"""Predicates that every event meets, or none."""


def bind_value_predicates(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    name = node.field.name
    if isinstance(node, Exists) and spec.exists:
        message = f"{name} is set on every event of {binding.pack.title}"
        binding.add_note("constant-folded", message, node.span)
        return Always(node.span)
    known = [] if isinstance(node, Exists | Compare) else met_values(node, spec.value_predicates)
    if not known and spec.column:
        return _in_column(binding, node, spec)
    if not known:
        value = f'the value "{node.value.name}" of ' if isinstance(node, Equals) else ""
        return binding.unmapped(node, f"{value}{name}", spec.no_counterpart or "")
    if _drop_if_indistinguishable(binding, node, spec, known):
        return Never(node.span)
    binding.has_predicates = True
    _note_other_values(binding, node, spec, known)
    items: list[Node] = []
    for value in known:
        meaning = spec.value_predicates[value]
        if _note_value_and_drop_if_negated(binding, node, spec, value):
            items.append(Never(node.span))
            continue
        if meaning == "*:*" and binding.negative:
            binding.required_kinds.append(f'{name} is "{value}"')
        if meaning == _NEVER and not binding.negative:
            binding.reasons_for_never.append(f'{binding.destination.name} has no {name} "{value}"')
        there = _CONSTANTS.get(meaning) or _in_short(meaning)
        message = f'{name} "{value}" is {there} in {binding.destination.name}'
        binding.add_note("value-translated", message, node.span)
        items.append(bind_predicate(binding, meaning, node.span, name))
    if spec.column and isinstance(node, Like):
        # The values beside them, less those that stand in the column for other ones.
        raw = [Equals(node.field, Literal(value, True), node.span) for value in known]
        others = [Not(_in_column(binding, test, spec), node.span) for test in raw]
        items.append(And((_in_column(binding, node, spec), *others), node.span))
    return any_of(items, node.span)


def _note_other_values(
    binding: Binding, node: FieldTest, spec: FieldSpec, known: list[str]
) -> None:
    """Tells where values beside the known ones may fit a pattern, which have no counterpart. What
    single protocols log are sessions too, and a value that finds more stands for its likes.
    """
    if not (isinstance(node, Like) and spec.no_counterpart) or spec.column:
        return
    notes = [spec.notes.get(v) for v in known if spec.value_predicates[v] != _NEVER]
    if node.field.name in _DATA_SETS or all(n and n.effect is Effect.WIDER for n in notes):
        return
    possible = binding.pack.possible(node.field.name)
    if possible is not None and set(met_values(node, dict.fromkeys(possible))) <= {*known}:
        return
    message = f'"{node.pattern.name}" covers only the known values of {node.field.name}'
    binding.add_note("known-values-only", message, node.span, Effect.NARROWER)


def _in_column(binding: Binding, node: FieldTest, spec: FieldSpec) -> Node:
    """The test on the column that has the values which ``value_predicates`` does not name."""
    plain = replace(spec, value_predicates={}, exists=False)
    if plain.value_patterns:
        from kqlx.mappings.part_tests import bind_affixed

        return bind_affixed(binding, node, plain)
    if plain.value_part:
        from kqlx.mappings.part_tests import bind_part

        return bind_part(binding, node, plain, plain.value_part)
    return bind_to_column(binding, node, plain)


def _drop_if_indistinguishable(
    binding: Binding, node: FieldTest, spec: FieldSpec, known: list[str]
) -> bool:
    """Tells where events with other values than those that are asked for are found too, as the
    destination does not tell them apart. Below a not, where they would be taken away, the test
    is left out.
    """
    beside = [
        test
        for test in binding.sibling_alternatives
        if isinstance(test, Equals | Like) and test.field == node.field
    ]
    name, there = node.field.name, binding.destination.name
    for group in spec.indistinguishable:
        asked = [value for value in group if value in known]
        others = [
            value
            for value in group
            if value not in known and not any(matches_value(test, value) for test in beside)
        ]
        if not asked or not others:
            continue
        end = "; under `not` the test is left out" if binding.negative else ", which matches too"
        message = f'{there} does not distinguish {name} "{asked[0]}" from "{others[0]}"{end}'
        left_out = binding.negative
        note = Note("approximated", Effect.WIDER, message, node.span, leaves_out=left_out)
        binding.notes.append(note)
        if left_out:
            return True
    return False


def _note_value_and_drop_if_negated(
    binding: Binding, node: FieldTest, spec: FieldSpec, value: str
) -> bool:
    """Tells the note of a value. What events without it meet too would, below a not, take them
    away, and is left out there.
    """
    if (note := spec.notes.get(value)) is None:
        return False
    if not (binding.negative and note.effect in (Effect.WIDER, Effect.DIFFERENT)):
        binding.add_note(note.code, note.message, node.span, note.effect)
        if note.effect is Effect.DIFFERENT:  # another destination may tell it
            binding.absent_values.append(binding.notes[-1])
        return False
    message = f'{note.message}; the test that {node.field.name} is not "{value}" is left out'
    binding.notes.append(Note(note.code, Effect.WIDER, message, node.span, leaves_out=True))
    return True


def _in_short(predicate: str) -> str:
    """As much of a predicate as a person reads."""
    return predicate if len(predicate) <= _MOST_SHOWN else f"{predicate[:_MOST_SHOWN]}…"
