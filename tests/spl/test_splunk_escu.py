"""Detections of contentctl 5: what its reader makes of them (its models: test_splunk_tools)."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.spl.conf_file import LONGEST_NAME, detection_name, filter_macro, without_tokens
from kqlx.rules.model import Rule
from tests.conftest import examples
from tests.oracles.spl.reader import parse_search
from tests.spl.test_splunk_conf import CLOUDTRAIL, TEXTS

KEYS = {
    "name", "id", "version", "date", "author", "status", "type", "description", "data_source",
    "search", "how_to_implement", "known_false_positives", "references", "drilldown_searches",
    "deployment", "rba", "tags", "tests",
}  # fmt: skip


def escu(rule: Rule, **options: Any) -> kqlx.Conversion:
    return kqlx.convert(rule, to="spl", format="escu", **options)


def made(**data: Any) -> Rule:
    table = {"name": "A Rule", "type": "query", "from": "now-9m", **data}
    kind = table["type"]
    return Rule(table["name"], CLOUDTRAIL, id="x", type=kind, data=table, format="toml")


def loaded(text: str) -> dict[str, Any]:
    """As contentctl's reader has it, which is the one written in C."""
    found: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return found


def test_a_detection_names_the_events_that_it_searches() -> None:
    """They may be those of another sensor, or of several data sources."""
    module = 'host.os.type:linux and event.category:process and process.name:"kmod"'
    for query, needed in (
        (f"data_stream.dataset:endpoint.events.process and {module}", 'sourcetype="sysmon:linux"'),
        (
            "event.dataset:aws.cloudtrail and event.action:A or event.dataset:okta.system and"
            " event.action:B",
            'sourcetype="aws:cloudtrail" and sourcetype="OktaIM2:log"',
        ),
    ):
        found = loaded(escu(Rule("A Rule", query, id="x")).text)["how_to_implement"]
        assert found.startswith(f"The search needs the events of {needed}, with the fields that")


def test_a_detection_has_what_contentctl_wants() -> None:
    rule = made(
        severity="high",
        risk_score=73,
        note="## Guide\n\nLook.",
        references=["https://example.com/x", "a book"],
        threat=[
            {
                "framework": "MITRE ATT&CK",
                "tactic": {"id": "TA0001", "name": "Initial Access"},
                "technique": [{"id": "T1078", "subtechnique": [{"id": "T1078.004"}]}],
            }
        ],
    )
    conversion = escu(rule)
    found = loaded(conversion.text)
    assert set(found) == {*KEYS, "explanation"}
    assert found["search"] == f"{conversion.query}\n| eval event_hash=md5(_raw)\n| `a_rule_filter`"
    parse_search(found["search"])
    assert found["tags"]["mitre_attack_id"] == ["T1078.004"]
    assert found["tags"]["throttling"] == {"fields": ["event_hash"], "period": "540s"}
    assert found["deployment"]["scheduling"] == {
        "cron_schedule": "*/5 * * * *",
        "earliest_time": "-9m@m",
        "latest_time": "now",
        "schedule_window": "auto",
    }
    assert found["references"] == ["https://example.com/x"]
    assert found["explanation"] == "## Guide\n\nLook."
    assert found["rba"]["risk_objects"] == [
        {"field": "userIdentity.principalId", "type": "user", "score": 73}
    ]
    assert "no place for references" in " ".join(note.message for note in conversion.notes)


def test_a_severity_that_the_score_does_not_tell_is_noted() -> None:
    def told(**data: Any) -> bool:
        return any(note.code == "metadata-changed" for note in escu(made(**data)).notes)

    assert not told(severity="high", risk_score=73)
    assert not told(severity="critical")
    assert told(severity="high", risk_score=21)
    assert told(severity="low", risk_score=99)


