"""What a Sigma rule carries of the rule that it is made of, and the note on what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.sigma.rule import with_capitals
from kqlx.rules.model import Rule
from tests.conftest import examples
from tests.elasticsearch.test_elasticsearch_formats import NASTY, TEXTS
from tests.oracles.sigma_rules import documents
from tests.oracles.sigma_schema import problems

UUID = "0136b315-b566-482f-866c-1d8e2477ba16"


def convert(rule: Rule) -> kqlx.Conversion:
    return kqlx.convert(rule, "sigma", source="none")


def line(text: str) -> str:
    """White space is folded: titles and reasons stand on one line."""
    return " ".join(text.split())


def whole_characters(text: str) -> str:
    """YAML has no half of a character: U+FFFD stands in its place."""
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


@examples(50)
@given(text=TEXTS, other=TEXTS, counted=st.booleans())
@example(text=NASTY[0], other=NASTY[1], counted=True)
def test_every_value_comes_back(text: str, other: str, counted: bool) -> None:
    """On one line, without white space at its ends, or cut; and nothing else is there."""
    kind = "threshold" if counted else "query"
    data = {
        "description": other,
        "license": text,
        "author": [text, other],
        "references": [text, other],
        "false_positives": [other],
        "severity": "high",
        "note": text,
        "threshold": {"field": ["user.id"], "value": 3},
    }
    rule = Rule(name=text, query="event.action:a", id=other, type=kind, data=data, format="json")
    found = documents(convert(rule).text)
    assert len(found) == 1 + counted
    text, other = whole_characters(text), whole_characters(other)
    for document in found:
        assert not problems(document)
        assert document.get("license", "") == text.strip()
        assert document.get("author", "") == ", ".join(filter(None, [line(text), line(other)]))
        kept = [line(item) for item in (text, other) if line(item)]
        assert document.get("references", []) == list(dict.fromkeys(kept))
    last = found[-1]
    named = line(text).rstrip(".")
    title = with_capitals(named) if named else "event.action:a"
    assert last["title"] == (title if len(title) <= 256 else f"{title[:255]}…")
    assert line(last.get("description", "")) == line(other)
    assert last["level"] == "high"
    reason = line(other)
    reasons = [] if len(reason) < 2 else [reason[0].upper() + reason[1:]]
    assert last.get("falsepositives") in (reasons, ["Unknown"] if text else None)
    assert set(found[0]["detection"]) == {"selection", "condition"}


def test_the_id_is_its_own_and_the_same_each_time() -> None:
    rule = Rule(name="Some rule", query="a:b", id=UUID)
    (one,), (two,) = (documents(convert(rule).text) for _ in range(2))
    assert one["id"] == two["id"] != UUID
    assert one["related"] == [{"id": UUID, "type": "derived"}]


def test_that_a_rule_goes_by_arrival_is_told_once() -> None:
    data = {"timestamp_override": "event.ingested", "max_signals": 3}
    notes = convert(Rule(name="Some rule", query="a:b", data=data, format="json")).notes
    (note,) = [note for note in notes if "event.ingested" in note.message]
    assert note.is_quiet
    assert "by arrival time" in note.message


def lost(**data: Any) -> str:
    rule = Rule(name="Some rule", query="a:b", data=data, id=data.get("rule_id", ""), format="json")
    (note,) = [note for note in convert(rule).notes if note.code == "metadata-not-supported"]
    assert note.is_quiet
    return note.message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "schedule (every 5m, looking back 6m)"),
        ({"interval": "60m", "from": "now-2h"}, "(every 1h, looking back 2h)"),
        ({"max_signals": 20}, "maximum alerts per run"),
        ({"risk_score": 47}, "risk score"),
        ({"note": "## Triage"}, "investigation guide"),
        ({"setup": "Install"}, "setup guide"),
        ({"investigation_fields": {"field_names": ["a"]}}, "investigation fields"),
        ({"building_block_type": "default"}, "building block"),
        ({"tags": ["Domain: Cloud"]}, "Elastic's tags"),
        ({"index": ["logs-*"]}, "index patterns"),
        ({"rule_id": "mine"}, "id mine (not a UUID)"),
        ({"severity": "severe"}, "severity severe"),
        ({"threat": [{"framework": "Own", "tactic": {}}]}, "the entries of Own"),
    ],
)
def test_what_has_no_place_is_told(data: dict[str, Any], words: str) -> None:
    assert words in lost(**data)


def test_what_is_carried_is_not_told() -> None:
    data = {"severity": "low", "author": ["A"], "references": ["https://a.example"]}
    assert lost(**data).count(",") == 1  # in "(every 5m, looking back 6m)"
    bare = kqlx.convert("a:b", "sigma", source="none")
    query = kqlx.convert(Rule(name="n", query="a:b", data=data, format="json"), "sigma",
                         format="query", source="none")  # fmt: skip
    for found in (bare, query):
        assert "metadata-not-supported" not in {note.code for note in found.notes}


def test_a_correlation_has_the_look_back() -> None:
    table = {"type": "threshold", "threshold": {"field": ["user.id"], "value": 3}}
    rule = Rule(name="n", query="a:b", type="threshold", data=table, format="json")
    (note,) = [note for note in convert(rule).notes if note.code == "metadata-not-supported"]
    assert "schedule (every 5m)" in note.message


def test_actions_and_long_names_are_told() -> None:
    rule = Rule(name="long " * 99, query="a:b", data={"actions": [{"id": "1"}]}, format="json")
    notes = {note.code: note for note in convert(rule).notes}
    assert not notes["actions-left-out"].is_quiet
    assert "name beyond 256 characters" in notes["metadata-not-supported"].message


@pytest.mark.parametrize("description", ["", "A description."])
@pytest.mark.parametrize(
    ("data", "alerts"),
    [
        (
            {
                "type": "new_terms",
                "new_terms_fields": ["user.name", "host.id"],
                "history_window_start": "now-10d",
            },
            "on combinations of values of user.name, host.id that were not seen in the last 10d",
        ),
        ({"type": "threat_match"}, "on events that match an indicator"),
    ],
)
def test_what_a_plain_rule_lacks_of_the_rules_type_stands_in_its_description(
    data: dict[str, Any], alerts: str, description: str
) -> None:
    data = {**data, "description": description}
    rule = Rule(name="A rule", query="a:b", type=data["type"], data=data)
    (found,) = documents(
        kqlx.convert(rule, "sigma", source="none", accept=["wider", "different"]).text
    )
    lacks = f"Elastic's rule alerts {alerts}; this rule alerts on every event that it matches."
    assert found["description"].split() == f"{description} {lacks}".split()
    assert not problems(found)
