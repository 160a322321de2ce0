"""Each field and value of real documents asked for in every destination of a pack, and the answers
on the stored events judged by the law of ``agreement``.

For a value: is it equal, does it begin so, is it not equal; for a field: is there one, is there
none, is it a value that no event has. Every query is put to all events of the data source, so that
a query for the value of one event is one for another value of all the rest.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import kqlx
from kqlx.elastic import ecs
from kqlx.frontends.kql.formatter import format_node
from kqlx.frontends.shown import shown
from kqlx.mappings.pack import Destination, Pack
from kqlx.nodes import (
    Equals,
    Exists,
    FunctionTest,
    Like,
    Literal,
    Node,
    Not,
    Pattern,
    Regexp,
    all_of,
    any_of,
    walk,
)
from kqlx.testing.agreement import REFUSALS, Claim, Malformed, Unsettled
from kqlx.testing.bounds import Kibana
from kqlx.testing.edges import NOW
from tests.oracles.pack_events import Converted, converted, joined_by, types_of
from tests.oracles.pair_files import Pair, Values, known
from tests.oracles.pair_stored import in_sentinel, in_splunk
from tests.oracles.sentinel_rows import NotExecuted, matching
from tests.oracles.spl.errors import Doubtful, NotEvaluated
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import Event as FlatEvent
from tests.oracles.spl.events import stored_event
from tests.oracles.spl.reader import parse_search

NUMBER = "pair_number"
FORM = "pair_form"
NOBODYS = "no-event-has-this"
LONGEST = 300
"""Longer values are not asked for: no rule does, and limits of length are told elsewhere."""


@dataclass(frozen=True, slots=True)
class Question:
    """One query, and the field and value that it is about."""

    field: str
    value: Any
    node: Node


def questions(pairs: Sequence[Pair], share: int = 1, rate: int = 1) -> Iterator[Question]:
    """What is asked: of the values of a field the first, and of the others one in ``share``; and
    of all questions one in ``rate``.
    """
    for question in _all_questions(pairs, share):
        text = format_node(question.node)
        if zlib.crc32(text.encode()) // 7 % rate == 0:
            yield question


def _all_questions(pairs: Sequence[Pair], share: int) -> Iterator[Question]:
    names: dict[str, list[Any]] = {}
    for pair in pairs:
        for name, held in pair.fields.items():
            seen = names.setdefault(name, [])
            seen += [value for value in dict.fromkeys(held) if value not in seen]
    for name, found in sorted(names.items()):
        values = list(found)
        yield Question(name, None, Exists(Literal(name)))
        yield Question(name, None, Not(Exists(Literal(name))))
        if isinstance(values[0], str):
            yield Question(name, NOBODYS, Not(_equals(name, NOBODYS)))
        for place, value in enumerate(values):
            text = _text(value)
            number = zlib.crc32(f"{name}={text}".encode())
            if (place and number % share) or len(text) > LONGEST:
                continue
            equal = _equals(name, text)
            yield Question(name, value, equal)
            yield Question(name, value, Not(equal))
            # Kibana takes blanks at the ends of a pattern away.
            if isinstance(value, str) and len(value) > 3 and not value[0].isspace():
                start = Pattern.between_stars((value[: 3 + len(value) // 3], ""))
                yield Question(name, value, Like(Literal(name), start))
                yield Question(name, value, Not(Like(Literal(name), start)))


def _equals(name: str, text: str) -> Equals:
    return Equals(Literal(name), Literal(text, True))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


Asked = Callable[[Sequence[Pair], int, int], Iterator[Question]]


def questions_in_eql(pairs: Sequence[Pair], share: int = 1, rate: int = 1) -> Iterator[Question]:
    """The same by what Kibana KQL has no words for: regular expressions, and functions of values,
    of the fields that hold texts.
    """
    for question in _all_questions(pairs, share):
        value = question.value
        if not isinstance(question.node, Equals) or not isinstance(value, str) or not value:
            continue
        if (
            any(sign in value for sign in "\n\r")
            or ecs.types().get(question.field, "keyword") != "keyword"
        ):
            continue
        for condition in _conditions(_eql_name(question.field), value):
            if zlib.crc32(condition.encode()) // 7 % rate:
                continue
            for text in (condition, f"not ({condition})"):
                yield replace(question, node=kqlx.parse(f"any where {text}", language="eql"))


def _eql_name(name: str) -> str:
    return ".".join(f"`{part}`" for part in name.split("."))


def _conditions(field: str, value: str) -> Iterator[str]:
    start, end = (_eql_text(part) for part in (value[:2], value[-3:]))
    expression = "".join(f"[{c}]" if c.isalnum() else f"\\{c}" for c in value[:40])
    more = ".*" if value[40:] else ""
    yield f"{field} regex {_eql_text(expression + more)}"
    yield f"{field} regex~ {_eql_text('.*[a-z].*')}"
    yield f"{field} regex {_eql_text('.{' + str(len(value)) + '}')}"
    yield f"length({field}) == {len(value.encode('utf-16-le')) // 2}"
    yield f"substring({field}, 0, 2) == {start}"
    yield f'endsWith(concat({field}, "|"), concat({end}, "|"))'
    yield f"stringContains~({field}, substring({field}, 1, 3))"


def _eql_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


@dataclass
class Tally:
    """What came of the questions in one target."""

    asked: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    not_executed: int = 0
    agree: int = 0
    announced: int = 0
    known: int = 0
    reports: list[str] = field(default_factory=list)
    broken: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"{self.asked} queries put, {sum(self.refused.values())} refused, "
            f"{self.not_executed} not executed; {self.agree} answers agree, {self.announced} "
            f"differ as a note says, {self.known} as is known, {len(self.reports)} unannounced"
        )


@dataclass(frozen=True)
class Store:
    """The events of one data source as a target holds them: ``forms`` are those of Splunk, by the
    number of the pair, each of one event or, where Elastic joins several, of these; ``tables`` are
    the rows of Sentinel. A query that finds one of several finds the document. Where documents are
    not ``complete``, those that are not among the ``whole`` ones are asked about the fields that
    they have.
    """

    pack: Pack
    target: str
    pairs: tuple[Pair, ...]
    forms: Sequence[Sequence[Sequence[Mapping[str, Any]]]]
    tables: Sequence[Sequence[tuple[str, Mapping[str, Any]]]]
    complete: bool = True
    whole: frozenset[str] = frozenset()

    def knows(self, pair: Pair, name: str) -> bool:
        """Whether the document says what the field is, and that there is none."""
        return self.complete or pair.name in self.whole or name in pair.fields

    @cached_property
    def flats(self) -> list[FlatEvent]:
        """Splunk's events, each in all its forms, with the number of its pair."""
        json = any(d.place.get("json") for d in self.destinations)
        nulls = (None, "null") if json else (None,)
        return [
            {
                **stored_event(event, json, null=null),
                **_time(pair),
                NUMBER: str(number),
                FORM: f"{place} {null}",
            }
            for number, pair in enumerate(self.pairs)
            for place, form in enumerate(self.forms[number])
            for null in nulls
            for event in form
        ]

    @cached_property
    def rows(self) -> list[tuple[int, str, Mapping[str, Any]]]:
        return [
            (
                number,
                table,
                {**row, **_generated(pair)} if self.complete else {**_generated(pair), **row},
            )
            for number, pair in enumerate(self.pairs)
            for table, row in self.tables[number]
        ]

    @property
    def destinations(self) -> tuple[Destination, ...]:
        return self.pack.targets[self.target]

    def holds(self, place: Destination) -> bool:
        """Whether some event is there."""
        return bool(self.held_in(place))

    def held_in(self, place: Destination) -> set[int]:
        """The numbers of the pairs that a destination holds."""
        if self.target == "spl":
            flats = self.in_base(str(place.place.get("base") or "*"))
            return {number for number, _ in _forms(flats)}
        tables = tables_of(place.place)
        return {number for number, table, _ in self.rows if table in tables}

    @cached_property
    def held(self) -> set[int]:
        """The numbers of the pairs that some destination holds."""
        return {number for place in self.destinations for number in self.held_in(place)}

    @cached_property
    def _of_base(self) -> dict[str, list[FlatEvent]]:
        return {}

    def in_base(self, base: str) -> list[FlatEvent]:
        if base not in self._of_base:
            self._of_base[base] = evaluate(parse_search(base), self.flats)
        return self._of_base[base]

    def found(self, query: Converted) -> dict[int, set[bool]]:
        """By the number of a pair the answers on its forms; those held elsewhere are left out.

        Raises Malformed, NotExecuted and Unsettled.
        """
        if self.target == "spl":
            flats = self.in_base(str(query.bound.place.get("base") or "*"))
            text = query.text
            if name := joined_by(query):
                text = text.replace(f", {name}\n", f", {name}, {NUMBER}, {FORM}\n", 1)
            try:
                found = evaluate(parse_search(text), flats, now=NOW.timestamp())
            except (Doubtful, NotEvaluated) as error:
                raise Unsettled(str(error)) from None
            return _answers(_forms(flats), _forms(found))
        tables = tables_of(query.bound.place)
        rows = [row for row in self.rows if row[1] in tables]
        hits = matching(query.text, tables, rows, joined_by(query))
        return {number: {number in hits} for number, _, _ in rows}


