"""What a rule says beside its query for which a Sigma rule has no place
(https://github.com/SigmaHQ/sigma-specification, sigma-rules-specification.md): one note for all.
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.notes import Effect, Note
from kqlx.regexes import late_regex
from kqlx.rules.labels import SCORES
from kqlx.rules.model import Rule
from kqlx.rules.schedule import schedule_of, spelt
from kqlx.rules.unconverted_metadata import (
    given_keys,
    odd_techniques,
    other_frameworks,
    unconverted_keys,
)

LONGEST_TITLE = 256
LONGEST_DESCRIPTION = 65_534
"""What the schema allows, with the line feed that may end it."""

_UUID = late_regex("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

_PLACELESS = {
    "max_signals": "maximum alerts per run",
    "risk_score": "risk score",
    "risk_score_mapping": "risk score mapping",
    "severity_mapping": "severity mapping",
    "rule_name_override": "rule name override",
    "building_block_type": "building block",
    "note": "investigation guide",
    "setup": "setup guide",
    "investigation_fields": "investigation fields",
    "timeline_id": "timeline",
    "related_integrations": "related integrations",
    "required_fields": "required fields",
    "response_actions": "response actions",
    "data_view_id": "data view",
    "index": "index patterns",
    "tags": "Elastic's tags",
    "version": "version",
}

_HANDLED = frozenset(
    {"actions", "author", "false_positives", "license", "references", "timestamp_override"}
)


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its usual spelling, the one that schemas take."""
    return _UUID.fullmatch(text) is not None


def unsupported_metadata(rule: Rule, *, counts: bool) -> Iterator[Note]:
    """Notes on what is lost; ``counts`` says that a correlation has the rule's look-back."""
    if rule.format == "query":
        return
    schedule = schedule_of(rule)
    runs = f"schedule (every {spelt(schedule.interval)}"
    lost = [f"{runs})" if counts else f"{runs}, looking back {spelt(schedule.look_back)})"]
    lost += [_PLACELESS[key] for key in given_keys(rule, _PLACELESS)]
    if rule.id and not is_uuid(rule.id):
        lost.append(f"id {rule.id} (not a UUID)")
    if rule.severity and rule.severity not in SCORES:
        lost.append(f"severity {rule.severity}")
    lost += [*other_frameworks(rule), *odd_techniques(rule)]
    if schedule.end != "now":
        lost.append(f"end of the time window ({schedule.end})")
    if len(rule.name) > LONGEST_TITLE:
        lost.append(f"name beyond {LONGEST_TITLE} characters")
    if len(rule.description) > LONGEST_DESCRIPTION:
        lost.append(f"description beyond {LONGEST_DESCRIPTION:,} characters")
    message = f"not carried over to Sigma: {', '.join(lost)}"
    yield Note("metadata-not-supported", Effect.SAME, message)
    yield from unconverted_keys(rule, "Sigma", {*_PLACELESS, *_HANDLED})
    if given_keys(rule, ["actions"]):
        message = "Sigma rules have no actions: set up notifications where the rule runs"
        yield Note("actions-left-out", Effect.SAME, message)
