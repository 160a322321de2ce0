"""A Lark grammar → LALR tables, and the loop that drives them. All source languages share it.

Lark reads the grammar and computes the tables; this loop walks them about four times faster than
Lark's own, because it makes no token objects and no tree that the front end would take apart again.
Each language keeps its tables, with the digest of the grammar, in its ``tables`` module, so that
converting one rule does not load Lark. ``make grammar`` writes that file; a test compares it with
the grammar.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
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

_Landings = dict[int, dict[str, tuple[int, int | None]]]
"""Where a reduction to one symbol leads: by the state below it and the terminal that follows, the
state and the action there. Filled as texts are parsed.
"""


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
        every: dict[str, Builder] = {"": itemgetter(0), "+": _collected, **builders}
        landings: dict[str, _Landings] = {}
        self._reductions = tuple(
            (
                rule.size,
                _picker(rule),
                every[rule.name],
                rule.origin,
                landings.setdefault(rule.origin, defaultdict(dict)),
            )
            for rule in tables.rules
        )
        # The states behind a terminal that is a whole of its own, whatever follows.
        self._whole = tuple(map(self._is_whole, tables.actions))

    def _is_whole(self, actions: Mapping[str, int]) -> bool:
        each = {*actions.values()}
        if len(each) != 1 or (action := each.pop()) >= 0:
            return False
        rule = self._tables.rules[~action]
        return rule.size == 1 and rule.value_positions == (0,)

    def parse(self, text: str) -> Any:
        """What the start rule's builder returns. Raises UnexpectedInput."""
        tables, kinds, reductions, whole = self._tables, self._kinds, self._reductions, self._whole
        actions, end_state = tables.actions, tables.end
        state = tables.start
        states: list[int] = [state]
        values: list[Any] = []
        is_whole = False  # the last value is a terminal, and its state is not among the states
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
            action = actions[state].get(kind)
            while action is not None and action < 0:
                size, pick, build, origin, landings = reductions[~action]
                if is_whole:
                    is_whole = False
                    values[-1] = build(values[-1:])
                else:
                    taken = [*pick(values)]
                    if size:
                        del states[-size:]
                        del values[-size:]
                    if taken and type(taken[-1]) is _Collected:
                        taken[-1:] = taken[-1]
                    values.append(build(taken))
                below = states[-1]
                if (found := landings[below].get(kind)) is None:
                    found = landings[below][kind] = self._passed(below, origin, kind)
                state, action = found
                states.append(state)
                if state == end_state and kind == END:
                    return values[-1]
            if action is None:
                if is_whole:
                    states.append(state)
                raise UnexpectedInput(start, self._expected(states))
            values.append(match)
            state = action
            is_whole = whole[state]
            if not is_whole:
                states.append(state)
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


def _collected(values: list[Any]) -> _Collected:
    """The values of a repetition with one more."""
    first, *others = values
    if type(first) is not _Collected:
        return _Collected(values)
    first += others
    return first


def _picker(rule: Rule) -> Callable[[list[Any]], Iterable[Any]]:
    """What takes the values of a rule from the stack of all."""
    places = [position - rule.size for position in rule.value_positions]
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(slice(places[0], places[0] + 1 or None) if places else slice(0, 0))
