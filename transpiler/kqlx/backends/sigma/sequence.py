"""Sequences and samples as correlations: ``temporal_ordered`` or ``temporal`` over rules for the
steps (https://github.com/SigmaHQ/sigma-specification, sigma-correlation-rules-specification.md).

A step that one rule cannot say, for its events are in several log sources or must come several
times, is a correlation by itself, an ``event_count``, which the other one refers to. A correlation
says which events there must be within a time, and no more: what ends a sequence, what must be
missing, and that no event is in two sequences, it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, pairwise

from kqlx.backends.sigma.correlations import Alias, Correlation
from kqlx.backends.target import PlannedEvents, PlannedSource, PlannedStep
from kqlx.elastic import ecs
from kqlx.mappings.asserted_values import AnyCase, asserted_values, is_single
from kqlx.mappings.bound import Bound
from kqlx.mappings.field_values import Constant, Extracted, InColumn, Missing, resolve
from kqlx.nodes import Equals, Exists, Literal, Node, Not, all_of
from kqlx.records import dataclass
from kqlx.rules.model import Rule
from kqlx.rules.schedule import written_look_back
from kqlx.sequences import Sample, Step

UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""Sigma's units of a timespan, in seconds."""


@dataclass(frozen=True, slots=True)
class AskedStep:
    """A step of which there must be ``runs`` events; ``number`` is its place in the rule."""

    number: int
    planned: PlannedStep
    runs: int

    @property
    def sources(self) -> tuple[PlannedSource, ...]:
        return self.planned.sources

    @property
    def is_counted(self) -> bool:
        """Whether one rule cannot say it."""
        return self.runs > 1 or len(self.sources) > 1


@dataclass(frozen=True, slots=True)
class Key:
    """A value that all events share: its name in the correlation, and by step its columns in the
    step's log sources. ``is_alias`` says that the name is none of theirs.
    """

    name: str
    columns: tuple[tuple[str, ...], ...]
    is_alias: bool


@dataclass(frozen=True, slots=True)
class StepCorrelation:
    """The correlation of a step, by which the one for all refers to it."""

    step: AskedStep
    correlation: Correlation


def asked_steps(events: PlannedEvents) -> tuple[AskedStep, ...]:
    """The steps that there must be, those that are missing left out. Of a sequence equal ones that
    follow one another are one, which comes several times.
    """
    found: list[AskedStep] = []
    for number, planned in enumerate(events.steps, 1):
        step = planned.step
        if step.missing:
            continue
        last = found[-1] if found and not isinstance(events.asked, Sample) else None
        if last is not None and _are_equal(last.planned.step, step):
            found[-1] = AskedStep(last.number, last.planned, last.runs + step.runs)
        else:
            found.append(AskedStep(number, planned, step.runs))
    return tuple(found)


def _are_equal(one: Step, other: Step) -> bool:
    return (one.condition, one.keys) == (other.condition, other.keys)


def kept_sources(events: PlannedEvents) -> list[tuple[PlannedSource, list[str]]]:
    """The sources of the steps that there must be, in order, each with the columns that its events
    must have: of the keys that are not optional.
    """
    steps = asked_steps(events)
    found = []
    for step in steps:
        for source in step.sources:
            keys = [key.name for key in step.planned.step.keys if not key.optional]
            columns = [column_of(source.bound, key)[0] for key in keys]
            found.append((source, [*dict.fromkeys(filter(None, columns))]))
    return found


def with_values(bound: Bound, columns: list[str]) -> Node:
    """The condition on events that have a value of the columns. Some engines take events without
    any for events of one value.
    """
    more: list[Node] = []
    for name in columns:
        field = Literal(name)
        more.append(Exists(field))
        absent = bound.destination.absent_in(name) if bound.destination is not None else ()
        more += [Not(Equals(field, Literal(value))) for value in absent]
    return all_of([bound.node, *more])


