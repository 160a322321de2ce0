"""What the result of a sequence has in Sentinel: its keys and its own columns side by side, and
what alerts show of its events.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import kqlx
from tests.oracles.loaders import load
from tests.sentinel.test_sentinel_sequences import check

DEFENDER = ["logs-endpoint.events.process-*", "logs-endpoint.events.network-*"]
SYSMON = ["logs-windows.sysmon_operational-*"]
STARTED_AND_CONNECTED = """sequence by host.name, process.entity_id with maxspan=1m
  [process where event.type == "start" and process.name : "certutil.exe"]
  [network where process.name : "certutil.exe"]"""


def rule_of(query: str, index: list[str] | None = None) -> kqlx.Rule:
    data: dict[str, Any] = {"index": index} if index else {}
    return kqlx.Rule("A rule", query, language="eql", type="eql", data=data, format="toml")


@pytest.mark.parametrize(
    "keys",
    [
        "Step, Event",
        "Key",
        "user.name, user_name",
        "TimeGenerated, StartTime",
        "IngestionTime, Arrived",
        "s1, Ended",
    ],
)
@pytest.mark.parametrize(
    "query",
    [
        "sequence by {} with maxspan=1m [any where a == 1] [any where b == 2] until [any where c]",
        "sequence by {} with maxspan=1m [any where a == 1] with runs=3",
        "sample by {} [any where a == 1] [any where b == 2]",
    ],
)
@pytest.mark.parametrize("format", ["query", "rule"])
def test_keys_have_names_of_their_own(query: str, keys: str, format: str) -> None:
    text = query.format(keys).replace("where c", "where c == 3")
    made = kqlx.convert(rule_of(text), "sentinel", source="none", format=format)
    columns = {name: "string" for name in keys.split(", ")}
    columns |= {"a": "real", "b": "real", "c": "real", "TimeGenerated": "datetime"}
    found = str(made.query) if format == "query" else yaml.safe_load(made.text)["query"]
    check([found], {"Events": columns})


def test_the_account_of_sysmons_service_is_no_entity() -> None:
    made = kqlx.convert(rule_of(STARTED_AND_CONNECTED, SYSMON), "sentinel", format="rule")
    assert "SystemUserId" not in made.text
    found = yaml.safe_load(made.text)
    accounts = [one for one in found["entityMappings"] if one["entityType"] == "Account"]
    pairs = [{f["identifier"]: f["columnName"] for f in one["fieldMappings"]} for one in accounts]
    assert pairs == [
        {"Name": "user_name", "NTDomain": "user_domain"},
        {"Name": "user_name_1", "NTDomain": "user_domain_1"},
    ]
    assert "user_name_1 = s1.user_name" in found["query"]
    assert load("sentinel", "rule", [made.text]) == [[]]


def test_events_without_an_address_show_none() -> None:
    """Those of processes; a column that is always empty would take the place of an entity."""
    made = kqlx.convert(rule_of(STARTED_AND_CONNECTED, SYSMON), "sentinel", format="rule")
    assert "source_ip = tostring(EventData.SourceIp)" in made.text
    assert "source_ip_1" not in made.text


def test_optional_keys_are_missing_where_a_text_says_so() -> None:
    query = STARTED_AND_CONNECTED.replace("process.entity_id", "?process.entity_id")
    made = kqlx.convert(rule_of(query, SYSMON), "sentinel")
    none = '("-", "{00000000-0000-0000-0000-000000000000}")'
    text = " ".join(str(made.query).split())
    assert text.count(f'iff(tostring(EventData.ProcessGuid) in {none}, "", ') == 2


def test_events_that_repeat_lead_back_to_the_last_of_them() -> None:
    query = 'sequence by host.id with maxspan=1m [process where process.name : "a.exe"] with runs=3'
    made = kqlx.convert(rule_of(query, DEFENDER), "sentinel", format="custom-detection")
    assert load("sentinel", "custom-detection", [made.text]) == [[]]
