"""What a target writes for a plan: its queries, for several data sources joined, and all notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kqlx.backends.target import Emission, Options, Target
from kqlx.conversion.choices import Choices
from kqlx.conversion.plan import Plan
from kqlx.errors import UnsupportedError
from kqlx.mappings.assumed_types import assumed_types
from kqlx.mappings.bound import Bound
from kqlx.nodes import NOWHERE
from kqlx.notes import Note
from kqlx.rules.filters import conditions_of
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import query_only_notes, rule_type_notes


@dataclass(frozen=True, slots=True)
class Written:
    """A query for each data source, and what is to be said of them."""

    parts: tuple[tuple[Bound, Emission], ...]
    notes: tuple[Note, ...]


def write(plan: Plan, choices: Choices) -> Written:
    """The queries of a plan. Raises UnsupportedError for what the target cannot say."""
    parts: list[tuple[Bound, Emission]] = []
    notes: list[Note] = []
    for bound, options in plan.parts:
        emission, more = _write_part(plan, bound, options, choices)
        parts.append((bound, emission))
        notes += map(_without_synthetic_span, more)
    return Written(tuple(parts), tuple(notes))


def _write_part(
    plan: Plan, bound: Bound, options: Options, choices: Choices
) -> tuple[Emission, tuple[Note, ...]]:
    target, rule = choices.target, plan.rule
    writer = target.writer
    emission = writer.emit(bound, options)
    assumed = assumed_types(bound) if target.assumes_types else ()
    if target.takes_filters and isinstance(emission.query, dict):
        emission = replace(emission, query=conditions_of(rule).wrap_query(emission.query))
    if writer.add_rule_form is not None:
        emission = writer.add_rule_form(rule, bound, emission, options)
    about_type = () if emission.covers_rule_type else tuple(rule_type_notes(rule))
    of_rule = (*about_type, *_metadata_notes(rule, bound, choices))
    if len(plan.parts) == 1 or target.comment_anchor:
        # A whole rule says it in its description.
        query_alone = target.comment_anchor and choices.format.name == "query"
        remarks = [note.message for note in about_type if query_alone]
        emission = _with_comments(target, emission, [*remarks, *_left_out(bound.notes)])
    return emission, (*of_rule, *bound.notes, *assumed, *emission.notes)


def _metadata_notes(rule: Rule, bound: Bound, choices: Choices) -> Iterable[Note]:
    own = choices.target.writer.metadata_notes
    if own is None:
        return query_only_notes(rule, clauses=choices.target.takes_filters)
    return own(rule, bound, choices.format.name, choices.accept)


def joined(written: Written, choices: Choices) -> tuple[str | dict[str, Any], tuple[Note, ...]]:
    """The queries for several data sources as one, and the notes with those on its length. Raises
    UnsupportedError where the target has no form for it, or for one so long.
    """
    target, notes = choices.target, written.notes
    query = _join(target, [emission.query for _, emission in written.parts])
    if len(written.parts) > 1 and not target.comment_anchor:
        query = _with_comments(target, Emission(query), _left_out(notes)).query
    if target.writer.length_notes is not None:
        notes = (*notes, *target.writer.length_notes(str(query), choices.format.name))
    return query, notes


def _join(target: Target, queries: Sequence[Any]) -> str | dict[str, Any]:
    if len(queries) == 1:
        found: str | dict[str, Any] = queries[0]
        return found
    if target.writer.join is None:
        raise UnsupportedError(
            f"the query is about several data sources, and {target.title} has no form for that",
            hint="name one with --source",
        )
    return target.writer.join([*queries])


def _with_comments(target: Target, emission: Emission, comments: Sequence[str]) -> Emission:
    """With comments in its text, where the query is text."""
    if not isinstance(emission.query, str) or not comments:
        return emission
    from kqlx.render import with_remarks

    return replace(emission, query=with_remarks(target, emission.query, comments))


def _left_out(notes: Iterable[Note]) -> list[str]:
    """What is said of the tests that were left out."""
    return [note.message for note in notes if note.code == "unmapped-left-out"]


def _without_synthetic_span(note: Note) -> Note:
    """Without a place where it is about a condition that does not stand in the query."""
    return replace(note, span=None) if note.span == NOWHERE else note
