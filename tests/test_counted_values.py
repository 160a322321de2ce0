"""Splunk: what a rule counts by is found in the events as they are, lists, pairs and all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

import kqlx
from spl.evaluator import evaluate
from spl.events import splunk_event
from splunk import without_times

AUDIT = "google:gcp:pubsub:audit:admin_activity"
BINDINGS = {"bindings": [{"role": "roles/viewer"}, {"role": "roles/owner"}]}
RECORD = {
    "protoPayload": {
        "methodName": "SetIamPolicy",
        "authenticationInfo": {"principalEmail": "a@example.com"},
        "request": {"policy": BINDINGS, "sourceRanges": ["0.0.0.0/0", "10.0.0.0/8"]},
    }
}
LOG_ON = {
    "Operation": "UserLoggedIn",
    "UserId": "a@example.com",
    "ExtendedProperties": [
        {"Name": "RequestType", "Value": "OAuth2:Token"},
        {"Name": "UserAgent", "Value": "curl/8"},
    ],
}
CALLS = [
    {"eventName": "GetObject", "sourceIPAddress": "192.0.2.1"},
    {"eventName": "GetObject", "sourceIPAddress": "lambda.amazonaws.com"},
]


def counted(
    query: str, field: str, events: Sequence[Mapping[str, Any]], sourcetype: str
) -> set[str]:
    """The values that a rule which counts by the field tells of."""
    rule = kqlx.Rule("r", query, type="threshold", data={"threshold": {"field": field, "value": 1}})
    made = kqlx.convert(rule, "spl", accept=["narrower", "different"])
    pipeline, _ = without_times(str(made.query))
    rows = [
        {**splunk_event(event), "_time": "1", "_indextime": "1", "sourcetype": sourcetype}
        for event in events
    ]
    (by,) = re.findall(r"\bby (\S+)$", str(made.query), re.MULTILINE)
    return {str(row[by]) for row in evaluate(pipeline, rows, now=2)}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("gcp.audit.request.policy.bindings.role", {"roles/viewer", "roles/owner"}),
        ("gcp.audit.request.sourceRanges", {"0.0.0.0/0", "10.0.0.0/8"}),
        ("client.user.email", {"a@example.com"}),
    ],
)
@pytest.mark.parametrize("record", [RECORD, {"data": RECORD}])
def test_lists_below_either_name(field: str, values: set[str], record: Any) -> None:
    query = "event.dataset:gcp.audit and event.action:SetIamPolicy"
    assert counted(query, field, [record], AUDIT) == values


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_agent.original", "curl/8"),
        ("o365.audit.ExtendedProperties.RequestType", "OAuth2:Token"),
    ],
)
def test_a_pair_beside_a_column(field: str, value: str) -> None:
    query = "event.dataset:o365.audit and event.action:UserLoggedIn"
    assert counted(query, field, [LOG_ON], "o365:management:activity") == {value}


def test_what_is_no_address_is_not_counted_as_one() -> None:
    """AWS writes the name of a service where it calls by itself, which Elastic keeps apart."""
    query = "event.dataset:aws.cloudtrail and event.action:GetObject"
    assert counted(query, "source.ip", CALLS, "aws:cloudtrail") == {"192.0.2.1"}


def test_one_place_of_a_list_is_counted_with_the_others_and_told() -> None:
    field = "azure.auditlogs.properties.target_resources.0.display_name"
    threshold = {"threshold": {"field": field, "value": 3}}
    rule = kqlx.Rule("r", "event.dataset:azure.auditlogs", type="threshold", data=threshold)
    assert "any-place" in [note.code for note in kqlx.convert(rule, "spl").notes]


LEVELS = [{"level": "Warning"}, {"Level": 3}, {"level": "Error"}, {"Level": "2"}, {"level": "Odd"}]
THREATS = [{"threat": "(9999)"}, {"threat": "Example Worm(1234)"}]
NAMED = [
    (
        "azure.activitylogs",
        "log.level",
        LEVELS,
        "azure:monitor:activity",
        {"Warning", "Error", "Odd"},
    ),
    (
        "panw.panos",
        "panw.panos.threat.name",
        THREATS,
        "pan:threat",
        {"URL-filtering", "Example Worm"},
    ),
]


@pytest.mark.parametrize(("source", "field", "events", "sourcetype", "values"), NAMED)
def test_values_that_other_columns_or_spellings_tell_are_counted_by_their_names(
    source: str, field: str, events: Sequence[Mapping[str, Any]], sourcetype: str, values: set[str]
) -> None:
    query = f"event.dataset:{source} and {field}:*"
    assert counted(query, field, events, sourcetype) == values


def test_sentinel_counts_values_by_their_names_too() -> None:
    query = "event.dataset:azure.activitylogs and log.level:*"
    data = {"threshold": {"field": "log.level", "value": 1}}
    made = kqlx.convert(kqlx.Rule("r", query, type="threshold", data=data), "sentinel")
    text = 'iff(Level in ("Information", "Informational"), "Information", Level)'
    assert f"| extend log_level = {text}" in str(made.query)
