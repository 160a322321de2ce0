"""Correlation searches of Enterprise Security: what Splunk's own reader of .conf files makes of
them, whatever stands in a rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.spl.conf_file import conf_text, stanza, without_tokens
from kqlx.rules.model import Rule
from tests.conftest import examples
from tests.oracles.loaders import stanzas as loaded
from tests.oracles.spl.reader import parse_search

CLOUDTRAIL = "event.dataset:aws.cloudtrail and event.action:X and user.id:y"

KEYS = {
    "description", "search", "cron_schedule", "dispatch.earliest_time", "dispatch.latest_time",
    "enableSched", "disabled", "is_visible", "realtime_schedule", "schedule_window", "allow_skew",
    "counttype", "relation", "quantity", "alert.digest_mode", "alert.severity", "alert.suppress",
    "alert.suppress.fields", "alert.suppress.period", "action.correlationsearch.enabled",
    "action.correlationsearch.detection_type", "action.correlationsearch.label",
    "action.correlationsearch.annotations", "action.correlationsearch.metadata", "action.notable",
    "action.notable.param.rule_title", "action.notable.param.rule_description",
    "action.notable.param.security_domain", "action.notable.param.severity",
    "action.notable.param.nes_fields", "action.notable.param.extract_artifacts",
    "action.notable.param.drilldown_searches", "action.risk", "action.risk.param._risk_message",
    "action.risk.param._risk", "action.risk.param._risk_score", "action.risk.param.verbose",
}  # fmt: skip
GUIDE = "action.notable.param.next_steps"


def convert(query: str = CLOUDTRAIL, **data: Any) -> kqlx.Conversion:
    table = {"name": "A Rule", "type": "query", "severity": "high", "risk_score": 73, **data}
    rule = Rule(
        name=table["name"],
        query=query,
        type=table["type"],
        id="17fc9578-4bd1-11f0-9838-f661ea17fbcd",
        data=table,
        format="toml",
    )
    return kqlx.convert(rule, to="spl", format="savedsearches", accept=["different"])


def one(text: str) -> dict[str, str]:
    (found,) = loaded(text).values()
    return found


def on_lines(text: str) -> str:
    """Text without the blanks that begin a line, which the reader drops."""
    return "\n".join(line.strip() for line in text.split("\n"))


def test_every_setting_comes_back() -> None:
    found = convert(
        description="What\nit is.",
        note="## Triage\n\n- look",
        false_positives=["Backups."],
        references=["https://example.com/a;b"],
        threat=[
            {
                "framework": "MITRE ATT&CK",
                "tactic": {"id": "TA0001", "name": "Initial Access"},
                "technique": [{"id": "T1078", "subtechnique": [{"id": "T1078.004"}]}],
            }
        ],
        max_signals=1000,
        **{"from": "now-9m"},
    )
    (name,) = loaded(found.text)
    assert name == "Threat - A Rule - Rule"
    settings = one(found.text)
    assert set(settings) == KEYS | {GUIDE, "action.notable.maxresults"}
    assert settings["description"] == (
        "What it is. Known false positives: Backups. References: https://example.com/a;b"
    )
    assert settings["search"] == f"{on_lines(str(found.query))}\n| eval event_hash=md5(_raw)"
    parse_search(settings["search"])
    assert settings["cron_schedule"] == "*/5 * * * *"
    assert settings["dispatch.earliest_time"] == "-9m@m"
    assert (settings["disabled"], settings["enableSched"]) == ("true", "1")
    assert settings["alert.suppress.fields"] == "event_hash"
    assert settings["alert.suppress.period"] == "540s"
    assert json.loads(settings["action.correlationsearch.annotations"]) == {
        "mitre_attack": ["T1078", "T1078.004"],
        "type": "TTP",
    }
    assert json.loads(settings[GUIDE]) == {"version": 1, "data": "## Triage\n\n- look"}
    assert json.loads(settings["action.risk.param._risk"]) == [
        {
            "risk_object_field": "userIdentity.principalId",
            "risk_object_type": "user",
            "risk_score": 73,
        }
    ]
    (drilldown,) = json.loads(settings["action.notable.param.drilldown_searches"])
    assert drilldown["search"].endswith(
        '| search userIdentity.principalId="$userIdentity.principalId$"'
    )
    parse_search(drilldown["search"])
    metadata = json.loads(settings["action.correlationsearch.metadata"])
    assert metadata["elastic_rule_id"] == "17fc9578-4bd1-11f0-9838-f661ea17fbcd"
    assert re.fullmatch(r"[0-9a-f-]{36}", metadata["detection_id"])


@pytest.mark.parametrize(
    ("interval", "start", "cron", "earliest", "noted"),
    [
        ("5m", "now-9m", "*/5 * * * *", "-9m@m", False),
        ("1m", "now-90s", "* * * * *", "-90s", False),
        ("30s", "now-60s", "* * * * *", "-1m@m", True),
        ("45m", "now-1h", "*/30 * * * *", "-1h@m", True),
        ("60m", "now-119m", "0 * * * *", "-119m@m", False),
        ("5h", "now-6h", "0 */4 * * *", "-6h@m", True),
        ("24h", "now-25h", "0 0 * * *", "-25h@m", False),
        ("2d", "now-3d", "0 0 * * *", "-3d@m", True),
        ("1w", "now-8d", "0 0 * * 0", "-8d@m", False),
        ("soon", "now-1h/h", "*/5 * * * *", "-6m@m", True),
    ],
)
def test_schedules(interval: str, start: str, cron: str, earliest: str, noted: bool) -> None:
    found = convert(interval=interval, **{"from": start})
    settings = one(found.text)
    assert settings["cron_schedule"] == cron
    assert settings["dispatch.earliest_time"] == earliest
    assert any(note.code == "schedule" for note in found.notes) is noted


def test_new_terms_are_dispatched_over_their_history() -> None:
    found = convert(type="new_terms", new_terms_fields=["user.id"], history_window_start="now-5d")
    assert one(found.text)["dispatch.earliest_time"] == "-5d"
    (first, *_) = one(found.text)["search"].split("\n")
    assert first.startswith("earliest=-5d sourcetype=")


def test_a_building_block_is_no_notable() -> None:
    settings = one(convert(building_block_type="default").text)
    assert (settings["action.notable"], settings["action.risk"]) == ("0", "1")


def test_without_anybody_there_is_no_risk() -> None:
    rule = Rule(name="x", query="a:b", data={"name": "x"}, format="toml")
    found = kqlx.convert(rule, to="spl", format="savedsearches", source="none")
    assert not {key for key in one(found.text) if "risk" in key or "nes_fields" in key}


PIECES = st.sampled_from(
    [
        "a", "b c", '"', "'", "\n", "\r", "\r\n", "\\", "\\\\", "]", "[", "[x]", "#", ";", " ; ",
        "\n[evil]\nsearch = | delete", "\n# x", "=", ": ", "{{ 7*7 }}", "{% for x in y %}", "$x$",
        "$result.user$", "$", "$$", "`evil`", "```", "| delete", "%name%", "[[action|ping]]",
        "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\ud800", "😀", "é", "*", "rem x",
        "- x", "? ", "& ", "!x", "~", "null", "0x1", "<b>", "\t", "--", "...",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=8).map("".join)


def normal(text: str) -> str:
    """Prose as docs/targets/spl.md says that it comes out: one line, what a file cannot hold as
    U+FFFD, no blank before a semicolon, no backslash at the end.
    """
    line = re.sub(
        "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]",
        "\ufffd",
        " ".join(text.split()),
    ).replace(" ;", ";")
    return f"{line}." if line.endswith("\\") or line == '""' else line


@examples(25)
@given(
    name=TEXTS,
    description=TEXTS,
    note=TEXTS | st.just("a $b$ c\n" * 1_250),
    lists=st.lists(TEXTS, max_size=2),
    author=TEXTS,
    identity=TEXTS,
)
def test_no_text_of_a_rule_leaves_its_place(
    name: str, description: str, note: str, lists: list[str], author: str, identity: str
) -> None:
    data: dict[str, Any] = {
        "name": name,
        "description": description,
        "note": note,
        "setup": note,
        "references": lists,
        "false_positives": lists,
        "tags": lists,
        "author": [author],
        "license": author,
        "severity": "low",
        "from": "now-9m",
    }
    rule = Rule(name=name, query=CLOUDTRAIL, id=identity, data=data, format="toml")
    text = kqlx.convert(rule, to="spl", format="savedsearches").text
    assert text.encode("utf-8")
    plain = convert(**{"from": "now-9m", "severity": "low"}).text
    both = loaded(f"{text}\n\n{plain}\n")
    assert len(both) == 2 if one_name(text) != one_name(plain) else 1
    settings = one(text)
    assert set(settings) - {GUIDE} == KEYS
    assert settings["search"] == one(plain)["search"]
    assert len(one_name(text)) <= 99
    check_texts(settings, rule)
    shown = {key: settings[key] for key in settings if "rule_" in key or "message" in key}
    shown["guide"] = json.loads(settings.get(GUIDE, '{"data": ""}'))["data"]
    for key, value in shown.items():
        allowed = {"$userIdentity.principalId$"} if "message" in key else set()
        assert set(re.findall(r"\$[^$]*\$", value)) <= allowed
        assert "[[" not in value


def one_name(text: str) -> str:
    (found,) = loaded(text)
    return found


def check_texts(settings: Mapping[str, str], rule: Rule) -> None:
    title = " ".join(rule.name.split()) or rule.query
    assert settings["action.notable.param.rule_title"] == normal(without_tokens(title))
    described = without_tokens(rule.description)
    assert settings["action.notable.param.rule_description"] == normal(described)
    assert settings["description"].startswith(normal(rule.description)[:-1])
    for text in (*rule.texts("references"), *rule.texts("false_positives")):
        assert normal(text)[:-1] in settings["description"]
    metadata = json.loads(settings["action.correlationsearch.metadata"])
    assert metadata.get("elastic_rule_id", "") == rule.id
    assert metadata.get("license", "") == rule.license
    assert metadata["author"] == list(rule.authors)
    for key in ("references", "tags"):
        assert metadata.get(key, []) == list(rule.texts(key))
    assert metadata.get("setup", "") == str(rule.data["setup"]).strip()
    guide = json.loads(settings.get(GUIDE, '{"data": ""}'))["data"]
    assert guide == without_tokens(str(rule.data["note"]).strip())


def test_what_ends_in_a_backslash_does_not_go_on() -> None:
    """The reader of this test would see it: the next setting would be gone."""
    path = "C:\\"
    assert conf_text('""') == '"".'  # the pair alone is read as no value
    text = f"[a]\nx = {conf_text(path)}\ny = 1\n\n[b]\nz = 1\n"
    assert loaded(text) == {"a": {"x": "C:\\.", "y": "1"}, "b": {"z": "1"}}
    assert loaded("[a]\nx = C:\\\ny = 1\n")["a"] != {"x": "C:\\", "y": "1"}


def test_stanzas_that_are_cut_differ() -> None:
    names = {stanza("x" * 200, "threat", mark) for mark in ("1", "2")}
    assert len(names) == 2
    assert {len(name) for name in names} == {99}
    assert stanza("a [b]", "threat", "1") == "Threat - a (b) 1 - Rule"


def test_lines_that_readers_pass_over_are_put_to_others() -> None:
    long = " or ".join(f'a:"{"x" * n} ; # [b]"' for n in range(30, 40))
    rule = Rule(name="x", query=f"({long}) and c:d", data={"name": "x"}, format="toml")
    found = kqlx.convert(rule, to="spl", format="savedsearches", source="none")
    search = one(found.text)["search"].strip()
    assert search.removesuffix("\n| eval event_hash=md5(_raw)") == on_lines(str(found.query))
