"""Letter case of the tests of a tree: what names of multi-fields say of it, and which tests are
implied by others that are equal but for it.
"""

from __future__ import annotations

from kqlx.elastic.multi_fields import base_field, with_case_of_name
from kqlx.mappings.known_types import Types
from kqlx.nodes import (
    And,
    Case,
    CommandLineArgument,
    Exists,
    FieldTest,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    case_of,
    transform,
    walk,
)
from kqlx.records import replace


def with_case_of_names(node: Node, types: Types, path: str = "") -> Node:
    """The tree with tests of multi-fields such as ``x.caseless`` as tests without regard to letter
    case; ``path`` is that of the nested group around it, with its dot.
    """

    def leaf(part: Node) -> Node:
        if isinstance(part, Nested):
            inner = f"{path}{part.path.name}."
            return replace(part, item=with_case_of_names(part.item, types, inner))
        if not isinstance(part, FieldTest | Regexp) or isinstance(part.field, Pattern):
            return part
        name = path + part.field.name
        return part if types.stands_alone(name, base_field(name)) else with_case_of_name(part)

    return transform(node, leaf)


def without_implied(node: Node) -> Node:
    """The same meaning without a test beside one that is equal but for letter case and makes it
    needless: the exact one below ``or``, the folded one below ``and``.
    """
    if not any(isinstance(t, FieldTest | Regexp) and case_of(t) is Case.FOLDED for t in walk(node)):
        return node
    if isinstance(node, Not):
        return replace(node, item=without_implied(node.item))
    if not isinstance(node, And | Or):
        return node
    items = [without_implied(item) for item in node.items]
    stricter = {item: folded for item in items if (folded := _folded(item)) != item}
    if isinstance(node, Or):
        there = {*items}
        kept = [item for item in items if stricter.get(item) not in there]
    else:
        implied = {*stricter.values()}
        kept = [item for item in items if item not in implied]
    return kept[0] if len(kept) == 1 else replace(node, items=tuple(kept))


def _folded(node: Node) -> Node:
    """The node with all its tests folded, which it implies; one with a ``not`` is left as it is."""
    if any(isinstance(part, Not) for part in walk(node)):
        return node
    return transform(node, _fold)


def _fold(node: Node) -> Node:
    if isinstance(node, CommandLineArgument):
        return replace(node, test=replace(node.test, case=Case.FOLDED))
    if isinstance(node, Exists) or not isinstance(node, FieldTest | Regexp):
        return node
    return replace(node, case=Case.FOLDED)
