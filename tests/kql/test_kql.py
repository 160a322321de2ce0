"""Kibana's verdicts on 399 texts, its error offsets, spans, and texts that try to break it."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

import kqlx
from kqlx import resources
from kqlx.errors import KqlSyntaxError
from kqlx.frontends import generate_tables
from kqlx.frontends.kql.parser import parse
from kqlx.frontends.kql.syntax import MAX_DEPTH
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FreeText,
    Like,
    Literal,
    Nested,
    Not,
    Or,
    Pattern,
    walk,
)
from tests.conftest import ROOT

CASES = [
    json.loads(line)
    for line in (ROOT / "tests/cases/kql.jsonl").read_text("utf-8").split("\n")
    if line
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_accepts_and_refuses_what_kibana_does(case: dict[str, Any]) -> None:
    if case["ok"]:
        parse(case["kql"])
        return
    with pytest.raises(KqlSyntaxError) as error:
        parse(case["kql"])
    assert error.value.utf16_offset == case["error_at"]


@pytest.mark.parametrize("language", generate_tables.languages())
def test_kept_tables_are_those_of_the_grammar(language: str) -> None:
    kept = generate_tables.tables_file(language).read_text("utf-8")
    assert kept == generate_tables.source(language), "run make grammar: the grammar has changed"


def test_lark_itself_reads_the_grammar_the_same_way() -> None:
    """Our loop over Lark's tables accepts what Lark's own parser accepts."""
    from lark import Lark
    from lark.exceptions import UnexpectedInput

    lark = Lark(resources.read("grammars/kql.lark"), parser="lalr", lexer="basic")
    for case in CASES:
        text = case["kql"].lstrip(" \t\r\n\xa0")  # Lark's basic lexer has no notion of a beginning
        try:
            lark.parse(text)
        except UnexpectedInput:
            assert not case["ok"], case["kql"]
        else:
            assert case["ok"], case["kql"]


F, A, B = Literal("f"), Literal("a"), Literal("b")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Always()),
        ("*:*", Always()),
        ("f:a", Equals(F, A)),
        ('f:"a"', Equals(F, Literal("a", phrase=True))),
        ('"f":a', Equals(F, A)),
        ("f:*", Exists(F)),
        ("f:**", Like(F, Pattern.between_stars(("", "", "")))),
        ("f:a*", Like(F, Pattern.between_stars(("a", "")))),
        (r"f:a\*", Equals(F, Literal("a*"))),
        ("f*:a", Equals(Pattern.between_stars(("f", "")), A)),
        ("f >= 5", Compare(F, "gte", Literal("5"))),
        ("f < 5*", Compare(F, "lt", Literal("5*"))),
        ("f:true", Equals(F, Literal(True))),
        ("f:TRUE", Equals(F, Literal("TRUE"))),
        (r"f:nul\u006c", Equals(F, Literal(None))),
        ("a", FreeText(A)),
        ("null:a", FreeText(A)),
        ('"null":a', Equals(Literal("null"), A)),
        ("f:(a or b)", Or((Equals(F, A), Equals(F, B)))),
        ("f:(a and not b)", And((Equals(F, A), Not(Equals(F, B))))),
        ("f:a and (f:a and f:b)", And((Equals(F, A), And((Equals(F, A), Equals(F, B)))))),
        ("not f:a or f:b", Or((Not(Equals(F, A)), Equals(F, B)))),
        ("f:{a:b}", Nested(F, Equals(A, B))),
        (r"f:\not b", Equals(F, Literal("ot b"))),
        (r"f:a \not b", Equals(F, Literal("a \not b"))),
        (r"f:\NOT b", Equals(F, Literal("NOT b"))),
        (r"f:\order", Equals(F, Literal("order"))),
        (r"f:\ud83d\ude00", Equals(F, Literal("😀"))),
        ("f:a and or b", And((Equals(F, A), FreeText(Literal("or b"))))),
        (" and x:y", Equals(Literal("and x"), Literal("y"))),
        ("f:a  b", Equals(F, Literal("a  b"))),
        ("f:\ufeffa\u2003", Equals(F, A)),
        ("f:\x85a", Equals(F, Literal("\x85a"))),
        (r'f:"C:\temp"', Equals(F, Literal("C:\temp", phrase=True))),
        (r'f:"\d\*"', Equals(F, Literal(r"\d\*", phrase=True))),
        ("\u3000", FreeText(Literal(""))),
    ],
)
def test_builds_the_tree(text: str, tree: object) -> None:
    assert parse(text) == tree


def test_every_node_says_where_it_stands() -> None:
    text = 'not a:b  and f:("x y" or z* ) or 😀 > 5 or p:{ q:* }'
    spans = [(type(node).__name__, text[slice(*node.span)]) for node in walk(parse(text))]
    assert spans == [
        ("Or", text),
        ("And", 'not a:b  and f:("x y" or z* )'),
        ("Not", "not a:b"),
        ("Equals", "a:b"),
        ("Or", 'f:("x y" or z* )'),
        ("Equals", '"x y"'),
        ("Like", "z*"),
        ("Compare", "😀 > 5"),
        ("Nested", "p:{ q:* }"),
        ("Exists", "q:*"),
    ]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("not (a or b)", ["not (a or b)", "(a or b)", "a", "b"]),
        ("( (a or b) ) and c", ["( (a or b) ) and c", "( (a or b) )", "a", "b", "c"]),
        ("(a:b) and (c)", ["(a:b) and (c)", "a:b", "c"]),
        ("f:(a)", ["f:(a)"]),
        ("(f:( not a and (b) ))", ["(f:( not a and (b) ))", "not a", "a", "b"]),
        ("f:(a or (b and c))", ["f:(a or (b and c))", "a", "(b and c)", "b", "c"]),
        ("p:{ (a or b) }", ["p:{ (a or b) }", "(a or b)", "a", "b"]),
        ("(not a)", ["(not a)", "a"]),
    ],
)
def test_what_joins_spans_its_parentheses(text: str, spans: list[str]) -> None:
    assert [text[slice(*node.span)] for node in walk(parse(text))] == spans


@pytest.mark.parametrize(
    ("opening", "closing"), [("(", ")"), ("not (", ")"), ("a:{", "}"), ("f:(not (", "))")]
)
def test_no_depth_breaks_it(opening: str, closing: str) -> None:
    """10,000 levels give a tree or a clear error, at once."""
    inner = "b" if opening.startswith("f") else "b:1"
    count = 10_000
    if opening.startswith("f"):
        text = "f:(" + "not (" * count + inner + ")" * (count + 1)
    else:
        text = opening * count + inner + closing * count
    started = time.process_time()
    if opening == "(":
        assert parse(text) == parse(inner)
    else:
        with pytest.raises(KqlSyntaxError, match=f"nests deeper than {MAX_DEPTH} levels"):
            parse(text)
    assert time.process_time() - started < 2


def test_depth_up_to_the_limit_is_read() -> None:
    depth = MAX_DEPTH - 1
    assert sum(1 for _ in walk(parse("not (" * depth + "a:b" + ")" * depth))) == MAX_DEPTH


def test_a_joiner_within_emoji_is_shown_and_no_other() -> None:
    family = "\U0001f469\u200d\U0001f467"
    with pytest.raises(KqlSyntaxError) as error:
        parse(f"a:{family} and x\u200dy and b:c:d")
    line, carets = str(error.value).splitlines()[1:3]
    assert line == f" 1 | a:{family} and x\ufffdy and b:c:d"
    assert carets.index("^") == line.index("c:d") + 1 + 1  # two wide, and one of no width


def within(frames: int, call: Callable[[], object]) -> object:
    return within(frames - 1, call) if frames else call()


@pytest.mark.parametrize(
    ("opening", "closing", "inner"), [("not (", ")", "a:b"), ("a:{", "}", "b:1")]
)
def test_the_deepest_tree_can_be_used_from_200_frames_down(
    opening: str, closing: str, inner: str
) -> None:
    text = opening * (MAX_DEPTH - 1) + inner + closing * (MAX_DEPTH - 1)
    node = within(200, lambda: parse(text))
    assert within(200, lambda: copy.deepcopy(node) == parse(text) and repr(node) and hash(node))
    assert within(200, lambda: kqlx.convert(text, "es", compact=True).text)
    count = within(200, lambda: len(kqlx.explain(text, {"a": {"b": 1}})))
    assert count == MAX_DEPTH


def test_error_points_at_the_place() -> None:
    with pytest.raises(KqlSyntaxError) as error:
        parse('a:"😀" and\n  b:c:d')
    assert (error.value.line, error.value.column) == (2, 6)
    assert error.value.found == ":"
    assert str(error.value).splitlines()[1:3] == [" 2 |   b:c:d", "   |      ^"]
