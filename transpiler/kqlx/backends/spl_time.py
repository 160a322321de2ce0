"""Ranges on the time of the event → ``earliest`` and ``latest``.

https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/search-time-range/specify-time-modifiers-in-your-search
"""

from __future__ import annotations

import re

from kqlx.nodes import Compare

# Elasticsearch's units
# (https://www.elastic.co/docs/reference/elasticsearch/rest-apis/common-options, date math) and
# Splunk's; a week begins on Monday for Elasticsearch.
_UNITS = {"y": "y", "M": "mon", "w": "w", "d": "d", "h": "h", "H": "h", "m": "m", "s": "s"}
_STEP = re.compile(r"([+-]\d+)([yMwdhHms])")
_DATE_MATH = re.compile(r"now((?:[+-]\d+[yMwdhHms])*)(?:/([yMwdhHms]))?")


def time_range(node: Compare) -> tuple[str, str] | None:
    """For a range on ``@timestamp`` by date math: a term of the search, and a condition or "".

    None for other ranges. ``earliest`` is inclusive and ``latest`` exclusive, so that ``>`` and
    ``<=`` of an instant need the condition. A rounded ``>`` or ``<=`` bears on the end of the unit,
    which is the beginning of the next.
    """
    match = _DATE_MATH.fullmatch(node.value.name)
    if node.field.name != "@timestamp" or match is None:
        return None
    modifier = "".join(f"{n}{_UNITS[unit]}" for n, unit in _STEP.findall(match[1]))
    name = "earliest" if node.op in ("gt", "gte") else "latest"
    condition = ""
    if unit := match[2]:
        snap = "w1" if unit == "w" else _UNITS[unit]
        modifier += f"@{snap}" + (f"+1{_UNITS[unit]}" if node.op in ("gt", "lte") else "")
    elif node.op in ("gt", "lte"):
        sign = ">" if node.op == "gt" else "<="
        condition = f'_time{sign}relative_time(now(), "{modifier or "-0s"}")'
        modifier += "+1s" if node.op == "lte" else ""
    modifier = modifier or "now"
    return f'{name}="{modifier}"' if "+" in modifier else f"{name}={modifier}", condition
