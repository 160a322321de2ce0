"""A bound tree without tests that are said twice."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from kqlx.elastic.type_names import TEXTS
from kqlx.mappings.bound import Column
from kqlx.mappings.letter_case import has_folded, without_implied
from kqlx.nodes import GROUPS, Case, Equals, Node, Not, with_items


def without_repeated_tests(node: Node, columns: Mapping[str, Column]) -> Node:
    """The same meaning without a test beside one that asks for the same, or for more of it."""
    once = _Once(columns)
    found, _ = once.tree(node)
    return without_implied(found) if once.has_folded else found


class _Once:
    """Parts of a tree by number: those that ask for the same have the same one."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        # By field the name of its column, where quotes make no difference: they count in texts
        # alone.
        self.names = {
            field: column.name for field, column in columns.items() if column.type not in TEXTS
        }
        self.numbers: dict[Hashable, int] = {}
        self.has_folded = False

    def number(self, part: Hashable) -> int:
        return self.numbers.setdefault(part, len(self.numbers))

    def tree(self, node: Node) -> tuple[Node, int]:
        """The tree without parts beside others of the same number, and the number of it."""
        if isinstance(node, Equals):
            name = self.names.get(node.field.name)
            self.has_folded |= node.case is Case.FOLDED
            return node, self.number((name, node.value.name, node.case) if name else node)
        if isinstance(node, Not):
            item, number = self.tree(node.item)
            made = node if item is node.item else Not(item, node.span)
            return made, self.number((Not, number))
        if not isinstance(node, GROUPS):
            self.has_folded = self.has_folded or has_folded(node)
            return node, self.number(node)
        found: dict[int, Node] = {}
        for item in node.items:
            once, number = self.tree(item)
            found.setdefault(number, once)
        if len(found) == 1:
            ((number, once),) = found.items()
            return once, number
        return with_items(node, tuple(found.values())), self.number((type(node), *found))
