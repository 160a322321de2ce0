"""Sequences and samples in Splunk find what Elasticsearch finds: the searches, played through on
drawn streams.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from random import Random
from typing import Any

import kqlx
from kqlx.evaluate.sequences import find_sequences
from kqlx.records import replace
from kqlx.sequences import EventQuery, Sample, Sequence
from tests.evaluate.sequence_model import START, drawn_sample, drawn_sequence, drawn_stream
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import flat_event
from tests.oracles.spl.reader import parse_search

STREAMS = int(os.environ.get("STREAMS", "300"))
"""20,000 have been drawn; the suite draws the first of them."""

Found = tuple[tuple[Any, ...], int, int]
"""The keys of a sequence, and when it begins and ends, in milliseconds."""


def searched(asked: Sequence | Sample | str, events: Iterable[dict[str, Any]]) -> list[Found]:
    """What the search finds."""
    options: dict[str, Any] = {"source": "none", "accept": ("different", "narrower")}
    if isinstance(asked, str):
        made, names = kqlx.convert(asked, "spl", language="eql", **options), ["k"]
    else:
        made = kqlx.convert("", "spl", node=EventQuery(asked), language="eql", **options)
        names = [key.name for key in asked.steps[0].keys]
    pipeline = parse_search(str(made.query))
    assert not pipeline.doubtful
    stored = [{**flat_event(one), "_time": str(one["@timestamp"] / 1000)} for one in events]
    return sorted(
        (
            tuple(row[name] for name in names),
            _milliseconds(row["firstTime"]),
            _milliseconds(row["lastTime"]),
        )
        for row in evaluate(pipeline, stored)
    )


def _milliseconds(time: Any) -> int:
    return round(float(time) * 1000)


def expected(asked: Sequence | Sample, events: Iterable[dict[str, Any]], **how: Any) -> list[Found]:
    """What Elasticsearch finds."""
    return sorted(
        (
            tuple(one if one is not None else "(none)" for one in found.keys),
            found.events[0]["@timestamp"],
            found.events[-1]["@timestamp"],
        )
        for found in find_sequences(asked, events, types={}, **how)
    )


def test_sequences_are_those_of_elasticsearch() -> None:
    random = Random(17)
    several = 0
    for _ in range(STREAMS):
        asked, events = drawn_sequence(random), drawn_stream(random)
        if any(step.runs > 1 for step in asked.steps):
            events = at_times_of_their_own(events)
        wanted = expected(asked, events)
        assert searched(asked, events) == wanted, (asked, events)
        several += bool(wanted)
    assert several > STREAMS / 6


def at_times_of_their_own(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """No two events at once: of one step they are counted one by one, as they are stored."""
    made = []
    last = START - 1
    for event in events:
        last = max(last + 1, event["@timestamp"])
        made.append({**event, "@timestamp": last})
    return made


def test_events_of_one_step_are_counted_one_by_one() -> None:
    """Also those of the same moment, as Elasticsearch counts them in the order it stores them."""
    random = Random(19)
    several = 0
    for _ in range(STREAMS // 3):
        asked, events = drawn_sequence(random), drawn_stream(random)
        step = replace(asked.steps[-1], runs=random.choice([2, 3, 5]), missing=False)
        alone = Sequence((step,), asked.max_span)
        wanted = expected(alone, events, stored_order=True)
        assert searched(alone, events) == wanted, (alone, events)
        several += bool(wanted)
    assert several > STREAMS / 20


def test_samples_are_those_of_elasticsearch() -> None:
    random = Random(18)
    for _ in range(STREAMS // 3):
        asked, events = drawn_sample(random), drawn_stream(random)
        found = [keys for keys, _, _ in searched(asked, events)]
        assert found == [keys for keys, _, _ in expected(asked, events)], (asked, events)


def test_keys_may_be_called_as_what_the_search_makes() -> None:
    """``run``, ``event``, ``step``: fields of one's own."""
    events: list[dict[str, Any]] = [
        {"@timestamp": START + n * 1000, name: "x", "event.action": action, "_raw": str(n)}
        for name in ("run", "event", "step")
        for n, action in enumerate(("a", "b", "a"))
    ]
    for name in ("run", "event", "step"):
        mine = [one for one in events if name in one]
        for query in (
            f'sequence by {name} with maxspan=1m [any where event.action == "a"] with runs=2',
            f"sequence by {name} with maxspan=1m [any where true] [any where true] with runs=2",
            f'sequence by {name} with maxspan=1m [any where event.action == "a"]'
            ' [any where event.action == "b"] until [any where event.action == "c"]',
            f'sample by {name} [any where event.action == "a"] [any where event.action == "b"]',
        ):
            made = kqlx.convert(query, "spl", language="eql", source="none")
            stored = [{**flat_event(one), "_time": str(one["@timestamp"] / 1000)} for one in mine]
            assert len(evaluate(parse_search(str(made.query)), stored)) == 1, query


def test_an_event_that_two_data_sources_have_counts_once() -> None:
    """Elastic Defend is searched for in the records of Sysmon, which are a data source too."""
    query = """
    sequence by host.id with maxspan=1h
      [process where process.name == "a.exe" and process.args : "x"] with runs=3
      [process where process.name == "b.exe" and process.args : "x"]
    """
    indices = ["logs-endpoint.events.process-*", "logs-windows.sysmon_operational-*"]
    rule = kqlx.Rule(
        name="One", query=query, language="eql", type="eql", data={"index": indices}, id="s-2"
    )
    search = parse_search(str(kqlx.convert(rule, "spl", accept=("narrower", "different")).query))

    def found(*names: str) -> int:
        events = [
            {"source": "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational", "EventCode": "1"}
            | {"Image": rf"C:\{name}", "process_name": name, "CommandLine": f"{name} x"}
            | {"host": "h", "_time": str(START + place), "_raw": str(place)}
            | {"index": "main", "splunk_server": "i", "_cd": f"7:{place}"}
            for place, name in enumerate(names)
        ]
        return len(evaluate(search, events))

    assert found("a.exe", "a.exe", "b.exe") == 0
    assert found("a.exe", "a.exe", "a.exe", "b.exe") == 1
