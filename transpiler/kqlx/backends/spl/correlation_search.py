"""What the templates of Splunk say of a rule: first of all a correlation search of Enterprise
Security; what a detection of contentctl says beside it is in ``spl_escu``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kqlx.backends.artifact_text import own_id
from kqlx.backends.spl.conf_file import (
    conf_json,
    conf_search,
    conf_text,
    is_token,
    stanza,
    without_tokens,
)
from kqlx.backends.spl.contentctl import ESCU, spl_origin
from kqlx.backends.spl.index_time import without_window
from kqlx.backends.spl.metadata import (
    asset_type,
    in_results,
    risk_score,
    security_domain,
    techniques,
    title_of,
    web_addresses,
)
from kqlx.backends.spl.risk_objects import Entity, entities
from kqlx.backends.spl.schedule import Timing, timing
from kqlx.backends.spl.syntax import search_name
from kqlx.backends.spl.throttling import Suppression, suppression
from kqlx.mappings.bound import Bound
from kqlx.rules.model import Rule

_SEVERITIES = {"low": 2, "medium": 3, "high": 4, "critical": 5}


@dataclass(frozen=True, slots=True)
class Alert:
    """What of a rule depends on its search: ``search`` itself with what suppression needs, when it
    runs, and whom its results are about. ``several`` data sources may name these in other fields.
    """

    search: str
    timing: Timing
    suppression: Suppression | None
    risks: tuple[Entity, ...]
    threats: tuple[Entity, ...]
    domain: str
    asset: str
    several: bool = False

    @property
    def kind(self) -> str:
        """The type of a detection: one without risk objects can only be hunted with."""
        return "TTP" if self.risks else "Hunting"


def alert(rule: Rule, query: str, bounds: Sequence[Bound]) -> Alert:
    """The alert of a rule whose search this is."""
    found = {e.name: e for bound in bounds for e in entities(rule, bound)}
    there = [entity for entity in found.values() if in_results(query, entity.name)]
    if not any(entity.is_risk for entity in there):  # whose address it is, is not told
        there = [
            replace(e, kind="system", type="system") if e.type == "ip_address" else e for e in there
        ]
    held = suppression(rule, bounds)
    steps = dict.fromkeys(entity.step for entity in there if entity.step)
    query = "\n".join([query, *steps])
    return Alert(
        f"{query}{_for_suppression(query, held)}",
        timing(rule, query),
        held,
        tuple(entity for entity in there if entity.is_risk),
        tuple(entity for entity in there if not entity.is_risk),
        security_domain(bounds[0]),
        asset_type(bounds[0]),
        len(bounds) > 1,
    )


def _for_suppression(query: str, held: Suppression | None) -> str:
    """What a search needs for its alerts to be held back: contentctl wants each field by which they
    are in the text of the search, where ``fields *`` names it and leaves the results alone.
    """
    if held is None:
        return ""
    if held.step:
        return f"\n{held.step}"
    unnamed = [search_name(field) for field in held.fields if field not in query]
    return f"\n| fields {', '.join(['*', *unnamed])}" if unnamed else ""


def spl_title(rule: Rule) -> str:
    """The name, in which nothing stands for a field's value."""
    return without_tokens(title_of(rule))


def spl_stanza(rule: Rule, found: Alert) -> str:
    return stanza(title_of(rule), found.domain, own_id(rule, "spl")[:8])


def spl_description(rule: Rule) -> str:
    """The description with what else a reader of the search wants to know."""
    parts = [rule.description]
    if reasons := rule.texts("false_positives"):
        parts.append("Known false positives: " + " ".join(reasons))
    if references := rule.texts("references"):
        parts.append("References: " + " ".join(references))
    return "\n".join(filter(None, parts)) or title_of(rule)


def spl_guide(rule: Rule) -> str:
    """The investigation guide."""
    return rule.investigation_guide


def spl_metadata(rule: Rule) -> dict[str, Any]:
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


def spl_annotations(rule: Rule, found: Alert) -> dict[str, Any]:
    return {"mitre_attack": list(techniques(rule)), "type": found.kind}


def spl_message(rule: Rule, found: Alert) -> str:
    """What a risk event says: the name, and whom it is about."""
    named = [f"{e.kind} ${e.name}$" for e in found.risks if is_token(e.name)]
    title = without_tokens(title_of(rule), beside=True)
    return f"{title}{': ' if named else ''}{', '.join(named)}"


def spl_risk(rule: Rule, found: Alert) -> list[dict[str, Any]]:
    score = risk_score(rule)
    risks: list[dict[str, Any]] = [
        {"risk_object_field": e.name, "risk_object_type": e.kind, "risk_score": score}
        for e in found.risks
    ]
    threats = [{"threat_object_field": e.name, "threat_object_type": e.type} for e in found.threats]
    return [*risks, *threats]


def spl_artifacts(found: Alert) -> dict[str, list[str]]:
    """The fields in which an investigation finds its assets and identities."""
    assets = [e.name for e in (*found.risks, *found.threats) if e.type in ("system", "ip_address")]
    return {"asset": assets, "identity": [e.name for e in found.risks if e.kind == "user"]}


def spl_drilldowns(found: Alert, search: str = "") -> list[dict[str, str]]:
    """A search for the results about the same: none where the search itself has dollar signs,
    which would be taken for tokens. Whoever follows it does so later, when nothing is new any more,
    nor has arrived lately: of terms that are new it finds the events of the run, and it goes by the
    time range of the run alone.
    """
    named = [e for e in found.risks if is_token(e.name) and e.kind != "other"]
    text = search or found.search
    events, counts, rest = found.search.partition("\n| stats ")
    if counts and "relative_time(now()" in rest:
        text = without_window(events)
    elif "_index_earliest=" in found.search:
        text = without_window(found.search)
    if not named or "$" in text:
        return []
    whom = " and ".join(f"${e.name}$" for e in named)
    both = " OR " if found.several else " "
    terms = both.join(f'{search_name(e.name)}="${e.name}$"' for e in named)
    return [
        {
            "name": f"View the results for {whom}",
            "search": f"{text}\n| search {terms}",
            "earliest_offset": "$info_min_time$",
            "latest_offset": "$info_max_time$",
        }
    ]


def spl_next_steps(rule: Rule) -> dict[str, Any]:
    return {"version": 1, "data": without_tokens(spl_guide(rule))}


def spl_severity(rule: Rule) -> str:
    return rule.severity if rule.severity in _SEVERITIES else "medium"


FILTERS: dict[str, Callable[..., Any]] = {
    **ESCU,
    "conf_json": conf_json,
    "conf_search": conf_search,
    "conf_text": conf_text,
    "own_id": own_id,
    "spl_alert": alert,
    "spl_annotations": spl_annotations,
    "spl_artifacts": spl_artifacts,
    "spl_description": spl_description,
    "spl_drilldowns": spl_drilldowns,
    "spl_guide": spl_guide,
    "spl_message": spl_message,
    "spl_metadata": spl_metadata,
    "spl_next_steps": spl_next_steps,
    "spl_origin": spl_origin,
    "spl_risk": spl_risk,
    "spl_score": risk_score,
    "spl_severity": spl_severity,
    "spl_severity_number": lambda rule: _SEVERITIES[spl_severity(rule)],
    "spl_stanza": spl_stanza,
    "spl_title": spl_title,
    "web_addresses": web_addresses,
    "without_tokens": without_tokens,
}
