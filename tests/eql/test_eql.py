"""What Elasticsearch accepts and refuses, and what it means on events; the rules of a corpus."""

from __future__ import annotations

import time
from typing import Any

import pytest

import kqlx
from kqlx.errors import QuerySyntaxError, UnsupportedError
from kqlx.evaluate.compiler import compile
from kqlx.frontends.eql.formatter import format_node
from kqlx.frontends.eql.parser import parse, parse_query
from kqlx.frontends.eql.syntax import MAX_DEPTH
from kqlx.nodes import Always, And, Case, Equals, Like, Literal, Node, Not, Or, Regexp, walk
from kqlx.regular_expressions import lucene
from kqlx.rules.load import load_rules
from kqlx.sequences import Pipe, Sample, Sequence
from tests.conftest import ROOT
from tests.eql.cases import ACCEPTED, REFUSED

CORPUS = ROOT.parent / "shared/corpus_eql"


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["id"])
def test_what_elasticsearch_accepts(case: dict[str, Any]) -> None:
    asked = parse_query(case["eql"]).asked
    if isinstance(asked, Sequence | Sample):
        assert not case["matches"]
        return
    test = compile(asked)
    assert [event for event in case["matches"] if not test(event)] == []
    assert [event for event in case["misses"] if test(event)] == []


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["id"])
def test_what_elasticsearch_refuses(case: dict[str, Any]) -> None:
    with pytest.raises(QuerySyntaxError) as error:
        parse_query(case["eql"])
    found = error.value
    assert (found.offset, found.code, found.language) == (case["error_at"], case["code"], "eql")


def test_there_are_many_cases() -> None:
    assert len(ACCEPTED) + len(REFUSED) >= 200


def spelled(node: Node, text: str) -> list[str]:
    return [text[slice(*part.span)] for part in walk(node)]


def test_spans_are_those_of_the_text() -> None:
    text = 'process where a : ("b", "c*") and not (d == 1 or length(e) > 5)'
    node = parse(text)
    assert spelled(node, text) == [
        text,
        "process",
        'a : ("b", "c*")',
        '"b"',
        '"c*"',
        "not (d == 1 or length(e) > 5)",
        "(d == 1 or length(e) > 5)",
        "d == 1",
        "length(e) > 5",
    ]


def test_letter_case_is_a_property_of_a_test() -> None:
    node = parse('any where a == "x" and b : "x" and c like "x*" and d regex~ "x" and e in~ ("x")')
    cases = [part.case for part in walk(node) if isinstance(part, Equals | Like | Regexp)]
    exact, folded = Case.EXACT, Case.FOLDED
    assert cases == [exact, folded, exact, folded, folded]


def test_letters_of_a_range_are_not_folded() -> None:
    node = parse('any where a regex~ "[a-c]x[yz]"')
    assert isinstance(node, Regexp)
    assert (node.case, lucene(node.regexp)) == (Case.EXACT, "[a-c][Xx][yYzZ]")


def test_the_category_has_the_field_that_the_rule_names() -> None:
    node = parse("info where a == 1", "event.type")
    assert isinstance(node, And)
    assert node.items[0] == Equals(Literal("event.type"), Literal("info", True, kind="string"))


def test_groups_in_parentheses_stay() -> None:
    assert format_node(parse("process where (a == 1 and b == 2)")) == (
        'any where event.category == "process" and (a == 1 and b == 2)'
    )
    assert isinstance(parse("any where a == 1 and (b == 2 and c == 3)"), And)
    assert isinstance(parse("any where a == 1 or (b == 2 or c == 3)"), Or)


def test_optional_fields_keep_their_mark() -> None:
    node = parse('any where ?a == "b" and c == "d"')
    fields = [part.field for part in walk(node) if isinstance(part, Equals)]
    assert [isinstance(field, Literal) and field.optional for field in fields] == [True, False]
    assert format_node(node) == 'any where ?a == "b" and c == "d"'


def test_a_sequence_is_read_and_not_converted() -> None:
    text = (
        "sequence by host.id with maxspan=5m [process where a == 1] by b with runs=2"
        " ![file where true] by ?c until [any where true] by d | tail 1"
    )
    found = parse_query(text)
    sequence = found.asked
    assert isinstance(sequence, Sequence)
    first, second = sequence.steps
    assert (sequence.max_span, found.pipes) == (300_000, (Pipe("tail", 1),))
    assert (first.category, first.runs, first.missing) == ("process", 2, False)
    assert (second.category, second.runs, second.missing) == ("file", 1, True)
    assert [key.name for key in second.keys] == ["host.id", "c"]
    assert second.keys[1].optional
    assert sequence.until is not None
    assert (sequence.until.category, sequence.until.condition) == ("", Always())
    with pytest.raises(UnsupportedError) as error:
        parse(text)
    assert error.value.code == "several-events"
    assert error.value.message == "the rule is a sequence of 2 steps"


def test_regular_expressions_that_others_lack_are_refused_and_no_syntax_error() -> None:
    with pytest.raises(UnsupportedError) as error:
        parse('any where a regex "a~b"')
    assert error.value.code == "construct-not-supported"


def test_nodes_nest_to_a_limit() -> None:
    deep = "any where " + "not " * (MAX_DEPTH - 1) + "a"
    assert isinstance(parse(deep), Not)
    with pytest.raises(QuerySyntaxError) as error:
        parse("any where " + "not " * MAX_DEPTH + "a")
    assert error.value.code == "nested-too-deep"
    assert parse("any where " + "(" * 5_000 + "a" + ")" * 5_000) == parse("any where a")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus of EQL rules beside the checkout")
def test_every_rule_of_the_corpus_is_read_and_written() -> None:
    rules = [rule for rule in load_rules(CORPUS).rules if rule.language == "eql"]
    assert len(rules) > 250
    for rule in rules:
        parsed = parse_query(rule.query)
        formatted = kqlx.format(rule.query, language="eql")
        assert parse_query(formatted) == parsed, rule.path
        assert kqlx.format(formatted, language="eql") == formatted, rule.path
        asked = parsed.asked
        steps = asked.steps if isinstance(asked, Sequence | Sample) else ()
        for node in [step.condition for step in steps] if steps else [asked]:
            assert not isinstance(node, Sequence | Sample)
            assert parse(format_node(node)) == node, rule.path


def test_long_lists_are_quick() -> None:
    text = "any where f : (" + ", ".join(f'"{i}*"' for i in range(20_000)) + ")"
    started = time.process_time()
    parse(text)
    assert time.process_time() - started < 3
