"""Values that a pack leaves out of a column, beside those that a query asks for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.mappings.excluded_values import without_excluded
from kqlx.nodes import And, Case, Equals, Literal, Never, Node, Not, Or, any_of, simplify

SOURCE: dict[str, Any] = {"source": "aws.cloudtrail", "language": "eql"}


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_what_is_left_out_beside_another_value_is_not_said(target: str) -> None:
    query = 'info where event.action == "PutBucketVersioning"'
    rule = query.replace("info where", 'any where event.type == "info" and')
    made = kqlx.convert(rule, target, **SOURCE)
    assert "CreateUser" not in made.text
    assert "PutBucketVersioning" in made.text


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    "action", ['== "CreateUser"', 'in ("CreateUser", "DeleteUser")', ': "createuser"']
)
def test_a_value_that_is_left_out_is_never_there(target: str, action: str) -> None:
    """It would convert, and never fire."""
    with pytest.raises(kqlx.KqlxError, match="never matches") as refused:
        kqlx.convert(f'any where event.type == "info" and event.action {action}', target, **SOURCE)
    assert refused.value.code == "matches-no-event"


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_codes_that_are_asked_for_twice_are_said_once(target: str) -> None:
    made = kqlx.convert(
        'iam where event.type == "creation" and event.code == "4720"',
        target,
        source="system.security",
        language="eql",
    )
    assert "4720" in made.text
    assert "4727" not in made.text
    with pytest.raises(kqlx.KqlxError, match="no event has the values that are asked for together"):
        kqlx.convert(
            'iam where event.type == "info" and event.action == "added-user-account"',
            target,
            source="system.security",
            language="eql",
        )


def test_what_may_be_there_in_another_letter_case_stays() -> None:
    field = Literal("a")
    asked = Equals(field, Literal("x"), case=Case.FOLDED)
    node = And((asked, Not(Equals(field, Literal("X")))))
    assert without_excluded(node, {"a"}.__contains__) == node
    assert simplify(without_excluded(node, {"a"}.__contains__, {"a"}.__contains__)) == Never()


TESTS = st.builds(
    Equals,
    st.sampled_from([Literal("a"), Literal("b")]),
    st.sampled_from([Literal("x"), Literal("X"), Literal("y"), Literal("z")]),
    case=st.sampled_from(Case),
)
LISTS = st.lists(TESTS, min_size=1, max_size=3).map(any_of)


def groups(items: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(items, min_size=2, max_size=4).map(tuple)
    return st.one_of(several.map(And), several.map(Or), items.map(Not))


@given(
    st.recursive(LISTS, groups, max_leaves=8),
    st.fixed_dictionaries({}, optional={n: st.sampled_from("xXyz") for n in "ab"}),
)
def test_the_meaning_stays(node: Node, event: dict[str, str]) -> None:
    found = simplify(without_excluded(node, {"a", "b"}.__contains__))
    assert kqlx.matches(found, event) is kqlx.matches(node, event)


@given(
    st.recursive(LISTS, groups, max_leaves=6),
    st.fixed_dictionaries({n: st.lists(st.sampled_from("xyz"), max_size=3) for n in "ab"}),
)
def test_columns_of_several_values_keep_what_they_are_asked(
    node: Node, event: dict[str, list[str]]
) -> None:
    found = simplify(without_excluded(node, set[str]().__contains__))
    assert kqlx.matches(found, event) is kqlx.matches(node, event)
