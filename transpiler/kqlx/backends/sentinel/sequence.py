"""Sequences and samples of EQL in Sentinel KQL: the rows of each step, together, and what is asked
of them; a row of the result is a sequence, with its keys, its times and its events.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as SequenceOf

from kqlx.backends.comments import comment_lines, comments_of
from kqlx.backends.sentinel.aggregation import TIME
from kqlx.backends.sentinel.defender_tables import table_names
from kqlx.backends.sentinel.ingestion_time import about_parsers
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.result_columns import columns_made
from kqlx.backends.sentinel.sample import SampleQuery, sharing
from kqlx.backends.sentinel.schedule import Run, span
from kqlx.backends.sentinel.sequence_columns import refuse_lost_columns, shown_in_rows
from kqlx.backends.sentinel.sequence_join import SequenceJoin, about_join
from kqlx.backends.sentinel.sequence_keys import KeyColumn, about_keys, key_columns
from kqlx.backends.sentinel.sequence_rows import EVENT, RowsWriter, StepRows, names
from kqlx.backends.sentinel.sequence_scan import (
    ARRIVED,
    COMPLETE,
    START,
    Missing,
    SequenceScan,
    duration,
    shown_columns,
)
from kqlx.backends.sentinel.sequence_schedule import events_run, span_of
from kqlx.backends.sentinel.syntax import COMMENT, identifier
from kqlx.backends.target import Emission, Plan, PlannedEvents, PlannedStep
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.notes import Effect, Note
from kqlx.records import replace
from kqlx.rules.schedule import schedule_of
from kqlx.sequences import Sample, Sequence


def emit_events(plan: Plan, events: PlannedEvents) -> Emission:
    """The query of a plan about several events. Raises UnsupportedError."""
    refuse_lost_columns(plan, events)
    run, keys, values = events_run(plan, events), key_columns(events), NamedValues()
    within = None
    if run is not None and span_of(events) is None:
        within = max(schedule_of(plan.rule).look_back, run.frequency) + run.delay
    writer = RowsWriter(plan, keys, values, run, within)
    written = [
        (step, writer.rows(step, _number(events, place), shown_in_rows(plan, events, step)))
        for place, step in enumerate(events.steps)
    ]
    steps = tuple(rows for step, rows in written if not step.step.missing)
    others = [rows for step, rows in written if step.step.missing]
    if events.until is not None:
        others.insert(0, writer.rows(events.until, 0, shown_in_rows(plan, events, events.until)))
    notes: list[Note] = []
    if isinstance(events.asked, Sample):
        steps = tuple(replace(rows, number=place) for place, rows in enumerate(steps, 1))
        tables = [_tables(step) for step in events.steps]
        lines = SampleQuery(keys, steps, sharing(tables), run is not None).lines()
    elif plan.sources[0].options.sequence == "join":
        _refuse_join(events, events.asked)
        lines = SequenceJoin(keys, steps, events.asked.max_span, run is not None).lines()
        notes.append(about_join(steps))
    else:
        lines = SequenceScan(
            keys,
            steps,
            _missing(events),
            tuple(others),
            events.until is not None,
            events.asked.max_span,
            run is not None,
        ).lines()
    lines += _new(events, run) if run is not None else []
    lines += [
        f"| top {pipe.count} by {TIME} {'asc' if pipe.name == 'head' else 'desc'}"
        for pipe in events.pipes
    ]
    lines.append(_result(keys, steps))
    heading = [*comment_lines(COMMENT, comments_of(plan)), *values.definitions()]
    every = [*steps, *others]
    notes += [note for rows in every for note in rows.notes]
    notes += [*about_keys(events), *_about_order(plan, events), *_about_time(plan, events, run)]
    pieces = tuple(piece for _, rows in written for piece in rows.pieces)
    return Emission("\n".join([*heading, *lines]), tuple(notes), True, pieces=pieces)


def _number(events: PlannedEvents, place: int) -> int:
    """The number of a step: of a sample a bit, below zero where it must be missing."""
    if isinstance(events.asked, Sample):
        return 1 << place
    return -(place + 1) if events.steps[place].step.missing else place + 1


def _missing(events: PlannedEvents) -> tuple[Missing, ...]:
    """The steps that must be missing, together where no other is between them."""
    found: dict[int, list[int]] = {}
    behind = 0
    for place, step in enumerate(events.steps):
        if step.step.missing:
            found.setdefault(behind, []).append(_number(events, place))
        else:
            behind += 1
    return tuple(Missing(tuple(numbers), place) for place, numbers in found.items())


def _tables(step: PlannedStep) -> frozenset[str]:
    return frozenset(name for one in step.sources for name in table_names(one.bound, one.options))


def _refuse_join(events: PlannedEvents, asked: Sequence) -> None:
    steps = [step.step for step in events.steps]
    what = ""
    if any(step.missing for step in steps):
        what = "an event that must be missing"
    elif asked.until is not None:
        what = "until"
    elif any(step.runs > 1 for step in steps):
        what = "events that repeat (with runs)"
    elif not steps[0].keys:
        what = "a sequence without keys"
    if what:
        raise UnsupportedError(
            f"cannot convert {what} to a join of events",
            code="sequence-not-joined",
            hint=Hint("leave out ", Argument("sequence", "join"), "; scan has a form for it"),
        )


def _new(events: PlannedEvents, run: Run) -> Iterator[str]:
    """What became complete since the run before."""
    moment = ARRIVED
    if isinstance(events.asked, Sequence) and events.steps[-1].step.missing:
        assert events.asked.max_span is not None
        moment = COMPLETE
        over = f"{START} + {duration(events.asked.max_span)}"
        yield f"| extend {COMPLETE} = max_of({ARRIVED}, {over})"
    since = f"{moment} > ago({span(run.frequency + run.delay)})"
    if run.delay:  # what arrives while the run waits is for the next one
        since += f" and {moment} <= ago({span(run.delay)})"
    yield f"| where {since}"


def _result(keys: SequenceOf[KeyColumn], steps: SequenceOf[StepRows]) -> str:
    """The columns of the result."""
    made = [TIME, START, *names(keys)]
    made += [identifier(values.name) for values in shown_columns(steps)]
    made += [f"{EVENT}{rows.number}" for rows in steps]
    return columns_made("project", list(dict.fromkeys(made)))


def _about_order(plan: Plan, events: PlannedEvents) -> Iterator[Note]:
    rule, asked = plan.rule, events.asked
    if not isinstance(asked, Sequence):
        return
    if len(asked.steps) > 1:
        message = "events of the same time never follow one another, as from one step to the next"
        yield Note("sequence-ties", Effect.SAME, message)
    if name := rule.text("tiebreaker_field"):
        message = f"{name} puts events of the same time in order, and is left out"
        yield Note("sequence-ties", Effect.NARROWER, message)
    if (name := rule.text("timestamp_field")) not in ("", "@timestamp"):
        message = f"{name} puts the rule's events in order, for which {TIME} stands"
        yield Note("sequence-order", Effect.DIFFERENT, message)


def _about_time(plan: Plan, events: PlannedEvents, run: Run | None) -> Iterator[Note]:
    if run is not None:
        told: dict[Note, None] = {}
        for one in plan.sources:
            told.update(dict.fromkeys(about_parsers(one.bound, one.options)))
        yield from told
    kind = "sequence" if isinstance(events.asked, Sequence) else "sample"
    if span_of(events) is None:
        look_back = span(schedule_of(plan.rule).look_back)
        message = (
            f"the {kind} has no maxspan: Kibana looks for all of its events in the last"
            f" {look_back}, the rule's look-back"
        )
        if run is None:
            message += "; set the query's time range to it"
        else:
            message += ", and this rule takes those that arrived in that time"
        yield Note("sequence-window", Effect.SAME, message)
    if isinstance(events.asked, Sequence) and events.steps[-1].step.missing and run is not None:
        assert events.asked.max_span is not None
        message = (
            "the last event of the sequence must be missing: the rule alerts when maxspan,"
            f" {duration(events.asked.max_span)}, is over and none has arrived"
        )
        yield Note("sequence-window", Effect.SAME, message)
