"""Severity and MITRE ATT&CK in Sentinel's terms, and what of a rule an analytics rule has no place
for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.labels import is_technique
from kqlx.rules.mitre_attack import before_version_19
from kqlx.rules.model import Rule
from kqlx.rules.unconverted_metadata import given_keys, other_frameworks, unconverted_keys

_SEVERITIES = {"low": "Low", "medium": "Medium", "high": "High", "critical": "High"}
_UNKNOWN_SEVERITY = "Medium"

_TACTICS = {
    "TA0001": "InitialAccess",
    "TA0002": "Execution",
    "TA0003": "Persistence",
    "TA0004": "PrivilegeEscalation",
    "TA0005": "DefenseEvasion",
    "TA0112": "DefenseEvasion",
    "TA0006": "CredentialAccess",
    "TA0007": "Discovery",
    "TA0008": "LateralMovement",
    "TA0009": "Collection",
    "TA0010": "Exfiltration",
    "TA0011": "CommandAndControl",
    "TA0040": "Impact",
    "TA0042": "ResourceDevelopment",
    "TA0043": "Reconnaissance",
}

# Keys of a rule that an analytics rule has no place for, in words.
_NO_PLACE = {
    "actions": "actions",
    "response_actions": "response actions",
    "risk_score_mapping": "risk scores from fields",
    "severity_mapping": "severities from fields",
    "timeline_id": "the timeline template",
    "throttle": "the throttling of actions",
}

_SAID = frozenset(
    {
        "author", "building_block_type", "false_positives", "investigation_fields", "license",
        "max_signals", "note", "references", "rule_name_override", "setup", "tags",
        "timestamp_override",
    }
)  # fmt: skip


def severity_of(rule: Rule) -> tuple[str, tuple[Note, ...]]:
    """The severity, with a note where it is another than the rule's."""
    severity = rule.severity
    found = _SEVERITIES.get(severity, _UNKNOWN_SEVERITY)
    if severity == "critical":
        message = "severity critical becomes High, the highest in Sentinel"
    elif severity in _SEVERITIES:
        return found, ()
    else:
        said = f"severity {severity}" if severity else "no severity"
        message = f"{said} becomes {found}"
    return found, (Note("metadata-changed", Effect.SAME, message),)


@dataclass(frozen=True, slots=True)
class Attack:
    """Tactics and techniques as Sentinel names them, the techniques also by tactic, and notes on
    what was changed on the way.
    """

    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    by_tactic: Mapping[str, Sequence[str]]
    notes: tuple[Note, ...]


def attack_of(rule: Rule) -> Attack:
    """The rule's tactics and techniques, in the versions of ATT&CK before 19, which Sentinel
    knows.
    """
    by_tactic: dict[str, list[str]] = {}
    remarks: list[str] = []
    for tactic in rule.tactics:
        name = _TACTICS.get(tactic.id)
        if name is None:
            remarks.append(f"{tactic.name or tactic.id or 'a tactic'} is not a tactic in Sentinel")
            continue
        techniques = by_tactic.setdefault(name, [])
        if name == "DefenseEvasion" and tactic.name != "Defense Evasion":
            remarks.append(f"{tactic.name} becomes DefenseEvasion")
        for id in tactic.techniques:
            before = before_version_19(id)
            if before != id:
                remarks.append(f"{id} becomes {before}, its number in earlier versions of ATT&CK")
            if not is_technique(before):
                remarks.append(f"{id} is not a technique id")
            elif before not in techniques:
                techniques.append(before)
    notes = tuple(Note("attack-version", Effect.SAME, remark) for remark in remarks)
    every = dict.fromkeys(id for found in by_tactic.values() for id in found)
    return Attack(tuple(by_tactic), tuple(every), by_tactic, notes)


def lost_metadata(rule: Rule) -> Iterator[Note]:
    """Notes on what the rule says and an analytics rule has no place for."""
    for key in given_keys(rule, _NO_PLACE):
        message = f"not carried over to Sentinel: {_NO_PLACE[key]}"
        yield Note("metadata-left-out", Effect.SAME, message)
    yield from unconverted_keys(rule, "Sentinel", {*_NO_PLACE, *_SAID}, other_frameworks(rule))
