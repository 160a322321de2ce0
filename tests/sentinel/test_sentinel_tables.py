"""Which tables of Sentinel a query reads: several that hold the events between them, each event
once, and none that a workspace must have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.backends.sentinel.data_connectors import Connector, data_connectors
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.multiple_sources import bind_each
from kqlx.mappings.reader.builtin import builtin, sources
from kqlx.notes import Effect
from kqlx.rules.model import Rule
from tests.conftest import ROOT
from tests.oracles.kusto import analyse
from tests.oracles.pack_events import EventFile, Stored, judged
from tests.oracles.sentinel_rows import known_tables, results

Row = tuple[int, str, Mapping[str, Any]]
"""The number of an event, its table, and its row there."""


def found(query: str, tables: list[str], rows: list[Row]) -> set[int]:
    from tests.oracles.sentinel import ROW

    return {row[ROW] for row in results(f"{query}\n| project {ROW}", tables, rows)}


def rule_of(query: str, index: list[str]) -> Rule:
    return Rule(name="a rule", query=query, data={"index": index}, format="toml")


# Kubernetes


CREATED = {
    "verb": "create",
    "objectRef": {"resource": "clusterroles"},
    "requestObject": {"rules": [{"verbs": ["get"]}, {"verbs": ["*"]}]},
}
ALL_VERBS = 'kubernetes.audit.verb:create and kubernetes.audit.requestObject.rules.verbs:"*"'


def test_clusters_are_read_in_either_table() -> None:
    made = kqlx.convert(ALL_VERBS, "sentinel")
    query = str(made.query)
    assert query.startswith("union isfuzzy=true\n    (AKSAudit\n")
    assert '(AzureDiagnostics\n    | where Category == "kube-audit"\n' in query
    read = {"ObjectRef": CREATED["objectRef"], "RequestObject": CREATED["requestObject"]}
    other = {"requestObject": {"rules": [{"verbs": ["get"]}]}}
    rows: list[Row] = [
        (1, "AKSAudit", {"Verb": "create", **read}),
        (2, "AKSAudit", {"Verb": "create", "RequestObject": other["requestObject"]}),
        (3, "AzureDiagnostics", {"Category": "kube-audit", "log_s": json.dumps(CREATED)}),
        (4, "AzureDiagnostics", {"Category": "kube-apiserver", "log_s": json.dumps(CREATED)}),
        (5, "AzureDiagnostics", {"Category": "kube-audit", "log_s": json.dumps(other)}),
        (6, "AzureDiagnostics", {"Category": "kube-audit", "log_s": "no JSON"}),
    ]
    assert found(query, ["AKSAudit", "AzureDiagnostics"], rows) == {1, 3}


@pytest.mark.parametrize(
    ("category", "table"),
    [("kube-audit", "AKSAudit"), ("kube-audit-admin", "AKSAuditAdmin")],
)
def test_platform_logs_of_clusters_are_read_in_either_table(category: str, table: str) -> None:
    log = "azure.platformlogs.properties.log"
    query = f"azure.platformlogs.category:{category} and {log}.verb:create"
    query += f' and {log}.requestObject.rules.verbs:"*" and not {log}.user.username:system*'
    text = str(kqlx.convert(query, "sentinel").query)
    user = {"username": "eve"}
    event = {**CREATED, "user": user}
    rows: list[Row] = [
        (1, table, {"Verb": "create", "RequestObject": CREATED["requestObject"], "User": user}),
        (2, "AzureDiagnostics", {"Category": category, "log_s": json.dumps(event)}),
        (3, "AzureDiagnostics", {"Category": "guard", "log_s": json.dumps(event)}),
    ]
    assert found(text, [table, "AzureDiagnostics"], rows) == {1, 2}


def test_the_connector_of_clusters_is_named_for_what_it_fills() -> None:
    bounds = bind_each(
        AskedQuery(kqlx.parse(ALL_VERBS)), (builtin("kubernetes.audit_logs"),), "sentinel", "error"
    )
    filled = ("AKSAudit", "AzureDiagnostics")
    assert data_connectors(bounds) == (Connector("AzureKubernetes", filled),)


def test_a_table_of_the_users_own_stands_for_all() -> None:
    made = kqlx.convert("kubernetes.audit.verb:create", "sentinel", table="Clusters")
    assert made.query == 'Clusters\n| where Verb == "create"'


# GitHub


def test_git_events_are_in_the_tables_of_the_present_connector() -> None:
    query = "event.dataset:github.audit and event.action:git.clone and github.repo:a/*"
    made = kqlx.convert(query, "sentinel")
    assert str(made.query).splitlines()[0] == (
        "union isfuzzy=true GitHubAuditLogsV3_CL, GitHubAuditLogsV2_CL"
    )
    rows: list[Row] = [
        (1, "GitHubAuditLogsV3_CL", {"Action": "git.clone", "Repo": "a/b"}),
        (2, "GitHubAuditLogsV2_CL", {"Action": "git.clone", "Repo": "a/b"}),
        (3, "GitHubAuditLogsV2_CL", {"Action": "git.push", "Repo": "a/b"}),
    ]
    tables = ["GitHubAuditLogsV2_CL", "GitHubAuditLogsV3_CL"]
    assert found(str(made.query), tables, rows) == {1, 2}


def test_other_events_of_github_are_in_the_old_table_too() -> None:
    query = "event.dataset:github.audit and event.action:repo.destroy and user.name:eve"
    text = str(kqlx.convert(query, "sentinel").query)
    rows: list[Row] = [
        (1, "GitHubAuditLogsV3_CL", {"Action": "repo.destroy", "Actor": "eve"}),
        (2, "GitHubAuditLogPolling_CL", {"action_s": "repo.destroy", "actor_s": "eve"}),
        (3, "GitHubAuditLogPolling_CL", {"action_s": "repo.destroy", "actor_s": "bob"}),
    ]
    tables = ["GitHubAuditLogPolling_CL", "GitHubAuditLogsV2_CL", "GitHubAuditLogsV3_CL"]
    assert found(text, tables, rows) == {1, 2}


# Network


FIREWALLS = ["logs-network_traffic.flow-*", "logs-panw.panos-*"]


def test_sessions_of_a_firewall_are_found_once() -> None:
    """The parser for CommonSecurityLog is one of those that _Im_NetworkSession joins."""
    of = rule_of("destination.port:3389 and source.ip:*", index=FIREWALLS)
    made = kqlx.convert(of, "sentinel", accept=["different"])
    rows: list[Row] = [
        (1, "_Im_NetworkSession", session(EventVendor="Palo Alto")),
        (2, "_Im_NetworkSession", session(EventVendor="Fortinet")),
        (3, "CommonSecurityLog", record(Activity="TRAFFIC")),
        (4, "CommonSecurityLog", record(Activity="THREAT")),
    ]
    assert found(str(made.query), ["_Im_NetworkSession", "CommonSecurityLog"], rows) == {2, 3, 4}
    assert "read-once" in [note.code for note in made.notes]


def test_sessions_of_other_firewalls_stay() -> None:
    """A firewall whose sessions are read needs no records of its own."""
    index = ["logs-network_traffic.flow-*", "logs-fortinet_fortigate.log-*"]
    of = rule_of("destination.port:3389 and source.ip:*", index=index)
    made = kqlx.convert(of, "sentinel")
    fortinet = {"DeviceVendor": "Fortinet", "DeviceProduct": "FortiGate-100F"}
    rows: list[Row] = [
        (1, "_Im_NetworkSession", session(EventVendor="Palo Alto")),
        (2, "_Im_NetworkSession", session(EventVendor="Fortinet")),
        (3, "CommonSecurityLog", record(Activity="TRAFFIC")),
        (4, "CommonSecurityLog", record(**fortinet)),
    ]
    assert found(str(made.query), ["_Im_NetworkSession", "CommonSecurityLog"], rows) == {1, 2}


def session(**more: Any) -> dict[str, Any]:
    return {"SrcIpAddr": "192.0.2.7", "DstPortNumber": 3389, **more}


def record(**more: Any) -> dict[str, Any]:
    return {
        "DeviceVendor": "Palo Alto Networks",
        "SourceIP": "192.0.2.7",
        "DestinationPort": 3389,
        **more,
    }


def test_alone_the_sessions_have_those_of_firewalls() -> None:
    of = rule_of("destination.port:3389", index=FIREWALLS[:1])
    query = str(kqlx.convert(of, "sentinel", accept=["different"]).query)
    called = "_Im_NetworkSession(dstportnumber = 3389)"
    assert query == f"{called}\n| where DstPortNumber == 3389"


HERE, THERE = "10.1.1.1", "198.51.100.7"


def connection(
    number: int, action: str, source: tuple[str, int], destination: tuple[str, int]
) -> Stored:
    """A connection as Elastic Defend and Microsoft Defender see it from the machine ``HERE``."""
    inbound = action == "InboundConnectionAccepted"
    (local, remote) = (destination, source) if inbound else (source, destination)
    elastic = {
        "event": {
            "category": ["network"],
            "type": ["start"],
            "action": "connection_accepted" if inbound else "connection_attempted",
            "dataset": "endpoint.events.network",
        },
        "network": {"direction": "ingress" if inbound else "egress"},
        "source": {"ip": source[0], "port": source[1]},
        "destination": {"ip": destination[0], "port": destination[1]},
    }
    row = {
        "ActionType": action,
        "LocalIP": local[0],
        "LocalPort": local[1],
        "RemoteIP": remote[0],
        "RemotePort": remote[1],
    }
    return Stored(number, elastic, None, (("DeviceNetworkEvents", row),), None)


CONNECTIONS = (
    connection(1, "InboundConnectionAccepted", (THERE, 50_000), (HERE, 3389)),
    connection(2, "InboundConnectionAccepted", (THERE, 3389), (HERE, 443)),
    connection(3, "ConnectionSuccess", (HERE, 50_001), (THERE, 3389)),
    connection(4, "ConnectionAttempt", (HERE, 3389), (THERE, 443)),
)
NETWORK = "event.dataset:endpoint.events.network"
DIRECTIONS = (
    f"{NETWORK} and destination.port:3389 and not source.ip:10.0.0.0/8",
    f"{NETWORK} and destination.port:(3389 or 443) and source.ip:{THERE}",
    f"{NETWORK} and source.port:3389",
    f"{NETWORK} and not destination.port:3389",
    f"{NETWORK} and network.direction:ingress and destination.port:3389",
    f"{NETWORK} and network.direction:egress and destination.port:(3389 or 443)",
    f"{NETWORK} and event.action:connection_accepted and source.ip:198.51.100.0/24",
    f"{NETWORK} and event.action:connection_attempted and destination.ip:198.51.100.0/24",
    f"{NETWORK} and not source.ip:({HERE} or 192.0.2.1)",
)


def test_connections_are_turned_round_by_their_direction() -> None:
    file = EventFile("endpoint.events", DIRECTIONS, CONNECTIONS)
    pack = builtin("endpoint.events")
    outcome = judged(file, pack, "sentinel")
    assert not outcome.reports, "\n".join(outcome.reports)
    assert not outcome.refused
    assert outcome.hits >= len(DIRECTIONS)
    for query in DIRECTIONS:
        made = kqlx.convert(query, "sentinel")
        assert not [note for note in made.notes if note.effect >= Effect.WIDER], query


def test_a_service_is_at_the_port_of_the_machine_itself() -> None:
    query = f"{NETWORK} and event.action:connection_accepted and destination.port:3389"
    assert str(kqlx.convert(query, "sentinel").query).splitlines()[1:] == [
        '| where ActionType == "InboundConnectionAccepted"',
        "| where LocalPort == 3389",
    ]


# All tables


def test_unions_pass_over_tables_that_are_missing() -> None:
    """A rule with a table that the workspace lacks could not be created."""
    for source in sources():
        for destination in builtin(source).targets.get("sentinel", ()):
            table = destination.place["table"]
            if isinstance(table, list):
                from kqlx.backends.sentinel.multiple_sources import TableQuery, tables

                assert TableQuery(tables(table)).text().startswith("union isfuzzy=true ")


NOT_BY_A_CONNECTOR = {
    "AADGraphActivityLogs": "what diagnostic settings of Entra ID send there",
    "_Im_AlertEvent": "a parser over what is connected",
    "_Im_AuditEvent": "a parser over what is connected",
    "_Im_Authentication": "a parser over what is connected",
    "_Im_Dns": "a parser over what is connected",
    "_Im_FileEvent": "a parser over what is connected",
    "_Im_NetworkSession": "a parser over what is connected",
    "_Im_RegistryEvent": "a parser over what is connected",
    "_Im_WebSession": "a parser over what is connected",
    "AzureDiagnostics": "what diagnostic settings send there",
    "Event": "what data collection rules send there",
    "ZoomLogs": "a function over a table of the user's",
}


def test_every_table_has_its_connectors() -> None:
    lacking = set()
    for source in sources():
        for destination in builtin(source).targets.get("sentinel", ()):
            place = destination.place
            table = place["table"]
            for one in table if isinstance(table, list) else [table]:
                bound = kqlx_bound({"table": one})
                if not (place.get("connectors") or data_connectors([bound])):
                    lacking.add(one)
    assert lacking <= NOT_BY_A_CONNECTOR.keys()


def test_texts_for_no_value_are_of_columns_with_texts() -> None:
    """Kusto refuses a number that is compared with a text."""
    known, wrong = known_tables(), set()
    for source in sources():
        for place in builtin(source).targets.get("sentinel", ()):
            table = place.place["table"]
            for one in table if isinstance(table, list) else [table]:
                for column in {spec.column for spec in place.fields.values() if spec.column}:
                    kind = known.get(one, {}).get(column, "")
                    if kind in ("int", "long", "real", "bool", "datetime"):
                        wrong |= {(source, one, column)} if place.absent_in(column) else set()
    assert not wrong


def kqlx_bound(place: Mapping[str, object]) -> Any:
    from kqlx.mappings.bound import Bound
    from kqlx.nodes import Always

    return Bound(Always(), place=place)


def test_a_count_by_a_column_named_as_the_first_time_keeps_both() -> None:
    counted = {"field": ["event.start"], "value": 2}
    query = "event.dataset:gcp.vpcflow and source.port:22"
    rule = kqlx.Rule(name="Many", query=query, type="threshold", data={"threshold": counted})
    text = str(kqlx.convert(rule, "sentinel").query)
    assert "FirstTime = min(TimeGenerated)" in text
    assert "by StartTime" in text


@pytest.mark.parametrize(
    ("table", "ids"),
    [
        ("AWSCloudTrail", {"AWS", "AwsS3"}),
        ("CommonSecurityLog", {"CEF", "CefAma"}),
        ("Syslog", {"Syslog", "SyslogAma"}),
        ("MicrosoftGraphActivityLogs", {"AzureActiveDirectory"}),
        ("GitHubAuditLogsV3_CL", {"GitHubAuditDefinitionV2"}),
    ],
)
def test_newer_connectors_stand_beside_the_old(table: str, ids: set[str]) -> None:
    named = data_connectors([kqlx_bound({"table": table})])
    assert {connector.id for connector in named} == ids


def test_the_analyser_takes_unions_of_several_kinds() -> None:
    rules = [
        rule_of(ALL_VERBS, index=["logs-kubernetes.audit_logs-*"]),
        rule_of("event.action:repo.destroy", index=["logs-github.audit-*"]),
        rule_of("destination.port:3389", index=FIREWALLS),
        rule_of(DIRECTIONS[0], index=["logs-endpoint.events.network-*"]),
    ]
    queries = [str(kqlx.convert(of, "sentinel", accept=["different"]).query) for of in rules]
    assert [complaints for complaints in analyse(queries) if complaints] == []


# What is not known is no "never"


@pytest.mark.parametrize("target", ["sentinel", "spl", "sigma"])
@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("event.category:api and host.os.type:windows", "endpoint.events"),
        ("event.category:driver and event.action:load", "m365_defender.event"),
        ('winlog.channel:"Microsoft-Windows-QuickAssist/Operational"', "windows.forwarded"),
    ],
)
def test_what_is_not_mapped_is_not_said_to_be_nowhere(target: str, query: str, source: str) -> None:
    with pytest.raises(kqlx.MappingError, match="no mapping for these events") as error:
        kqlx.convert(query, target, source=source)
    assert "never" not in error.value.message
    assert any(note.effect is Effect.UNMAPPED for note in error.value.notes)


def test_what_the_pack_knows_is_said_to_be_never() -> None:
    with pytest.raises(kqlx.MappingError, match="never matches"):
        kqlx.convert("event.dataset:other", "sentinel", source="windows.forwarded")


# Tables with the same columns, of which a workspace may have some


def read_together() -> list[tuple[str, tuple[str, ...]]]:
    """(query, tables) for each field of a destination that reads several tables by name."""
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    for source in sources():
        for place in builtin(source).targets.get("sentinel", ()):
            tables = place.place.get("table")
            if not isinstance(tables, list):
                continue
            for field in place.fields:
                if field.endswith(".*") or "*" in field:
                    continue
                for query in (f"{field}:*", f"not {field}:*"):
                    said = f"event.dataset:{source} and {query}"
                    try:
                        made = kqlx.convert(said, "sentinel", accept=["narrower", "different"])
                    except kqlx.KqlxError:
                        continue
                    head = str(made.query).partition("\n")[0]
                    if head == f"union isfuzzy=true {', '.join(tables)}":
                        found[str(made.query), tuple(tables)] = None
    return list(found)


def test_a_rule_can_be_created_where_a_workspace_has_one_of_the_tables() -> None:
    """A column that the tables have in two types has two names in their union, and its own where
    one table alone is there.
    """
    known = known_tables()
    own: dict[str, dict[str, dict[str, str]]] = {}
    for query, tables in read_together():
        steps = query.partition("\n")[2]
        named = set(re.findall(r"\b[A-Z]\w+\b", steps))
        for table in tables:
            others = {name for t in tables for name in known[t]} - known[table].keys()
            if not others & named:  # else no event there has the field
                own[f"{table}\n{steps}"] = {table: known[table]}
    assert len(own) > 300
    complaints = zip(own, analyse(list(own), own=own), strict=True)
    faults = [(query, said) for query, said in complaints if said]
    assert not faults, faults[:3]


@pytest.mark.parametrize(
    ("test", "rows"),
    [
        ("azure.signinlogs.properties.device_detail.browser:Chrome*", {1, 2}),
        ("not azure.signinlogs.properties.device_detail.browser:*", {3, 4}),
        ("azure.signinlogs.properties.applied_conditional_access_policies.result:notApplied", {2}),
    ],
)
def test_details_of_sign_ins_are_found_in_either_type(test: str, rows: set[int]) -> None:
    policy = [{"id": "1", "result": "notApplied"}]
    held: list[Row] = [
        (1, "SigninLogs", {"DeviceDetail": {"browser": "Chrome 1"}}),
        (
            2,
            "AADNonInteractiveUserSignInLogs",
            {
                "DeviceDetail": json.dumps({"browser": "Chrome 2"}),
                "ConditionalAccessPolicies": json.dumps(policy),
            },
        ),
        (3, "SigninLogs", {}),
        (4, "AADNonInteractiveUserSignInLogs", {"DeviceDetail": "{}"}),
    ]
    query = f"event.dataset:azure.signinlogs and {test} and"
    made = kqlx.convert(f"{query} azure.signinlogs.properties.user_type:Member", "sentinel")
    tables = ["SigninLogs", "AADNonInteractiveUserSignInLogs"]
    users: list[Row] = [
        (number, table, {**row, "UserType": "Member"}) for number, table, row in held
    ]
    assert found(str(made.query), tables, users) == rows


# Microsoft 365


@pytest.mark.parametrize(
    ("test", "table"),
    [
        ('event.action:"Disable account."', "CloudAppEvents"),
        ('event.action:"Add owner to service principal."', "CloudAppEvents"),
        (
            'event.action:"Update application – Certificates and secrets management "',
            "CloudAppEvents",
        ),
        ("event.action:deleted-user-account", "CloudAppEvents"),
        ("event.category:iam and event.type:user", "CloudAppEvents"),
        ("event.action:New-InboxRule", "OfficeActivity"),
        ("event.category:file", "OfficeActivity"),
        ('event.provider:Exchange and not event.action:"Disable account."', "OfficeActivity"),
    ],
)
def test_records_of_entra_id_are_looked_for_where_they_are(test: str, table: str) -> None:
    """The Office 365 connector, which fills OfficeActivity, does not bring them."""
    made = kqlx.convert(f"event.dataset:o365.audit and {test}", "sentinel")
    assert str(made.query).partition("\n")[0] == table
    assert any(note.code == "table-coverage" for note in made.notes)


def test_what_is_taken_out_for_several_tests_is_taken_out_once() -> None:
    query = "event.module:endpoint and event.category:network and event.type:start and "
    domains = "(*.example.org or *.example.net)"
    several = str(kqlx.convert(f"{query}destination.domain:{domains}", "sentinel").query)
    assert several.count("extract(") == 1
    assert "| extend RemoteUrlHost = extract(" in several
    one = str(kqlx.convert(f"{query}not destination.domain:example.org", "sentinel").query)
    assert "extend" not in one
    assert analyse([several, one]) == [[], []]


def test_signers_by_a_function_as_the_page_says(tmp_path: Path) -> None:
    page = (ROOT / "docs/targets/sentinel.md").read_text("utf-8")
    function, mapping = (
        page.partition("## Signers")[2].partition(f"```{kind}\n")[2].partition("```")[0]
        for kind in ("kusto", "yaml")
    )
    (tmp_path / "signers.yml").write_text(mapping, "utf-8")
    query = (
        "event.category:process and event.type:start and process.code_signature.trusted:true"
        ' and process.code_signature.subject_name:"Acme Ltd"'
    )
    with pytest.raises(kqlx.MappingError, match="DeviceFileCertificateInfo"):
        kqlx.convert(query, "sentinel", source="endpoint.events")
    found = kqlx.convert(
        query, "sentinel", source="endpoint.events", mappings=tmp_path / "signers.yml"
    )
    joined = str(found.query).replace("DeviceProcessEvents", function.strip(), 1)
    assert '| where Signer == "Acme Ltd"' in joined
    assert analyse([joined]) == [[]]
