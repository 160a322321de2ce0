"""What people read of a rule: its title, its severity and score, the ids of its techniques."""

from __future__ import annotations

import re

from kqlx.regexes import late_regex
from kqlx.rules.model import Rule

SCORES = {"low": 21, "medium": 47, "high": 73, "critical": 99}
"""Severity → the risk score that Kibana's form sets for it."""

_TECHNIQUE = late_regex(r"T\d{4}(\.\d{3})?", re.ASCII)


def severity_and_score(rule: Rule) -> tuple[str, int]:
    """Severity and risk score, each from the other where one is missing, by Kibana's ranges; "low"
    and 21 where neither is known.
    """
    score, severity = rule.risk_score, rule.severity
    if not isinstance(score, int) or isinstance(score, bool):
        severity = severity if severity in SCORES else "low"
        return severity, SCORES[severity]
    if severity not in SCORES:
        severity = next((name for name, most in SCORES.items() if score <= most), "critical")
    return severity, score


def label_of(rule: Rule, longest_query: int | None = None) -> str:
    """The rule's name on one line; of a query without one the query, cut to a number of characters,
    or "Every event" for an empty one.
    """
    return one_line(rule.name) or one_line(rule.query)[:longest_query] or "Every event"


def one_line(text: str) -> str:
    """The text with single spaces between its words."""
    return " ".join(text.split())


def is_technique(id: str) -> bool:
    """Whether a text is the id of a technique, or sub-technique, of MITRE ATT&CK."""
    return _TECHNIQUE.fullmatch(id) is not None
