"""The wildcard for one character, which filters beside a query have: every target reads it as the
evaluator does, alone, in lists and below a not; a question mark in a text stays one.
"""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.sentinel.column_access import Cell
from kqlx.backends.sentinel.dynamic_arrays import value_fits
from kqlx.mappings.bound import Column
from kqlx.nodes import And, Case, Equals, Like, Literal, Node, Not, Or
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern, Token
from kqlx.testing.agreement import REFUSALS, Engine, convert
from kqlx.testing.near import near_events
from tests.conftest import examples
from tests.oracles.sentinel import SENTINEL
from tests.oracles.sigma_rules import SIGMA
from tests.oracles.splunk import SPLUNK

ENGINES: dict[str, Engine] = {"spl": SPLUNK, "sentinel": SENTINEL, "sigma": SIGMA}
FIELDS = ["event.action", "process.args", "vendor.field"]
TOKENS: list[Token] = [ANY_RUN, ANY_ONE, ANY_ONE, "a", "B", "?", "*", "\\", ":\\x", "é", "null"]

patterns = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=5).map(
    lambda tokens: Pattern.of(*tokens)
)


@st.composite
def value_tests(draw: st.DrawFn) -> Equals | Like:
    name, pattern = Literal(draw(st.sampled_from(FIELDS))), draw(patterns)
    case = draw(st.sampled_from(Case))
    if pattern.is_text:
        return Equals(name, Literal(pattern.text, True), case=case)
    return Like(name, pattern, case=case)


@st.composite
def trees(draw: st.DrawFn) -> Node:
    tests = draw(st.lists(value_tests(), min_size=2, max_size=4))
    group: Node = Or(tuple(tests)) if draw(st.booleans()) else And(tuple(tests))
    return Not(group) if draw(st.booleans()) else group


@pytest.mark.parametrize("exact", [False, True], ids=["plain", "exact"])
@pytest.mark.parametrize("to", ENGINES)
@examples(60)
@given(data=st.data())
def test_each_target_reads_it_as_the_evaluator_does(
    to: str, exact: bool, data: st.DataObject
) -> None:
    node = data.draw(trees())
    try:
        query = convert(node, ENGINES[to], to, exact=exact)
    except REFUSALS:
        return
    for event in query.asked(near_events(node, query.types, 12, seed=1)):
        assert not (found := query.disagreement(event)), found


DRIVE = Like(Literal("file.path"), Pattern((ANY_ONE, ":\\x?\\", ANY_RUN, ".exe")))
SAID = {
    "spl": '"(?is)\\\\A.:\\\\\\\\x\\\\?\\\\\\\\.*\\\\.exe\\\\z"',
    "sentinel": r"""@"(?s)^.:\\x\?\\.*\.exe$""",
    "sigma": r"'?:\x\?\\*.exe'",
    "es": r'"value": "?\\:\\\\x\\?\\\\*.exe"',
}


@pytest.mark.parametrize("to", SAID)
def test_how_each_target_writes_it(to: str) -> None:
    found = kqlx.convert("*", to, source="none", node=DRIVE, accept=["different"])
    assert SAID[to] in found.text
    if to == "spl":
        assert r'file.path="*:\\x?\\*.exe"' in found.text  # search has no such wildcard


@example(Pattern.of(ANY_RUN, ANY_ONE, ANY_ONE), ["\x01"])
@examples(200)
@given(
    pattern=patterns,
    values=st.lists(
        st.text(st.sampled_from('aBx?*\\:",[]\n\x01é'), max_size=4), min_size=1, max_size=3
    ),
)
def test_one_character_of_a_value_in_an_array(pattern: Pattern, values: list[str]) -> None:
    if set(pattern.tokens) <= {ANY_RUN}:
        return  # any value
    cell = Cell(Column("C", layout="array"), "C", "C", "array", 0)
    made = value_fits(cell, pattern, folds=False).text
    if " matches regex " not in made:
        return
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    written = made.partition(" matches regex ")[2]
    expression = read(written)
    assert (re.search(expression, text) is not None) is any(map(pattern.matcher(), values))


def read(literal: str) -> str:
    """What a literal of Kusto says."""
    if literal.startswith("@"):
        return literal[2:-1].replace(literal[1] * 2, literal[1])
    return str(json.loads(literal)) if literal.startswith('"') else literal[1:-1]
