"""Dates: what a text covers, date math, time zones, and the values of events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from kqlx.elastic import date_math
from kqlx.evaluate.compiler import matches

NOW = datetime(2024, 2, 29, 12, 34, 56, 789_012, tzinfo=UTC)
END = "T23:59:59.999"


def written(at: int | None) -> str | None:
    if at is None:
        return None
    seconds, nanos = divmod(at, date_math.SECOND)
    moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    return f"{moment.isoformat()}.{nanos:09}".removesuffix("000000")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        # what is left out of the day becomes its end; month and day become 01 all the same
        ("2024", "2024-01-01T00:00:00.000", "2024-01-01" + END),
        ("2024-02", "2024-02-01T00:00:00.000", "2024-02-01" + END),
        ("2024-12-31", "2024-12-31T00:00:00.000", "2024-12-31" + END),
        ("2024-02-29", "2024-02-29T00:00:00.000", "2024-02-29" + END),
        ("2024-02-29T", "2024-02-29T00:00:00.000", "2024-02-29" + END),
        ("2024-02-29T10", "2024-02-29T10:00:00.000", "2024-02-29T10:59:59.999"),
        ("2024-02-29T10:05", "2024-02-29T10:05:00.000", "2024-02-29T10:05:59.999"),
        ("2024-02-29T10:05:07", "2024-02-29T10:05:07.000", "2024-02-29T10:05:07.999"),
        ("2024-02-29T10:05:07.5", "2024-02-29T10:05:07.500", "2024-02-29T10:05:07.500"),
        ("2024-02-29T10:05:07,5Z", "2024-02-29T10:05:07.500", "2024-02-29T10:05:07.500"),
        ("2024-01-01T00:30+01:00", "2023-12-31T23:30:00.000", "2023-12-31T23:30:59.999"),
        ("2024-01-01T00:30-0130", "2024-01-01T02:00:00.000", "2024-01-01T02:00:59.999"),
        ("2024-01-01T00+01", "2023-12-31T23:00:00.000", "2023-12-31T23:59:59.999"),
        ("1709208000000", "2024-02-29T12:00:00.000", "2024-02-29T12:00:00.000"),
        ("-1", "1969-12-31T23:59:59.999", "1969-12-31T23:59:59.999"),
        ("20240229", "1970-01-01T05:37:20.229", "1970-01-01T05:37:20.229"),
        ("now", "2024-02-29T12:34:56.789", "2024-02-29T12:34:56.789"),
        ("now/d", "2024-02-29T00:00:00.000", "2024-02-29" + END),
        ("now/M", "2024-02-01T00:00:00.000", "2024-02-29" + END),
        ("now/y", "2024-01-01T00:00:00.000", "2024-12-31" + END),
        ("now/w", "2024-02-26T00:00:00.000", "2024-03-03" + END),
        ("now/h", "2024-02-29T12:00:00.000", "2024-02-29T12:59:59.999"),
        ("now/H", "2024-02-29T12:00:00.000", "2024-02-29T12:59:59.999"),
        ("now/m", "2024-02-29T12:34:00.000", "2024-02-29T12:34:59.999"),
        ("now/s", "2024-02-29T12:34:56.000", "2024-02-29T12:34:56.999"),
        ("now-15m", "2024-02-29T12:19:56.789", "2024-02-29T12:19:56.789"),
        ("now+d", "2024-03-01T12:34:56.789", "2024-03-01T12:34:56.789"),
        ("now-1y", "2023-02-28T12:34:56.789", "2023-02-28T12:34:56.789"),
        ("now-1d/d", "2024-02-28T00:00:00.000", "2024-02-28" + END),
        ("now/d-1d", "2024-02-28T00:00:00.000", "2024-02-28" + END),
        ("now+2w-36h+90s", "2024-03-13T00:36:26.789", "2024-03-13T00:36:26.789"),
        ("2024-01-31||+1M", "2024-02-29T00:00:00.000", "2024-02-29T00:00:00.000"),
        ("2023-01-31||+1M/d", "2023-02-28T00:00:00.000", "2023-02-28" + END),
        ("2024-02||/M", "2024-02-01T00:00:00.000", "2024-02-29" + END),
        ("2024-02-29||", "2024-02-29T00:00:00.000", "2024-02-29T00:00:00.000"),
        ("2024-01-15||-13M", "2022-12-15T00:00:00.000", "2022-12-15T00:00:00.000"),
        ("1709208000000||/d", "2024-02-29T00:00:00.000", "2024-02-29" + END),
    ],
)
def test_covers(text: str, first: str, last: str) -> None:
    now = date_math.instant_of(NOW)
    down = date_math.instant(text, now=now)
    up = date_math.instant(text, now=now, round_up=True)
    assert written(down) == first
    assert up is not None
    assert written(up // date_math.MILLISECOND * date_math.MILLISECOND) == last


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "2024-1", "2024-13", "2024-02-30", "2023-02-29", "2024-02-29 10:00", "0000",
        "2024-02-29T24:00", "2024-02-29T10:60", "2024-02-29T10:00:60", "2024-02-29T10:00:00.",
        "2024-02-29Z", "2024-02-29T10:00:00+19:00", "2024-02-29T10:00z", "nowhere", "now-",
        "now/2d", "now-1x", "now+1", "now-1d ", " now", "now||/d", "||/d", "x||/d", "2024||d",
        "now-99999999y", "now-99999999999999d", "2024||/1", "٢٠٢٤", "+5",
    ],
)  # fmt: skip
def test_is_no_date(text: str) -> None:
    assert date_math.instant(text, now=date_math.instant_of(NOW)) is None
    assert not matches(f'f:"{text}" or f > "{text}" or f <= "{text}"', {"f": 0}, {"f": "date"})


@pytest.mark.parametrize(
    ("query", "value", "expected"),
    [
        ('f:"2024-02-29"', "2024-02-29T00:00:00Z", True),
        ('f:"2024-02-29"', "2024-02-29T23:59:59.999Z", True),
        ('f:"2024-02-29"', "2024-03-01T00:00:00Z", False),
        ('f:"2024-02-29"', "2024-02-28T23:59:59.999Z", False),
        ("f:2024-02-29", 1709164800000, True),
        ("f:2024-02-29", "1709164800000", True),
        ("f:2024-02", "2024-02-02", False),  # 01 is added, and then the end of the day
        ("f:2024-02", "2024-02-01T23:00:00Z", True),
        ("f > 2024-02", "2024-02-01T23:59:59.999Z", False),
        ("f > 2024-02", "2024-02-02", True),
        ("f >= 2024-02", "2024-02-01", True),
        ("f < 2024-02", "2024-01-31T23:59:59.999Z", True),
        ("f < 2024-02", "2024-02-01", False),
        ("f <= 2024-02", "2024-02-01T23:59:59.999Z", True),
        ("f <= 2024-02", "2024-02-02", False),
        ("f > 2024-02||/M", "2024-02-29T23:59:59.999Z", False),
        ("f > 2024-02||/M", "2024-03-01", True),
        ("f >= now-1d/d", "2024-02-28", True),
        ("f < now/d", "2024-02-29", False),
        ("f:now/d", "2024-02-29T23:59:59.999Z", True),
        ("f:now", 1709210096789, True),
        ("f:now", 1709210096788, False),
        ("f:2024", 2024, True),  # four digits are a year, in events too
        ("f:2024", 2024.0, False),
        ('f:"1970-01-01T00:00:02.024"', 2024.0, True),
        ('f:"2024-02-29T10:00:00.123"', "2024-02-29T10:00:00.123999999Z", True),
        ("f:*", "yesterday", False),
        ("f:*", "now", False),
        ("f:*", True, False),
        ("f:*", "2024-02-29T10:00:00+01:00", True),
        ("f:2024*", "2024-02-29", False),
        ("f:true", "2024-02-29", False),
    ],
)
def test_date_fields(query: str, value: Any, expected: bool) -> None:
    assert matches(query, {"f": value}, {"f": "date"}, now=NOW) is expected
    assert matches(f"not {query}", {"f": value}, {"f": "date"}, now=NOW) is not expected


def test_nanoseconds_count_in_date_nanos_alone() -> None:
    query, event = 'f > "2024-02-29T10:00:00.123"', {"f": "2024-02-29T10:00:00.123000001Z"}
    assert matches(query, event, {"f": "date_nanos"})
    assert not matches(query, event, {"f": "date"})
    assert matches("f:1709208000000", {"f": "2024-02-29T12:00:00.000999999Z"}, {"f": "date_nanos"})


@pytest.mark.parametrize(
    ("zone", "query", "value", "expected"),
    [
        ("+01:00", "f:2024-02-29", "2024-02-28T23:00:00Z", True),
        ("+01:00", "f:2024-02-29", "2024-02-29T23:00:00Z", False),
        ("-05:30", 'f >= "2024-02-29T00:00"', "2024-02-29T05:29:59Z", False),
        ("-05:30", 'f >= "2024-02-29T00:00Z"', "2024-02-29T00:00:00Z", True),
        ("-05:30", "f:1709208000000", 1709208000000, True),
        ("+14:00", "f:now/d", "2024-02-29T10:00:00Z", True),
        ("+14:00", "f:now/d", "2024-02-29T09:59:59Z", False),
        ("Zulu", "f:2024-02-29", "2024-02-29T00:00:00Z", True),
        # clocks went forward in Berlin at 01:00Z on 2024-03-31 and back at 01:00Z on 2024-10-27
        ("Europe/Berlin", "f:2024-03-31||/d", "2024-03-31T21:59:59.999Z", True),
        ("Europe/Berlin", "f:2024-03-31||/d", "2024-03-31T22:00:00Z", False),
        ("Europe/Berlin", 'f:"2024-03-30T12:00||+1d"', "2024-03-31T10:00:00Z", True),
        ("Europe/Berlin", 'f:"2024-03-30T12:00||+24h"', "2024-03-31T11:00:00Z", True),
        ("Europe/Berlin", 'f >= "2024-03-31T02:30:00"', "2024-03-31T01:29:59.999Z", False),
        ("Europe/Berlin", 'f >= "2024-03-31T02:30:00"', "2024-03-31T01:30:00Z", True),
        ("Europe/Berlin", 'f:"2024-10-27T00:00||+3h/h"', "2024-10-27T01:59:59Z", True),
        ("Europe/Berlin", 'f:"2024-10-27T00:00||+3h/h"', "2024-10-27T00:59:59Z", False),
        ("Europe/Berlin", 'f >= "2024-03-30T02:30||+1d"', "2024-03-31T01:29:59.999Z", False),
        ("Europe/Berlin", 'f >= "2024-03-30T02:30||+1d"', "2024-03-31T01:30:00Z", True),
        ("Europe/Berlin", 'f >= "2024-10-28T02:30||-1d"', "2024-10-27T01:29:59.999Z", False),
        ("Europe/Berlin", 'f >= "2024-10-26T02:30||+1d"', "2024-10-27T00:30:00Z", True),
        # in Havana the hour after midnight of 2024-11-03 came twice, from 04:00Z and from 05:00Z
        ("America/Havana", 'f >= "2024-11-03T17:00Z||/d"', "2024-11-03T04:59:59.999Z", False),
        ("America/Havana", 'f >= "2024-11-03T17:00Z||/d"', "2024-11-03T05:00:00Z", True),
        ("America/Havana", 'f >= "2024-11-03T04:30Z||/d"', "2024-11-03T04:00:00Z", True),
        ("America/Havana", 'f >= "2024-11-03"', "2024-11-03T04:00:00Z", True),
    ],
)
def test_time_zones(zone: str, query: str, value: Any, expected: bool) -> None:
    assert matches(query, {"f": value}, {"f": "date"}, now=NOW, time_zone=zone) is expected


def test_now_may_be_naive_or_of_any_zone() -> None:
    assert date_math.instant_of(NOW.replace(tzinfo=None)) == date_math.instant_of(NOW)
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    assert date_math.instant_of(east) == date_math.instant_of(NOW)


def test_now_is_the_time_of_the_call_by_default() -> None:
    here = datetime.now(UTC)
    assert matches("f <= now and f > now-1m", {"f": here.isoformat()[:23] + "Z"}, {"f": "date"})
