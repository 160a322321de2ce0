"""What an indicator match rule compares
(https://www.elastic.co/docs/solutions/security/detect-and-alert/create-detection-rule).
"""

from __future__ import annotations

from kqlx.records import dataclass
from kqlx.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Comparison:
    """The event's ``field`` has the value of the indicator's ``indicator_field``, or where it is
    ``negated`` not. ``known`` is False for a comparison of a form that Kibana does not document.
    """

    field: str
    indicator_field: str
    negated: bool = False
    known: bool = True


@dataclass(frozen=True, slots=True)
class IndicatorMatch:
    """An alert for events that meet all comparisons of one of the ``alternatives``, with one
    indicator.
    """

    alternatives: tuple[tuple[Comparison, ...], ...]


def indicator_match_of(rule: Rule) -> IndicatorMatch | None:
    """What an indicator match rule compares; None for other rules."""
    if rule.type != "threat_match":
        return None
    mapping = rule.data.get("threat_mapping")
    found = []
    for item in mapping if isinstance(mapping, list) else ():
        entries = item.get("entries") if isinstance(item, dict) else None
        found.append(tuple(map(_comparison, entries if isinstance(entries, list) else ())))
    return IndicatorMatch(tuple(found))


def _comparison(entry: object) -> Comparison:
    if not isinstance(entry, dict):
        return Comparison("", "", known=False)
    known = entry.get("type", "mapping") == "mapping"
    field, value = str(entry.get("field", "")), str(entry.get("value", ""))
    return Comparison(field, value, bool(entry.get("negate")), known)
