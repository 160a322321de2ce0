"""Kibana's meaning of rules that count or compare, in plain Python, and Sentinel's on DuckDB.

An event maps names of fields to lists of values, and ``at`` to the seconds before the run that it
happened. The fields are columns of a table that keeps Elastic's names.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from kqlx.rules.new_terms import NewTerms
from kqlx.rules.threshold import Threshold
from kqlx.testing.edges import NOW
from tests.oracles.sentinel import SQL_TYPES, TABLE, answer, as_json, make_table, rewritten

COLUMNS = {
    "event.action": "string",
    "user.name": "string",
    "host.name": "string",
    "source.port": "long",
    "process.args": "dynamic",
}

RuleEvent = Mapping[str, Any]
Group = tuple[Any, ...]


def groups(event: RuleEvent, fields: Sequence[str]) -> list[Group]:
    """The combinations of an event's values, each once; none where it lacks a field."""
    return list(itertools.product(*(dict.fromkeys(event.get(name, ())) for name in fields)))


def threshold_alerts(threshold: Threshold, events: Iterable[RuleEvent]) -> dict[Group, int]:
    """By group how many events raise an alert."""
    found: dict[Group, list[RuleEvent]] = {}
    for event in events:
        for group in groups(event, threshold.by):
            found.setdefault(group, []).append(event)
    return {
        group: len(inside)
        for group, inside in found.items()
        if len(inside) >= threshold.least
        and all(
            len({value for event in inside for value in event.get(name, ())}) >= least
            for name, least in threshold.distinct
        )
    }


def new_terms_alerts(terms: NewTerms, look_back: int, events: Iterable[RuleEvent]) -> set[Group]:
    """The combinations of values that events of the look-back have, and none before it that lies
    in the window.
    """
    new: set[Group] = set()
    known: set[Group] = set()
    for event in events:
        if event["at"] < look_back:
            new.update(groups(event, terms.fields))
        elif event["at"] < terms.window:
            known.update(groups(event, terms.fields))
    return new - known


def rows(query: str, events: Iterable[RuleEvent]) -> list[dict[str, Any]]:
    """What the query finds on a table of these events, a row by names of columns."""
    types = {name: SQL_TYPES[kind] for name, kind in COLUMNS.items()}
    make_table(TABLE, {**types, "TimeGenerated": "TIMESTAMP"}, map(_row, events))
    return answer(rewritten(query))


def _row(event: RuleEvent) -> list[Any]:
    cells: list[Any] = []
    for name, kind in COLUMNS.items():
        values = list(event.get(name, ()))
        if kind == "dynamic":
            single = len(values) == 1 and event["at"] % 2  # an array, or a value by itself
            cells.append(as_json(values[0] if single else values) if values else None)
        else:
            cells.append(values[0] if values else ("" if kind == "string" else None))
    moment = NOW - timedelta(seconds=event["at"])
    return [*cells, moment.replace(tzinfo=None)]
