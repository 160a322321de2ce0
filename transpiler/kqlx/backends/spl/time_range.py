"""Ranges on the time of the event → ``earliest`` and ``latest``.

https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/search-time-range/specify-time-modifiers-in-your-search
"""

from __future__ import annotations

from kqlx.elastic import date_math
from kqlx.nodes import Compare, Operator
from kqlx.regexes import late_regex

# Elasticsearch's units
# (https://www.elastic.co/docs/reference/elasticsearch/rest-apis/common-options, date math) and
# Splunk's; a week begins on Monday for Elasticsearch.
_UNITS = {"y": "y", "M": "mon", "w": "w", "d": "d", "h": "h", "H": "h", "m": "m", "s": "s"}
_SECONDS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_ROUNDED: dict[Operator, Operator] = {"gt": "gte", "lte": "lt"}
"""The operator beside the beginning of the next unit, by that beside the end of the unit."""
_STEP = late_regex(r"([+-]\d+)([yMwdhHms])")
_DATE_MATH = late_regex(r"now((?:[+-]\d+[yMwdhHms])*)(?:/([yMwdhHms]))?")


def time_range(node: Compare) -> tuple[str, str] | None:
    """For a range on the time of the event: what ``earliest`` is to be or "", and a condition or
    "".

    None for other ranges, and for texts that are no dates. Only a beginning in the past becomes
    ``earliest``, for which Splunk takes ``now`` as the end; ``latest`` would do away with the end
    that the schedule gives. ``earliest`` is inclusive, so that ``>`` of an instant needs the
    condition too. A rounded ``>`` or ``<=`` bears on the end of the unit, which is the beginning of
    the next.
    """
    match = _DATE_MATH.fullmatch(node.value.name)
    if node.field.name not in ("@timestamp", "_time"):
        return None
    if match is None:
        return ("", condition) if (condition := _since_or_until(node)) else None
    modifier = "".join(f"{n}{_UNITS[unit]}" for n, unit in _STEP.findall(match[1]))
    op = node.op
    if unit := match[2]:
        snap = "w1" if unit == "w" else _UNITS[unit]
        modifier += f"@{snap}" + (f"+1{_UNITS[unit]}" if op in ("gt", "lte") else "")
        op = _ROUNDED.get(op, op)
    past = modifier[:1] in ("-", "@") and "+" not in modifier
    limit = f'relative_time(now(), "{modifier}")' if modifier else "now()"
    condition = f"_time{_SIGNS[op]}{limit}"
    if past and op in ("gt", "gte"):
        return modifier, condition if op == "gt" else ""
    return "", condition


def _since_or_until(node: Compare) -> str:
    """The condition for a date, in seconds since 1970; "" for a text that is none."""
    text, op = node.value.name, node.op
    if text.startswith("now"):
        return ""
    after = op in ("gt", "lte")  # what the text leaves out becomes the end of the day, the hour, …
    moment = date_math.instant(text, round_up=after, now=0)
    if moment is None:
        return ""
    milliseconds = moment // date_math.MILLISECOND + after
    seconds, rest = divmod(milliseconds, 1000)
    limit = f"{seconds}.{rest:03}" if rest else str(seconds)
    return f"_time{'>=' if op in ('gt', 'gte') else '<'}{limit}"


def time_modifier(seconds: int) -> str:
    """``-9m``: so many seconds ago, in the largest unit that fits."""
    unit, length = next(pair for pair in _SECONDS if seconds % pair[1] == 0)
    return f"-{seconds // length}{unit}"


def in_whole_minutes(seconds: int) -> str:
    """``-9m@m``: the same from the beginning of a minute, when scheduled searches run anyway."""
    modifier = time_modifier(seconds)
    return modifier if modifier.endswith("s") else f"{modifier}@m"
