"""What a correlation says otherwise than the sequence or the sample that it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.backends.counted_fields import about_counted
from kqlx.backends.sigma.sequence import (
    asked_steps,
    constant_keys,
    keys_left_out,
    lists_of_values,
    max_span,
    may_count_twice,
    met_by_one_event,
    missing_keys,
    parts_and_wholes,
    spelt,
    timespan,
)
from kqlx.backends.target import PlannedEvents
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.mappings.field_values import notes_on_values
from kqlx.notes import Effect, Note
from kqlx.rules.model import Rule
from kqlx.rules.schedule import schedule_of
from kqlx.sequences import Sample


def sequence_notes(events: PlannedEvents, rule: Rule) -> Iterator[Note]:
    """All notes on the correlation of a rule's events."""
    yield from _about_support(events)
    yield from left_out(events)
    yield from _about_repetition(events)
    yield from _about_order(events)
    yield from _about_time(events, rule)
    yield from dict.fromkeys(_about_keys(events))


def refuse_unless_accepted(events: PlannedEvents, accept: frozenset[str]) -> None:
    """Raises UnsupportedError for events that must be missing, unless the user accepts by name that
    the result alerts without asking for it.
    """
    if "wider" in accept or not any(step.step.missing for step in events.steps):
        return
    notes = tuple(left_out(events))
    raise UnsupportedError(
        "Sigma cannot express an event that must be missing",
        code="sequence-left-out",
        notes=notes,
        hint=Hint(
            Argument("accept", "wider"),
            " converts the other steps, which alert whether it is missing or not",
        ),
    )


def _about_support(events: PlannedEvents) -> Iterator[Note]:
    if len(asked_steps(events)) == 1:
        return
    sample = isinstance(events.asked, Sample)
    type, others = ("temporal", "Splunk and ES|QL convert") if sample else ("temporal_ordered", "")
    message = (
        f"correlations of the type {type} are run by rsigma; of pySigma's back ends"
        f" {f'only those for {others}' if others else 'none converts'} them"
    )
    yield Note("back-end-support", Effect.SAME, message)


def left_out(events: PlannedEvents) -> Iterator[Note]:
    """Notes on what no correlation says."""
    if events.until is not None:
        message = (
            "Sigma cannot express until, which is left out: the result alerts on sequences that it"
            " would have ended, too"
        )
        yield Note("sequence-left-out", Effect.WIDER, message, events.until.step.span)
    for number, step in enumerate(events.steps, 1):
        if step.step.missing:
            message = (
                f"Sigma cannot express that the event of step {number} must be missing, which is"
                " left out"
            )
            yield Note("sequence-left-out", Effect.WIDER, message, step.step.span)


def _about_repetition(events: PlannedEvents) -> Iterator[Note]:
    if len(asked_steps(events)) == 1:
        return
    if isinstance(events.asked, Sample):
        message = "a correlation alerts whenever such events are there; Elastic finds them once"
    else:
        message = (
            "a correlation says only that the events follow one another: it alerts again on further"
            " last events within the time, and engines may take events of the same second in either"
            " order"
        )
    yield Note("sequence-repeated", Effect.WIDER, message)


def _about_order(events: PlannedEvents) -> Iterator[Note]:
    for step in may_count_twice(events):
        message = (
            f"the events of step {step.number} may be in two of its log sources, for both of which"
            " they count"
        )
        yield Note("sequence-order", Effect.WIDER, message)
    for one, other in met_by_one_event(events):
        message = (
            f"an event that meets the steps {one.number} and {other.number} may count for both;"
            " Elastic asks for another event"
        )
        yield Note("sequence-order", Effect.WIDER, message)
    steps = asked_steps(events)
    for step in steps:
        if step.runs > 1 and len(steps) > 1:
            before = step is not steps[0]
            message = (
                f"the {step.runs} events of step {step.number} are counted by themselves:"
                f" {'some of them may come before' if before else 'with the rest they may take'}"
                f" {'the step before it' if before else 'twice as long'}"
            )
            yield Note("sequence-order", Effect.WIDER, message)


def _about_time(events: PlannedEvents, rule: Rule) -> Iterator[Note]:
    span, schedule = max_span(events), schedule_of(rule)
    used = timespan(events, rule)
    if span is None:
        kind = "sample" if isinstance(events.asked, Sample) else "sequence"
        message = (
            f"the {kind} has no maxspan: its events must be within {used}, the rule's look-back"
        )
        yield Note("sequence-window", Effect.SAME, message)
        for odd in schedule.odd_window:
            message = f"a correlation cannot express {odd}; events are looked for within {used}"
            yield Note("sequence-window", Effect.DIFFERENT, message)
    elif span % 1000:
        message = f"a timespan is of whole seconds: {used} for a maxspan of {span} ms"
        yield Note("sequence-window", Effect.WIDER, message)
    elif span > schedule.look_back * 1000 and rule.format != "query":
        looks_back = spelt(schedule.look_back)
        message = (
            f"the rule looks back {looks_back}, so Elastic finds no sequence that takes longer; the"
            f" result finds those within {used}"
        )
        yield Note("sequence-window", Effect.WIDER, message)
    if len(asked_steps(events)) == 1:
        message = (
            f"events are counted over {used}; back ends that count in fixed time windows miss what"
            " spans two of them"
        )
        yield Note("threshold-window", Effect.SAME, message)


def _about_keys(events: PlannedEvents) -> Iterator[Note]:
    for name, why in missing_keys(events):
        message = f"{name}, which the events share, has no counterpart in the log source"
        yield Note("unmapped-field", Effect.UNMAPPED, f"{message}: {why}" if why else message)
    for name, values in constant_keys(events):
        message = (
            f"{name}, which the events share, is {values} on all events of some log sources, and"
            " not of all"
        )
        yield Note("unmapped-field", Effect.UNMAPPED, message)
    left_out = keys_left_out(events)
    for name, parts, wholes in parts_and_wholes(events):
        columns = ", ".join(sorted(parts))
        if name in left_out:
            message = f"{name} is a part of {columns}: events are joined by the other keys alone"
            yield Note("approximated", Effect.WIDER, message)
            continue
        message = f"{name} is a part of {columns}, by whose whole values events belong together"
        if wholes:
            message = (
                f"{name} is a part of {columns}, and in another step {', '.join(sorted(wholes))}:"
                " their values are never the same"
            )
        yield Note("value-differs", Effect.NARROWER, message)
    for name in lists_of_values(events):
        message = f"each value of {name} is one that events may share; Sigma says nothing of lists"
        yield Note("value-differs", Effect.NARROWER, message)
    for step in asked_steps(events):
        for key in step.planned.step.keys:
            if key.optional:
                message = (
                    f"events without {key.name} share that in Elastic; some engines leave them out"
                )
                yield Note("value-differs", Effect.NARROWER, message)
            for source in step.sources:
                bound = source.bound
                if not bound.uses_target_names or bound.destination is None:
                    continue
                yield from about_counted(key.name, bound, Effect.WIDER)
                spec = bound.destination.field(key.name)
                if spec is not None and spec.counted_by is not None:
                    yield from notes_on_values(key.name, spec)
