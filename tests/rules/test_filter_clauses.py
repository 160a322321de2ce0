"""Clauses of filters: what each becomes in the tree, and that it means the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event as record
from hypothesis import given
from hypothesis import strategies as st

from kqlx.evaluate.compiler import compile
from kqlx.frontends.kql.formatter import format_node
from kqlx.frontends.query_dsl.reader import read
from kqlx.nodes import (
    Always,
    Case,
    Equals,
    FieldTest,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Or,
    Regexp,
)
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern, Token
from kqlx.testing.edges import NOW, TYPES
from kqlx.testing.strategies import events_for
from tests.conftest import examples
from tests.oracles.clauses import border_tests, clause_matches, clauses

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


def kql(clause: Any, *, wider: bool = True) -> tuple[str, tuple[str, ...]]:
    """The tree as text, and the reasons of the remarks."""
    reading = read(clause, ECS, ARRAYS, wider=wider)
    remarks = tuple(remark.reason for remark in reading.remarks)
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
        (
            {"range": {"@timestamp": {"lt": "now", "format": "strict_date_optional_time"}}},
            '@timestamp < "now"',
        ),
        (
            {
                "range": {
                    "@timestamp": {
                        "gte": 1577836800000,
                        "lt": "2024-01-01T00:00:00.000Z",
                        "format": "strict_date_optional_time||epoch_millis",
                    }
                }
            },
            '@timestamp >= "1577836800000" and @timestamp < "2024-01-01T00:00:00.000Z"',
        ),
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
    assert kql(clause) == kql(clause, wider=False) == (expected, ())


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a?c", ("a", ANY_ONE, "c")),
        (r"?:\\x\\*", (ANY_ONE, ":\\x\\", ANY_RUN)),
        (r"a\?**?", ("a?", ANY_RUN, ANY_ONE)),
        ("?*", (ANY_ONE, ANY_RUN)),
    ],
)
def test_one_character_of_a_wildcard_query(text: str, tokens: tuple[Token, ...]) -> None:
    for wider in (True, False):
        reading = read({"wildcard": {"file.path": text}}, ECS, wider=wider)
        assert reading.node == Like(Literal("file.path"), Pattern(tokens))
        assert reading.remarks == ()


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
        (
            {"range": {"process.args": {"gte": "a", "lt": "c"}}},
            'process.args >= "a" and process.args < "c"',
            'process.args >= "a" and process.args < "c"'
            ' and not process.args < "a" and not process.args >= "c"',
            "one value of process.args must meet both limits",
        ),
        (
            {"range": {"x": {"gte": 1, "format": "yyyy"}}},
            "*:*",
            "never",
            "a range of x with",
        ),
        (
            {"range": {"x": {"gte": "2024", "format": "epoch_millis"}}},
            "*:*",
            "never",
            "a range of x with its own date format",
        ),
        (
            {"range": {"x": {"gte": 1, "time_zone": "+02:00"}}},
            "*:*",
            "never",
            "a range of x with",
        ),
        ({"range": {"x": {"from": 1}}}, "*:*", "never", "unknown option from"),
        ({"range": {"x": 5}}, "*:*", "never", "a range without limits"),
        ({"term": {"message": "Two words"}}, "*:*", "never", "message is compared word by word"),
        ({"wildcard": {"message": "Upper*"}}, "*:*", "never", "message is compared word by word"),
        ({"prefix": {"message": "a-b"}}, "*:*", "never", "message is compared word by word"),
        ({"prefix": {"source.ip": "10."}}, "*:*", "never", "source.ip is of type ip"),
        ({"match": {"message": {"query": "a b", "operator": "and"}}}, "*:*", "never", "all words"),
        (
            {"match_phrase": {"message": {"query": "a", "slop": 1}}},
            "*:*",
            "never",
            "a match_phrase",
        ),
        ({"match_phrase": {"x": None}}, "*:*", "never", "a value that is not a string"),
        ({"term": {"x": 1e300}}, "*:*", "never", "a value that is not a string"),
        ({"term": {"x": ["a"]}}, "*:*", "never", "a value that is not a string"),
        ({"term": {"x": {}}}, "*:*", "never", "a clause without a value"),
        ({"term": {"x": 1, "y": 2}}, "*:*", "never", "a clause that does not name exactly one"),
        ({"term": {"parts.name": "a"}}, "*:*", "never", "parts.name is inside the nested objects"),
        ({"terms": {"x": {"index": "i", "id": 1, "path": "p"}}}, "*:*", "never", "a terms lookup"),
        ({"query_string": {"query": "a"}}, "*:*", "never", "it is a Lucene query"),
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
            "user.name is outside the nested objects",
        ),
    ],
)
def test_what_the_tree_cannot_say(clause: Any, more: str, less: str, reason: str) -> None:
    """The reason is told; what stands for the clause matches more where that is wanted, or less."""
    if "never }" not in less:
        assert kql(clause, wider=False)[0] == less
    found, remarks = kql(clause)
    assert found == more
    assert len(remarks) == 1 and remarks[0].startswith(reason)
    assert kql({"bool": {"must_not": [clause]}}, wider=False)[0] != "*:*"


@pytest.mark.parametrize(
    ("clause", "case"),
    [
        ({"wildcard": {"user.name": {"value": "Ab*", "case_insensitive": True}}}, Case.FOLDED),
        ({"prefix": {"user.name": {"value": "Ab", "case_insensitive": "true"}}}, Case.FOLDED),
        ({"term": {"user.name": {"value": "Ab", "case_insensitive": True}}}, Case.FOLDED),
        ({"term": {"of.any.type": {"value": "Ab", "case_insensitive": True}}}, Case.FOLDED),
        ({"term": {"user.name": {"value": "Ab", "case_insensitive": False}}}, Case.EXACT),
        ({"term": {"user.name": "Ab"}}, Case.EXACT),
        # Nothing to fold: no letters, or both sides are in lower case.
        ({"term": {"user.name": {"value": "1*", "case_insensitive": True}}}, Case.EXACT),
        ({"term": {"user.name.caseless": {"value": "Ab", "case_insensitive": True}}}, Case.EXACT),
        ({"term": {"destination.port": {"value": 1, "case_insensitive": True}}}, Case.EXACT),
        ({"term": {"message": {"value": "Ab", "case_insensitive": True}}}, Case.EXACT),
    ],
)
def test_letter_case_is_that_of_the_test(clause: Any, case: Case) -> None:
    reading = read(clause, ECS, ARRAYS)
    assert isinstance(reading.node, Equals | Like)
    assert reading.node.case is case
    assert reading.remarks == ()


def test_depth_has_an_end() -> None:
    clause: Any = A
    for _ in range(5000):
        clause = {"bool": {"filter": [clause]}}
    node, remarks = kql(clause)
    assert (node, remarks) == ("*:*", ("it nests too deeply",))


@examples(100)
@given(data=st.data())
def test_a_drawn_clause_means_what_its_tree_means(data: st.DataObject) -> None:
    """Exactly, where nothing is remarked; else on the side that was asked for."""
    clause = data.draw(clauses())
    tests = list(border_tests(clause))
    inner = [t for t in tests if t.field.name.startswith("parts.")]
    near: list[Node] = [t for t in tests if t not in inner]
    for test in inner:
        near.append(Nested(Literal("parts"), _short(test)))
    event = data.draw(events_for(Or((*near, Always()))))
    for more in (True, False):
        reading = read(clause, TYPES, TYPES, wider=more)
        is_exact = not reading.remarks
        wanted = clause_matches(clause, event)
        record(f"exact: {is_exact}, matches: {wanted}")
        found = compile(reading.node, TYPES, now=NOW)(event)
        if is_exact:
            assert found == wanted
        else:
            assert found >= wanted if more else found <= wanted


def _short(node: FieldTest) -> Node:
    return replace(node, field=Literal(node.field.name.removeprefix("parts.")))


# Filters


def test_a_regular_expression_is_one_of_the_tree() -> None:
    node = read({"regexp": {"user.name": "a[0-9]+"}}, ECS, ARRAYS).node
    assert isinstance(node, Regexp)
    test = compile(node, ECS)
    assert [test({"user.name": text}) for text in ("a12", "A12", "xa1")] == [True, False, False]
    folded = {"value": "a[b-c]", "case_insensitive": True}
    test = compile(read({"regexp": {"user.name": folded}}, ECS, ARRAYS).node, ECS)
    assert [test({"user.name": text}) for text in ("Ab", "aB")] == [True, False]


@pytest.mark.parametrize(
    ("clause", "reason"),
    [
        ({"user.name": "a["}, "the regular expression a[: this '[' is not closed"),
        ({"message": "a.*"}, "message is of type match_only_text, which has no regular"),
        ({"user.name": {"value": "a@", "flags": "NONE"}}, "a regular expression with flags"),
        ({"user.name": "a&b"}, "the regular expression a&b: '&' is an operator here"),
    ],
)
def test_a_regular_expression_that_is_none_is_left_out(clause: Any, reason: str) -> None:
    reading = read({"regexp": clause}, ECS, ARRAYS)
    assert isinstance(reading.node, Always)
    (remark,) = reading.remarks
    assert remark.reason.startswith(reason)


def test_a_pattern_is_held_against_the_whole_value_in_every_type() -> None:
    types = {"process.command_line": "wildcard"}
    node = read({"wildcard": {"process.command_line": "a b*"}}, types, ARRAYS).node
    test = compile(node, types)
    assert [test({"process.command_line": text}) for text in ("a bc", "a")] == [True, False]
