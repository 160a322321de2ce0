"""What must hold of every query and event: agreement with the plain evaluator, and logic."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kqlx.evaluate.compiler import compile, explain
from kqlx.nodes import And, Like, Literal, Nested, Node, Not, Or, Pattern, walk
from kqlx.testing.edges import NOW, TYPES, put
from kqlx.testing.strategies import events_for, patterns, trees
from tests.conftest import examples
from tests.oracles import reference

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["2024", "10.0.0.1", "5.0", "true", 2**63, 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["source", "ip", "source.ip", "parts", "name", "a", "", "."]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
_JSON_EVENTS = st.dictionaries(st.sampled_from([*TYPES, "source", "user", "a"]), _JSON, max_size=4)


def run(node: Node, event: dict[str, Any]) -> bool:
    return compile(node, TYPES, now=NOW)(event)


@examples(75)
@given(data=st.data())
def test_agrees_with_the_plain_evaluator(data: st.DataObject) -> None:
    tree = data.draw(trees(never=True))
    event = data.draw(events_for(tree))
    for node, result in explain(tree, event, TYPES, now=NOW):
        if node is tree:
            assert result is reference.holds(tree, event)
    for item in walk(tree):
        if not any(item is inner for group in groups(tree) for inner in walk(group.item)):
            assert run(item, event) is reference.holds(item, event)


def groups(tree: Node) -> list[Nested]:
    return [node for node in walk(tree) if isinstance(node, Nested)]


@examples(25)
@given(data=st.data())
def test_laws_of_logic(data: st.DataObject) -> None:
    a, b = data.draw(trees(depth=1)), data.draw(trees(depth=1))
    event = data.draw(events_for(And((a, b))))
    a_holds, b_holds = run(a, event), run(b, event)
    assert run(Not(a), event) is not a_holds
    assert run(Not(Not(a)), event) is a_holds
    assert run(And((a, b)), event) is (a_holds and b_holds)
    assert run(Or((a, b)), event) is (a_holds or b_holds)
    assert run(Not(And((a, b))), event) is run(Or((Not(a), Not(b))), event)
    assert run(Not(Or((a, b))), event) is run(And((Not(a), Not(b))), event)


@examples(25)
@given(data=st.data())
def test_spelling_does_not_matter(data: st.DataObject) -> None:
    tree = data.draw(trees(nested=False))
    values = dict(reference.flatten(data.draw(events_for(tree))))
    nested: dict[str, Any] = {}
    for name in sorted(values):
        put(nested, name, values[name])
    dotted: dict[str, Any] = {}
    for name in values:
        put(dotted, name, [[values[name]]], dotted=True)
    assert run(tree, nested) is run(tree, dotted)


@examples(38)
@given(pattern=patterns(), text=st.text(st.sampled_from("ab*.\n\\c 1"), max_size=8))
def test_stars_agree_with_a_regular_expression(pattern: Pattern, text: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pattern.parts)), text, re.DOTALL)
    assert run(Like(Literal("event.action"), pattern), {"event.action": text}) is bool(expected)


@examples(38)
@given(
    parts=st.lists(st.sampled_from(["", "a", "b", "ab", "ba"]), min_size=2, max_size=5),
    text=st.text(st.sampled_from("ab"), max_size=7),
)
def test_stars_agree_where_parts_overlap(parts: list[str], text: str) -> None:
    expected = re.fullmatch(".*".join(parts), text)
    pattern = Pattern.between_stars(tuple(parts))
    assert run(Like(Literal("event.action"), pattern), {"event.action": text}) is bool(expected)


@examples(25)
@given(tree=trees(never=True), event=_JSON_EVENTS)
def test_no_json_value_raises(tree: Node, event: dict[str, Any]) -> None:
    assert run(tree, event) is not run(Not(tree), event)
    explain(tree, event, TYPES, now=NOW)
