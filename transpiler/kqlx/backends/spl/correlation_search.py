"""A correlation search of Enterprise Security: a stanza of ``savedsearches.conf``.

https://docs.splunk.com/Documentation/Splunk/latest/Admin/Savedsearchesconf
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from kqlx.backends.artifact_text import own_id
from kqlx.backends.spl.alert import Alert, alert, drilldowns
from kqlx.backends.spl.conf_file import (
    TOKENS_REPLACED,
    has_tokens,
    origin,
    stanza,
    without_tokens,
)
from kqlx.backends.spl.metadata import unconverted
from kqlx.backends.spl.multiple_sources import Search
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.model import Rule

FORMAT = "savedsearches"

_SEVERITIES = {"low": 2, "medium": 3, "high": 4, "critical": 5}
_HANDLED = frozenset({"max_signals", "tags", "version"})


@dataclass(frozen=True, slots=True)
class CorrelationSearch:
    """What the template prints, in the order of the file.

    ``annotations``, ``metadata``, ``artifacts``, ``drilldowns``, ``next_steps`` and ``risk`` are
    settings that hold JSON. ``next_steps`` is None without an investigation guide,
    ``max_results`` where the rule sets no limit. ``notes`` say what of the rule is not so there.
    """

    origin: str
    stanza: str
    description: str
    alert: Alert
    severity: str
    severity_number: int
    label: str
    annotations: Mapping[str, Any]
    metadata: Mapping[str, Any]
    finding_description: str
    artifacts: Mapping[str, Any]
    drilldowns: Sequence[Mapping[str, str]]
    next_steps: Mapping[str, Any] | None
    max_results: int | None
    risk: Sequence[Mapping[str, Any]]
    notes: tuple[Note, ...]


def correlation_search(rule: Rule, search: Search, bounds: Sequence[Bound]) -> CorrelationSearch:
    """The correlation search of a rule with this search for these data sources; its notes do not
    depend on the search.
    """
    found = alert(rule, search, bounds)
    severity = rule.severity if rule.severity in _SEVERITIES else "medium"
    guide = rule.investigation_guide
    return CorrelationSearch(
        origin=origin(rule),
        stanza=stanza(found.title, found.domain, own_id(rule, "spl")[:8]),
        description=_description(rule, found.title),
        alert=found,
        severity=severity,
        severity_number=_SEVERITIES[severity],
        label=without_tokens(found.title),
        annotations={"mitre_attack": [*found.techniques], "type": found.kind},
        metadata=_metadata(rule),
        finding_description=without_tokens(rule.description),
        artifacts=_artifacts(found),
        drilldowns=[asdict(drilldown) for drilldown in drilldowns(found)],
        next_steps={"version": 1, "data": without_tokens(guide)} if guide else None,
        max_results=rule.max_signals,
        risk=_risk(found),
        notes=(*_notes(rule, found), *found.notes),
    )


def _description(rule: Rule, title: str) -> str:
    """The description with what else a reader of the search wants to know."""
    parts = [rule.description]
    if reasons := rule.texts("false_positives"):
        parts.append("Known false positives: " + " ".join(reasons))
    if references := rule.texts("references"):
        parts.append("References: " + " ".join(references))
    return "\n".join(filter(None, parts)) or title


def _metadata(rule: Rule) -> dict[str, Any]:
    """Where the rule comes from, for programs."""
    found: dict[str, Any] = {
        "deprecated": "1" if rule.is_deprecated else "0",
        "detection_id": own_id(rule, "spl"),
        "detection_version": rule.version,
        "elastic_rule_id": rule.id,
        "author": list(rule.authors),
        "license": rule.license,
        "license_notice": rule.license and "the search and these texts are under that licence",
        "references": list(rule.texts("references")),
        "tags": list(rule.texts("tags")),
        "setup": rule.setup,
        "risk_score": rule.risk_score,
    }
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def _artifacts(found: Alert) -> dict[str, list[str]]:
    """The fields in which an investigation finds its assets and identities."""
    assets = [e.name for e in (*found.risks, *found.threats) if e.type in ("system", "ip_address")]
    return {"asset": assets, "identity": [e.name for e in found.risks if e.kind == "user"]}


def _risk(found: Alert) -> list[dict[str, Any]]:
    risks: list[dict[str, Any]] = [
        {"risk_object_field": e.name, "risk_object_type": e.kind, "risk_score": found.score}
        for e in found.risks
    ]
    threats = [{"threat_object_field": e.name, "threat_object_type": e.type} for e in found.threats]
    return [*risks, *threats]


def _notes(rule: Rule, found: Alert) -> Iterator[Note]:
    if found.title not in stanza(found.title, found.domain, "…"):
        message = "the name of the search is shortened, or lacks characters that it cannot have"
        yield Note("metadata-changed", Effect.SAME, message)
    if any(map(has_tokens, (found.title, rule.description, rule.investigation_guide))):
        yield TOKENS_REPLACED
    yield from unconverted(rule, FORMAT, _HANDLED)
