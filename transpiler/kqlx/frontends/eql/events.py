"""Syntax trees of sequences, samples and pipes → the records of ``kqlx.sequences``."""

from __future__ import annotations

from kqlx.frontends.eql.meaning import node_of
from kqlx.frontends.eql.refused import Refused
from kqlx.frontends.eql.syntax import MILLISECONDS, MOST_RUNS, OTHER_PIPES, PIPES
from kqlx.frontends.eql.syntax_tree import (
    Events,
    Expression,
    Filter,
    Name,
    Number,
    Option,
    Query,
    Span,
)
from kqlx.frontends.eql.syntax_tree import Pipe as WrittenPipe
from kqlx.frontends.eql.syntax_tree import Step as WrittenStep
from kqlx.hints import did_you_mean
from kqlx.nodes import Literal
from kqlx.sequences import EventQuery, Pipe, Sample, Sequence, Step


def query_of(written: Query, category_field: str) -> EventQuery:
    """The query with its meaning. Raises Refused."""
    body = written.body
    if isinstance(body, Filter):
        return EventQuery(node_of(body, category_field), tuple(map(_pipe, written.pipes)))
    if body.kind == "join":
        message = "join is EQL of Endgame, which Elasticsearch does not have"
        span = (body.span[0], body.span[0] + len("join"))
        raise Refused("join-not-supported", message, span, "write sequence, or sample by")
    asked_of = _sequence if body.kind == "sequence" else _sample
    asked = asked_of(body, category_field)
    if body.kind == "sample" and written.pipes:
        message = "no pipe can follow a sample"
        raise Refused("pipe-not-supported", message, written.pipes[0].span, "remove it")
    return EventQuery(asked, tuple(map(_pipe, written.pipes)))


def _sequence(written: Events, category_field: str) -> Sequence:
    start = written.span[0]
    keyword = (start, start + len(written.kind))
    if written.keys_late:
        message = "by stands before with maxspan"
        hint = "write `sequence by … with maxspan=… […] […]`"
        raise Refused("keys-after-maxspan", message, keyword, hint)
    shared = _keys(written.keys)
    max_span = _max_span(written.max_span) if written.max_span is not None else None
    steps = tuple([_step(step, shared, category_field) for step in written.steps])
    _check_counts(steps, written, len(shared))
    until = _step(written.until, shared, category_field) if written.until else None
    if until is not None:
        assert written.until is not None
        if until.missing or until.runs > 1:
            message = "until takes one plain event"
            raise Refused("step-not-supported", message, until.span, "remove ! and runs")
        _check_keys(until, written.until, len(steps[0].keys), len(shared))
    if sum(step.runs for step in steps) < 2:
        message = "a sequence is of two events or more"
        hint = "add a step, or `with runs=…`; a single event needs no sequence"
        raise Refused("too-few-steps", message, keyword, hint)
    if all(step.missing for step in steps):
        message = "a sequence has a step that is not missing"
        raise Refused("missing-steps", message, keyword, "write one of them without !")
    if max_span is None and (missing := next((s for s in steps if s.missing), None)):
        message = "a missing event needs a time in which it is missing"
        hint = "write `with maxspan=…` behind sequence"
        raise Refused("missing-steps", message, missing.span, hint)
    return Sequence(steps, max_span, until, written.span)


def _sample(written: Events, category_field: str) -> Sample:
    shared = _keys(written.keys)
    steps = tuple([_step(step, shared, category_field) for step in written.steps])
    _check_counts(steps, written, len(shared))
    keyword = (written.span[0], written.span[0] + len(written.kind))
    if not steps[0].keys:
        message = "a sample has a field whose value its events share"
        raise Refused("too-few-steps", message, keyword, "write `sample by field […] […]`")
    if len(steps) < 2:
        message = "a sample is of two events or more"
        raise Refused("too-few-steps", message, keyword, "add a step")
    for step in steps:
        if step.missing or step.runs > 1:
            message = "a sample has neither missing events nor runs"
            raise Refused("step-not-supported", message, step.span, "write a sequence")
    return Sample(steps, written.span)


