"""Dates and date math of Elasticsearch → instants and expressions of Kusto.

Elasticsearch compares whole milliseconds, Kusto ticks of 100 nanoseconds; so a limit that counts is
"before the next millisecond". Weeks begin on Monday there, on Sunday in Kusto
(https://learn.microsoft.com/kusto/query/startofweek-function?view=microsoft-sentinel).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kqlx.elastic import date_math
from kqlx.nodes import Operator
from kqlx.regexes import late_regex

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST = date_math.instant_of(datetime(1, 1, 1, tzinfo=UTC))
_MOST = date_math.instant_of(datetime.max)
_STEP = late_regex(r"([+-]\d*|/1?)([yMwdhHms])")
_DATE_MATH = late_regex(r"now(?:(?:[+-]\d*|/1?)[yMwdhHms])*")
_SPANS = {"w": "7d", "d": "1d", "h": "1h", "H": "1h", "m": "1m", "s": "1s"}
_LONG_UNITS = {"y": "year", "M": "month"}

OPERATORS: dict[Operator, str] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

Limits = tuple[str | None, str | None]
"""An expression for the first instant that a text covers, and for the first one after it; None
where there is none within the span of Kusto's times. Twice the same for ``now`` and what is counted
from it."""


def limits(text: str) -> Limits | None:
    """The span of time that a text stands for, as Kusto says it; None where it is no date."""
    if text.startswith("now"):
        return _relative(text)
    first = date_math.instant(text, now=0)
    last = date_math.instant(text, round_up=True, now=0)
    if first is None or last is None:
        return None
    return _literal(first), _literal(last, 1)


def is_moment(span: Limits) -> bool:
    """Whether it is a point in time that moves with ``now``, and so has no millisecond to keep."""
    return span[0] == span[1] is not None


def range_test(access: str, op: Operator, span: Limits) -> str:
    """A comparison with the span of a text, "true" or "false" where it lies beyond all times."""
    first, after = span
    if is_moment(span):
        return f"{access} {OPERATORS[op]} {first}"
    limit, operator = {
        "gt": (after, ">="),
        "gte": (first, ">="),
        "lt": (first, "<"),
        "lte": (after, "<"),
    }[op]
    if limit is None:
        return "false" if operator == ">=" else "true"
    return f"{access} {operator} {limit}"


def _literal(instant: int, milliseconds: int = 0) -> str | None:
    instant = (instant // date_math.MILLISECOND + milliseconds) * date_math.MILLISECOND
    if instant > _MOST:
        return None
    moment = _EPOCH + timedelta(microseconds=max(instant, _LEAST) // 1000)
    text = moment.replace(tzinfo=None).isoformat()
    if text.endswith("T00:00:00"):
        return f"datetime({text[:10]})"
    if "." in text:
        text = text.rstrip("0")
    return f"datetime({text}Z)"


def _relative(text: str) -> Limits | None:
    """Date math on ``now``: ``ago()``, ``datetime_add()`` and the beginnings of units."""
    if not _DATE_MATH.fullmatch(text):
        return None
    steps = _STEP.findall(text)
    if sum(operator.startswith("/") for operator, _ in steps[:-1]):
        return None  # rounded, then moved: nobody writes it
    at = "now()"
    for i, (operator, unit) in enumerate(steps):
        if operator.startswith("/"):
            return _beginning(at, unit, 0), _beginning(at, unit, 1)
        sign, count = operator[0], int(operator[1:] or "1")
        if unit in _LONG_UNITS:
            at = f'datetime_add("{_LONG_UNITS[unit]}", {sign.strip("+")}{count}, {at})'
            continue
        number = count * 7 if unit == "w" else count
        duration = f"{number}{'d' if unit == 'w' else unit.lower()}"
        ago = i == 0 and sign == "-"
        at = f"ago({duration})" if ago else f"{at} {sign} {duration}"
    return at, at


def _beginning(at: str, unit: str, offset: int) -> str:
    """Where the unit around the instant begins, or with an offset of one where it ends."""
    names = {"y": "startofyear", "M": "startofmonth", "d": "startofday"}
    more = f", {offset}" if offset else ""
    if unit in names:
        return f"{names[unit]}({at}{more})"
    if unit == "w":
        return f"startofweek({at} - 1d{more}) + 1d"
    return f"bin({at}, {_SPANS[unit]})" + (f" + {_SPANS[unit]}" if offset else "")
