"""Kinds of cloud records that a destination holds, or never does: converted for the former,
refused for the latter.
"""

from __future__ import annotations

import pytest

import kqlx
from kqlx.notes import Effect

REFUSED = [
    # No alert is called after a cmdlet or an operation of eDiscovery.
    "event.dataset:o365.audit and event.provider:SecurityComplianceCenter and event.action:"
    "(New-ComplianceSearch or SearchExported)",
    "event.dataset:o365.audit and event.provider:SecurityComplianceCenter and event.action:Set-*",
]
IN_CLOUD_APPS = [
    "event.provider:MicrosoftFlow and event.action:CreateFlow",
    "event.provider:(SkypeForBusiness or MicrosoftTeams) and event.action:Set-CsTenantFederation*",
    "event.provider:Copilot and o365.audit.CopilotEventData.AppHost:Word",
]
AUDIT = "azure.platformlogs.properties.log"
AKS = [
    f"event.dataset:azure.platformlogs and {AUDIT}.verb:create",
    f"{AUDIT}.objectRef.resource:pods and not {AUDIT}.verb:get",
    f"{AUDIT}.user.username:eve or {AUDIT}.requestURI:*secrets*",
]


@pytest.mark.parametrize("query", REFUSED)
def test_alerts_are_called_after_no_operation(query: str) -> None:
    with pytest.raises(kqlx.KqlxError, match="SecurityAlert never holds"):
        kqlx.convert(query, "sentinel")
    kqlx.convert(query, "spl")


def test_alerts_are_found_by_their_names() -> None:
    query = (
        "event.dataset:o365.audit and event.provider:SecurityComplianceCenter and "
        'event.action:"Potential ransomware activity"'
    )
    assert "SecurityAlert" in str(kqlx.convert(query, "sentinel").query)


@pytest.mark.parametrize("query", IN_CLOUD_APPS)
def test_records_that_the_connector_of_office_does_not_collect(query: str) -> None:
    found = str(kqlx.convert(f"event.dataset:o365.audit and {query}", "sentinel").query)
    assert found.startswith("CloudAppEvents")


@pytest.mark.parametrize("query", AKS)
def test_audit_events_of_aks_without_their_category(query: str) -> None:
    found = str(kqlx.convert(query, "sentinel").query)
    assert "AKSAudit, AKSAuditAdmin" in found and "AzureDiagnostics" in found
    assert "service: audit" in str(kqlx.convert(query, "sigma").query)


def test_other_resource_logs_are_not_lost() -> None:
    """The log of a pod's container may be in ``properties.log`` too."""
    query = f"event.dataset:azure.platformlogs and ({AUDIT}.verb:create or event.action:SecretGet)"
    with pytest.raises(kqlx.KqlxError, match="no counterpart in AzureDiagnostics"):
        kqlx.convert(query, "sentinel")


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_categories_of_github(target: str) -> None:
    query = "event.dataset:github.audit and github.category:oauth_application"
    assert "oauth_application." in str(kqlx.convert(query, target).query)


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_sign_ins_of_okta(target: str) -> None:
    """Every event type that some release counts as authentication; below a not none is left out."""
    found = kqlx.convert("event.dataset:okta.system and event.category:authentication", target)
    text = str(found.query)
    for name in ("user.session.start", "authentication", "policy.evaluate_sign_on"):
        assert name in text
    assert any(note.effect is Effect.WIDER for note in found.notes)
    excepted = "event.dataset:okta.system and event.outcome:failure and not event.category:iam"
    assert "user.lifecycle" not in str(kqlx.convert(excepted, target).query)
