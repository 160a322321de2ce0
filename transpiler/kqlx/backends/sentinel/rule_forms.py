"""What the form of a rule asks for beyond its query: counts, new terms, indicators, and the columns
that alerts show.

What several data sources have is counted together: each part of the query names the fields alike,
and what follows, the same for all, ``multiple_sources`` puts behind their union.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kqlx.backends.comments import about_left_out, comment_lines
from kqlx.backends.sentinel.alert_columns import alert_columns
from kqlx.backends.sentinel.indicator_match import compare_with_indicators
from kqlx.backends.sentinel.ingestion_time import about_arrival, arrived, by_table
from kqlx.backends.sentinel.multiple_sources import join, without_lists
from kqlx.backends.sentinel.new_terms import find_new_terms
from kqlx.backends.sentinel.query import query_of
from kqlx.backends.sentinel.result_columns import FieldValues, extend, extended
from kqlx.backends.sentinel.schedule import RULE_FORMATS
from kqlx.backends.sentinel.syntax import COMMENT
from kqlx.backends.sentinel.threshold import count_events
from kqlx.backends.target import Emission, Options, Plan
from kqlx.mappings.bound import Bound
from kqlx.rules.forms import form_of
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms
from kqlx.rules.threshold import Threshold


def emit(plan: Plan) -> Emission:
    """The query of a plan. Raises UnsupportedError."""
    each = [_of_source(plan, source.bound, source.options) for source in plan.sources]
    texts = [str(emission.query) for emission in each]
    comments = comment_lines(COMMENT, about_left_out(plan.bounds))
    query = "\n".join([*comments, join(texts) if plan.several else texts[0]])
    notes = tuple(note for emission in each for note in emission.notes)
    return Emission(query, notes, covers_rule_type=all(one.covers_rule_type for one in each))


def _of_source(plan: Plan, bound: Bound, options: Options) -> Emission:
    return _with_form(plan.rule, bound, query_of(bound, options), options)


def _with_form(rule: Rule, bound: Bound, emission: Emission, options: Options) -> Emission:
    """The query with what the rule's form adds to it, and in the formats of rules with the columns
    that entities and details name.

    Raises UnsupportedError where a field that is counted or compared has no column.
    """
    in_rule = options.format in RULE_FORMATS
    alert = alert_columns(rule, bound) if in_rule else None
    notes = (*emission.notes, *about_arrival(rule, bound, options))
    query = _with_steps(str(emission.query), arrived(rule, bound, options))
    emission = replace(emission, query=query, notes=notes)
    completed = _by_form(rule, bound, emission, alert.columns if alert else (), in_rule)
    if not bound.one_of_several_sources:  # else their union comes first
        completed = replace(completed, query=by_table(str(completed.query)))
    if alert is None or not alert.renamed:
        return completed
    # Where two tables have columns of one name and two types, union would rename them.
    texts = [f"{name} = tostring({column})" for name, column in alert.renamed.items()]
    return replace(completed, query=f"{completed.query}\n{extend(texts)}")


def _with_steps(query: str, steps: Sequence[str]) -> str:
    """The query with steps right behind its tables."""
    lists, head, body = without_lists(query)
    return lists + "\n".join([head, *steps, *([body] if body else [])])


def _by_form(
    rule: Rule, bound: Bound, emission: Emission, shown: Sequence[FieldValues], in_rule: bool
) -> Emission:
    match form_of(rule):
        case Threshold() as threshold:
            return count_events(threshold, rule, bound, emission, shown, in_rule)
        case NewTerms() as terms:
            return find_new_terms(terms, rule, bound, emission, shown, in_rule)
        case IndicatorMatch() as match:
            return compare_with_indicators(match, rule, bound, emission, shown, in_rule)
        case _:
            return replace(emission, query="\n".join([str(emission.query), *extended(shown)]))
