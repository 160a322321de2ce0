"""A bound tree without tests that are said twice."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from kqlx.elastic.type_names import TEXTS
from kqlx.mappings.bound import Column
from kqlx.mappings.letter_case import without_implied
from kqlx.nodes import Equals, Node, without_repeats


def without_repeated_tests(node: Node, columns: Mapping[str, Column]) -> Node:
    """The same meaning without a test beside one that asks for the same, or for more of it."""

    def key(node: Node) -> Hashable:
        """What is the same for two tests that ask for the same: quotes count in texts alone."""
        if isinstance(node, Equals) and node.field.name in columns:
            column = columns[node.field.name]
            if column.type not in TEXTS:
                return column.name, node.value.name, node.case
        return node

    return without_implied(without_repeats(node, key))
