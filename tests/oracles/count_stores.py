"""What rules that count or compare alert on, among the events of ``pair_queries.Store``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import duckdb_kql

import kqlx
from kqlx.mappings.pack import Destination
from kqlx.testing.agreement import Malformed, Unsettled
from kqlx.testing.edges import NOW
from tests.oracles.pair_queries import FORM, NUMBER, Store, tables_of
from tests.oracles.sentinel import ROW
from tests.oracles.sentinel_rows import results
from tests.oracles.spl.errors import Doubtful, NotEvaluated
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import values_of
from tests.oracles.splunk import without_times

DAY = 86_400
AGES = (60, 5 * DAY, 12 * DAY)
"""In seconds, of every third event: recent, in the history, and before it."""
HISTORY = 10 * DAY


def age_of(number: int) -> int:
    """How long ago an event happened, in seconds; each at a time of its own."""
    return AGES[number % len(AGES)] + number // len(AGES)


@dataclass(frozen=True, slots=True)
class Alert:
    """A group of events: its values, the numbers of its events, and where values are counted how
    many different ones it has, None for one that all events have. Of a group that is ``first`` the
    first event alone is known.
    """

    group: tuple[str, ...]
    events: tuple[int, ...]
    distinct: int | None = None
    first: bool = False

    def agrees(self, other: Alert) -> bool:
        """Whether another has the same events, and as many values."""
        if self.distinct != other.distinct and (self.distinct is not None or other.distinct != 1):
            return False
        if self.first:
            return self.events[0] == max(other.events, key=age_of)
        return self.events == other.events

    def holds(self, other: Alert) -> bool:
        """Whether it has all events of another, and as many values at least."""
        values = (self.distinct or 1) >= (other.distinct or 1)
        return values and (
            set(other.events) & {*self.events} == {*(self.events if self.first else other.events)}
        )


@dataclass(frozen=True, slots=True)
class Found:
    """The alerts, and which events were there to be looked at."""

    alerts: list[Alert]
    events: set[int]


def alerts(
    made: kqlx.Conversion, place: Destination, store: Store, asked: Sequence[int]
) -> Iterator[Found]:
    """What a conversion for a destination makes of some of the events, by the form that they have
    where there are several. Raises Malformed, NotExecuted and Unsettled.
    """
    if store.target == "spl":
        yield from _in_splunk(str(made.query), place, store, set(asked))
    else:
        yield _in_sentinel(str(made.query), place, store, set(asked))


def _in_splunk(query: str, place: Destination, store: Store, asked: set[int]) -> Iterator[Found]:
    forms: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for flat in store.in_base(str(place.place.get("base") or "*")):
        number = int(str(flat[NUMBER]))
        if number in asked:
            moment = str(NOW.timestamp() - age_of(number))
            each = forms.setdefault(number, {}).setdefault(str(flat[FORM]), [])
            each.append({**flat, "_time": moment, "_indextime": moment})
    seen = f"count as event_count values({NUMBER}) as {NUMBER}"
    query = query.replace("count as event_count", seen, 1)
    by = re.findall(r'"(?:\\.|[^"\\])*"|[^\s,]+', _behind_by(query).replace("\n", " "))
    names = [name.strip('"') for name in by]
    pipeline, times = without_times(query)
    since = NOW.timestamp() - HISTORY if times else 0
    for place_of_form in range(max(map(len, forms.values()), default=0)):
        held = ([*found.values()][place_of_form % len(found)] for found in forms.values())
        flats = [flat for form in held for flat in form if float(flat["_time"]) >= since]
        try:
            rows = evaluate(pipeline, flats, now=NOW.timestamp())
        except (Doubtful, NotEvaluated) as error:
            raise Unsettled(str(error)) from None
        found = [_alert(row, names) for row in rows]
        yield Found(found, {*forms})


def _behind_by(query: str) -> str:
    _, _, rest = query.rpartition("\n| stats ")
    command = rest.partition("\n|")[0]
    parts = re.split(r"\sby\s", command)
    return parts[-1] if len(parts) > 1 else ""


def _alert(row: Mapping[str, Any], names: Sequence[str]) -> Alert:
    numbers = sorted(int(text) for text in values_of(row, NUMBER))
    distinct = [int(str(value)) for name, value in row.items() if name.startswith("dc_")]
    group = tuple(str(row[name]) for name in names)
    return Alert(group, tuple(numbers), distinct[0] if distinct else None)


_ROWS = "SeenRows"


def _in_sentinel(query: str, place: Destination, store: Store, asked: set[int]) -> Found:
    tables = tables_of(place.place)
    held = [
        (number, table, {**row, "TimeGenerated": _moment(number)})
        for number, table, row in store.rows
        if table in tables and number in asked
    ]
    first = "arg_min(" in query
    seen = f"EventCount = count(), {_ROWS} = make_set({ROW})"
    try:
        rows = results(query.replace("EventCount = count()", seen, 1), tables, held)
    except duckdb_kql.KqlError as error:
        raise Malformed(str(error)) from None
    names = _columns_behind_by(query)
    found = []
    for row in rows:
        numbers = [row[ROW]] if first else sorted(_numbers(row[_ROWS]))
        distinct = [v for name, v in row.items() if name.endswith("_count")]
        group = tuple(str(row.get(name)) for name in names)
        found.append(Alert(group, tuple(numbers), distinct[0] if distinct else None, first))
    return Found(found, {number for number, _, _ in held})


def _numbers(value: Any) -> list[int]:
    return [int(n) for n in (json.loads(value) if isinstance(value, str) else value)]


def _moment(number: int) -> str:
    return (NOW - timedelta(seconds=age_of(number))).isoformat()


def _columns_behind_by(query: str) -> list[str]:
    """The names of the columns that the last ``summarize`` groups by."""
    command = query.rpartition("| summarize")[2].partition("\n|")[0]
    by = re.split(r"\sby\s", command)
    if len(by) < 2:
        return []
    names, depth, quoted, current = [], 0, "", ""
    for sign in by[-1]:
        if sign == quoted or (not quoted and sign in "\"'"):
            quoted = "" if quoted else sign
        depth += 0 if quoted else (sign in "([") - (sign in ")]")
        if sign == "," and not depth and not quoted:
            names.append(current)
            current = ""
        else:
            current += sign
    names.append(current)
    plain = [name.split(" = ")[0].strip() for name in names]
    return [name.removeprefix("['").removesuffix("']") for name in plain]
