"""Queries that take rows by when they were ingested, for rules that go by when an event arrived:
``ingestion_time()``, beside a period of ``TimeGenerated`` that is wide enough for late events
(https://learn.microsoft.com/azure/sentinel/ingestion-delay).

The function is one of a table's rows, and null elsewhere, so that it stands behind each table by
itself, before anything joins or counts
(https://learn.microsoft.com/kusto/query/ingestion-time-function?view=microsoft-sentinel).
"""

from __future__ import annotations

from kqlx.backends.sentinel.schedule import DELAY, LONGEST, RULE_FORMATS, Run, run_of, span
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


def arrived(rule: Rule, bound: Bound, options: Options) -> list[str]:
    """The steps behind a table that keep what arrived in the rule's window; none for other rules,
    and where no window belongs to the query.
    """
    if not by_arrival(rule) or not _has_window(rule, options):
        return []
    in_rule, look_back = options.format in RULE_FORMATS, schedule_of(rule).look_back
    run = run_of(rule)
    time = _time_of(bound, options)
    happened = f"| where {_GENERATED} > ago({span(_happened(rule, run, in_rule))})"
    if terms := new_terms_of(rule):
        history = min(terms.window, run.period) if in_rule else terms.window
        steps = [f"| where {time} > ago({span(history)})", f"| extend {COLUMN} = {time}"]
        return [happened, *steps]
    if not in_rule:
        return [happened, f"| where {time} > ago({span(look_back)})"]
    if threshold_of(rule):  # what arrives while the run waits is counted by the next one
        since = f"{time} > ago({span(run.window + DELAY)})"
        return [f"| where {since} and {time} <= ago({span(DELAY)})"]
    return [f"| where {time} > ago({span(run.recent)})"]


def about_arrival(rule: Rule, bound: Bound, options: Options) -> list[Note]:
    """Notes on what is looked at."""
    if not by_arrival(rule):
        return []
    if not _has_window(rule, options):
        advice = "add ingestion_time() > ago(...), and set a time range that includes late events"
        return unsaid_arrival(rule, "the query", advice)
    in_rule, run, terms = options.format in RULE_FORMATS, run_of(rule), new_terms_of(rule)
    window = terms.window if terms else schedule_of(rule).look_back
    if in_rule:
        window = min(window, run.period) if terms else run.window
    happened = span(_happened(rule, run, in_rule))
    if in_rule and not terms:
        wait = window + DELAY if threshold_of(rule) else run.recent
        happened += (
            f" ({span(wait)} in the query, because Sentinel starts a rule {span(DELAY)} late)"
        )
    hint: str = WIDEN
    if in_rule and run.period == LONGEST:
        hint = f"an analytics rule sees at most {span(LONGEST)}"
    notes = [arrival_note(rule, window, happened, hint)]
    notes += about_override(rule)
    parsers = [name for name in _tables(bound, options) if _PARSER.fullmatch(name)]
    if parsers:
        message = (
            f"it is not documented whether {', '.join(parsers)} keeps the ingestion time; if not,"
            " TimeGenerated is used instead, and late events are missed"
        )
        notes.append(Note("late-events", Effect.COVERAGE, message))
    return notes


def _has_window(rule: Rule, options: Options) -> bool:
    together = isinstance(form_of(rule), Threshold | NewTerms | IndicatorMatch)
    return options.format in RULE_FORMATS or together


def _happened(rule: Rule, run: Run, in_rule: bool) -> int:
    """How far back the events happened, in seconds."""
    if in_rule:
        return run.period
    terms = new_terms_of(rule)
    return event_range(rule, terms.window if terms else schedule_of(rule).look_back)


def _tables(bound: Bound, options: Options) -> list[str]:
    named = options.table or bound.place.get("table")
    return [str(name) for name in named] if isinstance(named, list) else [str(named or "")]


def _time_of(bound: Bound, options: Options) -> str:
    """When a row was ingested. A function may hide it, and then the row's own time is all there is:
    the parsers of ASIM are functions, and what a user names may be one.
    """
    of_pack = {
        str(name)
        for destination in (bound.pack.targets.get("sentinel", ()) if bound.pack else ())
        for name in _listed(destination.place.get("table"))
    }
    tables = _tables(bound, options)
    if all(name in of_pack and not _PARSER.fullmatch(name) for name in tables):
        return _INGESTED
    return f"coalesce({_INGESTED}, {_GENERATED})"


def _listed(named: object) -> list[object]:
    return named if isinstance(named, list) else [named]
