"""Fragments: each is what the target made of the parts of the query that it names, and of no
others.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.fragments import Fragment, Piece, fragments_of
from kqlx.nodes import FieldTest, walk
from kqlx.rules.query_tree import query_of
from tests.conftest import OWN_RULES

TARGETS = ("spl", "sentinel", "sigma", "elasticsearch")
MARK = re.compile(r"v\d+x")


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query of any shape, in which no value stands twice."""
    number = 0

    def value() -> str:
        nonlocal number
        number += 1
        return draw(st.sampled_from(["v{}x", '"v{}x z"', "v{}x*", "*v{}x*"])).format(number)

    def part(depth: int) -> str:
        kinds = ["test", "list", "all"] + (["and", "or", "not"] if depth else [])
        kind = draw(st.sampled_from(kinds))
        if kind == "not":
            return f"not ({part(depth - 1)})"
        if kind in ("and", "or"):
            count = draw(st.integers(2, 4))
            return "(" + f" {kind} ".join(part(depth - 1) for _ in range(count)) + ")"
        field = draw(st.sampled_from(["host.name", "user.name", "process.name"]))
        if kind == "test":
            return f"{field}:{value()}"
        joint = " and " if kind == "all" else " or "
        return f"{field}:({joint.join(value() for _ in range(draw(st.integers(2, 5))))})"

    return part(3)


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
def test_a_fragment_says_its_parts_of_the_query_and_no_others(
    target: str, data: st.DataObject
) -> None:
    query = data.draw(queries())
    compact = target == "elasticsearch" and data.draw(st.booleans())
    made = kqlx.convert(query, target, source="none", compact=compact)
    check(made, query)
    for fragment in made.fragments:
        here = marks(made.query_text[slice(*fragment.place)])
        assert here == {mark for place in fragment.sources for mark in marks(query[slice(*place)])}
    for test in walk(kqlx.parse(query)):
        if isinstance(test, FieldTest):
            (mark,) = marks(query[slice(*test.span)])
            if mark in made.query_text:
                assert any(test.span in fragment.sources for fragment in made.fragments), mark


def marks(text: str) -> set[str]:
    return {*MARK.findall(text)}


def check(made: kqlx.Conversion, query: str) -> None:
    """That all places are in the texts, and fragments lie in each other or apart."""
    ends: list[int] = []
    for fragment in made.fragments:
        start, end = fragment.place
        assert 0 <= start < end <= len(made.query_text)
        assert fragment.sources
        assert all(0 <= first < last <= len(query) for first, last in fragment.sources)
        assert made.query_text[start:end] == made.query_text[start:end].strip()
        while ends and ends[-1] <= start:
            ends.pop()
        assert not ends or end <= ends[-1], "two fragments overlap"
        ends.append(end)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", OWN_RULES, ids=lambda path: path.stem)
def test_rules(path: Path, target: str) -> None:
    """Every test of a rule has a fragment, or lies in a part that has one or a note: binding may
    fold it into the place of the events.
    """
    (rule,) = kqlx.load_rules(path).rules
    try:
        made = kqlx.convert(
            rule, target, unmapped="keep", accept=("wider", "narrower", "different")
        )
    except kqlx.UnsupportedError:
        return
    check(made, rule.query)
    query = query_of(rule)
    if target == "elasticsearch" and len(query.steps) > 1:
        return  # the query as it is written
    said = {place for fragment in made.fragments for place in fragment.sources}
    said |= {note.span for note in made.notes if note.span}
    told = set()  # of the test in another step
    for tree in [step.condition for step in query.steps] or [query.fields_tree]:
        for test in walk(tree):
            if isinstance(test, FieldTest) and test is not tree:
                start, end = test.span
                inside = any(s <= start and end <= e for s, e in said if (s, e) != tree.span)
                assert inside or test in told, rule.query[start:end]
                told.add(test)


def test_a_rule_about_several_data_sources() -> None:
    query = 'data_stream.dataset:(aws.cloudtrail or o365.audit) and user.name:"ann" and source.ip:*'
    for target in ("spl", "sentinel"):
        made = kqlx.convert(query, target, accept="different", unmapped="keep")
        check(made, query)
        place = query.index("user.name"), query.index(" and source")
        found = [f for f in made.fragments if f.sources == (place,)]
        names = [match.start() for match in re.finditer('"ann"', made.query_text)]
        assert len(names) > 1, "one a data source"
        for name in names:
            assert any(start <= name < end for start, end in (f.place for f in found))


def test_folded_lines_and_names_of_lists() -> None:
    values = [f"value{number:03}" for number in range(90)]
    query = f"host.name:({' or '.join(values)})"
    for target in TARGETS:
        made = kqlx.convert(query, target, source="none")
        check(made, query)
        for value in values:
            start = query.index(value)
            place = start, start + len(value)
            assert any(
                value in made.query_text[slice(*f.place)]
                for f in made.fragments
                if place in f.sources
            )
            if target in ("spl", "sentinel", "sigma"):
                (one,) = [f for f in made.fragments if f.sources == (place,)]
                assert made.query_text[slice(*one.place)].strip("\"'") == value


def test_repeated_tests_keep_their_own_places() -> None:
    query = "(host.name:a or user.name:b) and (host.name:a or process.name:c)"
    made = kqlx.convert(query, "spl", source="none")
    found = [f for f in made.fragments if made.query_text[slice(*f.place)] == 'host.name="a"']
    first, second = found
    assert first.sources == ((1, 12),)
    assert second.sources == ((34, 45),)


def test_a_piece_is_no_part_of_a_longer_word() -> None:
    pieces = [Piece("a=5", ((0, 3),)), Piece("5", ((2, 3),))]
    assert fragments_of("x.a=5 a=55 a=5 5", pieces) == (
        Fragment((11, 14), ((0, 3),)),
        Fragment((15, 16), ((2, 3),)),
    )


def test_what_does_not_stand_as_it_was_made_has_no_fragment_but_its_parts_have() -> None:
    pieces = [Piece("f(a, b)", ((0, 9),), (Piece("a", ((0, 1),)), Piece("b", ((2, 3),))))]
    assert fragments_of("g(a,\n    b)", pieces) == (
        Fragment((2, 3), ((0, 1),)),
        Fragment((9, 10), ((2, 3),)),
    )


def test_filters_have_no_place_in_the_query() -> None:
    filters = [{"query": {"match_phrase": {"host.name": "b"}}}]
    rule = kqlx.Rule(name="r", query="user.name:a", data={"filters": filters})
    for target in TARGETS:
        made = kqlx.convert(rule, target, source="none")
        check(made, rule.query)
        assert any(text in made.query_text for text in ('"b"', "'b'"))
        assert {f.sources for f in made.fragments} == {((0, 11),)}


def test_many_values_take_time_in_proportion() -> None:
    def seconds(count: int) -> float:
        query = f"host.name:({' or '.join(f'value{number}' for number in range(count))})"
        made = kqlx.convert(query, "spl", source="none")
        start = time.process_time()
        assert len(made.fragments) > count
        return time.process_time() - start

    seconds(100)
    few = max(seconds(1_600) for _ in range(3))
    assert seconds(16_000) < 40 * max(few, 0.001)
