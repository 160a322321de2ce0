"""Queries that take rows by when they were ingested, for rules that go by when an event arrived:
``ingestion_time()``, beside a period of ``TimeGenerated`` that is wide enough for late events
(https://learn.microsoft.com/azure/sentinel/ingestion-delay).

The function is one of a table's rows, and null elsewhere, so that it stands behind each table by
itself, before anything joins or counts
(https://learn.microsoft.com/kusto/query/ingestion-time-function?view=microsoft-sentinel).
"""

from __future__ import annotations

from kqlx.backends.sentinel.defender_tables import table_names
from kqlx.backends.sentinel.schedule import DETECTION, Run, span
from kqlx.backends.target import Options
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.regexes import late_regex
from kqlx.rules.forms import form_of
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.late_events import (
    WIDEN,
    about_override,
    arrival_note,
    by_arrival,
    event_range,
    override_of,
    unsaid_arrival,
)
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, new_terms_of
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold, threshold_of

COLUMN = "IngestionTime"
"""Where rows keep when they were ingested, for what follows to compare."""

_INGESTED = "ingestion_time()"
_GENERATED = "TimeGenerated"
_PARSER = late_regex(r"_(?:Im|ASim)_\w+")


def arrived(rule: Rule, bound: Bound, options: Options, run: Run | None) -> list[str]:
    """The steps behind a table that keep what arrived in the rule's window, or happened in it where
    a run looks back further; none where no window belongs to the query. ``run`` is that of the rule
    that the query is for.
    """
    if not by_arrival(rule):
        if run is None or run.window >= run.period or new_terms_of(rule):
            return []
        if not (threshold_of(rule) or run.events):
            return []
        return [f"| where {_GENERATED} > ago({span(run.window + run.delay)})"]
    if not _has_window(rule, run) or (run is not None and run.whole):
        return []
    time = ingested(bound, options)
    happened = f"| where {_GENERATED} > ago({span(_happened(rule, run))})"
    if terms := new_terms_of(rule):
        history = min(terms.window, run.period) if run else terms.window
        steps = [f"| where {time} > ago({span(history)})", f"| extend {COLUMN} = {time}"]
        return [happened, *steps]
    if run is None:
        return [happened, f"| where {time} > ago({span(schedule_of(rule).look_back)})"]
    before = [happened] if run.happened < run.period else []
    if threshold_of(rule) and not run.delay:
        return [*before, f"| where {time} > ago({span(run.window)})"]
    if threshold_of(rule):  # what arrives while the run waits is counted by the next one
        since = f"{time} > ago({span(run.window + run.delay)})"
        return [*before, f"| where {since} and {time} <= ago({span(run.delay)})"]
    return [*before, f"| where {time} > ago({span(run.recent)})"]


def about_arrival(rule: Rule, bound: Bound, options: Options, run: Run | None) -> list[Note]:
    """Notes on what is looked at."""
    if not by_arrival(rule):
        return []
    if not _has_window(rule, run):
        advice = "add ingestion_time() > ago(...), and set a time range that includes late events"
        return unsaid_arrival(rule, "the query", advice)
    terms = new_terms_of(rule)
    window = terms.window if terms else schedule_of(rule).look_back
    if run is not None:
        window = min(window, run.period) if terms else run.window
    happened = span(_happened(rule, run))
    if run is not None and not terms and run.delay:
        wait = window + run.delay if threshold_of(rule) else run.recent
        happened += (
            f" ({span(wait)} in the query, because Sentinel starts a rule {span(run.delay)} late)"
        )
    hint: str = WIDEN
    if run is not None and run.happened == run.longest:
        hint = f"{run.kind} sees at most {span(run.longest)}"
    notes = [arrival_note(rule, window, happened, hint)]
    if run is not None and run.kind == DETECTION and not terms:
        notes = [_in_detection(rule, run)]
    notes += about_override(rule)
    return [*notes, *about_parsers(bound, options)]


def about_parsers(bound: Bound, options: Options) -> list[Note]:
    """A note on functions that may hide when a row was ingested."""
    parsers = [name for name in table_names(bound, options) if _PARSER.fullmatch(name)]
    if not parsers:
        return []
    message = (
        f"it is not documented whether {', '.join(parsers)} keeps the ingestion time; if not,"
        " TimeGenerated is used instead, and late events are missed"
    )
    return [Note("late-events", Effect.COVERAGE, message)]


def _in_detection(rule: Rule, run: Run) -> Note:
    arrived = run.window if threshold_of(rule) or run.whole else run.recent
    message = (
        f"events are selected by arrival time, as the rule does by {override_of(rule)}: those that"
        f" {'happened or ' if run.whole else ''}arrived in the last {span(arrived)}"
    )
    return Note("late-events", Effect.SAME, message)


def _has_window(rule: Rule, run: Run | None) -> bool:
    return run is not None or isinstance(form_of(rule), Threshold | NewTerms | IndicatorMatch)


def _happened(rule: Rule, run: Run | None) -> int:
    """How far back the events happened, in seconds."""
    if run is not None:
        return run.happened
    terms = new_terms_of(rule)
    return event_range(rule, terms.window if terms else schedule_of(rule).look_back)


def ingested(bound: Bound, options: Options) -> str:
    """When a row was ingested. A function may hide it, and then the row's own time is all there is:
    the parsers of ASIM are functions, and what a user names may be one.
    """
    of_pack = {
        str(name)
        for destination in (bound.pack.targets.get("sentinel", ()) if bound.pack else ())
        for name in _listed(destination.place.get("table"))
    }
    tables = table_names(bound, options)
    if all(name in of_pack and not _PARSER.fullmatch(name) for name in tables):
        return _INGESTED
    return f"coalesce({_INGESTED}, {_GENERATED})"


def _listed(named: object) -> list[object]:
    return named if isinstance(named, list) else [named]
