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


def time_range(node: Compare) -> str | None:
    """``earliest=…`` or ``latest=…`` for a range on ``@timestamp`` by date math, None for others.

    ``earliest`` is inclusive and ``latest`` exclusive; the one instant between is no matter in
    searches whose times have a fraction of a second, but rounding is kept as Elasticsearch rounds
    each operator.
    """
    match = _DATE_MATH.fullmatch(node.value.name)
    if node.field.name != "@timestamp" or match is None:
        return None
    modifier = "".join(f"{n}{_UNITS[unit]}" for n, unit in _STEP.findall(match[1]))
    if unit := match[2]:
        snap = "w1" if unit == "w" else _UNITS[unit]
        # gt and lte round up to the end of the unit.
        modifier += f"@{snap}" + (f"+1{_UNITS[unit]}" if node.op in ("gt", "lte") else "")
    name = "earliest" if node.op in ("gt", "gte") else "latest"
    return f"{name}={modifier or 'now'}"
