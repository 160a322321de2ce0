"""Sequences and samples of EQL on streams of events, case by case as the documents have them:
https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax
"""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from kqlx.errors import UnsupportedError, UsageError
from kqlx.evaluate.compiler import compile
from kqlx.evaluate.sequences import EventFinder, find_sequences
from kqlx.frontends.eql.parser import parse_query


def stream(text: str) -> list[dict[str, Any]]:
    """Events at ``time:kinds``, or ``time:kinds:key``; each is numbered."""
    events = []
    for number, part in enumerate(text.split(), 1):
        time, kinds, *key = part.split(":")
        event: dict[str, Any] = {"@timestamp": int(time), "kind": list(kinds), "n": number}
        if key:
            values: list[str | None] = [*key[0].split(",")]
            event["key"] = values if len(values) > 1 else values[0]
        events.append(event)
    return events


def steps(text: str) -> str:
    """``A``, ``!M``, ``A*3`` → the steps of a query."""
    written = []
    for part in text.split():
        kind, _, runs = part.partition("*")
        missing = "!" if kind.startswith("!") else ""
        condition = f'{missing}[any where kind == "{kind.lstrip("!")}"]'
        written.append(condition + (f" with runs={runs}" if runs else ""))
    return " ".join(written)


def found(query: str, events: list[dict[str, Any]], **options: Any) -> list[list[Any]]:
    return [
        [event["n"] for event in one.events] for one in find_sequences(query, events, **options)
    ]


@pytest.mark.parametrize(
    ("asked", "events", "expected"),
    [
        # a newer event takes the place of the older one, a match consumes it
        ("A B", "1:A 2:A 3:B 4:B", [[2, 3]]),
        ("A B C", "1:A 2:B 3:A 4:C 5:B 6:C", [[1, 2, 4], [3, 5, 6]]),
        # the same event never follows itself, nor do events of the same time follow each other
        ("A A", "1:A 2:A 3:A", [[1, 2], [2, 3]]),
        ("A B", "1:A 1:B", []),
        ("A B", "1:A 2:A 2:B 3:B", [[1, 3], [2, 4]]),
        # runs are so many steps
        ("A*3", "1:A 2:A 3:A 4:A", [[1, 2, 3], [2, 3, 4]]),
        ("A*2 B", "1:A 2:B 3:A 4:A 5:B", [[3, 4, 5]]),
    ],
)
def test_states(asked: str, events: str, expected: list[list[int]]) -> None:
    assert found("sequence " + steps(asked), stream(events)) == expected


@pytest.mark.parametrize(
    ("asked", "events", "expected"),
    [
        ("A B", "1:A 6:B", [[1, 2]]),  # inclusive
        ("A B", "1:A 7:B", []),
        ("A B", "1:A 7:B 8:A 9:B", [[3, 4]]),
        ("A B C", "1:A 4:B 7:C", []),  # from the first to the last
        ("A B", "1:A 8:B 9:B", []),
    ],
)
def test_maxspan(asked: str, events: str, expected: list[list[int]]) -> None:
    assert found("sequence with maxspan=5ms " + steps(asked), stream(events)) == expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("1:A 2:U 3:B", []),
        ("1:A 2:U 3:A 4:B", [[3, 4]]),
        ("1:A 2:B 3:U", [[1, 2]]),
        ("1:AU 2:B", []),  # what begins at that moment ends, too
        ("1:A 2:BU", [[1, 2]]),  # what is complete by then does not
        ("1:A 2:U 2:B", [[1, 3]]),
    ],
)
def test_until(events: str, expected: list[list[int]]) -> None:
    assert found(f"sequence {steps('A B')} until {steps('U')}", stream(events)) == expected


