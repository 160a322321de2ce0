"""Sigma: log sources as SigmaHQ's taxonomy and the pipelines of pySigma know them."""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.notes import Effect
from kqlx.rules.model import Rule
from tests.oracles.sigma_rules import documents

STARTED = "event.category:process and event.type:start and process.name:whoami"


def made(query: str, *tags: str, **data: Any) -> tuple[kqlx.Conversion, list[Any]]:
    rule = Rule(
        name="A Name", query=query, data={"name": "A Name", "tags": [*tags], **data}, id="x"
    )
    found = kqlx.convert(rule, "sigma")
    return found, documents(found.text)


@pytest.mark.parametrize("category", ["process", "file", "network"])
def test_a_category_has_the_product_of_each_system(category: str) -> None:
    """pySigma's pipelines take no process_creation without one."""
    query = f"event.category:{category} and process.name:curl"
    found, rules = made(query, index=["logs-endpoint.events.*"])
    assert [rule["logsource"]["product"] for rule in rules] == ["windows", "linux", "macos"]
    assert len({rule["logsource"]["category"] for rule in rules}) == 1
    assert len({rule["title"] for rule in rules}) == len({rule["id"] for rule in rules}) == 3
    assert len(found.parts) == 3
    paths = [rule["detection"]["selection"]["Image|endswith"] for rule in rules]
    assert paths == ["\\curl", "/curl", "/curl"]


@pytest.mark.parametrize("tag", ["OS: Linux", "Linux"])
def test_a_rule_that_is_tagged_with_its_system_is_about_that_alone(tag: str) -> None:
    found, (rule,) = made(STARTED, "Domain: Endpoint", tag)
    assert rule["logsource"] == {"category": "process_creation", "product": "linux"}
    assert rule["title"] == "A Name"
    told = "the rule is tagged Linux; log sources of Windows and macOS are left out"
    assert any(told in note.message for note in found.notes)


def test_a_system_that_the_query_names_or_excludes_needs_no_tag() -> None:
    found, (rule,) = made(f"{STARTED} and host.os.type:macos", "OS: Linux")
    assert rule["logsource"]["product"] == "macos"
    assert not any("is tagged" in note.message for note in found.notes)
    _, rules = made(f"{STARTED} and not host.os.type:windows")
    assert [rule["logsource"]["product"] for rule in rules] == ["linux", "macos"]


def test_packets_and_palo_altos_sessions_are_one_rule_for_firewalls() -> None:
    query = "destination.port:23 and network.transport:tcp"
    indices = ["logs-panw.panos*", "logs-network_traffic.*"]
    _, rules = made(query, index=indices)
    assert {"category": "firewall"} in [rule["logsource"] for rule in rules]
    assert not [rule for rule in rules if rule["logsource"].get("product") == "paloalto"]


def test_the_audit_log_of_aks_is_that_of_kubernetes() -> None:
    action = "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read"
    log = "azure.platformlogs.properties.log"
    query = (
        f'data_stream.dataset:azure.platformlogs and event.action:"{action}" and'
        f" azure.platformlogs.category:(kube-audit or kube-audit-admin) and {log}.verb:delete"
        f" and not {log}.user.username:aksService"
    )
    found, (rule,) = made(query)
    assert rule["logsource"] == {"product": "kubernetes", "service": "audit"}
    assert rule["detection"] == {
        "selection": {"verb": "delete"},
        "filter_main_username": {"user.username": "aksService"},
        "condition": "selection and not filter_main_username",
    }
    assert [n.message for n in found.notes if n.effect is kqlx.notes.Effect.WIDER] == [
        "the log source is the audit log of any Kubernetes cluster, not of AKS alone"
    ]
    _, (admin,) = made(query.replace("kube-audit or ", ""))
    assert admin["detection"]["filter_main_verb"] == {"verb": ["get", "list"]}
    vault = "data_stream.dataset:azure.platformlogs and azure.platformlogs.category:AuditEvent"
    assert made(vault)[1][0]["logsource"] == {"product": "azure", "service": "platformlogs"}


def test_methods_of_google_cloud_are_asked_for_by_both_of_sigmahqs_names() -> None:
    _, (rule,) = made("data_stream.dataset:gcp.audit and event.action:*.delete")
    assert rule["detection"]["selection_any"] == [
        {"gcp.audit.method_name|endswith": ".delete"},
        {"data.protoPayload.methodName|endswith": ".delete"},
    ]


def test_the_user_of_a_script_block_is_the_one_of_the_taxonomy() -> None:
    query = 'event.code:4104 and powershell.file.script_block_text:*x* and not user.id:"S-1-5-18"'
    _, (rule,) = made(query, index=["logs-windows.powershell_operational-*"])
    assert rule["logsource"] == {"category": "ps_script", "product": "windows"}
    assert rule["detection"]["filter_main_securityuserid"] == {"Security_UserID": "S-1-5-18"}


@pytest.mark.parametrize("actions", ['"exec", "fork", "end"', '"fork", "exec", "end"'])
def test_values_that_a_log_source_lacks_are_told_beside_one_that_all_events_have(
    actions: str,
) -> None:
    query = f'process where host.os.type == "linux" and event.action in ({actions})'
    query += ' and process.name : "a"'
    made = kqlx.convert(query, "sigma", language="eql", source="endpoint.events")
    told = [note.message for note in made.notes if note.effect is Effect.COVERAGE]
    for action in ("fork", "end"):
        assert any(f'never holds event.action "{action}"' in message for message in told)
    assert not any('"exec"' in message for message in told)
