"""When a saved search runs, and over which time.

https://docs.splunk.com/Documentation/Splunk/latest/Admin/Savedsearchesconf
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.backends.spl.index_time import LATEST
from kqlx.backends.spl.multiple_sources import Search
from kqlx.backends.spl.time_range import in_whole_minutes, time_modifier
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.late_events import by_arrival, event_range
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import about_window
from kqlx.rules.schedule import schedule_of

_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
_HOURS = (1, 2, 3, 4, 6, 8, 12)
_CRONS = {
    **{60 * n: f"*/{n} * * * *" if n > 1 else "* * * * *" for n in _MINUTES},
    **{3_600 * n: f"0 */{n} * * *" if n > 1 else "0 * * * *" for n in _HOURS},
    86_400: "0 0 * * *",
    7 * 86_400: "0 0 * * 0",
}
"""Seconds between two runs → cron. Others would not be evenly spaced."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a search runs and over which time, in Splunk's words. The time of the index, when events
    arrived, is "" where it does not count. ``notes`` say where that is not when the rule runs.
    """

    cron: str
    earliest: str
    latest: str = "now"
    index_earliest: str = ""
    index_latest: str = ""
    notes: tuple[Note, ...] = ()


def run_every(rule: Rule) -> int:
    """The seconds between two runs: as often as the rule, or a little more often."""
    interval = max(schedule_of(rule).interval, 60)
    return max(length for length in _CRONS if length <= interval)


def timing(rule: Rule, search: Search) -> Timing:
    """The schedule of a rule with this search, which may say itself how far it looks back."""
    look_back = schedule_of(rule).look_back
    cron = _CRONS[run_every(rule)]
    own = search.says("earliest")
    notes = tuple(_notes(rule))
    if search.together is not None and search.together.looks_back:
        happened = own or in_whole_minutes(search.together.looks_back)
        return Timing(cron, happened, LATEST if by_arrival(rule) else "now", notes=notes)
    if not by_arrival(rule):
        return Timing(cron, own or in_whole_minutes(look_back), notes=notes)
    since = search.says("_index_earliest") or in_whole_minutes(look_back)
    happened = own or in_whole_minutes(event_range(rule, look_back))
    return Timing(cron, happened, LATEST, since, "now", notes)


def _notes(rule: Rule) -> Iterator[Note]:
    schedule = schedule_of(rule)
    yield from about_window(rule)
    every = time_modifier(schedule.interval)[1:]
    for odd in schedule.odd:
        if odd not in schedule.odd_window:
            message = f"{odd} is not a plain time span; using {every}"
            yield Note("schedule", Effect.SAME, message)
    if run_every(rule) != schedule.interval:
        cron = _CRONS[run_every(rule)]
        message = f"no cron expression runs evenly every {every}; {cron} runs a little more often"
        if schedule.interval < 60:
            message = f"the rule runs every {every}; a search runs at most once a minute"
        yield Note("schedule", Effect.SAME, message)
