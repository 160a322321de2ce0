"""Kibana KQL → the log source and detection of a Sigma rule (specification 2.1).

https://github.com/SigmaHQ/sigma-specification. A conjunction of single tests is one map;
alternatives on one field are a list; alternatives of conjunctions are selections joined by ``1
of``; negated parts are filters.

The tree is first put into tests that a selection can say (``sigma_leaves``), then laid out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kqlx.backends.base import Emission, Options, Target, ValueList, gather
from kqlx.backends.sigma_lines import Lines, Value, distinct, pattern
from kqlx.backends.sigma_rule import about
from kqlx.backends.sigma_yaml import escape, rule_body
from kqlx.mappings.bound import Bound
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FreeText,
    Like,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    simplify,
)
from kqlx.notes import Effect

Selection = dict[str, Any] | list[Any]
"""A map of tests that all hold, a list of such maps of which one holds, or a list of keywords."""


@dataclass
class _Detection(Lines):
    """Node → condition, filling ``selections`` on the way. The tree is one of ``sayable``."""

    selections: dict[str, Selection] = field(default_factory=dict)
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

    # The condition

    def condition(self, node: Node) -> str:
        """The condition of a tree, its outermost ``and`` and ``or`` without parentheses."""
        if isinstance(node, And) or self.is_entry(node):
            return self.all_of_items(list(_conjuncts(node)))
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
        return " or ".join([self.grouped(item) for item in self.gathered(node)])

    def gathered(self, node: Or) -> list[Node]:
        """The alternatives, with those that one list of values can say joined."""
        items = gather(node.items, lambda item: isinstance(item, Equals | Like))
        joined: list[Node] = []
        for item in items:
            if isinstance(item, ValueList):
                keys: dict[str, list[Node]] = {}
                for test in item.tests:
                    keys.setdefault(self.entry(test)[0], []).append(test)
                joined += [t[0] if len(t) == 1 else Or(tuple(t)) for t in keys.values()]
            else:
                joined.append(item)
        return joined

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
            name = self.free_name(f"{prefix}_{_slug(_fields(group)) or 'other'}")
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

    # Selections

    def is_entry(self, node: Node) -> bool:
        """One line of a map: a test, that a field is missing, or values with one modifier."""
        if isinstance(node, Not):
            return isinstance(node.item, Exists)
        if isinstance(node, Equals | Like | Exists | Compare):
            return True
        if not isinstance(node, Or):
            return False
        tests = [item for item in node.items if isinstance(item, Equals | Like)]
        return len(tests) == len(node.items) and len({self.entry(t)[0] for t in tests}) == 1

    def is_map(self, node: Node) -> bool:
        """Whether one map can say it: single tests, no two with one key."""
        items = list(_conjuncts(node))
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
        slug = _slug(_fields(node)) or "any"
        name = self.free_name(f"selection_{slug}")
        self.selections[name] = self.list_of(node)
        return name

    def list_of(self, node: Node) -> Selection:
        assert isinstance(node, Or), "a list is made of alternatives"
        maps = [self.map_of(item) for item in self.gathered(node)]
        return maps[0] if len(maps) == 1 else list(maps)

    def map_of(self, node: Node) -> dict[str, Any]:
        return dict(self.entry(item) for item in _conjuncts(node))

    def free_name(self, name: str) -> str:
        if name not in self.selections:
            return name
        number = 2
        while f"{name}_{number}" in self.selections:
            number += 1
        return f"{name}_{number}"


def _fields(node: Node) -> list[str]:
    """The names of the fields that a selection tests."""
    if isinstance(node, Not):
        return _fields(node.item)
    if isinstance(node, And | Or):
        return [name for item in node.items for name in _fields(item)]
    assert isinstance(node, Equals | Like | Exists | Compare), "selections are made of these"
    return [node.field.name]


def _slug(fields: Sequence[str]) -> str:
    """The last part of a field's name for the name of a selection; "" where there are several."""
    if len(set(fields)) != 1:
        return ""
    slug = re.sub("[^a-z0-9]", "", fields[0].rpartition(".")[2].lower())[:40]
    return f"field{slug}" if re.fullmatch(r"(?:or)?\d*", slug) else slug


def _conjuncts(node: Node) -> Sequence[Node]:
    """The conjuncts of a tree, groups within groups opened."""
    if not isinstance(node, And):
        return (node,)
    return [leaf for item in node.items for leaf in _conjuncts(item)]


def _flat(node: Node) -> Node:
    """The same with alternatives of alternatives on one level."""
    if isinstance(node, Not):
        return Not(_flat(node.item), node.span)
    if not isinstance(node, And | Or):
        return node
    items = [_flat(item) for item in node.items]
    if isinstance(node, And):
        return _joined(node, items)
    apart = [inner for n in items for inner in (n.items if isinstance(n, Or) else (n,))]
    return _joined(node, apart)


def _joined(node: And | Or, items: Sequence[Node]) -> Node:
    """The items under the node, without repetitions; one alone stands by itself."""
    once = tuple(dict.fromkeys(items))
    return once[0] if len(once) == 1 else replace(node, items=once)


def emit(bound: Bound, options: Options) -> Emission:
    """The ``logsource`` and ``detection`` of a bound tree, as YAML. Raises UnsupportedError."""
    backend = _Detection(bound, options)
    node = simplify(backend.sayable(bound.node))
    if isinstance(node, Always) and not isinstance(bound.node, Always):
        backend = _Detection(bound, options, expanding=True)
        node = simplify(backend.sayable(bound.node))
    if isinstance(node, Always):
        left_out = [note for note in backend.notes if note.effect is Effect.WIDER]
        why = left_out[0].message if left_out else "a rule needs something to select"
        backend.refuse(None, "a query that matches every event", why)
    if isinstance(node, Never):
        backend.refuse(None, "a query that can never match", "a rule needs something to select")
    detection = backend.detection(_flat(node))
    logsource = bound.place.get("logsource")
    if not isinstance(logsource, dict):
        logsource = {"product": "elastic"}
        backend.note(
            "log-source-unknown",
            Effect.SAME,
            "no log source is known, so product: elastic stands for events with ECS names",
        )
    query = rule_body(logsource, detection)
    return Emission(query, tuple(backend.finished_notes()))


TARGET = Target(
    name="sigma",
    title="Sigma",
    emit=emit,
    formats=("rule", "query"),
    suffix=".yml",
    comment="---\n# {}",  # a document of its own in a stream of them
    remark="# {}",
    remarks_above="detection:",
    left_out=about,
    keeps_names=True,  # by "taxonomy: ecs"
    join="\n---\n".join,
)
