"""What a rule counts by is found in the events as they are, lists and all, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

import kqlx
from kqlx.notes import Effect
from tests.oracles.kusto import analyse
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import splunk_event
from tests.oracles.splunk import without_times

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
    assert "any-list-position" in [note.code for note in kqlx.convert(rule, "spl").notes]


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


# Values that are none of the field's, or are spelt otherwise


def made(to: str, query: str, format: str = "query", **data: Any) -> kqlx.Conversion:
    kind = "new_terms" if "new_terms_fields" in data else "threshold"
    rule = kqlx.Rule("r", query, type=kind, data=data)
    return kqlx.convert(rule, to, accept=["narrower", "different"], format=format)


def different(to: str, query: str, field: str, by: Sequence[str] = ()) -> kqlx.Conversion:
    """A rule that counts the different values of a field."""
    distinct = [{"field": field, "value": 2}]
    return made(to, query, threshold={"field": [*by], "value": 1, "cardinality": distinct})


def effects(conversion: kqlx.Conversion, code: str) -> set[Effect]:
    return {note.effect for note in conversion.notes if note.code == code}


@pytest.mark.parametrize(
    ("query", "field", "in_splunk", "in_sentinel"),
    [
        (
            "event.dataset:aws.cloudtrail",
            "source.ip",
            'cidrmatch("0.0.0.0/0", sourceIPAddress)',
            'ipv6_compare(SourceIpAddress, "::") >= 0)',
        ),
        (
            "event.dataset:gcp.audit",
            "source.ip",
            "cidrmatch(\"0.0.0.0/0\", 'protoPayload.requestMetadata.callerIp')",
            'ipv6_compare(tostring(RequestMetadata.callerIp), "::") >= 0)',
        ),
        (
            "event.dataset:azure.activitylogs",
            "user.email",
            "@",
            'Caller contains "@")',
        ),
    ],
)
def test_values_that_are_none_of_the_fields_are_not_counted(
    query: str, field: str, in_splunk: str, in_sentinel: str
) -> None:
    """A service's name where addresses are, an id where e-mail addresses are."""
    for to, text in (("spl", in_splunk), ("sentinel", in_sentinel)):
        found = str(different(to, query, field).query)
        assert text in found, found


def test_services_are_no_addresses_beside_those_that_are() -> None:
    """The field that is grouped by keeps its values, though it is the same column."""
    found = str(
        different("spl", "event.dataset:aws.cloudtrail", "source.ip", ["source.address"]).query
    )
    assert "by sourceIPAddress" in found
    assert "eval source_ip=if(" in found


def test_two_fields_that_are_one_column_are_it_once() -> None:
    query, fields = "event.dataset:aws.cloudtrail", ["source.address", "source.ip"]
    threshold = {"field": fields, "value": 2}
    start, time = "now-5d", "gcp.audit.receive_timestamp"
    every = [
        made("sentinel", query, "rule", threshold=threshold),
        made("sentinel", query, "rule", new_terms_fields=fields, history_window_start=start),
        made(
            "sentinel",
            "event.dataset:gcp.audit",
            threshold={"field": [time]},
        ),
    ]
    for conversion in every[:2]:
        assert str(conversion.query).count("by SourceIpAddress\n") == 1
    assert "by gcp_audit_receive_timestamp = TimeGenerated" in str(every[2].query)
    assert [analyse([str(conversion.query)]) for conversion in every] == [[[]]] * 3


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_a_value_by_the_kind_of_event_may_be_fixed(to: str) -> None:
    """Sysmon's queries of names are the protocol dns, and no column says so."""
    query = "event.dataset:windows.sysmon_operational"
    assert '"dns"' in str(different(to, query, "network.protocol").query)


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_values_that_are_spelt_in_several_ways_are_one(to: str) -> None:
    query, field = "event.dataset:azure.activitylogs", "log.level"
    if to == "sentinel":
        field = "azure.activitylogs.result_type"
    found = str(made(to, query, threshold={"field": [field], "value": 2}).query)
    assert ('"Warning"' if to == "spl" else '"Success"') in found
    assert "case(" in found


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_the_provider_of_a_resource_has_its_type(to: str) -> None:
    found = str(different(to, "event.dataset:azure.activitylogs", "azure.resource.provider").query)
    assert "roviders/([^/]+/[^/]+)" in found.replace("PROVIDERS", "Providers")


def test_arguments_are_not_counted_by_the_whole_line_unseen() -> None:
    """An event has several: fewer are seen, as well as others."""
    found = different("spl", "event.dataset:windows.sysmon_operational", "process.args")
    assert effects(found, "value-differs") == {Effect.DIFFERENT}


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_spellings_in_several_letter_cases_are_told(to: str) -> None:
    query = "event.dataset:o365.audit and event.action:FileDeleted"
    for field, effect in (("organization.id", {Effect.CASE}), ("user.id", set[Effect]())):
        found = made(to, query, threshold={"field": [field], "value": 2})
        assert effects(found, "case-kept") == effect


SUDO = "sudo[9]:    ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/bin/id"
LINES = [{"_raw": f"Mar 15 10:33:01 web1 {SUDO}", "process": "sudo", "user": "root"}]


def test_who_runs_sudo_is_counted_and_not_as_whom() -> None:
    query = "event.dataset:system.auth and process.name:sudo"
    assert counted(query, "user.name", LINES, "linux_secure") == {"ann"}


REPORT = {
    "event": {
        "name": "ADD_GROUP_MEMBER",
        "parameters": [
            {"name": "USER_EMAIL", "value": "ann@example.com"},
            {"name": "GROUP_EMAIL", "value": "staff@example.org"},
        ],
    }
}


def test_a_part_is_taken_out_of_the_parameter_that_has_it() -> None:
    query = "event.dataset:google_workspace.admin"
    found = counted(query, "group.domain", [REPORT], "gws:reports:admin")
    assert found == {"example.org"}


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_of_several_values_in_one_text_one_is_counted_and_it_is_told(to: str) -> None:
    query = "event.dataset:windows.sysmon_operational and event.code:22"
    found = made(to, query, threshold={"field": ["dns.answers.data"], "value": 2})
    assert Effect.NARROWER in effects(found, "value-differs")