def _time(pair: Pair) -> FlatEvent:
    """The event's time, which Splunk takes from the same place as Elastic."""
    stamps = pair.fields.get("@timestamp", ())
    return {"_time": str(datetime.fromisoformat(stamps[0]).timestamp())} if stamps else {}


def _generated(pair: Pair) -> dict[str, Any]:
    """The same in Sentinel."""
    stamps = pair.fields.get("@timestamp", ())
    return {"TimeGenerated": stamps[0]} if stamps else {}


def tables_of(place: Mapping[str, Any]) -> list[str]:
    table = place["table"]
    return [str(name) for name in table] if isinstance(table, list) else [str(table)]


def _forms(flats: Sequence[FlatEvent]) -> set[tuple[int, str]]:
    """The forms of events that some are of."""
    return {(int(str(flat[NUMBER])), str(flat[FORM])) for flat in flats}


def _answers(held: set[tuple[int, str]], found: set[tuple[int, str]]) -> dict[int, set[bool]]:
    """By number: some form is found, some is not."""
    answers: dict[int, set[bool]] = {}
    for number, form in held:
        answers.setdefault(number, set()).add((number, form) in found)
    return answers


def judge(pack: Pack, target: str, pairs: tuple[Pair, ...], share: int = 1, rate: int = 1) -> Tally:
    """The questions in every destination of the target that holds some of the events."""
    return judge_store(
        Store(
            pack,
            target,
            pairs,
            [[[form] for form in in_splunk(pack.source, pair.raw)] for pair in pairs],
            [in_sentinel(pack.source, pair.raw) for pair in pairs],
        ),
        share,
        rate,
    )


