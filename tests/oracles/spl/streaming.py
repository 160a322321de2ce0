"""``streamstats``, ``sort`` and what else goes by the order of events.

https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/streamstats: an
aggregate looks at the events before, with ``current`` also at the event itself; with ``window`` at
so many of them, and by ``global=f`` at so many of each group. Values that are null count for no
aggregate. What becomes of events without a field behind ``by``, or with several values of it, is
not said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tests.oracles.spl.errors import Doubtful, NotEvaluated
from tests.oracles.spl.events import Event, values_of
from tests.oracles.spl.nodes import Aggregation, Simple, Sort, Streamstats
from tests.oracles.spl.values import Value, number_of, text_of, unpack

Reader = Callable[[Aggregation, Event], Value]
"""The value of the expression of an aggregate on an event."""


def streamed(command: Streamstats, events: Iterable[Event], read: Reader) -> list[Event]:
    """The events, each with what those before it tell."""
    before: dict[tuple[str, ...], list[list[Value]]] = {}
    told: list[Event] = []
    for event in events:
        group = tuple([_only(event, name) for name in command.by])
        rows = before.setdefault(group, [])
        values = [_read(one, event, read) for one in command.aggregations]
        seen = [*rows, values] if command.current else rows
        if command.window:
            seen = seen[-command.window :]
        result = dict(event)
        for place, aggregation in enumerate(command.aggregations):
            found = _aggregate(aggregation, [row[place] for row in seen])
            if found is None and aggregation.name in event:
                raise Doubtful(f"{aggregation.name} has a value, and streamstats has none for it")
            result.pop(aggregation.name, None)
            if found is not None:
                result[aggregation.name] = found
        rows.append(values)
        told.append(result)
    return told


def _only(event: Event, name: str) -> str:
    values = values_of(event, name)
    if len(values) != 1:
        raise Doubtful(f"{len(values)} values of {name} behind by")
    return values[0]


def _read(aggregation: Aggregation, event: Event, read: Reader) -> Value:
    if aggregation.expression is not None:
        return read(aggregation, event)
    if not aggregation.field:
        return "1"
    return [*values_of(event, aggregation.field)] or None


def _aggregate(aggregation: Aggregation, rows: Sequence[Value]) -> str | None:
    values = [value for row in rows for value in unpack(row)]
    match aggregation.function:
        case "count":
            return str(len(values))
        case "first" | "last":
            if not values:
                return None
            return text_of(values[0 if aggregation.function == "first" else -1])
        case _:
            raise NotEvaluated(f"the aggregate {aggregation.function} of streamstats")


def in_order(command: Sort, events: list[Event]) -> list[Event]:
    """By numbers; what is equal in all fields may come in any order."""
    for name, descending in reversed(command.fields):
        events = sorted(events, key=lambda event: _number(event, name), reverse=descending)
    return events


def _number(event: Event, name: str) -> float:
    found = number_of(_only(event, name))
    if found is None:
        raise NotEvaluated(f"sort by {name}, which is no number")
    return found


def cut(command: Simple, events: list[Event]) -> list[Event]:
    """``head``, ``tail``, which turns them round, and ``reverse``."""
    if command.command == "reverse":
        return events[::-1]
    count = int(command.arguments[0])
    return events[:count] if command.command == "head" else events[::-1][:count]


def deduplicated(command: Simple, events: Iterable[Event]) -> list[Event]:
    """Page dedup: so many events of each combination of values; those without one of the fields go,
    or with ``keepempty`` all stay.
    """
    options = dict(command.options)
    seen: dict[tuple[str, ...], int] = {}
    kept = []
    for event in events:
        each = [values_of(event, name) for name in command.arguments]
        if any(len(values) > 1 for values in each):
            raise Doubtful("dedup by a field of many values")
        if not all(each):
            if options.get("keepempty", "false")[0] == "t":
                kept.append(event)
            continue
        place = tuple([values[0] for values in each])
        seen[place] = seen.get(place, 0) + 1
        if seen[place] <= int(options["count"]):
            kept.append(event)
    return kept


def expanded(command: Simple, event: Event) -> list[Event]:
    """Page mvexpand: an event for each value of a field."""
    (name,) = command.arguments
    values = values_of(event, name)
    return [{**event, name: value} for value in values] or [event]
