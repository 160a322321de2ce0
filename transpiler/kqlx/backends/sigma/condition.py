"""The condition: how the selections of a detection are named and joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kqlx.backends.sigma.detection_items import (
    DetectionItems,
    Selection,
    Value,
    distinct,
    spelled_pattern,
)
from kqlx.backends.sigma.search_identifiers import SearchIdentifiers, fields_of, in_maps, slug
from kqlx.backends.sigma.yaml_style import escape, scalar
from kqlx.fragments import Piece
from kqlx.nodes import And, Exists, FreeText, Node, Not, Or, Pattern, any_of, conjuncts
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
        if isinstance(node, And):
            condition = " and ".join(self.shortened(self.parts(conjuncts(node))))
        else:
            condition = self.of(node)
        return {**self.identifiers.selections, "condition": condition}

    def shortened(self, parts: list[str]) -> list[str]:
        """``all of selection_*`` for more than two such names, where those are all there are."""
        names = {part for part in parts if part.startswith("selection_")}
        every = {name for name in self.identifiers.selections if name.startswith("selection_")}
        if len(names) < 3 or every - names:
            return parts
        place = next(at for at, part in enumerate(parts) if part in names)
        others = [part for part in parts[place:] if part not in names]
        return [*parts[:place], "all of selection_*", *others]

    def of(self, node: Node) -> str:
        """The condition of a tree, its outermost ``and`` and ``or`` without parentheses."""
        if isinstance(node, And) or self.items.is_item(node):
            return " and ".join(self.parts(conjuncts(node)))
        if isinstance(node, Or):
            return self.any_of(node)
        if isinstance(node, FreeText):
            return self.keywords([node])
        assert isinstance(node, Not), "no other node is left"
        if self.items.is_filter(node.item):
            return self.filters([node.item])
        if isinstance(node.item, And) and self._are_selections(node.item):
            return self.not_all_of(node.item)
        return f"not {self.grouped(node.item)}"

    def parts(self, nodes: Sequence[Node]) -> list[str]:
        """What must all hold: single tests in one selection, each further group beside it, filters
        last.
        """
        single = [node for node in nodes if self.items.is_item(node)]
        filters = [n.item for n in nodes if isinstance(n, Not) and self._is_main_filter(n.item)]
        names = self.identifiers.add_items(self.items.written_items(single))
        others = []
        words = [node for node in nodes if isinstance(node, FreeText)]
        if len(words) > 1:
            others.append(self.all_keywords(words))
        for node in nodes:
            if self.items.is_item(node) or (len(words) > 1 and isinstance(node, FreeText)):
                continue
            if isinstance(node, Not) and self._is_main_filter(node.item):
                continue
            if isinstance(node, Or) and self.items.is_list(node):
                names.append(self.alternatives(node))
            else:
                others.append(self.grouped(node))
        parts = [*names, *sorted(others, key=lambda part: part.startswith("not "))]
        if filters:
            parts.append(self.filters(filters))
        return parts

    def _is_main_filter(self, node: Node) -> bool:
        """Whether its negation stands with the filters."""
        return self.items.is_filter(node) and not isinstance(node, Exists)

    def any_of(self, node: Or) -> str:
        if self.items.is_list(node):
            return self.alternatives(node)
        if keywords := [item for item in node.items if isinstance(item, FreeText)]:
            rest = tuple([item for item in node.items if not isinstance(item, FreeText)])
            if not rest:
                return self.keywords(keywords)
            beside = self.any_of(Or(rest, node.span)) if len(rest) > 1 else self.grouped(rest[0])
            return f"{self.keywords(keywords)} or {beside}"
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
        return text if re.fullmatch(r"(?:not )?(?:\w+|(?:1|all) of \w+\*)", text) else f"({text})"

    def filters(self, nodes: Sequence[Node]) -> str:
        """``not 1 of filter_main_*`` for one or more negated groups."""
        groups: list[Node] = []
        for node in nodes:
            whole = self.items.is_item(node) or self.items.is_list(node)
            groups += node.items if isinstance(node, Or) and not whole else (node,)
        prefix = self._filter_prefix()
        names = []
        for group in self._by_field(groups):
            name = f"{prefix}_{slug(fields_of(group)) or 'other'}"
            names.append(self.identifiers.add(name, self.items.selection(group)))
        return f"not {names[0]}" if len(names) == 1 else f"not 1 of {prefix}_*"

    def not_all_of(self, node: And) -> str:
        """``not all of filter_main_*`` for groups of which one may hold, or some, but not all."""
        prefix = self._filter_prefix()
        single = [item for item in node.items if self.items.is_item(item)]
        found: list[Selection] = [*in_maps(self.items.written_items(single))]
        for item in node.items:
            if isinstance(item, Or) and not self.items.is_item(item):
                found.append(self.items.list_of(item))
        for number, selection in enumerate(found, 1):
            self.identifiers.add(f"{prefix}_{number}", selection)
        return f"not all of {prefix}_*"

    def _are_selections(self, node: And) -> bool:
        return all(self.items.is_item(item) or self.items.is_list(item) for item in node.items)

    def _filter_prefix(self) -> str:
        self.filter_groups += 1
        return f"filter_main{self.filter_groups if self.filter_groups > 1 else ''}"

    def _by_field(self, groups: Sequence[Node]) -> list[Node]:
        """The groups, those about one field as one."""
        found: list[list[Node]] = []
        of_field: dict[str, list[Node]] = {}
        for group in groups:
            fields = {*fields_of(group)}
            if len(fields) > 1 or not (self.items.is_item(group) or self.items.is_list(group)):
                found.append([group])
                continue
            joined = of_field.setdefault(fields.pop(), [])
            if not joined:
                found.append(joined)
            joined += group.items if isinstance(group, Or) else (group,)
        return [any_of(group) for group in found]

    def all_keywords(self, nodes: Sequence[FreeText]) -> str:
        """A list of keywords, all of which are in the event."""
        if any(not isinstance(n.value, Pattern) and not n.value.phrase for n in nodes):
            return " and ".join(self.keywords([node]) for node in nodes)
        return self.identifiers.add("keywords", {"|all": self._words(nodes)})

    def keywords(self, nodes: Sequence[FreeText]) -> str:
        """A list of keywords, of which one is in the event; unquoted words stand apart."""
        return self.identifiers.add("keywords", self._words(nodes))

    def _words(self, nodes: Sequence[FreeText]) -> list[Value]:
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
        return distinct(values, cased=False)
