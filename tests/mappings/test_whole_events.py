"""Every field and value of the events of ``tests/events`` asked for in every destination of their
pack: in both polarities, as it is, by its beginning, and whether there is one. See
``pair_queries``. A document may leave out what its pipeline sets, so an event is asked about the
fields that its document has, unless it is known to be whole (see ``pack_events``). Each field that
a pack maps is in some document of the source, or in ``events_lacking.yml`` with the reason why not.

``WHOLE_EVENTS=1`` in the environment asks for all values; by default some questions are drawn, the
fewer the more destinations a pack has.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from fnmatch import filter as filter_names
from pathlib import Path
from typing import Any

import pytest

from kqlx.frontends.kql.formatter import format_node
from kqlx.mappings.pack import Pack
from kqlx.mappings.reader.builtin import builtin, sources
from kqlx.nodes import Exists, Literal
from kqlx.notes import Effect
from kqlx.testing.agreement import REFUSALS
from tests.oracles.pack_events import FOLDER, EventFile, Stored, converted, read
from tests.oracles.pair_files import Pair, fields_of
from tests.oracles.pair_queries import Store, judge_store, questions_in_eql
from tests.oracles.sentinel_rows import NotExecuted
from tests.oracles.sigma_rules import documents

FILES = [path.stem for path in sorted(FOLDER.glob("*.yml"))]
TARGETS = ("spl", "sentinel")
PLACES = [(s, target) for s in FILES for target in TARGETS if target in builtin(s).targets]
RATES = {"spl": 4, "sentinel": 24}
"""Of how many questions one is put, where there is one destination."""


def store_of(file: EventFile, target: str) -> Store:
    """The events of a file as a target holds them."""
    pairs = tuple(
        Pair(f"{file.source}-{event.number}", {}, fields_of(event.elastic)) for event in file.events
    )
    forms = [_in_splunk(event) for event in file.events]
    rows = [event.rows for event in file.events]
    whole = frozenset(pair.name for pair, e in zip(pairs, file.events, strict=True) if e.whole)
    return Store(builtin(file.source), target, pairs, forms, rows, complete=False, whole=whole)


def _in_splunk(event: Stored) -> list[list[Mapping[str, Any]]]:
    """The event's forms with the name of its machine, which every event in Splunk has."""
    names = fields_of(event.elastic).get("host.name", ())
    host = {"host": names[0]} if names else {}
    forms = [form for form in (event.splunk, event.escaped) if form is not None]
    return [[{**host, **one} for one in (form, *event.beside)] for form in forms]


@pytest.mark.parametrize(("source", "target"), PLACES)
def test_every_field_is_found_as_in_kibana(source: str, target: str) -> None:
    places = len(builtin(source).targets[target])
    rate = 1 if os.environ.get("WHOLE_EVENTS") else RATES[target] * places
    tally = judge_store(store_of(read(FOLDER / f"{source}.yml"), target), rate=rate)
    print(f"{source} → {target}: {tally}")
    assert not tally.reports, "\n".join([f"{len(tally.reports)} reports", *tally.reports[:20]])


@pytest.mark.parametrize(("source", "target"), PLACES)
def test_regular_expressions_and_functions_find_the_same(source: str, target: str) -> None:
    places = len(builtin(source).targets[target])
    rate = 1 if os.environ.get("WHOLE_EVENTS") else RATES[target] * places * 6
    store = store_of(read(FOLDER / f"{source}.yml"), target)
    tally = judge_store(store, rate=rate, asked=questions_in_eql)
    print(f"{source} → {target}: {tally}")
    assert not tally.reports, "\n".join([f"{len(tally.reports)} reports", *tally.reports[:20]])


# What Elastic moves out of winlog.event_data


RECORDS = [name for name in FILES if any(e.whole for e in read(FOLDER / f"{name}.yml").events)]
DATA = "winlog.event_data."


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", RECORDS)
def test_what_elastic_does_not_keep_is_not_found(source: str, target: str) -> None:
    """Of what a record has in EventData, and its document nowhere in winlog.event_data, a query
    finds nothing in Elastic: it was moved, or stood for no value.
    """
    events = [event for event in read(FOLDER / f"{source}.yml").events if event.whole]
    store = store_of(EventFile(source, (), tuple(events)), target)
    rate = 1 if os.environ.get("WHOLE_EVENTS") or target == "spl" else 8
    lost: dict[str, set[int]] = {}
    for number, (event, pair) in enumerate(zip(events, store.pairs, strict=True)):
        for name in event.data.keys() - {n.removeprefix(DATA) for n in pair.fields}:
            lost.setdefault(name, set()).add(number)
    untold = []
    for name in sorted(lost):
        if zlib.crc32(name.encode()) % rate:
            continue
        try:
            made = converted(format_node(Exists(Literal(DATA + name))), store.pack, target)
            found = store.found(made)
        except (*REFUSALS, NotExecuted):
            continue
        told = any(note.effect is Effect.WIDER for note in made.notes)
        if not told and (wrong := [n for n in lost[name] if True in found.get(n, ())]):
            untold.append(f"{name}: {events[wrong[0]].data[name]!r}: {made.text}")
    print(f"{source} → {target}: {len(lost)} fields")
    assert not untold, "\n".join(untold)


# Each mapped field is in some event


LACKING = Path(__file__).with_name("events_lacking.yml")


def mapped(pack: Pack) -> set[str]:
    """The fields that some destination of Splunk or Sentinel has a counterpart of."""
    return {
        name
        for target in TARGETS
        for place in pack.targets.get(target, ())
        for name, spec in place.fields.items()
        if not name.endswith("*")
        and (spec.no_counterpart is None or spec.value_predicates or spec.alternatives)
    } - set(pack.constants)


def held(source: str) -> set[str]:
    """The fields that some document of the source has."""
    path = FOLDER / f"{source}.yml"
    events = read(path).events if path.exists() else ()
    return {name for event in events for name in fields_of(event.elastic)}


def without_event(source: str) -> set[str]:
    have = held(source)
    return {name for name in mapped(builtin(source)) if not filter_names(have, name)}


def lacking() -> dict[str, dict[str, list[str]]]:
    """By source and reason the fields that no event has."""
    (data,) = documents(LACKING.read_text("utf-8"))
    return dict(data)


@pytest.mark.parametrize("source", sources())
def test_each_mapped_field_is_in_an_event(source: str) -> None:
    listed = [name for names in lacking().get(source, {}).values() for name in names]
    without = without_event(source)
    print(f"{source}: {len(mapped(builtin(source)))} fields, {len(without)} in no event")
    assert len(listed) == len(set(listed))
    assert sorted(without) == sorted(listed)
