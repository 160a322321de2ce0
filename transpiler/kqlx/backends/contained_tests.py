"""Tests that others make needless: of several that must all hold, one that another contains.

``EventID:(4661 or 4662) and EventID:4662`` says no more than its second test.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from operator import is_

from kqlx.nodes import (
    And,
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Never,
    Node,
    Not,
    Or,
    Regexp,
    all_of,
    alternatives,
    any_of,
    asked_pattern,
    conjuncts,
    constant_of,
    simplify,
    with_items,
)
from kqlx.pattern_matching import Matcher
from kqlx.records import replace

Comparable = Callable[[Equals | Like], bool]
"""Whether values of the test's field are compared as they are: not word by word, nor as addresses
or numbers, of which one may be written in several ways.
"""

_GROUPS = (And, Or, Not)
_FIELD_TESTS = (Equals, Like, Exists, Compare, Regexp)

MOST_COMPARED = 100
"""So many tests about a field are compared with a further one: a query that has more is a list that
a program wrote, and would take long.
"""


Single = Callable[[Equals], bool]
"""Whether the test's field has one value at most."""


def without_contained(node: Node, comparable: Comparable, single: Single | None = None) -> Node:
    """The same meaning without a test beside one that holds only where it holds, too, also where it
    is asked in an alternative, and without alternatives that a ``not`` beside them excludes, or
    another number. Groups of ``and`` within ``and`` are opened.
    """
    return _Containment(comparable, single).without(node)


