"""The Query DSL is Kibana's, for every valid text of the case list."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.mappings import field_list as fields
from kqlx.nodes import Pattern
from tests.conftest import ROOT

CASES = [
    case
    for line in (ROOT / "tests/cases/kql.jsonl").read_text("utf-8").split("\n")
    if line and (case := json.loads(line))["ok"]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_dsl_is_kibanas(case: dict[str, Any]) -> None:
    query = kqlx.convert(case["kql"], to="elasticsearch", fields="none").query
    assert query == case["dsl"]


def test_halves_of_characters_are_printed_as_escapes() -> None:
    text = kqlx.convert(r"f:\ud83d", to="es").text
    text.encode()
    assert json.loads(text)["bool"]["should"] == [{"match": {"f": "\ud83d"}}]


FIELD_LINES = [
    json.loads(line)
    for line in (ROOT / "tests/cases/kql_fields.jsonl").read_text("utf-8").split("\n")
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
        known = fields.parse(FIELDS)  # Kibana writes what Elasticsearch then refuses, too
        accept = ["different"]
        return kqlx.convert(case["kql"], "es", fields=known, accept=accept, **options).query

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
    alias = {"g": {"type": "alias", "path": "f"}, "f": {"type": "keyword"}}
    data["i3"] = {"mappings": {"properties": alias}}
    assert listed(data)["g"] == ("string", ("keyword",), "")
    data["i4"] = {"mappings": {"properties": {"g": {"type": "long"}}}}
    assert listed(data)["g"] == ("conflict", ("keyword", "long"), "")


def test_an_index_without_fields_adds_none_and_runtime_fields_count() -> None:
    runtime = {"d": {"type": "long"}, "c": {"type": "composite", "fields": {"x": {"type": "ip"}}}}
    data = {
        "logs": {"mappings": {"properties": {"d": {"type": "keyword"}}, "runtime": runtime}},
        "empty": {"mappings": {}},
    }
    assert listed(data) == {"d": ("number", ("long",), ""), "c.x": ("ip", ("ip",), "")}
    assert listed({"empty": {"mappings": {}}}) == {}


def test_an_export_of_saved_objects_is_read(tmp_path: Path) -> None:
    view = {"attributes": {"fields": json.dumps([{"name": "a", "type": "string"}])}}
    lines = [{**view, "type": "index-pattern"}, {"exportedCount": 1, "missingRefCount": 0}]
    path = tmp_path / "export.ndjson"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    assert [field.name for field in fields.load(str(path)).fields] == ["a"]
    path.write_text(f"{json.dumps(lines[0])}\n" * 2, "utf-8")
    with pytest.raises(kqlx.MappingError, match="2 data views"):
        fields.load(str(path))
    path.write_text(f"{json.dumps(lines[1])}\n" * 2, "utf-8")
    with pytest.raises(kqlx.MappingError, match="not JSON"):
        fields.load(str(path))


def test_deep_field_lists_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000, "utf-8")
    with pytest.raises(kqlx.MappingError, match=r"deep\.json:1:101: nested too deeply"):
        fields.load(str(path))
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"properties": {"a": deep}}
    with pytest.raises(kqlx.MappingError, match="nested too deeply"):
        fields.parse(deep)


def test_names_with_many_stars_take_linear_time() -> None:
    known = fields.parse([{"name": "a" * 5_000, "type": "string"}])
    started = time.process_time()
    assert not known.fitting(Pattern.between_stars(("a",) * 60 + ("b",)))
    assert known.fitting(Pattern.between_stars(("a",) * 60))
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *(("5", 5), ("-1.5", -1.5), ("1e3", 1000), ("0x1F", 31), ("0b11", 3), ("0o17", 15)),
        *(('""', 0), ("null", 0), ("true", 1), ("false", 0), ('" 7 "', 7), (".5", 0.5), ("5.", 5)),
        *(("1_0", None), ("Infinity", None), ("nan", None), ("1e999", None), ("-0x1", None)),
        *(('"null"', None), ("\u0661", None), ("1e22", 1e22), ("0x" + "f" * 400, None)),
    ],
)
def test_numbers_of_scripted_fields_are_read_as_kibana_does(value: str, number: object) -> None:
    known = fields.parse([{"name": "n", "type": "number", "scripted": True, "script": "1"}])
    query = kqlx.convert(f"n:{value}", "es", fields=known, accept=["different"]).query
    assert isinstance(query, dict)
    params = query["bool"]["should"][0]["script"]["script"]["params"]
    assert params == {"value": number}
    assert type(params["value"]) is type(number)


def test_compact_lists_take_linear_time() -> None:
    known = fields.parse([{"name": "f", "type": "string", "esTypes": ["keyword"]}])
    query = " or ".join(f"f:v{i}" for i in range(20_000)) + " or f:v0"
    started = time.process_time()
    found = kqlx.convert(query, "es", fields=known, compact=True).query
    assert isinstance(found, dict)
    assert len(found["terms"]["f"]) == 20_000
    assert time.process_time() - started < 10


@pytest.mark.parametrize("data", [5, "x", {}, {"fields": 5}, [{"no": "name"}], {"a": {"b": 1}}])
def test_what_is_no_field_list_is_refused(data: object) -> None:
    with pytest.raises(kqlx.MappingError, match="not a list of fields"):
        fields.parse(data)


@pytest.mark.parametrize("data", ["[]", '{"fields": {}}', '{"i": {"mappings": {}}}'])
def test_a_file_without_fields_is_refused(data: str, tmp_path: Path) -> None:
    """As ``_field_caps`` answers for an index that is not there."""
    file = tmp_path / "fields.json"
    file.write_text(data)
    with pytest.raises(kqlx.MappingError, match="no fields in it"):
        kqlx.convert("a:b", "es", fields=str(file))


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
