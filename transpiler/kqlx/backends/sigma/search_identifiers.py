"""Selections: the named parts of a detection, each a map of lines that all hold or a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kqlx.backends.base import ValueList, gather
from kqlx.backends.sigma.detection_items import Lines
from kqlx.backends.sigma.presence import is_null
from kqlx.mappings.bound import without_spelling
from kqlx.nodes import (
    And,
    Equals,
    Exists,
    FieldTest,
    Like,
    Node,
    Not,
    Or,
    any_of,
    conjuncts,
)

Selection = dict[str, Any] | list[Any]
"""A map of tests that all hold, a list of such maps of which one holds, or a list of keywords."""


@dataclass
class Selections(Lines):
    """Fills ``selections``, and gives the names by which the condition calls them."""

    selections: dict[str, Selection] = field(default_factory=dict)

    # What a selection can say

    def is_entry(self, node: Node) -> bool:
        """One line of a map: a test, that a field is missing, or values with one modifier."""
        if isinstance(node, Not):
            return isinstance(node.item, Exists)
        if isinstance(node, FieldTest):
            return True
        if not isinstance(node, Or):
            return False
        tests = [item for item in node.items if _may_be_listed(item)]
        return len(tests) == len(node.items) and len({self.entry(t)[0] for t in tests}) == 1

    def is_map(self, node: Node) -> bool:
        """Whether one map can say it: single tests, no two with one key."""
        items = list(conjuncts(node))
        if not all(self.is_entry(item) for item in items):
            return False
        keys = [self.entry(item)[0] for item in items]
        return len(set(keys)) == len(keys)

    def is_list(self, node: Or) -> bool:
        """Whether a list of maps of one line each says it: single tests of one field or more."""
        return all(self.is_entry(item) for item in node.items)

    def is_filter(self, node: Node) -> bool:
        if self.is_map(node):
            return True
        return isinstance(node, Or) and all(self.is_map(item) for item in node.items)

    # Making them

    def maps(self, items: Sequence[Node]) -> list[str]:
        """Puts single tests into as few selections as their keys allow; returns their names."""
        maps: list[dict[str, Any]] = []
        for item in items:
            key, value = self.entry(item)
            for found in maps:
                if key not in found:
                    found[key] = value
                    break
            else:
                maps.append({key: value})
        names = []
        for found in maps:
            names.append(self.free_name("selection"))
            self.selections[names[-1]] = found
        return names

    def alternatives(self, node: Or) -> str:
        """A selection that is a list: of maps, or one map where its values have one modifier."""
        if self.is_entry(node):
            return self.maps([node])[0]
        name = self.free_name(f"selection_{slug(fields_of(node)) or 'any'}")
        self.selections[name] = self.list_of(node)
        return name

    def list_of(self, node: Node) -> Selection:
        assert isinstance(node, Or), "a list is made of alternatives"
        maps = [self.map_of(item) for item in self.gathered(node)]
        return maps[0] if len(maps) == 1 else list(maps)

    def map_of(self, node: Node) -> dict[str, Any]:
        return dict(self.entry(item) for item in conjuncts(node))

    def free_name(self, name: str) -> str:
        if name not in self.selections:
            return name
        number = 2
        while f"{name}_{number}" in self.selections:
            number += 1
        return f"{name}_{number}"

    def gathered(self, node: Or) -> list[Node]:
        """The alternatives, with those that one list of values can say joined."""
        items = gather(node.items, _may_be_listed)
        joined: list[Node] = []
        for item in items:
            if isinstance(item, ValueList):
                keys: dict[str, list[Node]] = {}
                for test in item.tests:
                    keys.setdefault(self.entry(test)[0], []).append(test)
                joined += [any_of(t) for t in keys.values()]
            else:
                joined.append(item)
        return joined


def _may_be_listed(node: Node) -> bool:
    """Whether a test's value may stand in a list of values: a null never does."""
    return isinstance(node, Equals | Like) and not is_null(node)


def fields_of(node: Node) -> list[str]:
    """The names of the fields that a selection tests."""
    if isinstance(node, Not):
        return fields_of(node.item)
    if isinstance(node, And | Or):
        return [name for item in node.items for name in fields_of(item)]
    assert isinstance(node, FieldTest), "selections are made of these"
    return [without_spelling(node.field.name)]


def slug(fields: Sequence[str]) -> str:
    """The last part of a field's name for the name of a selection; "" where there are several."""
    if len(set(fields)) != 1:
        return ""
    last = re.sub("[^a-z0-9]", "", fields[0].rpartition(".")[2].lower())[:40]
    return f"field{last}" if re.fullmatch(r"(?:or)?\d*", last) else last
