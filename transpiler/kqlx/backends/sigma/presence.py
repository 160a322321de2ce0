"""Whether a field is there, by a Sigma rule: ``exists`` asks for its name, whatever its value, "be
it empty or null"; ``null`` for one without a value
(https://github.com/SigmaHQ/sigma-specification, sigma-modifiers-appendix.md).

Elasticsearch sees no value in a null. A field that must not exist is therefore one that is not
there, or null. One that must exist is one that is there: an event with a null there is found too.
"""

from __future__ import annotations

from kqlx.nodes import (
    And,
    Equals,
    Exists,
    Literal,
    Node,
    Not,
    Or,
    alternatives,
    walk,
    with_items,
)
from kqlx.records import replace

NULL = Literal(None)


def is_null(node: Node) -> bool:
    """Whether a test asks for a null, or a missing field. No such test comes from a query."""
    return isinstance(node, Equals) and node.value.value is None


def with_nulls(node: Node) -> Node:
    """The tree with every ``not`` of a field's existence as "not there, or null"."""
    if isinstance(node, Not):
        return _negated(node.item)
    if isinstance(node, And | Or):
        return with_items(node, tuple([with_nulls(item) for item in node.items]))
    return node


def _negated(node: Node) -> Node:
    """``not`` of the node. It is drawn inwards to the tests of existence, and no further."""
    if isinstance(node, Exists):
        return Or((Not(node, node.span), Equals(node.field, NULL, node.span)), node.span)
    if isinstance(node, Not):
        return with_nulls(node.item)
    if not isinstance(node, And | Or) or not _asks_for_existence(node):
        return Not(node, node.span)
    inner = [item for item in node.items if _asks_for_existence(item)]
    unmet = [item for item in node.items if isinstance(item, Not) and item not in inner]
    others = tuple([item for item in node.items if item not in inner and item not in unmet])
    items = [*map(_negated, inner), *[with_nulls(item.item) for item in unmet]]
    if others:
        rest = others[0] if len(others) == 1 else replace(node, items=others)
        items.insert(0, Not(rest, node.span))
    if len(items) == 1:
        return items[0]
    if isinstance(node, Or):
        return And(tuple(items), node.span)
    return Or(tuple([one for item in items for one in alternatives(item)]), node.span)


def _asks_for_existence(node: Node) -> bool:
    return any(isinstance(test, Exists) for test in walk(node))


def asked_for(node: Node) -> list[str]:
    """The fields that must exist, in a tree that ``with_nulls`` has made."""
    if isinstance(node, Not):
        return []
    if isinstance(node, And | Or):
        return list(dict.fromkeys(name for item in node.items for name in asked_for(item)))
    return [node.field.name] if isinstance(node, Exists) else []
