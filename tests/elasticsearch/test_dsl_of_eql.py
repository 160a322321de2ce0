"""Query DSL of EQL: the clauses by themselves, values of their own kinds, scripts of functions."""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.mappings.field_list import of_types


def dsl(condition: str) -> Any:
    query = f"any where {condition}"
    return kqlx.convert(query, "elasticsearch", language="eql", source="none").query


FOLDED = {"case_insensitive": True}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('own.f == "A"', {"term": {"own.f": {"value": "A"}}}),
        ('own.f : "A"', {"term": {"own.f": {"value": "A", **FOLDED}}}),
        ('own.f : "A*"', {"wildcard": {"own.f": {"value": "A*", **FOLDED}}}),
        ('own.f like "A?"', {"wildcard": {"own.f": {"value": "A?"}}}),
        ('own.f regex~ "a.b"', {"regexp": {"own.f": {"value": "a.b", **FOLDED}}}),
        ('own.f in ("a", "b")', {"terms": {"own.f": ["a", "b"]}}),
        ("own.f == 5", {"term": {"own.f": {"value": 5}}}),
        ("own.f == 5.5", {"term": {"own.f": {"value": 5.5}}}),
        ("own.f == true", {"term": {"own.f": {"value": True}}}),
        ("own.f != null", {"exists": {"field": "own.f"}}),
        ("own.f == null", {"bool": {"must_not": [{"exists": {"field": "own.f"}}]}}),
        ("process.pid >= 5", {"range": {"process.pid": {"gte": 5}}}),
        ("event.action > 1e3", {"range": {"event.action": {"gt": 1000.0}}}),
        ('cidrMatch(source.ip, "10.0.0.0/8")', {"term": {"source.ip": {"value": "10.0.0.0/8"}}}),
        (
            'own.f : ("a", "b*")',
            {
                "bool": {
                    "should": [
                        {"term": {"own.f": {"value": "a", **FOLDED}}},
                        {"wildcard": {"own.f": {"value": "b*", **FOLDED}}},
                    ],
                    "minimum_should_match": 1,
                }
            },
        ),
        (
            'own.f == "a" and not (own.g == "b" or own.h == "c")',
            {
                "bool": {
                    "filter": [{"term": {"own.f": {"value": "a"}}}],
                    "must_not": [
                        {"term": {"own.g": {"value": "b"}}},
                        {"term": {"own.h": {"value": "c"}}},
                    ],
                }
            },
        ),
    ],
)
def test_each_test_is_a_clause_by_itself(condition: str, expected: object) -> None:
    assert dsl(condition) == expected


def test_kibanas_language_keeps_kibanas_form() -> None:
    found = kqlx.convert('own.f:"A"', "elasticsearch", source="none").query
    wrapped = {"should": [{"match_phrase": {"own.f": "A"}}], "minimum_should_match": 1}
    assert found == {"bool": wrapped}


def source_of(condition: str) -> str:
    source: str = dsl(condition)["script"]["script"]["source"]
    return source


def test_a_function_is_a_script_that_tries_every_value() -> None:
    assert source_of("length(own.f) > 200") == (
        'if (!doc.containsKey("own.f")) { return false; }'
        ' for (def v1 : doc["own.f"]) { if (v1.length() > 200L) { return true; } } return false;'
    )
    loops = source_of("startsWith~(own.f, own.g)")
    assert 'for (def v1 : doc["own.f"]) { for (def v2 : doc["own.g"])' in loops
    assert "v1.toLowerCase().startsWith(v2.toLowerCase())" in loops


def test_a_script_never_ends_in_an_error() -> None:
    assert "if (n1 < 0) { continue; }" in source_of('indexOf(own.f, "a") > 2')
    types = of_types({"n": "long", "m": "long"})
    divided = kqlx.convert(
        "any where n / m > 2", "elasticsearch", language="eql", source="none", fields=types
    )
    assert "if (n1 == 0) { continue; }" in divided.text


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("length(process.pid) > 2", "it is no text"),
        ("length(message) > 2", "compared by its parts"),
        ('substring(own.f, 1) regex "a+"', "scripts may not have one"),
        ("string(own.f) + 1 > 2", "number"),
    ],
)
def test_what_a_script_cannot_say_is_refused(condition: str, why: str) -> None:
    with pytest.raises(kqlx.KqlxError, match=why):
        dsl(condition)
