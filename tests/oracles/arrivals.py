"""Events that arrive late, and rules that go by when they arrived: Kibana's meaning in plain
Python, and a model of how Splunk runs a saved search.

Times are seconds since 1970; an event has the time at which it happened, and that of its arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

import kqlx
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.times import shift_time
from tests.oracles.splunk import without_times

MINUTE, HOUR, DAY = 60, 3_600, 86_400
NOW = 1_700_000_100  # on which a search runs each five minutes
LOOK_BACK = 9 * MINUTE
INTERVAL = 5 * MINUTE


@dataclass(frozen=True)
class Arrived:
    """An event that a query finds, its number, a user, and the two times."""

    number: int
    user: str
    happened: int
    arrived: int


def events(window: int = LOOK_BACK) -> st.SearchStrategy[list[Arrived]]:
    """Events around the borders of runs and of a window, from a clock ahead to two days late."""
    borders = [0, LOOK_BACK, INTERVAL, 2 * INTERVAL, LOOK_BACK + INTERVAL, window]
    age = st.builds(
        lambda border, off: max(border + off, 1),
        st.sampled_from(borders),
        st.sampled_from([-61, -59, -31, -1, 1, 29, 61, 119]),
    )
    late = st.sampled_from(
        [-DAY, -HOUR, -7, 0, 1, 299, 30 * MINUTE, 6 * HOUR, DAY - 1, DAY, DAY + 2 * HOUR, 2 * DAY]
    )
    drawn = st.lists(st.tuples(age, late, st.sampled_from("abc")), max_size=10)
    return drawn.map(
        lambda found: [
            Arrived(number, user, NOW - age - late, NOW - age)
            for number, (age, late, user) in enumerate(found)
        ]
    )


def rule(kind: str = "query", query: str = "event.action:go", **data: Any) -> kqlx.Rule:
    """A rule that goes by arrival, unless ``timestamp_override`` says otherwise."""
    table = {
        "type": kind,
        "from": "now-9m",
        "interval": "5m",
        "timestamp_override": "event.ingested",
        **data,
    }
    table = {key: value for key, value in table.items() if value is not None}
    return kqlx.Rule("A rule", query, type=kind, data=table, id="x", format="toml")


def threshold(least: int = 2, **data: Any) -> kqlx.Rule:
    return rule("threshold", threshold={"field": ["user.name"], "value": least}, **data)


def new_terms(days: int = 3, **data: Any) -> kqlx.Rule:
    terms: dict[str, Any] = {
        "new_terms_fields": ["user.name"],
        "history_window_start": f"now-{days}d",
    }
    return rule("new_terms", **terms, **data)


# Kibana


def seen(found: Iterable[Arrived], now: int, window: int = LOOK_BACK) -> list[Arrived]:
    """What a run sees: what arrived in its window, whenever it happened."""
    return [event for event in found if now - window <= event.arrived <= now]


def reached(found: Iterable[Arrived], now: int, least: int) -> set[str]:
    users = [event.user for event in seen(found, now)]
    return {user for user in users if users.count(user) >= least}


def first_seen(
    found: Iterable[Arrived], now: int, window: int, look_back: int = LOOK_BACK
) -> set[str]:
    first: dict[str, int] = {}
    for event in seen(found, now, window):
        first[event.user] = min(event.arrived, first.get(event.user, now))
    return {user for user, moment in first.items() if moment > now - look_back}


# Splunk


def run(
    search: str, found: Iterable[Arrived], now: int, around: Mapping[str, str], **more: Any
) -> Sequence[Mapping[str, object]]:
    """The results of a search that runs at a moment, on what has arrived until then. ``around`` are
    the time modifiers that it is given beside its text, over which its own go: with one of event
    time it has all of them.
    """
    pipeline, own = without_times(search)
    said = dict(around) | {each.name: each.text for each in own}
    if {"earliest", "latest"} & {each.name for each in own}:
        said["latest"] = next((each.text for each in own if each.name == "latest"), "now")
        said["earliest"] = next((each.text for each in own if each.name == "earliest"), "0")
    rows = [
        {
            "_time": str(event.happened),
            "_indextime": str(event.arrived),
            "_raw": str(event.number),
            "event.action": "go",
            "user.name": event.user,
        }
        for event in found
        if event.arrived <= now
        and limit(said["earliest"], now) <= event.happened < limit(said["latest"], now)
        and limit(said.get("_index_earliest", "0"), now) <= event.arrived
        and event.arrived <= limit(said.get("_index_latest", "now"), now)
    ]
    return evaluate(pipeline, rows, now=now, **more)


def limit(text: str, now: int) -> float:
    return 0 if text == "0" else shift_time(now, text.removeprefix("now"))
