"""Letter case of the tests of a tree: what names of multi-fields say of it, and which tests are
implied by others that are equal but for it.
"""

from __future__ import annotations

from kqlx.elastic.multi_fields import base_field, with_case_of_name
from kqlx.mappings.known_types import Types
from kqlx.nodes import (
    FIELD_TESTS,
    And,
    Case,
    CommandLineArgument,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    case_of,
    transform,
    walk,
    with_items,
)
from kqlx.records import replace

_WITH_CASE = (Equals, Like, Compare, Regexp)


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
    return _with_folded(node)[0] if _compares_in_two_ways(node) else node


def _compares_in_two_ways(node: Node) -> bool:
    """Whether the letters of a field are compared with regard to case, and without."""
    names: dict[Case, set[str]] = {Case.EXACT: set(), Case.FOLDED: set()}
    for test in walk(node):
        if isinstance(test, _WITH_CASE):
            names[test.case].add(test.field.name)
    return not names[Case.EXACT].isdisjoint(names[Case.FOLDED])


def has_folded(node: Node) -> bool:
    """Whether a test has no regard to letter case."""
    if isinstance(node, FIELD_TESTS):
        return case_of(node) is Case.FOLDED
    return any(isinstance(test, _WITH_CASE) and test.case is Case.FOLDED for test in walk(node))


def _with_folded(node: Node) -> tuple[Node, Node | None]:
    """The node without what is implied, and the same with all tests folded, which it implies; of
    one with a ``not`` in it this is not known.
    """
    if isinstance(node, Not):
        item, _ = _with_folded(node.item)
        return node if item is node.item else Not(item, node.span), None
    if not isinstance(node, And | Or):
        return node, _fold(node)
    pairs = [_with_folded(item) for item in node.items]
    if any(item is folded for item, folded in pairs):  # only such a one is equal to a folded one
        pairs = _kept(node, pairs)
    if len(pairs) == 1:
        return pairs[0]
    found = with_items(node, tuple([item for item, _ in pairs]))
    all_folded = tuple([folded for _, folded in pairs if folded is not None])
    return found, with_items(found, all_folded) if len(all_folded) == len(pairs) else None


def _kept(group: And | Or, pairs: list[tuple[Node, Node | None]]) -> list[tuple[Node, Node | None]]:
    """The items of a group, each with its folded form, without those that others imply."""
    if isinstance(group, Or):
        there = {item for item, folded in pairs if item is folded}
        return [pair for pair in pairs if pair[0] is pair[1] or pair[1] not in there]
    implied = {folded for item, folded in pairs if item is not folded}
    return [pair for pair in pairs if pair[0] not in implied]


def _fold(node: Node) -> Node:
    if isinstance(node, CommandLineArgument):
        test = _fold(node.test)
        assert isinstance(test, Equals | Like)
        return node if test is node.test else replace(node, test=test)
    if isinstance(node, Exists) or not isinstance(node, FieldTest | Regexp):
        return node
    return node if node.case is Case.FOLDED else replace(node, case=Case.FOLDED)
