"""What a rule's type asks for beyond its query: which search is made, over which time."""

from __future__ import annotations

from kqlx.backends.spl.index_time import emission_over_arrival
from kqlx.backends.spl.indicator_match import indicator_search
from kqlx.backends.spl.new_terms import new_terms_search
from kqlx.backends.spl.threshold import threshold_search
from kqlx.backends.target import Emission, Options
from kqlx.mappings.bound import Bound
from kqlx.rules.forms import form_of
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold


def add_rule_form(rule: Rule, bound: Bound, emission: Emission, options: Options) -> Emission:
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
