"""Sigma: thresholds as correlations; rules of new terms."""

from __future__ import annotations

from typing import Any

import pytest
from sigma.backends.splunk import SplunkBackend

import kqlx
from kqlx.backends.sigma.correlations import may_overlap
from kqlx.notes import Effect
from kqlx.rules.model import Rule
from tests.oracles.sigma_rules import documents
from tests.sigma.test_sigma_documents import loaded, sigma


def threshold(**data: Any) -> Rule:
    """A threshold rule that counts the events of o365.audit with one action."""
    table = {"type": "threshold", "name": "Many Things", "severity": "low", **data}
    query = "event.dataset:o365.audit and event.provider:Exchange and event.action:Send"
    return Rule(name="Many Things", query=query, type="threshold", data=table, id="x")


COUNTED = threshold(
    threshold={
        "field": ["user.id"],
        "value": 5,
        "cardinality": [{"field": "event.sequence", "value": 3}],
    },
    **{"from": "now-9m"},
)


def test_a_threshold_is_a_correlation() -> None:
    rule = threshold(threshold={"field": ["user.id"], "value": 5})
    base, count = documents(sigma(rule).text)
    assert count["correlation"] == {
        "type": "event_count",
        "rules": [base["name"]],
        "group-by": ["UserId"],
        "timespan": "6m",
        "condition": {"gte": 5},
    }
    assert (count["level"], base["level"]) == ("low", "informational")
    assert base["id"] != count["id"]
    (query,) = SplunkBackend().convert(loaded(sigma(rule).text))
    assert "stats count as event_count by _time UserId" in query


@pytest.mark.parametrize(
    ("query", "field", "column"),
    [
        ("event.dataset:endpoint.events.process and process.name:x", "host.id", "Computer"),
        ("event.dataset:endpoint.events.file and file.name:x", "host.hostname", "Computer"),
        (
            "event.dataset:endpoint.events.process and process.name:x and host.os.type:windows",
            "process.parent.entity_id",
            "ParentProcessGuid",
        ),
        (
            "event.dataset:aws.cloudtrail and event.action:ConsoleLogin",
            "cloud.account.id",
            "userIdentity.accountId",
        ),
        (
            "event.dataset:azure.activitylogs and event.action:x",
            "azure.resource.name",
            "resourceId",
        ),
    ],
)
def test_what_stands_for_the_same_things_is_counted_in_place_of_a_field(
    query: str, field: str, column: str
) -> None:
    data = {"threshold": {"field": [field], "value": 5}}
    found = sigma(Rule(name="Many", query=query, type="threshold", data=data, id="x"))
    assert documents(found.text)[1]["correlation"]["group-by"] == [column]
    (told,) = [note for note in found.notes if note.code == "grouped-by-substitute"]
    assert told.message.startswith(f"{field} is grouped by {column}")


def test_fields_of_one_name_are_counted_by_once_and_names_are_texts() -> None:
    data = {"threshold": {"field": ["user.id", "user.id"], "value": 5}}
    rule = Rule(name="404", query="a:1", type="threshold", data=data)
    base, count = documents(sigma(rule, source="none").text)
    assert count["correlation"]["group-by"] == ["user.id"]
    assert count["correlation"]["rules"] == [base["name"]] == ["404"]


def test_several_thresholds_are_several_correlations() -> None:
    found = sigma(COUNTED, unmapped="keep")
    _, events, values = documents(found.text)
    assert events["correlation"]["timespan"] == values["correlation"]["timespan"] == "9m"
    assert values["correlation"]["condition"] == {"field": "event.sequence", "gte": 3}
    assert {"threshold-split", "threshold-window", "unmapped-field"} <= {
        n.code for n in found.notes
    }
    assert "rule-type" not in {note.code for note in found.notes}
    with pytest.raises(kqlx.UnsupportedError, match="by which the rule counts, has no counterpart"):
        sigma(COUNTED)


@pytest.mark.parametrize(
    ("start", "timespan"),
    [("now-90s", "90s"), ("now-2w", "14d"), ("now-007h", "7h"), ("now-1d", "1d")],
)
def test_the_look_back_is_the_span_of_time(start: str, timespan: str) -> None:
    rule = threshold(threshold={"field": ["user.id"], "value": 5}, **{"from": start})
    assert documents(sigma(rule).text)[1]["correlation"]["timespan"] == timespan


def test_a_look_back_that_sigma_cannot_say_is_announced() -> None:
    rule = threshold(threshold={"field": ["user.id"], "value": 5}, **{"from": "now-1d/d"})
    with pytest.raises(kqlx.UnsupportedError, match=r"cannot express from: now-1d/d; .* over 6m"):
        sigma(rule)
    found = documents(sigma(rule, accept=["different"]).text)
    assert found[1]["correlation"]["timespan"] == "6m"


def test_the_query_alone_is_the_detection_of_single_events() -> None:
    found = sigma(COUNTED, format="query")
    assert "correlation" not in found.text
    assert "rule-type" in {note.code for note in found.notes}