def _step(written: WrittenStep, shared: tuple[Literal, ...], category_field: str) -> Step:
    category = written.filter.category
    return Step(
        condition=node_of(written.filter, category_field),
        category=category.value if category is not None else "",
        keys=shared + _keys(written.keys),
        runs=_runs(written) if written.runs is not None else 1,
        missing=written.missing,
        span=written.span,
    )


def _check_counts(steps: tuple[Step, ...], written: Events, shared: int) -> None:
    for step, one in zip(steps, written.steps, strict=True):
        _check_keys(step, one, len(steps[0].keys), shared)


def _check_keys(step: Step, written: WrittenStep, wanted: int, shared: int) -> None:
    if len(step.keys) == wanted:
        return
    span: Span = written.keys[0].span if written.keys else written.span
    found = len(step.keys) - shared
    message = f"each step has as many fields after by: {wanted - shared} before, {found} here"
    raise Refused("number-of-keys", message, span, "name the fields in the same order at each step")


def _keys(written: tuple[Expression, ...]) -> tuple[Literal, ...]:
    found = []
    for key in written:
        if not isinstance(key, Name):
            message = "by takes the names of fields"
            raise Refused("not-a-key", message, key.span, "for example `by host.id, user.name`")
        found.append(Literal(key.text, False, key.span, optional=key.optional))
    return tuple(found)


def _max_span(option: Option) -> int:
    number = option.number
    if "." in number.text or "e" in number.text.lower():
        message = "a span of time is a whole number with its unit"
        raise Refused("bad-maxspan", message, number.span, "for example `maxspan=90s`")
    if not int(number.text):
        message = "a span of time is longer than nought"
        raise Refused("bad-maxspan", message, number.span, "for example `maxspan=1m`")
    if not option.unit:
        message = "the unit of the span of time is missing"
        raise Refused("bad-maxspan", message, option.span, f"write `maxspan={number.text}s`")
    unit = MILLISECONDS.get(option.unit)
    if unit is None:
        message = f"{option.unit} is no unit of time"
        raise Refused("bad-maxspan", message, option.unit_span, "the units are ms, s, m, h and d")
    return int(number.text) * unit


def _runs(written: WrittenStep) -> int:
    option = written.runs
    assert option is not None
    start = option.span[0]
    if option.name != "runs":
        message = f"a step has no option {option.name}"
        span = (start, start + len(option.name))
        raise Refused("bad-runs", message, span, "write `with runs=…`; maxspan stands before all")
    number = option.number
    count = int(number.text) if number.text.isdigit() else 0
    if not 1 <= count <= MOST_RUNS:
        message = f"runs is a whole number from 1 to {MOST_RUNS}"
        raise Refused("bad-runs", message, number.span, "for example `with runs=5`")
    if written.missing and count > 1:
        message = "a missing event has no runs"
        raise Refused("step-not-supported", message, number.span, "remove `with runs`")
    return count


def _pipe(written: WrittenPipe) -> Pipe:
    start = written.span[0]
    span = (start, start + len(written.name))
    if written.name not in PIPES:
        known = written.name in OTHER_PIPES
        message = f"there is no pipe {written.name}"
        if known:
            message = f"{written.name} is a pipe of Endgame's EQL, which Elasticsearch lacks"
        hint = did_you_mean(written.name, () if known else PIPES, "the pipes are head and tail")
        raise Refused("pipe-not-supported", message, span, hint)
    arguments = written.arguments
    number = arguments[0] if len(arguments) == 1 else None
    if not isinstance(number, Number) or not number.text.isdigit():
        message = f"{written.name} takes one whole number"
        at = arguments[0].span if arguments else span
        raise Refused("pipe-not-supported", message, at, f"for example `| {written.name} 10`")
    return Pipe("head" if written.name == "head" else "tail", int(number.text), written.span)