def test_what_a_detection_cannot_hold_is_cut_and_told() -> None:
    """contentctl's limits, which its own models are asked about in test_splunk_tools."""
    long = made(description="d" * 10_001, author=["a" * 300])
    found = loaded(escu(long).text)
    assert (len(found["description"]), len(found["author"])) == (10_000, 255)
    told = [note.message for note in escu(long).notes if "is cut" in note.message]
    assert [text.partition(" is cut")[0] for text in told] == [
        "the description",
        "the list of authors",
    ]
    fits = made(description="d" * 10_000, author=["a" * 255])
    assert not any("is cut" in note.message for note in escu(fits).notes)
    for reason, said in (("no", "Known: no"), ("", "None are known."), ("Some", "Some")):
        found = loaded(escu(made(false_positives=[reason])).text)
        assert found["known_false_positives"] == said
    for texts, changed in (({"description": "a $b$ c"}, True), ({"note": "a $b$ c"}, False)):
        notes = escu(made(**texts)).notes
        assert any("dollar signs" in note.message for note in notes) is changed


def test_fields_of_suppression_are_named_in_the_search() -> None:
    by = {"group_by": ["source.ip", "user.id"], "duration": {"value": 5, "unit": "h"}}
    found = loaded(escu(made(alert_suppression=by)).text)
    fields = found["tags"]["throttling"]["fields"]
    assert fields == ["sourceIPAddress", "userIdentity.principalId"]
    assert found["search"].split("\n")[-2] == "| fields *, sourceIPAddress"
    assert not parse_search(found["search"]).doubtful
    named = {**by, "group_by": ["user.id"]}
    assert "| fields" not in loaded(escu(made(alert_suppression=named)).text)["search"]


def test_what_has_nobody_is_hunted_for() -> None:
    rule = Rule("x", "a:b", data={"name": "x"}, format="toml")
    found = loaded(escu(rule, source="none").text)
    assert found["type"] == "Hunting"
    assert "rba" not in found
    assert loaded(escu(made(building_block_type="default")).text)["type"] == "Anomaly"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("AWS's Many-Denied Calls", "AWSs Many-Denied Calls"),
        ("A/B: c.d (e)", "A B c d e"),
        ("Zugriff über VPN", "Zugriff ber VPN 0"),
        ("`evil`", "evil"),
        ("日本", "0"),
        ("x" * 80, "x" * 65 + " 0"),
    ],
)
def test_names_make_names_of_files_and_macros(title: str, name: str) -> None:
    assert detection_name(title, "0") == name
    assert filter_macro(name).replace("_", "").isalnum()


PLAIN = loaded(escu(made()).text)["search"]


@examples(15)
@given(
    name=TEXTS,
    description=TEXTS,
    note=TEXTS | st.just("a $b$ c\n" * 1_250),
    lists=st.lists(TEXTS, max_size=2),
    author=TEXTS,
)
def test_no_text_of_a_rule_leaves_its_place(
    name: str, description: str, note: str, lists: list[str], author: str
) -> None:
    rule = made(
        name=name,
        description=description,
        note=note,
        setup=note,
        references=lists,
        false_positives=lists,
        author=[author],
    )
    text = escu(rule).text
    assert text.encode("utf-8")
    found = loaded(text)
    assert yaml.safe_load(text) == found
    assert set(found) - {"explanation"} == KEYS
    macro = filter_macro(found["name"])
    assert found["search"] == PLAIN.replace("a_rule_filter", macro)
    assert len(found["name"]) <= LONGEST_NAME
    if rule.description:
        assert found["description"] == said(without_tokens(rule.description))
    assert found.get("explanation", "") == said(note.strip())
    assert said(note.strip()) in found["how_to_implement"]
    if author.strip() and len(author) < 255:
        assert found["author"] == said(" ".join(author.split()))
    for reason in rule.texts("false_positives"):
        assert said(" ".join(reason.split())) in found["known_false_positives"]
    assert found["rba"]["message"].count("$") == 2


def said(text: str) -> str:
    """Text without halves of characters, which YAML cannot hold."""
    return text.replace("\ud800", "\ufffd")


def test_nothing_stands_for_a_field_or_a_button() -> None:
    assert without_tokens("$a$ [[[x|y]]") == "\uff04a\uff04 [ [ [x|y]]"
    assert without_tokens("5 $") == "5 $"
    assert without_tokens("5 $", beside=True) == "5 \uff04"
