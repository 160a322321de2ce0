"""What of a rule its query alone does not say: notes for every conversion of the query."""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.notes import Effect, Note
from kqlx.rules.model import Rule


def left_out(rule: Rule) -> Iterator[Note]:
    """Notes on the rule's type, on filters and exceptions beside its query, and on suppression."""
    if rule.type == "threshold":
        threshold = rule.data.get("threshold")
        threshold = threshold if isinstance(threshold, dict) else {}
        fields = threshold.get("field") or []
        by = ", ".join(map(str, fields if isinstance(fields, list) else [fields]))
        yield Note(
            "rule-type",
            Effect.WIDER,
            f"the rule alerts from {threshold.get('value', '?')} events on"
            f"{f', counted by {by}' if by else ''}; the query finds each of them",
        )
    elif rule.type == "new_terms":
        yield Note(
            "rule-type",
            Effect.WIDER,
            "the rule alerts on values that were not seen before; the query finds all of them",
        )
    elif rule.type == "threat_match":
        yield Note(
            "rule-type",
            Effect.DIFFERENT,
            "the rule compares events with indicators; the query knows none of them",
        )
    if rule.data.get("filters"):
        yield Note(
            "filters-left-out",
            Effect.WIDER,
            "the rule has filters beside its query, which are not converted",
        )
    if rule.data.get("exceptions_list"):
        yield Note(
            "filters-left-out",
            Effect.WIDER,
            "the rule has exception lists, which are not converted",
        )
    if rule.data.get("alert_suppression"):
        yield Note(
            "suppression-left-out",
            Effect.SAME,
            "the rule suppresses repeated alerts, which the query does not",
        )