def column_of(bound: Bound, key: str) -> tuple[str, bool]:
    """The column of a key, "" for what is the same on all events, and whether it is known."""
    if not bound.uses_target_names:
        return key, True
    match resolve(bound, key):
        case Constant():
            return "", True
        case InColumn(column=column) | Extracted(column=column):
            return column, True
        case _:
            return key, False


def keys_of(events: PlannedEvents) -> tuple[Key, ...]:
    """The keys by which events belong together."""
    found: dict[str, Key] = {}
    steps, left_out = asked_steps(events), keys_left_out(events)
    for number, first in enumerate(steps[0].planned.step.keys):
        if first.name in left_out:
            continue
        columns = tuple(
            tuple(column_of(source.bound, step.planned.step.keys[number].name)[0] for source in
                  step.sources)
            for step in steps
        )  # fmt: skip
        names = {name for each in columns for name in each}
        if names == {""}:
            continue
        if len(names) == 1:
            (name,) = names
            found[name] = Key(name, columns, False)
            continue
        taken = {*found, *names}
        name = free = re.sub("[^a-z0-9]+", "_", first.name.lower()).strip("_") or "key"
        count = 2
        while free in taken:
            free = f"{name}_{count}"
            count += 1
        found[free] = Key(free, columns, True)
    return tuple(found.values())


def correlation_of(
    events: PlannedEvents, rule: Rule
) -> tuple[Correlation, tuple[StepCorrelation, ...]]:
    """The correlation of all steps, and those of steps to which it refers. The aliases of the first
    name a field for each step, or, where there is one step, for each of its log sources.
    """
    steps, span = asked_steps(events), timespan(events, rule)
    keys = keys_of(events)
    by = tuple([key.name for key in keys])
    if len(steps) == 1:
        return _counted(steps[0], 0, keys, span), ()
    own = tuple(
        StepCorrelation(step, _counted(step, number, keys, span))
        for number, step in enumerate(steps)
        if step.is_counted
    )
    aliases = tuple(
        Alias(
            key.name,
            tuple(
                key.name if step.is_counted else key.columns[number][0]
                for number, step in enumerate(steps)
            ),
        )
        for key in keys
        if key.is_alias
    )
    type = "temporal" if isinstance(events.asked, Sample) else "temporal_ordered"
    return Correlation(type, by, span, len(steps), aliases=aliases), own


def _counted(step: AskedStep, number: int, keys: tuple[Key, ...], span: str) -> Correlation:
    """The count of a step's events, by the same names as all steps."""
    aliases = tuple([Alias(key.name, key.columns[number]) for key in keys if key.is_alias])
    by = tuple([key.name for key in keys])
    return Correlation("event_count", by, span, step.runs, aliases=aliases)


def max_span(events: PlannedEvents) -> int | None:
    """How long a sequence may take, in milliseconds; None: it does not say."""
    return None if isinstance(events.asked, Sample) else events.asked.max_span


