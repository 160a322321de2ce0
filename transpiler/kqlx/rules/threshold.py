"""What a threshold rule counts
(https://www.elastic.co/docs/solutions/security/detect-and-alert/create-detection-rule).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kqlx.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Threshold:
    """An alert for ``least`` events that have the same values of the fields ``by``, among which
    there are as many different values of each field in ``distinct`` as it says.
    """

    by: tuple[str, ...]
    least: int
    distinct: tuple[tuple[str, int], ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that are counted by, or whose values are counted."""
        return tuple(dict.fromkeys([*self.by, *(name for name, _ in self.distinct)]))


def threshold_of(rule: Rule) -> Threshold | None:
    """The count that a threshold rule asks for; None for other rules."""
    data = rule.data.get("threshold")
    if rule.type != "threshold" or not isinstance(data, dict):
        return None
    entries = data.get("cardinality") or []
    entries = entries if isinstance(entries, list) else [entries]
    distinct = [(str(e.get("field", "")), _count(e)) for e in entries if isinstance(e, dict)]
    return Threshold(tuple(dict.fromkeys(_texts(data.get("field")))), _count(data), tuple(distinct))


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value]) if item]


def _count(data: dict[str, Any]) -> int:
    value = data.get("value", 1)
    return value if isinstance(value, int) else 1
