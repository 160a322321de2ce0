"""The condition: how the selections of a detection are joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kqlx.backends.sigma.detection_items import Value, distinct, pattern
from kqlx.backends.sigma.search_identifiers import Selections, fields_of, slug
from kqlx.backends.sigma.yaml_style import escape
from kqlx.nodes import And, Exists, FreeText, Node, Not, Or, Pattern, conjuncts


@dataclass
class Detection(Selections):
    """Node → condition, filling ``selections`` on the way. The tree is one of ``sayable``."""

    or_groups: int = 0
    filter_groups: int = 0

    def detection(self, node: Node) -> dict[str, Any]:
        condition = self.condition(node)
        if isinstance(node, And):
            condition = self.shortened(condition)
        return {**self.selections, "condition": condition}

    def shortened(self, condition: str) -> str:
        """``all of selection_*`` for more than two such names, where those are all there are."""
        parts = condition.split(" and ")
        names = [part for part in parts if part.startswith("selection_")]
        if len(names) < 3 or {n for n in self.selections if n.startswith("selection_")} - {*names}:
            return condition
        place = parts.index(names[0])
        parts[place:] = ["all of selection_*", *(p for p in parts[place:] if p not in names)]
        return " and ".join(parts)

    def condition(self, node: Node) -> str:
        """The condition of a tree, its outermost ``and`` and ``or`` without parentheses."""
        if isinstance(node, And) or self.is_entry(node):
            return self.all_of_items(list(conjuncts(node)))
        if isinstance(node, Or):
            return self.any_of_items(node)
        if isinstance(node, FreeText):
            return self.keywords([node])
        assert isinstance(node, Not), "no other node is left"
        if self.is_filter(node.item):
            return self.filters([node.item])
        return f"not {self.grouped(node.item)}"

    def all_of_items(self, items: Sequence[Node]) -> str:
        """Single tests in one selection, each further group beside it, filters last."""
        plain = [item for item in items if self.is_entry(item)]
        filters = [n.item for n in items if isinstance(n, Not) and self.is_filter(n.item)]
        filters = [item for item in filters if not isinstance(item, Exists)]
        names = self.maps(plain)
        others = []
        for item in items:
            if self.is_entry(item) or (isinstance(item, Not) and item.item in filters):
                continue
            if isinstance(item, Or) and self.is_list(item):
                names.append(self.alternatives(item))
            else:
                others.append(self.grouped(item))
        parts = [*names, *others]
        if filters:
            parts.append(self.filters(filters))
        return " and ".join(parts)

    def any_of_items(self, node: Or) -> str:
        if self.is_list(node):
            return self.alternatives(node)
        if all(isinstance(item, FreeText) for item in node.items):
            return self.keywords([item for item in node.items if isinstance(item, FreeText)])
        if all(self.is_map(item) for item in node.items):
            self.or_groups += 1
            prefix = f"selection_or{self.or_groups if self.or_groups > 1 else ''}"
            for number, item in enumerate(self.gathered(node), 1):
                self.selections[f"{prefix}_{number}"] = self.map_of(item)
            return f"1 of {prefix}_*"
        single = tuple([item for item in node.items if self.is_entry(item)])
        if len(single) < 2:
            return " or ".join([self.grouped(item) for item in self.gathered(node)])
        others = [self.grouped(item) for item in node.items if item not in single]
        return " or ".join([*others, self.alternatives(Or(single, node.span))])

    def grouped(self, node: Node) -> str:
        """The condition of a tree, in parentheses where it is not one name or selector."""
        text = self.condition(node)
        return text if re.fullmatch(r"\w+|(?:1|all) of \w+\*", text) else f"({text})"

    def filters(self, items: Sequence[Node]) -> str:
        """``not 1 of filter_main_*`` for one or more negated groups."""
        groups: list[Node] = []
        for item in items:
            apart = isinstance(item, Or) and not self.is_entry(item) and not self.is_list(item)
            groups += item.items if apart and isinstance(item, Or) else (item,)
        self.filter_groups += 1
        prefix = f"filter_main{self.filter_groups if self.filter_groups > 1 else ''}"
        names = []
        for group in groups:
            name = self.free_name(f"{prefix}_{slug(fields_of(group)) or 'other'}")
            names.append(name)
            listed = isinstance(group, Or) and self.is_list(group)
            self.selections[name] = self.list_of(group) if listed else self.map_of(group)
        return f"not {names[0]}" if len(names) == 1 else f"not 1 of {prefix}_*"

    def keywords(self, nodes: Sequence[FreeText]) -> str:
        """A list of keywords, of which one is in the event; unquoted words stand apart."""
        values: list[Value] = []
        for node in nodes:
            if isinstance(node.value, Pattern):
                values.append(pattern(node.value.parts))
            else:
                text = node.value.name
                parts = [text] if node.value.quoted else text.split() or [text]
                values += [escape(part) for part in parts]
        name = self.free_name("keywords")
        self.selections[name] = distinct(values, cased=False)
        return name