@pytest.mark.parametrize(
    ("asked", "events", "expected"),
    [
        # between two events: strictly
        ("A !M B", "1:A 2:M 3:B", []),
        ("A !M B", "1:A 1:M 3:M 3:B", [[1, 4]]),
        ("A !M B", "1:M 2:A 3:B 4:M", [[2, 3]]),
        # what is discarded in the end has consumed its events
        ("A !M B", "1:A 2:M 3:B 4:B", []),
        ("A A !M A", "1:A 2:A 3:M 4:A 5:A 6:M", [[2, 4, 5]]),
        # before: from the last one to the end of the sequence
        ("!M A", "1:M 6:A 7:A", [[3]]),
        ("!M A B", "1:M 5:A 6:B 7:A 8:B", [[4, 5]]),
        ("!M A B", "4:A 5:M 6:B", [[1, 3]]),
        # behind: from the start of the sequence to the first one
        ("A !M", "1:A 6:M", []),
        ("A !M", "1:A 7:M", [[1]]),
        ("A B !M", "1:A 5:B 5:M 7:M", [[1, 2]]),
        ("A B !M", "1:A 5:B 6:M", []),
        # both: not within the span together
        ("!M A !M", "1:M 3:A 6:M", []),
        ("!M A !M", "1:M 3:A 7:M", [[2]]),
        ("!M A !M", "3:A 4:M", [[1]]),
    ],
)
def test_missing(asked: str, events: str, expected: list[list[int]]) -> None:
    assert found("sequence with maxspan=5ms " + steps(asked), stream(events)) == expected


@pytest.mark.parametrize(
    ("query", "events", "expected"),
    [
        (f"sequence by key {steps('A B')}", "1:A:x 2:A:y 3:B:x 4:B:y", [[1, 3], [2, 4]]),
        (f"sequence by key {steps('A B')}", "1:A 2:B", []),
        (f"sequence by ?key {steps('A B')}", "1:A 2:A:x 3:B", [[1, 3]]),
        # each value is a key by itself
        (f"sequence by key {steps('A B')}", "1:A:x,y 2:B:y 3:B:x", [[1, 2], [1, 3]]),
        (f"sequence by key {steps('A B')}", "1:A:x,y 2:B:y,x", [[1, 2], [1, 2]]),
        # until and missing events have keys, too
        (f"sequence by key {steps('A B')} until {steps('U')}", "1:A:x 2:U:y 3:B:x", [[1, 3]]),
        (f"sequence by key with maxspan=9s {steps('A !M B')}", "1:A:x 2:M:y 3:B:x", [[1, 3]]),
        (f"sequence by key with maxspan=9s {steps('A !M B')}", "1:A:x 2:M:y,x 3:B:x", []),
    ],
)
def test_keys(query: str, events: str, expected: list[list[int]]) -> None:
    assert found(query, stream(events)) == expected


def test_keys_of_other_names_and_types() -> None:
    query = 'sequence [any where kind == "A"] by a, b [any where kind == "B"] by b, a'
    events = [
        {"@timestamp": 1, "kind": "A", "a": 1, "b": True, "n": 1},
        {"@timestamp": 2, "kind": "B", "a": "1", "b": True, "n": 2},
        {"@timestamp": 3, "kind": "B", "a": True, "b": True, "n": 3},
        {"@timestamp": 4, "kind": "B", "a": True, "b": 1, "n": 4},
    ]
    assert found(query, events) == [[1, 4]]
    assert found(query, [*events[:2], events[3] | {"b": "1"}], types={"a": "keyword"}) == []
    [one] = find_sequences(query, events)
    assert one.keys == (1, True)


def test_too_many_keys_are_refused() -> None:
    finder = EventFinder(parse_query(f"sequence by a, b {steps('A B')}"))
    many = {"@timestamp": 1, "kind": "A", "a": [*range(101)], "b": [*range(100)]}
    with pytest.raises(UsageError, match="the event has more than 10,000 keys"):
        finder.add(many)
    finder.add(many | {"a": [*range(100)]})
    (one,) = finder.add({"@timestamp": 2, "kind": "B", "a": 99, "b": 0})
    assert one.keys == (99, 0)


def test_keys_that_are_addresses_are_compared_as_such() -> None:
    query = f"sequence by ip {steps('A B')}"
    for first, second in (("::ffff:10.0.0.1", "10.0.0.1"), ("2001:DB8:0::1", "2001:db8::1")):
        events = [
            {"@timestamp": 1, "kind": "A", "ip": first, "n": 1},
            {"@timestamp": 2, "kind": "B", "ip": second, "n": 2},
        ]
        assert found(query, events, types={"ip": "ip"}) == [[1, 2]]
        assert found(query, events, types={"ip": "keyword"}) == []


