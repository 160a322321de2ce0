"""Analytics rules of Sentinel: what loads them, what their values become, what they announce."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.sentinel.description import LONGEST_DESCRIPTION, LONGEST_NAME
from tests import corpus
from tests.conftest import examples
from tests.oracles.kusto import analyse
from tests.oracles.sentinel_ci import complaints, deployed

HOSTILE = [
    "a \"quoted\" 'name'",
    "line\nfeed",
    "carriage\rreturn\r\n",
    "[concat('a')]",
    "[[brackets]]",
    "[half",
    "# no comment",
    "a: b",
    "- item",
    "{{ rule.query }} {% raw %} {{{{",
    "$token$ `macro`",
    "ends in a backslash \\",
    "*alias &anchor !tag |",
    "null",
    "2026-11-22",
    "0x1F",
    "emoji 🦊, Ünïcødé, \u2028 \x85 \ufeff",
    "NUL \x00 and \x1b",
    " blank at both ends ",
    "---\nkind: NRT\nquery: x",
    "\ttab",
    "'''",
    '"""',
]
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
)


def rule(query: str = "event.action:a", **data: Any) -> kqlx.Rule:
    return kqlx.Rule(
        name=data.pop("name", "A rule"),
        query=query,
        id=data.pop("id", ""),
        type=data.get("type", "query"),
        data=data,
    )


def as_yaml(of: kqlx.Rule, **options: Any) -> Any:
    """The rule as YAML, which the repository's checks take."""
    text = kqlx.convert(of, "sentinel", format="rule", source="none", **options).text
    assert complaints(text) == [], text
    return yaml.safe_load(text)


def as_arm(of: kqlx.Rule, **options: Any) -> dict[str, Any]:
    return deployed(kqlx.convert(of, "sentinel", format="arm", source="none", **options).text)


def notes(of: kqlx.Rule, code: str, **options: Any) -> list[str]:
    found = kqlx.convert(of, "sentinel", format="rule", source="none", **options).notes
    return [f"{note.effect}: {note.message}" for note in found if note.code == code]


