"""What is asked of trees without building others, against what does build or walk them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kqlx.mappings.pack_library import Packs
from kqlx.mappings.telling_fields import TellingFields, overlap
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Exists,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Regexp,
    constant_of,
    has_part,
    simplify,
    transform,
    walk,
    with_field,
)
from kqlx.records import replace
from kqlx.testing.edges import TYPES
from kqlx.testing.strategies import leaves, trees


def _with_constants(node: Node) -> Node:
    """The tree with some tests as constants."""
    constants: dict[type, Node] = {Exists: Always(), Compare: Never()}
    return transform(node, lambda leaf: constants.get(type(leaf), leaf))


@given(trees(depth=4, never=True))
def test_a_constant_is_seen_without_making_it(node: Node) -> None:
    node = _with_constants(node)
    found = simplify(node)
    assert constant_of(node) is (type(found) if isinstance(found, Always | Never) else None)


@given(trees(depth=4, never=True, regexps=True))
def test_a_part_is_found_as_by_a_walk(node: Node) -> None:
    for kind in (And, Or, Not, Nested, Regexp, Never, Exists):
        assert has_part(node, kind) is any(isinstance(part, kind) for part in walk(node))


@given(st.data())
def test_a_test_of_another_field_is_the_same_else(data: st.DataObject) -> None:
    test: Any = data.draw(leaves(TYPES, any_case=True))
    if isinstance(test, Exists | Compare) or type(test).__name__ in ("Equals", "Like"):
        field = Literal("another", span=(3, 5))
        assert repr(with_field(test, field)) == repr(replace(test, field=field))


def test_sources_are_remembered_for_some_index_patterns_alone() -> None:
    telling = TellingFields(Packs().marks())
    for number in range(2500):
        pattern = f"logs-*-{number}" if number % 2 else f"winlogbeat-{number}"
        known = {s for s, marks in telling.marks.items() if overlap(pattern, marks)}
        assert telling.of_index(pattern) == telling.of_index(pattern) == known
    assert len(telling._of_index) <= 1000
