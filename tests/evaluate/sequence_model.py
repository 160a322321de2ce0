"""Sequences and samples found by a second way, step by step over all events at once, and queries
and streams drawn at random that have all that decides: repeats, ties, keys of several values and of
none, exact spans, events that meet several steps.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from random import Random
from typing import Any

from kqlx.nodes import Equals, Literal
from kqlx.sequences import Sample, Sequence, Step

Event = dict[str, Any]

START = 1_700_000_000_000


def found_by_model(
    asked: Sequence | Sample, events: list[Event], stored_order: bool = False
) -> list[tuple[int, ...]]:
    """The numbers of the events of each sequence, sorted; of a sample, which may be of any events
    that do, there are none. ``stored_order`` is as for ``find_sequences``.
    """
    keys = {key for step in asked.steps for event in events for key in _keys(step, event)}
    if isinstance(asked, Sample):
        return [() for key in keys if _is_sample(asked, events, key)]
    order = _in_stored_order if stored_order else _time
    return sorted(item for key in keys for item in _sequences_of(asked, events, key, order))


def _keys(step: Step, event: Event) -> list[tuple[Any, ...]]:
    keys: list[tuple[Any, ...]] = [()]
    for name in step.keys:
        value = event.get(name.name)
        values = value if isinstance(value, list) else [] if value is None else [value]
        if not values and name.optional:
            values = [None]
        keys = [(*key, one) for key in keys for one in values]
    return keys


def _meeting(step: Step, events: list[Event], key: tuple[Any, ...]) -> list[Event]:
    kind = kind_of(step)
    return [event for event in events if kind in event["kind"] and key in _keys(step, event)]


def kind_of(step: Step) -> str:
    """The kind of events that a drawn step asks for."""
    assert isinstance(step.condition, Equals)
    return step.condition.value.name


def _time(event: Event) -> int:
    return int(event["@timestamp"])


def _in_stored_order(event: Event) -> tuple[int, int]:
    return _time(event), event["n"]


def _sequences_of(
    asked: Sequence, events: list[Event], key: tuple[Any, ...], order: Callable[[Event], Any]
) -> list[tuple[int, ...]]:
    """Elasticsearch's way: all events of a step are led to what the step before has left."""
    ends = [order(one) for one in _meeting(asked.until, events, key)] if asked.until else []
    left: list[list[Event]] = []
    first = True
    for step in asked.steps:
        if step.missing:
            continue
        for _ in range(step.runs):
            candidates = _meeting(step, events, key)
            if first:
                left, first = [[one] for one in candidates], False
                continue
            reached = []
            for one in candidates:
                before = [item for item in left if order(item[-1]) < order(one)]
                if not before:
                    continue
                left = left[len(before) :]
                last = before[-1]
                too_long = asked.max_span and _time(one) - _time(last[0]) > asked.max_span
                ended = any(order(last[-1]) <= end < order(one) for end in ends)
                if not too_long and not ended:
                    reached.append([*last, one])
            left = reached
    return [tuple(one["n"] for one in item) for item in left if _nothing(asked, item, events, key)]


def _nothing(
    asked: Sequence, found: list[Event], events: list[Event], key: tuple[Any, ...]
) -> bool:
    """Whether the events of missing steps are missing."""
    start, end = _time(found[0]), _time(found[-1])
    place = 0
    before, after = [], []
    for step in asked.steps:
        times = [_time(one) for one in _meeting(step, events, key)] if step.missing else []
        if not step.missing:
            place += step.runs
        elif place == 0:
            before += [time for time in times if time < start]
        elif place == len(found):
            after += [time for time in times if time > end]
        elif any(_time(found[place - 1]) < time < _time(found[place]) for time in times):
            return False
    leading, trailing = asked.steps[0].missing, asked.steps[-1].missing
    if not (leading or trailing) or (leading and not before) or (trailing and not after):
        return True
    assert asked.max_span is not None
    return (min(after) if trailing else end) - (max(before) if leading else start) > asked.max_span


def _is_sample(asked: Sample, events: list[Event], key: tuple[Any, ...]) -> bool:
    meeting = [[one["n"] for one in _meeting(step, events, key)] for step in asked.steps]
    numbers = sorted({number for step in meeting for number in step})
    return any(
        all(one in of for one, of in zip(choice, meeting, strict=True))
        for choice in permutations(numbers, len(meeting))
    )


# Drawn

KINDS = "AAABBBCCMU"


def drawn_sequence(random: Random) -> Sequence:
    keys = random.choice([(), ("k",), ("k",), ("k", "j")])
    span = random.choice([None, 4, 8, 12])
    steps = []
    for _ in range(random.choice([2, 2, 3, 4])):
        runs = random.choice([1, 1, 1, 1, 1, 2, 3])
        steps.append(_step(random.choice("ABC"), keys, random, runs=runs))
    if span is not None:
        for place in range(len(steps), -1, -1):
            if random.random() < 0.15:
                steps.insert(place, _step(random.choice("AMMM"), keys, random, missing=True))
    until = _step("U", keys, random) if random.random() < 0.3 else None
    return Sequence(tuple(steps), span, until)


def drawn_sample(random: Random) -> Sample:
    keys = random.choice([("k",), ("k", "j")])
    count = random.randint(2, 4)
    return Sample(tuple([_step(random.choice("ABC"), keys, random) for _ in range(count)]))


def _step(kind: str, keys: tuple[str, ...], random: Random, **options: Any) -> Step:
    optional = random.random() < 0.1
    names = tuple([Literal(key, optional=optional) for key in keys])
    return Step(Equals(Literal("kind"), Literal(kind)), keys=names, **options)


def drawn_stream(random: Random, most: int = 12) -> list[Event]:
    """Events in order of time, of one to three kinds each."""
    times = sorted(random.randint(0, 15) for _ in range(random.randint(most // 2, most)))
    events: list[Event] = []
    for number, time in enumerate(times):
        kinds = sorted({random.choice(KINDS) for _ in range(random.choice([1, 1, 1, 2, 3]))})
        event: Event = {"@timestamp": START + time, "kind": kinds, "n": number}
        for key in "kj":
            values = random.choice([None, "x", "x", "x", "x", "x", "y", ["x", "y"], ["y"]])
            if values is not None:
                event[key] = values
        events.append(event)
    return events
