"""Notes on fields by which a rule counts events or compares values, where the destination tells
their values apart in another way than Elastic.
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.elastic import ecs
from kqlx.mappings.bound import Bound
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.value_conditions import alike_values, has_values, why_without_values
from kqlx.notes import Effect, Note
from kqlx.records import replace

SERVICE_OF_RECORDS = "windows.sysmon_operational"
"""There user.id is whoever wrote the record: the service of Sysmon, on all events."""


def about_counted(field: str, bound: Bound, coarser: Effect = Effect.NARROWER) -> list[Note]:
    """Notes on a field by which a rule counts or compares. ``coarser`` is what it means that some
    values count as one.
    """
    found = (
        case_kept(field, bound),
        one_of_several(field, bound),
        counted_as_one(field, bound, coarser),
        counted_finer(field, bound, coarser),
        counted_without_rest(field, bound, coarser),
        kinds_without_values(field, bound),
    )
    return [note for note in found if note]


def of_new_terms(notes: Iterable[Note]) -> list[Note]:
    """Notes on fields whose new values a rule looks for: one that is not seen in the history is
    found to be new later.
    """
    return [
        replace(note, effect=Effect.DIFFERENT) if note.effect is Effect.NARROWER else note
        for note in notes
    ]


def in_history(bound: Bound) -> Bound:
    """A query whose events a rule looks for new values in, where a test that takes events away is
    left out: what these have is known by them, and not found where the rule's own events have it.
    """
    if not any(note.leaves_out for note in bound.notes):
        return bound
    return replace(bound, notes=tuple([_of_history(note) for note in bound.notes]))


def _of_history(note: Note) -> Note:
    if not (note.leaves_out and note.effect is Effect.WIDER):
        return note
    message = f"{note.message}; in the history such events make values known"
    return replace(note, effect=Effect.DIFFERENT, message=message)


def known_by_others(bound: Bound, notes: Iterable[Note], fields: Iterable[str]) -> list[Note]:
    """A note for a rule that looks for new values of fields, where by the ``notes`` on its query
    other events are found too: these count in the history. What is said of one of the fields
    themselves holds of all events with a value.
    """
    named = tuple(f"{field}{sign}" for field in fields for sign in (":", " "))
    own: set[str] = set()
    if bound.destination is not None:
        specs = [bound.destination.field(field) for field in fields]
        own = {spec.note.message for spec in specs if spec is not None and spec.note is not None}
    if not any(
        note.effect is Effect.WIDER
        and not note.message.startswith(named)
        and note.message not in own
        for note in (*bound.notes, *notes)
    ):
        return []
    message = (
        "an event that the result finds and the rule does not makes its values known: they are told"
        " then, and not again when an event of the rule's own has them"
    )
    return [Note("known-by-others", Effect.WIDER, message)]


def counted_as_one(field: str, bound: Bound, coarser: Effect) -> Note | None:
    """A note on a field some of whose values the destination does not tell apart."""
    spec = bound.destination.field(field) if bound.destination is not None else None
    groups = alike_values(spec, bound, field) if spec is not None else []
    if not groups:
        return None
    told = ", ".join(" and ".join(group) for group in groups[:3])
    more = f" and {len(groups) - 3} more groups of values" if groups[3:] else ""
    message = f"the values {told}{more} of {field} count as one in the destination"
    return Note("value-differs", coarser, message)


def counted_finer(field: str, bound: Bound, coarser: Effect) -> Note | None:
    """A note on a field for which another one is counted that has several values for one of its."""
    spec = bound.destination.field(field) if bound.destination is not None else None
    if spec is None or not spec.finer:
        return None
    finer = Effect.NARROWER if coarser is Effect.WIDER else Effect.WIDER
    counted = f"a part of {spec.counted_by}" if spec.counted_as else spec.counted_by
    message = f"{field}: {counted} is counted in its place, of which several may belong to one"
    return Note("value-differs", finer, message)


def counted_without_rest(field: str, bound: Bound, coarser: Effect) -> Note | None:
    """A note on a field that is one of several columns with another behind it, which is not
    counted.
    """
    spec = bound.destination.field(field) if bound.destination is not None else None
    if spec is None or not spec.any_of or not spec.joined_columns or spec.counted_by is not None:
        return None
    if len(spec.joined_columns) == len(spec.any_of):
        return None  # each has its own
    behind = ", ".join(spec.joined_columns)
    message = f"{field} is counted by {', '.join(spec.any_of)}, without what stands in {behind}"
    return Note("value-differs", coarser, message)


def kinds_without_values(field: str, bound: Bound) -> Note | None:
    """A note on a field that is another column by the kind of event, and none for some kinds."""
    spec = bound.destination.field(field) if bound.destination is not None else None
    if (
        bound.destination is None
        or spec is None
        or not spec.case_field
        or not any(map(has_values, spec.cases))
    ):
        return None
    lacking = [case for case in spec.cases if not has_values(case)]
    if not lacking:
        return None
    kinds = [kind for case in lacking for kind in case.case_values]
    named = f"{spec.case_field} {', '.join(kinds[:5])}" if kinds else f"another {spec.case_field}"
    more = f" and {len(kinds) - 5} more" if kinds[5:] else ""
    why = why_without_values(spec, bound.destination)
    message = f"{field}: events with {named}{more} have no value to count or compare"
    return Note("value-differs", Effect.NARROWER, f"{message}: {why}" if why else message)


def one_of_several(field: str, bound: Bound) -> Note | None:
    """A note on a field whose values stand in one text, with a sign between, of which one is taken
    out.
    """
    spec = bound.destination.field(field) if bound.destination is not None else None
    ends = [
        pattern.partition("{}") for pattern in (spec.value_patterns if spec is not None else ())
    ]
    if not any(one[-1:] == other[:1] and one[-1:] in {";", ",", "|"} for one, _, other in ends):
        return None
    message = f"{field}: of several values in one text, one is counted or compared"
    return Note("value-differs", Effect.NARROWER, message)


def case_kept(field: str, bound: Bound) -> Note | None:
    """A note on a field by which a rule counts or compares, where one value of Elastic's may be
    spelt in several ways.
    """
    destination = bound.destination
    spec = destination.field(field) if destination is not None else None
    if destination is None or spec is None:
        return None
    each = [spec, *spec.cases]
    columns = {name for one in each for name in (one.counted_by or one.column, *one.any_of) if name}
    if all(destination.column(name).case != "differs" for name in columns):
        return None
    message = f"{field} may be spelt in several letter cases, each of which is counted separately"
    return Note("case-kept", Effect.CASE, message)


def joined(field: str, columns: Iterable[str]) -> Note:
    """A note on the first of several columns, by which a rule counts or compares. Of a field that
    has all of their values at once, an array of ECS, the others are lost.
    """
    message = f"{field} is the first of {', '.join(columns)} that has a value"
    if field not in ecs.arrays():
        return Note("columns-joined", Effect.SAME, message)
    return Note(
        "columns-joined", Effect.NARROWER, f"{message}; Elastic counts the values of all of them"
    )


def joined_by_kind(field: str, spec: FieldSpec) -> Note:
    """The same of a field that is another column by the kind of event: of a kind that has several
    the first is taken.
    """
    message = f"{field} is a different column for each {spec.case_field}"
    kinds = [kind for case in spec.cases for kind in case.case_values]
    several = len(set(kinds)) < len(kinds) or any(case.any_of for case in spec.cases)
    if not several or field not in ecs.arrays():
        return Note("columns-joined", Effect.SAME, message)
    message = f"{message}, or the first of several; Elastic counts the values of all of them"
    return Note("columns-joined", Effect.NARROWER, message)
