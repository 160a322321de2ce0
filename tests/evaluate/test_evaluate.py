"""What queries mean on events: where values lie, lists, absence; explanations; no event breaks it.

Nested groups and names with stars are in ``test_evaluate_names``, types in ``test_field_types``.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from kqlx.elastic import ecs
from kqlx.errors import KqlSyntaxError, UsageError
from kqlx.evaluate.compiler import compile, explain, matches
from kqlx.nodes import Equals, Like, Literal, Nested, Never, Not, Or, Pattern, walk

Event = dict[str, Any]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"a": {"b": {"c": "x"}}}, True),
        ({"a.b.c": "x"}, True),
        ({"a": {"b.c": "x"}}, True),
        ({"a.b": {"c": "x"}}, True),
        ({"a": {"b": {"c": "y"}}, "a.b.c": "x"}, True),
        ({"a": {"b": {"c": "y"}, "b.c": "x"}}, True),
        ({"a": {"b": {"c": "y"}}, "a.b": {"c": "x"}}, True),
        ({"a": {"b": {"c": "y"}}, "a.b": [{"c": "z"}, {"c": ["x"]}]}, True),
        ({"a": [{"b": {"c": "y"}}, {"b": [{"c": "x"}]}]}, True),
        ({"a": [[{"b.c": [["x"]]}]]}, True),
        ({"a": None, "a.b": {"c": "x"}}, True),
        ({"a": "x", "a.b": {"c": "x"}}, True),
        ({"a": {"b": {"c": ["y", None, "x"]}}}, True),
        ({"a": {"b": {"c": "y"}}}, False),
        ({"a": {"b": {"c": {"d": "x"}}}}, False),
        ({"a": {"b": "x"}}, False),
        ({"a": {"b": ["x", {"d": "x"}]}}, False),
        ({"A": {"b": {"c": "x"}}}, False),
        ({"a": {"b": {"c": {}}}}, False),
        ({"a": {}}, False),
        ({"a": 5}, False),
        ({"": "x"}, False),
        ({}, False),
    ],
)
def test_finds_values_in_every_spelling(event: Event, expected: bool) -> None:
    assert matches("a.b.c:x", event, {}) is expected
    assert matches("not a.b.c:x", event, {}) is not expected
    assert matches("a.b.c:(x or q)", event, {}) is expected
    assert matches("a.b.c:(q* or x*)", event, {}) is expected
    assert matches("a.b.c >= x and a.b.c <= x", event, {}) is expected
    assert matches("a.*.c:x", event, {}) is expected


@pytest.mark.parametrize("name", ["a..b", ".a", "a.", ".", "a b", "a.b.c.d.e.f.g.h", "ü.😀"])
def test_odd_names_are_found_dotted_and_nested(name: str) -> None:
    query = Equals(Literal(name), Literal("x"))
    nested: Any = "x"
    for part in reversed(name.split(".")):
        nested = {part: nested}
    assert matches(query, {name: "x"}, {})
    assert matches(query, nested, {})
    assert not matches(query, {name: "y", "x": name}, {})


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"f": ""}, True),
        ({"f": False}, True),
        ({"f": 0}, True),
        ({"f": ["", None]}, True),
        ({"f": {"g": 1}}, True),
        ({"f.g": 1}, True),
        ({"f": [{"g": [None, {"h": ""}]}]}, True),
        ({"f": None}, False),
        ({"f": []}, False),
        ({"f": [None, []]}, False),
        ({"f": {}}, False),
        ({"f": {"g": None}}, False),
        ({"f": [{"g": []}]}, False),
        ({"g": {"f": 1}}, False),
        ({}, False),
    ],
)
def test_exists(event: Event, expected: bool) -> None:
    assert matches("f:*", event, {}) is expected
    assert matches("not f:*", event, {}) is not expected


ONE_TWO = {"f": ["a", "b"], "n": [1, 20]}


@pytest.mark.parametrize(
    ("query", "event", "expected"),
    [
        ("f:(a and b)", ONE_TWO, True),
        ("f:a and f:b", ONE_TWO, True),
        ("f:(a and c)", ONE_TWO, False),
        ("not f:a", ONE_TWO, False),
        ("f:(not a)", ONE_TWO, False),
        ("f:(b and not c)", ONE_TWO, True),
        ("n > 5 and n < 9", ONE_TWO, True),
        ("n > 5 and n < 9", {"n": 1}, False),
        ("not n > 5", {}, True),
        ("not n > 5", {"n": None}, True),
        ("not n <= 5", {}, True),
        ("not f:a", {}, True),
        ("not f:a", {"f": None}, True),
        ("not f:a", {"f": []}, True),
        ("not f:a", {"f": ""}, True),
        ('f:""', {"f": ""}, True),
        ('f:""', {}, False),
        ("f:null", {"f": "null"}, False),
        ("f:null", {"f": None}, False),
        ("f:null", {}, False),
        ("not f:null", {"f": "null"}, True),
        ("f:(null or a)", {"f": "a"}, True),
        ("f:(null or null)", {"f": "null"}, False),
        ('f:"null"', {"f": "null"}, True),
        ("f > null", {"f": "z"}, True),  # no bound
        ("f > null", {}, False),
        ("not f <= null", {"f": 5}, False),
        ('"null":a', {"null": "a"}, True),
        ("", {}, True),
        ("*:*", {}, True),
        ("not *:*", {"f": 1}, False),
        ("f:(a or b or c)", {"f": ["x", "c"]}, True),
        ("f:(a or b or c)", {"f": "d"}, False),
        ("f:a or g:b or f:c", {"f": "c"}, True),
        ("f:(1 or true)", {"f": True}, True),
        ("f:(1 or 2)", {"f": True}, False),
        ("f:(1 or 2)", {"f": 2}, True),
        ("F:a", {"f": "a"}, False),
    ],
)
def test_lists_absence_and_groups_of_values(query: str, event: Event, expected: bool) -> None:
    assert matches(query, event, {}) is expected


NESTED = {"parts": "nested", "parts.name": "keyword", "parts.n": "long", "parts.in": "nested"}
TWO = {"parts": [{"name": "a", "n": 1}, {"name": "b", "n": 2}]}


def test_explains_each_node_in_the_order_of_the_text() -> None:
    text = "f:a and (not g:b or parts:{name:a and n:2})"
    found = explain(text, {"f": "a", "g": "b", **TWO}, NESTED)
    assert [(text[slice(*node.span)], result) for node, result in found] == [
        ("f:a and (not g:b or parts:{name:a and n:2})", False),
        ("f:a", True),
        ("(not g:b or parts:{name:a and n:2})", False),
        ("not g:b", False),
        ("g:b", True),
        ("parts:{name:a and n:2}", False),
        ("name:a and n:2", False),
        ("name:a", True),
        ("n:2", True),
    ]


def test_explains_a_deep_query_in_linear_time() -> None:
    text = "a:b"
    for depth in range(98):
        text = f"({text} {'and' if depth % 2 else 'or'} g:(b* or c* or d* or e*))"
    event = {"a": ["x"] * 2_000, "g": ["y"] * 2_000}
    started = time.process_time()
    assert len(explain(text, event)) == 98 * 6 + 1
    assert time.process_time() - started < 3


def test_explains_groups_in_groups() -> None:
    text = "parts:{in:{x:1}}"
    event = {"parts": [{"in": [{"x": 2}]}, {"in": [{"x": 1}]}]}
    assert [result for _, result in explain(text, event, NESTED)] == [True, True, True]
    assert [node for node, _ in explain(text, event, NESTED)] == [
        node for node in walk(explain(text, event, NESTED)[0][0])
    ]


def test_a_tree_may_be_given_and_never_matches_nothing() -> None:
    f = Literal("f")
    assert not matches(Never(), {"f": 1}, {})
    assert matches(Not(Never()), {}, {})
    assert matches(Or((Never(), Like(f, Pattern.between_stars(("", ""))))), {"f": "a"}, {})
    assert not matches(Nested(Literal("p"), Never()), {"p": [{}]}, {})


def test_one_large_list_is_one_look_up() -> None:
    test = compile("f:(" + " or ".join(f"v{i}" for i in range(5000)) + ")", {})
    assert test({"f": "v4999"})
    assert not test({"f": "v5000"})


def test_refuses_what_is_no_query_and_no_time_zone() -> None:
    with pytest.raises(KqlSyntaxError):
        compile("f:")
    with pytest.raises(UsageError, match='"Mars/Olympus" is not a time zone'):
        compile("f:a", time_zone="Mars/Olympus")


def test_types_are_those_of_ecs_by_default() -> None:
    assert ecs.types()["source.ip"] == "ip"
    assert "event.category" in ecs.arrays()
    assert "source.ip" not in ecs.arrays()
    assert ecs.arrays() <= set(ecs.types())
    event = {"source": {"ip": "10.1.2.3", "port": "443"}, "@timestamp": "2024-02-29T10:00:00Z"}
    assert matches('source.ip:10.0.0.0/8 and source.port > 80 and @timestamp:"2024-02-29"', event)
    assert not matches("source.ip:10.0.0.0/8", event, {})


@pytest.mark.parametrize(
    "text",
    [
        '{"f": 1e400, "n": -1e400}',
        '{"f": "\\ud800", "n": "\\ud800"}',
        '{"f": [[[[]]], {}, [{}], null, "", false, 0, -0.0]}',
        '{"": {"": {"": 1}}, ".": 1, "..": {".": 2}}',
        "{" + '"a":{' * 400 + '"f":1' + "}" * 401,
        '{"f": ' + "[" * 400 + "1" + "]" * 400 + "}",
        '{"f": ' + "9" * 4000 + ', "@timestamp": ' + "9" * 400 + "}",
        '{"@timestamp": {"x": 1}, "source": {"ip": 5}, "message": {"y": []}}',
    ],
)
def test_no_event_raises(text: str) -> None:
    event = json.loads(text)
    for query in [
        "f:a", "f:*", "f:a*", "f > 5", "*", "a", "*:5", "* > 5", "f:{f:1}", "a.a.a.f:1",
        "source.ip:10.0.0.0/8", '@timestamp > "2024-01-01"', "message:(a b)", 'message:"a b"',
        "message > a", "source.port:5", "f.text:a", "f.caseless:a", "\\ud800", "f:\\ud800*",
    ]:  # fmt: skip
        for types in (None, {}, dict.fromkeys(("f", "n"), "double"), {"f": "long"}, {"f": "date"}):
            test = compile(query, types)
            assert test(event) is not compile(f"not {query}", types)(event)


def test_numbers_too_long_to_print_are_read() -> None:
    event = {"f": 10**5000}
    assert matches("f > 5", event, {})
    assert not matches("f:5", event, {"f": "keyword"})
    assert matches("f:1*0", event, {"f": "keyword"})
