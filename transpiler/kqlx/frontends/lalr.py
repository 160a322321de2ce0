"""A Lark grammar → LALR tables, and the loop that drives them. All source languages share it.

Lark reads the grammar and computes the tables; this loop walks them about four times faster than
Lark's own, because it makes no token objects and no tree that the front end would take apart again.
Each language keeps its tables, with the digest of the grammar, in its ``tables`` module, so that
converting one rule does not load Lark. ``make grammar`` writes that file; a test compares it with
the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any
from zlib import crc32

from kqlx import resources
from kqlx.records import dataclass

END = "$END"

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
        self._names = (None, *(name for name, _ in tables.terminals))
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

    def parse(self, text: str) -> Any:
        """What the start rule's builder returns. Raises UnexpectedInput."""
        tables = self._tables
        actions, gotos, end_state = tables.actions, tables.gotos, tables.end
        reductions = self._reductions
        states: list[int] = [tables.start]
        values: list[Any] = []
        for kind, position, match in self._terminals(text):
            while True:
                action = actions[states[-1]].get(kind)
                if action is None:
                    raise UnexpectedInput(position, self._expected(states))
                if action >= 0:
                    states.append(action)
                    values.append(match)
                    break
                size, origin, positions, name, build = reductions[~action]
                if name == "":  # one value passes through
                    if size > 1:
                        del states[-size:]
                        value = values[positions[0] - size]  # type: ignore[index]
                        del values[-size:]
                        values.append(value)
                    else:
                        states.pop()
                elif build is None:  # a repetition collects
                    self._collect(states, values, size, positions)  # type: ignore[arg-type]
                else:
                    taken = values[-size:] if size else []
                    if size:
                        del states[-size:]
                        del values[-size:]
                    if positions is not None:
                        taken = [taken[i] for i in positions]
                    if taken and type(taken[-1]) is _Collected:
                        taken[-1:] = taken[-1]
                    values.append(build(taken))
                state = gotos[states[-1]][origin]
                states.append(state)
                if state == end_state and kind == END:
                    return values[-1]
        raise AssertionError("the end of the text was neither accepted nor refused")

    def _terminals(self, text: str) -> Iterator[tuple[str, int, re.Match[str] | None]]:
        names, ignored = self._names, self._tables.ignored
        leading = self._ignored.match(text)
        position = leading.end() if leading else 0
        for match in self._lexer.finditer(text, position):
            start, end = match.span()
            if start != position:
                break
            position = end
            kind = names[match.lastindex]  # type: ignore[index]
            if kind not in ignored:
                yield kind, start, match  # type: ignore[misc]
        yield (END if position == len(text) else "$INVALID"), position, None

    @staticmethod
    def _collect(
        states: list[int], values: list[Any], size: int, positions: tuple[int, ...]
    ) -> None:
        taken = values[-size:]
        del states[-size:]
        del values[-size:]
        first = taken[positions[0]]
        if type(first) is not _Collected:
            first = _Collected([first])
        first.extend(taken[i] for i in positions[1:])
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


class _Collected(list[Any]):
    """The values of a repetition, to be told from a builder's own list."""
