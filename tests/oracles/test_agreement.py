"""The instruments that judge the targets: the law, the events, what is assumed of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.evaluate.compiler import compile
from kqlx.notes import Effect, Note
from kqlx.testing.agreement import Claim, Query, Unsettled
from kqlx.testing.bounds import Kibana, has_odd_letters, types_of
from kqlx.testing.edges import NOW, TYPES
from kqlx.testing.near import near_events
from kqlx.testing.stored import Event, as_stored
from kqlx.testing.strategies import events_for, trees
from tests.conftest import examples


@dataclass(frozen=True)
class Answering:
    """An engine that answers as it is told."""

    answer: Callable[[Event], bool]

    def read(self, query: str) -> None:
        pass

    def holds(self, query: str, event: Event) -> bool:
        return self.answer(event)


def judged(text: str, answer: Callable[[Event], bool], *effects: Effect) -> Query:
    node = kqlx.parse(text)
    types = types_of(node)
    notes = tuple(Note("code", effect, "") for effect in effects)
    return Query(node, "a query", notes, types, Kibana(node, types), Answering(answer))


SAME, CASE = Effect.SAME, Effect.CASE
WIDER, NARROWER, DIFFERENT = Effect.WIDER, Effect.NARROWER, Effect.DIFFERENT
HIT, MISS, OTHER_CASE = {"f": "Ab"}, {"f": "x"}, {"f": "aB"}


@pytest.mark.parametrize(
    ("event", "answer", "allowed_by"),
    [
        (HIT, True, {SAME, CASE, WIDER, NARROWER, DIFFERENT}),
        (HIT, False, {NARROWER, DIFFERENT}),
        (MISS, False, {SAME, CASE, WIDER, NARROWER, DIFFERENT}),
        (MISS, True, {WIDER, DIFFERENT}),
        (OTHER_CASE, False, {SAME, CASE, WIDER, NARROWER, DIFFERENT}),
        (OTHER_CASE, True, {CASE, WIDER, DIFFERENT}),
    ],
)
def test_each_effect_allows_what_it_says(
    event: Event, answer: bool, allowed_by: set[Effect]
) -> None:
    for effect in (SAME, CASE, WIDER, NARROWER, DIFFERENT):
        found = judged("f:Ab", lambda _: answer, effect).disagreement(event)
        assert bool(found) is (effect not in allowed_by), effect


def test_case_below_a_not_and_beside_other_effects() -> None:
    assert not judged("not f:Ab", lambda _: False, CASE).disagreement(OTHER_CASE)
    assert judged("not f:Ab", lambda _: False, WIDER).disagreement(OTHER_CASE)
    assert not judged("not f:Ab", lambda _: False, WIDER, CASE).disagreement(OTHER_CASE)
    assert not judged("f:Ab", lambda _: True, NARROWER, CASE).disagreement(OTHER_CASE)
    assert judged("f:Ab", lambda _: True, NARROWER).disagreement(OTHER_CASE)
    assert Claim.of([Note("a", WIDER, ""), Note("b", NARROWER, "")]).allows_all


def test_one_object_of_a_group_bounds_the_case() -> None:
    text = "file.elf.sections:{ name:Ab and physical_size:5 }"
    both = {"file.elf.sections": [{"name": "aB", "physical_size": 5}]}
    apart = {"file.elf.sections": [{"name": "aB"}, {"physical_size": 5}]}
    assert not judged(text, lambda _: True, CASE).disagreement(both)
    assert judged(text, lambda _: True, CASE).disagreement(apart)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("@timestamp >= now-1M and f:a", {"@timestamp": "2024-02-27T23:59:59Z", "f": "A"}),
        ("source.ip:2001\\:DB8\\:\\:1 and f:a", {"source.ip": "2001:db8::1", "f": "A"}),
    ],
)
def test_what_has_no_letter_case_is_not_folded(text: str, event: Event) -> None:
    assert not judged(text, lambda _: True, CASE).disagreement(event)
    assert judged(text, lambda _: True, CASE).disagreement({"f": "A"})


def test_an_open_question_counts_unless_anything_is_allowed() -> None:
    def answer(_: Event) -> bool:
        raise Unsettled("who knows")

    assert "who knows" in judged("f:a", answer, WIDER).disagreement({})
    assert not judged("f:a", answer, DIFFERENT).disagreement({})


def test_letters_without_one_other_case() -> None:
    assert all(map(has_odd_letters, "ßİıſΣς"))
    assert not any(map(has_odd_letters, "aZéÉЖ日1_"))


def test_a_difference_has_an_effect() -> None:
    query = judged("f:Ab", lambda event: event.get("f") in ("aB", "x"))
    shown = [query.difference(event) for event in (HIT, MISS, OTHER_CASE, {})]
    assert shown == [NARROWER, WIDER, CASE, None]


@given(data=st.data())
@examples(25)
def test_the_bounds_hold_the_answer(data: st.DataObject) -> None:
    tree = data.draw(trees())
    event = data.draw(events_for(tree))
    kibana = Kibana(tree, TYPES)
    assert kibana.exact(event) == compile(tree, TYPES, now=NOW)(event)
    assert kibana.bounds(event, folded=False) == (kibana.exact(event),) * 2
    least, most = kibana.bounds(event, folded=True)
    assert least <= kibana.exact(event) <= most


# Events


TYPED = {
    "n": "long",
    "x": "float",
    "ok": "boolean",
    "at": "date",
    "ip": "ip",
    "k": "keyword",
    "k.text": "text",
    "parts": "nested",
    "parts.n": "long",
}


@pytest.mark.parametrize(
    ("event", "stored"),
    [
        ({"n": [5.9, "007", True, "abc", None]}, {"n": [5, 7, None]}),
        ({"n": 2**63, "x": "5.50", "ok": "", "k": 5.0}, {"x": 5.5, "ok": False, "k": 5.0}),
        ({"at": "2024-02"}, {"at": "2024-02-01T00:00:00.000Z"}),
        ({"at": 1709208000001}, {"at": "2024-02-29T12:00:00.001Z"}),
        ({"at": "yesterday"}, {}),
        ({"ip": ["::ffff:10.0.0.1", "::1", "10.0.0.0/8"]}, {"ip": ["10.0.0.1", "::1"]}),
        ({"k.text": "a b"}, {"k": "a b"}),
        ({"k": "c", "k.text": ["a", "b"]}, {"k": ["c", ["a", "b"]]}),
        ({"y": {"caseless": "A"}}, {"y": "A"}),
        ({"parts": [{"n": "5"}, {"n": "x", "m": 1}]}, {"parts": [{"n": 5}, {"m": 1}]}),
        ({"parts": 5}, {}),
    ],
)
def test_events_are_stored_plainly(event: Event, stored: Event) -> None:
    assert as_stored(event, TYPED) == stored
    assert as_stored(stored, TYPED) == stored


def test_types_of_a_query_s_fields() -> None:
    types = types_of(
        kqlx.parse("source.ip:* or a.b:* or p:{ c:* } or user.name.text:x or q.caseless:y")
    )
    assert types["source.ip"] == "ip"
    assert types["a.b"] == types["p.c"] == "keyword"
    assert types_of(kqlx.parse("a.b:5 or a.b > 5.5 or a.b:*"))["a.b"] == "double"
    assert types_of(kqlx.parse("a.b > now"))["a.b"] == "keyword"
    assert "c" not in types and "q.caseless" not in types


@given(data=st.data())
@examples(25)
def test_near_events_are_the_same_each_time(data: st.DataObject) -> None:
    tree = data.draw(trees())
    first: list[dict[str, Any]] = list(near_events(tree, TYPES, 6, seed=3))
    assert first == list(near_events(tree, TYPES, 6, seed=3))


@pytest.mark.parametrize(
    "text",
    [
        "event.action:Send and source.ip:10.0.0.0/8 and not user.name:(a or b*)",
        "source.bytes > 5 and source.bytes < 9 and @timestamp >= now-1d",
        "file.elf.sections:{ name:a and physical_size >= 5 } and (ok:true or message:denied)",
        "not (not event.action:a or not event.action:b)",
    ],
)
def test_near_events_lie_on_both_sides(text: str) -> None:
    node = kqlx.parse(text)
    types = types_of(node)
    answers = [compile(node, types, now=NOW)(e) for e in near_events(node, types, 24, seed=1)]
    assert answers[0]
    assert {True, False} == set(answers)