class _Containment:
    """The question for one tree. What is found out of a node is kept, by its id: each is compared
    with many.
    """

    def __init__(self, comparable: Comparable, single: Single | None) -> None:
        self.comparable = comparable
        self.single = single
        self._fields: dict[int, tuple[Node, frozenset[str]]] = {}
        self._numbers: dict[int, tuple[Node, int]] = {}
        self._known: dict[Hashable, int] = {}
        self._asked: dict[int, _Asked] = {}

    def without(self, node: Node) -> Node:
        if isinstance(node, Not):
            item = self.without(node.item)
            return node if item is node.item else replace(node, item=item)
        if isinstance(node, Or):
            items = [
                self.without(item) if isinstance(item, _GROUPS) else item for item in node.items
            ]
            items = self._needed(items)
            same = len(items) == len(node.items) and all(map(is_, items, node.items))
            return node if same else any_of(items, node.span)
        if not isinstance(node, And):
            return node
        items = [
            self.without(item) if isinstance(item, _GROUPS) else item for item in conjuncts(node)
        ]
        items = self._possible(items)
        dropped: set[int] = set()
        about: dict[str, list[int]] = {}
        for place, item in enumerate(items):
            near = {at for name in self.fields(item) for at in about.get(name, ())} - dropped
            if len(near) > MOST_COMPARED:
                continue
            if any(self.implies(items[at], item) for at in near):
                dropped.add(place)
                continue
            dropped |= {at for at in near if self.implies(item, items[at])}
            for name in self.fields(item):
                about.setdefault(name, []).append(place)
        kept = [item for place, item in enumerate(items) if place not in dropped]
        for place, item in enumerate(kept if len(kept) <= MOST_COMPARED else ()):
            if _may_say_less(item):
                kept[place] = self._beside(item, [*kept[:place], *kept[place + 1 :]])
        return node if tuple(kept) == node.items else all_of(kept, node.span)

    def _needed(self, items: list[Node]) -> list[Node]:
        """The alternatives without groups that hold only where another of them holds, too."""
        if len(items) > MOST_COMPARED or not any(isinstance(item, And) for item in items):
            return items
        found: list[Node] = []
        for place, item in enumerate(items):
            others = [*found, *items[place + 1 :]] if isinstance(item, And) else []
            if not any(self.implies(item, other) for other in others):
                found.append(item)
        return found

    def _possible(self, items: list[Node]) -> list[Node]:
        """The items without alternatives that others of them exclude, and then without what
        excludes values that a field with one value cannot have.
        """
        excluded = [item.item for item in items if isinstance(item, Not)]
        if not excluded or len(excluded) > MOST_COMPARED:
            return items
        found: list[Node] = []
        about = [(self.fields(each), each) for each in excluded]
        for item in items:
            if isinstance(item, Or) and len(item.items) <= MOST_COMPARED:
                left = [one for one in item.items if not self._any_of(one, about)]
                if left and len(left) < len(item.items):
                    item = any_of(left, item.span)
            found.append(item)
        if self.single is None:
            return found
        known: dict[str, list[Equals]] = {}
        for item in found:
            each = item.items if isinstance(item, Or) else (item,)
            values = [one for one in each if isinstance(one, Equals)]
            if len(values) == len(each) and len({one.field.name for one in values}) == 1:
                known[values[0].field.name] = values
        return [item for item in found if not self._excludes_others(item, known)]

    def _beside(self, item: Node, others: list[Node]) -> Node:
        """The item without tests within it that hold wherever the others do."""
        asked = self.fields(item)
        near = [other for other in others if not asked.isdisjoint(self.fields(other))]
        left = self._less(item, near)
        return item if constant_of(left) else simplify(left)

    def _less(self, node: Node, known: list[Node]) -> Node:
        """The same where the ``known`` tests hold; of single tests only in groups of ``and``."""
        if isinstance(node, Not):
            inner = node.item
            less = self._less(inner, known) if isinstance(inner, And | Or) else inner
            return node if less is inner else replace(node, item=less)
        if isinstance(node, Or):
            if len(node.items) > MOST_COMPARED:
                return node
            items = [self._less(one, known) for one in node.items]
            items = [Never(i.span) if self._is_impossible(i, known) else i for i in items]
            return with_items(node, tuple(items))
        if not isinstance(node, And):
            return node
        asked: list[Node] = []
        for one in conjuncts(node):
            own = self.fields(one)
            near = [each for each in known if not own.isdisjoint(self.fields(each))]
            if any(self.implies(each, one) for each in near):
                continue
            asked.append(self._less(one, known) if _may_say_less(one) else one)
        if len(asked) == len(node.items) and all(map(is_, asked, node.items)):
            return node
        return all_of(asked, node.span)

    def _is_impossible(self, node: Node, known: list[Node]) -> bool:
        """Whether it asks for another number than a field with one value has."""
        if self.single is None:
            return False
        numbers = [found for each in known if (found := self._number(each))]
        for one in conjuncts(node):
            if own := self._number(one):
                name, values = own
                if any(name == other and values.isdisjoint(those) for other, those in numbers):
                    return True
        return False

    def _number(self, node: Node) -> tuple[str, frozenset[int]] | None:
        """The field with one value that it asks for, and for which whole numbers."""
        tests = [one for one in alternatives(node) if isinstance(one, Equals)]
        first = tests[0] if tests else None
        if first is None or len(tests) < len(alternatives(node)) or len(tests) > MOST_COMPARED:
            return None
        names, texts = {one.field.name for one in tests}, [one.value.name for one in tests]
        if len(names) > 1 or not all(text.isdecimal() for text in texts):
            return None
        if self.single is None or not self.single(first):
            return None
        return first.field.name, frozenset(map(int, texts))

    def _any_of(self, one: Node, others: Iterable[tuple[frozenset[str], Node]]) -> bool:
        """Whether it implies any of some others, which come with their fields."""
        own = self.fields(one)
        near = [each for names, each in others if not (names and own.isdisjoint(names))]
        return any(self.implies(one, other) for other in near)

    def _excludes_others(self, item: Node, known: Mapping[str, list[Equals]]) -> bool:
        """Whether it is ``not x:5`` beside ``x:1``, of whole numbers."""
        if self.single is None or not isinstance(item, Not) or not isinstance(item.item, Equals):
            return False
        test, values = item.item, known.get(item.item.field.name)
        if not values or not self.single(test):
            return False
        texts = [test.value.name, *(one.value.name for one in values)]
        if not all(text.isdecimal() for text in texts):
            return False
        return int(texts[0]) not in map(int, texts[1:])

    def implies(self, one: Node, other: Node) -> bool:
        """Whether every event that meets the one surely meets the other."""
        if self.number(one) == self.number(other):
            return True
        if isinstance(one, _FIELD_TESTS) and isinstance(other, _FIELD_TESTS):  # nearly all
            return self._test(one, other)
        if isinstance(one, Not) and isinstance(other, Not):
            return self.implies(other.item, one.item)
        if isinstance(one, Not) or isinstance(other, Not):
            return False
        if self.fields(one).isdisjoint(self.fields(other)):
            return False
        if isinstance(one, Or):
            return self._each(one.items, other)
        if isinstance(other, And):
            return all(self.implies(one, item) for item in other.items)
        if isinstance(one, And):
            return any(self.implies(item, other) for item in one.items)
        if isinstance(other, Or):
            return any(self.implies(one, item) for item in other.items)
        return self._test(one, other)

    def _each(self, items: Iterable[Node], other: Node) -> bool:
        known = set(map(self.number, other.items)) if isinstance(other, Or) else set[int]()
        return all(self.number(item) in known or self.implies(item, other) for item in items)

    def _test(self, one: Node, other: Node) -> bool:
        if not isinstance(one, FieldTest | Regexp) or not isinstance(other, FieldTest):
            return False
        if one.field is not other.field and one.field != other.field:
            return False
        if isinstance(other, Exists):
            return _asks_for_value(one)
        if not isinstance(one, Equals | Like) or not isinstance(other, Equals | Like):
            return False
        asked, wanted = self.asked(one), self.asked(other)
        if other.case is Case.EXACT and one.case is Case.FOLDED and asked.has_letters:
            return False
        if not (asked.is_comparable and wanted.is_comparable):
            return False
        return wanted.covers(asked, folded=other.case is Case.FOLDED)

    def asked(self, test: Equals | Like) -> _Asked:
        found = self._asked.get(id(test))
        if found is None:
            found = self._asked[id(test)] = _Asked(test, self.comparable(test))
        return found

    def number(self, node: Node) -> int:
        """A number that nodes share which ask for the same."""
        known = self._numbers.get(id(node))
        if known is None:
            part: Hashable = node
            if isinstance(node, Not):
                part = (Not, self.number(node.item))
            elif isinstance(node, _GROUPS):
                part = (type(node), *map(self.number, node.items))
            number = self._known.setdefault(part, len(self._known))
            known = self._numbers[id(node)] = node, number
        return known[1]

    def fields(self, node: Node) -> frozenset[str]:
        """The names of the fields that it asks about."""
        known = self._fields.get(id(node))
        if known is None:
            known = self._fields[id(node)] = node, frozenset(_fields(node, self.fields))
        return known[1]


