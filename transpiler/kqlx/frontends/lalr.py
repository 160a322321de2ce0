"""A Lark grammar → LALR tables, and the loop that drives them. All source languages share it.

Lark reads the grammar and computes the tables; this loop walks them about four times faster than
Lark's own, because it makes no token objects and no tree that the front end would take apart again.
Each language keeps its tables, with the digest of the grammar, in its ``tables`` module, so that
converting one rule does not load Lark. ``make grammar`` writes that file; a test compares it with
the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import chain
from operator import itemgetter
from typing import Any
from zlib import crc32

from kqlx import resources
from kqlx.records import dataclass

END = "$END"
INVALID = "$INVALID"
"""A terminal for what is none."""

Builder = Callable[[list[Any]], Any]


class UnexpectedInput(Exception):
    """The text stops being the language at ``offset``, where one of ``expected`` (terminals) could
    stand.
    """

    def __init__(self, offset: int, expected: frozenset[str]) -> None:
        super().__init__(offset)
        self.offset = offset
        self.expected = expected


@dataclass(frozen=True)
class Rule:
    """One alternative of a rule: what a reduction takes off the stack and what it makes of it.

    ``value_positions`` are those of the symbols that carry a value. ``name`` is the builder's name,
    "" where the one value passes through, "+" for the helper rules that Lark makes of a repetition,
    which only collect.
    """

    origin: str
    size: int
    value_positions: tuple[int, ...]
    name: str


@dataclass(frozen=True)
class Tables:
    """``actions[state][terminal]`` is the state to shift to, or ``~rule`` to reduce."""

    digest: int
    terminals: tuple[tuple[str, str], ...]
    ignored: frozenset[str]
    actions: tuple[dict[str, int], ...]
    gotos: tuple[dict[str, int], ...]
    rules: tuple[Rule, ...]
    start: int
    end: int


def digest(grammar: str) -> int:
    """What ties stored tables to the grammar that they were made of."""
    return crc32(grammar.encode())


def compile_grammar(grammar: str) -> Tables:
    """The tables of a Lark grammar. Raises lark.LarkError where the grammar is not LALR(1)."""
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    lark = Lark(grammar, parser="lalr", lexer="basic")
    parser = lark.parse_interactive("").parser_state.parse_conf
    states = _in_order(parser.states, parser.start_state)
    rules = sorted({_rule(rule) for rule in lark.rules}, key=repr)
    actions: list[dict[str, int]] = [{} for _ in states]
    gotos: list[dict[str, int]] = [{} for _ in states]
    for old, new in states.items():
        for symbol, (action, target) in sorted(parser.states[old].items()):
            if action is not Shift:
                actions[new][symbol] = ~rules.index(_rule(target))
            elif symbol == END or symbol.isupper():
                actions[new][symbol] = states[target]
            else:
                gotos[new][symbol] = states[target]
    ignored = frozenset(lark.ignore_tokens)
    # The ignored ones last: they may be the beginning of a longer terminal.
    terminals = sorted(lark.terminals, key=lambda terminal: terminal.name in ignored)
    return Tables(
        digest=digest(grammar),
        terminals=tuple((terminal.name, terminal.pattern.to_regexp()) for terminal in terminals),
        ignored=ignored,
        actions=tuple(actions),
        gotos=tuple(gotos),
        rules=tuple(rules),
        start=states[parser.start_state],
        end=states[parser.end_state],
    )


def _in_order(table: Any, start: int) -> dict[int, int]:
    """Lark's state → ours, numbered as met from the start: Lark's own numbers differ from run to
    run.
    """
    numbers = {start: 0}
    queue = [start]
    for state in queue:
        for _, (_, target) in sorted(table[state].items(), key=itemgetter(0)):
            if isinstance(target, int) and target not in numbers:
                numbers[target] = len(numbers)
                queue.append(target)
    return numbers


def _rule(rule: Any) -> Rule:
    symbols = [symbol.name for symbol in rule.expansion]
    positions = tuple(
        i for i, name in enumerate(symbols) if not (name.isupper() and name[0] == "_")
    )
    if rule.origin.name.startswith("__"):
        name = "+"
    elif rule.alias:
        name = rule.alias
    elif rule.options.expand1 and len(positions) == 1:
        name = ""
    else:
        name = str(rule.origin.name)
    return Rule(str(rule.origin.name), len(symbols), positions, name)


def load_parser(grammar: str, tables: Tables, builders: Mapping[str, Builder]) -> Parser:
    """A parser by the stored tables, or by those of the grammar (a resource's name) where that has
    changed since they were made.
    """
    text = resources.read(grammar)
    return Parser(tables if digest(text) == tables.digest else compile_grammar(text), builders)


class Parser:
    """Drives the tables: text → what the builders make of it.

    ``builders`` has a function for every name of a rule or alias; it gets the values of the rule's
    symbols, a terminal's value being its ``re.Match``.
    """

    def __init__(self, tables: Tables, builders: Mapping[str, Builder]) -> None:
        self._tables = tables
        # By the number of a terminal's group its name, "" where it is ignored.
        names = [name for name, _ in tables.terminals]
        self._kinds = ("", *("" if name in tables.ignored else name for name in names))
        self._lexer = re.compile("|".join(f"({pattern})" for _, pattern in tables.terminals))
        if self._lexer.groups != len(tables.terminals):
            raise ValueError("a terminal of the grammar has a capturing group of its own")
        self._ignored = re.compile(
            "|".join(pattern for name, pattern in tables.terminals if name in tables.ignored)
        )
        # Rule by rule what the loop needs, and nothing to look up: size, origin, value positions,
        # builder.
        self._reductions = tuple(
            (
                rule.size,
                rule.origin,
                rule.value_positions
                if len(rule.value_positions) != rule.size or rule.name in ("", "+")
                else None,
                rule.name,
                builders[rule.name] if rule.name not in ("", "+") else None,
            )
            for rule in tables.rules
        )
        self._after: dict[tuple[int, str, str], tuple[int, int | None]] = {}

    def parse(self, text: str) -> Any:
        """What the start rule's builder returns. Raises UnexpectedInput."""
        tables, kinds, after = self._tables, self._kinds, self._after
        actions, reductions = tables.actions, self._reductions
        states: list[int] = [tables.start]
        values: list[Any] = []
        leading = self._ignored.match(text)
        position = leading.end() if leading else 0
        for match in chain(self._lexer.finditer(text, position), (None,)):
            if match is None:
                start, kind = position, END if position == len(text) else INVALID
            else:
                start, end = match.span()
                if start != position:
                    start, kind = position, INVALID
                else:
                    position, kind = end, kinds[match.lastindex]  # type: ignore[index] # each has one
                    if not kind:
                        continue
            action = actions[states[-1]].get(kind)
            while action is not None and action < 0:
                size, origin, positions, name, build = reductions[~action]
                if build is None:
                    self._pass(states, values, size, positions or (), name)
                elif size == 1 and positions is None:
                    states.pop()
                    values[-1] = build([values[-1]])
                else:
                    values.append(build(_taken(states, values, size, positions)))
                step = states[-1], origin, kind
                if (found := after.get(step)) is None:
                    found = after[step] = self._passed(*step)
                state, action = found
                states.append(state)
                if state == tables.end and kind == END:
                    return values[-1]
            if action is None:
                raise UnexpectedInput(start, self._expected(states))
            states.append(action)
            values.append(match)
        raise AssertionError("the end of the text was neither accepted nor refused")

    def _passed(self, state: int, origin: str, kind: str) -> tuple[int, int | None]:
        """The state to which a reduction leads, and the action there, with ``kind`` to follow. It
        is the one behind all reductions that let one value pass through and change nothing else,
        which are most of those of a list of values.
        """
        actions, gotos, rules = self._tables.actions, self._tables.gotos, self._tables.rules
        while True:
            reached = gotos[state][origin]
            action = actions[reached].get(kind)
            if action is None or action >= 0 or rules[~action].name or rules[~action].size != 1:
                return reached, action
            origin = rules[~action].origin

    @staticmethod
    def _pass(
        states: list[int], values: list[Any], size: int, positions: tuple[int, ...], name: str
    ) -> None:
        """One value passes through, or a repetition collects."""
        taken = values[-size:]
        del states[-size:]
        del values[-size:]
        first = taken[positions[0]]
        if name:
            if type(first) is not _Collected:
                first = _Collected([first])
            for i in positions[1:]:
                first.append(taken[i])
        values.append(first)

    def _expected(self, states: list[int]) -> frozenset[str]:
        """The terminals that could follow: LALR tables hold more, so each is tried on a copy."""
        candidates = self._tables.actions[states[-1]]
        return frozenset(name for name in candidates if self._accepts(list(states), name))

    def _accepts(self, states: list[int], kind: str) -> bool:
        while True:
            action = self._tables.actions[states[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            rule = self._tables.rules[~action]
            if rule.size:
                del states[-rule.size :]
            states.append(self._tables.gotos[states[-1]][rule.origin])
            if states[-1] == self._tables.end and kind == END:
                return True


def _taken(
    states: list[int], values: list[Any], size: int, positions: tuple[int, ...] | None
) -> list[Any]:
    """The values that a rule takes off the stacks."""
    taken = values[-size:] if size else []
    if size:
        del states[-size:]
        del values[-size:]
    if positions is not None:
        taken = [taken[i] for i in positions]
    if taken and type(taken[-1]) is _Collected:
        taken[-1:] = taken[-1]
    return taken


class _Collected(list[Any]):
    """The values of a repetition, to be told from a builder's own list."""