def test_new_terms_are_refused_unless_noise_is_accepted() -> None:
    rule = Rule(name="New", query="a:1", type="new_terms", data={"name": "New"})
    with pytest.raises(kqlx.UnsupportedError, match="new-terms") as refusal:
        sigma(rule, source="none")
    assert 'accept="wider"' in refusal.value.hint
    assert "rule-type" in {n.code for n in sigma(rule, source="none", accept=["wider"]).notes}


def of_okta_and_aws(query: str, **threshold: Any) -> Rule:
    indices = ["logs-okta.system-*", "logs-aws.cloudtrail-*"]
    data = {"threshold": threshold, "index": indices, "name": "Many"}
    return Rule(name="Many", query=query, type="threshold", data=data, id="x")


def test_several_data_sources_are_counted_together_by_aliases() -> None:
    found = sigma(of_okta_and_aws("source.ip:10.0.0.1", field=["source.ip"], value=5))
    aws, okta, count = documents(found.text)
    assert count["correlation"] == {
        "type": "event_count",
        "rules": ["many_aws_cloudtrail", "many_okta"],
        "group-by": ["source_ip"],
        "timespan": "6m",
        "aliases": {
            "source_ip": {"many_aws_cloudtrail": "sourceIPAddress", "many_okta": "client.ipAddress"}
        },
        "condition": {"gte": 5},
    }
    assert [aws["name"], okta["name"]] == count["correlation"]["rules"]
    assert len({document["id"] for document in (aws, okta, count)}) == 3
    assert [aws["title"], okta["title"], count["title"]] == [
        "Events of Many - AWS CloudTrail",
        "Events of Many - Okta",
        "Many",
    ]
    assert not found.parts  # a correlation is in one file with its rules
    assert "counted-per-source" not in {note.code for note in found.notes}
    (query,) = SplunkBackend().convert(loaded(found.text))
    assert "stats count as event_count by _time source_ip" in query
    assert "rename sourceIPAddress as source_ip" in query


def test_what_no_alias_says_is_counted_by_itself_and_that_is_told() -> None:
    """Different values are counted of a field that has one name in all rules."""
    rule = of_okta_and_aws(
        "source.ip:10.0.0.1",
        field=[],
        value=5,
        cardinality=[{"field": "source.ip", "value": 3}],
    )
    with pytest.raises(kqlx.UnsupportedError, match="counted separately"):
        sigma(rule)
    found = sigma(rule, accept=["narrower"])
    assert found.text == "\n---\n".join(part.text for part in found.parts)
    assert [part.place["logsource"] for part in found.parts] == [
        {"product": "aws", "service": "cloudtrail"},
        {"product": "okta", "service": "okta"},
    ]
    titles = [document["title"] for part in found.parts for document in documents(part.text)]
    assert len({*titles}) == len(titles) == 6


def test_a_window_that_ends_before_now_is_told() -> None:
    rule = threshold(threshold={"field": ["user.id"], "value": 5}, to="now-5m")
    with pytest.raises(kqlx.UnsupportedError, match=r"cannot express to: now-5m; .* over 6m"):
        sigma(rule)


def test_a_query_alone_says_in_its_text_what_the_rule_does_beside_it() -> None:
    data = {"new_terms_fields": ["user.name", "host.id"], "history_window_start": "now-7d"}
    rule = Rule(name="New", query="a:1", type="new_terms", data=data)
    text = kqlx.convert(rule, "sigma", format="query", source="none", accept=["wider"]).text
    (comment,) = [line for line in text.splitlines() if line.startswith("# ")]
    assert "user.name, host.id" in comment and "not seen" in comment


@pytest.mark.parametrize(
    ("query", "twice"),
    [
        ("event.code:(4624 or 5001)", "windows/security and windows"),
        ("event.code:(4624 or 7045)", ""),  # two logs
        ("event.code:5001", ""),
    ],
)
@pytest.mark.parametrize("least", [1, 5])
def test_events_of_two_rules_are_counted_twice(query: str, twice: str, least: int) -> None:
    """The specification has events counted; what runs a correlation joins what each rule finds."""
    data = {"index": ["winlogbeat-*"], "threshold": {"field": ["host.name"], "value": least}}
    rule = kqlx.Rule("r", query, type="threshold", format="toml", data=data)
    made = kqlx.convert(rule, "sigma", format="rule", accept=["different"])
    told = [(n.effect, n.message) for n in made.notes if n.code == "counted-twice"]
    assert [effect for effect, _ in told] == ([Effect.WIDER] if twice and least > 1 else [])
    assert all(twice in message for _, message in told)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("category=process_creation product=windows", "product=windows service=security", True),
        ("category=process_creation product=windows", "product=windows service=system", False),
        ("category=process_creation product=windows", "category=file_event product=windows", False),
        (
            "category=process_creation product=windows",
            "category=process_creation product=linux",
            False,
        ),
        ("category=process_creation product=linux", "product=linux service=auditd", True),
        ("product=aws service=cloudtrail", "product=okta service=okta", False),
        ("category=webserver", "product=zeek service=http", True),
        ("product=windows service=sysmon", "product=windows service=sysmon", True),
    ],
)
def test_log_sources_that_may_have_events_in_common(one: str, other: str, overlap: bool) -> None:
    places = [dict(part.split("=") for part in text.split()) for text in (one, other)]
    assert may_overlap(*places) is overlap
    assert may_overlap(*reversed(places)) is overlap
