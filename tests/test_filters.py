"""Filters and exceptions beside a query: what each clause becomes, and that it means the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event as record
from hypothesis import given, settings
from hypothesis import strategies as st

import kqlx
from clauses import border_tests, clause_matches, clauses
from dsl import dsl_matches
from edges import NOW, TYPES
from kqlx.evaluate import compile
from kqlx.frontends.dsl import read
from kqlx.frontends.kql import parse
from kqlx.frontends.kql_format import format_node
from kqlx.nodes import Always, Literal, Nested, Never, Node, Or
from kqlx.notes import Effect
from kqlx.rules.beside import beside, with_conditions
from strategies import events_for

ECS = {
    "user.name": "keyword",
    "file.path": "keyword",
    "message": "match_only_text",
    "destination.port": "long",
    "source.ip": "ip",
    "@timestamp": "date",
    "process.args": "keyword",
    "parts": "nested",
    "parts.name": "keyword",
}
ARRAYS = ("process.args",)


def kql(clause: Any, *, more: bool = True) -> tuple[str, tuple[str, ...]]:
    """The tree as text, and the remarks: "case" for those on letter case, else the reason."""
    reading = read(clause, ECS, ARRAYS, more=more)
    remarks = tuple("case" if r.by_case else r.reason for r in reading.remarks)
    node = reading.node
    return "never" if isinstance(node, Never) else format_node(node), remarks


@pytest.mark.parametrize(
    ("clause", "query"),
    [
        ({"match_phrase": {"user.name": "a b"}}, 'user.name:"a b"'),
        ({"match_phrase": {"user.name": {"query": "a", "boost": 2}}}, 'user.name:"a"'),
        ({"match": {"user.name": {"query": "a b", "type": "phrase"}}}, 'user.name:"a b"'),
        ({"match": {"user.name": "a b"}}, 'user.name:"a b"'),
        ({"match": {"message": "a b"}}, "message:a b"),
        ({"match": {"message": "true"}}, 'message:"true"'),
        ({"match": {"message": {"query": "word", "operator": "AND"}}}, "message:word"),
        ({"match_phrase": {"message": "A b"}}, 'message:"A b"'),
        ({"term": {"destination.port": 22}}, 'destination.port:"22"'),
        ({"term": {"x.ok": True}}, "x.ok:true"),
        ({"term": {"x.ok": {"value": False}}}, "x.ok:false"),
        ({"term": {"message": "word"}}, 'message:"word"'),
        ({"term": {"message": {"value": "WORD", "case_insensitive": True}}}, 'message:"word"'),
        ({"term": {"source.ip": "10.0.0.0/8"}}, 'source.ip:"10.0.0.0/8"'),
        ({"terms": {"user.name": ["a", "b"]}}, 'user.name:("a" or "b")'),
        ({"terms": {"user.name": [], "boost": 1}}, "never"),
        ({"wildcard": {"user.name": "a*b"}}, "user.name:a*b"),
        ({"wildcard": {"user.name": {"wildcard": "*a b"}}}, "user.name:*a b"),
        ({"wildcard": {"user.name": r"a\*b\?c\\d*"}}, r"user.name:a\*b?c\\d*"),
        ({"wildcard": {"user.name": r"a\*b"}}, 'user.name:"a*b"'),
        ({"wildcard": {"user.name": "a**b"}}, "user.name:a*b"),
        ({"wildcard": {"user.name": "**"}}, "user.name:*"),
        ({"wildcard": {"message": "*word*"}}, "message:*word*"),
        ({"wildcard": {"user.name": {"value": "1*", "case_insensitive": True}}}, "user.name:1*"),
        ({"prefix": {"user.name": "a*"}}, r"user.name:a\**"),
        ({"prefix": {"user.name": ""}}, "user.name:*"),
        ({"exists": {"field": "user.name"}}, "user.name:*"),
        ({"exists": {"field": "user.*"}}, "user.*:*"),
        ({"range": {"destination.port": {"gte": 1, "lt": 5.5}}}, None),
        ({"range": {"@timestamp": {"gt": "now-1d/d"}}}, '@timestamp > "now-1d/d"'),
        ({"range": {"@timestamp": {"gte": "2024", "lte": "2024"}}}, '@timestamp:"2024"'),
        ({"range": {"process.args": {"gte": "a", "lte": "a"}}}, 'process.args:"a"'),
        ({"range": {"destination.port": {"gte": None, "boost": 1}}}, "destination.port:*"),
        ({"bool": {}}, "*:*"),
        ({"bool": {"should": []}}, "*:*"),
        ({"bool": {"must_not": {"match_all": {}}}}, "never"),
        ({"constant_score": {"filter": {"match_none": {}}}}, "never"),
        (
            {"nested": {"path": "parts", "query": {"term": {"parts.name": "a"}}}},
            'parts:{ name:"a" }',
        ),
    ],
)
def test_what_a_clause_becomes(clause: Any, query: str | None) -> None:
    expected = query or 'destination.port >= "1" and destination.port < "5.5"'
    assert kql(clause) == kql(clause, more=False) == (expected, ())


A, B, C = ({"exists": {"field": name}} for name in "abc")


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({"should": [A, B]}, "a:* or b:*"),
        ({"should": [A, B], "must": C}, "c:*"),
        ({"should": [A, B], "filter": [C], "minimum_should_match": "1"}, "c:* and (a:* or b:*)"),
        ({"should": [A, B, C], "minimum_should_match": -2}, "a:* or b:* or c:*"),
        ({"should": [A, B], "minimum_should_match": 2}, "a:* and b:*"),
        ({"should": [A], "minimum_should_match": 2}, "never"),
        ({"should": [A], "minimum_should_match": 0, "must_not": [B, C]}, "not b:* and not c:*"),
        (
            {"should": [A, B, C], "minimum_should_match": 2},
            "a:* and b:* or a:* and c:* or b:* and c:*",
        ),
    ],
)
def test_how_many_of_the_alternatives_must_match(body: Any, query: str) -> None:
    assert kql({"bool": body}) == (query, ())


@pytest.mark.parametrize(
    ("clause", "more", "less", "reason"),
    [
        ({"wildcard": {"file.path": "a?c"}}, "file.path:a*c", "never", "? stands for one"),
        (
            {"wildcard": {"file.path": r"?:\\x\\*"}},
            r"file.path:*\:\\x\\*",
            r"file.path:C\:\\x\\*",
            "? stands for",
        ),
        ({"wildcard": {"file.path": r"?:\\x?"}}, r"file.path:*\:\\x*", "never", "? stands"),
        (
            {"range": {"process.args": {"gte": "a", "lt": "c"}}},
            'process.args >= "a" and process.args < "c"',
            'process.args >= "a" and process.args < "c"'
            ' and not process.args < "a" and not process.args >= "c"',
            "one value of process.args must meet both limits",
        ),
        ({"range": {"x": {"gte": 1, "format": "yyyy"}}}, "*:*", "never", "a range of x in a date"),
        ({"range": {"x": {"gte": 1, "time_zone": "+02:00"}}}, "*:*", "never", "a range of x in a"),
        ({"range": {"x": {"from": 1}}}, "*:*", "never", "an option that is not known, from"),
        ({"range": {"x": 5}}, "*:*", "never", "an option"),
        ({"term": {"message": "Two words"}}, "*:*", "never", "message is compared word by word"),
        ({"wildcard": {"message": "Upper*"}}, "*:*", "never", "message is compared word by word"),
        ({"prefix": {"message": "a-b"}}, "*:*", "never", "message is compared word by word"),
        ({"prefix": {"source.ip": "10."}}, "*:*", "never", "source.ip is of type ip"),
        ({"match": {"message": {"query": "a b", "operator": "and"}}}, "*:*", "never", "all words"),
        ({"match_phrase": {"message": {"query": "a", "slop": 1}}}, "*:*", "never", "match_phrase"),
        ({"match_phrase": {"x": None}}, "*:*", "never", "a value that is neither"),
        ({"term": {"x": 1e300}}, "*:*", "never", "a value that is neither"),
        ({"term": {"x": ["a"]}}, "*:*", "never", "a value that is neither"),
        ({"term": {"x": {}}}, "*:*", "never", "a clause without a value"),
        ({"term": {"x": 1, "y": 2}}, "*:*", "never", "a clause that does not name one field"),
        ({"term": {"parts.name": "a"}}, "*:*", "never", "parts.name lies in the nested objects"),
        ({"terms": {"x": {"index": "i", "id": 1, "path": "p"}}}, "*:*", "never", "terms that are"),
        ({"query_string": {"query": "a"}}, "*:*", "never", "it is a query in Lucene's language"),
        ({"script": {"script": {"source": "1"}}}, "*:*", "never", "it is a script"),
        ({"geo_shape": {}}, "*:*", "never", "it is a geo_shape query"),
        ({"bool": {"should": [A], "minimum_should_match": "75%"}}, "*:*", "never", "minimum_"),
        ({"bool": {"adjust_pure_negative": False}}, "*:*", "never", "bool with adjust_pure"),
        ({"bool": [A]}, "*:*", "never", "it is a bool query"),
        ({**A, "bool": {}}, "*:*", "never", "it is not one clause"),
        ([], "*:*", "never", "it is not one clause"),
        (
            {"nested": {"path": "parts", "query": {"term": {"user.name": "a"}}}},
            "parts:{ *:* }",
            "parts:{ never }",
            "user.name lies outside of the nested objects",
        ),
    ],
)
def test_what_the_tree_cannot_say(clause: Any, more: str, less: str, reason: str) -> None:
    """The reason is told; what stands for the clause matches more where that is wanted, or less."""
    if "never }" not in less:
        assert kql(clause, more=False)[0] == less
    found, remarks = kql(clause)
    assert found == more
    assert len(remarks) == 1 and remarks[0].startswith(reason)
    assert kql({"bool": {"must_not": [clause]}}, more=False)[0] != "*:*"


def test_letter_case_is_remarked_where_there_is_any() -> None:
    clause = {"wildcard": {"user.name": {"value": "Ab*", "case_insensitive": True}}}
    assert kql(clause) == ("user.name:Ab*", ("case",))
    caseless = {"term": {"user.name.caseless": {"value": "Ab", "case_insensitive": True}}}
    assert kql(caseless)[1] == ()


def test_depth_has_an_end() -> None:
    clause: Any = A
    for _ in range(5000):
        clause = {"bool": {"filter": [clause]}}
    node, remarks = kql(clause)
    assert (node, remarks) == ("*:*", ("it is nested too deeply",))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_drawn_clause_means_what_its_tree_means(data: st.DataObject) -> None:
    """Exactly, where nothing is remarked; else on the side that was asked for."""
    clause = data.draw(clauses())
    tests: list[Node] = list(border_tests(clause))
    inner = [t for t in tests if t.field.name.startswith("parts.")]  # type: ignore[union-attr]
    near: list[Node] = [t for t in tests if t not in inner]
    for test in inner:
        near.append(Nested(Literal("parts"), _short(test)))
    event = data.draw(events_for(Or((*near, Always()))))
    for more in (True, False):
        reading = read(clause, TYPES, TYPES, more=more)
        by_case = any(remark.by_case for remark in reading.remarks)
        is_exact = all(remark.by_case for remark in reading.remarks)
        wanted = clause_matches(clause, event, fold=False)
        record(f"exact: {is_exact}, by case: {by_case}, matches: {wanted}")
        found = compile(reading.node, TYPES, now=NOW)(event)
        if is_exact:
            assert found == wanted
        else:
            assert found >= wanted if more else found <= wanted
        if not reading.remarks:
            assert found == clause_matches(clause, event, fold=True)


def _short(node: Any) -> Node:
    return replace(node, field=Literal(node.field.name.removeprefix("parts.")))  # type: ignore[no-any-return]


# Filters


def rule(**data: Any) -> kqlx.Rule:
    return kqlx.Rule(name="r", query="a:1", data=data)


def effects(found: kqlx.Rule) -> dict[str, Effect]:
    return {note.code: note.effect for note in with_conditions(parse("a:1"), found)[1]}


def text_of(found: kqlx.Rule) -> str:
    return format_node(with_conditions(parse(found.query), found)[0], width=200)


X = {"match_phrase": {"x": "1"}}
Y = {"exists": {"field": "y"}}


@pytest.mark.parametrize(
    ("item", "query"),
    [
        ({"query": X}, 'a:1 and x:"1"'),
        ({"meta": {"negate": True}, "query": X}, 'a:1 and not x:"1"'),
        ({"meta": {"negate": False, "disabled": False, "alias": None}, "query": X}, None),
        ({"meta": {"type": "exists"}, "exists": {"field": "y"}}, "a:1 and y:*"),
        ({"meta": {"negate": True}, "query": {"match_all": {}}}, "never"),
        ({"query": {"match": {"x": {"query": "1", "type": "phrase"}}}, "$state": {}}, None),
        ({"match": {"x": {"query": "1", "type": "phrase"}}, "meta": {}}, None),
        ({"query": X, "exists": {"field": "y"}}, None),
        (
            {"meta": {"type": "phrases"}, "query": {"bool": {"should": [X, Y]}}},
            'a:1 and (x:"1" or y:*)',
        ),
        (
            {
                "meta": {
                    "type": "combined",
                    "relation": "OR",
                    "params": [{"query": X}, {"meta": {"negate": True}, "query": Y}],
                }
            },
            'a:1 and (x:"1" or not y:*)',
        ),
        (
            {
                "meta": {
                    "type": "combined",
                    "relation": "AND",
                    "negate": True,
                    "params": [{"query": X}, {"query": Y, "meta": {}}],
                },
                "query": {},
            },
            'a:1 and not (x:"1" and y:*)',
        ),
        (
            {
                "meta": {
                    "type": "combined",
                    "relation": "OR",
                    "params": [{"query": X}, {"query": Y, "meta": {"disabled": True}}],
                }
            },
            "a:1",
        ),
    ],
)
def test_a_filter_joins_the_query(item: Any, query: str | None) -> None:
    found = rule(filters=[item])
    if query == "never":
        node, _ = with_conditions(parse("a:1"), found)
        assert Never() in node.items  # type: ignore[union-attr]
    else:
        assert text_of(found) == (query or 'a:1 and x:"1"')
    assert Effect.WIDER not in effects(found).values()


def test_a_filter_that_is_disabled_is_left_out_with_a_quiet_note() -> None:
    found = rule(filters=[{"meta": {"disabled": True}, "query": X}])
    assert text_of(found) == "a:1"
    assert effects(found) == {"filters-disabled": Effect.SAME}


@pytest.mark.parametrize(
    "item",
    [
        {},
        None,
        "x",
        {"query": {}},
        {"query": None, "meta": None},
        {"meta": {"type": "combined", "params": 5}},
        {"meta": {"type": "combined", "params": [{}]}},
        {"meta": {"negate": "yes"}, "query": X},
        {"query": {"query_string": {"query": "x:1"}}},
        {"meta": {"negate": True}, "query": {"query_string": {"query": "x:1"}}},
    ],
)
def test_a_filter_that_cannot_be_read_makes_the_result_wider(item: Any) -> None:
    found = rule(filters=[item])
    assert text_of(found) == "a:1"
    assert effects(found) == {"filters-left-out": Effect.WIDER}
    assert Effect.WIDER in [n.effect for n in kqlx.convert(found, "spl", source="none").notes]


def test_notes_on_several_filters_are_joined_and_have_no_place() -> None:
    found = rule(filters=[{"query": X}, {"query": Y}, {"meta": {"alias": "lab"}, "query": {}}])
    notes = kqlx.convert(found, "spl", source="none").notes
    texts = [note.message for note in notes]
    assert "filters 1, 2 are in the result" in texts
    assert 'filter 3 "lab" is not converted: it has no query' in texts
    assert all(note.span is None for note in notes if note.code.startswith("filters"))


def test_elasticsearch_gets_the_filters_as_they_are() -> None:
    script = {"script": {"script": "true"}}
    wild = {"wildcard": {"p": {"value": "?:\\\\x", "case_insensitive": True}}}
    found = rule(filters=[{"query": script}, {"query": wild, "meta": {"negate": True}}])
    result = kqlx.convert(found, "es")
    assert result.fidelity is Effect.SAME
    assert isinstance(result.query, dict)
    assert result.query["bool"]["filter"][1:] == [script]
    assert result.query["bool"]["must_not"] == [wild]


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_query_for_elasticsearch_means_the_same(data: st.DataObject) -> None:
    items = [{"query": X, "meta": {"negate": data.draw(st.booleans())}}, {"query": Y}]
    found = rule(filters=data.draw(st.permutations(items)))
    node, _ = with_conditions(parse(found.query), found)
    event = data.draw(events_for(node, {}))
    query = kqlx.convert(found, "es").query
    assert isinstance(query, dict)
    assert dsl_matches(query, event, {}) == compile(node, {})(event)


def test_a_query_may_be_empty_where_there_are_filters() -> None:
    found = kqlx.Rule(name="r", query="", data={"filters": [{"query": X}]})
    assert kqlx.convert(found, "spl", source="none").text == 'x="1"'


# Exceptions

LIST = {"list_id": "ours", "namespace_type": "single", "type": "rule_default"}


def excepted(*entries: Any, **item: Any) -> kqlx.Rule:
    held = {("single", "ours"): ({"name": "known", "entries": list(entries), **item},)}
    return kqlx.Rule(name="r", query="a:1", data={"exceptions_list": [LIST]}, exceptions=held)


def entry(type: str, value: Any = None, operator: str = "included", field: str = "x") -> Any:
    return {"type": type, "value": value, "operator": operator, "field": field}


@pytest.mark.parametrize(
    ("entries", "query"),
    [
        ([entry("match", "1")], 'a:1 and not x:"1"'),
        ([entry("match", "1", "excluded")], 'a:1 and x:"1"'),
        ([entry("match_any", ["1", "2"])], 'a:1 and not x:("1" or "2")'),
        ([entry("wildcard", "b*")], "a:1 and not x:b*"),
        ([entry("exists")], "a:1 and not x:*"),
        ([entry("exists", operator="excluded"), entry("match", "1", field="y")], None),
        (
            [{"type": "nested", "field": "p", "entries": [entry("match", "1", field="n")]}],
            'a:1 and not p:{ n:"1" }',
        ),
    ],
)
def test_an_exception_excludes(entries: list[Any], query: str | None) -> None:
    found = excepted(*entries)
    assert text_of(found) == (query or 'a:1 and not (not x:* and y:"1")')
    assert effects(found) == {"filters-applied": Effect.SAME}


def test_an_exception_for_some_systems() -> None:
    found = excepted(entry("match", "1"), os_types=["linux", "macos"])
    systems = '("linux" or "macos")'
    either = f"host.os.type:{systems} or host.os.name.caseless:{systems}"
    assert text_of(found) == f'a:1 and not (x:"1" and ({either}))'


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (excepted({"type": "list", "field": "x", "list": {"id": "ips"}}), 'the list "ips" are not'),
        (excepted(entry("match", "1"), expire_time="2024-01-01"), "it ends at 2024-01-01"),
        (excepted(), "it has no entries"),
        (excepted(entry("regexp", "1")), "an entry of type regexp"),
        (excepted(entry("match")), "an entry of x has no value"),
        (excepted(entry("match_any", "1")), "an entry of type match_any"),
        (excepted(entry("match", "1", "maybe")), "the operator maybe"),
        (excepted({"type": "match"}), "an entry names no field"),
        (excepted({"type": ["match"], "field": "x"}), "an entry of type ['match']"),
        (excepted(entry("exists"), os_types="linux"), "its os_types are no list"),
        (excepted({"type": "nested", "field": "x"}), "a nested entry has no entries"),
        (rule(exceptions_list=[LIST]), "the file does not hold its items"),
    ],
)
def test_an_exception_that_cannot_be_applied_is_told(found: kqlx.Rule, reason: str) -> None:
    assert text_of(found) == "a:1"
    (note,) = with_conditions(parse("a:1"), found)[1]
    assert note.effect is Effect.WIDER
    assert reason in note.message
    assert beside(found).around({"match_all": {}}) == {"match_all": {}}


def test_a_list_without_items_excepts_nothing() -> None:
    found = kqlx.Rule(
        name="r",
        query="a:1",
        data={"exceptions_list": [LIST]},
        exceptions={("single", "ours"): ()},
    )
    assert with_conditions(parse("a:1"), found) == (parse("a:1"), ())


def test_suppression_is_told_in_full() -> None:
    found = rule(
        alert_suppression={
            "group_by": ["host.name", "user.id"],
            "duration": {"value": 6, "unit": "h"},
            "missing_fields_strategy": "doNotSuppress",
        }
    )
    (note,) = [n for n in kqlx.convert(found, "es").notes if n.code == "suppression-left-out"]
    assert "by host.name, user.id for 6h, events without these fields left alone" in note.message
