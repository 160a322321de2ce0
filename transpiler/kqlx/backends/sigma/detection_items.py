"""The lines of a selection: a field with its modifier, and the values that it may have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kqlx.backends.sigma.approximate import Tree
from kqlx.backends.sigma.presence import is_null
from kqlx.backends.sigma.yaml_style import Number, escape
from kqlx.elastic.type_names import NUMBERS
from kqlx.mappings.bound import Column
from kqlx.nodes import Compare, Equals, Exists, Like, Node, Not, Or

Value = str | Number | bool | None
Test = tuple[str, Value | list[Value]]
"""A line of a selection: ``field|modifier`` and its value or values."""


@dataclass
class Lines(Tree):
    """Single tests that ``sayable`` left → lines."""

    def entry(self, node: Node) -> Test:
        """The line that says a test (``is_entry``)."""
        match node:
            case Or():
                values: list[Value] = []
                for item in node.items:
                    key, value = self.entry(item)
                    values += value if isinstance(value, list) else [value]
                listed = distinct(values, cased=key.endswith("|cased"))
                return key, listed[0] if len(listed) == 1 else listed
            case Not():
                return self.entry(node.item)[0], False
            case Exists():
                return f"{self.column(node).name}|exists", True
            case Equals() if is_null(node):
                return self.column(node).name, None
            case Equals():
                return self.equal_entry(self.column(node), node)
            case Like():
                return self.like_entry(self.column(node), node)
        assert isinstance(node, Compare), "nothing else is one line"
        column = self.column(node)
        limit = Number(self.number(column, node.value, node))
        return f"{column.name}|{node.op}", limit

    def equal_entry(self, column: Column, node: Equals) -> Test:
        name, text = column.name, node.value.name
        if column.type in NUMBERS:
            return name, Number(self.number(column, node.value, node))
        if column.type == "boolean":
            return name, self.boolean(column, node)
        if column.type == "ip" and (network := self.network(text)):
            return f"{name}|cidr" if "/" in network else name, network
        return f"{name}{self.cased(column, text)}", escape(text)

    def like_entry(self, column: Column, node: Like) -> Test:
        parts = node.pattern.parts
        while len(parts) > 2 and parts[:2] == ("", ""):
            parts = parts[1:]
        while len(parts) > 2 and parts[-2:] == ("", ""):
            parts = parts[:-1]
        starts, ends = parts[0] == "", parts[-1] == ""
        modifier = {
            (True, True): "|contains",
            (True, False): "|endswith",
            (False, True): "|startswith",
            (False, False): "",
        }[starts, ends]
        inner = parts[int(starts) : len(parts) - int(ends)]
        key = f"{column.name}{modifier}{self.cased(column, node.pattern.name)}"
        return key, pattern(inner)

    def cased(self, column: Column, text: str) -> str:
        return "|cased" if self.case_counts(column, text) else ""


def pattern(parts: Iterable[str]) -> str:
    return "*".join([escape(part) for part in parts])


def distinct(values: Iterable[Value], *, cased: bool) -> list[Value]:
    """Without repetitions; texts of ASCII that differ in letter case alone are repetitions too."""
    found: dict[object, Value] = {}
    for value in values:
        folds = isinstance(value, str) and not cased and value.isascii()
        found.setdefault(value.lower() if folds else (type(value), value), value)  # type: ignore[union-attr]
    return list(found.values())
