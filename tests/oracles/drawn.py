"""The law of ``agreement`` for drawn queries and events, one reading for the targets it serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import event as record
from hypothesis import strategies as st

import kqlx
from kqlx.nodes import Compare, Literal, Node, transform
from kqlx.notes import Effect
from kqlx.testing.agreement import REFUSALS, Engine, Query, convert, without_refused
from kqlx.testing.near import near_events
from kqlx.testing.strategies import events_for, trees


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
