"""Dates and date math of Elasticsearch: text → instant.

The format is that of a date field without one of its own, ``strict_date_optional_time`` or
``epoch_millis``
(https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/mapping-date-format): a year
of four digits, then optionally month, day, time of day to the nanosecond, and offset; or
milliseconds since 1970. Four digits are a year. Date math is an anchor, ``now`` or ``date||``, and
steps such as ``+1M`` or ``/d``
(https://www.elastic.co/docs/reference/elasticsearch/rest-apis/common-options#date-math).

An instant is a whole number of nanoseconds since 1970-01-01T00:00Z. Years are those of
``datetime``, 1 to 9999; beyond them a text is no date.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from kqlx.errors import UsageError
from kqlx.regexes import late_regex

SECOND = 10**9
MILLISECOND = 10**6

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET = late_regex(r"([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?", re.ASCII)
_DATE = late_regex(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:T(?:(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d\d(?::?\d\d){0,2})?)?)?)?)?",
    re.ASCII,
)
_EPOCH_MILLIS = late_regex(r"(-?)(\d{1,19})(?:\.(\d{0,6}))?", re.ASCII)
_STEPS = late_regex(r"(?:(?:[+-]\d*|/1?)[yMwdhHms])*", re.ASCII)
_STEP = late_regex(r"([+/-])(\d*)(.)")
_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "H": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


def time_zone_of(name: str) -> tzinfo:
    """The time zone of an offset such as ``+01:00``, of ``Z``, ``UTC`` or ``Zulu``, or of an IANA
    name.

    Raises UsageError for anything else.
    """
    if name in ("UTC", "Z", "Zulu"):
        return UTC
    if match := _OFFSET.fullmatch(name):
        try:
            return _offset(match)
        except ValueError:
            pass
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise UsageError(
            f'"{name}" is not a time zone',
            hint="write an offset (+01:00) or a name (Europe/Berlin)",
        ) from None


def instant(
    text: str, *, round_up: bool = False, now: int | None = None, zone: tzinfo = UTC
) -> int | None:
    """The instant that a text means, or None where Elasticsearch refuses it.

    ``round_up`` is what Elasticsearch does for "greater than" and "at most": what the text leaves
    out becomes the end of the day, hour, minute, second or millisecond; **a month or day left out
    is 01 all the same**, so that 2024-01 ends with the first of January
    (https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-range-query#missing-date-components),
    whereas 2024-01||/M ends with the month. ``now`` is the instant of that name; without it there
    is no date math, as in the values of events. ``zone`` is for texts without an offset and for the
    days of date math; milliseconds since 1970 have none.
    """
    try:
        if now is None:
            return _date(text, round_up, zone)
        if text.startswith("now"):  # which has the precision of a millisecond
            return _calculate(now // MILLISECOND * MILLISECOND, text[3:], round_up, zone)
        anchor, bars, steps = text.partition("||")
        if not bars:
            return _date(text, round_up, zone)
        start = _date(anchor, False, zone)
        return None if start is None else _calculate(start, steps, round_up, zone)
    except (ValueError, OverflowError):
        return None


def instant_of(moment: datetime) -> int:
    """The instant of a datetime; one without a time zone is taken for UTC."""
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 1000


def _date(text: str, round_up: bool, zone: tzinfo) -> int | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return _epoch_millis(text, round_up)
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if offset and (found := _OFFSET.fullmatch(offset)):
        zone = _offset(found)
    elif offset:
        zone = UTC
    last = (23, 59, 59) if round_up else (0, 0, 0)
    hour, minute, second = (
        default if part is None else int(part)
        for part, default in zip((hour, minute, second), last, strict=True)
    )
    moment = datetime(int(year), int(month or 1), int(day or 1), hour, minute, second, 0, zone)
    if fraction is None:
        return instant_of(moment) + (SECOND - 1 if round_up else 0)
    return instant_of(moment) + int(fraction.ljust(9, "0"))


def _epoch_millis(text: str, round_up: bool) -> int | None:
    match = _EPOCH_MILLIS.fullmatch(text)
    if match is None:
        return None
    sign, millis, fraction = match.groups()
    if int(millis) >= 2**63:
        return None
    nanos = int(millis) * MILLISECOND + int((fraction or "").ljust(6, "0"))
    nanos = -nanos if sign else nanos
    return nanos + (MILLISECOND - 1 if round_up and not fraction else 0)


def _offset(match: re.Match[str]) -> timezone:
    sign, hours, minutes, seconds = match.groups()
    if int(hours) > 18 or int(minutes or 0) > 59 or int(seconds or 0) > 59:
        raise ValueError("no such offset")
    distance = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
    return timezone(-distance if sign == "-" else distance)


def _calculate(start: int, steps: str, round_up: bool, zone: tzinfo) -> int | None:
    if not _STEPS.fullmatch(steps):
        return None
    at = start
    for operator, count, unit in _STEP.findall(steps):
        seconds, nanos = divmod(at, SECOND)
        local = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone)
        if operator == "/":
            local, nanos = _keep_offset(_floor(local, unit), local), 0
            if round_up:
                local = _add(local, 1, unit)
        else:
            local = _add(local, int(operator + (count or "1")), unit)
        at = instant_of(local) + nanos
        if operator == "/" and round_up:
            at -= MILLISECOND
    return at


def _floor(local: datetime, unit: str) -> datetime:
    """The beginning of the unit; weeks begin on Monday."""
    if unit in "hHms":
        second = local.second if unit == "s" else 0
        minute = 0 if unit in "hH" else local.minute
        return local.replace(minute=minute, second=second)
    local = local.replace(hour=0, minute=0, second=0)
    if unit == "w":
        return local - timedelta(days=local.weekday())
    if unit == "d":
        return local
    return local.replace(day=1) if unit == "M" else local.replace(month=1, day=1)


def _add(local: datetime, count: int, unit: str) -> datetime:
    """Years to days keep the clock time, the day cut to the length of the month; hours and less
    are real time.
    """
    if unit in "hHms":
        return (local.astimezone(UTC) + count * _UNITS[unit]).astimezone(local.tzinfo)
    if unit in "wd":
        return _keep_offset(local + count * _UNITS[unit], local)
    months = local.year * 12 + local.month - 1 + count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    month += 1
    for day in range(local.day, 28, -1):
        try:
            return _keep_offset(local.replace(year=year, month=month, day=day), local)
        except ValueError:
            continue
    return _keep_offset(local.replace(year=year, month=month, day=min(local.day, 28)), local)


def _keep_offset(moved: datetime, before: datetime) -> datetime:
    """Of a clock time that comes twice, when clocks go back, the one with the offset of before, if
    one has it, as in Java. One that never comes, when they go forward, is moved on by the gap.
    """
    first, second = moved.replace(fold=0), moved.replace(fold=1)
    if first.utcoffset() == second.utcoffset() or second.utcoffset() != before.utcoffset():
        return first
    comes = second.astimezone(UTC).astimezone(second.tzinfo)
    return second if comes.replace(tzinfo=None) == second.replace(tzinfo=None) else first
