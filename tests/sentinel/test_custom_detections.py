"""Custom detections: when they run and what they look at, the entities and details of their alerts,
and what they cannot hold.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import jsonschema
import pytest

import kqlx
from tests import corpus
from tests.oracles.custom_detections import alert_of, created
from tests.oracles.loaders import load
from tests.sentinel.test_sentinel_rules import HOSTILE, rule, threat

OKTA = "event.dataset:okta.system and event.action:user.session.start"
PROCESS = "event.category:process and host.os.type:windows and process.name:vssadmin.exe"
DEFEND = {"index": ["logs-endpoint.events.process-*"]}
CONTAINERS = {"index": ["logs-cloud_defend.process*"]}
LATE = {"timestamp_override": "event.ingested"}
NEW: dict[str, Any] = {
    "type": "new_terms",
    "new_terms_fields": ["okta.client.ip"],
    "history_window_start": "now-20d",
}


def threshold(field: str) -> dict[str, Any]:
    return {"type": "threshold", "threshold": {"field": [field], "value": 3}}


def convert(of: kqlx.Rule, **options: Any) -> kqlx.Conversion:
    return kqlx.convert(of, "sentinel", format="custom-detection", **options)


def made(of: kqlx.Rule, **options: Any) -> dict[str, Any]:
    return created(convert(of, **options).text)


def query(of: kqlx.Rule, **options: Any) -> str:
    return str(made(of, **options)["queryCondition"]["queryText"])


def notes(of: kqlx.Rule, code: str, **options: Any) -> list[str]:
    return [n.message for n in convert(of, **options).notes if n.code == code]


@pytest.mark.parametrize(
    ("interval", "look_back", "frequency", "covers"),
    [
        ("5m", "9m", "PT5M", "20m"),
        ("1m", "2m", "PT5M", "20m"),
        ("90s", "6m", "PT5M", "20m"),
        ("7m", "28m", "PT7M", "28m"),
        ("5m", "21m", "PT6M", "24m"),
        ("5m", "95h", "PT1425M", "95h"),
        ("5m", "20d", "P1D", "30d"),
        ("1h", "65m", "PT1H", "4h"),
        ("1d", "25h", "P1D", "30d"),
        ("7d", "8d", "P7D", "30d"),
        ("30d", "31d", "P14D", "30d"),
    ],
)
def test_a_run_looks_back_far_enough(
    interval: str, look_back: str, frequency: str, covers: str
) -> None:
    of = rule(OKTA, **{"interval": interval, "from": f"now-{look_back}"})
    assert made(of)["schedule"] == {"frequency": frequency}
    assert "ago(" not in query(of)
    assert any(f"each run covers {covers} and" in text for text in notes(of, "schedule"))


@pytest.mark.parametrize(
    ("interval", "look_back", "frequency"),
    [
        ("5m", "9m", "PT1H"),
        ("2h", "3h", "PT1H"),
        ("4h", "5h", "PT3H"),
        ("5m", "5h", "PT3H"),
        ("5m", "13h", "PT12H"),
        ("5m", "49h", "P1D"),
        ("7d", "8d", "P1D"),
    ],
)
def test_over_tables_of_defender_it_runs_at_set_times(
    interval: str, look_back: str, frequency: str
) -> None:
    of = rule(PROCESS, **DEFEND, **{"interval": interval, "from": f"now-{look_back}"})
    assert "DeviceProcessEvents" in query(of)
    assert made(of)["schedule"] == {"frequency": frequency}


def test_over_processes_of_containers_it_runs_at_set_times() -> None:
    """They have no ReportId, as alerts have none: a run is no more frequent than an hour."""
    of = rule("event.category:process and process.name:nc", **CONTAINERS)
    assert "CloudProcessEvents" in query(of)
    assert made(of)["schedule"] == {"frequency": "PT1H"}


def test_counts_are_over_the_rules_window() -> None:
    """A run looks back further than the rule, which would count more events."""
    times = {"interval": "5m", "from": "now-15m", **threshold("okta.client.ip")}
    assert query(rule(OKTA, **times)).splitlines()[1] == "| where TimeGenerated > ago(15m)"
    late = query(rule(OKTA, **times, **LATE))
    assert late.splitlines()[1] == "| where ingestion_time() > ago(15m)"
    assert "TimeGenerated >" not in late
    gap = rule(OKTA, **{**times, "interval": "1h"})
    assert "| where TimeGenerated > ago(1h)" in query(gap)
    assert any("counts more events" in text for text in notes(gap, "schedule"))


def test_single_events_are_not_held_to_a_window() -> None:
    """A run reads what happened or arrived in its time; a window would lose what comes late."""
    of = rule(OKTA, **LATE)
    assert "ago(" not in query(of)
    assert notes(of, "late-events") == [
        "events are selected by arrival time, as the rule does by event.ingested: those that"
        " happened or arrived in the last 20m"
    ]


def test_new_terms_have_a_history_of_up_to_thirty_days() -> None:
    of = rule(OKTA, **NEW)
    assert made(of)["schedule"] == {"frequency": "P1D"}
    assert "| where TimeGenerated > ago(20d)" in query(of)
    assert "| where TimeGenerated > ago(1441m)" in query(of)
    assert not notes(of, "look-back")
    longer = rule(OKTA, **{**NEW, "history_window_start": "now-60d"})
    (text,) = notes(longer, "look-back")
    assert "a custom detection sees at most 30d" in text


def test_counts_over_tables_of_defender_keep_what_leads_to_the_event() -> None:
    of = rule(PROCESS, **DEFEND, **threshold("user.name"))
    text = query(of)
    last = text[text.index("arg_max(") :].partition(")")[0]
    assert {"Timestamp", "DeviceId", "ReportId"} <= {*last.replace(",", " ").split()}
    assert load("sentinel", "custom-detection", [convert(of).text]) == [[]]
    assert "DeviceId" not in query(rule(OKTA, **threshold("okta.client.ip")))


def test_counts_over_defender_and_others_are_refused() -> None:
    several = {"index": ["logs-endpoint.events.process-*", "logs-windows.sysmon_operational-*"]}
    of = rule("process.name:a.exe", **several, **threshold("user.name"))
    with pytest.raises(kqlx.UnsupportedError, match="ReportId") as error:
        convert(of)
    assert error.value.code == "sources-not-joined"
    assert kqlx.convert(of, "sentinel", format="rule")


def test_a_device_is_one_entity() -> None:
    alert = alert_of(convert(rule(PROCESS, **DEFEND)).text)
    hosts = alert["entityMappings"]["hosts"]
    assert hosts == [{"deviceIdColumn": "DeviceId", "nameColumn": "DeviceName"}]


@pytest.mark.parametrize(
    ("text", "accounts"),
    [
        ("event.dataset:o365.audit and user.id:x", [{"upnColumn": "UserId"}]),
        ("event.dataset:okta.system and okta.actor.alternate_id:x", None),
        ("event.dataset:aws.cloudtrail and aws.cloudtrail.user_identity.arn:x", None),
    ],
)
def test_an_account_needs_what_identifies_it(text: str, accounts: list[Any] | None) -> None:
    of = rule(text)
    found = alert_of(convert(of).text).get("entityMappings", {}).get("accounts")
    if accounts is not None:
        assert [{**one} for one in found] == accounts
    elif found is None:
        assert any("no entity for" in each for each in notes(of, "metadata-left-out"))
    else:
        assert all("upnColumn" in one for one in found)


def test_a_rule_that_graph_would_refuse_is_told() -> None:
    of = rule("process.command_line:x")
    assert "entityMappings" not in alert_of(convert(of, source="none").text)
    told = notes(of, "metadata-left-out", source="none")
    assert any("Process needs a hash" in text for text in told)
    assert any("Microsoft Graph refuses" in text for text in told)
    named = rule("host.name:x")
    assert not any("refuses" in text for text in notes(named, "metadata-left-out", source="none"))


def test_one_tactic_with_its_own_techniques() -> None:
    threats = [
        threat("TA0003", "Persistence", "T1098.001"),
        threat("TA0006", "Credential Access", "T1110"),
    ]
    of = rule("source.ip:1.2.3.4", threat=threats)
    (tactic,) = alert_of(convert(of, source="none").text)["tactics"]
    assert tactic["tactic"] == "Persistence"
    assert all(one["technique"] == "T1098" for one in tactic["techniques"])
    told = notes(of, "metadata-left-out", source="none")
    assert any("left out: CredentialAccess, T1110" in text for text in told)
    assert "tactics" not in alert_of(convert(rule("source.ip:1.2.3.4"), source="none").text)


def test_alerts_are_named_by_a_column() -> None:
    of = rule("source.ip:1.2.3.4", name="A {{rule}}", rule_name_override="message")
    alert = alert_of(convert(of, source="none").text)
    assert alert["title"] == "A { {rule}}: {{message}}"


def test_what_it_has_no_place_for_is_told() -> None:
    of = rule(
        "source.ip:1.2.3.4",
        alert_suppression={"group_by": ["source.ip"], "duration": {"value": 5, "unit": "h"}},
        building_block_type="default",
        max_signals=1,
        note="Look at it.",
        tags=["T"],
    )
    found = convert(of, source="none")
    texts = [note.message for note in found.notes]
    for part in ("suppresses repeated", "building block", "one alert per run", "no tags"):
        assert any(part in text for text in texts), part
    alert = alert_of(found.text)
    assert alert["recommendedActions"] == "Investigation guide:\nLook at it."
    assert "Look at it." not in alert["description"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_names_a_column(text: str) -> None:
    of = rule("source.ip:1.2.3.4", name=text, description=text, note=text, tags=[text])
    alert = alert_of(convert(of, source="none").text)
    assert "{{" not in alert["title"]
    assert "{{" not in alert["description"]
    if "{{" not in text:
        assert text.strip().replace("\r\n", "\n") in alert["description"]


def test_a_long_query_is_taken() -> None:
    """No limit is documented, as there is for analytics rules."""
    values = " or ".join(f"name{number:05}" for number in range(2_000))
    assert len(query(rule(f"user.name:({values})"), source="none")) > 10_000


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"frequency": "PT5M"', '"frequency": "PT4M"'),
        ('"frequency": "PT5M"', '"frequency": "5m"'),
        ('"frequency": "PT5M"', '"period": "1H"'),
        ('"status": "disabled"', '"isEnabled": false'),
        ('"severity": "medium"', '"severity": "Medium"'),
        ('"tactic": "DefenseEvasion"', '"tactic": "Stealth"'),
        ('"technique": "T1070"', '"technique": "T1070.001"'),
        ('"subTechniques": ["T1070.001"]', '"subTechniques": ["T1071.001"]'),
        ('"addressColumn"', '"ipColumn"'),
        ('"ips"', '"impactedAssets"'),
        ('"title": "A rule"', '"title": "{{a}} {{b}} {{c}} {{d}}"'),
        ('"queryText"', '"query"'),
    ],
)
def test_the_model_sees_what_is_wrong(right: str, wrong: str) -> None:
    of = rule("source.ip:10.0.0.1", threat=[threat("TA0005", "Defense Evasion", "T1070.001")])
    text = convert(of, source="none").text
    assert created(text)
    assert right in text
    with pytest.raises(jsonschema.ValidationError):
        created(text.replace(right, wrong))


@pytest.mark.skipif(corpus.folder() is None, reason="no folder of rules beside the checkout")
def test_real_rules_are_as_documented() -> None:
    texts = []
    for _, real in list(corpus.rules())[3::6]:
        with suppress(kqlx.KqlxError):
            texts.append(convert(real, accept=["different", "wider", "narrower"]).text)
    assert len(texts) > 10
    assert [found for found in load("sentinel", "custom-detection", texts) if found] == []
