"""Tests that others contain are dropped, and nothing else is."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlx import parse as parse_any
from kqlx.backends.contained_tests import without_contained
from kqlx.evaluate.compiler import matches
from kqlx.frontends.kql.formatter import format_node
from kqlx.frontends.kql.parser import parse
from kqlx.nodes import And, Case, Equals, Exists, Like, Literal, Node, Not, Or, Pattern
from tests.conftest import examples


def kept(query: str) -> str:
    return format_node(without_contained(parse(query), lambda test: True))


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("a:(1 or 2) and a:2", "a:2"),
        ("a:2 and a:(1 or 2)", "a:2"),
        ("a:(1 or 2) and a:(2 or 1 or 3)", "a:(1 or 2)"),
        ("a:x* and a:xy*z", "a:xy*z"),
        ("a:* and a:x*", "a:x*"),
        ("a:* and (a:x or a:y)", "a:(x or y)"),
        ("a > 1 and a:*", "a>1"),
        ("b:1 and (a:1 and (b:1 and c:1))", "b:1 and a:1 and c:1"),
        ("not a:(1 or 2) and not a:1 and c:1", "not a:(1 or 2) and c:1"),
        ("(a:1 and b:1 or a:2) and a:(1 or 2)", "(a:1 and b:1) or a:2"),
        ("a:(1 or 5) and not a:5", "a:1 and not a:5"),
        ("a:(1 or x or xy) and not a:x* and b:1", "a:1 and not a:x* and b:1"),
        ("a:(1 or 5) and not (a:5 or b:1)", "a:1 and not (a:5 or b:1)"),
        # In alternatives, and in what is excluded.
        ("a:1 and ((a:1 and b:1) or c:1)", "a:1 and (b:1 or c:1)"),
        ("a:(1 or 2) and ((a:(2 or 1) and b:1) or c:1)", "a:(1 or 2) and (b:1 or c:1)"),
        ("a:1 and not (a:1 and b:1)", "a:1 and not b:1"),
        ("a:1 and not (b:1 or (a:1 and c:1))", "a:1 and not (b:1 or c:1)"),
        ("not a:1 and ((not a:1 and b:1) or c:1)", "not a:1 and (b:1 or c:1)"),
        # Alternatives that others contain.
        ("a:1 or a:(1 and 2)", "a:1"),
        ("(a:1 and b:1) or (b:1 and a:1) or c:1", "(b:1 and a:1) or c:1"),
        ("(a:1 and b:1) or (a:(1 or 2) and b:1)", "a:(1 or 2) and b:1"),
        # These say something each.
        ("a:5 and not a:5", "a:5 and not a:5"),
        ("a:5 and not (a:5 and a:5)", "a:5 and not a:5"),
        ("a:1 and ((a:2 and b:1) or c:1)", "a:1 and ((a:2 and b:1) or c:1)"),
        ("a:(1 or 5) and not a:(1 or 5)", "a:(1 or 5) and not a:(1 or 5)"),
        ("a:(1 or 5) and not (a:5 and b:1)", "a:(1 or 5) and not (a:5 and b:1)"),
        ("a:1 and a:2", "a:(1 and 2)"),
        ("a:(1 or 2) and a:(2 or 3)", "a:(1 or 2) and a:(2 or 3)"),
        ("a:xy* and a:*yz", "a:(xy* and *yz)"),
        ('a:"" and a:*', 'a:"" and a:*'),
        ("a:1 and not a:2", "a:1 and not a:2"),
        ("a:X and a:x", "a:(X and x)"),
    ],
)
def test_what_another_test_contains_is_dropped(query: str, result: str) -> None:
    assert without_contained(parse(query), lambda test: True) == parse(result), kept(query)


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("a:(1 or 5) and not a:5", "a:1"),
        ("a:(1 or 2 or 5) and not a:5", "a:(1 or 2)"),
        ("(a:1 or b:2) and not a:5", "(a:1 or b:2) and not a:5"),
        ("a:1 and not a:5 and not b:5", "a:1 and not b:5"),
        ("a:1 and not a:01", "a:1 and not a:01"),
        ("a:1 and not a:x", "a:1 and not a:x"),
        ("a:1 and ((a:2 and b:1) or (a:1 and c:1) or d:1)", "a:1 and (c:1 or d:1)"),
        ("a:1 and ((b:2 and b:1) or d:1)", "a:1 and ((b:2 and b:1) or d:1)"),
        ("a:(1 or 2) and ((a:(3 or 4) and b:1) or d:1)", "a:(1 or 2) and d:1"),
    ],
)
def test_one_whole_number_is_no_other(query: str, result: str) -> None:
    made = without_contained(parse(query), lambda test: True, lambda test: test.field.name == "a")
    assert made == parse(result)


def test_values_that_are_not_compared_as_written_say_something_each() -> None:
    node = parse("a:x* and a:xy")
    assert without_contained(node, lambda test: False) == node


def eql(where: str) -> Node:
    return parse_any(f"any where {where}", language="eql")


@pytest.mark.parametrize(
    ("where", "result"),
    [
        ('a in ("1", "2") and a : ("2", "1")', 'a in ("1", "2")'),
        ('a in ("1", "2", "3") and a : ("2", "1")', 'a : ("2", "1")'),
        ('a == "x" and a : "X"', 'a == "x"'),
        ('a like "1*" and a : "12*"', 'a : "12*"'),
        ('a == "x" and a : "x"', 'a == "x"'),
        # These say something each.
        ('a in ("x", "y") and a : "x"', 'a in ("x", "y") and a : "x"'),
        ('a like "x*" and a : "x1*"', 'a like "x*" and a : "x1*"'),
    ],
)
def test_letter_case_counts_where_there_are_letters(where: str, result: str) -> None:
    assert without_contained(eql(where), lambda test: True) == eql(result)


VALUES = ("1", "12", "2", "", "x", "X", "1X")


def leaves() -> st.SearchStrategy[Node]:
    field = st.sampled_from("ab").map(Literal)
    texts = ["*1*", "1*", "*2", "1*2", "*", "*x", "1*X"]
    patterns = st.sampled_from(texts).map(Pattern.from_stars)
    case = st.sampled_from(Case)
    return st.one_of(
        st.builds(Equals, field, st.sampled_from(VALUES).map(Literal), case=case),
        st.builds(Like, field, patterns, case=case),
        st.builds(Exists, field),
    )


def groups(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    items = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, items), st.builds(Or, items), st.builds(Not, inner))


@examples(300)
@given(
    node=st.recursive(leaves(), groups, max_leaves=9),
    event=st.dictionaries(
        st.sampled_from("ab"), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2)
    ),
)
def test_the_meaning_stays(node: Node, event: dict[str, Any]) -> None:
    made = without_contained(node, lambda test: True)
    assert matches(made, event, {}) == matches(node, event, {})


def test_a_long_query_takes_no_longer_for_each_test() -> None:
    """20,000 tests, each about a field of its own, and as many about one field."""
    for name in ("f{}", "f"):
        tests = [Not(Equals(Literal(name.format(i)), Literal(str(i)))) for i in range(20_000)]
        node = And(tuple(tests))
        started = time.process_time()
        assert without_contained(node, lambda test: True) == node
        assert time.process_time() - started < 10
