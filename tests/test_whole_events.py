"""Every field and value of the events of ``tests/events`` asked for in every destination of their
pack: in both polarities, as it is, by its beginning, and whether there is one. See
``pair_queries``. A document may leave out what its pipeline sets, so an event is asked about the
fields that its document has.

``WHOLE_EVENTS=1`` in the environment asks for all values; by default some questions are drawn.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

from kqlx.mappings.builtin import builtin
from pack_events import FOLDER, EventFile, Stored, read
from pair_files import Pair, fields_of
from pair_queries import Store, judge_store

SLOW = ("auditd_manager.auditd", "endpoint.events")  # of many destinations, in tests of their own
FILES = [path.stem for path in sorted(FOLDER.glob("*.yml")) if path.stem not in SLOW]
TARGETS = ("spl", "sentinel")
RATES = {"spl": 4, "sentinel": 12}


def store_of(file: EventFile, target: str) -> Store:
    """The events of a file as a target holds them."""
    pairs = tuple(
        Pair(f"{file.source}-{event.number}", {}, fields_of(event.elastic)) for event in file.events
    )
    forms = [[_with_host(event)] if event.splunk is not None else [] for event in file.events]
    rows = [event.rows for event in file.events]
    return Store(builtin(file.source), target, pairs, forms, rows, complete=False)


def _with_host(event: Stored) -> Mapping[str, Any]:
    """The event with the name of its machine, which every event in Splunk has."""
    names = fields_of(event.elastic).get("host.name", ())
    return {**({"host": names[0]} if names else {}), **(event.splunk or {})}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", FILES)
def test_every_field_is_found_as_in_kibana(source: str, target: str) -> None:
    rate = 1 if os.environ.get("WHOLE_EVENTS") else RATES[target]
    tally = judge_store(store_of(read(FOLDER / f"{source}.yml"), target), rate=rate)
    print(f"{source} → {target}: {tally}")
    assert not tally.reports, "\n".join([f"{len(tally.reports)} reports", *tally.reports[:20]])
