"""Rules that count each mapped field, on the events of ``tests/events`` as Splunk holds them: there
are at least as many groups as the field has values in Elastic's documents, unless a note tells.

A document may leave out what its pipeline sets, so that more groups say nothing.
``WHOLE_EVENTS=1`` in the environment asks for all fields; by default one in three.
"""

from __future__ import annotations

import os
import zlib

import pytest

import kqlx
from edges import NOW
from kqlx.notes import Effect
from pack_events import FOLDER, read
from spl.evaluator import evaluate
from spl.reader import parse_search
from test_whole_events import FILES, mapped, store_of

KNOWN = {
    # Of level and Level only the first is counted.
    ("azure.activitylogs", "log.level"),
    # A hyphen, which the documents keep, is no value in the pack.
    ("system.security", "winlog.event_data.SubjectUserName"),
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
        values = {str(v).lower() for pair in store.pairs for v in pair.fields.get(name, ())}
        if not drawn or not values or (source, name) in KNOWN:
            continue
        data = {"threshold": {"field": [name], "value": 1}, "name": "x", "from": "now-9m"}
        query = f'event.dataset:"{source}" and {name}:*'
        rule = kqlx.Rule(name="x", query=query, type="threshold", data=data, format="toml")
        try:
            made = kqlx.convert(rule, "spl", accept=("wider", "narrower", "different"))
        except kqlx.KqlxError:
            continue
        if any(note.effect not in QUIET for note in made.notes):
            continue
        rows = evaluate(parse_search(str(made.query)), store.flats, now=NOW.timestamp())
        compared += 1
        if len(rows) < len(values):
            reports.append(f"{name}: {len(rows)} groups of {sorted(values)}\n{made.query}")
    print(f"{source}: {compared} fields counted")
    assert not reports, "\n".join(reports)
