"""Sentinel with columns of packs: ports, pairs, JSON text, several tables, limits of rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

import kqlx
from kqlx.backends.sentinel.column_access import without_port
from kqlx.backends.sentinel.multiple_sources import TableQuery, union
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.rule_forms import emit
from kqlx.mappings.bound import Bound, Column
from kqlx.nodes import (
    Compare,
    Equals,
    Exists,
    Like,
    Literal,
    Node,
    Not,
)
from tests.oracles import sentinel
from tests.oracles.kusto import analyse
from tests.oracles.sentinel_rows import matching
from tests.plans import query_plan

ADDRESSES = ["1.2.3.4:443", "1.2.3.4", "[::1]:443", "::1", "2001:db8::1", "", "[2001:db8::1]:80"]


@pytest.mark.parametrize(
    ("address", "rows"),
    [("1.2.3.4", {0, 1}), ("::1", {2, 3}), ("2001:db8::1", {4, 6}), ("", {5})],
)
def test_a_port_is_no_part_of_an_address(address: str, rows: set[int]) -> None:
    query = f'Events\n| where {without_port("ClientIP")} == "{address}"'
    stored = [[number, value] for number, value in enumerate(ADDRESSES)]
    assert sentinel.execute(query, {"ClientIP": "string"}, stored) == rows


def written(query: str, column: Column) -> str:
    """The query on this column of table Events."""
    node = kqlx.parse(query)
    bound = Bound(_renamed(node, column.name), {column.name: column}, {"table": "Events"})
    return str(emit(query_plan(bound)).query)


def _renamed(node: Node, name: str) -> Node:
    if isinstance(node, Not):
        return Not(_renamed(node.item, name), node.span)
    assert isinstance(node, Equals | Like | Exists | Compare)
    return replace(node, field=Literal(name))


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("x:10.0.0.0/8", {0, 1}),
        ("not x:10.0.0.0/8", {2, 3, 4, 5}),
        ("x:10.1.1.1", {0, 1}),
        ("not x:10.1.1.1", {2, 3, 4, 5}),
        ('x:"2001:db8::/32"', {4}),
        ("x:*", {0, 1, 2, 3, 4}),
        ("not x:*", {5}),
    ],
)
def test_addresses_with_ports(query: str, rows: set[int]) -> None:
    column = Column("IP", "ip", port=True)
    values = ["10.1.1.1:80", "10.1.1.1", "192.168.0.1", "unknown", "[2001:db8::1]:443", ""]
    stored = [[number, value] for number, value in enumerate(values)]
    assert sentinel.execute(written(query, column), {"IP": "string"}, stored) == rows


PORTS = ["9", "445", "1024", "49152", "-", ""]


@pytest.mark.parametrize(
    ("test", "rows"),
    [
        ("source.port > 1024", {3}),
        ("source.port >= 445", {1, 2, 3}),
        ("source.port < 1024", {0, 1}),
        ("not source.port <= 1024", {3, 4, 5}),
    ],
)
def test_numbers_in_a_column_of_texts_are_compared_as_numbers(test: str, rows: set[int]) -> None:
    query = f"event.dataset:system.security and event.code:4625 and {test}"
    stored = [
        (number, "SecurityEvent", {"EventID": 4625, "IpPort": port})
        for number, port in enumerate(PORTS)
    ]
    text = kqlx.convert(query, "sentinel").query
    assert matching(str(text), ["SecurityEvent"], stored) == rows


@pytest.mark.parametrize(
    "test",
    [
        "source.as.number > 1000",
        "azure.signinlogs.properties.status.error_code >= 50000",
        "azure.signinlogs.properties.autonomous_system_number < 9000",
    ],
)
def test_no_number_is_compared_as_text(test: str) -> None:
    text = str(kqlx.convert(f"event.dataset:azure.signinlogs and {test}", "sentinel").query)
    assert "tolong(" in text and "strcmp(" not in text


PAIRS = [
    '[{"Name":"Enabled","Value":"True"},{"Name":"Identity","Value":"a"}]',
    '[\r\n  {\r\n    "Name": "Identity",\r\n    "Value": "True"\r\n  }\r\n]',
    '[{"Name":"Enabled","Value":"False"},{"Name":"Other","Value":"True"}]',
    "[]",
    "",
    '[{"Name":"Enabled","Value":"say \\"True\\""}]',
]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("x:True", {0}),
        ("not x:True", {1, 2, 3, 4, 5}),
        ("x:Tr*", {0}),
        ("x:*r*e*", {0, 5}),
        ("x:*", {0, 2, 5}),
        ("not x:*", {1, 3, 4}),
        ('x:"say \\"True\\""', {5}),
    ],
)
def test_pairs_of_names_and_values(query: str, rows: set[int]) -> None:
    column = Column("Parameters.Enabled", layout="pairs", json=True)
    stored = [[number, text] for number, text in enumerate(PAIRS)]
    assert sentinel.execute(written(query, column), {"Parameters": "string"}, stored) == rows


def test_several_tables_with_the_same_columns() -> None:
    bound = Bound(kqlx.parse("A:x"), {"A": Column("A")}, {"table": ["T1", "T2", "where"]})
    text = "union isfuzzy=true T1, T2, ['where']\n| where A == \"x\""
    assert emit(query_plan(bound)).query == text


def table(name: str, test: str) -> TableQuery:
    return TableQuery((name,), (f"| where {test}",))


def test_tables_with_the_same_tests_are_one_union() -> None:
    assert union([table("T1", "A == 1"), table("T2", "A == 1")]) == (
        "union isfuzzy=true T1, T2\n| where A == 1"
    )


def test_tables_with_tests_of_their_own() -> None:
    assert union([table("T1", "A == 1"), table("T2", "A == 2")]) == (
        "union isfuzzy=true\n    (T1\n    | where A == 1),\n    (T2\n    | where A == 2)"
    )


def test_lists_of_several_sources_have_names_of_their_own() -> None:
    """A list that two sources share is there once; one of another source is not renamed."""
    values = NamedValues()
    here, there = values.beside(lambda: {"A"}), values.beside(lambda: {"A", "A_values_2"})
    first, other = ([f'"{n}"' for n in range(k, k + 60)] for k in (0, 1))
    assert here.list_name("A", first) == there.list_name("A", first) == "A_values"
    assert here.list_name("A", other) == "A_values_2"
    assert there.list_name("A", other) == "A_values_3"
    assert here.list_name("A", first[:5]) == ""
    assert [text.partition(" = ")[0] for text in values.definitions()] == [
        "let A_values",
        "let A_values_2",
        "let A_values_3",
    ]


def test_the_analyser_takes_a_union() -> None:
    queries = [
        union([table("T1", "A == 1"), table("T2", "A == 1")]),
        "let list_a = dynamic([1]);\n"
        + union([table("T1", "A in (list_a)"), table("T2", "B in (list_a)")]),
        "T1\n| where " + without_port("C") + ' == "1.2.3.4"',
    ]
    schema = {"T1": {"A": "long", "C": "string"}, "T2": {"A": "long", "B": "long"}}
    assert analyse(queries, schema) == [[], [], []]


@pytest.mark.parametrize(("begin", "told"), [("now-15d", True), ("now-14d", False), ("", False)])
def test_how_far_an_analytics_rule_looks_back(begin: str, told: bool) -> None:
    rule = kqlx.Rule(name="r", query="event.action:a", data={"from": begin})
    notes = kqlx.convert(rule, "sentinel", source="none").notes
    assert ("look-back" in [note.code for note in notes]) is told


def test_why_a_query_never_matches() -> None:
    with pytest.raises(kqlx.MappingError, match="every event has such a value"):
        kqlx.convert("not event.outcome:*", "sentinel", source="o365.audit")


@pytest.mark.parametrize(
    ("column", "query"),
    [
        (Column("E.k", "double", layout="elements"), "x:5"),
        (Column("E.k", "long", layout="elements"), "x > 5"),
        (Column("E.k", "ip", layout="elements"), "x:10.0.0.0/8"),
        (Column("P.n", "boolean", layout="pairs"), "x:true"),
        (Column("L", "long", layout="array"), "x > 5"),
        (Column("L", "date", layout="many"), 'x:"2026-01-02"'),
    ],
)
def test_values_of_arrays_that_are_no_texts(column: Column, query: str) -> None:
    """They are written wider, below a not left out, and told."""
    for text, line in ((query, written("x:*", column)), (f"not {query}", "Events")):
        bound = Bound(_renamed(kqlx.parse(text), column.name), {column.name: column})
        emission = emit(query_plan(bound))
        assert emission.query == line
        assert "approximated" in {note.code for note in emission.notes}


def test_words_of_objects_below_a_not() -> None:
    assert written("not x:a", Column("E.k", "text", layout="elements")) == "Events"
