"""What the form of a rule asks for beyond its query: counts, new terms, indicators, and the columns
that alerts show.

What several data sources have is counted together: each part of the query names the fields alike,
and what follows, the same for all, ``multiple_sources`` puts behind their union.
"""

from __future__ import annotations

from kqlx.backends.comments import comment_lines, comments_of
from kqlx.backends.sentinel.alert_columns import alert_columns
from kqlx.backends.sentinel.defender_tables import reads_defender, required_columns
from kqlx.backends.sentinel.detection_schedule import run_for
from kqlx.backends.sentinel.indicator_match import compare_with_indicators
from kqlx.backends.sentinel.ingestion_time import about_arrival, arrived
from kqlx.backends.sentinel.lookups import with_lookups
from kqlx.backends.sentinel.multiple_sources import WrittenSource, whole_query
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.new_terms import find_new_terms
from kqlx.backends.sentinel.query import query_of
from kqlx.backends.sentinel.result_columns import FieldValues, extend, extended
from kqlx.backends.sentinel.schedule import CUSTOM_DETECTION, Run
from kqlx.backends.sentinel.sequence import emit_events
from kqlx.backends.sentinel.syntax import COMMENT
from kqlx.backends.sentinel.threshold import count_events
from kqlx.backends.target import Emission, Plan, PlannedSource
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.records import replace
from kqlx.rules.forms import form_of, groups_events
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.late_events import by_arrival
from kqlx.rules.new_terms import NewTerms
from kqlx.rules.threshold import Threshold


def emit(plan: Plan) -> Emission:
    """The query of a plan. Raises UnsupportedError."""
    if plan.events is not None:
        return emit_events(plan, plan.events)
    _refuse_lost_columns(plan)
    values, run = NamedValues(), run_for(plan)
    each = [_of_source(plan, one, values, run) for one in plan.sources]
    query = whole_query(each, values, comment_lines(COMMENT, comments_of(plan)))
    notes = tuple(note for written in each for note in written.notes)
    pieces = tuple(piece for written in each for piece in written.pieces)
    covers = all(one.covers_rule_type for one in each)
    return Emission(query, notes, covers, pieces=pieces)


def _of_source(
    plan: Plan, source: PlannedSource, values: NamedValues, run: Run | None
) -> WrittenSource:
    """The query for the rows of one data source, with what the rule's form adds to it, and in the
    formats of rules with the columns that entities and details name.

    Raises UnsupportedError where a field that is counted or compared has no column.
    """
    rule, several, bound, options = plan.rule, plan.several, source.bound, source.options
    keeps_arrival = isinstance(form_of(rule), NewTerms) and by_arrival(rule)
    written = query_of(bound, options, values, keeps_arrival=keeps_arrival)
    query = replace(written.query, of_each=tuple(arrived(rule, bound, options, run)))
    notes = (*written.notes, *about_arrival(rule, bound, options, run))
    written = replace(written, query=query, notes=notes)
    in_rule = run is not None
    alert = alert_columns(rule, bound, several) if in_rule else None
    shown = alert.columns if alert else ()
    if plan.format == CUSTOM_DETECTION:
        named = {values.name for values in shown}
        more = [name for name in required_columns(source) if name not in named]
        shown = (*shown, *(FieldValues(name, name, name) for name in more))
    bounds = [one.bound for one in plan.sources]
    match form_of(rule):
        case Threshold() as threshold:
            written = count_events(threshold, rule, bound, written, shown, in_rule, bounds)
        case NewTerms() as terms:
            written = find_new_terms(terms, rule, bound, written, shown, run, bounds)
        case IndicatorMatch() as match:
            written = compare_with_indicators(match, rule, bound, written, values, shown, run)
        case _:
            written = written.with_steps(*extended(shown))
    written = with_lookups(written, bound, values, shown)
    if alert is None or not alert.renamed:
        return written
    # Where two tables have columns of one name and two types, union would rename them.
    texts = [f"{name} = tostring({column})" for name, column in alert.renamed.items()]
    return written.with_steps(extend(texts))


def _refuse_lost_columns(plan: Plan) -> None:
    """Raises UnsupportedError for a custom detection whose result would lack what it must have:
    what is counted for several data sources together keeps the columns alone that all of them have.
    """
    if plan.format != CUSTOM_DETECTION or not (plan.several and groups_events(plan.rule)):
        return
    if reads_defender(plan.sources):
        raise UnsupportedError(
            "cannot convert a rule that counts for several data sources to a custom detection over"
            " Defender's tables, whose result must have their ReportId",
            code="sources-not-joined",
            hint=Hint("name one with ", Argument("source")),
        )
