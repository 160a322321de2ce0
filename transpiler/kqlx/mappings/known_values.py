"""Tests that are true or false on every event, by what a pack says of the values that a field has
in the data source, and of those that a destination never holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from kqlx.elastic.matching import is_for_one_text, matches_value, met_values
from kqlx.elastic.multi_fields import base_field
from kqlx.mappings.binding import MOST_NAMES, Binding
from kqlx.mappings.source_hints import CODES, in_range
from kqlx.nodes import Compare, Equals, Exists, FieldTest, Like, Node
from kqlx.notes import Effect, Note
from kqlx.patterns import Pattern


@cache
def _fits(pattern: str) -> Callable[[str], bool]:
    """Whether a value is one of those that a pack names with stars."""
    return Pattern.from_stars(pattern).matcher()


def fold_known(binding: Binding, node: FieldTest) -> Node | None:
    """What a test is on every event; None where it varies, or that is not known."""
    name = node.field.name
    if name not in binding.known_values:
        said = binding.pack.known_values(base_field(name), binding.destination)
        binding.known_values[name] = said
    known = binding.known_values[name]
    if known is None:
        return None
    if known.constant is not None:
        return binding.fold_constant(node, known.constant, binding.pack.title)
    for value in known.always:
        if not isinstance(node, Compare) and matches_value(node, value):
            return binding.fold_constant(node, value, binding.pack.title)
    possible = known.possible
    tested = isinstance(node, Equals | Like) or not possible
    if possible is not None and tested and not met_values(node, possible):
        values = " or ".join(possible) or "never set"
        if len(possible) > MOST_NAMES and isinstance(node, Equals | Like):
            asked = node.value if isinstance(node, Equals) else node.pattern
            values = f'never "{asked.name}", but one of {len(possible)} other values'
        message = f"{name} of {binding.pack.title} is {values}"
        binding.add_note("constant-folded", message, node.span if possible else None)
        return binding.constant(False, message, node.span)
    return _never_there(binding, node, known.never)


def _repeated(binding: Binding, node: FieldTest, value: str) -> str:
    """The value beside this one of which its events repeat those, or ""."""
    others = binding.pack.repeats.get(node.field.name, {}).get(value, ())
    beside = [
        test
        for test in binding.sibling_alternatives
        if isinstance(test, Equals) and test.field == node.field
    ]
    return next((one for one in others if any(matches_value(t, one) for t in beside)), "")


def _is_beside(binding: Binding, name: str, value: str) -> bool:
    """Whether it is the number of events of another log that the rule looks at too."""
    ranges = binding.pack.codes_beside
    return name in CODES and any(in_range(value, one) for one in ranges)


def _never_there(binding: Binding, node: FieldTest, never: Iterable[str]) -> Node | None:
    """What a test is by the values that the destination never holds."""
    name = node.field.name
    if isinstance(node, Exists | Compare):
        return None
    if isinstance(node, Equals) and is_for_one_text(node):
        never = [value for value in never if value == node.value.name or "*" in value]
    for value in never:
        if isinstance(node, Equals) and "*" in value and _fits(value)(node.value.name):
            value = node.value.name
        if matches_value(node, value):
            message = f'{binding.destination.name} never holds {name} "{value}"'
            effect = Effect.SAME if binding.negative else Effect.NARROWER
            if not binding.negative and (earlier := _repeated(binding, node, value)):
                message += f", which repeats an event of {earlier}"
                effect = Effect.COVERAGE
            elif not binding.negative and _is_beside(binding, name, value):
                message += ", which other logs have: it is looked for there"
                effect = Effect.COVERAGE
            note = Note("value-never-occurs", effect, message, node.span)
            binding.notes.append(note)
            if not binding.negative:
                binding.absent_values.append(note)
            if isinstance(node, Equals):
                if binding.destination.events and not binding.negative:
                    binding.required_kinds.append(binding.destination.events)
                return binding.constant(False, message, node.span)
    return None
