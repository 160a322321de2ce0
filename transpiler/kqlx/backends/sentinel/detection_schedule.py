"""When a custom detection runs, and how far it looks back.

Over data of Sentinel alone it runs every 5 minutes to 14 days, over tables of Defender every 1, 3,
12 or 24 hours. Microsoft Graph takes the frequency; how far back a run looks follows from it: four
times as long, or 30 days where it runs daily or less often. It reads what happened or what arrived
in that time (https://learn.microsoft.com/defender-xdr/custom-detection-rules and
https://learn.microsoft.com/graph/api/resources/security-ruleschedule).
"""

from __future__ import annotations

from kqlx.backends.sentinel.defender_tables import history_of, reads_defender
from kqlx.backends.sentinel.schedule import (
    CUSTOM_DETECTION,
    DETECTION,
    LONGEST,
    RULE_FORMATS,
    SHORTEST,
    Run,
    in_minutes,
    run_of,
)
from kqlx.backends.target import Plan
from kqlx.rules.forms import form_of
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.late_events import by_arrival, event_range
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import threshold_of

LONGEST_LOOK_BACK = 30 * 86_400

_HOUR, _DAY = 3_600, 86_400
OF_DEFENDER = (_HOUR, 3 * _HOUR, 12 * _HOUR, _DAY)


def run_for(plan: Plan) -> Run | None:
    """The run of the rule that a plan is written as; None for a query alone."""
    if plan.format == CUSTOM_DETECTION:
        history = history_of(plan)
        return detection_run_of(plan.rule, reads_defender(plan.sources), history)
    return run_of(plan.rule, history_of(plan)) if plan.format in RULE_FORMATS else None


def detection_run_of(rule: Rule, of_defender: bool, history: int = 0) -> Run:
    """The run of a custom detection: as often as the rule where that looks back far enough, else as
    often as does; ``history`` is how far it must look back in the tables beside its events.
    """
    schedule = schedule_of(rule)
    look_back = in_minutes(schedule.look_back)
    needed = max(_needed(rule, look_back), history)
    frequency = _frequency(in_minutes(schedule.interval), needed, of_defender)
    period = looks_back(frequency)
    margin = max(look_back - schedule.interval, 0)
    counts = threshold_of(rule) is not None
    is_match = isinstance(form_of(rule), IndicatorMatch)
    whole = not (counts or new_terms_of(rule) or is_match or history)
    return Run(
        frequency,
        period,
        recent=min(max(look_back, frequency + margin), period),
        window=min(max(look_back, frequency), period) if counts or history else period,
        delay=0,
        longest=LONGEST_LOOK_BACK,
        whole=whole,
        kind=DETECTION,
        events=period if history else 0,
    )


def _needed(rule: Rule, look_back: int) -> int:
    """How far back a run must look, in seconds."""
    if isinstance(form_of(rule), IndicatorMatch):
        return LONGEST  # as analytics rules do: indicators are told of again within that time
    terms = new_terms_of(rule)
    if terms is None:
        return look_back
    history = max(look_back, in_minutes(terms.window))
    return event_range(rule, history) if by_arrival(rule) else history


def _frequency(interval: int, needed: int, of_defender: bool) -> int:
    if of_defender:
        often = max((each for each in OF_DEFENDER if each <= interval), default=_HOUR)
        enough = (each for each in OF_DEFENDER if each >= often and looks_back(each) >= needed)
        return next(enough, _DAY)
    frequency = min(max(interval, SHORTEST), LONGEST)
    if looks_back(frequency) >= needed:
        return frequency
    return max(frequency, min(in_minutes(-(-needed // 4)), _DAY))


def looks_back(frequency: int) -> int:
    return LONGEST_LOOK_BACK if frequency >= _DAY else 4 * frequency
