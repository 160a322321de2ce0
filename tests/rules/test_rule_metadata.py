"""What a rule says beside its query is in each artifact, or a note tells that it is not; what it
counts, and over which time, is what Kibana counts, or a note tells the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import kqlx
from kqlx.rules.threshold import Threshold, threshold_of

FORMATS = [
    (target.name, format)
    for target in kqlx.targets()
    for format in target.format_names
    if format not in ("query", "tstats", "search")
]

TACTIC = {"id": "TA0001", "name": "Initial Access"}
ATTACK = "MITRE ATT&CK"
SAID: dict[str, Any] = {
    "actions": [{"id": "1", "action_type_id": ".email", "params": {}}],
    "alert_suppression": {"group_by": ["user.name"], "duration": {"value": 5, "unit": "h"}},
    "author": ["A", "B"],
    "building_block_type": "default",
    "data_view_id": "view",
    "exceptions_list": [{"id": "1", "list_id": "L", "namespace_type": "single"}],
    "false_positives": ["backups"],
    "filters": [{"meta": {"negate": True}, "query": {"match_phrase": {"user.name": "z"}}}],
    "from": "now-33m",
    "interval": "7m",
    "investigation_fields": {"field_names": ["user.id"]},
    "license": "MIT",
    "max_signals": 500,
    "note": "guide",
    "references": ["no address"],
    "related_integrations": [{"package": "aws", "version": "^1"}],
    "required_fields": [{"name": "a.b", "type": "keyword"}],
    "response_actions": [{"action_type_id": ".endpoint"}],
    "risk_score_mapping": [{"field": "event.risk_score", "operator": "equals"}],
    "rule_name_override": "message",
    "saved_id": "s",
    "setup": "do it",
    "severity": "critical",
    "severity_mapping": [{"field": "event.severity", "severity": "low", "value": "3"}],
    "tags": ["T"],
    "throttle": "1h",
    "timeline_id": "t",
    "timeline_title": "title",
    "timestamp_override": "event.ingested",
    "timestamp_override_fallback_disabled": True,
    "to": "now-1m",
    "version": 7,
    "x_of_our_own": {"k": "v"},
}
THREATS: dict[str, Any] = {
    "techniques": {"tactic": TACTIC, "technique": [{"id": "T1078"}]},
    "a tactic alone": {"tactic": TACTIC},
    "an unknown tactic": {"tactic": {"id": "TA9", "name": "Odd"}, "technique": [{"id": "T1078"}]},
    "no id": {"tactic": TACTIC, "technique": [{"id": "T99"}]},
    "another framework": {"framework": "ATLAS", "tactic": {"id": "A", "name": "Z"}},
}
TYPES: list[dict[str, Any]] = [
    {"type": "query"},
    {"type": "threshold", "threshold": {"field": ["user.name"], "value": 3}},
]


def rule(data: Mapping[str, Any]) -> kqlx.Rule:
    table = {"name": "A Rule", "severity": "high", "risk_score": 73, "description": "x", **data}
    return kqlx.Rule("A Rule", "user.name:a", type=table["type"], data=table, format="toml")


def outcome(to: str, format: str, data: Mapping[str, Any]) -> tuple[str, tuple[kqlx.Note, ...]]:
    """The artifact and its notes, or the reason why there is none."""
    accept = ["different", "wider", "narrower"]
    try:
        found = kqlx.convert(rule(data), to, format=format, source="none", accept=accept)
    except kqlx.UnsupportedError as error:
        return str(error), ()
    return found.text, found.notes


@pytest.mark.parametrize("type", TYPES, ids=lambda type: type["type"])
@pytest.mark.parametrize(("to", "format"), FORMATS)
def test_nothing_is_lost_in_silence(to: str, format: str, type: dict[str, Any]) -> None:
    without = outcome(to, format, type)
    lost = [k for k, value in SAID.items() if outcome(to, format, {**type, k: value}) == without]
    usual = {"framework": ATTACK, **THREATS["techniques"]}
    tactic = outcome(to, format, {**type, "threat": [usual]})
    for name, threat in THREATS.items():
        found = outcome(to, format, {**type, "threat": [{"framework": ATTACK, **threat}]})
        lost += [name] if found == without or (found == tactic and name != "techniques") else []
    # Splunk knows techniques alone, and what an unknown tactic is would not be known to it.
    assert lost in ([], ["an unknown tactic"])


def test_tables_beside_the_rule_are_told() -> None:
    found = rule({"type": "query"})
    beside = kqlx.Rule(
        "A Rule",
        "user.name:a",
        data=found.data,
        document={"rule": found.data, "transform": {"osquery": []}},
        format="toml",
    )
    for to, format in (("spl", "escu"), ("sentinel", "rule"), ("sigma", "rule")):
        notes = kqlx.convert(beside, to, format=format, source="none").notes
        assert any("the table transform" in note.message for note in notes)


def counted(**table: Any) -> Threshold:
    found = threshold_of(rule({"type": "threshold", "threshold": table}))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "least", "told"),
    [
        *((value, 5, False) for value in (5, "5", "05", 5.0)),
        (1, 1, False),
        *((value, 1, True) for value in (0, -3, "many", None, True, 1.5)),
    ],
)
def test_numbers_of_thresholds(value: Any, least: int, told: bool) -> None:
    """A number in quotes is one; for what is none, 1 stands, and that is told."""
    table = {"field": ["user.name"], "value": value}
    assert counted(**table).least == least
    assert counted(field=[], value=2, cardinality=[{"field": "a", "value": value}]).distinct == (
        ("a", least),
    )
    of = rule({"type": "threshold", "threshold": table})
    for to in ("spl", "sentinel", "sigma"):
        notes = kqlx.convert(of, to, source="none", accept=["different"]).notes
        assert any(note.code == "threshold-assumed" for note in notes) is told


def test_kibana_counts_the_values_of_one_field() -> None:
    """The first of those that the rule names (``build_threshold_aggregation.ts``)."""
    distinct = [{"field": "event.id", "value": 2}, {"field": "source.ip", "value": 5}]
    table = {"field": ["user.name"], "value": 3, "cardinality": distinct}
    assert counted(**table).distinct == (("event.id", 2),)
    of = rule({"type": "threshold", "threshold": table})
    for to, format in (("spl", "query"), ("sentinel", "rule"), ("elasticsearch", "search")):
        found = kqlx.convert(of, to, format=format, source="none")
        assert any("not of source.ip" in note.message for note in found.notes)


@pytest.mark.parametrize("window", [{"from": "now-1h/h"}, {"from": "now-1h", "to": "now-10m"}])
@pytest.mark.parametrize(
    "type", [*TYPES[1:], {"type": "new_terms", "new_terms_fields": ["user.name"]}]
)
@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_a_window_that_is_no_span_before_now(
    to: str, type: dict[str, Any], window: dict[str, str]
) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="not a plain time span before now"):
        kqlx.convert(rule({**type, **window}), to, source="none")


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_a_history_that_is_no_span_before_now(to: str) -> None:
    data = {"type": "new_terms", "new_terms_fields": ["user.name"]}
    with pytest.raises(kqlx.UnsupportedError, match="now-1M is not a plain time span; using 14"):
        kqlx.convert(rule({**data, "history_window_start": "now-1M"}), to, source="none")


def test_a_building_block_that_nobody_is_at_risk_of() -> None:
    table = {"type": "query", "building_block_type": "default"}
    of = kqlx.Rule("x", "event.action:a", data=table, format="toml")
    notes = kqlx.convert(of, "spl", format="savedsearches", source="none").notes
    assert any("the building block becomes a finding" in note.message for note in notes)
