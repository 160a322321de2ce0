"""Kibana KQL → the log source and detection of a Sigma rule (specification 2.1).

https://github.com/SigmaHQ/sigma-specification. A conjunction of plain tests is one map;
alternatives on one field are a list; alternatives of conjunctions are selections joined by ``1
of``; negated parts are filters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kqlx.backends.base import Emission, Options, Target, ValueList, gather
from kqlx.backends.sigma_yaml import Number, escape, rule_body
from kqlx.backends.text import NUMBERS, Text, TextBackend, described
from kqlx.mappings.bound import Bound, Column
from kqlx.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Node,
    Not,
    Or,
    Pattern,
)
from kqlx.notes import Effect

Value = str | Number | bool
Test = tuple[str, Value | list[Value]]
"""A line of a selection: ``field|modifier`` and its value or values."""


@dataclass
class _Detection(TextBackend):
    """Node → condition text, filling ``selections`` on the way."""

    selections: dict[str, dict[str, Any]] = field(default_factory=dict)
    or_groups: int = 0
    filter_groups: int = 0
    language = "Sigma"

    def detection(self, node: Node) -> dict[str, Any]:
        condition = self.expression(node).text
        return {**self.selections, "condition": condition}

    def all_of(self, node: And) -> Text:
        """Plain tests in one selection, each further group beside it, filters last."""
        items = list(_flatten(node))
        plain = [item for item in items if self.is_plain(item)]
        filters = [item for item in items if isinstance(item, Not) and self.is_filter(item.item)]
        others = [item for item in items if item not in plain and item not in filters]
        parts = self.maps(plain, "selection")
        parts += [self._grouped(item) for item in others]
        if filters:
            parts.append(self.filters([item.item for item in filters]))
        return Text(" and ".join(parts))

    def any_of(self, node: Or) -> Text:
        if self.is_plain(node):
            return Text(self.maps([node], "selection")[0])
        if all(self.is_map(item) for item in node.items):
            self.or_groups += 1
            prefix = f"selection_or{self.or_groups if self.or_groups > 1 else ''}"
            for number, item in enumerate(gather(node.items, self.is_plain), 1):
                alternatives = Or(item.tests) if isinstance(item, ValueList) else item
                self.selections[f"{prefix}_{number}"] = self.map_of(alternatives)
            return Text(f"1 of {prefix}_*")
        return Text("(" + " or ".join([self._grouped(item) for item in node.items]) + ")")

    def negate(self, node: Not) -> Text:
        if self.is_filter(node.item):
            return Text(self.filters([node.item]))
        with self.under_not():
            return Text(f"not {self._grouped(node.item)}")

    def filters(self, items: Sequence[Node]) -> str:
        """``not 1 of filter_main_*`` for one or more negated groups."""
        groups: list[Node] = []
        for item in items:
            groups += item.items if isinstance(item, Or) and not self.is_plain(item) else (item,)
        self.filter_groups += 1
        prefix = f"filter_main{self.filter_groups if self.filter_groups > 1 else ''}"
        with self.under_not():
            for number, group in enumerate(groups, 1):
                self.selections[f"{prefix}_{number}"] = self.map_of(group)
        return f"not {prefix}_1" if len(groups) == 1 else f"not 1 of {prefix}_*"

    def _grouped(self, node: Node) -> str:
        if self.is_map(node):
            return " and ".join(self.maps(list(_flatten(node)), "selection"))
        text = self.expression(node).text
        return f"({text})" if isinstance(node, And | Not) else text

    # Selections

    def is_plain(self, node: Node) -> bool:
        """One test, or alternatives of one field with one modifier."""
        if isinstance(node, Equals | Like | Exists | Compare):
            return True
        if not isinstance(node, Or):
            return False
        if not all(isinstance(item, Equals | Like) for item in node.items):
            return False
        return len({item.field for item in node.items if isinstance(item, Equals | Like)}) == 1

    def is_map(self, node: Node) -> bool:
        """Whether one selection can say it: plain tests, no two with one key."""
        items = list(_flatten(node))
        if not all(self.is_plain(item) for item in items):
            return False
        fields = [_field(item) for item in items]
        return len(set(fields)) == len(fields)

    def is_filter(self, node: Node) -> bool:
        return self.is_map(node) or (
            isinstance(node, Or) and all(self.is_map(item) for item in node.items)
        )

    def maps(self, items: Sequence[Node], prefix: str) -> list[str]:
        """Puts plain tests into as few selections as their keys allow, and returns their names."""
        maps: list[dict[str, Any]] = []
        for item in items:
            key, value = self.test(item)
            for found in maps:
                if key not in found:
                    found[key] = value
                    break
            else:
                maps.append({key: value})
        names = []
        for found in maps:
            names.append(self.free_name(prefix))
            self.selections[names[-1]] = found
        return names

    def free_name(self, prefix: str) -> str:
        if prefix not in self.selections:
            return prefix
        number = 2
        while f"{prefix}_{number}" in self.selections:
            number += 1
        return f"{prefix}_{number}"

    def map_of(self, node: Node) -> dict[str, Any]:
        return dict(self.test(item) for item in _flatten(node))

    # Tests

    def column(self, node: FieldTest) -> Column:
        column = super().column(node)
        if "|" in column.name:
            self.refuse(node.span, f"the field name {column.name}", "a bar begins a modifier")
        return column

    def test(self, node: Node) -> Test:
        """The line of a selection that says a plain test (``is_plain``)."""
        if isinstance(node, Or):
            tests = [self.test(item) for item in node.items]
            if len({key for key, _ in tests}) > 1:
                return self.mixed(node)
            values: list[Value] = []
            for _, value in tests:
                values += value if isinstance(value, list) else [value]
            return tests[0][0], list(dict.fromkeys(values))
        if isinstance(node, Equals):
            return self.equal_test(self.column(node), node)
        if isinstance(node, Like):
            return self.like_test(self.column(node), node)
        if isinstance(node, Exists):
            return f"{self.column(node).name}|exists", True
        assert isinstance(node, Compare), "only plain tests come here"
        return self.compare_test(self.column(node), node)

    def mixed(self, node: Or) -> Test:
        """Alternatives with unlike modifiers: stars in one list, since a map cannot say or."""
        values: list[Value] = []
        name = ""
        for item in node.items:
            assert isinstance(item, Equals | Like), "only plain tests come here"
            column = self.column(item)
            name = column.name
            if isinstance(item, Like):
                values.append("*".join([escape(part) for part in item.pattern.parts]))
                continue
            key, value = self.equal_test(column, item)
            if "|" in key:
                self.refuse(item.span, f"a list of unlike tests on {name}")
            values += value if isinstance(value, list) else [value]
        return name, list(dict.fromkeys(values))

    def equal_test(self, column: Column, node: Equals) -> Test:
        name, text = column.name, node.value.name
        if node.value.value is None:
            self.null_value(node)
        if column.type in NUMBERS:
            return name, Number(self.number(column, node.value, node))
        self.no_date(column, node)
        if column.type == "boolean":
            return name, self.boolean(column, node)
        if column.type == "ip" and (network := self.network(text)):
            return f"{name}|cidr", network
        if self.is_text(column):
            self.analysed(column, node)
            words = [text] if node.value.quoted else text.split()
            return f"{name}|contains", [escape(word) for word in words] if len(
                words
            ) > 1 else escape(text)
        self.ignores_case(column, text, node)
        return name, escape(text)

    def like_test(self, column: Column, node: Like) -> Test:
        if column.type in NUMBERS | {"ip", "date", "boolean"}:
            self.refuse(node.span, f"a wildcard on {described(column)}")
        if self.is_text(column):
            self.analysed(column, node)
        self.ignores_case(column, node.pattern.name, node)
        parts = node.pattern.parts
        if len(parts) == 2 and parts[1] == "":
            return f"{column.name}|startswith", escape(parts[0])
        if len(parts) == 2 and parts[0] == "":
            return f"{column.name}|endswith", escape(parts[1])
        if len(parts) == 3 and parts[0] == parts[2] == "" and parts[1]:
            return f"{column.name}|contains", escape(parts[1])
        return column.name, "*".join([escape(part) for part in parts])

    def compare_test(self, column: Column, node: Compare) -> Test:
        if column.type not in NUMBERS:
            self.refuse(
                node.span,
                f"a range on {described(column)}",
                "Sigma compares numbers only",
            )
        number = Number(self.number(column, node.value, node))
        if not number.is_safe:
            what = f"{number} as a limit of {described(column)}"
            self.refuse(node.span, what, "loaders of YAML lose digits of it")
        return f"{column.name}|{node.op}", number

    def equals(self, column: Column, node: Equals) -> Text:
        return Text(self.maps([node], "selection")[0])

    def like(self, column: Column, node: Like) -> Text:
        return Text(self.maps([node], "selection")[0])

    def exists(self, column: Column, node: Exists) -> Text:
        return Text(self.maps([node], "selection")[0])

    def compare(self, column: Column, node: Compare) -> Text:
        return Text(self.maps([node], "selection")[0])


def _field(node: Node) -> Literal | Pattern:
    """The field of a plain test."""
    first = node.items[0] if isinstance(node, Or) else node
    assert isinstance(first, Equals | Like | Exists | Compare), "only plain tests come here"
    return first.field


def _flatten(node: Node) -> Sequence[Node]:
    """The conjuncts of a tree, groups within groups opened."""
    if not isinstance(node, And):
        return (node,)
    return [leaf for item in node.items for leaf in _flatten(item)]


def emit(bound: Bound, options: Options) -> Emission:
    """The ``logsource`` and ``detection`` of a bound tree, as YAML. Raises UnsupportedError."""
    backend = _Detection(bound, options)
    detection = backend.detection(bound.node)
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
)