def timespan(events: PlannedEvents, rule: Rule) -> str:
    """The same in whole seconds, or as long as a run of the rule looks back."""
    length = max_span(events)
    if length is None:
        number, unit = written_look_back(rule)
        return f"{number * 7}d" if unit == "w" else f"{number}{unit}"
    return spelt(-(-length // 1000))


def spelt(seconds: int) -> str:
    """So many seconds in the largest of Sigma's units that fits."""
    unit = next(unit for unit, length in UNITS.items() if seconds % length == 0)
    return f"{seconds // UNITS[unit]}{unit}"


def met_by_one_event(events: PlannedEvents) -> Iterator[tuple[AskedStep, AskedStep]]:
    """The steps that one event may meet together: of a sequence those that follow one another."""
    steps = asked_steps(events)
    pairs = combinations(steps, 2) if isinstance(events.asked, Sample) else pairwise(steps)
    for one, other in pairs:
        if _have_common_place(one, other) and not _exclude(one.planned.step, other.planned.step):
            yield one, other


def may_count_twice(events: PlannedEvents) -> Iterator[AskedStep]:
    """The steps that come several times whose events may be in two of their log sources at once,
    which are different ones, each with a rule.
    """
    for step in asked_steps(events):
        places = [source.bound.place.get("logsource") for source in step.sources]
        if step.runs > 1 and any(
            one != other and _overlap(one, other) for one, other in combinations(places, 2)
        ):
            yield step


def _have_common_place(one: AskedStep, other: AskedStep) -> bool:
    return any(
        _overlap(first.bound.place.get("logsource"), second.bound.place.get("logsource"))
        for first in one.sources
        for second in other.sources
    )


def _overlap(one: object, other: object) -> bool:
    """Whether an event may be of both log sources: none of what both say is different."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return True
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def _exclude(one: Step, other: Step) -> bool:
    """Whether no event meets both: a field of one value has another one."""
    first, second = asserted_values(one.condition), asserted_values(other.condition)
    for name in first.keys() & second.keys():
        if is_single(name):
            for values in first[name]:
                texts = {_text(value) for value in values}
                if any(texts.isdisjoint(map(_text, others)) for others in second[name]):
                    return True
    return False


def _text(value: str | AnyCase) -> str:
    return (value.text if isinstance(value, AnyCase) else value).lower()


def lists_of_values(events: PlannedEvents) -> list[str]:
    """The keys that may have several values."""
    names = [key.name for step in events.steps for key in step.step.keys]
    return [name for name in dict.fromkeys(names) if name in ecs.arrays()]


def parts_and_wholes(events: PlannedEvents) -> Iterator[tuple[str, set[str], set[str]]]:
    """Of each key that is a part of some columns these, and the columns that are the key itself."""
    steps = asked_steps(events)
    for number, first in enumerate(steps[0].planned.step.keys):
        parts: set[str] = set()
        wholes: set[str] = set()
        for step in steps:
            for source in step.sources:
                match resolve(source.bound, step.planned.step.keys[number].name):
                    case Extracted(column=column):
                        parts.add(column)
                    case InColumn(column=column):
                        wholes.add(column)
        if parts:
            yield first.name, parts, wholes


def keys_left_out(events: PlannedEvents) -> tuple[str, ...]:
    """The keys without which a short sequence is joined: parts of columns, whose whole values would
    be compared. Those that are columns themselves must be left, and nothing is counted by them.
    """
    span = max_span(events)
    parts = [name for name, _, _ in parts_and_wholes(events)]
    first, *others = asked_steps(events)
    if not others or any(step.is_counted for step in (first, *others)):
        return ()
    whole = [key.name for key in first.planned.step.keys if key.name not in parts]
    known = all(
        name and is_known
        for source in first.sources
        for name, is_known in [column_of(source.bound, key) for key in whole]
    )
    return tuple(parts) if span and span <= _MOST_WITHOUT_PARTS and whole and known else ()


_MOST_WITHOUT_PARTS = 5 * 60 * 1000
"""So many milliseconds a sequence may take to be joined without one of its keys: few events of one
machine meet its steps in so short a time by chance.
"""


def constant_keys(events: PlannedEvents) -> Iterator[tuple[str, str]]:
    """The keys that have one value on all events of some log source and another one, or a column,
    in others, each with the values.
    """
    steps = asked_steps(events)
    for number, first in enumerate(steps[0].planned.step.keys):
        found = [
            resolve(source.bound, step.planned.step.keys[number].name)
            for step in steps
            for source in step.sources
            if source.bound.uses_target_names
        ]
        values = {one.value for one in found if isinstance(one, Constant)}
        if values and (len(values) > 1 or not all(isinstance(one, Constant) for one in found)):
            yield first.name, " or ".join(sorted(values))


def missing_keys(events: PlannedEvents) -> Iterator[tuple[str, str]]:
    """The keys without a counterpart, each with why, "" where no pack says it."""
    found: dict[str, str] = {}
    for step in asked_steps(events):
        for source in step.sources:
            for key in step.planned.step.keys:
                _, known = column_of(source.bound, key.name)
                if not known:
                    value = resolve(source.bound, key.name)
                    why = value.reason if isinstance(value, Missing) else ""
                    found.setdefault(key.name, why)
    yield from found.items()
