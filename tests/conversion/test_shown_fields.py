"""What alerts show of whom they are about: only what events of the kind that is asked for have."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

import kqlx
from kqlx.backends.sentinel.entities import _USUAL as SHOWN_IN_SENTINEL
from kqlx.backends.sentinel.field_values import single_values
from kqlx.backends.spl.result_fields import KeyBuilder
from kqlx.backends.spl.risk_objects import _USUAL as SHOWN_IN_SPLUNK
from kqlx.mappings.pack_library import Packs
from kqlx.rules.model import Rule
from tests.conftest import ROOT
from tests.oracles import pack_events
from tests.oracles.pair_files import fields_of

LOGS = ("windows.sysmon_operational", "sysmon_linux.log")
"""Data sources whose stored events have all that the pipeline sets, and of which each kind of event
has fields of its own.
"""

SYSMON = ["logs-windows.sysmon_operational-*"]
FORWARDED = ["logs-system.security*", "logs-system.system*", "logs-windows.forwarded*"]


def fields_by_kind(source: str) -> dict[str, set[str]]:
    """The fields that stored events of each number have."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for event in pack_events.read(Path(ROOT / f"tests/events/{source}.yml")).events:
        fields = fields_of(event.elastic)
        kinds[str(fields["event.code"][0])] |= fields.keys()
    return kinds


@pytest.mark.parametrize("source", LOGS)
@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_addresses_are_shown_of_events_that_have_them(source: str, target: str) -> None:
    pack, shown = Packs().get(source), 0
    for code, fields in fields_by_kind(source).items():
        bound = pack_events.converted(f"event.code:{code}", pack, target).bound
        for name in (*SHOWN_IN_SENTINEL, *SHOWN_IN_SPLUNK):
            if target == "sentinel":
                is_there = single_values(bound, name, ()) is not None
            else:
                is_there = KeyBuilder(bound).visible(name) is not None
            if is_there and name.startswith(("source.", "destination.")):
                assert name in fields, (code, name)
                shown += 1
    assert shown


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_the_service_of_sysmon_is_nobody(target: str) -> None:
    """Its account was the risk object of all alerts in Splunk."""
    query = "event.category:process and event.type:start and process.name:a.exe"
    rule = Rule("r", query, format="toml", data={"index": SYSMON})
    made = kqlx.convert(rule, target, format={"spl": "escu", "sentinel": "rule"}[target])
    assert "UserID" not in made.text and "SystemUserId" not in made.text
    assert "SourceIp" not in made.text
    if target == "spl":
        assert "- field: 'host'\n      type: system" in made.text


def test_accounts_of_records_that_were_sent_on() -> None:
    """They were lost beside the records of another log in the same table."""
    query = "event.code:(4697 or 7045)"
    rule = Rule("r", query, format="toml", data={"index": FORWARDED})
    text = kqlx.convert(rule, "sentinel", format="rule").text
    assert text.count("tostring(EventData.SubjectUserSid)") == 1
    assert text.count("EventID in (4697, 7045)") == 3  # and 4697 alone where 7045 never is


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_numbers_of_other_logs_beside_what_was_sent_on(target: str) -> None:
    """The rule was refused: forwarded records of the Security log never have the number, but those
    of the System log, which are looked for as well, do.
    """
    rule = Rule("r", "event.code:(1102 or 104)", format="toml", data={"index": FORWARDED})
    assert "104" in str(kqlx.convert(rule, target).query)
    alone = Rule("r", "event.code:(1102 or 104)", format="toml", data={"index": FORWARDED[2:]})
    assert "104" in str(kqlx.convert(alone, target).query)


@pytest.mark.parametrize(
    ("field", "columns"),
    [
        ("process.executable", ["EventData.NewProcessName", "EventData.Image"]),
        ("process.parent.executable", ["EventData.ParentProcessName", "EventData.ParentImage"]),
    ],
)
def test_logs_of_one_table_are_counted_by_their_own_columns(field: str, columns: list[str]) -> None:
    """The events of Sysmon had no value in the column of the other log, and were not counted."""
    query = "event.category:process and event.type:start and process.name:a.exe"
    data = {"index": [*SYSMON, *FORWARDED], "threshold": {"field": [field], "value": 5}}
    rule = Rule("r", query, type="threshold", format="toml", data=data)
    text = str(kqlx.convert(rule, "sentinel").query)
    name = field.replace(".", "_")
    for column in columns:
        assert re.search(rf"{name} = [^\n]*tostring\({re.escape(column)}\)", text)
