"""What a rule's type asks for beyond its query: which search is made, over which time."""

from __future__ import annotations

from kqlx.backends.comments import comment_lines, comments_of
from kqlx.backends.spl.index_time import over_arrival
from kqlx.backends.spl.multiple_sources import (
    MAX_RESULTS,
    MAX_TIME,
    WrittenSource,
    together,
)
from kqlx.backends.spl.search import search_of
from kqlx.backends.spl.syntax import COMMENT
from kqlx.backends.target import Emission, Options, Plan
from kqlx.hints import Argument, Hint
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.forms import form_of
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold


def emit(plan: Plan) -> Emission:
    """The search of a plan. Raises UnsupportedError."""
    if plan.events is not None:
        from kqlx.backends.spl.sequence import emit_events

        return emit_events(plan, plan.events)
    each = [
        _of_source(plan.rule, source.bound, source.options, plan.several) for source in plan.sources
    ]
    search = together(each, comment_lines(COMMENT, comments_of(plan)))
    notes = tuple(note for written in each for note in written.notes)
    if len(each) > 1 and any(written.search.groups for written in each):
        notes = (*notes, _about_subsearch())
    covers = all(written.covers_rule_type for written in each)
    pieces = tuple(piece for written in each for piece in written.pieces)
    return Emission(search.text, notes, covers, structure=search, pieces=pieces)


def _about_subsearch() -> Note:
    message = (
        "the events that are put together of several records are appended by a subsearch, of which"
        f" Splunk takes what it has found after {MAX_TIME} seconds, and {MAX_RESULTS:,} results"
    )
    hint = Hint("raise maxtime, or convert the data sources one by one with ", Argument("source"))
    return Note("subsearch-limits", Effect.COVERAGE, message, hint=hint)


def _of_source(rule: Rule, bound: Bound, options: Options, several: bool) -> WrittenSource:
    """The search for the events of one data source, one of ``several`` or the only one, with what
    the type of the rule asks for, what is looked up for it, and where it goes by when events
    arrived the time modifiers for that. Raises UnsupportedError.
    """
    written = _in_form(rule, bound, options, several)
    if not bound.lookups:
        return written
    from kqlx.backends.spl.lookups import fields_beside, with_lookups

    beside = [] if options.format == "query" else fields_beside(rule, bound, several)
    return with_lookups(written, bound, beside)


def _in_form(rule: Rule, bound: Bound, options: Options, several: bool) -> WrittenSource:
    form = form_of(rule)
    keeps_arrival = isinstance(form, NewTerms) and by_arrival(rule)
    written = search_of(bound, options, keeps_arrival=keeps_arrival)
    if isinstance(form, NewTerms) and options.format != "tstats":
        from kqlx.backends.spl.new_terms import new_terms_search

        return new_terms_search(rule, form, bound, written, options, several)
    if by_arrival(rule):
        counts = isinstance(form, Threshold) and options.format == "query"
        look_back = schedule_of(rule).look_back
        written = over_arrival(rule, written, options, look_back, counts, several)
    if options.format == "tstats":
        return written
    if isinstance(form, Threshold):
        from kqlx.backends.spl.threshold import threshold_search

        return threshold_search(rule, form, bound, written, options, several)
    if isinstance(form, IndicatorMatch):
        from kqlx.backends.spl.indicator_match import indicator_search

        return indicator_search(rule, form, bound, written)
    return written
