"""``Pipeline`` × events → the events that survive, in their order.

``search``, ``where``, ``regex``, ``rex``, ``eval``, ``fields`` and ``table`` are played through,
and with ``grouping`` those that count and look up, with ``streaming`` those that go by the order of
events, and with ``json_paths`` ``spath`` with a path; the other commands are read only, and raise
``NotEvaluated``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tests.oracles.spl.arguments import Surroundings
from tests.oracles.spl.errors import Doubtful, NotEvaluated
from tests.oracles.spl.events import Event, values_of
from tests.oracles.spl.expressions import Scope, outcome_of, value_of
from tests.oracles.spl.foreach import fitting
from tests.oracles.spl.grouping import Tables, group, locate, look_up, on_table
from tests.oracles.spl.json_paths import take_out
from tests.oracles.spl.nodes import (
    Aggregation,
    Append,
    Command,
    Eval,
    Fields,
    Foreach,
    Lookup,
    Macro,
    Multisearch,
    Pipeline,
    Regex,
    Rex,
    Search,
    Simple,
    Sort,
    Stats,
    Streamstats,
    Term,
    Where,
)
from tests.oracles.spl.reader import parse_commands, parse_search
from tests.oracles.spl.regexes import translate
from tests.oracles.spl.search_terms import Settings, keeps
from tests.oracles.spl.streaming import cut, deduplicated, expanded, in_order, streamed
from tests.oracles.spl.values import Value, text_of


def matches(
    text: str,
    event: Mapping[str, object],
    macros: Mapping[str, str] | None = None,
    *,
    now: float | None = None,
    empty_exists: bool = True,
) -> bool:
    """Whether a search keeps the event. Arguments and errors as of ``evaluate``, and those of
    ``parse_search``.
    """
    pipeline = parse_search(text)
    return bool(evaluate(pipeline, [event], macros, now=now, empty_exists=empty_exists))


def evaluate(
    pipeline: Pipeline,
    events: Iterable[Mapping[str, object]],
    macros: Mapping[str, str] | None = None,
    *,
    now: float | None = None,
    empty_exists: bool = True,
    tables: Tables | None = None,
) -> list[Event]:
    """The events that come out of the pipeline.

    ``macros`` gives the text of each macro by its name; one that is not given raises NotEvaluated.
    ``now`` is in seconds since 1970. ``empty_exists``: whether ``f=*`` matches an empty text, which
    is unverified. ``tables`` are the lookup tables, and are written to. Raises Doubtful where the
    fate of an event is not documented.
    """
    _check_circles(macros or {})
    stored = tuple(dict(event) for event in events)
    run = _Run(dict(macros or {}), now, empty_exists, {} if tables is None else tables, stored)
    survivors: list[Event] = [dict(event) for event in stored]
    for command in pipeline.commands:
        survivors = run.apply(command, survivors)
    return survivors


def _check_circles(macros: Mapping[str, str]) -> None:
    """No macro may come to itself again."""
    calls = {name: set(re.findall(r"`\s*([\w.:-]+)", text)) for name, text in macros.items()}
    for name in macros:
        reached, fresh = set[str](), calls[name]
        while fresh:
            reached |= fresh
            fresh = set[str]().union(*(calls.get(n, set()) for n in fresh)) - reached
        if name in reached:
            raise NotEvaluated(f"the macro {name} calls itself")


@dataclass(frozen=True, slots=True)
class _Run:
    macros: dict[str, str]
    now: float | None
    empty_exists: bool
    tables: Tables
    stored: tuple[Event, ...]

    def apply(self, command: Command, events: list[Event]) -> list[Event]:
        match command:
            case Search(term=term):
                return [event for event in events if keeps(term, event, self._settings())]
            case Where(expression=expression):
                return [e for e in events if outcome_of(expression, self._scope(e)).decide()]
            case Regex():
                return [event for event in events if _fits(command, event)]
            case Rex():
                return [_take(command, event) for event in events]
            case Eval():
                return [self._assign(command, event) for event in events]
            case Foreach():
                return [self._for_each(command, event) for event in events]
            case Fields():
                return [_choose(command, event) for event in events]
            case Stats():
                return group(command, events, self._read)
            case Streamstats():
                return streamed(command, events, self._read)
            case Sort():
                return in_order(command, events)
            case Multisearch(parts=parts):
                return [event for part in parts for event in self._alone(part, events)]
            case Append(part=part):
                return [*events, *self._alone(part, [*self.stored])]
            case Simple(command="head" | "tail" | "reverse"):
                return cut(command, events)
            case Simple(command="dedup"):
                return deduplicated(command, events)
            case Simple(command="mvexpand"):
                return [one for event in events for one in expanded(command, event)]
            case Lookup():
                return [look_up(command, event, self.tables) for event in events]
            case Simple(command="iplocation"):
                return [locate(command, event, self.tables) for event in events]
            case Simple(command="inputlookup" | "outputlookup"):
                return on_table(command, events, self.tables)
            case Simple(command="spath"):
                return [take_out(command, event) for event in events]
            case Macro():
                for inner in self._nested(command, parse_commands).commands:
                    events = self.apply(inner, events)
                return events
            case _:
                raise NotEvaluated(f"the command {type(command).__name__.lower()}")

    def _alone(self, part: Pipeline, events: list[Event]) -> list[Event]:
        survivors: list[Event] = [dict(event) for event in events]
        for command in part.commands:
            survivors = self.apply(command, survivors)
        return survivors

    def _read(self, aggregation: Aggregation, event: Event) -> Value:
        assert aggregation.expression is not None
        return value_of(aggregation.expression, self._scope(event))

    def _settings(self) -> Settings:
        return Settings(self._expand, self.empty_exists)

    def _nested(self, macro: Macro, parse: Callable[[str], Pipeline]) -> Pipeline:
        if macro.name not in self.macros or macro.arguments:
            raise NotEvaluated(f"the macro {macro.name}")
        return parse(self.macros[macro.name])

    def _expand(self, macro: Macro) -> Term:
        """The terms that a macro stands for; macros inside it are expanded when they are met."""
        commands = self._nested(macro, parse_search).commands
        if len(commands) != 1 or not isinstance(commands[0], Search):
            raise NotEvaluated(f"the macro {macro.name} among search terms")
        return commands[0].term

    def _scope(self, event: Mapping[str, object]) -> Scope:
        def searches(text: str) -> bool:
            pipeline = parse_search(text)
            if len(pipeline.commands) != 1:
                raise NotEvaluated("searchmatch() of more than a search")
            return bool(self.apply(pipeline.commands[0], [dict(event)]))

        return Scope(event, Surroundings(self.now, searches))

    def _for_each(self, command: Foreach, event: Event) -> Event:
        for name in fitting(command, event):
            for inner in parse_commands(command.template.replace("<<FIELD>>", name)).commands:
                assert isinstance(inner, Eval)
                event = self._assign(inner, event)
        return event

    def _assign(self, command: Eval, event: Event) -> Event:
        for name, expression in command.assignments:
            value = value_of(expression, self._scope(event))
            event = {key: kept for key, kept in event.items() if key != name}
            if isinstance(value, list):
                event[name] = [text_of(item) for item in value]
            elif value is not None:
                event[name] = text_of(value)
        return event


def _fits(command: Regex, event: Mapping[str, object]) -> bool:
    """https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/regex"""
    found = {bool(translate(command.pattern).search(v)) for v in values_of(event, command.field)}
    if not found and command.negated:
        raise Doubtful("regex != on a missing field")
    if len(found) > 1:
        raise Doubtful("regex on a field of many values, some of which match")
    return found == {not command.negated}


def _take(command: Rex, event: Event) -> Event:
    """https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/rex: where
    the pattern matches nothing, fields stay as they are.
    """
    texts = values_of(event, command.field)
    if len(texts) != 1:
        if texts:
            raise Doubtful("rex on a field of many values")
        return event
    pattern = translate(command.pattern)
    found = [*pattern.finditer(texts[0])][: command.most or None]
    taken = dict(event)
    for name in pattern.groupindex:
        values = [match[name] for match in found if match[name] is not None]
        if values:
            taken[name] = values[0] if len(values) == 1 else values
    return taken


def _choose(command: Fields, event: Event) -> Event:
    """``fields`` keeps ``_raw`` and ``_time`` too unless they are taken away; ``table`` does not:
    https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/fields
    """
    patterns = [".*".join(map(re.escape, name.split("*"))) for name in command.names]

    def named(field: str) -> bool:
        return any(re.fullmatch(pattern, field) for pattern in patterns)

    def kept(field: str) -> bool:
        if not command.keep:
            return not named(field)
        return named(field) or (command.command == "fields" and field in ("_raw", "_time"))

    return {name: value for name, value in event.items() if kept(name)}
