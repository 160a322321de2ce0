"""Sentinel: rules that go by when events arrived. Analytics rules are run on DuckDB, on rows that
are on time or late, at the borders of their windows, and compared with what Kibana sees.

Sentinel runs a rule five minutes after the time for which it is scheduled, on rows whose
``TimeGenerated`` lies in the period before that time
(https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview). From which of the two
``ago()`` counts is not documented; what is shown holds for both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.sentinel.multiple_sources import TableQuery
from kqlx.testing import edges
from tests.conftest import examples
from tests.oracles.arrivals import (
    DAY,
    HOUR,
    INTERVAL,
    LOOK_BACK,
    MINUTE,
    NOW,
    Arrived,
    events,
    first_seen,
    new_terms,
    reached,
    rule,
    seen,
    threshold,
)
from tests.oracles.kusto import analyse
from tests.oracles.loaders import load
from tests.oracles.sentinel import TABLE, answer, make_table, rewritten
from tests.oracles.sentinel_rows import known_tables

DELAY = 5 * MINUTE
RUNS = [NOW + INTERVAL * number for number in range(-1, 3)]
UNITS = {"m": MINUTE, "h": HOUR, "d": DAY}
COLUMNS = {
    "event.action": "VARCHAR",
    "user.name": "VARCHAR",
    "Number": "BIGINT",
    "TimeGenerated": "TIMESTAMP",
    "Arrived": "TIMESTAMP",
}


def sentinel(rule: kqlx.Rule, format: str = "rule", **options: Any) -> kqlx.Conversion:
    return kqlx.convert(rule, "sentinel", format=format, **{"source": "none", **options})


def length(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


def run(query: str, found: Iterable[Arrived], clock: int) -> list[dict[str, Any]]:
    """What the query finds among these rows when ``ago()`` counts from a moment."""

    def moment(time: int) -> datetime:
        return (edges.NOW + timedelta(seconds=time - clock)).replace(tzinfo=None)

    held = [["go", e.user, e.number, moment(e.happened), moment(e.arrived)] for e in found]
    make_table(TABLE, COLUMNS, held)
    return answer(rewritten(query.replace("ingestion_time()", "Arrived")))


def scheduled(
    converted: kqlx.Conversion, found: Iterable[Arrived], now: int, clock: int
) -> list[dict[str, Any]]:
    """The results of an analytics rule in the run that is scheduled for a moment."""
    read = yaml.safe_load(converted.text)
    period = length(read["queryPeriod"])
    there = [e for e in found if now - period < e.happened <= now and e.arrived <= now + DELAY]
    return run(read["query"], there, clock)


def in_time(found: Iterable[Arrived]) -> list[Arrived]:
    """Those that no rule may miss: a day late at most, and not from a clock that is ahead."""
    return [event for event in found if 0 <= event.arrived - event.happened <= DAY]


@examples(4)
@given(found=events().map(in_time))
def test_each_run_sees_what_kibanas_sees(found: list[Arrived]) -> None:
    converted = sentinel(rule())
    told = set()
    for now in RUNS:
        numbers = {row["Number"] for row in scheduled(converted, found, now, now + DELAY)}
        assert numbers >= {event.number for event in seen(found, now)}
        told |= numbers
    # where ago() counts from the scheduled time, the next run sees what one has passed over
    for clock in (0, DELAY):
        told = {
            row["Number"]
            for now in range(RUNS[0], RUNS[-1] + 2 * INTERVAL, INTERVAL)
            for row in scheduled(converted, found, now, now + clock)
        }
        assert told >= {event.number for now in RUNS for event in seen(found, now)}


@examples(4)
@given(found=events().map(in_time), least=st.integers(1, 3))
def test_each_run_counts_what_kibana_counts(found: list[Arrived], least: int) -> None:
    converted = sentinel(threshold(least))
    for now in RUNS:
        rows = scheduled(converted, found, now, now + DELAY)
        assert {row["user.name"] for row in rows} == reached(found, now, least)
        # else all is counted as much later as the rule runs before its time
        earlier = scheduled(converted, found, now, now)
        assert {row["user.name"] for row in earlier} == reached(found, now - DELAY, least)


@examples(4)
@given(found=events(3 * DAY).map(in_time))
def test_terms_are_new_by_when_they_first_arrived(found: list[Arrived]) -> None:
    converted = sentinel(new_terms())
    assert "queryFrequency: 1h\nqueryPeriod: 4d\n" in converted.text
    edge = [e for e in found if abs(NOW - e.arrived - 3 * DAY) < 2 * DELAY]  # ago() is five later
    found = [event for event in found if event not in edge]
    for now in (NOW, NOW + HOUR):
        users = {row["user.name"] for row in scheduled(converted, found, now, now + DELAY)}
        for one in range(now - HOUR + INTERVAL, now + 1, INTERVAL):
            assert users >= first_seen(found, one, 3 * DAY) - known(found, one, now)
        assert users == first_seen(found, now + DELAY, 3 * DAY, 69 * MINUTE)


def known(found: Iterable[Arrived], one: int, now: int) -> set[str]:
    """Terms that an hourly run no longer takes for new, for they are of the run before it."""
    return {e.user for e in found if one - LOOK_BACK <= e.arrived < now - 64 * MINUTE}


@pytest.mark.parametrize("made", [threshold(2), new_terms()])
@examples(4)
@given(found=events(3 * DAY).map(in_time))
def test_a_query_by_itself_has_the_window(made: kqlx.Rule, found: list[Arrived]) -> None:
    rows = run(str(sentinel(made, "query").query), [e for e in found if e.arrived <= NOW], NOW)
    limits = (NOW - 3 * DAY, NOW - LOOK_BACK)  # where Kibana has both ends of a window
    found = [event for event in found if event.arrived not in limits]
    expected = (
        reached(found, NOW, 2) if made.type == "threshold" else first_seen(found, NOW, 3 * DAY)
    )
    assert {row["user.name"] for row in rows} == expected


def test_where_the_time_of_arrival_is_hidden_the_rows_own_stands() -> None:
    """As for a function that is named in the place of a table."""
    query = str(sentinel(rule()).query)
    assert query.startswith(
        "Events\n| where coalesce(ingestion_time(), TimeGenerated) > ago(14m)\n"
    )
    found = [Arrived(1, "a", NOW - 60, NOW - 60), Arrived(2, "a", NOW - HOUR, NOW - 60)]
    hidden = query.replace("ingestion_time()", "datetime(null)")
    assert [row["Number"] for row in run(hidden, found, NOW)] == [1]
    assert [row["Number"] for row in run(query, found, NOW)] == [1, 2]


OKTA = "event.dataset:okta.system and event.action:x"


def test_what_is_written() -> None:
    read = yaml.safe_load(sentinel(rule(query=OKTA), source=None).text)
    assert read["query"].startswith("OktaV2_CL\n| where ingestion_time() > ago(14m)\n")
    assert (read["queryFrequency"], read["queryPeriod"]) == ("5m", "25h")
    plain = sentinel(rule(query=OKTA), "query", source=None)
    assert "ingestion_time" not in plain.text
    (note,) = [note for note in plain.notes if "event.ingested" in note.message]
    assert note.is_quiet
    counted = {"threshold": {"field": ["source.ip"], "value": 3}}
    read = yaml.safe_load(sentinel(rule("threshold", OKTA, **counted), source=None).text)
    assert "| where ingestion_time() > ago(14m) and ingestion_time() <= ago(5m)\n" in read["query"]
    text = sentinel(rule("threshold", OKTA, **counted), "query", source=None).text
    begin = "OktaV2_CL\n| where TimeGenerated > ago(25h)\n| where ingestion_time() > ago(9m)\n"
    assert text.startswith(begin)
    terms = rule("new_terms", OKTA, new_terms_fields=["source.ip"])
    read = yaml.safe_load(sentinel(terms, source=None).text)
    assert read["queryPeriod"] == "14d"  # of 15, which no rule has
    assert "| summarize arg_min(IngestionTime, *) by" in read["query"]
    assert read["query"].endswith("| where IngestionTime > ago(69m)")


@pytest.mark.parametrize(
    ("late", "data", "times"),
    [
        (None, {}, ("5m", "25h")),
        ("30m", {}, ("5m", "39m")),
        ("1m", {"from": "now-1m", "interval": "1m"}, ("5m", "6m")),
        ("2d", {}, ("1h", "49h")),  # so a period wants
        ("30d", {}, ("1h", "14d")),
        (None, {"from": "now-25h"}, ("5m", "47h")),  # by itself it does not run less often
        ("1d", {"from": "now-25h"}, ("1h", "49h")),
        (None, {"from": "now-25h", "interval": "1d"}, ("1d", "49h")),
        (None, {"from": "now-14d", "interval": "1d"}, ("1d", "14d")),
        (None, {"from": "now-3m", "interval": "1h"}, ("1h", "25h")),
    ],
)
def test_how_late_events_may_be(late: str | None, data: dict[str, Any], times: Any) -> None:
    found = sentinel(rule(**data), late_events=late)
    read = yaml.safe_load(found.text)
    assert (read["queryFrequency"], read["queryPeriod"]) == times
    (note,) = [note for note in found.notes if note.code == "late-events"]
    assert not note.is_quiet
    assert f"happened in the last {times[1]}" in note.message
    most = times[1] == "14d"
    assert note.hint == ("an analytics rule sees at most 14d" if most else "late_events= widens it")
    assert load("sentinel", "rule", [found.text]) == [[]]


SIGN_INS = "event.dataset:azure.signinlogs and event.action:x"
KINDS: dict[str, dict[str, Any]] = {
    "query": {},
    "threshold": {"threshold": {"field": ["source.ip"], "value": 3}},
    "new_terms": {"new_terms_fields": ["source.ip"]},
    "threat_match": {
        "threat_mapping": [
            {"entries": [{"field": "source.ip", "type": "mapping", "value": "threat.indicator.ip"}]}
        ]
    },
}
SEVERAL = {"index": ["logs-okta.system-*", "logs-aws.cloudtrail-*"]}


@pytest.mark.parametrize("kind", KINDS)
def test_it_stands_behind_each_table_by_itself(kind: str) -> None:
    """Behind a union rows have lost when they came."""
    made = [(rule(kind, SIGN_INS, **KINDS[kind]), 5)]
    if kind != "threat_match":
        made.append((rule(kind, "source.ip:1.2.3.4", **SEVERAL, **KINDS[kind]), 2))
    queries = []
    for format in ("query", "rule", "arm"):
        texts = []
        for one, tables in made:
            found = sentinel(one, format, source=None, accept=["different", "narrower"])
            query = str(found.query)
            if (kind, format) == ("query", "query"):
                assert "ingestion_time" not in query
                continue
            assert query.count("| where ingestion_time() > ago(") == tables
            union = query[query.index("union") :].split("\n)" if tables == 2 else ")\n|")[0]
            assert union.count("| where ingestion_time() > ago(") == tables
            texts.append(found.text)
            queries.append(query)
        if kind != "threat_match":
            assert load("sentinel", format, texts) == [[] for _ in texts]
    columns = ["Id", "ObservableKey", "ObservableValue"]
    indicators: dict[str, str] = {"TimeGenerated": "datetime", "ValidUntil": "datetime"}
    indicators |= {"IsActive": "bool", **dict.fromkeys(columns, "string")}
    tables_of = {**known_tables(), "ThreatIntelIndicators": indicators}
    assert analyse(queries, own=dict.fromkeys(queries, tables_of)) == [[] for _ in queries]


def test_a_union_of_tables_that_may_be_missing_stays_one() -> None:
    of_each = ("| where TimeGenerated > ago(25h)", "| where ingestion_time() > ago(9m)")
    query = TableQuery(("A", "B"), ("| where x == 1",), of_each)
    each = " ".join(of_each)
    assert query.text() == (f"union isfuzzy=true\n    (A {each}),\n    (B {each})\n| where x == 1")
    long = replace(query, tables=("A" * 40, "B"))
    assert long.text().splitlines()[1:3] == [f"    ({'A' * 40}", f"    {of_each[0]}"]
    assert replace(query, of_each=()).text() == "union isfuzzy=true A, B\n| where x == 1"


def test_what_a_parser_hides_is_told() -> None:
    flow = rule(query="destination.port:22", index=["logs-network_traffic.flow-*"])
    found = sentinel(flow, source=None)
    assert "| where coalesce(ingestion_time(), TimeGenerated) > ago(14m)\n" in found.text
    (note,) = [note for note in found.notes if note.effect == kqlx.Effect.COVERAGE]
    assert "not documented whether _Im_NetworkSession keeps the ingestion time" in note.message
    assert load("sentinel", "rule", [found.text]) == [[]]


@pytest.mark.parametrize("format", ["query", "rule", "arm"])
@pytest.mark.parametrize("kind", ["query", "threshold", "new_terms"])
def test_without_an_override_nothing_is_by_arrival(kind: str, format: str) -> None:
    bare, named = (
        sentinel(rule(kind, OKTA, timestamp_override=over, **KINDS[kind]), format, source=None)
        for over in (None, "@timestamp")
    )
    assert bare.text == named.text
    assert "ingestion_time" not in bare.text
    assert bare.notes == named.notes
    assert "late-events" not in {note.code for note in bare.notes}


def test_another_override_is_told() -> None:
    found = sentinel(rule(query=OKTA, timestamp_override="event.created"), source=None)
    assert "ingestion_time() > ago(14m)" in found.text
    (wider,) = [note for note in found.notes if note.effect == kqlx.Effect.WIDER]
    assert "event.created" in wider.message


def test_steps_of_records_that_are_put_together_keep_when_these_arrived() -> None:
    query = (
        "sequence by host.id with maxspan=1m"
        ' [process where event.action == "executed" and process.name == "inetd"] by process.pid'
        ' [process where event.action == "executed" and process.args : "-x"] by process.parent.pid'
    )
    data = {"index": ["logs-auditd_manager.auditd-*"], "from": "now-9m"}
    rule = kqlx.Rule("r", query, type="eql", language="eql", data=data)
    text = str(kqlx.convert(rule, "sentinel", format="rule").text)
    written = str(yaml.safe_load(text)["query"])
    assert "IngestionTime = max(IngestionTime)" in written
    assert analyse([written]) == [[]]
