"""The law of ``agreement`` for drawn queries and events, one reading for the targets it serves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import event as record
from hypothesis import strategies as st

import kqlx
from kqlx.elastic import ecs
from kqlx.evaluate.event_fields import values
from kqlx.frontends import EQL
from kqlx.nodes import Compare, FunctionTest, Literal, Node, transform, walk
from kqlx.notes import Effect
from kqlx.testing.agreement import REFUSALS, Engine, Query, convert, without_refused
from kqlx.testing.near import near_events
from kqlx.testing.strategies import events_for, trees
from tests.oracles.eql_texts import FIELDS as EQL_FIELDS
from tests.oracles.eql_texts import conditions


def with_one_type_a_name(node: Node) -> Node:
    """Another name in ranges on the field that no type is known of: it cannot be taken for a text
    and for a number at once.
    """

    def leaf(item: Node) -> Node:
        if isinstance(item, Compare) and item.field == Literal("vendor.field"):
            return replace(item, field=Literal("vendor.score"))
        return item

    return transform(node, leaf)


def converted(node: Node, engine: Engine, to: str, *, exact: bool) -> Query | None:
    """The conversion, or None, recorded with its reason, where it is refused."""
    try:
        return convert(node, engine, to, exact=exact)
    except REFUSALS as error:
        assert error.notes, error
        assert error.message
        record("refused")
        return None


def check_drawn(
    data: st.DataObject, engine: Engine, to: str, fields: Mapping[str, str], *, exact: bool
) -> None:
    """Draws a query, and events at its borders: the conversion agrees, or its notes say why not."""
    tree = with_one_type_a_name(
        data.draw(trees(fields, depth=5, any_case=True, one_character=True, regexps=True))
    )
    query = converted(tree, engine, to, exact=exact)
    if query is None:
        tree = without_refused(tree, to, exact=exact)
        query = converted(tree, engine, to, exact=exact)
    if query is None:
        return
    if exact:
        assert Effect.CASE not in [note.effect for note in query.notes]
    record(str(kqlx.notes.worst(query.notes)))
    drawn = data.draw(events_for(tree, {**fields, "vendor.score": "double"}))
    near = near_events(tree, query.types, 4, seed=data.draw(st.integers(0, 1000)))
    for event in (drawn, *near):
        assert not (found := query.disagreement(event)), found


def check_drawn_eql(
    data: st.DataObject, engine: Engine, to: str, *, exact: bool = False, functions: bool = True
) -> None:
    """The same of a query in EQL, of any tests and functions of fields of several types. Where it
    is refused, each test that is refused by itself is replaced.
    """
    text = f"any where {data.draw(conditions(functions=functions))}"
    tree = kqlx.parse(text, language=EQL)
    try:
        query = convert(text, engine, to, exact=exact, language=EQL)
    except REFUSALS as error:
        assert error.notes or error.message, text
        record("refused")
        tree = without_refused(tree, to, exact=exact)
        try:
            query = convert(tree, engine, to, exact=exact)
        except REFUSALS:
            return
    if exact:
        assert Effect.CASE not in [note.effect for note in query.notes]
    record(str(kqlx.notes.worst(query.notes)))
    drawn = data.draw(events_for(tree, EQL_FIELDS))
    near = near_events(tree, query.types, 8, seed=data.draw(st.integers(0, 1000)))
    events = [event for event in (drawn, *near) if _is_counted_alike(tree, event)]
    for event in query.asked(events):
        assert not (found := query.disagreement(event)), found


def _is_counted_alike(tree: Node, event: dict[str, Any]) -> bool:
    """Whether fields that ECS has no lists for hold one value where a function names them twice:
    that a target takes one value at both places is noted for lists alone. And whether nothing has
    characters of which a note says that they count once, and in Elasticsearch twice.
    """
    functions = [node for node in walk(tree) if isinstance(node, FunctionTest)]
    if functions and max(json.dumps(event, ensure_ascii=False)) > "\uffff":
        return False
    for node in functions:
        names = [field.name for field in node.fields]
        for name in names:
            is_single = name in ecs.types() and name not in ecs.arrays()
            if is_single and names.count(name) > 1 and len(values(event, name)) > 1:
                return False
    return True
