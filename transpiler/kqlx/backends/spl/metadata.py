"""What Splunk's alerts say of a rule in terms of their own: its title, ATT&CK techniques, risk
score, security domain and kind of asset.
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.mappings.bound import Bound
from kqlx.notes import Note
from kqlx.rules.labels import SCORES, is_technique, label_of
from kqlx.rules.mitre_attack import in_version_19
from kqlx.rules.model import Rule
from kqlx.rules.unconverted_metadata import odd_techniques, other_frameworks, unconverted_keys

_HANDLED = frozenset(
    {
        "author", "building_block_type", "false_positives", "investigation_fields", "license",
        "note", "references", "setup", "timestamp_override",
    }
)  # fmt: skip
"""Keys of a rule that all formats but a bare search have a place for."""

_DOMAINS = (
    (("crowdstrike", "endpoint", "m365_defender", "sentinel_one", "system", "windows"), "endpoint"),
    (("network_traffic", "panw"), "network"),
    (("azure.audit", "azure.identity", "azure.signin", "okta"), "identity"),
    (("google_workspace.login", "google_workspace.saml"), "identity"),
)
_ASSETS = (
    ("aws", "AWS Account"),
    ("azure.activitylogs", "Azure Tenant"),
    ("azure.platformlogs", "Azure AKS Kubernetes cluster"),
    ("azure", "Azure Active Directory"),
    ("gcp", "GCP Account"),
    ("github", "GitHub"),
    ("google_workspace", "GSuite"),
    ("kubernetes", "Kubernetes"),
    ("network_traffic", "Network"),
    ("panw", "Network"),
    ("o365", "O365 Tenant"),
    ("okta", "Okta Tenant"),
    ("windows", "Windows"),
)


def title_of(rule: Rule) -> str:
    """The rule's name on one line; of a bare query the beginning of its text."""
    return label_of(rule, longest_query=80)


def security_domain(bound: Bound) -> str:
    """Enterprise Security's kind of detection, by the data source."""
    source = bound.source or ""
    return next((domain for starts, domain in _DOMAINS if source.startswith(starts)), "threat")


def asset_type(bound: Bound) -> str:
    """contentctl's kind of thing that is attacked, by the data source."""
    return next((a for start, a in _ASSETS if (bound.source or "").startswith(start)), "Endpoint")


def techniques(rule: Rule) -> tuple[str, ...]:
    """The ids of ATT&CK 19; what is no id of a technique is left out."""
    found = in_version_19(rule.tactics).techniques
    return tuple(filter(is_technique, found))


def risk_score(rule: Rule) -> int:
    """From 1 to 100, as risk objects want it; by the severity where the rule names none."""
    score = rule.risk_score
    if isinstance(score, int | float) and score == score:
        return min(max(round(min(max(score, 1), 100)), 1), 100)
    return SCORES.get(rule.severity, 47)


def unconverted(rule: Rule, format: str, handled: frozenset[str]) -> Iterator[Note]:
    """Notes on what the format has no place for; ``handled`` are keys of a rule that it has one for
    beside those that all have.
    """
    more = [f"the tactic {t.name}, without a technique" for t in rule.tactics if not t.techniques]
    also = [*more, *other_frameworks(rule), *odd_techniques(rule)]
    yield from unconverted_keys(rule, format, _HANDLED | handled, also)
