"""Sequences and samples in Sentinel: on drawn streams, what the queries find, played through by
``tests.oracles.kusto_pipelines``, is what Kibana finds (``kqlx.find_sequences``).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

import pytest
import yaml

import kqlx
from kqlx.backends.sentinel.sequence import emit_events
from kqlx.backends.target import Options, Plan, PlannedEvents, PlannedSource, PlannedStep
from kqlx.evaluate.sequences import EventsTogether, find_sequences
from kqlx.mappings.destinations import unbound
from kqlx.mappings.known_types import types_for
from kqlx.nodes import Equals, Literal
from kqlx.records import replace
from kqlx.rules.model import Rule
from kqlx.sequences import EventQuery, Sample, Sequence, Step
from tests.evaluate.sequence_model import Event, drawn_sample, drawn_sequence, drawn_stream
from tests.oracles.kusto import analyse, there
from tests.oracles.kusto_pipelines import INGESTED, answer

MINUTE = 60_000
STREAMS = int(os.environ.get("STREAMS", "200"))
"""20,000 have been drawn of each; the suite draws the first of them."""

# Fields that ECS has with these types: several kinds, a key of one value, and one of several.
NAMES = {"kind": "event.type", "k": "user.name", "j": "host.ip"}


def named(step: Step) -> Step:
    assert isinstance(step.condition, Equals)
    field = Literal(NAMES[step.condition.field.name])
    keys = tuple(replace(key, value=NAMES[key.name]) for key in step.keys)
    return replace(step, condition=replace(step.condition, field=field), keys=keys)


def renamed(event: Event) -> Event:
    found = {NAMES.get(name, name): value for name, value in event.items()}
    if isinstance(found.get("user.name"), list):  # its column has one value
        found["user.name"] = found["user.name"][0]
    return found


def drawn(random: Random) -> Sequence:
    asked = drawn_sequence(random)
    until = named(asked.until) if asked.until is not None else None
    return replace(asked, steps=tuple(map(named, asked.steps)), until=until)


def plan_of(asked: Sequence | Sample, options: Options, data: dict[str, Any]) -> Plan:
    types = types_for(EventQuery(asked).fields_tree, None, None)

    def planned(step: Step) -> PlannedStep:
        bound = unbound(step.condition, "none", types)
        return PlannedStep(step, (PlannedSource(bound, options),))

    until = asked.until if isinstance(asked, Sequence) else None
    steps = tuple(map(planned, asked.steps))
    events = PlannedEvents(asked, steps, planned(until) if until is not None else None)
    every = [*steps, *([events.until] if events.until else [])]
    sources = tuple(source for step in every for source in step.sources)
    return Plan(Rule(name="A rule", query="", data=data), sources, events=events)


def written(asked: Sequence | Sample, sequence: str | None = None) -> str:
    plan = plan_of(asked, Options(sequence=sequence), {})
    assert plan.events is not None
    return str(emit_events(plan, plan.events).query)


def rows_of(events: Iterable[Event]) -> list[dict[str, Any]]:
    return [
        {
            "TimeGenerated": event["@timestamp"],
            "n": event["n"],
            "event.type": event["event.type"],
            "user.name": event.get("user.name", ""),
            "host.ip": event.get("host.ip"),
        }
        for event in events
    ]


def by_query(query: str, asked: Sequence | Sample, events: list[Event]) -> Counter[Any]:
    """Of each row of the result the keys, and when its events happened."""
    present = [place for place, step in enumerate(asked.steps, 1) if not step.missing]
    found: Counter[Any] = Counter()
    for row in answer(query, {"Events": rows_of(events)}):
        *_, last = times = [row[f"Event{place}"]["TimeGenerated"] for place in present]
        assert row["TimeGenerated"] == last or isinstance(asked, Sample)
        names = [name for name in row if name.startswith(("Key", "user_name", "host_ip"))]
        keys = tuple(row[name] or None for name in names)
        found[keys, row["StartTime"], *times] += 1
    return found


def by_events(asked: Sequence, found: Iterable[EventsTogether]) -> Counter[Any]:
    """The same of what Kibana finds."""
    counted: Counter[Any] = Counter()
    for one in found:
        times = [event["@timestamp"] for event in one.events]
        ends, place = [], 0
        for step in asked.steps:
            if not step.missing:
                place += step.runs
                ends.append(times[place - 1])
        counted[one.keys, times[0], *ends] += 1
    return counted


def test_sequences_are_kibanas() -> None:
    random = Random(171)
    queries, several = [], 0
    for _ in range(STREAMS):
        asked, events = drawn(random), list(map(renamed, drawn_stream(random)))
        if any(step.runs > 1 for step in asked.steps):  # of ties see the next test
            events = list({event["@timestamp"]: event for event in events}.values())
        query = written(asked)
        expected = by_events(asked, find_sequences(asked, events, types={}))
        assert by_query(query, asked, events) == expected, (query, events)
        several += bool(expected)
        queries.append(query)
    assert several > STREAMS / 5
    check(queries[:30])


def test_runs_of_one_moment_count() -> None:
    """In the order in which they are stored, as Elasticsearch does: logs whose times are whole
    seconds have many events in one.
    """
    random = Random(174)
    several = 0
    for _ in range(STREAMS // 3):
        step = replace(named(drawn_sequence(random).steps[0]), runs=random.randint(2, 4))
        span = random.choice([None, 1, 4])
        asked = Sequence((replace(step, missing=False),), span)
        events = list(map(renamed, drawn_stream(random)))
        expected = by_events(asked, find_sequences(asked, events, types={}, stored_order=True))
        assert by_query(written(asked), asked, events) == expected, (asked, events)
        several += any(key[1] == key[-1] for key in expected)
    assert several


def test_samples_are_kibanas() -> None:
    random = Random(172)
    queries = []
    for _ in range(STREAMS // 3):
        sample = drawn_sample(random)
        asked = replace(sample, steps=tuple(map(named, sample.steps)))
        events = list(map(renamed, drawn_stream(random)))
        query = written(asked)
        expected = Counter(one.keys for one in find_sequences(asked, events, types={}))
        found = Counter(key for key, *_ in by_query(query, asked, events))
        assert found == expected, (query, events)
        queries.append(query)
    check(queries[:20])


def test_joins_find_all_sequences_and_say_what_more() -> None:
    """Of each key a join finds something if and only if Kibana does, and each last event of a
    sequence is among what it finds.
    """
    random = Random(173)
    queries, more = [], 0
    for _ in range(STREAMS):
        asked = drawn(random)
        steps = tuple(replace(step, runs=1) for step in asked.steps if not step.missing)
        asked = Sequence(steps, asked.max_span)
        if not steps[0].keys:
            continue
        events = list(map(renamed, drawn_stream(random)))
        query = written(asked, "join")
        expected = {
            (k, last) for k, *_, last in by_events(asked, find_sequences(asked, events, types={}))
        }
        found = {(k, last) for k, *_, last in by_query(query, asked, events)}
        assert {key for key, _ in found} == {key for key, _ in expected}, (query, events)
        assert found >= expected
        more += found > expected
        queries.append(query)
    assert more
    check(queries[:20])


@pytest.mark.parametrize("clock", [0, 5 * MINUTE])
def test_rules_tell_each_sequence_once(clock: int) -> None:
    """Of events that arrive up to a day late, whether ``ago()`` counts from the time for which a
    run is scheduled or from when it starts, five minutes later.
    """
    query = (
        'sequence by user.name with maxspan=10m [any where event.type == "a"]'
        ' [any where event.type == "b"]'
    )
    data = {"from": "now-9m", "interval": "5m", "timestamp_override": "event.ingested"}
    rule = Rule(name="A rule", query=query, language="eql", type="eql", data=data)
    converted = kqlx.convert(rule, "sentinel", source="none", format="rule")
    read = yaml.safe_load(converted.text)
    assert (read["queryFrequency"], read["queryPeriod"]) == ("5m", "25h")
    random = Random(175)
    all_told = 0
    for _ in range(20):
        rows: list[dict[str, Any]] = []
        for number, user in enumerate("abcdef"):
            first = random.randint(0, 60) * MINUTE
            for kind, time in (("a", first), ("b", first + random.choice([1, 9, 10, 11]) * MINUTE)):
                late = random.choice([0, 1, 4, 30, 20 * 60]) * MINUTE
                row: dict[str, Any] = {
                    "TimeGenerated": time,
                    "user.name": user,
                    "event.type": [kind],
                }
                rows.append({**row, "n": number, INGESTED: time + late + random.randint(0, 59_999)})
        told: Counter[str] = Counter()
        for now in range(0, 26 * 60 * MINUTE, 5 * MINUTE):
            seen = [
                row
                for row in rows
                if now - 25 * 60 * MINUTE < row["TimeGenerated"] <= now
                and row[INGESTED] <= now + 5 * MINUTE
            ]
            if seen:
                found = answer(read["query"], {"Events": seen}, now + clock)
                told.update(row["user_name"] for row in found)
        times = {(row["user.name"], *row["event.type"]): row["TimeGenerated"] for row in rows}
        expected = {u for u in "abcdef" if times[u, "b"] - times[u, "a"] <= 10 * MINUTE}
        assert told == Counter(expected)
        all_told += len(expected)
    assert all_told


COLUMNS = {"user.name": "string", "host.ip": "dynamic", "event.type": "dynamic"}
SCHEMA = {"Events": {"TimeGenerated": "datetime", "n": "long", **COLUMNS}}


def check(queries: list[str], schema: Mapping[str, Mapping[str, str]] = SCHEMA) -> None:
    """Microsoft's analyser takes the queries."""
    if not there():
        return
    for query, complaints in zip(queries, analyse(queries, schema), strict=True):
        assert not complaints, f"{complaints}\n{query}"


@pytest.mark.parametrize(
    ("what", "step"),
    [
        ("with runs", {"runs": 3}),
        ("that must be missing", {"missing": True}),
    ],
)
def test_what_a_join_cannot_say_is_refused(what: str, step: dict[str, Any]) -> None:
    from kqlx.errors import UnsupportedError

    first = named(drawn_sequence(Random(1)).steps[0])
    asked = Sequence((replace(first, runs=1, missing=False), replace(first, **step)), 1000)
    with pytest.raises(UnsupportedError, match=what) as raised:
        written(asked, "join")
    assert raised.value.code == "sequence-not-joined"