def judge_store(store: Store, share: int = 1, rate: int = 1, asked: Asked = questions) -> Tally:
    """The same of events whose forms are known; ``asked`` makes the questions of the documents."""
    pack, target, pairs = store.pack, store.target, store.pairs
    tally = Tally()
    each = [
        replace(pack, targets={target: (place,)})
        for place in pack.targets.get(target, ())
        if store.holds(place)
    ]
    for question in asked(pairs, share, rate):
        for one in each:
            _put(question, one, store, tally)
    return tally


def _put(question: Question, one: Pack, store: Store, tally: Tally) -> None:
    """One question in one destination, beside what must be asserted for it to be chosen."""
    (place,) = one.targets[store.target]
    for when in place.when or ({},):
        asserted = [
            any_of([_equals(name, value) for value in values]) for name, values in when.items()
        ]
        node = all_of([*asserted, question.node])
        text = shown(question.node) if _is_eql(question.node) else format_node(node)
        try:
            made = converted(node if _is_eql(question.node) else text, one, store.target)
        except REFUSALS as error:
            tally.refused[str(error).splitlines()[0]] += 1
            if "never matches" in str(error):
                asked = node if _is_eql(question.node) else kqlx.parse(text)
                _never(question, text, asked, store, Claim.of(error.notes), tally)
            continue
        tally.asked += 1
        try:
            answers = store.found(made)
        except NotExecuted:
            tally.not_executed += 1
            continue
        except (Malformed, Unsettled) as error:
            tally.reports.append(f"{type(error).__name__}: {error}\n{text}\n{made.text}")
            continue
        _compare(question, text, made, answers, store, tally)


