"""Sequences and samples in Elasticsearch: the rule itself, and requests to EQL search."""

from __future__ import annotations

import json
from typing import Any

import pytest

import kqlx
from kqlx.rules.model import Rule
from kqlx.rules.query_tree import query_of
from tests import corpus
from tests.oracles.kibana_import import eql_problems, import_problems, strict, watch_problems

QUERY = """\
sequence by host.id with maxspan=1m
  [process where process.name : "cmd.exe"] by process.entity_id
  [network where destination.port == 443] by process.parent.entity_id
  until [process where event.type == "end"] by process.entity_id
| tail 5"""
SAMPLE = 'sample by host.id [process where process.name : "a"] [file where file.name : "b"]'
ONLY = {"query": {"term": {"user.name": "alice"}}, "meta": {}}
NOT = {"query": {"term": {"user.name": "bob"}}, "meta": {"negate": True}}


def rule(query: str = QUERY, **data: Any) -> Rule:
    data = {"index": ["logs-endpoint.events.*"], "from": "now-9m", "name": "Two Steps", **data}
    return Rule(name="Two Steps", query=query, type="eql", language="eql", data=data, id="x")


def text_of(found: Rule, format: str) -> str:
    return kqlx.convert(found, "es", format=format, accept=["different"]).text


def body(format: str, query: str = QUERY, **data: Any) -> dict[str, Any]:
    found = strict(kqlx.convert(rule(query, **data), "es", format=format).text)
    if format == "watcher":
        found = strict(found["input"]["http"]["request"]["body"])
    asked: dict[str, Any] = found["body"] if format == "search" else found
    return asked


@pytest.mark.parametrize("query", [QUERY, SAMPLE])
def test_every_request_asks_the_query_as_it_is(query: str) -> None:
    for format in ("query", "search", "watcher"):
        asked = body(format, query)
        assert asked["query"] == query
        assert not list(eql_problems(asked))
    assert body("search", query) == body("watcher", query)
    assert body("query", query) == {"query": query}


def test_a_run_looks_at_the_rules_window_and_takes_as_many_results() -> None:
    asked = body("search", max_signals=33)
    assert asked["size"] == 33
    assert asked["filter"] == {"range": {"@timestamp": {"gte": "now-9m", "lte": "now"}}}
    late = body("search", timestamp_override="event.ingested")["filter"]["bool"]["should"]
    assert late[0] == {"range": {"event.ingested": {"gte": "now-9m", "lte": "now"}}}


def test_filters_are_on_single_events_before() -> None:
    """Filters and exceptions of the rule are in ``filter``, not in the query."""
    asked = body("search", filters=[ONLY, NOT])
    assert asked["query"] == QUERY
    window = {"range": {"@timestamp": {"gte": "now-9m", "lte": "now"}}}
    assert asked["filter"] == {
        "bool": {"filter": [window, ONLY["query"]], "must_not": [NOT["query"]]}
    }
    assert body("query", filters=[ONLY])["filter"] == {
        "bool": {"filter": [{"match_all": {}}, ONLY["query"]]}
    }


def test_the_rules_own_fields_for_time_and_category_are_the_requests() -> None:
    asked = body(
        "query",
        timestamp_field="event.start",
        tiebreaker_field="event.sequence",
        event_category_override="event.type",
    )
    assert {name: asked[name] for name in asked if name != "query"} == {
        "timestamp_field": "event.start",
        "tiebreaker_field": "event.sequence",
        "event_category_field": "event.type",
    }


def test_the_notes_say_where_it_goes() -> None:
    for format, code in (("query", "eql-search"), ("search", "eql-search")):
        found = kqlx.convert(rule(), "es", format=format)
        assert [note.hint for note in found.notes if note.code == code] == [
            "send it to INDEX/_eql/search"
        ]
    codes = {note.code for note in kqlx.convert(rule(), "es", format="watcher").notes}
    assert {"connection-assumed", "runs-at-once", "alerts-repeated"} <= codes
    # The pipe and what ends a sequence stay in EQL.
    assert not {"pipe-left-out", "rule-type", "eql-search"} & codes


def test_a_watch_asks_over_http_and_reports_errors_too() -> None:
    watch = strict(kqlx.convert(rule(index=["a*", "<b-{now/d}>"]), "es", format="watcher").text)
    assert not list(watch_problems(watch))
    request = watch["input"]["http"]["request"]
    assert request["path"] == "/a*,%3Cb-%7Bnow%2Fd%7D%3E/_eql/search"
    # What is no answer has no hits, and no hits are not 0: the log says the error.
    assert watch["condition"] == {"compare": {"ctx.payload.hits.total.value": {"not_eq": 0}}}
    assert "{{ctx.payload._status_code}}" in watch["actions"]["log"]["logging"]["text"]


def test_a_template_in_a_watch_is_refused() -> None:
    query = QUERY.replace("cmd.exe", "{{x}}")
    with pytest.raises(kqlx.UnsupportedError, match="template tag"):
        kqlx.convert(rule(query), "es", format="watcher")
    assert "{{x}}" in body("search", query)["query"]


def test_the_rule_stays_itself() -> None:
    found = kqlx.convert(
        rule(filters=[ONLY], tiebreaker_field="event.sequence"), "es", format="rule"
    )
    imported = json.loads(found.text)
    assert (imported["type"], imported["language"], imported["query"]) == ("eql", "eql", QUERY)
    assert (imported["filters"], imported["tiebreaker_field"]) == ([ONLY], "event.sequence")
    assert not list(import_problems(found.text))


def test_a_text_alone_is_asked_too() -> None:
    found = kqlx.convert(SAMPLE, "es", language="eql")
    assert found.query == {"query": SAMPLE}
    assert found.fragments == ()


@pytest.mark.skipif(corpus.folder() is None, reason="there is no corpus of rules")
def test_real_sequences_are_asked() -> None:
    for path, found in corpus.rules():
        if found.language != "eql" or not query_of(found).steps:
            continue
        assert not list(import_problems(text_of(found, "rule"))), path
        assert not list(watch_problems(strict(text_of(found, "watcher")))), path
        assert not list(eql_problems(strict(text_of(found, "query")))), path
        assert not list(eql_problems(strict(text_of(found, "search"))["body"])), path
