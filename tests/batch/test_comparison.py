"""Comparisons of two sides: which rule is which, and what is kept in memory."""

from __future__ import annotations

import tracemalloc
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from kqlx.batch.comparison.comparison import Comparison
from kqlx.batch.comparison.pairs import pairs
from kqlx.batch.comparison.side import Entry, Side
from kqlx.batch.outcome import ConversionOutcome, Meaning, RuleInfo, RuleOutcome, Status
from kqlx.notes import Effect

NAMES = st.sampled_from(["", "a", "b", "c"])
SIDES = st.lists(st.tuples(NAMES, NAMES, NAMES), max_size=6).map(
    lambda rules: [Entry(number, *rule) for number, rule in enumerate(rules)]
)


@given(SIDES, SIDES)
def test_each_rule_of_both_sides_is_in_one_pair(old: list[Entry], new: list[Entry]) -> None:
    found = pairs(old, new)
    assert [now for _, now in found if now is not None] == new
    assert {was.number for was, _ in found if was is not None} == {one.number for one in old}
    assert len(found) == len(old) + sum(was is None for was, _ in found)
    gone = [was.number for was, now in found if was is not None and now is None]
    assert gone == sorted(gone)


@given(SIDES)
def test_a_side_is_its_own_counterpart(side: list[Entry]) -> None:
    keys = [(was and (was.id, was.path, was.name), now) for was, now in pairs(side, side)]
    assert keys == [((now.id, now.path, now.name), now) for now in side]


@given(SIDES, SIDES)
def test_rules_of_one_id_are_the_same_whatever_else_they_are(
    old: list[Entry], new: list[Entry]
) -> None:
    for was, now in pairs(old, new):
        if was is None and now is not None and now.id:
            taken = [one for one, other in pairs(old, new) if one and one.id == now.id and other]
            assert len(taken) == sum(one.id == now.id for one in old)


SIZE, COUNT = 50_000, 400


def outcome(number: int, letter: str) -> RuleOutcome:
    made = ConversionOutcome(
        "spl", "query", Status.CONVERTED, letter * SIZE, Effect.SAME, meaning=letter
    )
    rule = RuleInfo(f"rules/{number}.toml", id=str(number), name=f"Rule {number}")
    meaning = Meaning(letter, letter, "", "", "")
    return RuleOutcome(rule, Status.CONVERTED, (), (made,), meaning=meaning)


def test_of_many_rules_only_a_list_is_in_memory() -> None:
    """20 MB a side; a spool keeps 4 MB of it before there is a file."""
    tracemalloc.start()
    try:
        with closing(Side("rules")) as old, closing(Side("rules")) as new:
            for number in range(COUNT):
                old.take(outcome(number, "a"))
                new.take(outcome(number, "b" if number % 2 else "a"))
            comparison = Comparison(old, new, ("spl",))
            count = sum(1 for _ in comparison.changes())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == comparison.totals.changed == COUNT / 2
    assert most < 12_000_000 < COUNT * SIZE
