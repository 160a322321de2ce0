"""Events near the border of a tree, drawn with a seed: each third one meets the tree as well as can
be, the others are such events with a field or two changed; each fourth is to meet the tree's
complement instead. One alternative of an ``or`` after the other has its turn.

Where ``strategies.events_for`` draws each field by itself, so that a long conjunction is seldom
met, here the tests are met together; what one of them then decides can be seen.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from kqlx.evaluate.compiler import compile
from kqlx.nodes import (
    And,
    FieldTest,
    FreeText,
    FunctionTest,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Regexp,
)
from kqlx.testing.edges import NOW, edge_values, field_names, function_values, put

T = TypeVar("T")

ANYWHERE = ("event.action", "message", "source.bytes", "source.ip")
"""Where a value without a field is put."""


def near_events(
    node: Node, types: Mapping[str, str], count: int, seed: int
) -> Iterator[dict[str, Any]]:
    """So many events; ``types`` maps field names to Elasticsearch types. The same for the same
    arguments.
    """
    draw = _Draw(random.Random(seed), types)
    for i in range(count):
        yield draw.event(node, "", changes=i % 3, wanted=i % 4 < 3)


class _Draw:
    def __init__(self, rng: random.Random, types: Mapping[str, str]) -> None:
        self.rng = rng
        self.types = types
        self.turns: dict[object, int] = {}
        self.known: dict[tuple[Node, str, str], tuple[str, list[Any], list[Any]]] = {}

    def event(self, node: Node, prefix: str, changes: int, wanted: bool = True) -> dict[str, Any]:
        """An object that meets the node, or does not, but for some changes."""
        values: dict[str, list[Any]] = {}
        groups: dict[str, list[dict[str, Any]]] = {}
        self.meet(node, wanted, prefix, values, groups, changes)
        choices: dict[str, list[tuple[list[Any], list[Any]]]] = {}
        for leaf in _leaves(node):
            name, *edges = self.edges(leaf, prefix)
            choices.setdefault(name, []).append((edges[0], edges[1]))
        for name in self.rng.sample(sorted(choices), min(changes, len(choices))):
            values[name] = self.changed(name, choices[name], values.get(name, []))
        if changes and self.rng.random() < 0.25:
            rework = self.in_turn("", _REWORKED)
            values = {name: rework(found) for name, found in values.items()}
        made: dict[str, Any] = {}
        for name, found in values.items():
            value = found[0] if len(found) == 1 else found
            put(made, name, value, dotted=self.rng.random() < 0.3)
        for path, inner in groups.items():
            put(made, path, inner, dotted=self.rng.random() < 0.3)
        return made

    def meet(
        self,
        node: Node,
        wanted: bool,
        prefix: str,
        values: dict[str, list[Any]],
        groups: dict[str, list[dict[str, Any]]],
        changes: int,
    ) -> None:
        """Adds what makes the node true, or not true."""
        if isinstance(node, Not):
            self.meet(node.item, not wanted, prefix, values, groups, changes)
        elif isinstance(node, And | Or):
            needs_all = isinstance(node, And) == wanted
            for item in node.items if needs_all else [self.in_turn(id(node), node.items)]:
                self.meet(item, wanted, prefix, values, groups, changes)
        elif isinstance(node, Nested):
            found = self.objects(node.item, f"{prefix}{node.path.name}.", wanted, changes)
            groups.setdefault(node.path.name, []).extend(found)
        elif isinstance(node, FunctionTest):
            pool = function_values(node)
            for field in node.fields:  # which of them pass depends on the others
                values.setdefault(field.name, []).append(self.rng.choice(pool))
        elif isinstance(node, FieldTest | Regexp | FreeText):
            name, passing, failing = self.edges(node, prefix)
            pool = passing if wanted else failing
            if pool and (wanted or self.rng.random() < 0.3):
                values.setdefault(name, []).append(self.in_turn(id(pool), pool))

    def objects(self, node: Node, prefix: str, wanted: bool, changes: int) -> list[dict[str, Any]]:
        """Objects of a group: one that meets the node, if wanted, with others beside it or without;
        or several that meet only parts of it.
        """
        if isinstance(node, And | Or) and changes and self.rng.random() < 0.3:
            return [self.event(item, prefix, 0) for item in node.items]
        found = [self.event(node, prefix, changes // 2)] if wanted else []
        if self.rng.random() < 0.5:
            found.append(self.event(node, prefix, 2))
        if self.rng.random() < 0.3:
            found.append(self.event(node, prefix, changes, wanted=False))
        self.rng.shuffle(found)
        return found

    def in_turn(self, key: object, items: Sequence[T]) -> T:
        """The next of the items, whose turns are kept under the key."""
        turn = self.turns.setdefault(key, self.rng.randrange(len(items)))
        self.turns[key] += 1
        return items[turn % len(items)]

    def changed(
        self, name: str, tests: Sequence[tuple[list[Any], list[Any]]], now: list[Any]
    ) -> list[Any]:
        """Other values for a field, at the edges of one of its tests: those that pass it, and
        those that fail.
        """
        passing, failing = self.in_turn(name, tests)
        pool = passing if passing and self.rng.random() < 0.5 else failing or passing
        others = [self.in_turn(id(pool), pool), self.rng.choice(pool)]
        one = others[:1]
        return self.rng.choice([[], one, one, others, [*now, *one], _swapped(now), [None, *now]])

    def edges(self, leaf: Node, prefix: str) -> tuple[str, list[Any], list[Any]]:
        """A name that the test is about, the edge values that pass it there, and those
        that fail.
        """
        name = self.name_of(leaf, prefix)
        key = (leaf, prefix, name)
        if key not in self.known:
            kind = self.types.get(prefix + name)
            path = prefix.removesuffix(".")
            test = compile(Nested(Literal(path), leaf) if path else leaf, self.types, now=NOW)
            name = name + ".inner" if kind == "flattened" else name
            passing: list[Any] = []
            failing: list[Any] = []
            for value in {repr(edge): edge for edge in edge_values(leaf, kind)}.values():
                inner = {name: value}
                passes = test({path: inner} if path else inner)
                (passing if passes else failing).append(value)
            self.known[key] = (name, passing, failing)
        return self.known[key]

    def name_of(self, leaf: Node, prefix: str) -> str:
        if isinstance(leaf, FreeText):
            return "null" if prefix else self.rng.choice(ANYWHERE)
        assert isinstance(leaf, FieldTest | Regexp)
        return self.rng.choice(field_names(leaf.field, self.types, prefix))


def _swapped(values: list[Any]) -> list[Any]:
    return [value.swapcase() if isinstance(value, str) else value for value in values]


def _embedded(values: list[Any]) -> list[Any]:
    """The words of each text within longer words."""
    return [re.sub(r"\w+", r"x\g<0>x", v) if isinstance(v, str) else v for v in values]


def _joined(values: list[Any]) -> list[Any]:
    """The words of each text joined to others by a sign that parts no letters."""
    return [re.sub(r"\w+", r"x.\g<0>.x", v) if isinstance(v, str) else v for v in values]


_REWORKED = (_swapped, _embedded, _swapped, _joined)


def _leaves(node: Node) -> Iterator[Node]:
    """The tests outside nested groups."""
    if isinstance(node, And | Or):
        for item in node.items:
            yield from _leaves(item)
    elif isinstance(node, Not):
        yield from _leaves(node.item)
    elif isinstance(node, FieldTest | Regexp | FreeText):
        yield node
