"""Real events, and the documents that Elastic's own pipelines make of them: a field asked for in
Kibana KQL has to find, as Splunk and Sentinel store the events, what Kibana finds among the
documents. See ``pair_queries``; the pairs are not part of the project (``pair_files``).

``PAIRS_SHARE=1`` in the environment asks for all values; by default one in some dozens, and one of
several questions.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.reader.builtin import builtin
from tests.mappings.test_samples import contradictions
from tests.mappings.test_stored_events import with_field
from tests.oracles.pair_files import Pair, known, pairs, sources
from tests.oracles.pair_queries import judge

SHARE = int(os.environ.get("PAIRS_SHARE", "0"))
SHARES = {"spl": (25, 2), "sentinel": (50, 6)}
"""Of how many further values of a field one is asked for, and of how many questions one is put."""
MANY = {("o365.audit", "sentinel"): (50, 12)}
"""The same where there are so many documents that DuckDB takes long."""

SOURCES = sources()

there = pytest.mark.skipif(not SOURCES, reason="no pairs beside the project")


@there
@pytest.mark.parametrize("target", SHARES)
@pytest.mark.parametrize("source", SOURCES)
def test_the_target_finds_the_real_events_that_kibana_finds(source: str, target: str) -> None:
    shares = (SHARE,) if SHARE else MANY.get((source, target), SHARES[target])
    tally = judge(builtin(source), target, pairs(source), *shares)
    print(f"{source} → {target}: {tally}")
    assert not tally.reports, "\n".join([f"{len(tally.reports)} reports", *tally.reports[:20]])
    assert tally.agree or not tally.asked


@there
@pytest.mark.parametrize("source", SOURCES)
def test_what_a_pack_says_of_all_events_is_so(source: str) -> None:
    pack, told, count = builtin(source), [], 0
    for pair in pairs(source):
        event = {name: list(values) for name, values in pair.fields.items()}
        for told_of in contradictions(pack, event):
            count += 1
            field, _, rest = told_of.partition(" ")
            if not any(item.covers(pair.name, field, item.value) for item in known()):
                told.append(f"{pair.name}: {field} {rest}")
    print(f"{source}: {len(pairs(source))} documents, {count} otherwise, {len(told)} unknown")
    assert not told


# The harness sees what is wrong


def small() -> tuple[Pair, ...]:
    """Two records of our own."""
    raw = {"Workload": "Exchange", "Operation": "New-InboxRule", "RecordType": 1, "Id": "1"}
    raw["CreationTime"] = "2026-03-02T08:15:30"
    fields = {
        "@timestamp": ("2026-03-02T08:15:30.000Z",),
        "event.action": ("New-InboxRule",),
        "event.provider": ("Exchange",),
    }
    other = {**raw, "Workload": "SharePoint", "Operation": "FileAccessed", "RecordType": 6}
    others = {**fields, "event.action": ("FileAccessed",), "event.provider": ("SharePoint",)}
    return Pair("mail", raw, fields), Pair("file", other, others)


@pytest.mark.parametrize("target", SHARES)
def test_a_wrong_mapping_is_seen(target: str) -> None:
    pack = builtin("o365.audit")
    good = judge(pack, target, small())
    assert not good.reports
    assert good.agree
    wrong = with_field(pack, target, "event.provider", FieldSpec("Operation"))
    assert judge(wrong, target, small()).reports


def test_a_wrong_constant_is_seen() -> None:
    pack = replace(builtin("o365.audit"), constants={"event.provider": "Exchange"})
    assert any("never" in report for report in judge(pack, "spl", small()).reports)
