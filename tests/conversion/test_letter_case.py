"""Tests that fold letters and tests that do not, mixed on one field: in every target each keeps its
own letter case, alone, in lists and below a not.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.base import Backend
from kqlx.backends.target import Options
from kqlx.mappings.bound import Bound, Column
from kqlx.nodes import And, Case, Equals, Like, Literal, Node, Not, Or, Pattern
from kqlx.notes import Effect
from kqlx.testing.agreement import REFUSALS, Engine, convert
from kqlx.testing.near import near_events
from tests.conftest import examples
from tests.oracles.sentinel import SENTINEL
from tests.oracles.sigma_rules import SIGMA
from tests.oracles.splunk import SPLUNK

ENGINES: dict[str, Engine] = {"spl": SPLUNK, "sentinel": SENTINEL, "sigma": SIGMA}
FIELDS = ["event.action", "process.args", "vendor.field"]
"""Of one value, of a list, and of no known type."""

FOLDED = Case.FOLDED
VALUES = ["Send", "send", "SEND mail", "a", "A", "5", "x/Y", "null", "é"]
PATTERNS = ["Se*", "*nd", "*E*", "s*d", "S*n*D", "*nul*"]


@st.composite
def value_tests(draw: st.DrawFn, name: str) -> Equals | Like:
    case = draw(st.sampled_from(Case))
    if draw(st.integers(0, 3)):
        return Equals(Literal(name), Literal(draw(st.sampled_from(VALUES)), phrase=True), case=case)
    return Like(Literal(name), Pattern.from_stars(draw(st.sampled_from(PATTERNS))), case=case)


@st.composite
def mixed(draw: st.DrawFn) -> Node:
    """A few tests of one or two fields, joined, some of them negated."""
    names = draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=2, unique=True))
    groups: list[Node] = []
    for name in names:
        tests = draw(st.lists(value_tests(name), min_size=1, max_size=5))
        group: Node = tests[0] if len(tests) == 1 else Or(tuple(tests))
        if len(tests) > 1 and draw(st.integers(0, 3)) == 0:
            group = And(tuple(tests))
        groups.append(Not(group) if draw(st.booleans()) else group)
    if len(groups) == 1:
        return groups[0]
    return And(tuple(groups)) if draw(st.booleans()) else Or(tuple(groups))


@pytest.mark.parametrize("exact", [False, True], ids=["plain", "exact"])
@pytest.mark.parametrize("to", ENGINES)
@examples(60)
@given(data=st.data())
def test_each_test_keeps_its_letter_case(to: str, exact: bool, data: st.DataObject) -> None:
    node = data.draw(mixed())
    try:
        query = convert(node, ENGINES[to], to, exact=exact)
    except REFUSALS:
        return
    for event in query.asked(near_events(node, query.types, 12, seed=1)):
        assert not (found := query.disagreement(event)), found


LIST = {
    ("spl", False): 'event.action IN ("Send", "Get", "a", "B")',
    ("spl", True): 'event.action IN ("Send", "a", "Get", "B")\n| where',
    ("sentinel", False): 'in~ ("Send", "a") or [\'event.action\'] in ("Get", "B")',
    ("sigma", True): "event.action|cased:",
}


@pytest.mark.parametrize(("to", "exact"), LIST)
def test_a_list_for_each_letter_case(to: str, exact: bool) -> None:
    node = Or((asked("Send", FOLDED), asked("Get"), asked("a", FOLDED), asked("B")))
    query = str(kqlx.convert("*", to, source="none", node=node, exact=exact).query)
    assert LIST[to, exact] in query


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_letters_in_any_case_are_no_difference(to: str) -> None:
    for exact in (False, True):
        found = kqlx.convert("*", to, source="none", node=asked("Send", FOLDED), exact=exact)
        assert not [note for note in found.notes if note.effect is Effect.CASE]
        assert found.query == kqlx.convert("*", to, source="none", node=asked("Send", FOLDED)).query


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_other_letters_than_those_of_ascii_are_told(to: str) -> None:
    found = kqlx.convert("*", to, source="none", node=asked("Zoé", FOLDED))
    assert [note.code for note in found.notes if note.effect is Effect.CASE] == ["case-folded"]
    with pytest.raises(kqlx.UnsupportedError, match="the letters é in any case"):
        kqlx.convert("*", to, source="none", node=asked("Zoé", FOLDED), exact=True)


def test_elasticsearch_is_asked_without_case() -> None:
    node = Or((asked("a*", FOLDED), asked("b", FOLDED), asked("c"), asked("d")))
    query = kqlx.convert("*", "es", node=node, compact=True).query
    assert isinstance(query, dict)
    assert query["bool"]["should"] == [
        {"wildcard": {"event.action": {"value": "a*", "case_insensitive": True}}},
        {"term": {"event.action": {"value": "b", "case_insensitive": True}}},
        {"terms": {"event.action": ["c", "d"]}},
    ]


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        ("event.action:A", "event.action.caseless:A", "event.action.caseless:A"),
        ("event.action.caseless:A*", "event.action:A*", "event.action.caseless:A*"),
        ("event.action.caseless:a", "event.action:A", ""),
    ],
)
def test_what_differs_in_case_alone_is_asked_once(one: str, other: str, kept: str) -> None:
    """In a data source: of alternatives the test in any case, of both together the exact one."""

    def query(text: str) -> object:
        return kqlx.convert(text, "sentinel", source="okta.system").query

    if kept:
        assert query(f"{one} or {other}") == query(kept)
        exact = one if kept == other else other
        assert query(f"{one} and {other}") == query(exact)
    else:
        assert query(f"{one} or {other}") not in (query(one), query(other))


class OnlyExact(Backend[str]):
    def equals(self, column: Column, node: Equals) -> str:
        return f"{column.name}={node.value.name}"


def test_a_target_that_does_not_look_at_letter_case_refuses_to_fold() -> None:
    assert OnlyExact(Bound(asked("a")), Options()).expression(asked("a")) == "event.action=a"
    with pytest.raises(kqlx.UnsupportedError, match="in any letter case"):
        OnlyExact(Bound(asked("a", FOLDED)), Options())


def asked(text: str, case: Case = Case.EXACT) -> Equals | Like:
    field = Literal("event.action")
    if "*" in text:
        return Like(field, Pattern.from_stars(text), case=case)
    return Equals(field, Literal(text, phrase=True), case=case)
