"""Sequences and samples of EQL: the events of each step, and the state machine over all of them.

The events of the steps come together by ``multisearch``, which no limit of subsearches cuts off;
an event that meets several steps is there once for each. ``transaction`` is no counterpart: it
evicts what it has no memory for, and takes all that lies between two events of a key into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from kqlx.backends.comments import comment_lines, comments_of
from kqlx.backends.spl.multiple_sources import Search, WrittenSource
from kqlx.backends.spl.search import search_of
from kqlx.backends.spl.sequence_keys import STEP, SharedKeys, keys_of, rows, shared
from kqlx.backends.spl.sequence_states import FIRST, LAST, UNTIL, numbers_of, states
from kqlx.backends.spl.syntax import COMMENT, fold, fold_condition
from kqlx.backends.target import Emission, Plan, PlannedEvents, PlannedStep
from kqlx.errors import UnsupportedError
from kqlx.notes import Effect, Note
from kqlx.records import replace
from kqlx.rules.model import Rule
from kqlx.sequences import Pipe, Sample, Sequence

MOST_ROWS = 10_000
"""What ``streamstats`` looks back over: ``max_stream_window`` in limits.conf."""

_EVENT = "event"


def emit_events(plan: Plan, events: PlannedEvents) -> Emission:
    """The search for a sequence or a sample. Raises UnsupportedError."""
    if plan.format == "tstats":
        raise UnsupportedError(
            "tstats counts events and keeps none, so that it cannot put them in order",
            code="construct-not-supported",
            hint="take the format query, savedsearches or escu",
        )
    asked = events.asked
    steps = [*events.steps, *([events.until] if events.until is not None else [])]
    keys = [keys_of(step, _finer(step, events)) for step in steps]
    common = shared(keys)
    each: list[WrittenSource] = []
    notes: list[Note] = []
    for number, step, its in zip(_numbers(events), steps, keys, strict=True):
        for place, source in enumerate(step.sources):
            written = search_of(source.bound, source.options)
            made = written.with_form(rows(its, place, common, number), (), ())
            each.append(made)
            notes += _in_place(step, events, written.notes)
        notes += its.notes
    grouping = [*common.commands(), *_form(asked, common), *_pipes(events.pipes)]
    notes += _notes(plan.rule, asked)
    sources = tuple(written.search for written in each)
    comments = comment_lines(COMMENT, comments_of(plan))
    search = Search(sources, tuple(grouping), comments=tuple(comments))
    pieces = tuple(piece for written in each for piece in written.pieces)
    return Emission(search.text, tuple(notes), True, structure=search, pieces=pieces)


def _is_absent(step: PlannedStep, events: PlannedEvents) -> bool:
    """Whether an event of the step undoes what others make."""
    return step is events.until or step.step.missing


def _finer(step: PlannedStep, events: PlannedEvents) -> Effect:
    return Effect.WIDER if _is_absent(step, events) else Effect.NARROWER


def _in_place(
    step: PlannedStep, events: PlannedEvents, notes: Iterable[Note]
) -> Iterator[Note]:
    """Notes on a condition: where an event undoes what others make, more of them find less."""
    other = {Effect.WIDER: Effect.NARROWER, Effect.NARROWER: Effect.WIDER}
    for note in notes:
        if _is_absent(step, events):
            note = replace(note, effect=other.get(note.effect, note.effect))
        yield note


def _numbers(events: PlannedEvents) -> list[int]:
    if isinstance(events.asked, Sample):
        return [*range(1, len(events.steps) + 1)]
    found = [*numbers_of(events.asked).steps]
    return found if events.until is None else [*found, UNTIL]


def _form(asked: Sequence | Sample, keys: SharedKeys) -> list[str]:
    return states(asked, keys) if isinstance(asked, Sequence) else _sample(asked, keys)


def _sample(asked: Sample, keys: SharedKeys) -> list[str]:
    """As many different events as there are steps, one for each: of any so many steps there are at
    least so many events.
    """
    numbers = range(1, len(asked.steps) + 1)
    aggregates, conditions = [], []
    for size in numbers:
        for some in combinations(numbers, size):
            name = "events" if size == len(numbers) else f"events_{'_'.join(map(str, some))}"
            counted = _EVENT
            if size < len(numbers):
                tests = " OR ".join(f"{STEP}={number}" for number in some)
                counted = f"eval(if({tests}, {_EVENT}, null()))"
            aggregates.append(f"dc({counted}) as {name}")
            conditions.append(f"{name}>={size}")
    times = [f"min(_time) as {FIRST}", f"max(_time) as {LAST}"]
    return [
        f'| eval {_EVENT}=md5(_time."|"._raw)',
        "| " + fold(filter(None, ["stats", *aggregates, *times, keys.clause])),
        "| where " + fold_condition(" AND ".join(conditions)),
    ]


def _pipes(pipes: tuple[Pipe, ...]) -> Iterator[str]:
    """What keeps some of the results, the last ones in order of time again."""
    for pipe in pipes:
        yield f"| {pipe.name} {pipe.count}"
        if pipe.name == "tail":
            yield "| reverse"


def _notes(rule: Rule, asked: Sequence | Sample) -> Iterator[Note]:
    return iter(())