def test_times() -> None:
    query = "sequence with maxspan=1s " + steps("A B")
    times = ("2024-05-01T12:00:00.0001Z", "2024-05-01T12:00:00.0002Z")
    events = [{"t": time, "kind": kind, "n": kind} for time, kind in zip(times, "AB", strict=True)]
    assert found(query, events, timestamp_field="t") == []
    nanos = {"t": "date_nanos"}
    assert found(query, events, timestamp_field="t", types=nanos) == [["A", "B"]]


def test_tiebreaker() -> None:
    events = [
        event | {"order": n} for event, n in zip(stream("1:A 1:B 1:A"), (1, 2, 2), strict=True)
    ]
    query = "sequence " + steps("A B")
    assert found(query, events, tiebreaker_field="order") == [[1, 2]]
    del events[1]["order"]  # the last of its time
    events = [events[0], events[2], events[1]]
    assert found(query, events, tiebreaker_field="order") == [[3, 2]]


@pytest.mark.parametrize(
    ("pipes", "expected"),
    [
        ("| head 1", [[1, 2]]),
        ("| tail 1", [[5, 6]]),
        ("| tail 2 | head 1", [[3, 4]]),
        ("| head 2 | tail 1", [[3, 4]]),
        ("| head 0", []),
        ("| tail 0", []),
        ("| tail 9", [[1, 2], [3, 4], [5, 6]]),
    ],
)
def test_pipes(pipes: str, expected: list[list[int]]) -> None:
    events = stream("1:A 2:B 3:A 4:B 5:A 6:B")
    assert found(f"sequence {steps('A B')} {pipes}", events) == expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("1:B:x 1:A:x", [[2, 1]]),
        ("1:AB:x", []),  # of different events
        ("1:AB:x 2:A:x", [[2, 1]]),
        ("1:AB:x 2:AB:x 3:A:x 4:B:x", [[1, 2]]),  # one for each key
        ("1:A:x 2:B:y 3:A:y 4:B:x", [[3, 2], [1, 4]]),
        ("1:A 2:B", []),
    ],
)
def test_samples(events: str, expected: list[list[int]]) -> None:
    assert found("sample by key " + steps("A B"), stream(events)) == expected


def test_events_out_of_order_are_left_out() -> None:
    finder = EventFinder(parse_query("sequence " + steps("A B")))
    first, early, second = stream("5:A 4:B 6:B")
    assert finder.add(first) == []
    with pytest.raises(UsageError, match="the event is earlier than the one before it"):
        finder.add(early)
    assert [one.events for one in finder.add(second)] == [(first, second)]
    for broken, says in (
        ({}, "no value of @timestamp"),
        ({"@timestamp": [1, 2]}, "several values of @timestamp"),
        ({"@timestamp": "noon"}, '@timestamp of the event is no date: "noon"'),
        ({"@timestamp": True}, '@timestamp of the event is no date: "True"'),
    ):
        with pytest.raises(UsageError, match=says):
            finder.add(broken)


def test_several_events_are_no_condition() -> None:
    with pytest.raises(UnsupportedError) as raised:
        compile("sequence " + steps("A B"), language="eql")
    assert raised.value.hint == "find them in a stream of events with find_sequences"


def test_single_events_are_refused() -> None:
    with pytest.raises(UsageError, match="single events"):
        next(find_sequences("any where true", []))


class _Held(dict[str, Any]):
    """An event that can be asked whether it is still held."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # dict has none


def test_what_nothing_can_come_of_is_forgotten() -> None:
    finder = EventFinder(parse_query("sequence by key with maxspan=1s " + steps("A B")))
    held: weakref.WeakSet[_Held] = weakref.WeakSet()
    most = 0
    for number in range(20_000):
        event = _Held({"@timestamp": 10_000 + number, "kind": "A", "key": number})
        held.add(event)
        finder.add(event)
        most = max(most, len(held))
    assert most < 3_000
