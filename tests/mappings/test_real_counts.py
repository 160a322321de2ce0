"""Rules that count each field of real events, or look for its new values: the groups that Splunk
and Sentinel make of the events as they store them, beside those of the documents that Elastic's own
pipelines make of them. See ``count_queries``; the pairs are not part of the project
(``pair_files``).

``PAIRS_SHARE=1`` in the environment asks for all rules; by default some are drawn of each source.
"""

from __future__ import annotations

import os

import pytest

from kqlx.mappings.reader.builtin import builtin
from tests.oracles.count_queries import counts, judge_counts
from tests.oracles.pair_files import Pair, known, pairs, sources
from tests.oracles.pair_queries import Store
from tests.oracles.pair_stored import in_sentinel, in_splunk

ALL = bool(os.environ.get("PAIRS_SHARE"))
DRAWN = {"spl": 60, "sentinel": 6}
"""About how many rules of a source are put."""
LEAST = 3
SOURCES = sources()


@pytest.mark.skipif(not SOURCES, reason="no pairs beside the project")
@pytest.mark.parametrize("target", DRAWN)
@pytest.mark.parametrize("source", SOURCES)
def test_groups_of_real_events_are_those_of_elastic(source: str, target: str) -> None:
    store = _store(source, target)
    if not any(store.tables if target == "sentinel" else store.forms):
        pytest.skip("these events are not stored there")
    rate = 1 if ALL else max(1, len([*counts(store)]) // DRAWN[target])
    tally = judge_counts(store, rate, LEAST, _is_known)
    print(f"{source} → {target}: {tally}")
    assert not tally.reports, "\n".join([f"{len(tally.reports)} reports", *tally.reports[:10]])
    assert tally.agree >= LEAST, tally.refused


def _store(source: str, target: str) -> Store:
    found = pairs(source)
    return Store(
        builtin(source),
        target,
        found,
        [[[form] for form in in_splunk(source, pair.raw)] for pair in found],
        [in_sentinel(source, pair.raw) for pair in found],
    )


def _is_known(pair: Pair, field: str) -> bool:
    """Whether a document is known to be older than the pipeline there."""
    return any(item.covers(pair.name, field, item.value) for item in known())
