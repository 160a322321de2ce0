"""Arguments of command lines in Sentinel: one regular expression for all of a column."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.sentinel.command_line_arguments import arguments_regex
from kqlx.backends.sentinel.rule_forms import emit
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.command_line_arguments import argument_forms, with_patterns
from kqlx.nodes import Case, CommandLineArgument, Equals, Like, Literal, Node, Not, Or, Pattern
from tests.conftest import examples
from tests.oracles import sentinel
from tests.plans import query_plan

FIELD = Literal("C")
WORDS = st.text(alphabet='ab-."', min_size=1, max_size=3)
LINES = st.text(alphabet='ab-." ', max_size=12)


def bound_to(node: Node) -> Bound:
    return Bound(node, {"C": Column("C", field="process.args")}, {"table": "Events"})


def written(node: Node) -> str:
    return str(emit(query_plan(bound_to(node))).query)


def argument(text: str, *, in_quotes: bool = False) -> CommandLineArgument:
    return CommandLineArgument(Equals(FIELD, Literal(text, True)), in_quotes)


@given(st.lists(WORDS, min_size=1, max_size=3), LINES)
@examples(100)
def test_one_regex_finds_what_the_patterns_do(words: list[str], line: str) -> None:
    held = any(form.fits(line) for word in words for form in argument_forms(word))
    assert bool(re.search(arguments_regex(words), line, re.DOTALL)) is held


ARGUMENTS = st.one_of(
    st.builds(argument, st.text('ab" ', min_size=1, max_size=2), in_quotes=st.booleans()),
    st.sampled_from(["a*", "*b", "a*b"]).map(
        lambda text: CommandLineArgument(Like(FIELD, Pattern.from_stars(text)))
    ),
)
TESTS = st.recursive(
    st.one_of(ARGUMENTS, st.sampled_from("ab").map(lambda text: Equals(FIELD, Literal(text)))),
    lambda inner: st.one_of(
        inner.map(Not), st.lists(inner, min_size=2, max_size=3).map(lambda items: Or(tuple(items)))
    ),
    max_leaves=4,
)


@given(TESTS, st.lists(st.text('ab" ', max_size=6), min_size=1, max_size=8, unique=True))
@examples(60)
def test_rows_are_those_of_the_patterns(node: Node, lines: list[str]) -> None:
    """Wherever an argument stands: alone, beside others, beside tests of the line, below a not."""
    stored = [[number, line] for number, line in enumerate(lines)]
    meant = kqlx.compile(with_patterns(bound_to(node)).node, {"C": "keyword"})
    found = sentinel.execute(written(node), {"C": "string"}, stored)
    assert found == {number for number, line in enumerate(lines) if meant({"C": line})}


def test_one_below_a_not_is_one_test() -> None:
    query = written(Not(argument("-x")))
    assert query.count("matches regex") == 1
    assert query.startswith("Events\n| where not(C matches regex ")


def test_a_line_in_quotes_has_two_more_places() -> None:
    query = written(argument("-x", in_quotes=True))
    assert query.count("matches regex") == 1
    assert "C startswith_cs" in query
    assert "C endswith_cs" in query


def test_one_with_blanks_is_told_by_its_patterns() -> None:
    query = written(argument("a b"))
    assert "matches regex" not in query
    assert 'C == "a b"' in query


def test_what_it_finds_is_not_asked_again() -> None:
    line, other = (Equals(FIELD, Literal(text, True)) for text in ("-x", "-y"))
    query = written(Or((line, argument("-x"), other)))
    assert 'C == "-x"' not in query
    assert 'C == "-y"' in query


def test_those_of_another_letter_case_have_a_regex_of_their_own() -> None:
    folded = replace(argument("-y"), test=replace(argument("-y").test, case=Case.FOLDED))
    query = written(Or((argument("-x"), folded)))
    assert query.count("matches regex") == 2
    assert query.count("(?i)") == 1


def test_many_are_one_test() -> None:
    query = "event.category:process and host.os.type:windows and process.args:(/create or /delete)"
    text = str(kqlx.convert(query, "sentinel", source="endpoint.events").query)
    assert "(?:/create|/delete)" in text
    assert 'ProcessCommandLine has_any ("create", "delete")' in text
    assert text.count("ProcessCommandLine matches regex") == 1
