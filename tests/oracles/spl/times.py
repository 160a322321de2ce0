"""Splunk's time formats and relative times, in UTC.

https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/time-format-variables-and-modifiers/date-and-time-format-variables
https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/time-format-variables-and-modifiers/time-modifiers
A text without a zone is read in the zone of the user, which is UTC here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.oracles.spl.errors import Doubtful, NotEvaluated

VARIABLE = re.compile(r"%(:z|\d?[NQ]|.|$)")
READ = {
    "Y": r"(?P<Y>\d{4})",
    "m": r"(?P<m>\d{2})",
    "d": r"(?P<d>\d{2})",
    "H": r"(?P<H>\d{2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})",
    "z": r"(?P<z>[+-]\d{4})",
    ":z": r"(?P<z>[+-]\d{2}:\d{2})",
    "%": "%",
}
SUBSECOND = {"N": 3, "3N": 3, "6N": 6, "9N": 9, "Q": 3, "3Q": 3, "6Q": 6, "9Q": 9}
SHORTHANDS = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S"}

UNITS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "m": "m", "min": "m", "minute": "m", "minutes": "m",
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
    "d": "d", "day": "d", "days": "d",
    "w": "w", "week": "w", "weeks": "w",
    "mon": "mon", "month": "mon", "months": "mon",
    "q": "q", "qtr": "q", "qtrs": "q", "quarter": "q", "quarters": "q",
    "y": "y", "yr": "y", "yrs": "y", "year": "y", "years": "y",
}  # fmt: skip
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
MONTHS = {"mon": 1, "q": 3, "y": 12}
SHIFT = re.compile(r"([+-])(\d{0,9})([a-z]+)|@(w[0-7]|[a-z]+)")


def parse_time(text: str, pattern: str) -> float | None:
    """strptime(): seconds since 1970, or NULL where the text has another form."""
    regex = _regex(_expand(pattern))
    found = re.fullmatch(regex, text)
    if not found:
        if re.match(regex, text):
            raise Doubtful("strptime() with text left over")
        return None
    parts = found.groupdict()
    if not {"Y", "m", "d"} <= parts.keys():
        raise Doubtful("strptime() without a whole date")
    year, month, day, hour, minute, second = (int(parts.get(name) or 0) for name in "YmdHMS")
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    seconds = moment.timestamp() + float("0." + (parts.get("N") or "0"))
    zone = (parts.get("z") or "+0000").replace(":", "")
    offset = int(zone[1:3]) * 3600 + int(zone[3:5]) * 60
    return seconds - offset if zone[0] == "+" else seconds + offset


def _expand(pattern: str) -> str:
    for short, long in SHORTHANDS.items():
        pattern = pattern.replace(short, long)
    return pattern


def _regex(pattern: str) -> str:
    seen: set[str] = set()
    written = []
    at = 0
    for variable in VARIABLE.finditer(pattern):
        written.append(re.escape(pattern[at : variable.start()]))
        at = variable.end()
        name = variable[1]
        if name in SUBSECOND:
            part = rf"(?P<N>\d{{1,{SUBSECOND[name]}}})"
            name = "N"
        else:
            part = READ.get(name, "")
        if not part or (name.lstrip(":") in seen and name != "%"):
            raise NotEvaluated(f"the time variable %{variable[1]}")
        seen.add(name.lstrip(":"))
        written.append(part)
    return "".join(written) + re.escape(pattern[at:])


def format_time(seconds: float, pattern: str) -> str:
    """strftime(): the text of a time in UTC."""
    moment = _moment(seconds)

    def write(variable: re.Match[str]) -> str:
        name = variable[1]
        if name in SUBSECOND:
            return f"{moment.microsecond:06d}000"[: SUBSECOND[name]]
        if name == "s":
            return str(int(seconds))
        if name not in READ:
            raise NotEvaluated(f"the time variable %{name}")
        return "+00:00" if name == ":z" else moment.strftime(f"%{name}")

    return VARIABLE.sub(write, _expand(pattern))


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Doubtful("a time outside the calendar") from error


def shift_time(seconds: float, modifier: str) -> float:
    """relative_time(): shifts and snaps from the left, as ``-9m@m`` or ``-1d@d+2h``."""
    moment = _moment(seconds)
    at = 0
    while at < len(modifier):
        step = SHIFT.match(modifier, at)
        if not step:
            raise Doubtful(f"this time modifier: {modifier}")
        at = step.end()
        if step[4]:
            moment = _snap(moment, step[4])
        else:
            moment = _shift(moment, int(step[1] + (step[2] or "1")), step[3])
    return moment.timestamp()


def _shift(moment: datetime, count: int, name: str) -> datetime:
    unit = UNITS.get(name)
    if unit is None:
        raise Doubtful(f"this unit of time: {name}")
    try:
        if unit in SECONDS:
            return moment + timedelta(seconds=count * SECONDS[unit])
        months = moment.year * 12 + moment.month - 1 + count * MONTHS[unit]
        return moment.replace(year=months // 12, month=months % 12 + 1)
    except (ValueError, OverflowError) as error:
        raise Doubtful("a time outside the calendar") from error


def _snap(moment: datetime, name: str) -> datetime:
    """Round down to the unit; weeks begin on Sunday (w0, and w7)."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if re.fullmatch("w[0-7]", name):
        return midnight - timedelta(days=(midnight.isoweekday() - int(name[1])) % 7)
    snaps: dict[str, Callable[[], datetime]] = {
        "s": lambda: moment.replace(microsecond=0),
        "m": lambda: moment.replace(second=0, microsecond=0),
        "h": lambda: moment.replace(minute=0, second=0, microsecond=0),
        "d": lambda: midnight,
        "w": lambda: midnight - timedelta(days=midnight.isoweekday() % 7),
        "mon": lambda: midnight.replace(day=1),
        "q": lambda: midnight.replace(day=1, month=(moment.month - 1) // 3 * 3 + 1),
        "y": lambda: midnight.replace(day=1, month=1),
    }
    if name not in UNITS:
        raise Doubtful(f"this unit of time: {name}")
    return snaps[UNITS[name]]()
