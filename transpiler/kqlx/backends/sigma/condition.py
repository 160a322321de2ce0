"""The condition: how the selections of a detection are named and joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kqlx.backends.sigma.detection_items import DetectionItems, Value, distinct, spelled_pattern
from kqlx.backends.sigma.search_identifiers import SearchIdentifiers, fields_of, slug
from kqlx.backends.sigma.yaml_style import escape, scalar
from kqlx.fragments import Piece
from kqlx.nodes import And, Exists, FreeText, Node, Not, Or, Pattern, conjuncts
from kqlx.records import dataclass, field


@dataclass()
class Condition:
    """A tree that ``approximate`` has made → its condition, and the ``identifiers`` in that."""

    items: DetectionItems
    identifiers: SearchIdentifiers = field(default_factory=SearchIdentifiers)
    or_groups: int = 0
    filter_groups: int = 0

    def detection(self, node: Node) -> dict[str, Any]:
        """The selections, and the condition under its own name. Call it once."""
        condition = self.of(node)
        if isinstance(node, And):
            condition = self.shortened(condition)
        return {**self.identifiers.selections, "condition": condition}

    def shortened(self, condition: str) -> str:
        """``all of selection_*`` for more than two such names, where those are all there are."""
        parts = condition.split(" and ")
        names = [part for part in parts if part.startswith("selection_")]
        every = {name for name in self.identifiers.selections if name.startswith("selection_")}
        if len(names) < 3 or every - {*names}:
            return condition
        place = parts.index(names[0])
        parts[place:] = ["all of selection_*", *(p for p in parts[place:] if p not in names)]
        return " and ".join(parts)

    def of(self, node: Node) -> str:
        """The condition of a tree, its outermost ``and`` and ``or`` without parentheses."""
        if isinstance(node, And) or self.items.is_item(node):
            return self.all_of(conjuncts(node))
        if isinstance(node, Or):
            return self.any_of(node)
        if isinstance(node, FreeText):
            return self.keywords([node])
        assert isinstance(node, Not), "no other node is left"
        if self.items.is_filter(node.item):
            return self.filters([node.item])
        return f"not {self.grouped(node.item)}"

    def all_of(self, nodes: Sequence[Node]) -> str:
        """Single tests in one selection, each further group beside it, filters last."""
        single = [node for node in nodes if self.items.is_item(node)]
        filters = [n.item for n in nodes if isinstance(n, Not) and self._is_main_filter(n.item)]
        names = self.identifiers.add_items(map(self.items.written, single))
        others = []
        for node in nodes:
            if self.items.is_item(node):
                continue
            if isinstance(node, Not) and self._is_main_filter(node.item):
                continue
            if isinstance(node, Or) and self.items.is_list(node):
                names.append(self.alternatives(node))
            else:
                others.append(self.grouped(node))
        parts = [*names, *others]
        if filters:
            parts.append(self.filters(filters))
        return " and ".join(parts)

    def _is_main_filter(self, node: Node) -> bool:
        """Whether its negation stands with the filters."""
        return self.items.is_filter(node) and not isinstance(node, Exists)

    def any_of(self, node: Or) -> str:
        if self.items.is_list(node):
            return self.alternatives(node)
        if all(isinstance(item, FreeText) for item in node.items):
            return self.keywords([item for item in node.items if isinstance(item, FreeText)])
        if all(map(self.items.is_map, node.items)):
            self.or_groups += 1
            prefix = f"selection_or{self.or_groups if self.or_groups > 1 else ''}"
            for number, item in enumerate(self.items.gathered(node), 1):
                self.identifiers.add(f"{prefix}_{number}", self.items.map(item))
            return f"1 of {prefix}_*"
        single = tuple([item for item in node.items if self.items.is_item(item)])
        if len(single) < 2:
            return " or ".join(map(self.grouped, self.items.gathered(node)))
        others = [self.grouped(item) for item in node.items if not self.items.is_item(item)]
        return " or ".join([*others, self.alternatives(Or(single, node.span))])

    def alternatives(self, node: Or) -> str:
        """A selection of single items of which one holds: one map where they have one modifier."""
        if self.items.is_item(node):
            return self.identifiers.add_items([self.items.written(node)])[0]
        name = f"selection_{slug(fields_of(node)) or 'any'}"
        return self.identifiers.add(name, self.items.list_of(node))

    def grouped(self, node: Node) -> str:
        """The condition of a tree, in parentheses where it is not one name or selector."""
        text = self.of(node)
        return text if re.fullmatch(r"\w+|(?:1|all) of \w+\*", text) else f"({text})"

    def filters(self, nodes: Sequence[Node]) -> str:
        """``not 1 of filter_main_*`` for one or more negated groups."""
        groups: list[Node] = []
        for node in nodes:
            whole = self.items.is_item(node) or self.items.is_list(node)
            groups += node.items if isinstance(node, Or) and not whole else (node,)
        self.filter_groups += 1
        prefix = f"filter_main{self.filter_groups if self.filter_groups > 1 else ''}"
        names = []
        for group in groups:
            name = f"{prefix}_{slug(fields_of(group)) or 'other'}"
            names.append(self.identifiers.add(name, self.items.selection(group)))
        return f"not {names[0]}" if len(names) == 1 else f"not 1 of {prefix}_*"

    def keywords(self, nodes: Sequence[FreeText]) -> str:
        """A list of keywords, of which one is in the event; unquoted words stand apart."""
        values: list[Value] = []
        for node in nodes:
            if isinstance(node.value, Pattern):
                words = [spelled_pattern(node.value)]
            else:
                text = node.value.name
                parts = [text] if node.value.phrase else text.split() or [text]
                words = [*map(escape, parts)]
            values += words
            pieces = self.items.backend.pieces
            pieces += [Piece(scalar(word), (node.span,)) for word in words]
        return self.identifiers.add("keywords", distinct(values, cased=False))
