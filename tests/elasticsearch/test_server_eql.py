"""Event queries of EQL as Query DSL, on a real Elasticsearch: what it finds is what EQL means.

The distribution that is started has neither EQL itself nor Painless, so that functions are not
asked there.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

import kqlx
from kqlx.evaluate.compiler import compile
from kqlx.mappings.field_list import of_types
from tests.oracles.server import Refused, Server

pytestmark = pytest.mark.elasticsearch

TYPES = {"k": "keyword", "o": "keyword", "l": "long", "d": "double", "b": "boolean", "ip": "ip"}
TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "aB",
    "a b",
    "a*b",
    "a?b",
    "é",
    "É",
    "5",
    "5.0",
    "1000.0",
    "1e3",
    "C:\\Windows\\x.exe",
    "null",
]
EVENTS: list[dict[str, Any]] = [
    {"o": "x"},
    *({"k": text} for text in TEXTS),
    *({"k": [one, other]} for one, other in product(TEXTS[:6], TEXTS[3:9])),
    *({"l": value} for value in (0, 5, -5, 2**40, [4, 6])),
    *({"d": value} for value in (0.0, 5.5, -5.5, 5, [1.5, 9.5])),
    *({"b": value} for value in (True, False, [True, False])),
    *({"ip": value} for value in ("10.0.0.1", "11.0.0.1", "::1", "fe80::1", ["10.0.0.1", "::1"])),
    {"k": "a", "l": 5, "d": 5.5, "b": True, "ip": "10.0.0.1"},
]
TESTS = [
    *(
        'k == "a"',
        'k : "A"',
        'k in ("a", "ab")',
        'k in~ ("A", "AB")',
        'k like "a*"',
        'k like~ "A*"',
    ),
    *('k like "a?"', 'k : "a?b"', 'k == "a*b"', 'k in ("a*b", "a?b")', 'k like "?*"', 'k == ""'),
    *('k regex "a.b"', 'k regex~ "A[*?]b"', 'k : "c:\\\\win*"', 'k like "*\\\\x.exe"', 'k : "é"'),
    *("k == null", "k != null", 'k != "a"', 'k >= "ab"', 'startsWith~(k, "A")', 'endsWith(k, "b")'),
    *('stringContains(k, "*")', "length(k) > 0", "length(k) == 0", "l == 5", "l != 5", "l > 4"),
    *("l <= 5", "l in (4, 5)", "d == 5.5", "d > 5", "d in (5, 1.5)", "b == true", "b", "not b"),
    *('cidrMatch(ip, "10.0.0.0/8", "::/64")', 'ip == "10.0.0.1"', "ip != null", "b != true"),
    'k : ("A", "c:*", "É")',
    *("k > 0", "k >= 5", "k <= 1e3", "k == 5", "k == 5.0", "k in (5, 1e3)", "k == 1e3", "k < -2.5"),
    *("k == true", "k > 5e0", "l < 1e1", "l == 5.0", "d > 1e0"),
]


def test_event_queries_find_what_they_mean(elasticsearch: Server) -> None:
    elasticsearch.create("eql", TYPES)
    assert elasticsearch.fill("eql", EVENTS) == {}
    conditions = [*TESTS, *(f"not ({test})" for test in TESTS)]
    pairs = zip(TESTS, TESTS[7:], strict=False)
    conditions += [f"({one}) {word} not ({two})" for one, two in pairs for word in ("and", "or")]
    queries = [f"any where {condition}" for condition in conditions]
    reports = []
    for fields in (of_types(TYPES), "none"):
        asked = [
            kqlx.convert(query, "elasticsearch", language="eql", source="none", fields=fields).query
            for query in queries
        ]
        dicts = [query for query in asked if isinstance(query, dict)]
        found = elasticsearch.matching_each("eql", dicts)
        for query, dsl, answer in zip(queries, asked, found, strict=True):
            holds = compile(kqlx.parse(query, language="eql"), TYPES)
            expected = {number for number, event in enumerate(EVENTS) if holds(event)}
            if answer != expected:
                odd = answer if isinstance(answer, Refused) else sorted(answer ^ expected)[:5]
                reports.append(f"{query}: {odd}: {dsl}")
    assert not reports, "\n".join([f"{len(reports)} reports", *reports[:20]])
