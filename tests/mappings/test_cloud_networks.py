"""Flow logs, firewalls and DNS of clouds: what their logs have as texts, and who ships them."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.notes import Effect


def converted(query: str, to: str, index: list[str] | None = None) -> kqlx.Conversion:
    rule = kqlx.Rule(name="Cloud", query=query, type="query", data={"index": index or []})
    return kqlx.convert(rule, to)


@pytest.mark.parametrize(
    "source", ["gcp.vpcflow", "gcp.firewall", "gcp.audit", "aws.vpcflow", "aws.s3access"]
)
def test_filebeat_beside_the_data_stream_is_its_module(source: str) -> None:
    index = [f"logs-{source}-*", "filebeat-*"]
    found = converted("cloud.provider:* and @timestamp:*", "sentinel", index)
    assert found.source == source
    assert all(note.effect is not Effect.NARROWER for note in found.notes)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("event.dataset:gcp.vpcflow and destination.port:22", '| where DestPort == "22"'),
        ("event.dataset:gcp.vpcflow and destination.port < 1024", "tolong(DestPort) < 1024"),
        ("event.dataset:gcp.vpcflow and network.transport:udp", '| where Protocol == "17"'),
        ("event.dataset:gcp.vpcflow and network.direction:inbound", "isempty(SrcInstanceVmName)"),
        ("event.dataset:gcp.dns and dns.question.name:a.example", '("a.example.", "a.example")'),
        ("event.dataset:aws.s3access and http.response.status_code < 400", "HttpStatus < 400"),
        ("event.dataset:aws.vpcflow and destination.port < 1024", "| where DstPort < 1024"),
    ],
)
def test_numbers_and_names_are_asked_as_the_table_has_them(query: str, expected: str) -> None:
    text = str(converted(query, "sentinel").query)
    assert expected in text
    assert '!= "-"' not in text


def test_what_a_log_never_has_is_no_event() -> None:
    with pytest.raises(kqlx.MappingError, match="never"):
        converted("event.dataset:gcp.vpcflow and event.outcome:failure", "spl")


def test_the_direction_that_elastic_tells_otherwise_is_left_out_of_an_exception() -> None:
    found = converted(
        "event.dataset:gcp.firewall and destination.port:22 and not network.direction:inbound",
        "sentinel",
    )
    assert "Direction" not in str(found.query)
    assert found.fidelity is Effect.WIDER


@pytest.mark.parametrize(
    ("index", "query", "table"),
    [
        ("logs-gcp*", "client.user.email:x@example.com", "GCPAuditLogs"),
        ("logs-gcp*", "service.name:k8s.io and not source.ip:10.0.0.0/8", "GCPAuditLogs"),
        ("logs-aws*", "event.provider:iam.amazonaws.com", "AWSCloudTrail"),
    ],
)
def test_rules_on_all_logs_of_a_cloud_that_ask_who_it_was_are_about_its_audit_log(
    index: str, query: str, table: str
) -> None:
    """The logs of its networks never say it, so that leaving them out loses nothing."""
    assert str(converted(query, "sentinel", [index]).query).startswith(table)
