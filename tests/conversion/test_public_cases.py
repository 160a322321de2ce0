"""Inputs as people publish and ask about them (``cases/public``, made for this project): what kqlx
makes of each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import kqlx
from kqlx.rules.model import Rule
from tests.command_line import kqlx as run

CASES = Path(__file__).parents[1] / "cases" / "public"


def rules(name: str) -> list[Rule]:
    (path,) = CASES.glob(f"{name}-*")
    found = kqlx.load_rules(path)
    assert not found.errors
    return found.rules


@pytest.mark.parametrize("suffix", [".ndjson", ".json", ".jsonl"])
def test_several_objects_on_a_line_are_read_whatever_the_files_name(
    suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"rules{suffix}"
    path.write_bytes((CASES / "03-two-objects-on-a-line.ndjson").read_bytes())
    found = kqlx.load_rules(path)
    assert [rule.name for rule in found.rules] == ["Many failed logons of one user"]
    assert not found.errors


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma", "elasticsearch"])
def test_filters_alone_are_a_query(to: str) -> None:
    (rule,) = rules("10")
    found = kqlx.convert(rule, to, source="none")
    assert "mallory" in found.text
    assert found.fidelity <= kqlx.Effect.CASE


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("spl", "a lookup cannot express an indicator that must not match"),
        ("sentinel", "the join cannot exclude indicators"),
    ],
)
def test_an_indicator_that_must_not_be_met_is_refused(to: str, message: str) -> None:
    (rule,) = rules("11")
    with pytest.raises(kqlx.UnsupportedError, match=message):
        kqlx.convert(rule, to, source="none")


def test_old_forms_of_thresholds() -> None:
    found = kqlx.load_rules(CASES / "13-old-threshold.ndjson")
    assert [error.message.rpartition(": ")[2] for error in found.errors] == [
        "it would match every event",
        "it runs a saved one",
    ]
    for rule in found.rules:
        for to in ("spl", "sentinel", "sigma"):
            text = kqlx.convert(rule, to, source="none").text
            assert "dc(" not in text  # a cardinality of no field is none
            assert "value_count" not in text
            assert ("host" in text) is ("host.name" in str(rule.data.get("threshold")))


@pytest.mark.parametrize("to", ["spl", "sentinel", "elasticsearch"])
def test_new_terms_of_every_event(to: str) -> None:
    for rule in rules("15"):
        assert kqlx.convert(rule, to, source="none").text


def test_a_rule_whose_keys_stand_at_the_top_of_toml() -> None:
    (rule,) = rules("16")
    assert (rule.name, rule.first_line) == ("Flat rule file", 11)
    found = kqlx.convert(rule, "spl")
    assert found.source == "aws.cloudtrail"
    assert 'eventName="GetSessionToken"' in found.text


def test_saved_objects_have_queries() -> None:
    found = rules("17")
    assert [(rule.name, rule.query) for rule in found] == [
        ("Failed logons", "event.code:4625 and not user.name:*$"),
        ("Failed", "winlog.event_id:4740"),
        ("my saved query", "event.outcome:failure"),
    ]


def test_other_files_in_a_folder_of_rules_are_passed_over() -> None:
    folder = CASES / "21-folder-with-other-json"
    found = run("convert", "--to", "spl", str(folder))
    assert found.returncode == 0
    assert 'eventType="user.session.start"' in found.stdout
    assert "1 file without a rule" in found.stderr
    named = run("convert", "--to", "spl", str(folder / "package.json"))
    assert named.returncode == 2
    assert "package.json: error: not a detection rule: no query" in named.stderr


def test_rules_of_one_name_are_both_kept(tmp_path: Path) -> None:
    path = str(CASES / "22-two-rules-of-one-name.ndjson")
    options = ("convert", "--to", "spl", "--source", "none", "--format", "savedsearches", path)
    printed = run(*options)
    headers = [line for line in printed.stdout.splitlines() if line.startswith("[")]
    assert len(set(headers)) == 2
    assert printed.stderr.count("[Threat - Same name - Rule]: this one becomes") == 2
    run(*options, "--out", str(tmp_path / "out"))
    text = (tmp_path / "out" / "savedsearches.conf").read_text("utf-8")
    assert {line for line in text.splitlines() if line.startswith("[")} == {*headers}


@pytest.mark.parametrize(
    ("case", "to", "there"),
    [
        ("06", "spl", 'source="XmlWinEventLog:Security" EventCode=4625 LogonType=10'),
        ("06", "sentinel", "SecurityEvent\n| where EventID == 4625\n| where LogonType == 10"),
        ("07", "sigma", "    service: sysmon\ndetection:\n    selection:\n        EventID: 1\n"),
        (
            "20",
            "spl",
            'source="XmlWinEventLog:System" Name="Service Control Manager" EventCode=7045',
        ),
        (
            "20",
            "sentinel",
            '(Event\n    | where EventLog == "System"\n    | where Source == "Service Control',
        ),
        ("20", "sigma", "service: system\n"),
    ],
)
def test_the_log_of_windows_is_found_by_its_channel_or_provider(
    case: str, to: str, there: str
) -> None:
    (rule,) = rules(case)
    assert there in str(kqlx.convert(rule, to).query)
