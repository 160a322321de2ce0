"""Sequences and samples of EQL: the events of each step, and the state machine over all of them.

The events of the steps come together by ``multisearch``, which no limit of subsearches cuts off;
an event that meets several steps is there once for each. ``transaction`` is no counterpart: it
evicts what it has no memory for, and takes all that lies between two events of a key into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from kqlx.backends.comments import comment_lines, comments_of
from kqlx.backends.spl.grouped_results import FIRST, LAST
from kqlx.backends.spl.lookups import with_lookups
from kqlx.backends.spl.multiple_sources import Search, SourceSearch, Together, WrittenSource
from kqlx.backends.spl.search import search_of
from kqlx.backends.spl.sequence_entities import EarlierEntity, of_earlier
from kqlx.backends.spl.sequence_keys import STEP, SharedKeys, keys_of, rows, shared
from kqlx.backends.spl.sequence_schedule import (
    in_look_back,
    looks_back,
    only_new,
    window_notes,
)
from kqlx.backends.spl.sequence_states import UNTIL, numbers_of, states
from kqlx.backends.spl.syntax import COMMENT, fold, fold_condition
from kqlx.backends.target import Emission, Plan, PlannedEvents, PlannedStep
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.notes import Effect, Note, of_absent
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import about_window
from kqlx.sequences import Pipe, Sample, Sequence

MOST_ROWS = 10_000
"""What ``streamstats`` looks back over: ``max_stream_window`` in limits.conf."""

_EVENT = "event"


def emit_events(plan: Plan, events: PlannedEvents) -> Emission:
    """The search for a sequence or a sample. Raises UnsupportedError."""
    if plan.format == "tstats":
        raise UnsupportedError(
            f"the rule is a {type(events.asked).__name__.lower()}, and tstats counts events without"
            " their order",
            code="several-events",
            hint=Hint("take another ", Argument("format")),
        )
    asked = events.asked
    steps = [*events.steps, *([events.until] if events.until is not None else [])]
    keys = [keys_of(step, _finer(step, events)) for step in steps]
    common = shared(keys)
    each: list[WrittenSource] = []
    notes: list[Note] = []
    counts_twice = False
    for number, step, its in zip(_numbers(events), steps, keys, strict=True):
        for place, source in enumerate(step.sources):
            written = search_of(source.bound, source.options)
            written = in_look_back(plan.rule, asked, written, source.options)
            made = written.with_form(rows(its, place, common, number), (), ())
            made = with_lookups(made, source.bound, common.by)
            each.append(made)
            notes += _in_place(step, events, made.notes)
        notes += its.notes
        places = each[-len(step.sources) :]
        counts_twice |= step.step.runs > 1 and len({one.search for one in places}) > 1
    carried = () if plan.format == "query" else of_earlier(plan.rule, events, keys)
    grouping = [*common.commands(), *([_once(common)] if counts_twice else [])]
    grouping += _form(asked, common, carried)
    grouping += [*only_new(plan.rule, asked, plan.format), *_pipes(events.pipes)]
    notes += _notes(plan, asked)
    sources = tuple(written.search for written in each)
    _refuse_records(steps, sources)
    comments = comment_lines(COMMENT, comments_of(plan))
    about = _together(plan.rule, events, common, carried)
    search = Search(sources, tuple(grouping), comments=tuple(comments), together=about)
    pieces = tuple(piece for written in each for piece in written.pieces)
    return Emission(search.text, tuple(notes), True, structure=search, pieces=pieces)


def _refuse_records(steps: Iterable[PlannedStep], sources: Iterable[SourceSearch]) -> None:
    """Raises UnsupportedError for steps of which one puts records together."""
    joined = any(source.bound.records for step in steps for source in step.sources)
    if joined and len({*sources}) > 1:
        why = "Splunk's multisearch takes no stats, which puts the records of an event together"
        what = "a sequence over several records of an event"
        note = Note("several-events", Effect.DIFFERENT, f"{what}: {why}")
        raise UnsupportedError(
            f"cannot convert {what}: {why}", code="several-events", notes=(note,)
        )


def together(rule: Rule, events: PlannedEvents) -> Together:
    """What the results of a sequence or a sample are about. Raises UnsupportedError."""
    steps = [*events.steps, *([events.until] if events.until is not None else [])]
    keys = [keys_of(step, _finer(step, events)) for step in steps]
    return _together(rule, events, shared(keys), of_earlier(rule, events, keys))


def _together(
    rule: Rule, events: PlannedEvents, common: SharedKeys, carried: tuple[EarlierEntity, ...]
) -> Together:
    fields = [key.name for key in events.steps[0].step.keys]
    keys = [pair for pair in zip(fields, common.names, strict=True) if pair[1]]
    keeps_last = isinstance(events.asked, Sequence)
    earlier = tuple((one.carried.name, one.kind, one.type) for one in carried)
    return Together(tuple(keys), keeps_last, looks_back(rule, events.asked), earlier)


def _is_absent(step: PlannedStep, events: PlannedEvents) -> bool:
    """Whether an event of the step undoes what others make."""
    return step is events.until or step.step.missing


def _finer(step: PlannedStep, events: PlannedEvents) -> Effect:
    return Effect.WIDER if _is_absent(step, events) else Effect.NARROWER


def _in_place(step: PlannedStep, events: PlannedEvents, notes: Iterable[Note]) -> Iterator[Note]:
    """Notes on a condition: where an event undoes what others make, more of them find less."""
    return of_absent(notes) if _is_absent(step, events) else iter(notes)


def _once(keys: SharedKeys) -> str:
    """Leaves one row of an event that two data sources of a step have, where rows are counted:
    those of one number in a bucket are one event. Rows without such a number all stay.
    """
    return "| " + fold(["dedup index splunk_server _cd", STEP, *keys.by, "keepempty=true"])


def _numbers(events: PlannedEvents) -> list[int]:
    if isinstance(events.asked, Sample):
        return [*range(1, len(events.steps) + 1)]
    found = [*numbers_of(events.asked).steps]
    return found if events.until is None else [*found, UNTIL]


def _form(
    asked: Sequence | Sample, keys: SharedKeys, carried: tuple[EarlierEntity, ...]
) -> list[str]:
    if isinstance(asked, Sample):
        return _sample(asked, keys)
    return states(asked, keys, tuple(one.carried for one in carried))


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


def _notes(plan: Plan, asked: Sequence | Sample) -> Iterator[Note]:
    rule = plan.rule
    yield from about_window(rule)
    if isinstance(asked, Sequence):
        yield from _about_order(rule, asked)
        message = (
            f"streamstats looks back over {MOST_ROWS:,} events of the steps: of more, a sequence"
            " with the earlier ones is not found"
        )
        hint = "raise max_stream_window in limits.conf"
        yield Note("sequence-limits", Effect.SAME, message, hint=hint)
        if numbers_of(asked).has_trailing:
            message = (
                "an event that must be missing at the end is one that has not arrived when the"
                " search runs: before maxspan is over it may still come, after the alert"
            )
            yield Note("sequence-window", Effect.SAME, message)
    yield from window_notes(rule, asked, plan.format)


def _about_order(rule: Rule, asked: Sequence) -> Iterator[Note]:
    if len(asked.steps) > 1:
        message = "events of the same time never follow one another, as from one step to the next"
        hint = (
            "where times are whole seconds, sort 0 _time step instead of -step lets those of one"
            " second follow in the order of the steps"
        )
        yield Note("sequence-ties", Effect.SAME, message, hint=hint)
    if name := rule.text("tiebreaker_field"):
        message = f"{name} puts events of the same time in order, and is left out"
        yield Note("sequence-ties", Effect.NARROWER, message)
    if (name := rule.text("timestamp_field")) not in ("", "@timestamp"):
        message = f"{name} puts the rule's events in order, for which _time stands"
        yield Note("sequence-order", Effect.DIFFERENT, message)
