"""Detection items: a field with its modifier and the values that it may have, the maps and lists of
them, and which tests these can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kqlx.backends.base import ValueList, gather
from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.backends.sigma.yaml_style import Number, escape, map_lines, scalar
from kqlx.elastic.addresses import plain_network
from kqlx.elastic.type_names import NUMBERS
from kqlx.fragments import Piece
from kqlx.mappings.bound import Column
from kqlx.nodes import (
    Case,
    Compare,
    Equals,
    Exists,
    FunctionTest,
    Like,
    Node,
    Not,
    Or,
    Regexp,
    any_of,
    conjuncts,
)
from kqlx.patterns import Pattern
from kqlx.records import dataclass, field
from kqlx.regular_expressions import searching

_TESTS = (Equals, Like, Exists, Compare, Regexp, FunctionTest)

Value = str | Number | bool | None
DetectionItem = tuple[str, Value | list[Value]]
"""``field|modifier`` and its value or values."""

Selection = dict[str, Any] | list[Any]
"""A map of items that all hold, a list of such maps of which one holds, or a list of keywords."""

_CONTAINS = "|contains"


@dataclass(frozen=True, slots=True)
class DetectionItems:
    """Tests as detection items. They are tests that ``approximate`` has made, so that nothing is
    refused here or noted.
    """

    backend: SigmaBackend
    _items: dict[int, tuple[Node, DetectionItem]] = field(default_factory=dict)
    _lists: dict[int, tuple[Node, tuple[str, list[Value]] | None]] = field(default_factory=dict)
    """By the identity of a node, which is kept with it."""

    # What can be said

    def is_item(self, node: Node) -> bool:
        """One item: a test, that a field is missing, or values with one modifier."""
        if isinstance(node, Not):
            return isinstance(node.item, Exists)
        if isinstance(node, _TESTS):
            return True
        return isinstance(node, Or) and self._values(node) is not None

    def _values(self, node: Or) -> tuple[str, list[Value]] | None:
        """The key that all of the tests have, and the value of each, where a list can say them."""
        known = self._lists.get(id(node))
        if known is None:
            known = self._lists[id(node)] = node, self._of_one_key(node)
        return known[1]

    def _of_one_key(self, node: Or) -> tuple[str, list[Value]] | None:
        if not all(map(_may_be_listed, node.items)):
            return None
        first, values = "", list[Value]()
        for test in node.items:
            key, value = self._item(test)
            if values and key != first:
                return None
            first = key
            values += _listed(value)
        return first, values

    def is_map(self, node: Node) -> bool:
        """Whether one map can say it: single items, no two with one key."""
        tests = conjuncts(node)
        if not all(map(self.is_item, tests)):
            return False
        keys = [self._key_of_all(group) for group in self.groups(tests)]
        return len(set(keys)) == len(keys)

    def is_list(self, node: Node) -> bool:
        """Whether a list of maps of one item each says it: single items of one field or more."""
        return isinstance(node, Or) and all(map(self.is_item, node.items))

    def is_filter(self, node: Node) -> bool:
        """Whether what a filter negates can say it: a map, or a group of maps."""
        return self.is_map(node) or (isinstance(node, Or) and all(map(self.is_map, node.items)))

    # Saying it

    def selection(self, node: Node) -> Selection:
        """A list for single items of which one holds, otherwise a map."""
        return self.list_of(node) if isinstance(node, Or) and self.is_list(node) else self.map(node)

    def map(self, node: Node) -> dict[str, Any]:
        """The map of a test that ``is_map``."""
        return dict(self.written_items(conjuncts(node)))

    def list_of(self, node: Or) -> Selection:
        """A list of maps, or one map where the values have one modifier."""
        maps = _joined([self.map(item) for item in self.gathered(node)])
        return maps[0] if len(maps) == 1 else list(maps)

    def groups(self, tests: Iterable[Node]) -> list[list[Node]]:
        """The tests, of which all hold, that one item can say: texts that a value contains, else
        each by itself.
        """
        found: list[list[Node]] = []
        parts: dict[str, list[Node]] = {}
        for test in tests:
            key, value = self.item(test)
            if key.endswith(_CONTAINS) and isinstance(value, str):
                if key in parts:
                    parts[key].append(test)
                    continue
                parts[key] = [test]
                found.append(parts[key])
            else:
                found.append([test])
        return found

    def _key_of_all(self, group: Sequence[Node]) -> str:
        key = self.item(group[0])[0]
        return f"{key}|all" if len(group) > 1 else key

    def written_items(self, tests: Iterable[Node]) -> list[DetectionItem]:
        """The items of tests of which all hold, kept as pieces of the detection."""
        return [
            self.written(group[0]) if len(group) == 1 else self._written_all(group)
            for group in self.groups(tests)
        ]

    def _written_all(self, group: Sequence[Node]) -> DetectionItem:
        key, spans = self._key_of_all(group), tuple([test.span for test in group])
        values: list[Value] = []
        for test in group:
            values += _listed(self.item(test)[1])
        each = zip(values, spans, strict=True)
        inner = tuple([Piece(scalar(value), (span,)) for value, span in each])
        self.backend.pieces.append(Piece("\n".join(map_lines({key: values})), spans, inner))
        return key, values

    def gathered(self, node: Or) -> list[Node]:
        """The alternatives, with those that one list of values can say joined."""
        joined: list[Node] = []
        for item in gather(node.items, _may_be_listed):
            if isinstance(item, ValueList):
                keys: dict[str, list[Node]] = {}
                for test in item.tests:
                    keys.setdefault(self.item(test)[0], []).append(test)
                joined += map(any_of, keys.values())
            else:
                joined.append(item)
        return joined

    def written(self, node: Node) -> DetectionItem:
        """The item of a test that ``is_item``, kept as a piece of the detection."""
        key, value = self.item(node)
        tests = node.items if isinstance(node, Or) else (node,)
        spans = tuple([test.span for test in tests])
        inner: tuple[Piece, ...] = ()
        if isinstance(node, Or) and isinstance(value, list) and (found := self._values(node)):
            each = zip(found[1], spans, strict=True)
            inner = tuple([Piece(scalar(one), (span,)) for one, span in each])
        elif isinstance(node, Regexp):  # of which ``_joined`` may make a list
            inner = (Piece(scalar(value), spans),)
        self.backend.pieces.append(Piece("\n".join(map_lines({key: value})), spans, inner))
        return key, value

    def item(self, node: Node) -> DetectionItem:
        """The item of a test that ``is_item``, worked out once however often it is asked for."""
        known = self._items.get(id(node))
        if known is None:
            known = self._items[id(node)] = node, self._item(node)
        return known[1]

    def _item(self, node: Node) -> DetectionItem:
        match node:
            case Equals():
                return self._equals(self.backend.column(node), node)
            case Like():
                return self._like(self.backend.column(node), node)
            case Or():
                found = self._values(node)
                assert found, "alternatives of several keys are no item"
                listed = distinct(found[1], cased=found[0].endswith("|cased"))
                return found[0], listed[0] if len(listed) == 1 else listed
            case Not():
                return self.item(node.item)[0], False
            case Exists():
                return f"{self.backend.column(node).name}|exists", True
            case Regexp():
                return self._regexp(self.backend.column(node), node)
            case FunctionTest():  # that two fields are equal: the only one that is left
                field, other = (self.backend.bound.column(name.name).name for name in node.fields)
                return f"{field}|fieldref", escape(other)
        assert isinstance(node, Compare), "nothing else is one item"
        column = self.backend.column(node)
        limit = Number(node.value.name)
        return f"{column.name}|{node.op}", limit

    def _equals(self, column: Column, node: Equals) -> DetectionItem:
        name, text = column.name, node.value.name
        if node.value.value is None:
            return name, None
        if column.type in NUMBERS:
            return name, Number(node.value.name)
        if column.type == "boolean":
            return name, node.value.name == "true"
        if column.type == "ip" and (network := plain_network(text)):
            return f"{name}|cidr" if "/" in network else name, network
        return f"{name}{self._cased(column, node)}", escape(text)

    def _like(self, column: Column, node: Like) -> DetectionItem:
        asked = node.pattern.collapsed()
        modifier = {
            (True, True): "|contains",
            (True, False): "|endswith",
            (False, True): "|startswith",
            (False, False): "",
        }[asked.begins_open, asked.ends_open]
        inner = asked.without_outer_stars()
        if modifier in ("|startswith", "|endswith") and not inner.is_text:
            modifier, inner = "", asked  # some engines look for the star itself there
        key = f"{column.name}{modifier}{self._cased(column, node)}"
        return key, spelled_pattern(inner)

    def _regexp(self, column: Column, node: Regexp) -> DetectionItem:
        found, has_dot = searching(node.regexp)
        # More engines read flags within the expression than modifiers of re.
        flags = ("i" if node.case is Case.FOLDED else "") + ("s" if has_dot else "")
        return f"{column.name}|re", f"(?{flags}){found}" if flags else found

    def _cased(self, column: Column, node: Equals | Like) -> str:
        counts = node.case is Case.EXACT and self.backend.case_counts(column, node)
        return "|cased" if counts else ""


def _joined(maps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Alternatives without a second map of the one key of another: its values are in one list."""
    found: list[dict[str, Any]] = []
    alone: dict[str, dict[str, Any]] = {}
    for item in maps:
        (key, value), *others = item.items()
        if others or key.endswith(("|all", "|exists")) or value is None:
            found.append(item)
        elif key in alone:
            values = [*_listed(alone[key][key]), *_listed(value)]
            values = distinct(values, cased=key.endswith("|cased"))
            alone[key][key] = values[0] if len(values) == 1 else values
        else:
            alone[key] = {key: value}
            found.append(alone[key])
    return found


def _listed(value: Value | list[Value]) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _may_be_listed(node: Node) -> bool:
    """Whether a test's value may stand in a list of values: a null never does."""
    return isinstance(node, Like) or (isinstance(node, Equals) and node.value.value is not None)


def spelled_pattern(pattern: Pattern) -> str:
    """A pattern as a value of Sigma, whose wildcards are the same."""
    return pattern.as_regex(escape, any_run="*", any_one="?")


def distinct(values: Iterable[Value], *, cased: bool) -> list[Value]:
    """Without repetitions; texts of ASCII that differ in letter case alone are repetitions too."""
    found: dict[object, Value] = {}
    for value in values:
        if isinstance(value, str) and not cased and value.isascii():
            found.setdefault(value.lower(), value)
        else:
            found.setdefault((type(value), value), value)
    return list(found.values())
