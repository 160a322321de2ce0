"""When a rule about several events runs in Sentinel, and how far it looks back: over the events
of a sequence whose last one arrived since the run before.

Kibana looks at the events of its window alone, and alerts on what it finds there that it has not
found before. Here each run alerts on what became complete since the one before, once, and looks
back further by ``maxspan``.
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.backends.sentinel.defender_tables import history_of, reads_defender
from kqlx.backends.sentinel.detection_schedule import (
    LONGEST_LOOK_BACK,
    OF_DEFENDER,
    looks_back,
)
from kqlx.backends.sentinel.schedule import (
    CUSTOM_DETECTION,
    DELAY,
    DETECTION,
    LONGEST,
    RULE_FORMATS,
    SHORTEST,
    Run,
    about_frequency,
    for_late_events,
    in_minutes,
    most_often,
    span,
)
from kqlx.backends.target import Plan, PlannedEvents
from kqlx.notes import Effect, Note
from kqlx.rules.late_events import WIDEN, about_override, by_arrival, in_words
from kqlx.rules.schedule import schedule_of
from kqlx.sequences import Sequence

_DAY = 86_400


def span_of(events: PlannedEvents) -> int | None:
    """The seconds between the first event and the last, up; None: any time."""
    asked = events.asked
    if not isinstance(asked, Sequence) or asked.max_span is None:
        return None
    return -(-asked.max_span // 1000)


def events_run(plan: Plan, events: PlannedEvents) -> Run | None:
    """The run of the rule that the plan is written as; None for a query alone."""
    if plan.format not in RULE_FORMATS:
        return None
    rule, schedule = plan.rule, schedule_of(plan.rule)
    look_back, length = in_minutes(schedule.look_back), in_minutes(span_of(events) or 0)
    if plan.format == CUSTOM_DETECTION:
        frequency = _detection_frequency(plan, max(look_back, history_of(plan)), length)
        period = looks_back(frequency)
        return Run(
            frequency,
            period,
            recent=frequency,
            window=frequency,
            delay=0,
            longest=LONGEST_LOOK_BACK,
            kind=DETECTION,
        )
    history = history_of(plan)
    frequency = min(max(in_minutes(schedule.interval), SHORTEST), LONGEST)
    for _ in range(2):  # a longer period may make it run less often
        needed = max(look_back, frequency) + DELAY + length
        period = min(needed, LONGEST)
        if by_arrival(rule):
            period = for_late_events(rule, frequency, needed)
        frequency = most_often(frequency, max(period, history))
    return Run(
        frequency,
        max(period, history),
        recent=frequency + DELAY,
        window=frequency,
        events=period if history > period else 0,
    )


def _detection_frequency(plan: Plan, look_back: int, length: int) -> int:
    """How often a custom detection runs so that it looks back far enough: four times as long."""
    interval = in_minutes(schedule_of(plan.rule).interval)
    if reads_defender(plan.sources):
        fit = [each for each in OF_DEFENDER if each <= interval]
        often = [each for each in OF_DEFENDER if each >= (max(fit) if fit else OF_DEFENDER[0])]
    else:
        least = min(max(interval, SHORTEST), LONGEST)
        enough = (least, in_minutes(-(-(look_back + length) // 4)), in_minutes(-(-length // 3)))
        often = [max(enough), _DAY]
    return next((f for f in often if looks_back(f) >= max(look_back, f) + length), _DAY)


def about_events_run(plan: Plan, events: PlannedEvents, run: Run) -> Iterator[Note]:
    """Where the run is not the rule's own, and what it looks at."""
    rule, schedule = plan.rule, schedule_of(plan.rule)
    yield from about_frequency(rule, schedule, run)
    kind = "sequences" if isinstance(events.asked, Sequence) else "samples"
    message = (
        f"each run alerts once on {kind} whose last event arrived since the run before, of events"
        f" that happened in the last {in_words(run.happened)}"
    )
    widens = by_arrival(rule) and run.kind != DETECTION and run.happened < run.longest
    hint: str = WIDEN if widens else ""
    yield Note("late-events", Effect.SAME, message, hint=hint)
    yield from about_override(rule)
    length = span_of(events)
    if length is not None and run.happened < run.frequency + length:
        message = (
            f"maxspan is {in_words(length)}; {run.kind} that runs every {span(run.frequency)} sees"
            f" at most {in_words(run.happened)}, so longer sequences are missed"
        )
        hint = "run it as a hunting query"
        yield Note("look-back", Effect.NARROWER, message, hint=hint)
    elif length is not None and schedule.look_back < length:
        message = (
            f"the rule looks back {span(schedule.look_back)}, less than its maxspan of"
            f" {in_words(length)}: longer sequences are found, which Kibana misses"
        )
        yield Note("look-back", Effect.WIDER, message)
