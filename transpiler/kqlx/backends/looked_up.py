"""Tests of what is looked up beside the events: where in a query they may stand, and what can be
asked before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from kqlx.mappings.bound import Bound, without_spelling
from kqlx.mappings.pack import Lookup
from kqlx.nodes import (
    Always,
    And,
    FieldTest,
    FunctionTest,
    Never,
    Node,
    Not,
    Or,
    Regexp,
    simplify,
    walk,
)
from kqlx.notes import Effect, Note
from kqlx.records import replace


def columns_looked_up(lookup: Lookup, text: str) -> dict[str, str]:
    """The columns of a lookup that the text of a query names, with what they are there."""
    return {name: there for name, there in lookup.columns.items() if is_looked_up(text, (name,))}


def note_on(lookup: Lookup) -> Note:
    """What a result tells of what is looked up for it."""
    return Note("looked-up", Effect.COVERAGE, lookup.message)


def is_looked_up(text: str, names: Collection[str]) -> bool:
    """Whether the text of a step names one of the columns."""
    return any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)


def asks_looked_up(bound: Bound) -> Callable[[Node], bool]:
    """Whether a part of the tree asks for what is looked up."""
    names = {name for lookup in bound.lookups for name in lookup.columns}
    if names.isdisjoint(map(without_spelling, bound.columns)):
        return lambda node: False

    def asks(node: Node) -> bool:
        for part in walk(node):
            if isinstance(part, FunctionTest):
                asked = {field.name for field in part.fields}
            elif isinstance(part, FieldTest | Regexp):
                asked = {without_spelling(part.field.name)}
            else:
                continue
            if not names.isdisjoint(asked):
                return True
        return False

    return asks


def without_looked_up(node: Node, asks: Callable[[Node], bool]) -> Node:
    """What surely holds where the tree does, without the tests of what is looked up."""
    return simplify(_without(node, asks, negative=False))


def _without(node: Node, asks: Callable[[Node], bool], *, negative: bool) -> Node:
    if isinstance(node, And | Or):
        return replace(
            node, items=tuple(_without(item, asks, negative=negative) for item in node.items)
        )
    if isinstance(node, Not):
        return Not(_without(node.item, asks, negative=not negative), node.span)
    if asks(node):
        return Never(node.span) if negative else Always(node.span)
    return node
