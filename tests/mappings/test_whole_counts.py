"""Rules that count each mapped field, or look for its new values, on the events of ``tests/events``
in every destination of their pack: see ``count_queries``.

``WHOLE_EVENTS=1`` in the environment asks for all of them; by default some are drawn, the fewer the
more destinations a pack has.
"""

from __future__ import annotations

import os

import pytest

from kqlx.mappings.reader.builtin import builtin
from tests.mappings.test_whole_events import PLACES, store_of
from tests.oracles.count_queries import judge_counts
from tests.oracles.pack_events import FOLDER, read

RATES = {"spl": 14, "sentinel": 120}
"""Of how many rules one is put, where there is one destination."""
LEAST = 2
"""So many rules at least, of every source in both targets, make groups that are compared."""


def _has_events(source: str, target: str) -> bool:
    """Whether what the target stores of the events is known."""
    events = read(FOLDER / f"{source}.yml").events
    return any(event.splunk if target == "spl" else event.rows for event in events)


@pytest.mark.parametrize(("source", "target"), [one for one in PLACES if _has_events(*one)])
def test_groups_are_those_of_elastic(source: str, target: str) -> None:
    places = len(builtin(source).targets[target])
    rate = 1 if os.environ.get("WHOLE_EVENTS") else RATES[target] * places
    tally = judge_counts(store_of(read(FOLDER / f"{source}.yml"), target), rate, LEAST)
    print(f"{source} → {target}: {tally}")
    assert not tally.reports, "\n".join([f"{len(tally.reports)} reports", *tally.reports[:10]])
    assert tally.agree >= LEAST, tally.refused
