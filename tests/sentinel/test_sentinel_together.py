"""Rules that count or compare over several tables of Sentinel: executed against Kibana's meaning of
them, and read by Microsoft's analyser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.sentinel.multiple_sources import TableQuery, WrittenSource, whole_query
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.threshold import threshold_of
from kqlx.testing.edges import NOW
from tests.conftest import examples
from tests.oracles.kusto import analyse
from tests.oracles.rule_types import RuleEvent, new_terms_alerts, threshold_alerts
from tests.oracles.sentinel_rows import results

OKTA, AWS = "okta.system", "aws.cloudtrail"
SEVERAL = ["logs-okta.system-*", "logs-aws.cloudtrail-*"]
TABLES = {OKTA: "OktaV2_CL", AWS: "AWSCloudTrail"}
DAY = 86_400
LOOK_BACK = 540
AGES = st.sampled_from([0, 1, 60, 539, 541, 3_600, DAY, 5 * DAY, 10 * DAY - 1, 10 * DAY + 1])
ADDRESSES = ["10.0.0.1", "10.0.0.2"]
FIELDS = ["source.ip", "user.name", "event.dataset"]


def rule(type: str, query: str = "source.ip:*", **data: Any) -> kqlx.Rule:
    return kqlx.Rule("r", query, type=type, data={"index": SEVERAL, "from": "now-9m", **data})


def threshold(by: Sequence[str], least: int, distinct: Mapping[str, int], **data: Any) -> kqlx.Rule:
    cardinality = [{"field": name, "value": value} for name, value in distinct.items()]
    told = {"field": list(by), "value": least, "cardinality": cardinality}
    return rule("threshold", threshold=told, **data)


def new_terms(fields: Sequence[str], **data: Any) -> kqlx.Rule:
    start = "now-10d"
    return rule("new_terms", new_terms_fields=list(fields), history_window_start=start, **data)


def notes(found: kqlx.Conversion) -> dict[str, str]:
    return {note.code: str(note.effect) for note in found.notes}


def one_of(values: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=1)


EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "at": AGES,
            "event.dataset": st.sampled_from([[OKTA], [AWS]]),
            "source.ip": one_of(ADDRESSES),
            "user.name": one_of(["ann", "bob"]),
            "event.action": one_of(["x", "y"]),
        }
    ),
    max_size=12,
)


def table_row(event: RuleEvent) -> dict[str, Any]:
    """The event as its connector writes it."""
    address, name, action = (
        "".join(event[field]) for field in ("source.ip", "user.name", "event.action")
    )
    moment = (NOW - timedelta(seconds=event["at"])).isoformat()
    if event["event.dataset"] == [AWS]:
        names = {"UserIdentityUserName": name, "EventName": action, "SourceIpAddress": address}
    else:
        at = f"{name}@example.com" if name else ""
        names = {"OriginalActorAlternateId": at, "EventOriginalType": action, "SrcIpAddr": address}
    return {"TimeGenerated": moment, **names}


def found_in(query: str, events: Sequence[RuleEvent]) -> list[dict[str, Any]]:
    held = [
        (number, TABLES[event["event.dataset"][0]], table_row(event))
        for number, event in enumerate(events)
    ]
    return results(query, [*TABLES.values()], held)


def asked(events: Sequence[RuleEvent]) -> list[RuleEvent]:
    return [event for event in events if event["source.ip"]]


def columns(fields: Sequence[str]) -> list[str]:
    return [field.replace(".", "_") for field in fields]


@given(
    EVENTS,
    st.lists(st.sampled_from(FIELDS), max_size=3, unique=True),
    st.integers(1, 3),
    st.dictionaries(st.sampled_from(["user.name", "event.action"]), st.integers(1, 2), max_size=1),
    st.sampled_from(["query", "rule"]),
)
@example(events=[], by=["user.name"], least=1, distinct={"user.name": 1}, format="query")
@examples(5)
def test_counts_of_two_tables(
    events: list[RuleEvent], by: list[str], least: int, distinct: dict[str, int], format: str
) -> None:
    of = threshold(by, least, distinct)
    told = threshold_of(of)
    assert told is not None
    query = str(kqlx.convert(of, "sentinel", format=format).query)
    found = found_in(query, events)
    alerts = {tuple(row[name] for name in columns(by)): row["EventCount"] for row in found}
    assert alerts == threshold_alerts(told, asked(events)), query
    assert len(alerts) == len(found)


@given(EVENTS, st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3, unique=True))
@examples(4)
def test_new_terms_of_two_tables(events: list[RuleEvent], fields: list[str]) -> None:
    of = new_terms(fields)
    terms = new_terms_of(of)
    assert terms is not None
    query = str(kqlx.convert(of, "sentinel").query)
    found = found_in(query, events)
    alerts = {tuple(row[name] for name in columns(fields)) for row in found}
    assert alerts == new_terms_alerts(terms, LOOK_BACK, asked(events)), query
    assert len(alerts) == len(found)


@given(EVENTS)
@examples(4)
def test_alerts_show_values_of_the_latest_event(events: list[RuleEvent]) -> None:
    """From whichever table it is; entities and details name the same columns for both."""
    shown = {"field_names": ["event.action", "event.dataset"]}
    of = threshold(["source.ip"], 1, {}, investigation_fields=shown)
    loaded = yaml.safe_load(kqlx.convert(of, "sentinel", format="rule").text)
    details = loaded["customDetails"]
    assert details["EventDataset"] == "event_dataset"
    for row in found_in(loaded["query"], events):
        group = [e for e in asked(events) if e["source.ip"] == [row["source_ip"]]]
        latest = [e for e in group if e["at"] == min(other["at"] for other in group)]
        seen = (row[details["EventAction"]] or "", row["event_dataset"])
        assert seen in [("".join(e["event.action"]), *e["event.dataset"]) for e in latest]


def test_the_query_of_a_count_over_two_tables() -> None:
    found = kqlx.convert(threshold(["source.ip"], 5, {}, query="event.action:a"), "sentinel")
    assert found.query == (
        "union isfuzzy=true\n"
        "    (AWSCloudTrail\n"
        '    | where EventName == "a"\n'
        '    | where ipv6_compare(SourceIpAddress, "::") >= 0\n'
        "    | where isnotempty(SourceIpAddress)\n"
        "    | project TimeGenerated, source_ip = SourceIpAddress),\n"
        "    (OktaV2_CL\n"
        '    | where EventOriginalType == "a"\n'
        "    | where isnotempty(SrcIpAddr)\n"
        "    | project TimeGenerated, source_ip = SrcIpAddr)\n"
        "| summarize\n"
        "    EventCount = count(),\n"
        "    StartTime = min(TimeGenerated),\n"
        "    TimeGenerated = max(TimeGenerated)\n"
        "    by source_ip\n"
        "| where EventCount >= 5"
    )
    assert "counted-per-source" not in notes(found)


def test_entities_of_two_tables() -> None:
    """They and the details name columns that the result has, each once."""
    told = {"field_names": ["user.name", "source.ip"]}
    for of in (
        threshold(["source.ip"], 5, {"user.name": 2}, investigation_fields=told),
        new_terms(["source.ip", "user.name"], rule_name_override="event.action"),
    ):
        found = kqlx.convert(of, "sentinel", format="rule")
        loaded = yaml.safe_load(found.text)
        pairs = [
            (mapping["identifier"], mapping["columnName"])
            for entity in loaded["entityMappings"]
            for mapping in entity["fieldMappings"]
        ]
        assert pairs == [("Address", "source_ip"), ("Name", "user_name")]
        assert loaded["customDetails"]["SourceIp"] == "source_ip"
        for column in ("source_ip", "user_name"):
            assert loaded["query"].count(f"{column} = ") == 2
        assert "_shown" not in found.text
        assert analyse([loaded["query"]]) == [[]]


def test_columns_of_two_types_become_one() -> None:
    """Else union would rename them, and the query would name columns that there are not."""
    of = threshold(
        ["destination.port"],
        5,
        {},
        query="destination.ip:*",
        index=["logs-panw.panos-*", "logs-azure.firewall_logs-*", "logs-network_traffic.flow-*"],
    )
    query = str(kqlx.convert(of, "sentinel", accept=["different", "narrower"]).query)
    assert query.startswith("union isfuzzy=true\n")
    assert "destination_port = tolong(" in query
    assert analyse([query]) == [[]]


def test_other_values_are_counted_apart() -> None:
    """Where a table tells hosts apart by its own ids, what two tables have is not put together."""
    of = threshold(
        ["host.id"],
        5,
        {},
        query="process.name:cmd.exe and event.category:process and event.type:start",
        index=["logs-endpoint.events.process-*", "logs-windows.sysmon_operational-*"],
    )
    with pytest.raises(kqlx.UnsupportedError, match="counted on its own"):
        kqlx.convert(of, "sentinel")
    found = kqlx.convert(of, "sentinel", accept=["narrower"])
    assert notes(found)["counted-per-source"] == "narrower"


def test_parts_that_count_otherwise_are_refused() -> None:
    """An array here and a single value there."""
    counts = ["array_length(make_set(a_set))", "count_distinctif(a, isnotempty(a))"]
    first, other, alike = (
        WrittenSource(TableQuery((table,)), (), (f"| summarize a_count = {count}",))
        for table, count in zip("ABC", [*counts, counts[0]], strict=True)
    )
    with pytest.raises(kqlx.UnsupportedError, match="in different ways"):
        whole_query([first, other], NamedValues(), [])
    assert whole_query([first, alike], NamedValues(), []) == (
        f"union isfuzzy=true A, C\n| summarize a_count = {counts[0]}"
    )


def test_empty_texts_are_told_once_and_quietly() -> None:
    """Elastic counts an empty text as a value."""
    for of in (threshold(["source.ip"], 3, {"user.name": 2}), new_terms(["source.ip"])):
        found = kqlx.convert(of, "sentinel")
        told = [note for note in found.notes if note.code == "empty-is-missing"]
        assert [note.is_quiet for note in told] == [True]
        assert "source.ip" in told[0].message
    alone = kqlx.convert(threshold([], 3, {}), "sentinel")
    assert "empty-is-missing" not in notes(alone)


def test_translated_values_are_counted_apart() -> None:
    """Audit records of Microsoft 365 name operations otherwise than the integration does."""
    indices = ["logs-o365.audit-*", "logs-aws.cloudtrail-*"]
    of = new_terms(["event.action"], index=indices)
    found = kqlx.convert(of, "sentinel")
    assert notes(found)["counted-per-source"] == "wider"
    assert "counted-per-source" not in notes(
        kqlx.convert(new_terms(["source.ip"], index=indices), "sentinel")
    )


def test_another_letter_case_is_told() -> None:
    """Tables that spell file names as they please are not put together by them."""
    indices = ["logs-endpoint.events.process-*", "logs-windows.sysmon_operational-*"]
    query = "process.name:cmd.exe and event.category:process and event.type:start"
    of = new_terms(["process.parent.name"], query=query, index=indices)
    found = kqlx.convert(of, "sentinel")
    assert any("counted separately" in n.message and str(n.effect) == "case" for n in found.notes)


WINDOWS = ["logs-windows.forwarded*", "logs-windows.sysmon_operational-*", "logs-system.security*"]


def test_sources_of_one_table_that_have_a_field_in_two_columns_stay_apart() -> None:
    """Collectors write Sysmon's records and those of the Security log to ``WindowsEvent``, which
    name the program and its parent in columns of their own.
    """
    query = "event.category:process and event.type:start and process.parent.name:w3wp.exe"
    for field, columns in {
        "process.executable": ["EventData.NewProcessName", "EventData.Image"],
        "process.parent.executable": ["EventData.ParentProcessName", "EventData.ParentImage"],
    }.items():
        of = new_terms([field], query=query, index=WINDOWS)
        made = str(kqlx.convert(of, "sentinel").query)
        name = field.replace(".", "_")
        parts = [part for part in made.split("\n    (") if part.startswith("WindowsEvent")]
        assert len(parts) == 2
        for part, column in zip(parts, columns, strict=True):
            assert f"tostring({column})" in part.partition(f"{name} = ")[2]
        assert analyse([made]) == [[]]


def test_computers_are_counted_together_by_one_column() -> None:
    """The tables of Windows' records have the same name of a computer."""
    of = threshold(["host.id"], 5, {}, query="event.code:4625", index=WINDOWS)
    found = kqlx.convert(of, "sentinel")
    assert "counted-per-source" not in notes(found)
    assert str(found.query).count("host_id = Computer") == 2
