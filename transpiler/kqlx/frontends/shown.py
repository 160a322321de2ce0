"""A part of a query as messages show it, in the language that it was written in.

Where nobody says the language, the part itself does: EQL gives each value a kind, and Kibana KQL
has none (``nodes.Kind``).
"""

from __future__ import annotations

from kqlx.frontends import EQL, KUERY, find_language
from kqlx.frontends.language import Language
from kqlx.nodes import Compare, Equals, FunctionTest, Like, Node, walk


def language_of(node: Node) -> Language:
    """The language of a part: EQL where something in it is EQL's, else Kibana KQL."""
    return find_language(EQL if any(map(_is_eql, walk(node))) else KUERY)


def shown(node: Node, width: int = 100) -> str:
    """The part in its language. Raises UnsupportedError where no text says it."""
    return language_of(node).format_node(node, width)


def _is_eql(node: Node) -> bool:
    if isinstance(node, Equals | Compare):
        return node.value.kind != "untyped"
    return isinstance(node, FunctionTest) or (isinstance(node, Like) and node.whole)