def _is_eql(node: Node) -> bool:
    """Whether Kibana KQL has no words for it."""
    return any(isinstance(part, FunctionTest | Regexp) for part in walk(node))


def _document(pair: Pair, source: str, names: set[str]) -> dict[str, Any]:
    """Of Elastic's document the fields that a query is about; what all have alike is often left
    out of what is kept of one.
    """
    whole: dict[str, Values] = {
        "event.dataset": (source,),
        "data_stream.dataset": (source,),
        **pair.fields,
    }
    return {name: list(values) for name, values in whole.items() if name in names}


def _names(question: Question, place: Destination) -> set[str]:
    return {question.field, *(name for when in place.when for name in when)}


def _compare(
    question: Question,
    text: str,
    made: Converted,
    answers: Mapping[int, set[bool]],
    store: Store,
    tally: Tally,
) -> None:
    claim = Claim.of(made.notes)
    kibana = Kibana(made.node, types_of(made.node, store.pack))
    assert made.bound.destination is not None
    names = _names(question, made.bound.destination)
    for number, found in answers.items():
        if not store.knows(store.pairs[number], question.field):
            continue
        document = _document(store.pairs[number], store.pack.source, names)
        bounds = kibana.bounds(document, folded=claim.folded)
        broken = {b for answer in found if (b := claim.broken_by(answer, bounds))}
        if not broken:
            exact = found == {kibana.exact(document)}
            tally.agree += exact
            tally.announced += not exact
        elif _is_known(store.pairs[number], question):
            tally.known += 1
        else:
            notes = "\n    ".join(f"{n.code} ({n.effect}): {n.message}" for n in made.notes)
            tally.broken[question.field, ", ".join(sorted(broken))] += 1
            tally.reports.append(
                f"{store.pairs[number].name} {' and '.join(sorted(broken))}\n  {text}\n"
                f"  {made.text}\n  document: {document}\n    {notes}"
            )


def _is_known(pair: Pair, question: Question) -> bool:
    return any(item.covers(pair.name, question.field, question.value) for item in known())


def _never(
    question: Question, text: str, node: Node, store: Store, claim: Claim, tally: Tally
) -> None:
    """What is said never to match must not match in Kibana either, unless a note tells so."""
    kibana = Kibana(node, types_of(node, store.pack))
    names = _names(question, store.destinations[0])
    for destination in store.destinations:
        names |= _names(question, destination)
    for pair in (store.pairs[number] for number in store.held):
        document = _document(pair, store.pack.source, names)
        if claim.may_miss or not store.knows(pair, question.field) or not kibana.exact(document):
            continue
        if _is_known(pair, question):
            tally.known += 1
            continue
        tally.broken[question.field, "is refused as one that never matches"] += 1
        tally.reports.append(f"{pair.name} matches, and is refused as one that never does: {text}")