@given(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
@examples(12)
def test_values_come_back(name: str, text: str, tag: str, author: str, guide: str) -> None:
    """Names on one line, the description whole; nothing that a value says becomes a key."""
    hostile = rule(
        f'event.action:"{author.translate({34: None, 92: None, 10: None, 13: None}) or "a"}"',
        name=name,
        description=text,
        tags=[tag],
        author=[author],
        note=guide,
        license=tag,
        references=[guide],
        false_positives=[tag],
        severity="low",
    )
    loaded, arm = as_yaml(hostile), as_arm(hostile)
    keys = {*as_yaml(rule(severity="low", tags=["x"]))}
    assert {*loaded} == keys
    assert loaded["kind"] == "Scheduled"
    assert loaded["name"] == arm["displayName"]
    assert loaded["name"] == (" ".join(name.split()) or loaded["name"])
    assert loaded["description"] == arm["description"]
    assert loaded["description"].startswith(text.strip())
    assert loaded["description"].rstrip().endswith(guide.strip() or "")
    assert loaded["tags"] == [tag.strip()]
    assert loaded["query"] == arm["query"]
    assert loaded["query"] == kqlx.convert(hostile, "sentinel", source="none").query
    assert arm["enabled"] is False


def test_long_texts_are_cut() -> None:
    long = rule(name="n" * 300, description="d" * 100, note="g" * 10_000)
    loaded = as_yaml(long)
    assert loaded["name"] == "n" * (LONGEST_NAME - 1) + "…"
    assert len(loaded["description"]) == LONGEST_DESCRIPTION
    assert loaded["description"].endswith("g…")
    assert any("is cut" in text for text in notes(long, "metadata-left-out"))
    assert not any("is cut" in text for text in notes(rule(), "metadata-left-out"))


@pytest.mark.parametrize(
    ("data", "frequency", "period"),
    [
        ({}, "5m", "6m"),
        ({"interval": "5m", "from": "now-9m"}, "5m", "9m"),
        ({"interval": "1m", "from": "now-2m"}, "5m", "5m"),
        ({"interval": "1h", "from": "now-6m"}, "1h", "1h"),
        ({"interval": "5m", "from": "now-3d"}, "1h", "3d"),
        ({"interval": "90s", "from": "now-450s"}, "5m", "8m"),
        ({"interval": "30d", "from": "now-60d"}, "14d", "14d"),
        ({"interval": "2w", "from": "now-2w"}, "14d", "14d"),
    ],
)
def test_schedules(data: dict[str, str], frequency: str, period: str) -> None:
    loaded = as_yaml(rule(**data))
    assert (loaded["queryFrequency"], loaded["queryPeriod"]) == (frequency, period)


def test_schedules_in_iso_8601() -> None:
    arm = as_arm(rule(interval="1h", **{"from": "now-3d"}))
    assert (arm["queryFrequency"], arm["queryPeriod"]) == ("PT1H", "P3D")


def test_what_a_schedule_announces() -> None:
    gap = notes(rule(interval="1h", **{"from": "now-6m"}), "schedule")
    assert gap == [
        "wider: the rule looks back 1h instead of 6m, so no event falls between two runs"
    ]
    overlap = notes(rule(interval="5m", **{"from": "now-9m"}), "schedule")
    assert "what both find raises two alerts" in overlap[0]
    assert notes(rule(interval="5m", **{"from": "now-5m"}), "schedule") == []
    with pytest.raises(kqlx.UnsupportedError, match="not a plain time span"):
        as_yaml(rule(**{"from": "now/d"}))


@pytest.mark.parametrize(
    ("severity", "there"),
    [("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "High"), ("", "Medium")],
)
def test_severities(severity: str, there: str) -> None:
    of = rule(severity=severity)
    assert as_yaml(of)["severity"] == there
    changed = any("severity" in text for text in notes(of, "metadata-changed"))
    assert changed is (severity in ("critical", ""))


def threat(id: str, name: str, *techniques: str) -> dict[str, Any]:
    return {
        "framework": "MITRE ATT&CK",
        "tactic": {"id": id, "name": name},
        "technique": [
            {"id": t.partition(".")[0], "subtechnique": [{"id": t}] if "." in t else []}
            for t in techniques
        ],
    }


def test_tactics_and_techniques() -> None:
    of = rule(
        threat=[
            threat("TA0011", "Command and Control", "T1071.001"),
            threat("TA0005", "Defense Evasion", "T1070"),
            threat("TA0112", "Defense Impairment"),
            threat("TA9999", "Nothing"),
        ]
    )
    loaded = as_yaml(of)
    assert loaded["tactics"] == ["CommandAndControl", "DefenseEvasion"]
    assert loaded["relevantTechniques"] == ["T1071", "T1071.001", "T1070"]
    arm = as_arm(of)
    assert (arm["techniques"], arm["subTechniques"]) == (["T1071", "T1070"], ["T1071.001"])
    told = notes(of, "attack-version")
    assert "same: Defense Impairment becomes DefenseEvasion" in told
    assert "same: Nothing is not a tactic in Sentinel" in told


def test_a_technique_of_version_19_has_its_earlier_id() -> None:
    of = rule(threat=[threat("TA0112", "Defense Impairment", "T1685")])
    assert as_yaml(of)["relevantTechniques"] == ["T1562"]
    assert "same: T1685 becomes T1562, its number in earlier versions of ATT&CK" in notes(
        of, "attack-version"
    )


def test_entities_and_details() -> None:
    of = rule(
        "user.name:a and source.ip:10.0.0.1 and process.pid:5 and file.path:x and host.name:h"
        " and url.full:y",
        investigation_fields={"field_names": ["source.ip", "process.args", "event.action"]},
        rule_name_override="host.name",
    )
    loaded = as_yaml(of)
    kinds = [entity["entityType"] for entity in loaded["entityMappings"]]
    assert kinds == ["Account", "IP", "Process", "File", "Host"]
    assert loaded["customDetails"] == {"SourceIp": "source_ip", "EventAction": "event_action"}
    assert loaded["alertDetailsOverride"] == {"alertDisplayNameFormat": "{{host_name}}"}
    assert "user_name = ['user.name']" in loaded["query"]
    assert any("process.args" in text for text in notes(of, "metadata-left-out"))


def test_no_more_details_than_there_may_be() -> None:
    of = rule(investigation_fields={"field_names": [f"labels.name_{n}" for n in range(30)]})
    assert len(as_yaml(of)["customDetails"]) == 20
    assert any("labels.name_29" in text for text in notes(of, "metadata-left-out"))


def test_suppression_becomes_incidents() -> None:
    suppression = {"group_by": ["host.name"], "duration": {"value": 2, "unit": "h"}}
    of = rule(alert_suppression=suppression)
    grouping = as_arm(of)["incidentConfiguration"]["groupingConfiguration"]
    assert grouping["enabled"] is True
    assert grouping["lookbackDuration"] == "PT2H"
    assert grouping["matchingMethod"] == "Selected"
    assert grouping["groupByCustomDetails"] == ["HostName"]
    assert as_arm(of)["customDetails"] == {"HostName": "host_name"}
    loaded = as_yaml(of)["incidentConfiguration"]["groupingConfiguration"]
    assert loaded.items() <= grouping.items()
    assert "host.name" in notes(of, "suppression-grouped")[0]
    assert notes(of, "suppression-left-out") == []


def test_a_suppression_that_sentinel_cannot_group_by_is_told() -> None:
    group = {"group_by": ["process.args"], "missing_fields_strategy": "doNotSuppress"}
    of = rule(alert_suppression=group)
    assert notes(of, "suppression-left-out") == [
        "same: alerts are not grouped by process.args, but by all entities",
        "same: Kibana does not suppress alerts without these fields; Sentinel may group them",
    ]
    assert notes(of, "schedule")[-1] == (
        "same: Kibana suppresses alerts of one run; Sentinel groups those of 5h"
    )
    long = rule(alert_suppression={"group_by": ["a"], "duration": {"value": 30, "unit": "d"}})
    assert "same: Kibana suppresses alerts of 30d; Sentinel groups those of 7d" in notes(
        long, "schedule"
    )


def test_a_suppressed_threshold_is_grouped_by_what_it_counts_by() -> None:
    of = rule(
        type="threshold",
        threshold={"field": ["user.id"], "value": 3},
        alert_suppression={"duration": {"value": 2, "unit": "h"}},
    )
    grouping = as_arm(of)["incidentConfiguration"]["groupingConfiguration"]
    assert grouping["matchingMethod"] == "Selected"
    assert grouping["groupByCustomDetails"] == ["UserId"]


def test_details_have_the_same_columns_in_all_tables() -> None:
    """Else alerts of the second table have no details, and are one incident."""
    of = rule(
        "source.ip:*",
        index=["logs-okta.system-*", "logs-aws.cloudtrail-*"],
        alert_suppression={"group_by": ["source.ip"]},
        rule_name_override="event.action",
    )
    found = kqlx.convert(of, "sentinel", format="rule")
    loaded = yaml.safe_load(found.text)
    assert loaded["customDetails"] == {"SourceIp": "SourceIp_shown"}
    assert loaded["alertDetailsOverride"] == {"alertDisplayNameFormat": "{{Title_shown}}"}
    for column in ("SourceIp_shown = tostring(SrcIpAddr)", "Title_shown = tostring(EventName)"):
        assert loaded["query"].count(column) == 1
    assert loaded["query"].count("SourceIp_shown = ") == 2
    assert analyse([loaded["query"]]) == [[]]


def test_building_blocks_and_single_alerts() -> None:
    block = as_arm(rule(building_block_type="default", max_signals=1))
    assert block["incidentConfiguration"]["createIncident"] is False
    assert block["eventGroupingSettings"] == {"aggregationKind": "SingleAlert"}
    usual = as_arm(rule())
    assert usual["incidentConfiguration"]["createIncident"] is True
    assert usual["eventGroupingSettings"] == {"aggregationKind": "AlertPerResult"}
    assert any("1000 alerts" in text for text in notes(rule(max_signals=1000), "metadata-changed"))


def test_what_has_no_place_is_told() -> None:
    of = rule(actions=[{"id": "x"}], severity_mapping=[{"field": "x"}], timeline_id="t")
    told = " ".join(notes(of, "metadata-left-out"))
    for words in ("actions", "severities from fields", "timeline"):
        assert words in told


def test_the_same_rule_has_the_same_id() -> None:
    one, other = rule(id="1"), rule(id="2")
    assert as_yaml(one)["id"] == as_yaml(one)["id"] != as_yaml(other)["id"]
    assert "Elastic rule: 1" in as_yaml(one)["description"]


def test_the_checks_see_what_is_wrong() -> None:
    """Checks that could not fail would show nothing."""
    text = kqlx.convert(rule(), "sentinel", format="rule", source="none").text
    for right, wrong in (
        ("queryFrequency: 5m", "queryFrequency: 4m"),
        ("queryPeriod: 6m", "queryPeriod: 3d"),
        ("queryPeriod: 6m", "queryPeriod: 15d"),
        ("severity: Medium", "severity: Critical"),
        ("triggerOperator: gt", "triggerOperator: '>'"),
        ("tactics: []", "tactics: [Stealth]"),
        ("relevantTechniques: []", "relevantTechniques: [T1]"),
        ("version: 1.0.0", "version: 1.0"),
        ("identifier: Address", "identifier: Name"),
    ):
        assert right not in text or complaints(text.replace(right, wrong)), wrong


@pytest.mark.skipif(corpus.folder() is None, reason="no folder of rules beside the checkout")
def test_real_rules_load() -> None:
    """As analytics rules and as templates, on the tables of their data sources."""
    queries: list[str] = []
    accept = ["wider", "narrower", "different"]
    for path, real in list(corpus.rules())[::8]:
        try:
            found = kqlx.convert(real, "sentinel", format="rule", accept=accept)
        except kqlx.KqlxError:
            continue
        found_complaints = complaints(found.text)
        too_long = [c for c in found_complaints if c.startswith("query")]
        assert found_complaints == too_long, path
        template = kqlx.convert(real, "sentinel", format="arm", accept=accept)
        assert deployed(template.text)["query"] == found.query
        if not too_long:
            queries.append(str(found.query))
    assert not any(analyse(queries))


@pytest.mark.parametrize("source", ["azure.auditlogs", "azure.activitylogs", "aws.cloudtrail"])
def test_new_networks_are_told_by_the_beginning_of_addresses(source: str) -> None:
    new = {"new_terms_fields": ["source.as.number"], "history_window_start": "now-7d"}
    of = rule(f"event.dataset:{source} and event.action:a", type="new_terms", **new)
    found = kqlx.convert(of, "sentinel")
    assert "source_as_number = extract(" in str(found.query)
    assert "tolong" not in str(found.query)
    assert analyse([str(found.query)]) == [[]]
    assert "wider" in {note.effect.name.lower() for note in found.notes}
