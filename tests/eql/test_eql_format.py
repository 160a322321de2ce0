"""Printing is the inverse of parsing, and a second printing changes nothing; comments stay."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kqlx.errors import KqlxError, QuerySyntaxError, UnsupportedError
from kqlx.frontends.eql.formatter import format_condition, format_node
from kqlx.frontends.eql.parser import parse, parse_query
from kqlx.frontends.eql.reformat import format_text
from kqlx.nodes import (
    And,
    Equals,
    FreeText,
    Like,
    Literal,
    Node,
    Or,
    Pattern,
)
from kqlx.patterns import ANY_RUN
from kqlx.testing.eql_trees import eql_trees
from tests.conftest import examples
from tests.eql.cases import READABLE


@examples(600)
@given(node=eql_trees(), width=st.sampled_from([20, 60, 100]))
def test_every_tree_is_read_back(node: Node, width: int) -> None:
    text = format_node(node, width)
    assert parse(text) == node
    assert format_text(text, width) == text


@pytest.mark.parametrize("text", READABLE)
def test_every_text_keeps_its_meaning(text: str) -> None:
    written = format_text(text)
    assert parse_query(written) == parse_query(text)
    assert format_text(written) == written


def test_what_an_author_wrote_stays() -> None:
    text = (
        'process where length(process.name) > 0 and (?user.name == """a\\b""" or not a in~ ("b"))'
    )
    assert format_text(text) == text
    assert format_text("any  where\n a==1") == "any where a == 1"
    assert format_text('any where startsWith~ (a,"b")') == 'any where startsWith~(a, "b")'
    assert format_text("any where (a == 1) == true") == "any where (a == 1) == true"
    assert format_text("any where a + (b * 2) - (1 - c) == 3") == (
        "any where a + b * 2 - (1 - c) == 3"
    )
    assert format_text("any where -(a + 1) == 3 | tail 5") == "any where -(a + 1) == 3\n| tail 5"


LONG = """// what it is for
process where host.os.type == "windows" and  // endpoints only
  /* two
     lines */
  process.name : ("one.exe", // first
    "two.exe", "three.exe", "four.exe", "five.exe", "six.exe", "seven.exe",
    "eight.exe", "nine.exe") and
  not (user.name == "alice" // on holiday
    or user.name == "bob") // the end
// behind all
"""


def test_comments_stay_where_they_were() -> None:
    assert format_text(LONG, 70) == (
        "// what it is for\n"
        "process where\n"
        '  host.os.type == "windows" and  // endpoints only\n'
        "  /* two\n"
        "     lines */\n"
        "  process.name : (\n"
        '    "one.exe",  // first\n'
        '    "two.exe", "three.exe", "four.exe", "five.exe", "six.exe",\n'
        '    "seven.exe", "eight.exe", "nine.exe"\n'
        "  ) and\n"
        "  not (\n"
        '    user.name == "alice" or  // on holiday\n'
        '    user.name == "bob"\n'
        "  )  // the end\n"
        "// behind all"
    )
    assert parse(format_text(LONG, 70)) == parse(LONG)


def test_sequences_are_laid_out() -> None:
    text = (
        "sequence by host.id with maxspan = 5 m [process where a == 1] by b [any where true]"
        " by c with runs = 3 ![file where true] by d until [x where true] by e | head 1"
    )
    assert format_text(text) == (
        "sequence by host.id with maxspan=5m\n"
        "  [process where a == 1] by b\n"
        "  [any where true] by c with runs=3\n"
        "  ![file where true] by d\n"
        "until\n"
        "  [x where true] by e\n"
        "| head 1"
    )


@pytest.mark.parametrize(
    "node",
    [
        FreeText(Literal("a")),
        And(()),
        Or((Equals(Literal("a"), Literal("b")),)),
        Like(Literal("a"), Pattern.of("b")),
        Like(Literal("a"), Pattern.of(ANY_RUN)),
        Like(Literal("a"), Pattern.of("x*", ANY_RUN, "?y")),
        Equals(Literal("a"), Literal("\ud800", True)),
    ],
)
def test_what_no_text_says_is_refused(node: Node) -> None:
    with pytest.raises(UnsupportedError) as error:
        format_node(node)
    assert error.value.code == "no-text"


def test_messages_show_conditions_without_a_category() -> None:
    node = parse('process where a : "b*" and c != null')
    assert format_condition(node) == 'event.category == "process" and a : "b*" and c != null'


@examples(200)
@given(text=st.text('any where()"\\=!<>:~,[]|?`/* \n.a1é', max_size=40))
@example("any where a // b")
def test_formatting_refuses_what_parsing_does(text: str) -> None:
    try:
        parsed = parse_query(text)
    except QuerySyntaxError:
        with pytest.raises(QuerySyntaxError):
            format_text(text)
        return
    except KqlxError:
        return
    assert parse_query(format_text(text)) == parsed


def test_a_long_list_is_quick() -> None:
    text = "any where f in (" + ", ".join(f'"{i}"' for i in range(20_000)) + ")"
    started = time.process_time()
    assert parse(format_text(text)) == parse(text)
    assert time.process_time() - started < 8
