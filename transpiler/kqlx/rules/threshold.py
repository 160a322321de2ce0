"""What a threshold rule counts
(https://www.elastic.co/docs/solutions/security/detect-and-alert/create-detection-rule).
"""

from __future__ import annotations

import re
from typing import Any

from kqlx.records import dataclass
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
    distinct = [(str(entry.get("field", "")), _count(entry)) for entry in _entries(data)[:1]]
    return Threshold(tuple(dict.fromkeys(_texts(data.get("field")))), _count(data), tuple(distinct))


def uncounted(rule: Rule) -> tuple[str, ...]:
    """The fields whose different values a threshold rule asks for, and Kibana does not count: all
    but the first (elastic/kibana, ``build_threshold_aggregation.ts``).
    """
    data = rule.data.get("threshold")
    if threshold_of(rule) is None or not isinstance(data, dict):
        return ()
    return tuple(str(entry.get("field", "")) for entry in _entries(data)[1:])


def odd_counts(rule: Rule) -> tuple[str, ...]:
    """What a threshold rule says of a count that is no whole number from 1 on, for which 1 stands;
    a number in quotes is one.
    """
    data = rule.data.get("threshold")
    if threshold_of(rule) is None or not isinstance(data, dict):
        return ()
    return tuple(
        f"{place}: {table.get('value', 'missing')}"
        for place, table in (
            ("threshold.value", data),
            *(("threshold.cardinality.value", entry) for entry in _entries(data)[:1]),
        )
        if _whole(table.get("value")) is None
    )


def _entries(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The counts of different values. One of no field, as old forms of Kibana wrote, is none."""
    entries = data.get("cardinality") or []
    entries = entries if isinstance(entries, list) else [entries]
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("field")]


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value]) if item]


def _count(data: dict[str, Any]) -> int:
    return _whole(data.get("value")) or 1


def _whole(value: Any) -> int | None:
    """A number from 1 on; None for anything else."""
    if isinstance(value, bool):
        return None
    match = re.fullmatch(r"0*([1-9][0-9]{0,8})(?:\.0*)?", str(value).strip(), re.ASCII)
    return int(match[1]) if match else None
