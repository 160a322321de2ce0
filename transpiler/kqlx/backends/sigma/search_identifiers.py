"""Search identifiers: the selections of a detection by their names, which its condition joins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from kqlx.backends.sigma.detection_items import DetectionItem, Selection
from kqlx.mappings.bound import without_spelling
from kqlx.nodes import And, FieldTest, FunctionTest, Node, Not, Or, Regexp
from kqlx.records import dataclass, field


@dataclass(frozen=True, slots=True)
class SearchIdentifiers:
    """The selections named so far, in the order of the rule."""

    selections: dict[str, Selection] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, selection: Selection) -> str:
        """Keeps a selection under the name, with a number behind it where that is taken; returns
        the name.
        """
        free = name
        while free in self.selections:
            number = self._last.get(name, 1) + 1
            self._last[name] = number
            free = f"{name}_{number}"
        self.selections[free] = selection
        return free

    def add_items(self, items: Iterable[DetectionItem]) -> list[str]:
        """Keeps items in as few selections as their keys allow; returns the names. Further ones are
        called after the field that they are about.
        """
        names = []
        for found in in_maps(items):
            further = slug([key.partition("|")[0] for key in found]) if self.selections else ""
            names.append(self.add(f"selection_{further}" if further else "selection", found))
        return names


def in_maps(items: Iterable[DetectionItem]) -> list[dict[str, Any]]:
    """Items that all hold in as few maps as their keys allow."""
    maps: list[dict[str, Any]] = []
    times: Counter[str] = Counter()
    for key, value in items:
        if times[key] == len(maps):
            maps.append({})
        maps[times[key]][key] = value
        times[key] += 1
    return maps


def fields_of(node: Node) -> list[str]:
    """The names of the fields that a selection tests."""
    if isinstance(node, Not):
        return fields_of(node.item)
    if isinstance(node, And | Or):
        return [name for item in node.items for name in fields_of(item)]
    if isinstance(node, FunctionTest):
        return [without_spelling(node.fields[0].name)]
    assert isinstance(node, FieldTest | Regexp), "selections are made of these"
    return [without_spelling(node.field.name)]


def slug(fields: Sequence[str]) -> str:
    """The last part of a field's name for the name of a selection; "" where there are several."""
    if len(set(fields)) != 1:
        return ""
    last = re.sub("[^a-z0-9]", "", fields[0].rpartition(".")[2].lower())[:40]
    return f"field{last}" if re.fullmatch(r"(?:or)?\d*", last) else last
