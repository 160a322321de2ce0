"""What a rule's type asks for beyond its query: which search is made, over which time."""

from __future__ import annotations

from kqlx.backends.comments import about_left_out, comment_lines
from kqlx.backends.spl.index_time import emission_over_arrival
from kqlx.backends.spl.indicator_match import indicator_search
from kqlx.backends.spl.multiple_sources import join
from kqlx.backends.spl.new_terms import new_terms_search
from kqlx.backends.spl.search import search_of
from kqlx.backends.spl.syntax import COMMENT
from kqlx.backends.spl.threshold import threshold_search
from kqlx.backends.target import Emission, Options, Plan
from kqlx.mappings.bound import Bound
from kqlx.rules.forms import form_of
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold


def emit(plan: Plan) -> Emission:
    """The search of a plan. Raises UnsupportedError."""
    each = [_of_source(plan, source.bound, source.options) for source in plan.sources]
    texts = [str(emission.query) for emission in each]
    comments = comment_lines(COMMENT, about_left_out(plan.bounds))
    query = "\n".join([*comments, join(texts) if plan.several else texts[0]])
    notes = tuple(note for emission in each for note in emission.notes)
    return Emission(query, notes, covers_rule_type=all(one.covers_rule_type for one in each))


def _of_source(plan: Plan, bound: Bound, options: Options) -> Emission:
    return _with_form(plan.rule, bound, search_of(bound, options), options)


def _with_form(rule: Rule, bound: Bound, emission: Emission, options: Options) -> Emission:
    """The search with what the type of the rule asks for, and where it goes by when events arrived
    the time modifiers for that. Raises UnsupportedError.
    """
    form = form_of(rule)
    if isinstance(form, NewTerms) and options.format != "tstats":
        return new_terms_search(rule, form, bound, emission, options)
    if by_arrival(rule):
        counts = isinstance(form, Threshold) and options.format == "query"
        emission = emission_over_arrival(
            rule, emission, options, schedule_of(rule).look_back, counts
        )
    if options.format == "tstats":
        return emission
    if isinstance(form, Threshold):
        return threshold_search(rule, form, bound, emission, options)
    if isinstance(form, IndicatorMatch):
        return indicator_search(rule, form, bound, emission)
    return emission
