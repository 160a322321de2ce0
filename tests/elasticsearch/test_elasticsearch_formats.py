"""Elasticsearch's whole artifacts: what loads them takes them, and every value comes back."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.rules.model import Rule
from tests import corpus
from tests.conftest import examples, own_rules
from tests.oracles.kibana_import import import_problems, rule_problems, strict, watch_problems

OWN = own_rules()
ALL = ("wider", "narrower", "different")


def text_of(rule: Rule | str, format: str, **options: Any) -> str:
    return kqlx.convert(rule, "es", format=format, **options).text


def codes_of(rule: Rule | str, format: str, **options: Any) -> set[str]:
    return {note.code for note in kqlx.convert(rule, "es", format=format, **options).notes}


@pytest.mark.parametrize("rule", OWN, ids=lambda rule: rule.path.stem)
def test_own_rules_are_loaded(rule: Rule) -> None:
    assert not list(import_problems(text_of(rule, "rule")))
    assert not list(watch_problems(strict(text_of(rule, "watcher"))))
    request = strict(text_of(rule, "search"))
    assert set(request) == {"index", "ignore_unavailable", "body"}


@pytest.mark.skipif(corpus.folder() is None, reason="there is no corpus of rules")
def test_real_rules_are_loaded() -> None:
    """Every rule of every type goes back to Kibana; searches and watches of those that one search
    can say, which is all but threat matches.
    """
    for path, rule in corpus.rules():
        assert not list(import_problems(text_of(rule, "rule", accept=ALL))), path
        for format in ("search", "watcher"):
            try:
                text = text_of(rule, format)
            except kqlx.UnsupportedError as error:
                assert rule.type == "threat_match" or "{{" in rule.query, (path, error)
                continue
            found = strict(text)
            assert format == "search" or not list(watch_problems(found)), path
            body = found["body"] if format == "search" else found["input"]["search"]["request"]
            assert body


def test_the_models_see_what_is_wrong() -> None:
    """Checks that could not fail would show nothing."""
    good = strict(text_of(OWN[0], "rule"))
    assert not list(rule_problems(good))
    for key, value in [("rule_id", ""), ("risk_score", "5"), ("enabled", True), ("severity", "x")]:
        assert list(rule_problems({**good, key: value}))
        assert list(rule_problems({k: v for k, v in good.items() if k != key}))
    assert list(import_problems(f"{json.dumps(good)}\n{json.dumps(good)}"))
    watch = strict(text_of(OWN[0], "watcher"))
    assert list(watch_problems({**watch, "condition": {"compare": {"ctx.x": {"gt": 0}}}}))
    watch["actions"]["log"]["logging"]["text"] = "{{ctx.secrets}}"
    assert list(watch_problems(watch))
    with pytest.raises(AssertionError):
        strict('{"a": NaN}')
    with pytest.raises(AssertionError):
        strict('{"a": 1, "a": 2}')


# Everything that the file says is in the export


def test_the_export_says_all_that_the_file_says() -> None:
    for rule in OWN:
        found = strict(text_of(rule, "rule").split("\n")[0])
        for key, value in rule.data.items():
            assert key == "enabled" or found[key] == json.loads(json.dumps(value)), key
        assert found["query"] == rule.query
        assert found["meta"]["metadata"] == rule.metadata
        assert found["rule_id"] == rule.id
        assert found["enabled"] is False


def test_new_terms_of_a_toml_file_get_kibanas_keys(tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    path.write_text(
        "[rule]\nname = 'n'\ntype = 'new_terms'\nquery = 'a:b'\n"
        "[rule.new_terms]\nfield = 'new_terms_fields'\nvalue = ['user.id', 'host.id']\n"
        "[[rule.new_terms.history_window_start]]\n"
        "field = 'history_window_start'\nvalue = 'now-7d'\n",
        "utf-8",
    )
    (rule,) = kqlx.load_rules(path).rules
    found = strict(text_of(rule, "rule"))
    assert found["new_terms_fields"] == ["user.id", "host.id"]
    assert found["history_window_start"] == "now-7d"
    assert "new_terms" not in found
    assert not list(rule_problems(found))


def test_an_export_goes_there_and_back(tmp_path: Path) -> None:
    """What kqlx writes for Kibana, kqlx reads as the same rule, with its exceptions."""
    item = {
        "list_id": "l",
        "item_id": "i",
        "type": "simple",
        "name": "scanners",
        "description": "d",
        "namespace_type": "single",
        "entries": [{"field": "host.name", "operator": "included", "type": "match", "value": "x"}],
    }
    lists = [
        {"id": "1", "list_id": name, "type": "detection", "namespace_type": "single"}
        for name in ("l", "unknown")
    ]
    line = {"rule_id": "r", "name": "n", "type": "query", "language": "kuery", "query": "a:b"}
    lines = [{**line, "exceptions_list": lists, "enabled": True}, item]
    path = tmp_path / "export.ndjson"
    path.write_text("".join(f"{json.dumps(each)}\n" for each in lines), "utf-8")
    (rule,) = kqlx.load_rules(path).rules
    result = kqlx.convert(rule, "es", format="rule")
    assert not list(import_problems(result.text))
    told = [note for note in result.notes if note.code == "filters-left-out"]
    assert [note.message.count('"') for note in told] == [2] and '"unknown"' in told[0].message
    again = tmp_path / "again.ndjson"
    again.write_text(result.text, "utf-8")
    (back,) = kqlx.load_rules(again).rules
    assert back.exceptions == rule.exceptions
    assert back.data["exceptions_list"] == lists
    assert (back.query, back.id, back.data["enabled"]) == ("a:b", "r", False)


@pytest.mark.parametrize(
    ("data", "severity", "score"),
    [
        ({}, "low", 21),
        ({"severity": "high"}, "high", 73),
        ({"risk_score": 50}, "high", 50),
        ({"risk_score": 21}, "low", 21),
        ({"risk_score": 100}, "critical", 100),
        ({"severity": "informational", "risk_score": 22}, "medium", 22),
        ({"severity": "critical", "risk_score": True}, "critical", 99),
    ],
)
def test_what_kibana_asks_for_is_there(data: dict[str, Any], severity: str, score: int) -> None:
    rule = Rule(name="n", query="a:b", data=data, format="json")
    found = strict(text_of(rule, "rule"))
    assert (found["severity"], found["risk_score"]) == (severity, score)
    assert not list(rule_problems(found))
    assert "metadata-assumed" in codes_of(rule, "rule")


def test_new_terms_without_a_history_get_kibanas() -> None:
    data = {"type": "new_terms", "new_terms_fields": ["a"]}
    rule = Rule(name="n", query="a:b", type="new_terms", data=data, format="json")
    assert strict(text_of(rule, "rule"))["history_window_start"] == "now-14d"
    assert not list(import_problems(text_of(rule, "rule")))


def test_a_bare_query_becomes_a_rule() -> None:
    found = strict(text_of("process.name : cmd.exe", "rule"))
    assert found["query"] == found["name"] == found["description"] == "process.name : cmd.exe"
    assert not list(rule_problems(found))
    assert found["rule_id"] == strict(text_of("process.name : cmd.exe", "rule"))["rule_id"]


def test_every_type_is_carried_whole() -> None:
    for kind in ("threshold", "new_terms", "threat_match", "saved_query"):
        rule = Rule(name="n", query="a:b", type=kind, data={"type": kind, "saved_id": "x"})
        assert "rule-type" not in codes_of(rule, "rule")


# Watches


def watch_of(rule: Rule, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = strict(text_of(rule, "watcher", **options))
    return found


def test_a_watch_counts_groups_where_the_rule_does() -> None:
    table = {"type": "threshold", "threshold": {"field": ["user.id"], "value": 5}}
    watch = watch_of(Rule(name="n", query="a:b", type="threshold", data=table))
    assert watch["condition"] == {
        "array_compare": {
            "ctx.payload.aggregations.groups.buckets": {
                "path": "doc_count",
                "gte": {"value": 1, "quantifier": "some"},
            }
        }
    }
    assert not list(watch_problems(watch))


@pytest.mark.parametrize(
    ("interval", "expected"),
    [("5m", "5m"), ("60m", "1h"), ("90s", "90s"), ("24h", "1d"), ("1w", "1w"), (None, "5m")],
)
def test_a_watch_runs_as_often_as_the_rule(interval: str | None, expected: str) -> None:
    data = {"interval": interval} if interval else {}
    watch = watch_of(Rule(name="n", query="a:b", data=data))
    assert watch["trigger"] == {"schedule": {"interval": expected}}


def test_what_a_watch_lacks_is_told() -> None:
    data = {"interval": "often", "max_signals": 20_000, "actions": [{"id": "1"}], "from": "now-1h"}
    codes = codes_of(Rule(name="n", query="a:b", data=data), "watcher")
    assert codes >= {
        "schedule-assumed",
        "metadata-left-out",
        "actions-left-out",
        "alerts-repeated",
        "runs-at-once",
        "index-assumed",
    }
    calm = Rule(name="n", query="a:b", data={"from": "now-5m", "index": ["i"]})
    assert codes_of(calm, "watcher") == {"runs-at-once"}


@pytest.mark.parametrize("query", ['a:"{{ctx.payload}}"', 'a:b and "{{#x}}":c', "f:{{x"])
def test_templates_in_a_watchs_search_are_refused(query: str) -> None:
    rule = Rule(name="n", query='a:"b"', data={"index": ["{{x}}"]})
    with pytest.raises(kqlx.UnsupportedError, match="template tag"):
        text_of(rule, "watcher")
    try:
        kqlx.parse(query)
    except kqlx.KqlSyntaxError:
        return
    with pytest.raises(kqlx.UnsupportedError, match="template tag"):
        text_of(query, "watcher")
    assert text_of(query, "search")


# Hostile texts

NASTY = [
    "a\"b'c",
    "line\nfeed\r\nand return\r",
    "] [stanza] # comment",
    "{{ ctx.payload }} {% raw %} {# no #}",
    "{{=<% %>=}}",
    "$x$ `macro(1)` ends in \\",
    "--- !!python/object: &a *a",
    '{"json": [null]}, "enabled": true',
    "😀 e\u0301 \u202e \u2028 \u2029",
    "\x00\x01\x1b\x7f",
    "\ud83d",
    "guide " * 1_700,
]
TEXTS = st.text(max_size=30) | st.sampled_from(NASTY) | st.text("{}%#\\\"'\n", max_size=12)


@examples(38)
@given(text=TEXTS, other=TEXTS, number=st.integers(0, 100))
def test_every_value_comes_back(text: str, other: str, number: int) -> None:
    data = {
        "name": text,
        "description": other,
        "note": text,
        "setup": other,
        "tags": [text, other],
        "author": [other],
        "license": text,
        "references": [text],
        "false_positives": [other],
        "severity": "low",
        "risk_score": number,
        "meta": {text: [other, None, 1.5, True]},
        "investigation_fields": {"field_names": [text]},
        "threat": [
            {
                "framework": "MITRE ATT&CK",
                "tactic": {"id": text, "name": other, "reference": text},
                "technique": [{"id": text, "name": other, "reference": other}],
            }
        ],
    }
    rule = Rule(name=text, query="a:b", id=other, data=data, format="json")
    found = strict(text_of(rule, "rule"))
    blank = {key for key in ("name", "description") if not str(data[key]).strip()}
    for key, value in data.items():
        assert key in blank or found[key] == value
    assert found["enabled"] is False and found["query"] == "a:b"
    assert not list(rule_problems(found))
    watch = watch_of(rule)
    assert not list(watch_problems(watch))
    kept = watch["metadata"]
    expected = {
        "description": other.strip(),
        "investigation_guide": text,
        "setup": other,
        "license": text,
        "risk_score": number,
        "rule_id": other,
    }
    assert {key: kept.get(key, "") for key in expected} == expected
    if text.strip():
        assert kept["name"] == " ".join(text.split()) and kept["tags"][0] == text.strip()


def test_dates_and_numbers_that_json_lacks_are_texts() -> None:
    data = {"meta": {"day": datetime.date(2024, 5, 1), "n": float("nan"), "t": datetime.time(1)}}
    found = strict(text_of(Rule(name="n", query="a:b", data=data), "rule"))
    assert found["meta"] == {"day": "2024-05-01", "n": "nan", "t": "01:00:00"}


def test_the_same_rule_gives_the_same_bytes() -> None:
    for format in ("search", "rule", "watcher"):
        assert text_of(OWN[0], format) == text_of(OWN[0], format)
