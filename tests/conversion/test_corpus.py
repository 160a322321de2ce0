"""Real rules: all are read, and what becomes of them in Splunk and Sigma agrees with Kibana.

Skipped where no corpus lies beside the checkout, in continuous integration too, for it is no part
of the project (see ``corpus``).
"""

from __future__ import annotations

from collections import Counter
from zlib import crc32

import pytest

import kqlx
from kqlx.testing.agreement import REFUSALS, Engine, Malformed, convert
from kqlx.testing.near import near_events
from tests import corpus
from tests.conftest import DEEP
from tests.oracles.sentinel import SENTINEL
from tests.oracles.sigma_rules import SIGMA
from tests.oracles.splunk import SPLUNK

pytestmark = pytest.mark.skipif(
    corpus.folder() is None, reason="there is no corpus of rules beside the checkout, nor CORPUS"
)

KUERY_RULES = 277
"""How many rules in Kibana KQL the corpus beside the checkout has; one of your own may differ."""

EVENTS = 24 if DEEP else 9
"""Near the border of each rule; one in three meets it, as well as can be."""


def test_every_rule_is_read() -> None:
    found = corpus.rule_set()
    assert not found.errors
    assert all(skipped.reason for skipped in found.skipped)
    count = 0
    for _, rule in corpus.rules():
        kqlx.parse(rule.query)
        count += 1
    assert count == KUERY_RULES or corpus.folder() != corpus.BESIDE


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(("target", "engine"), [("spl", SPLUNK), ("sigma", SIGMA)])
def test_rules_mean_the_same_in_the_target(target: str, engine: Engine, exact: bool) -> None:
    """Each converts, with every effect accepted, or is refused with a reason; the strict reader
    takes it, and no event shows a difference that no note announces.
    """
    reports: list[str] = []
    outcomes: Counter[str] = Counter()
    for path, rule in corpus.rules():
        try:
            query = convert(rule.query, engine, target, exact=exact)
        except REFUSALS as error:
            assert error.message and error.notes, path
            outcomes["refused"] += 1
            continue
        except Malformed as error:
            reports.append(f"{path.name}: {error}")
            continue
        outcomes[str(kqlx.notes.worst(query.notes))] += 1
        seed = crc32(path.name.encode())
        for event in near_events(query.node, query.types, EVENTS, seed):
            if found := query.disagreement(event):
                reports.append(f"{path.name}: {found}")
                break
    assert not reports, "\n".join([f"{len(reports)} rules differ; {dict(outcomes)}", *reports])
    assert outcomes["refused"] < outcomes.total()


EXECUTED = 1 if DEEP else 6
"""One rule in so many is also executed for Sentinel, which takes a sixth of a second each."""


def test_rules_mean_the_same_in_sentinel() -> None:
    """All convert, Microsoft's analyser takes them, and a sample is executed."""
    reports: list[str] = []
    outcomes: Counter[str] = Counter()
    for number, (path, rule) in enumerate(corpus.rules()):
        query = convert(rule.query, SENTINEL, "sentinel")
        outcomes[str(kqlx.notes.worst(query.notes))] += 1
        if number % EXECUTED:
            continue
        seed = crc32(path.name.encode())
        for event in query.asked(near_events(query.node, query.types, EVENTS, seed)):
            if found := query.disagreement(event):
                reports.append(f"{path.name}: {found}")
                break
    assert not reports, "\n".join([f"{len(reports)} rules differ; {dict(outcomes)}", *reports])
    assert not SENTINEL.complaints()
