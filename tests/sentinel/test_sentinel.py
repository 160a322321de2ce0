"""The forms of Sentinel KQL, one by one: query → the line that is written for it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import kqlx
from kqlx.backends.sentinel.column_access import kusto_type
from kqlx.backends.sentinel.rule_forms import emit
from kqlx.backends.target import Options
from kqlx.elastic import ecs
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.pack import Destination, Pack
from kqlx.mappings.reader.builtin import builtin, sources
from kqlx.nodes import Case, Compare, Equals, Exists, Like, Literal, Or, walk
from tests.conftest import ROOT
from tests.oracles.kusto import TABLES
from tests.plans import query_plan


def lines(query: str, **options: Any) -> list[str]:
    result = kqlx.convert(
        query,
        "sentinel",
        source="none",
        accept=["narrower", "different"],
        **options,
    )
    return str(result.query).splitlines()[1:]


FORMS = [
    ("event.action:a", "| where ['event.action'] == \"a\""),
    ('event.action:"a b"', "| where ['event.action'] == \"a b\""),
    ('event.action:"C:\\\\x"', "| where ['event.action'] == @\"C:\\x\""),
    ("event.action:(a or b)", "| where ['event.action'] in (\"a\", \"b\")"),
    ("not event.action:a", "| where ['event.action'] != \"a\""),
    ("not event.action:(a or b)", "| where ['event.action'] !in (\"a\", \"b\")"),
    ("event.action:a*", "| where ['event.action'] startswith_cs \"a\""),
    ("event.action:*a", "| where ['event.action'] endswith_cs \"a\""),
    ("event.action:*a*", "| where ['event.action'] contains_cs \"a\""),
    ("event.action:a*b", "| where ['event.action'] matches regex \"(?s)^a.*b$\""),
    ("event.action:*\\\\bin\\\\*x",
     "| where ['event.action'] has_cs \"bin\""
     " and ['event.action'] matches regex @\"(?s)\\\\bin\\\\.*x$\""),
    ("event.action:a\\*b", "| where ['event.action'] == \"a*b\""),
    ("event.action:*", "| where isnotempty(['event.action'])"),
    ("not event.action:*", "| where isempty(['event.action'])"),
    ('event.action:""', "| where isempty(['event.action'])"),
    ("process.pid:5", "| where ['process.pid'] == 5"),
    ("process.pid:(5 or 6)", "| where ['process.pid'] in (5, 6)"),
    ("process.pid >= 5", "| where ['process.pid'] >= 5"),
    ("not process.pid >= 5", "| where not(coalesce(['process.pid'] >= 5, false))"),
    ("not process.pid:5", "| where ['process.pid'] != 5"),
    ("process.pid:*", "| where isnotnull(['process.pid'])"),
    ("process.pid:5.5", "| where false"),
    ("process.code_signature.trusted:true", "| where ['process.code_signature.trusted'] == true"),
    ("not process.code_signature.trusted:true",
     "| where ['process.code_signature.trusted'] != true"),
    ("source.ip:10.0.0.1", "| where ['source.ip'] == \"10.0.0.1\""),
    ('source.ip:"10.0.0.0/8"', "| where ipv4_is_in_range(['source.ip'], \"10.0.0.0/8\")"),
    ('not source.ip:"10.0.0.0/8"',
     "| where not(coalesce(ipv4_is_in_range(['source.ip'], \"10.0.0.0/8\"), false))"),
    ('source.ip:("10.0.0.0/8" or "192.168.0.0/16")',
     "| where ipv4_is_in_any_range(['source.ip'], dynamic([\"10.0.0.0/8\", \"192.168.0.0/16\"]))"),
    ('source.ip:"fe80::/10"', "| where ipv6_is_in_range(['source.ip'], \"fe80::/10\")"),
    (
        'source.ip:"::/64"',  # the mapped addresses of IPv4 lie in it
        "| where ipv4_is_in_range(['source.ip'], \"0.0.0.0/0\")"
        " or ipv6_is_in_range(['source.ip'], \"::/64\")",
    ),
    ('source.ip:"::ffff:1.2.3.4"', "| where ['source.ip'] == \"1.2.3.4\""),
    ("source.ip >= 10.0.0.1", "| where ipv6_compare(['source.ip'], \"10.0.0.1\") >= 0"),
    ("@timestamp >= 2026-01-02", "| where ['@timestamp'] >= datetime(2026-01-02)"),
    ("@timestamp > 2026-01", "| where ['@timestamp'] >= datetime(2026-01-02)"),
    ("@timestamp:2026-01-02",
     "| where ['@timestamp'] >= datetime(2026-01-02) and ['@timestamp'] < datetime(2026-01-03)"),
    ("@timestamp > now-15m", "| where ['@timestamp'] > ago(15m)"),
    ("not @timestamp <= now", "| where not(coalesce(['@timestamp'] <= now(), false))"),
    ("@timestamp:now", "| where bin(['@timestamp'], 1ms) == bin(now(), 1ms)"),
    ("@timestamp >= now-1d/d", "| where ['@timestamp'] >= startofday(ago(1d))"),
    ("@timestamp <= now-1M/M",
     "| where ['@timestamp'] < startofmonth(datetime_add(\"month\", -1, now()), 1)"),
    ("@timestamp < now/w", "| where ['@timestamp'] < startofweek(now() - 1d) + 1d"),
    ("event.category:a",
     "| where ['event.category'] == \"a\" or set_has_element(['event.category'], \"a\")"),
    ("event.category:a*",
     "| where tostring(pack_array(['event.category'])) matches regex @'(?s)[\\[,]\"a'"),
    ("event.risk_score < 1e400", "| where isnotnull(['event.risk_score'])"),
    ("not event.risk_score >= -1e400", "| where not(isnotnull(['event.risk_score']))"),
    ("process.pid:1 or event.risk_score > 1e400", "| where ['process.pid'] == 1"),
    (
        "event.category:*",
        """| where tostring(pack_array(['event.category'])) matches regex '["0-9tf]'""",
    ),
    ("file.elf.imports:a",
     "| where tostring(['file.elf.imports']) matches regex @'(?s)[\\[,:]\"a\"[,\\]}]'"),
    ("file.elf.imports:7",
     "| where tostring(['file.elf.imports'])"
     " matches regex @'(?s)[\\[,:](?:\"7\"|7)[,\\]}]'"),
    (
        "not event.category:*",
        """| where not(tostring(pack_array(['event.category'])) matches regex '["0-9tf]')""",
    ),
    ("message:word", "| where ['message'] has \"word\""),
    (
        'message:"two words"',
        "| where ['message'] has_all (\"two\", \"words\") and ['message'] matches regex"
        ' "(?i)(?:^|[^a-z0-9_])two[^a-z0-9]+words(?:[^a-z0-9_]|$)"',
    ),
    ("message:(two words)", "| where ['message'] has_any (\"two\", \"words\")"),
    ("process.name.caseless:ABC", "| where ['process.name'] =~ \"ABC\""),
    ("vendor.score > 5", "| where todouble(['vendor.score']) > 5"),
    ("vendor.name > a", "| where strcmp(['vendor.name'], \"a\") > 0"),
    ("foo", "| where * has \"foo\""),
    ("foo*", "| where * hasprefix \"foo\""),
    ("dns.answers.name:a", "| where ['dns.answers.name'] == \"a\""),
    ("file.elf.sections.name:a", "| where false"),
    ("where:a and Own:b", "| where ['where'] == \"a\" | where Own == \"b\""),
]  # fmt: skip


@pytest.mark.parametrize(("query", "line"), FORMS)
def test_a_form(query: str, line: str) -> None:
    assert " ".join(part.strip() for part in lines(query)) == line


def test_a_group_by_itself_is_taken_apart() -> None:
    assert lines("file.elf.sections:{ name:a and physical_size > 5 }") == [
        "| mv-apply element = ['file.elf.sections'] on (",
        '    where tostring(element.name) == "a" and tolong(element.physical_size) > 5',
        "    | take 1",
        ")",
        "| project-away element",
    ]


def test_a_group_below_a_not_is_left_out_and_told() -> None:
    result = kqlx.convert("event.action:a and not vendor.parts:{ a:b }", "sentinel", source="none")
    assert [note.code for note in result.notes if note.effect] == ["nested-flattened"]
    assert str(result.query).splitlines()[1:] == ["| where ['event.action'] == \"a\""]


def test_cheap_tests_come_first() -> None:
    query = "event.action:a*b and process.pid:5 and event.action:*c and user.name:d"
    assert [line.split()[-2] for line in lines(query)] == ["==", "==", "endswith_cs", "regex"]


def test_long_lists_get_a_name() -> None:
    values = " or ".join(f"v{i}" for i in range(51))
    text = str(kqlx.convert(f"event.action:({values})", "sentinel", source="none").query)
    assert text.startswith('let event_action_values = dynamic(["v0", "v1",')
    assert text.endswith("Events\n| where ['event.action'] in (event_action_values)")


@pytest.mark.parametrize(
    ("options", "operator"),
    [({}, "=="), ({"case": "sensitive"}, "=="), ({"case": "insensitive"}, "=~")],
)
def test_letter_case_is_a_choice(options: dict[str, str], operator: str) -> None:
    assert lines("event.action:a", **options) == [f"| where ['event.action'] {operator} \"a\""]


@pytest.mark.parametrize(
    ("options", "operator", "code"),
    [
        (Options(), "=~", "case-folded"),
        (Options(exact=True), "==", "case-kept"),
        (Options(case="sensitive"), "==", "case-kept"),
    ],
)
def test_where_spelling_differs(options: Options, operator: str, code: str) -> None:
    bound = Bound(kqlx.parse("A:b"), {"A": Column("A", case="differs")}, {"table": "T"})
    emission = emit(query_plan(bound, options=options))
    assert emission.query == f'T\n| where A {operator} "b"'
    assert [note.code for note in emission.notes] == [code]


def test_an_unknown_case_is_an_error() -> None:
    with pytest.raises(kqlx.UsageError):
        lines("a:b", case="loud")


def test_the_table_is_a_choice() -> None:
    result = kqlx.convert("host.name:b", "sentinel", source="none", table="My-Table")
    assert str(result.query).splitlines()[0] == "['My-Table']"
    assert not result.notes


@pytest.mark.parametrize(
    ("column", "query", "line"),
    [
        (Column("D.a b.c"), "x:v", 'tostring(D["a b"].c) == "v"'),
        (Column("D.n", "long"), "x >= 5", "tolong(D.n) >= 5"),
        (Column("D.b", "boolean"), "x:true", "tobool(D.b) == true"),
        (Column("D.t", "date"), "x >= 2026-01-02", "todatetime(D.t) >= datetime(2026-01-02)"),
        (Column("J.a", json=True), "x:v", 'tostring(parse_json(J).a) == "v"'),
        (Column("L", layout="array"), "x:v", 'set_has_element(L, "v")'),
        (Column("E.k", layout="elements"), "x:v", 'tostring(E) contains_cs \'"k":"v"\''),
        (
            Column("E.k", "integer", layout="elements"),
            "x:5",
            "tostring(E) matches regex '\"k\":5[,}]'",
        ),
        (
            Column("P.To", layout="pairs"),
            "x:v",
            'tostring(P) contains_cs \'"Name":"To","Value":"v"\'',
        ),
        (
            Column("J.To", layout="pairs", json=True),
            "x:*",
            'tostring(parse_json(J)) matches regex \'"Name":"To","Value":[^n]\'',
        ),
        (
            Column("M.A_B.NewValue", layout="changes"),
            "x:v",
            'tostring(M) matches regex @\'(?:"Name":"A[ ._]B",(?:"[^"]*":"(?:[^"\\\\]|\\\\.)*",)?'
            '"NewValue":"v"|"NewValue":"v",(?:"[^"]*":"(?:[^"\\\\]|\\\\.)*",)?"Name":"A[ ._]B")\'',
        ),
        (
            Column("M.A.OldValue", layout="changes"),
            "x:*",
            'tostring(M) matches regex @\'(?:"Name":"A",(?:"[^"]*":"(?:[^"\\\\]|\\\\.)*",)?'
            '"OldValue":[^n]|"OldValue":"(?:[^"\\\\]|\\\\.)*",(?:"[^"]*":"(?:[^"\\\\]|\\\\.)*",)?'
            '"Name":"A")\'',
        ),
        (Column("E.k", "boolean", layout="elements"), "x:true",
         "tostring(E) matches regex '\"k\":true[,}]'"),
        (Column("E.k", "long", layout="elements"), "x:22",
         "tostring(E) matches regex '\"k\":22[,}]'"),
        (Column("E.k", "long", layout="elements"), "x > 22",
         "tostring(E) matches regex '\"k\":[^n]'"),
        (Column("C", optional=True), "x:v", 'column_ifexists("C", "") == "v"'),
        (Column("N", "long", optional=True), "x:5", 'column_ifexists("N", long(null)) == 5'),
    ],
)  # fmt: skip
def test_columns_of_packs(column: Column, query: str, line: str) -> None:
    test = kqlx.parse(query)
    assert isinstance(test, Equals | Compare | Exists)
    node = replace(test, field=Literal(column.name))
    bound = Bound(node, {column.name: column}, {"table": "T"})
    assert emit(query_plan(bound)).query == f"T\n| where {line}"


def test_plain_values_of_an_array_in_any_case_are_one_expression() -> None:
    values = ("ssh", "s.sh", "a[b", "x,y", "")
    tests = tuple(Equals(Literal("L"), Literal(value), case=Case.FOLDED) for value in values)
    bound = Bound(Or(tests), {"L": Column("L", layout="array")}, {"table": "T"})
    query = str(emit(query_plan(bound)).query)
    assert r"""tostring(L) matches regex @'(?is)[\[,]"(?:ssh|s\.sh)"[,\]]'""" in query
    assert query.count("matches regex") == 3  # those with signs of JSON stand alone


def test_free_text_in_the_columns_of_the_place() -> None:
    bound = Bound(kqlx.parse("foo"), place={"table": "T", "free_text": ["A", "B"]})
    assert emit(query_plan(bound)).query == 'T\n| where A has "foo" or B has "foo"'


def test_names_with_stars_are_complete_with_a_field_list() -> None:
    from kqlx.mappings.field_list import FieldList, parse

    fields = parse([{"name": "v.a", "type": "string", "esTypes": ["keyword"]}])
    assert isinstance(fields, FieldList)
    result = kqlx.convert("v.*:x", "sentinel", source="none", fields=fields)
    assert str(result.query) == "Events\n| where ['v.a'] == \"x\""
    assert "name-wildcard" not in [note.code for note in result.notes]


@pytest.mark.parametrize("source", sources())
def test_columns_of_packs_are_columns_of_sentinel(source: str) -> None:
    """Each exists, unless it is optional, with the type that the pack gives, or is a path in a
    dynamic one or in text.
    """
    known_tables = json.loads(TABLES.read_text("utf-8"))
    for destination in builtin(source).targets.get("sentinel", ()):
        place = destination.place["table"]
        tables = [known_tables[table] for table in (place if isinstance(place, list) else [place])]
        known = columns_of_union(tables)
        for name, type in columns_named_by(destination, builtin(source)).items():
            spec = destination.column(name)
            first, dot, _ = name.partition(".")
            if spec.optional and first not in known:
                continue
            if destination.records is not None and first in destination.records.columns:
                continue  # the query makes it of several rows
            if spec.united:  # dynamic in some of the tables, text in others
                assert {f"{first}_dynamic", f"{first}_string"} <= known.keys() or first in known, (
                    name
                )
                continue
            assert first in known, f"{source}: {destination.name}: {name}"
            if (
                spec.json
                or spec.extract
                or spec.layout == "xml"
                or (spec.layout == "words" and not dot)
            ):
                assert known[first] == "string", name
            elif dot or spec.layout != "column":
                assert known[first] == "dynamic", name
            else:
                kind = kusto_type(type)
                assert known[first] in (kind, _like(kind)), f"{source}: {destination.name}: {name}"


def columns_of_union(tables: list[dict[str, str]]) -> dict[str, str]:
    """The columns of a union, each in some table, and named after its type too where tables differ
    in that (https://learn.microsoft.com/kusto/query/union-operator?view=microsoft-sentinel).
    """
    known: dict[str, str] = {}
    for name in {name for table in tables for name in table}:
        types = {table[name] for table in tables if name in table}
        known |= {name if len(types) == 1 else f"{name}_{type}": type for type in types}
    return known


def columns_named_by(destination: Destination, pack: Pack) -> dict[str, str]:
    """The columns of a destination, those of its predicates among them, with the Elasticsearch
    types that tests of them are written for.
    """
    named: dict[str, str] = {}
    for field, spec in destination.fields.items():
        type = pack.type(field) or ecs.types().get(field, "keyword")
        numeric = spec.values and all(isinstance(value, int) for value in spec.values.values())
        for name in (*spec.any_of, *filter(None, [spec.column])):
            named[name] = destination.column(name).type or ("long" if numeric else type)
        for predicate in spec.value_predicates.values():
            for leaf in walk(kqlx.parse(predicate)):
                if isinstance(leaf, Equals | Like | Exists | Compare):
                    name = leaf.field.name
                    named[name] = destination.column(name).type or "keyword"
    return named


def _like(kind: str) -> str:
    """The type that a declared one may stand for: a GUID is compared as text, and an int as what
    holds more.
    """
    return {"string": "guid", "long": "int"}.get(kind, kind)


def test_the_page_of_the_target_names_the_forms() -> None:
    page = (ROOT / "docs/targets/sentinel.md").read_text("utf-8")
    for form in ("set_has_element", "mv-apply", "ipv4_is_in_range", "has_all", "startofday"):
        assert form in page
