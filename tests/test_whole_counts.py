"""Rules that count each mapped field, on the events of ``tests/events`` as Splunk holds them: there
are at least as many groups as the field has values in Elastic's documents, unless a note tells.

A document may leave out what its pipeline sets, so that more groups say nothing.
``WHOLE_EVENTS=1`` in the environment asks for all fields; by default one in three.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator

import pytest

import kqlx
from edges import NOW
from kqlx.frontends.kql.formatter import format_node
from kqlx.mappings.pack import When
from kqlx.nodes import Equals, Literal
from kqlx.notes import Effect
from pack_events import FOLDER, read
from pair_files import Pair
from pair_queries import Store
from spl.evaluator import evaluate
from spl.reader import parse_search
from test_whole_events import FILES, mapped, store_of

KNOWN = {
    # What comes in at a host and at the network is told apart by captures of two settings.
    ("network_traffic", "network.direction"),
    # The codes of one record of 4674 count as one value.
    ("system.security", "winlog.event_data.AccessMask"),
    ("windows.forwarded", "winlog.event_data.AccessMask"),
}
"""What is known to count less, and is not told."""
QUIET = (Effect.SAME, Effect.CASE, Effect.COVERAGE)


@pytest.mark.parametrize("source", [name for name in FILES if name != "auditd_manager.auditd"])
def test_splunk_has_a_group_for_each_value(source: str) -> None:
    store = store_of(read(FOLDER / f"{source}.yml"), "spl")
    rate = 1 if os.environ.get("WHOLE_EVENTS") else 3
    reports: list[str] = []
    compared = 0
    for name in sorted(mapped(store.pack) - {"@timestamp"}):
        drawn = zlib.crc32(name.encode()) % rate == 0 and "*" not in name
        if not drawn or (source, name) in KNOWN:
            continue
        for when, pairs in _kinds(store):
            values = {str(v).lower() for pair in pairs for v in pair.fields.get(name, ())}
            rows = _groups(name, when, store) if values else None
            if rows is not None:
                compared += 1
                if rows < len(values):
                    reports.append(f"{name} of {dict(when)}: {rows} groups of {sorted(values)}")
    print(f"{source}: {compared} fields counted")
    assert compared
    assert not reports, "\n".join(reports)


def _kinds(store: Store) -> Iterator[tuple[When, list[Pair]]]:
    """What a query asserts to be put to each of the destinations, and the events there."""
    seen: list[When] = []
    for place in store.destinations:
        held = store.held_in(place)
        for when in place.when or ({},):
            if when not in seen:
                yield when, [store.pairs[n] for n in sorted(held) if _is_of(store.pairs[n], when)]
            seen.append(when)


def _is_of(pair: Pair, when: When) -> bool:
    return all(set(values) & set(pair.fields.get(name, ())) for name, values in when.items())


def _groups(name: str, when: When, store: Store) -> int | None:
    """How many groups a rule finds that counts a field; None where it is not said the same."""
    tests = [f"{field}:({' or '.join(map(_quoted, values))})" for field, values in when.items()]
    data = {"threshold": {"field": [name], "value": 1}, "name": "x", "from": "now-9m"}
    query = " and ".join([*tests, f"{name}:*"])
    rule = kqlx.Rule(name="x", query=query, type="threshold", data=data, format="toml")
    accept = ("wider", "narrower", "different")
    try:
        made = kqlx.convert(rule, "spl", source=store.pack.source, accept=accept)
    except kqlx.KqlxError:
        return None
    if any(note.effect not in QUIET for note in made.notes):
        return None
    return len(evaluate(parse_search(str(made.query)), store.flats, now=NOW.timestamp()))


def _quoted(value: str) -> str:
    return format_node(Equals(Literal("a"), Literal(value, True))).partition(":")[2]
