"""Names with stars of which the fields are not listed: Elasticsearch itself looks up what fits, and
finds what the query means by the types that the fields have there.
"""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from tests.oracles.server import Server

pytestmark = pytest.mark.elasticsearch

TYPES = {
    "a.0.n": "keyword",
    "a.0.t": "text",
    "a.0.l": "long",
    "a.0.i": "ip",
    "a.0.o": "boolean",
    "a.1.n": "keyword",
    "a.1.t": "text",
    "a.1.l": "long",
    "a.1.d": "date",
}

EVENTS: list[dict[str, Any]] = [
    {"a": {"0": {"n": "x y z"}}},
    {"a": {"1": {"n": "x"}}},
    {"a": {"1": {"t": "Quick fox"}}},
    {"a": {"0": {"l": 7}}},
    {"a": {"1": {"d": "2024-03-05"}}},
    {"a": {"0": {"i": "10.0.0.1"}}},
    {"a": {"0": {"o": True}}},
    {"a": {"0": {"n": 'say "hi" \\ there'}, "1": {"l": 5}}},
    {},
]

QUERIES = [
    *("a.*:x", 'a.*.n:"x y z"', "a.*:fox", 'a.*:"quick fox"', "a.*:7", "a.*.n:*x y*", "a.*.n:x*"),
    *("a.*:*", "a.*.n:*", "not a.*.n:x", "not a.*:*", "a.*.o:true", "a.*.i:10.0.0.0/8"),
    *("a.*.l >= 5", "a.*.l > 5", "a.*.l < 7", "a.*.n >= x", "a.*.n < s", "a.*.i >= 10.0.0.0"),
    *("a.*.d >= 2024-03-05", 'a.*.d > "2024-03-04||+1h"', "a.*.d < 2024-03-05", "a.*.d:2024-03-05"),
    *(r'a.*.n:"say \"hi\" \\ there"', r'a.*.n >= "say \"hi\" \\"', r"a.*.n:*\"hi\" \\ *"),
    *("zz.*:x", "zz.*:*", "not zz.*:*"),
]


@pytest.mark.parametrize("compact", [False, True])
def test_elasticsearch_finds_what_fits_a_name_with_stars(
    elasticsearch: Server, compact: bool
) -> None:
    index = f"stars-{compact}".lower()
    elasticsearch.create(index, TYPES)
    assert not elasticsearch.fill(index, EVENTS)
    differences = []
    for query in QUERIES:
        dsl = kqlx.convert(query, "es", source="none", compact=compact).query
        assert isinstance(dsl, dict)
        holds = kqlx.compile(query, TYPES, source="none")
        expected = {number for number, event in enumerate(EVENTS) if holds(event)}
        found = elasticsearch.matching(index, dsl)
        if found != expected:
            differences.append(f"{query}: {sorted(found)}, not {sorted(expected)}")
    assert not differences
    assert elasticsearch.matching(index, {"match": {"a.*.n": "x"}}) == set()  # the name as it is
