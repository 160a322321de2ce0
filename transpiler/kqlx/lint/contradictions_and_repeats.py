"""What ``and`` and ``or`` join: repetitions, contradictions, branches that count for nothing.

Items of an ``or`` within an ``or`` are looked at together, and so are those of ``and``. All of it
takes linear time, but for patterns against values: of a very long list fewer patterns are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kqlx.elastic.type_names import ANALYZED
from kqlx.frontends.kql import LANGUAGE as KUERY
from kqlx.frontends.kql.wording import short
from kqlx.frontends.language import Language
from kqlx.lint.single_values import SingleValues
from kqlx.lint.wording import Places, note, spelled
from kqlx.nodes import (
    Always,
    And,
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Term,
    asked_pattern,
    walk,
)
from kqlx.notes import Note
from kqlx.patterns import ANY_RUN

_MOST_PAIRS = 2_000_000
"""Pairs of pattern and value that are compared at most, in one list."""


def check(
    root: Node,
    text: str,
    types: Mapping[str, str] | None,
    arrays: frozenset[str] | None,
    language: Language = KUERY,
) -> Iterator[Note]:
    """The doubts about every ``and`` and ``or`` of the tree; ``language`` is that of the
    messages.
    """
    keys, places = _Keys(root, types or {}), Places(text)
    inner: set[int] = set()
    for node in walk(root):
        if isinstance(node, Not) and isinstance(node.item, Always):
            shown = spelled(node, language)
            yield note("contradiction", f"{shown} matches no event", node.span, "remove it")
        if not isinstance(node, And | Or):
            continue
        if id(node) in inner:
            continue
        items = list(_flattened(node, inner))
        group = _Group(items, keys, places, types or {}, language)
        if isinstance(node, Or):
            yield from group.check_or()
        else:
            yield from group.check_and()
        if types is not None and arrays is not None:
            single = SingleValues(types, arrays, places)
            yield from single.check_or(items) if isinstance(node, Or) else single.check_and(items)


def _flattened(node: And | Or, inner: set[int]) -> Iterator[Node]:
    kind = type(node)
    stack: list[Node] = list(reversed(node.items))
    while stack:
        item = stack.pop()
        if isinstance(item, kind):
            inner.add(id(item))
            stack.extend(reversed(item.items))
        else:
            yield item


class _Keys:
    """A number for every node; equal conditions have the same one."""

    def __init__(self, root: Node, types: Mapping[str, str]) -> None:
        self._types = types
        self._numbers: dict[object, int] = {}
        self._of: dict[int, int] = {}
        for node in reversed(list(walk(root))):  # what is below comes first
            self._of[id(node)] = self._number(self._key(node))

    def _key(self, node: Node) -> object:
        if isinstance(node, And | Or):
            return type(node), tuple([self._of[id(item)] for item in node.items])
        if isinstance(node, Not):
            return "not", self._of[id(node.item)]
        if isinstance(node, Nested):
            return Nested, node.path, self._of[id(node.item)]
        if isinstance(node, Equals) and self._types.get(node.field.name) not in ANALYZED:
            # Quotes make a phrase on text alone.
            return Equals, node.field, node.value.value, node.case
        return type(node), node

    def _number(self, key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def of(self, node: Node) -> int:
        return self._of[id(node)]


class _Group:
    def __init__(
        self,
        items: list[Node],
        keys: _Keys,
        places: Places,
        types: Mapping[str, str],
        language: Language,
    ) -> None:
        self._language = language
        self._items, self._keys = items, keys
        self._places, self._types = places, types
        self._first: dict[int, Node] = {}
        for item in items:
            self._first.setdefault(keys.of(item), item)

    def _exists(self, field: Term) -> str:
        """The test of the field's existence, as the language has it."""
        return short(spelled(Exists(field), self._language)) or f"{short(field.name)}:*"

    def check_or(self) -> Iterator[Note]:
        yield from self._repeated("repeated-value")
        yield from self._constant("always-true", ", so the other branches have no effect")
        yield from self._opposites("always-true", "every event matches one of the two")
        present = {item.field for item in self._items if isinstance(item, Exists)}
        for item in self._items:
            if isinstance(item, Equals | Like | Compare) and item.field in present:
                exists = self._exists(item.field)
                message = f"{exists} in the same list already matches this"
                yield note("covered-value", message, item.span, "remove this value or the star")
        yield from self._covered(present)
        yield from self._useless_branches()

    def check_and(self) -> Iterator[Note]:
        yield from self._repeated("repeated-condition")
        yield from self._constant("useless-condition", "")
        yield from self._opposites("contradiction", "no event matches both")
        yield from self._missing()
        implied = {_required_field(item) for item in self._items} - {None}
        for item in self._items:
            if isinstance(item, Exists) and item.field in implied:
                name = short(item.field.name)
                message = f"another condition on {name} implies that the field exists"
                hint = f"remove {self._exists(item.field)}"
                yield note("useless-condition", message, item.span, hint)

    def _missing(self) -> Iterator[Note]:
        """``not a:* and a:b``."""
        absent = {
            item.item.field
            for item in self._items
            if isinstance(item, Not) and isinstance(item.item, Exists)
        }
        for item in self._items if absent else ():
            if isinstance(item, Equals | Like | Compare) and item.field in absent:
                message = f"another condition matches only events without {short(item.field.name)}"
                yield note("contradiction", message, item.span, "remove one of the two")

    def _useless_branches(self) -> Iterator[Note]:
        """``a:b or (a:b and c:d)``."""
        for item in self._items:
            if not isinstance(item, And):
                continue
            for part in item.items:
                wider = self._first.get(self._keys.of(part))
                if wider is not None:
                    place = self._place(wider)
                    message = f"the test at {place} already matches everything that this matches"
                    yield note("useless-condition", message, item.span, "remove it")
                    break

    def _repeated(self, code: str) -> Iterator[Note]:
        for item in self._items:
            first = self._first[self._keys.of(item)]
            if first is not item:
                what = "this value" if code == "repeated-value" and _is_leaf(item) else "this"
                message = f"{what} already appears at {self._place(first)}"
                yield note(code, message, item.span, "remove it")

    def _place(self, node: Node) -> str:
        return self._places.of(node.span[0])

    def _constant(self, code: str, effect: str) -> Iterator[Note]:
        for item in self._items:
            if isinstance(item, Always):
                shown = spelled(item, self._language)
            elif isinstance(item, FreeText) and item.value == Pattern.of(ANY_RUN):
                shown = "*"
            else:
                continue
            yield note(code, f"{shown} matches every event{effect}", item.span, "remove it")

    def _opposites(self, code: str, message: str) -> Iterator[Note]:
        for item in self._items:
            if isinstance(item, Not):
                opposite = self._first.get(self._keys.of(item.item))
                if opposite is not None:
                    message_ = (
                        f"this is the opposite of the test at {self._place(opposite)}: {message}"
                    )
                    yield note(code, message_, item.span, "remove one of the two")

    def _covered(self, present: set[Term]) -> Iterator[Note]:
        patterns: dict[Term, list[Like]] = {}
        for item in self._items:
            if isinstance(item, Like) and self._compares_whole(item.field, present):
                patterns.setdefault(item.field, []).append(item)
        if not patterns:
            return
        tests: dict[Term, list[tuple[Equals | Like, str]]] = {}
        for item in self._items:
            if isinstance(item, Equals | Like) and item.field in patterns:
                tests.setdefault(item.field, []).append((item, asked_pattern(item).marked))
        for field, wide in patterns.items():
            listed = tests[field]
            reported: set[int] = set()
            for like in wide[: max(1, _MOST_PAIRS // len(listed))]:
                folds = like.case is Case.FOLDED
                pattern = like.pattern.map_literals(str.lower) if folds else like.pattern
                covers = pattern.coverer()
                for test, asked in listed:
                    if id(test) in reported or (test.case is Case.FOLDED and not folds):
                        continue
                    if not covers(asked.lower() if folds else asked):
                        continue
                    if test is not like and not self._same(test, like):
                        reported.add(id(test))
                        message = f"the pattern at {self._place(like)} already matches this"
                        yield note("covered-value", message, test.span, "remove this value")

    def _compares_whole(self, field: Term, present: set[Term]) -> bool:
        """Whether patterns are matched with values: with words, on text; and whether it matters."""
        return field not in present and self._types.get(field.name) not in ANALYZED

    def _same(self, one: Node, other: Node) -> bool:
        return self._keys.of(one) == self._keys.of(other)


def _is_leaf(node: Node) -> bool:
    return isinstance(node, FieldTest | FreeText)


def _required_field(node: Node) -> Term | None:
    """The field that has a value in every event that meets the node, where it is plain to see."""
    if isinstance(node, Equals | Like | Compare):
        return node.field
    if isinstance(node, Or):
        fields = {_required_field(item) for item in node.items if not isinstance(item, And | Or)}
        if len(fields) == 1 and not any(isinstance(item, And | Or) for item in node.items):
            return fields.pop()
    return None
