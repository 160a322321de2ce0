"""What must hold of every query and event: agreement with the plain evaluator, and logic."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kqlx.evaluate.compiler import compile, explain
from kqlx.nodes import And, Like, Literal, Nested, Node, Not, Or, Pattern, walk
from kqlx.patterns import ANY_ONE, ANY_RUN, Token
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


TOKENS: list[Token] = [ANY_RUN, ANY_RUN, ANY_ONE, "a", "b", "ab", "ba"]


def expression(pattern: Pattern) -> str:
    """The pattern as Python's regular expression."""
    signs = {ANY_RUN: ".*", ANY_ONE: "."}
    return "".join(re.escape(t) if isinstance(t, str) else signs[t] for t in pattern.tokens)


@examples(38)
@given(
    pattern=patterns(one_character=True), text=st.text(st.sampled_from("ab*.\n\\c 1"), max_size=8)
)
def test_wildcards_agree_with_a_regular_expression(pattern: Pattern, text: str) -> None:
    expected = re.fullmatch(expression(pattern), text, re.DOTALL)
    assert run(Like(Literal("event.action"), pattern), {"event.action": text}) is bool(expected)


@examples(38)
@given(
    tokens=st.lists(st.sampled_from(TOKENS), min_size=1, max_size=6),
    text=st.text(st.sampled_from("ab"), max_size=7),
)
def test_wildcards_agree_where_texts_overlap(tokens: list[Token], text: str) -> None:
    pattern = Pattern.of(*tokens)
    expected = re.fullmatch(expression(pattern), text)
    assert run(Like(Literal("event.action"), pattern), {"event.action": text}) is bool(expected)


@examples(100)
@given(
    first=st.lists(st.sampled_from(TOKENS), max_size=4).map(lambda tokens: Pattern.of(*tokens)),
    second=st.lists(st.sampled_from(TOKENS), max_size=4).map(lambda tokens: Pattern.of(*tokens)),
    text=st.text(st.sampled_from("ab"), max_size=6),
)
def test_what_a_pattern_covers_it_fits(first: Pattern, second: Pattern, text: str) -> None:
    if first.covers(second):
        assert first.fits(text) or not second.fits(text)
    assert second.widened_to_stars().covers(second)
    assert second.within().covers(second)
    assert second.collapsed().fits(text) is second.fits(text)


@examples(25)
@given(tree=trees(never=True), event=_JSON_EVENTS)
def test_no_json_value_raises(tree: Node, event: dict[str, Any]) -> None:
    assert run(tree, event) is not run(Not(tree), event)
    explain(tree, event, TYPES, now=NOW)
