"""The run of the rule that a plan is written as, and the notes on it."""

from __future__ import annotations

from kqlx.backends.sentinel.detection_schedule import run_for
from kqlx.backends.sentinel.schedule import Run, about_overlap, about_run
from kqlx.backends.sentinel.sequence_schedule import about_events_run, events_run
from kqlx.backends.target import Plan
from kqlx.notes import Note
from kqlx.rules.schedule import schedule_of


def run_and_notes(plan: Plan) -> tuple[Run, tuple[Note, ...]]:
    """The run of a plan in a format of rules, and where it is not that of Elastic's rule."""
    rule, events = plan.rule, plan.events
    if events is not None:
        run = events_run(plan, events)
        assert run is not None
        return run, tuple(about_events_run(plan, events, run))
    run = run_for(plan)
    assert run is not None
    return run, (*about_run(rule, schedule_of(rule), run), *about_overlap(rule, run))
