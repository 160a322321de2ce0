"""When an analytics rule of Sentinel runs, and how far it looks back.

Both are 5 minutes to 14 days, the period no shorter than the frequency; a rule that looks back two
days or more runs each hour at most. Sentinel starts a rule five minutes late, so that late events
are there, and ``ago()`` counts from then
(https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview).
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.forms import form_of
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.late_events import by_arrival, event_range
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.query_only_notes import about_window
from kqlx.rules.schedule import Schedule, schedule_of
from kqlx.rules.threshold import threshold_of

SHORTEST = 300
LONGEST = 14 * 86_400
DELAY = 300
ANALYTICS_FORMATS = frozenset({"rule", "arm"})
CUSTOM_DETECTION = "custom-detection"
RULE_FORMATS = frozenset({*ANALYTICS_FORMATS, CUSTOM_DETECTION})

DETECTION = "a custom detection"

_LONG = 2 * 86_400
_HOUR = 3_600
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Run:
    """In seconds: ``frequency`` and ``period`` of the rule, and with ``recent`` how old an event
    may be that is to be told of; the older ones of the period are there to compare with, or in case
    that they arrive late. ``window`` is the rule's own, in which events happened or arrived, and
    ``whole`` says that it is all of the period. A run starts ``delay`` late; ``longest`` is the
    longest period. ``kind`` is what runs, in words. ``events`` is how long ago events may have
    happened, where the period is longer for what is looked up beside them, else 0.
    """

    frequency: int
    period: int
    recent: int
    window: int
    delay: int = DELAY
    longest: int = LONGEST
    whole: bool = False
    kind: str = "an analytics rule"
    events: int = 0

    @property
    def happened(self) -> int:
        """How long ago the events may have happened."""
        return self.events or self.period


def run_of(rule: Rule, history: int = 0) -> Run:
    """The run of an analytics rule, within Sentinel's limits; ``history`` is how far it must look
    back in the tables beside its events.
    """
    schedule = schedule_of(rule)
    frequency = _within(in_minutes(schedule.interval))
    period = _within(in_minutes(schedule.look_back))
    terms = new_terms_of(rule)
    if isinstance(form_of(rule), IndicatorMatch):
        period = LONGEST
    elif by_arrival(rule):
        period = for_late_events(rule, frequency, max(period, terms.window if terms else 0))
    elif terms:
        period = max(period, _within(in_minutes(terms.window)))
    frequency = most_often(frequency, max(period, history))
    margin = max(in_minutes(schedule.look_back) - schedule.interval, 0)
    recent = max(in_minutes(schedule.look_back), frequency + margin)
    period = max(period, frequency)
    window = max(schedule.look_back, frequency) if by_arrival(rule) else period
    events = period if history > period else 0
    return Run(frequency, max(period, history), recent + DELAY, window, events=events)


def most_often(frequency: int, period: int) -> int:
    """How often a rule runs that looks back so far: each hour at most where that is long."""
    return max(frequency, _HOUR) if period >= _LONG else frequency


def for_late_events(rule: Rule, frequency: int, window: int) -> int:
    """The period in which events happened that arrive in the window. Where the user does not say
    how late they may be, it is not so long that the rule would run less often for it.
    """
    period = _within(event_range(rule, window))
    if rule.late_events is None and frequency < _HOUR and window < _LONG <= period:
        return max(_LONG - _HOUR, in_minutes(window))
    return period


def about_frequency(rule: Rule, schedule: Schedule, run: Run) -> Iterator[Note]:
    """What of the rule's schedule is no time, and where the run is not as often as the rule's."""
    yield from about_window(rule)
    for odd in schedule.odd:
        if odd not in schedule.odd_window:
            message = f"{odd} is not a plain time span; using {span(schedule.interval)}"
            yield Note("schedule", Effect.DIFFERENT, message)
    if run.frequency != schedule.interval:
        message = f"the rule runs every {span(run.frequency)} instead of {span(schedule.interval)}"
        yield Note("schedule", Effect.SAME, message)


def about_run(rule: Rule, schedule: Schedule, run: Run) -> Iterator[Note]:
    """Where the run is not the rule's own."""
    counts = threshold_of(rule) is not None
    yield from about_frequency(rule, schedule, run)
    terms = new_terms_of(rule)
    if terms is not None and terms.window > run.longest:
        yield Note(
            "look-back",
            Effect.WIDER,
            f"the rule compares with values of the last {span(terms.window)}; {run.kind}"
            f" sees at most {span(run.longest)}, so values last seen before that alert as new",
            hint="keep known values in a watchlist, or run the query as a hunting query",
        )
    if terms is not None or isinstance(form_of(rule), IndicatorMatch):
        return
    if run.window > schedule.look_back:
        longer = f"looks back {span(run.window)} instead of {span(schedule.look_back)}"
        gap = schedule.look_back < schedule.interval
        if counts or gap:
            more = "so it counts more events" if counts else "so no event falls between two runs"
            yield Note("schedule", Effect.WIDER, f"the rule {longer}, {more}")
        elif not run.whole:  # else the note on what two runs cover says it
            yield Note("schedule", Effect.SAME, f"the rule {longer}")
    elif run.period < schedule.look_back and counts:
        shorter = f"looks back {span(run.period)} instead of {span(schedule.look_back)}"
        yield Note("schedule", Effect.NARROWER, f"the rule {shorter}, so it counts fewer events")


def about_overlap(rule: Rule, run: Run) -> Iterator[Note]:
    """Kibana knows what earlier runs have alerted on, Sentinel does not; of a custom detection's
    alerts those are merged that show the same.
    """
    seen = (
        run.recent
        if new_terms_of(rule) or isinstance(form_of(rule), IndicatorMatch)
        else run.window
    )
    if by_arrival(rule) and not threshold_of(rule) and not run.whole:
        seen = run.recent
    twice = "raises two alerts, where Kibana raises one"
    if run.kind == DETECTION:
        twice = "raises one alert where its entities and details are the same, else two"
    if seen > run.frequency:
        yield Note(
            "schedule",
            Effect.SAME,
            f"each run covers {span(seen)} and the next starts {span(run.frequency)} later: what"
            f" both find {twice}",
        )


def span(length: int) -> str:
    """A length of time in the largest unit that fits, as Kusto and rules write it: ``5m``."""
    for unit, one in (("d", 86_400), ("h", _HOUR), ("m", _MINUTE)):
        if length % one == 0:
            return f"{length // one}{unit}"
    return f"{length}s"


def iso(length: int) -> str:
    """The same in ISO 8601: ``PT5M``, ``P14D``."""
    text = span(length).upper()
    return f"P{text}" if text.endswith("D") else f"PT{text}"


def in_minutes(length: int) -> int:
    """In whole minutes, up."""
    return -(-length // _MINUTE) * _MINUTE


def _within(length: int) -> int:
    return min(max(length, SHORTEST), LONGEST)
