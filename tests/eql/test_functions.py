"""Functions of values: what each gives, on events, and in the columns of a destination."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.elastic.functions import apply
from kqlx.elastic.literal_values import shown
from kqlx.evaluate.compiler import compile
from kqlx.frontends.eql.parser import parse
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.known_types import Types
from kqlx.mappings.multiple_sources import bind_each
from kqlx.mappings.pack_library import Packs
from kqlx.nodes import Case, Exists, Function, FunctionTest, Literal, walk
from kqlx.testing.eql_trees import function_tests
from kqlx.testing.near import near_events
from kqlx.testing.strategies import events_for
from tests.conftest import examples

SOURCE = "m365_defender.event"


@pytest.mark.parametrize(
    ("function", "values", "result"),
    [
        ("length", ["explorer.exe"], 12),
        ("length", ["😀"], 2),
        ("length", [5], None),
        ("length", [None], None),
        ("substring", ["start regsvr32.exe", 6, 14], "regsvr32"),
        ("substring", ["start regsvr32.exe", -4], ".exe"),
        ("substring", ["start regsvr32.exe", -12, -4], "regsvr32"),
        ("substring", ["abc", -9], "abc"),
        ("substring", ["abc", 2, 1], ""),
        ("substring", ["a😀b", 3], "b"),
        ("substring", ["", 0], ""),
        ("concat", ["a", 1, 2.5, True], "a12.5true"),
        ("concat", ["a", None], None),
        ("between", ["C:\\Windows\\System32\\cmd.exe", "System32\\", ".exe"], "cmd"),
        ("between", ["C:\\Windows\\System32\\cmd.exe", "system32\\", ".exe"], ""),
        ("between", ["C:\\Windows\\System32\\cmd.exe", "\\", "\\"], "Windows"),
        ("between", ["C:\\Windows\\System32\\cmd.exe", "\\", "\\", True], "Windows\\System32"),
        ("between", ["", "a", "b"], ""),
        ("index_of", ["subdomain.example.com", "."], 9),
        ("index_of", ["subdomain.example.com", ".", 10], 17),
        ("index_of", ["subdomain.example.com", ".", -6], 9),
        ("index_of", ["subdomain.example.com", "", 10], 10),
        ("index_of", ["subdomain.example.com", "z"], None),
        ("index_of", ["subdomain.example.com", ".", 30], None),
        ("string", [42], "42"),
        ("string", [42.0], "42.0"),
        ("string", [True], "true"),
        ("string", [None], None),
        ("number", ["1337"], 1337),
        ("number", ["42.5"], 42.5),
        ("number", ["0x32"], 50),
        ("number", ["32", 16], 50),
        ("number", ["0x32", 16], 50),
        ("number", ["deadbeef", 16], 3735928559),
        ("number", ["-32.5"], -32.5),
        ("number", ["deadbeef"], None),
        ("number", ["zz", 99], None),
        ("add", [4, 0.5], 4.5),
        ("subtract", [4, -2], 6),
        ("multiply", [4, 0.5], 2.0),
        ("divide", [4, 3], 1),
        ("divide", [-7, 2], -3),
        ("divide", [4, 3.0], 4 / 3),
        ("divide", [4, 0], None),
        ("modulo", [10, -6], 4),
        ("modulo", [-10, -6], -4),
        ("modulo", [10, 0], None),
        ("negate", [4], -4),
        ("negate", ["4"], None),
        ("equals", [1, 1.0], True),
        ("equals", ["1", 1], False),
        ("equals", [True, 1], False),
        ("gt", ["b", "a"], True),
        ("gt", ["b", 1], None),
        ("exists", [None], False),
        ("exists", [""], True),
        ("starts_with", ["", ""], True),
        ("contains", ["abc", ""], False),
        ("cidr_match", ["10.1.2.3", "10.0.0.0/8"], True),
        ("cidr_match", ["x", "10.0.0.0/8"], False),
    ],
)
def test_what_a_function_gives(function: Function, values: list[Any], result: Any) -> None:
    found = apply(function, values)
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(
    "function", ["between", "index_of", "starts_with", "ends_with", "contains"]
)
def test_letter_case_is_ignored_where_asked(function: Function) -> None:
    values = {"between": ["xAy", "X", "Y"], "index_of": ["ab", "B"], "ends_with": ["xAB", "ab"]}
    asked = values.get(function, ["ABx", "ab"])
    exact, folded = apply(function, asked), apply(function, asked, Case.FOLDED)
    assert not exact
    assert folded


def test_numbers_are_shown_as_java_shows_them() -> None:
    numbers = (1.0, 0.5, 1e7, 1.5e-5, 12345678.9, 0.001, -2.0, float("inf"))
    assert [shown(number) for number in numbers] == [
        *("1.0", "0.5", "1.0E7", "1.5E-5", "1.23456789E7", "0.001", "-2.0", "Infinity")
    ]


def test_each_argument_has_a_value_of_its_own() -> None:
    test = compile(parse("any where subtract(a, a) == 1"))
    assert [test({"a": value}) for value in ([1, 2], [1, 1], 1)] == [True, False, False]
    test = compile(parse("any where endsWith(a, b) and not startsWith(a, b)"))
    assert test({"a": ["xb", "q"], "b": ["b", "z"]})
    assert not test({"a": ["xb", "bx"], "b": "b"})


def test_values_have_the_types_of_their_fields() -> None:
    types = {"n": "long", "k": "keyword", "t": "boolean"}
    event = {"n": "5", "k": 5, "t": "true"}
    for query, matches in [
        ("any where n + 1 == 6", True),
        ("any where length(k) == 1", True),
        ("any where k + 1 == 6", False),
        ('any where string(t) == "true"', True),
    ]:
        assert compile(parse(query), types)(event) is matches, query


def test_fields_in_functions_are_counted_and_typed() -> None:
    query = "process where startsWith(process.name, host.name) and length(acme.badge) > 3"
    rule = kqlx.Rule(name="a", query=query, language="eql")
    names = {use.name for use in kqlx.field_uses([rule], source="endpoint.events")}
    assert {"process.name", "host.name", "acme.badge"} <= names


def test_a_function_is_bound_to_columns_and_refused_by_targets_without_a_form() -> None:
    query = "process where endsWith~(process.command_line, user.name)"
    asked = AskedQuery(parse(query), Types())
    (bound,) = bind_each(asked, (Packs().get(SOURCE),), "sentinel", "error")
    (test,) = [part for part in walk(bound.node) if isinstance(part, FunctionTest)]
    assert [field.name for field in test.fields] == ["ProcessCommandLine", "AccountName"]
    assert set(bound.columns) >= {"ProcessCommandLine", "AccountName"}


def test_a_field_without_a_column_has_no_counterpart() -> None:
    query = "process where startsWith(process.name, acme.badge)"
    with pytest.raises(kqlx.KqlxError) as error:
        kqlx.convert(query, to="spl", source=SOURCE, language="eql")
    assert "of which a function is asked" in error.value.message
    left_out = kqlx.convert(
        f'{query} and process.args == "a"',
        to="spl",
        source=SOURCE,
        language="eql",
        unmapped="comment",
        accept="wider",
    )
    (note,) = [note for note in left_out.notes if note.code == "unmapped-left-out"]
    assert "left out: startsWith(process.name, acme.badge)" in note.message


def test_an_event_without_the_field_does_not_match() -> None:
    node = parse("any where length(a) > 2")
    assert isinstance(node, FunctionTest)
    assert not compile(node)({})
    assert node.with_fields(lambda field: Literal(f"x.{field.name}")).fields[0].name == "x.a"


@examples(100)
@given(data=st.data())
def test_a_function_needs_all_of_its_fields(data: st.DataObject) -> None:
    """Of drawn functions and events near their border: true only where each field has a value."""
    node = data.draw(function_tests())
    event = data.draw(events_for(node))
    if compile(node)(event):
        assert all(compile(Exists(field))(event) for field in node.fields)
    assert len(list(near_events(node, {}, 5, 1))) == 5


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_how_characters_are_counted_is_told(to: str) -> None:
    """Elasticsearch counts UTF-16 units, of which an emoji has two."""
    counted = kqlx.convert("any where length(user.name) > 9", to, source="none", language="eql")
    assert [note.code for note in counted.notes].count("text-length") == 1
    plain = kqlx.convert("any where length(user.name) > 0", to, source="none", language="eql")
    assert "text-length" not in [note.code for note in plain.notes]
