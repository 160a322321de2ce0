"""What packs say as a query in Kibana KQL: which events a value stands for, or a table holds."""

from __future__ import annotations

from functools import lru_cache

from kqlx.nodes import And, Equals, Node, Not, Or, Span
from kqlx.records import replace


@lru_cache(maxsize=2048)
def read_predicate(text: str) -> Node:
    """The tree of a pack's predicate, read once in a process. Raises QuerySyntaxError."""
    from kqlx.frontends.kql.parser import parse

    return parse(text)


def predicate_at(text: str, span: Span) -> Node:
    """The same, all of it in the place of the test that it stands for: its own places are those of
    another text.
    """
    return _moved(read_predicate(text), span)


def _moved(node: Node, span: Span) -> Node:
    if isinstance(node, And | Or):
        return type(node)(tuple([_moved(item, span) for item in node.items]), span)
    if isinstance(node, Not):
        return Not(_moved(node.item, span), span)
    if isinstance(node, Equals):  # in half the time of replace()
        return Equals(node.field, node.value, span, case=node.case)
    return replace(node, span=span)
