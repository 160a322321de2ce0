"""Groups are written as people write them, and mean the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlx.backends.plain_groups import plain_groups
from kqlx.evaluate.compiler import matches
from kqlx.frontends.kql.formatter import format_node
from kqlx.frontends.kql.parser import parse
from kqlx.nodes import And, Node, Not, Or
from tests.conftest import examples
from tests.conversion.test_contained_tests import VALUES, groups, leaves


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("not (not a:1 or b:1)", "a:1 and not b:1"),
        ("not (not a:1 or b:1 or c:1)", "a:1 and not (b:1 or c:1)"),
        ("not (not a:1 or not b:1)", "a:1 and b:1"),
        ("not (not a:1 and not b:1)", "a:1 or b:1"),
        ("d:1 and not (not a:* or a:1)", "d:1 and a:* and not a:1"),
        ("(a:1 and b:1) or (a:1 and c:1)", "a:1 and (b:1 or c:1)"),
        ("(b:1 and a:1) or (a:1 and (b:2 or b:3))", "a:1 and b:(1 or 2 or 3)"),
        (
            "(a:1 and b:1) or (a:1 and c:1) or (d:1 and b:1)",
            "(a:1 and (b:1 or c:1)) or (d:1 and b:1)",
        ),
        ("not a:1 and b:1 and not a:2", "not a:(1 or 2) and b:1"),
        ("not a:1 and not a:(2 or x*)", "not a:(1 or 2 or x*)"),
        # As they are.
        ("a:1 and not (b:1 and c:1)", "a:1 and not (b:1 and c:1)"),
        ("not a:1 and not b:1", "not a:1 and not b:1"),
        ("not a:1 and not (a:2 or b:1)", "not a:1 and not (a:2 or b:1)"),
        ("(a:1 and b:1) or c:1", "(a:1 and b:1) or c:1"),
    ],
)
def test_groups_are_plain(query: str, result: str) -> None:
    made = plain_groups(parse(query), lambda test: test.field.name)
    assert made == parse(result), format_node(made)


def test_lists_of_what_is_excluded_are_the_target_s() -> None:
    node = parse("not a:1 and b:1 and not a:2")
    assert plain_groups(node) == node
    assert plain_groups(node, lambda test: "") == node
    merged = plain_groups(parse("not a:1 and not b:2 and c:1"), lambda test: "column")
    assert isinstance(merged, And)
    assert merged.items[0] == Not(Or((parse("a:1"), parse("b:2"))))


@examples(300)
@given(
    node=st.recursive(leaves(), groups, max_leaves=9),
    event=st.dictionaries(
        st.sampled_from("ab"), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2)
    ),
)
def test_the_meaning_stays(node: Node, event: dict[str, Any]) -> None:
    made = plain_groups(node, lambda test: test.field.name)
    assert matches(made, event, {}) == matches(node, event, {})
