"""The body of a search × events → hits, or groups with their counts: a small reading of the
aggregations that we write, after Elasticsearch's reference
(https://www.elastic.co/docs/reference/aggregations). Whatever else stands in a body is an error.

Events are flat: dotted names, each with a value or a list of values.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from tests.oracles.dsl import dsl_matches

Event = Mapping[str, Any]
Key = tuple[object, ...]

_NAME = re.compile(r"[^\[\]>]+")
_TEST = re.compile(r"params\.(\w+) (>=|>|==) (\d+)", re.ASCII)


class Search:
    """A search at a moment, on events whose fields have types."""

    def __init__(self, body: Mapping[str, Any], types: Mapping[str, str], now: datetime) -> None:
        assert set(body) in ({"query", "size", "sort"}, {"query", "size", "aggs"})
        self.body, self.types, self.now = body, types, now

    def found(self, events: Iterable[Event]) -> list[Event]:
        """All events that the query matches, in the order of the sort."""
        found = [event for event in events if self.holds(self.body["query"], event)]
        for entry in reversed(self.body.get("sort", [])):
            ((name, how),) = entry.items()
            assert how == {"order": "asc", "unmapped_type": "date"}
            found.sort(key=partial(_date, name))
        return found

    def hits(self, events: Iterable[Event]) -> list[Event]:
        assert 0 <= self.body["size"] <= 10_000
        return self.found(events)[: self.body["size"]]

    def groups(self, events: Iterable[Event]) -> dict[Key, int]:
        """The groups that are kept, by their keys, with the number of events."""
        ((name, aggregation),) = self.body["aggs"].items()
        assert name == "groups" and self.body["size"] == 0
        groups = _split(aggregation, self.found(events))
        return {key: len(group) for key, group in groups.items() if self.kept(aggregation, group)}

    def holds(self, query: Mapping[str, Any], event: Event) -> bool:
        return dsl_matches(query, event, self.types, self.now)

    def kept(self, aggregation: Mapping[str, Any], group: Sequence[Event]) -> bool:
        """Whether the selectors keep a group; an empty one is not there for them to keep."""
        inner = aggregation["aggs"]
        assert all(_NAME.fullmatch(name) for name in inner)
        selectors = [body.get("bucket_selector") for body in inner.values()]
        return all(self.selected(each, inner, group) for each in selectors if each)

    def selected(
        self, selector: Mapping[str, Any], inner: Mapping[str, Any], group: Sequence[Event]
    ) -> bool:
        assert set(selector) == {"buckets_path", "script"}
        params = {
            name: self.value(path, inner, group) for name, path in selector["buckets_path"].items()
        }
        return all(_holds(test, params) for test in selector["script"].split(" && "))

    def value(self, path: str, inner: Mapping[str, Any], group: Sequence[Event]) -> int:
        """What a path of buckets leads to, for a group."""
        if path == "_count":
            return len(group)
        name, arrow, rest = path.partition(">")
        ((kind, body),) = inner[name].items()
        if arrow:
            assert kind == "filter"
            return self.value(rest, {}, [event for event in group if self.holds(body, event)])
        assert kind == "cardinality"
        return len({value for event in group for value in values(event, body["field"])})


def _date(name: str, event: Event) -> tuple[bool, Any]:
    """The date of a field, by which events are sorted; those without come last."""
    return name not in event, event.get(name, "")


def values(event: Event, name: str) -> list[Any]:
    value = event.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]


def _split(aggregation: Mapping[str, Any], events: Sequence[Event]) -> dict[Key, list[Event]]:
    """Groups of events: each stands in the group of every combination of its values, and in none
    where it lacks a field.
    """
    if "filters" in aggregation:
        assert aggregation["filters"] == {"filters": [{"match_all": {}}]}
        return {(): list(events)}
    composite = aggregation["composite"]
    assert set(composite) == {"size", "sources"} and composite["size"] <= 10_000
    names = []
    for source in composite["sources"]:
        ((_, body),) = source.items()
        names.append(body["terms"]["field"])
    found: dict[Key, list[Event]] = {}
    for event in events:
        for key in itertools.product(*[dict.fromkeys(values(event, name)) for name in names]):
            found.setdefault(key, []).append(event)
    return found


def _holds(test: str, params: Mapping[str, int]) -> bool:
    match = _TEST.fullmatch(test)
    assert match, test
    value, least = params[match[1]], int(match[3])
    return {">=": value >= least, ">": value > least, "==": value == least}[match[2]]
