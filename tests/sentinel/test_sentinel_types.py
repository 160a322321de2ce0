"""Rules that count or compare, in Sentinel KQL: executed against Kibana's meaning of them, and read
by Microsoft's analyser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.threshold import threshold_of
from tests.conftest import examples
from tests.oracles.kusto import analyse
from tests.oracles.rule_types import COLUMNS, RuleEvent, new_terms_alerts, rows, threshold_alerts

FIELDS = ["user.name", "host.name", "source.port", "process.args"]
TEXTS = ["a", "b", "c"]
DAY = 86_400
LOOK_BACK = 540


def values(name: str) -> st.SearchStrategy[list[Any]]:
    if COLUMNS[name] == "long":
        return st.lists(st.integers(1, 3), max_size=1)
    return st.lists(st.sampled_from(TEXTS), max_size=3 if COLUMNS[name] == "dynamic" else 1)


AGES = st.sampled_from([0, 1, 60, 539, 541, 3_600, DAY, 5 * DAY, 10 * DAY - 1, 10 * DAY + 1])
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"at": AGES, "event.action": st.lists(st.sampled_from(TEXTS[:2]), max_size=1)}
        | {name: values(name) for name in FIELDS}
    ),
    max_size=12,
)


def converted(rule: kqlx.Rule, **options: Any) -> kqlx.Conversion:
    return kqlx.convert(rule, "sentinel", source="none", **options)


def threshold_rule(by: Sequence[str], least: int, distinct: dict[str, int]) -> kqlx.Rule:
    cardinality = [{"field": name, "value": value} for name, value in distinct.items()]
    threshold = {"field": list(by), "value": least, "cardinality": cardinality}
    data = {"threshold": threshold, "from": "now-9m"}
    return kqlx.Rule("r", "event.action:a", type="threshold", data=data)


def new_terms_rule(fields: Sequence[str], window: str = "now-10d", **data: Any) -> kqlx.Rule:
    data = {"from": "now-9m", **data}
    data |= {"new_terms_fields": list(fields), "history_window_start": window}
    return kqlx.Rule("r", "event.action:a", type="new_terms", data=data)


def column_of(name: str) -> str:
    """What the result calls a field: an array that was taken apart has another name."""
    return "process_args_value" if name == "process.args" else name


def asked(events: Sequence[RuleEvent]) -> list[RuleEvent]:
    return [event for event in events if "a" in event["event.action"]]


@given(
    EVENTS,
    st.lists(st.sampled_from(FIELDS), max_size=3, unique=True),
    st.integers(1, 3),
    st.dictionaries(st.sampled_from(FIELDS[:3]), st.integers(1, 3), max_size=2),
)
@examples(10)
def test_counts(
    events: list[RuleEvent], by: list[str], least: int, distinct: dict[str, int]
) -> None:
    rule = threshold_rule(by, least, distinct)
    threshold = threshold_of(rule)
    assert threshold is not None
    query = str(converted(rule).query)
    found = rows(query, events)
    alerts = {tuple(row[column_of(name)] for name in by): row["EventCount"] for row in found}
    assert alerts == threshold_alerts(threshold, asked(events)), query
    assert len(alerts) == len(found)


@given(EVENTS, st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3, unique=True))
@examples(10)
def test_new_terms(events: list[RuleEvent], fields: list[str]) -> None:
    rule = new_terms_rule(fields)
    terms = new_terms_of(rule)
    assert terms is not None
    query = str(converted(rule).query)
    found = rows(query, events)
    alerts = {tuple(row[column_of(name)] for name in fields) for row in found}
    assert alerts == new_terms_alerts(terms, LOOK_BACK, asked(events)), query
    assert len(alerts) == len(found)


RULES = [
    threshold_rule([], 3, {}),
    threshold_rule(["user.name"], 3, {"host.name": 2, "source.port": 2}),
    threshold_rule(["process.args", "source.port"], 3, {"user.name": 1}),
    new_terms_rule(["user.name"]),
    new_terms_rule(["process.args", "source.port", "host.name"]),
    new_terms_rule(["user.name", "process.args"], "now-30d"),
]


def test_microsofts_analyser_takes_them() -> None:
    schema = {"Events": {**COLUMNS, "TimeGenerated": "datetime"}}
    schema["ThreatIntelIndicators"] = {
        "TimeGenerated": "datetime",
        "Id": "string",
        "IsActive": "bool",
        "ValidUntil": "datetime",
        "ObservableKey": "string",
        "ObservableValue": "string",
    }
    queries = [
        str(converted(rule, format=format, accept=["different"]).query)
        for rule in [*RULES, indicator_rule()]
        for format in ("query", "rule")
    ]
    found = analyse(queries, schema)
    assert dict(zip(queries, found, strict=True)) == {query: [] for query in queries}


def test_the_query_of_a_count() -> None:
    query = converted(threshold_rule(["user.name"], 3, {"host.name": 2})).query
    assert query == (
        "Events\n"
        "| where ['event.action'] == \"a\"\n"
        "| where isnotempty(['user.name'])\n"
        "| summarize\n"
        "    EventCount = count(),\n"
        "    host_name_count = count_distinctif(['host.name'], isnotempty(['host.name'])),\n"
        "    StartTime = min(TimeGenerated),\n"
        "    TimeGenerated = max(TimeGenerated)\n"
        "    by ['user.name']\n"
        "| where EventCount >= 3 and host_name_count >= 2"
    )


def test_the_query_of_new_terms() -> None:
    query = converted(new_terms_rule(["user.name", "source.port"])).query
    assert query == (
        "Events\n"
        "| where TimeGenerated > ago(10d)\n"
        "| where ['event.action'] == \"a\"\n"
        "| where isnotempty(['user.name']) and isnotnull(['source.port'])\n"
        "| summarize arg_min(TimeGenerated, *) by ['user.name'], ['source.port']\n"
        "| where TimeGenerated > ago(9m)"
    )


def notes(conversion: kqlx.Conversion) -> dict[str, str]:
    return {note.code: str(note.effect) for note in conversion.notes}


def test_a_window_of_more_than_14_days() -> None:
    """A query may look back further, an analytics rule may not: values last seen before that are
    taken for new ones.
    """
    rule = new_terms_rule(["user.name"], "now-30d")
    query = converted(rule)
    assert "ago(30d)" in str(query.query)
    assert notes(query)["look-back"] == "same"
    cut = converted(rule, format="rule")
    assert "ago(14d)" in str(cut.query)
    assert notes(cut)["look-back"] == "wider"
    with pytest.raises(kqlx.UnsupportedError, match="values last seen before that alert as new"):
        converted(rule, format="rule", strict=True)


def test_a_rule_begins_late_and_so_looks_further_for_what_is_new() -> None:
    """It runs each hour, for it looks back ten days; the margin for late events, and Sentinel's own
    delay, are added.
    """
    query = str(converted(new_terms_rule(["user.name"], interval="5m"), format="rule").query)
    assert query.splitlines()[-2] == "| where TimeGenerated > ago(69m)"


def test_a_field_without_a_column_is_refused() -> None:
    rule = kqlx.Rule(
        "r",
        "event.action:console.login and event.dataset:okta.system",
        type="new_terms",
        data={"new_terms_fields": ["source.as.number"], "from": "now-9m"},
    )
    with pytest.raises(kqlx.UnsupportedError, match=r"new values of source\.as\.number"):
        kqlx.convert(rule, "sentinel")


def indicator_rule(index: str = "logs-ti_*", **entry: Any) -> kqlx.Rule:
    entries = [{"field": "user.name", "type": "mapping", "value": "threat.indicator.url.full"}]
    mapping = [{"entries": [{**entries[0], **entry}]}]
    data = {"threat_mapping": mapping, "threat_index": [index], "from": "now-9m"}
    return kqlx.Rule("r", "event.action:a", type="threat_match", data=data)


def test_indicators_are_others_and_so_to_be_accepted() -> None:
    with pytest.raises(kqlx.UnsupportedError, match="ThreatIntelIndicators, not from"):
        converted(indicator_rule("blocklist"))
    found = converted(indicator_rule("blocklist"), accept=["different"])
    assert notes(found)["indicators"] == "different"
    assert "rule-type" not in notes(found)
    assert notes(converted(indicator_rule()))["indicators"] == "coverage"


def test_indicators_that_nothing_stands_for() -> None:
    rule = indicator_rule(value="threat.indicator.x509.subject.common_name")
    with pytest.raises(kqlx.UnsupportedError, match="ThreatIntelIndicators has no counterpart"):
        converted(rule, accept=["different"])
