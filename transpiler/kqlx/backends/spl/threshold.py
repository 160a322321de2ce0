"""Threshold rules: events are counted by fields, and with them different values of others."""

from __future__ import annotations

from kqlx.backends.spl.grouped_results import (
    COUNT,
    stats,
    steps_beside,
    times,
    values_beside,
    with_values,
)
from kqlx.backends.spl.keys import plain_name
from kqlx.backends.spl.multiple_sources import WrittenSource
from kqlx.backends.spl.risk_objects import key_builder
from kqlx.backends.spl.time_range import time_modifier
from kqlx.backends.target import Options
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import about_window
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold


def threshold_search(
    rule: Rule,
    threshold: Threshold,
    bound: Bound,
    written: WrittenSource,
    options: Options,
    several: bool,
) -> WrittenSource:
    """The search with its counts and the conditions on them; ``several`` data sources are counted
    together.
    """
    keys = key_builder(rule, bound, several, Effect.NARROWER)
    by = keys.keys(threshold.by)
    counts, conditions = [f"count as {COUNT}"], []
    written = with_values(bound, by, written)
    steps = [key.step for key in by]
    if threshold.least > 1 or not by:
        conditions.append(f"{COUNT}>={threshold.least}")
    among = key_builder(rule, bound, several)
    for field, least in threshold.distinct:
        key = among.counted(field)
        if not key.name:  # it is the same on all events: its one value is enough
            continue
        name = f"dc_{plain_name(key.name)}"
        counts.append(f"dc({key.spelt}) as {name}")
        conditions.append(f"{name}>={least}")
        steps.append(key.step)
    steps += steps_beside(rule, bound, by, several)
    grouping = [stats([*counts, *times()], by, values_beside(rule, bound, by, several))]
    if conditions:
        grouping.append(f"| where {' AND '.join(conditions)}")
    notes = [*about_window(rule)]
    if options.format == "query" and not by_arrival(rule):  # the others say over which time
        message = (
            "events are counted over the time range of the search: set it to the look-back of the"
            f" rule, {time_modifier(schedule_of(rule).look_back)[1:]}"
        )
        notes.append(Note("threshold-window", Effect.SAME, message))
    return written.with_form(dict.fromkeys(steps), grouping, (*keys.notes, *among.notes, *notes))