class _Asked:
    """What a test asks for. Both forms of it, as it is written and in lower case, are made when
    they are needed: the text that others are to cover, and a test of what it covers.
    """

    def __init__(self, test: Equals | Like, is_comparable: bool) -> None:
        self.test = test
        self.is_comparable = is_comparable
        self._forms: dict[bool, tuple[str, Matcher]] = {}

    @property
    def has_letters(self) -> bool:
        """Whether letter case makes a difference to it."""
        return any(text.lower() != text.upper() for text in asked_pattern(self.test).literals)

    def covers(self, other: _Asked, *, folded: bool) -> bool:
        """Whether it fits all that the other one does."""
        return self._form(folded)[1](other._form(folded)[0])

    def _form(self, folded: bool) -> tuple[str, Matcher]:
        if (found := self._forms.get(folded)) is None:
            pattern = asked_pattern(self.test)
            if folded:
                pattern = pattern.map_literals(str.lower)
            found = self._forms[folded] = pattern.marked, pattern.coverer()
        return found


def _may_say_less(node: Node) -> bool:
    """Whether there is a group in it, other than one of single tests of which one must hold."""
    if isinstance(node, Not):
        return isinstance(node.item, And) or _may_say_less(node.item)
    return isinstance(node, Or) and any(isinstance(item, _GROUPS) for item in node.items)


def _fields(node: Node, of: Callable[[Node], frozenset[str]]) -> Iterable[str]:
    if isinstance(node, Not):
        return of(node.item)
    if not isinstance(node, _GROUPS):
        return [node.field.name] if isinstance(node, _FIELD_TESTS) else []
    found: set[str] = set()
    for item in node.items:
        if isinstance(item, _FIELD_TESTS):
            found.add(item.field.name)
        else:
            found |= of(item)
    return found


def _asks_for_value(test: FieldTest | Regexp) -> bool:
    """Whether the test asks for a value that is not empty."""
    if isinstance(test, Equals):
        return isinstance(test.value.value, str | bool) and test.value.name != ""
    if isinstance(test, Like):
        return any(test.pattern.literals)
    return isinstance(test, Compare | Exists)
