"""The Query DSL is Kibana's, for every valid text of the case list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.mappings import fields

CASES = [
    case
    for line in (Path(__file__).parent / "cases/kql.jsonl").read_text("utf-8").split("\n")
    if line and (case := json.loads(line))["ok"]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_dsl_is_kibanas(case: dict[str, Any]) -> None:
    assert kqlx.convert(case["kql"], to="elasticsearch").query == case["dsl"]


def test_halves_of_characters_are_printed_as_escapes() -> None:
    text = kqlx.convert(r"f:\ud83d", to="es").text
    text.encode()
    assert json.loads(text)["bool"]["should"] == [{"match": {"f": "\ud83d"}}]


FIELD_LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases/kql_fields.jsonl").read_text("utf-8").split("\n")
    if line
]
FIELDS = FIELD_LINES[0]["fields"]
OPTIONS = {
    "dateFormatTZ": "time_zone",
    "caseInsensitive": "case_insensitive",
    "nestedIgnoreUnmapped": "ignore_unmapped",
    "allowLeadingWildcards": "leading_wildcards",
    "filtersInMustClause": "filters_in_must",
}


@pytest.mark.parametrize("case", FIELD_LINES[1:], ids=lambda case: case["id"])
def test_dsl_by_types_is_kibanas(case: dict[str, Any]) -> None:
    options = {OPTIONS[name]: value for name, value in case["config"].items()}

    def dsl() -> object:
        return kqlx.convert(case["kql"], to="es", fields=fields.parse(FIELDS), **options).query

    if case["ok"]:
        assert dsl() == case["dsl"]
    else:
        kinds = {"nested_path": kqlx.MappingError, "leading_wildcard": kqlx.KqlSyntaxError}
        with pytest.raises(kinds[case["error_kind"]]):
            dsl()


def listed(data: object) -> dict[str, tuple[str, tuple[str, ...], str]]:
    return {f.name: (f.kind, f.types, f.nested_path) for f in fields.parse(data).fields}


def test_field_lists_of_three_kinds_say_the_same() -> None:
    expected = {
        "host.name": ("string", ("keyword",), ""),
        "host.name.text": ("string", ("match_only_text",), ""),
        "host.age": ("number", ("long",), ""),
        "seen": ("date", ("date",), ""),
        "parts.id": ("string", ("keyword",), "parts"),
        "parts.inner.v": ("string", ("keyword",), "parts.inner"),
    }
    keyword = {"type": "keyword"}
    mapping = {
        "some-index": {
            "mappings": {
                "properties": {
                    "host": {
                        "properties": {
                            "name": {**keyword, "fields": {"text": {"type": "match_only_text"}}},
                            "age": {"type": "long"},
                        }
                    },
                    "seen": {"type": "date"},
                    "parts": {
                        "type": "nested",
                        "properties": {
                            "id": keyword,
                            "inner": {"type": "nested", "properties": {"v": keyword}},
                        },
                    },
                }
            }
        }
    }
    types = {name: types[0] for name, (_, types, _) in expected.items()}
    types |= {"host": "object", "parts": "nested", "parts.inner": "nested"}
    capabilities = {"fields": {name: {type: {"type": type}} for name, type in types.items()}}
    view = [
        {"name": name, "type": kind, "esTypes": list(types)}
        | ({"subType": {"nested": {"path": path}}} if path else {})
        for name, (kind, types, path) in expected.items()
    ]
    assert listed(mapping) == expected
    assert listed(capabilities) == expected
    assert listed(view) == expected
    assert listed({"attributes": {"fields": json.dumps(view)}}) == expected
    assert listed({"data_view": {"fields": {f["name"]: f for f in view}}}) == expected


def test_field_lists_of_several_indices_are_put_together() -> None:
    properties = [{"f": {"type": "keyword"}}, {"f": {"type": "text"}}, {"f": {"type": "keyword"}}]
    data = {f"i{n}": {"mappings": {"properties": p}} for n, p in enumerate(properties)}
    assert listed(data) == {"f": ("string", ("keyword", "text"), "")}
    data["i3"] = {"mappings": {"properties": {"g": {"type": "alias", "path": "f"}}}}
    assert listed(data)["g"] == ("string", ("keyword", "text"), "")


@pytest.mark.parametrize("data", [5, "x", {}, {"fields": 5}, [{"no": "name"}], {"a": {"b": 1}}])
def test_what_is_no_field_list_is_refused(data: object) -> None:
    with pytest.raises(kqlx.MappingError, match="not a list of fields"):
        fields.parse(data)


def test_ecs_types_are_built_in() -> None:
    query = "process.pid:4 and process.name:a* and @timestamp:2024"
    result = kqlx.convert(query, "es", fields="ecs").query
    assert isinstance(result, dict)
    pid, name, seen = result["bool"]["filter"]
    assert pid["bool"]["should"] == [{"match": {"process.pid": "4"}}]
    assert name["bool"]["should"] == [{"wildcard": {"process.name": {"value": "a*"}}}]
    assert seen["bool"]["should"] == [{"range": {"@timestamp": {"gte": "2024", "lte": "2024"}}}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a:1", {"match": {"a": "1"}}),
        ("k:(a or b or a)", {"terms": {"k": ["a", "b"]}}),
        ("k:(a or b*)", None),
        ("not a:1", {"bool": {"must_not": [{"match": {"a": "1"}}]}}),
        ("not (not a:1)", {"match": {"a": "1"}}),
        ("not k:(a or b)", {"bool": {"must_not": [{"terms": {"k": ["a", "b"]}}]}}),
        (
            "a:1 and (b:2 and not c:3) and not (d:4 or e:5)",
            {
                "bool": {
                    "filter": [{"match": {"a": "1"}}, {"match": {"b": "2"}}],
                    "must_not": [
                        {"match": {"c": "3"}},
                        {"match": {"d": "4"}},
                        {"match": {"e": "5"}},
                    ],
                }
            },
        ),
    ],
)
def test_compact_form(query: str, expected: object) -> None:
    known = fields.parse([{"name": "k", "type": "string", "esTypes": ["keyword"]}])
    small = kqlx.convert(query, "es", fields=known, compact=True).query
    full = kqlx.convert(query, "es", fields=known).query
    assert expected is None or small == expected
    assert len(json.dumps(small)) < len(json.dumps(full))
