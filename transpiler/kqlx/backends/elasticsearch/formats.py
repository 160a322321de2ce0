"""Elasticsearch's formats: the query of each, what its template prints, and the notes on what of a
rule it does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kqlx.backends.elasticsearch.detection_rule import DetectionRule, detection_rule
from kqlx.backends.elasticsearch.eql_search import eql_notes, eql_query, eql_request, http_notes
from kqlx.backends.elasticsearch.query_dsl import query_of
from kqlx.backends.elasticsearch.search_request import (
    SearchRequest,
    request_body,
    search_notes,
    search_request,
    single_events,
)
from kqlx.backends.elasticsearch.watch import Watch, refuse_templates, watch, watch_notes
from kqlx.backends.target import Emission, Plan
from kqlx.frontends import EQL
from kqlx.notes import Note
from kqlx.records import replace
from kqlx.rules.filters import conditions_of
from kqlx.rules.query_only_notes import query_only_notes

QUERY, SEARCH, RULE, WATCH = "query", "search", "rule", "watcher"


def emit(plan: Plan) -> Emission:
    """The query with the rule's filters, as the format wants it: by itself, or in the body of a
    search.

    Raises UnsupportedError for a watch whose text Watcher would take for a template.
    """
    if plan.events is not None:
        return _several_events(plan)
    source, rule = plan.only_source("Elasticsearch"), plan.rule
    if source.options.format == RULE and rule.language == EQL:
        return Emission(rule.query, covers_rule_type=True)  # the rule stays in its language
    # The clauses of EQL stand by themselves; Kibana wraps those of its own language.
    own_form = rule.language != "kuery"
    emission = query_of(source.bound, replace(source.options, compact=True) if own_form else
                        source.options)  # fmt: skip
    assert isinstance(emission.query, dict)
    emission = replace(emission, query=conditions_of(rule).wrap_query(emission.query))
    options = source.options
    if options.format == RULE:
        return replace(emission, covers_rule_type=True)
    if options.format == QUERY:
        return emission
    assert isinstance(emission.query, dict)
    body = request_body(rule, emission.query)
    whole = body is not None
    body = body or single_events(rule, emission.query)
    if options.format == WATCH:
        refuse_templates(rule, body)
    return replace(emission, query=body, covers_rule_type=whole)


def _several_events(plan: Plan) -> Emission:
    """The same of a sequence or a sample, which stays in EQL."""
    rule = plan.rule
    if plan.format == RULE:
        return Emission(rule.query, covers_rule_type=True)
    body = eql_query(rule) if plan.format == QUERY else eql_request(rule)
    if plan.format == WATCH:
        refuse_templates(rule, body)
    return Emission(body, covers_rule_type=True)


def artifact(plan: Plan, query: dict[str, Any]) -> SearchRequest | DetectionRule | Watch:
    """What the format's template prints."""
    if plan.format == RULE:
        return detection_rule(plan.rule)
    if plan.format == WATCH:
        return watch(plan.rule, query, eql=plan.events is not None)
    return search_request(plan.rule, query)


def metadata_notes(plan: Plan) -> Iterator[Note]:
    """Notes on what of a rule the format does not hold, or holds in another way."""
    rule, format = plan.rule, plan.format
    if format == RULE:
        yield from detection_rule(rule).notes
        return
    yield from query_only_notes(rule, clauses=True, has_pipes=plan.events is not None)
    if plan.events is not None:
        yield from http_notes() if format == WATCH else eql_notes()
    if format in (SEARCH, WATCH):
        yield from search_notes(rule, pages=format == SEARCH)
    if format == WATCH:
        yield from watch_notes(rule)
