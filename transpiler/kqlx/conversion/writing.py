"""What a target writes for a plan: its query, and all notes."""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.artifact_text import cut
from kqlx.backends.target import Emission, Plan
from kqlx.conversion.choices import Choices
from kqlx.errors import UnsupportedError
from kqlx.nodes import NOWHERE
from kqlx.notes import Effect, Note, in_order
from kqlx.records import replace
from kqlx.rules.query_only_notes import query_only_notes, rule_type_notes


def write(plan: Plan, choices: Choices) -> Emission:
    """The query of a plan, with all that is to be said of it. Raises UnsupportedError for what the
    target cannot say.
    """
    emission = choices.target.emit(plan)
    notes = [] if emission.covers_rule_type else [*rule_type_notes(plan.rule)]
    notes += _metadata_notes(plan, choices)
    for bound in plan.bounds:
        notes += bound.notes
    notes += emission.notes
    return replace(emission, notes=tuple(map(_without_synthetic_span, notes)))


LONGEST_COMMENT = 300
"""Characters of a note in a comment."""


def with_comments(plan: Plan, emission: Emission, choices: Choices) -> Emission:
    """With its notes of effect wider and worse as comments above the query, which is written anew
    for that; as it is where the format has no room for them.
    """
    told = [note for note in in_order(emission.notes) if note.effect >= Effect.WIDER]
    texts = [cut(f"{note.effect}: {note.message} [{note.code}]", LONGEST_COMMENT) for note in told]
    if not texts:
        return emission
    longer = write(replace(plan, comments=tuple(texts)), choices)
    try:
        with_length_notes(longer, choices)
    except UnsupportedError:
        return emission
    return longer


def _metadata_notes(plan: Plan, choices: Choices) -> Iterable[Note]:
    own = choices.target.writer.metadata_notes
    if own is None:
        return query_only_notes(plan.rule, clauses=choices.target.takes_filters)
    return own(plan)


def with_length_notes(emission: Emission, choices: Choices) -> Emission:
    """With the notes on how long the query is. Raises UnsupportedError where the format has no form
    for one so long.
    """
    if choices.target.writer.length_notes is None:
        return emission
    more = choices.target.writer.length_notes(str(emission.query), choices.format.name)
    return replace(emission, notes=(*emission.notes, *more))


def _without_synthetic_span(note: Note) -> Note:
    """Without a place where it is about a condition that does not stand in the query."""
    return replace(note, span=None) if note.span == NOWHERE else note
