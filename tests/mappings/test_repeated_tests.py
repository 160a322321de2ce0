"""No test of a bound tree stands beside one that asks for the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.mappings import letter_case
from kqlx.mappings.bound import Column
from kqlx.mappings.repeated_tests import without_repeated_tests
from kqlx.nodes import And, Case, Equals, Literal, Node, Not, Or, transform
from kqlx.records import replace

COLUMNS = {"a": Column("a"), "b": Column("b"), "t": Column("t", "text")}


@pytest.mark.parametrize(
    ("query", "shorter"),
    [
        ('a:x and a:"x"', "a:x"),
        ('t:x and t:"x"', 't:x and t:"x"'),
        ('(a:x or b:y) and c:z and (a:"x" or b:y)', "(a:x or b:y) and c:z"),
        ('(t:x or b:y) and (t:"x" or b:y)', '(t:x or b:y) and (t:"x" or b:y)'),
        ('not a:x and not a:"x"', "not a:x"),
        ("(a:x and b:y) or (b:y and a:x)", "(a:x and b:y) or (b:y and a:x)"),
        ("(a:x and b:y) and (a:x or b:y)", "(a:x and b:y) and (a:x or b:y)"),
        ("(a:x or a:x) and a:x", "a:x"),
        ("a:x* or a:x* or not (a:x* or a:x*)", "a:x* or not a:x*"),
        ("a >= 1 and a >= 1 and a > 1", "a >= 1 and a > 1"),
    ],
)
def test_what_is_said_twice_is_said_once(query: str, shorter: str) -> None:
    assert without_repeated_tests(kqlx.parse(query), COLUMNS) == kqlx.parse(shorter)


def folded(node: Node) -> Node:
    """With the tests of values in capitals regardless of letter case, and all in small letters."""

    def fold(test: Node) -> Node:
        assert isinstance(test, Equals)
        value = test.value.name
        case = Case.FOLDED if value.isupper() else Case.EXACT
        return replace(test, value=Literal(value.lower()), case=case)

    return transform(node, fold)


@pytest.mark.parametrize(
    ("query", "shorter"),
    [
        ("a:x or a:X", "a:X"),
        ("a:x and a:X", "a:x"),
        ("b:y or a:x or a:X or not a:x", "b:y or a:X or not a:x"),
        ("(a:x or b:y) or (a:X or b:Y)", "a:X or b:Y"),
        ("(a:x or b:Y) and (a:X or b:Y)", "a:x or b:Y"),
        ("(a:x or b:Y) and (a:X or b:y)", "(a:x or b:Y) and (a:X or b:y)"),
        ("(not a:x) or (not a:X)", "not a:x or not a:X"),
        ("(a:x and not b:y) or (a:X and not b:y)", "(a:x and not b:y) or (a:X and not b:y)"),
        ("not (a:x or a:X) and b:y", "not a:X and b:y"),
    ],
)
def test_what_is_implied_but_for_letter_case_is_left_out(query: str, shorter: str) -> None:
    found = without_repeated_tests(folded(kqlx.parse(query)), COLUMNS)
    assert found == folded(kqlx.parse(shorter))


def test_each_test_of_a_deep_tree_is_folded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    times = []
    fold = letter_case._fold

    def counted(node: Node) -> Node:
        times.append(node)
        return fold(node)

    monkeypatch.setattr(letter_case, "_fold", counted)
    node: Node = Equals(Literal("a"), Literal("0"), case=Case.FOLDED)
    for number in range(1, 100):
        test = Equals(Literal("a"), Literal(str(number)))
        node = Or((test, node)) if number % 2 else And((test, node))
    assert without_repeated_tests(node, COLUMNS) == node
    assert len(times) == 100


@given(
    st.recursive(
        st.builds(
            lambda name, value, case: Equals(Literal(name), Literal(value), case=case),
            st.sampled_from("ab"),
            st.sampled_from("xy"),
            st.sampled_from(Case),
        ),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(
                lambda kind, items: kind(tuple(items)),
                st.sampled_from([And, Or]),
                st.lists(inner, min_size=2, max_size=3),
            ),
        ),
        max_leaves=6,
    )
)
def test_fields_that_are_compared_in_one_way_have_nothing_implied(node: Node) -> None:
    assert letter_case.without_implied(node) == letter_case._with_folded(node)[0]


def test_what_says_nothing_twice_is_the_same_tree() -> None:
    node = kqlx.parse("(a:x or not (b:y and a:z)) and c:z")
    assert without_repeated_tests(node, COLUMNS) is node
    assert isinstance(node, And) and not isinstance(node, Not)
