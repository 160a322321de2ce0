"""Over which time a search looks for sequences, and which of them are new.

A rule looks at the events of its look-back. A sequence whose last event is there may have begun
before it, by ``maxspan`` at most: so far back the search goes in the times of events, and further
by what may arrive late, and takes the sequences whose last event is in the look-back of the run:
by when it arrived (``_indextime``) where the rule goes by that. Without ``maxspan``, and of
samples, all events are in the look-back.
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.backends.spl.index_time import over_arrival
from kqlx.backends.spl.multiple_sources import WrittenSource
from kqlx.backends.spl.time_range import in_whole_minutes
from kqlx.backends.target import Options
from kqlx.notes import Effect, Note
from kqlx.rules.late_events import WIDEN, about_override, by_arrival, event_range, unsaid_arrival
from kqlx.rules.model import Rule
from kqlx.rules.schedule import schedule_of, spelt
from kqlx.sequences import Sample, Sequence

_UNTIMED = "query"
"""The format that has no schedule."""


def span_of(asked: Sequence | Sample) -> int | None:
    """The span in whole seconds; None where the look-back of the rule is the limit."""
    if isinstance(asked, Sample) or asked.max_span is None:
        return None
    return -(-asked.max_span // 1000)


def looks_back(rule: Rule, asked: Sequence | Sample) -> int:
    """How far back events may have happened, in seconds; 0 where that is the rule's look-back."""
    span = span_of(asked)
    if span is None:
        return 0
    whole = schedule_of(rule).look_back + span
    return event_range(rule, whole) if by_arrival(rule) else whole


def in_look_back(
    rule: Rule, asked: Sequence | Sample, written: WrittenSource, options: Options
) -> WrittenSource:
    """The events that arrived in the look-back of the rule, where it is the limit."""
    if span_of(asked) is not None or not by_arrival(rule):
        return written
    look_back = schedule_of(rule).look_back
    return over_arrival(rule, written, options, look_back, any_time_range=False)


def only_new(rule: Rule, asked: Sequence | Sample, format: str) -> list[str]:
    """The command that leaves, of the sequences, those that end in the look-back. What arrives
    while the search runs is the next one's: no time modifier says where arrival ends.
    """
    if span_of(asked) is None or format == _UNTIMED:
        return []
    since = in_whole_minutes(schedule_of(rule).look_back)
    if by_arrival(rule):
        return [f'| where _indextime>=relative_time(now(), "{since}") AND _indextime<now()']
    return [f'| where _time>=relative_time(now(), "{since}")']


def window_notes(rule: Rule, asked: Sequence | Sample, format: str) -> Iterator[Note]:
    """Over which time the search looks."""
    look_back, span = schedule_of(rule).look_back, span_of(asked)
    found = spelt(look_back)
    if span is None:
        kind = "sample" if isinstance(asked, Sample) else "sequence"
        why = "" if kind == "sample" else ", for the rule has no maxspan"
        message = f"all events of a {kind} lie within the look-back of the rule, {found}{why}"
        if format == _UNTIMED:
            message += ": set the time range of the search to it"
        yield Note("sequence-window", Effect.SAME, message)
        return
    if format == _UNTIMED:
        message = (
            "sequences are looked for in the time range of the search: set it to"
            f" {spelt(look_back + span)}, the look-back of the rule and its maxspan"
        )
        yield Note("sequence-window", Effect.SAME, message)
        advice = "give it a time range that includes late events"
        yield from unsaid_arrival(rule, "the search", advice)
        return
    arrives = "arrived" if by_arrival(rule) else "happened"
    message = (
        f"a sequence is found when its last event {arrives} in the last {found}; the others may be"
        f" earlier by maxspan, {spelt(span)}, also where the rule would not look back so far"
    )
    late = WIDEN if by_arrival(rule) else ""
    yield Note("sequence-window", Effect.SAME, message, hint=late)
    yield from about_override(rule)
