"""Printing is the inverse of parsing, and a second printing changes nothing."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kqlx.errors import KqlSyntaxError, KqlxError, UnsupportedError
from kqlx.frontends.kql.formatter import format_node, format_text
from kqlx.frontends.kql.parser import parse
from kqlx.frontends.kql.syntax import MAX_DEPTH, TRIMMED
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
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Term,
)
from tests.conftest import ROOT, examples

CASES = [
    json.loads(line)
    for line in (ROOT / "tests/cases/kql.jsonl").read_text("utf-8").split("\n")
    if line
]
READABLE = [case["kql"] for case in CASES if case["ok"]]

# The strategies: every tree that parsing can give.

PIECES = [
    *"abnotrdNOT01.-_/",
    *'\\():<>"*{}',
    *" \t\n\r\xa0\x0b\x85\u3000\ufeff\u2028\u200b\x00é😀\ud83d\ude00",
    *(" or ", " and ", "not ", " OR", "AND ", "Not", "cannot", "true", "null", "false", "u0041"),
    *("\\n", "\\not", "\\u12", "or", "and", "C:\\temp\\new"),
]
texts = (
    st.lists(st.sampled_from(PIECES), max_size=6)
    .map("".join)
    .filter(
        # Escapes and halves of a pair that stand side by side are a test of their own.
        lambda text: (
            text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass") == text
        )
    )
)
TYPED = {"true", "false", "null"}
plain = texts.map(lambda text: text.strip(TRIMMED)).filter(lambda text: text not in TYPED)
values = st.one_of(
    plain.map(Literal),
    texts.map(lambda text: Literal(text, phrase=True)),
    st.sampled_from([True, False, None]).map(Literal),
)


def trimmed_pattern(parts: list[str]) -> Pattern:
    return Pattern.between_stars(
        (parts[0].lstrip(TRIMMED), *parts[1:-1], parts[-1].rstrip(TRIMMED))
    )


patterns = st.lists(texts, min_size=2, max_size=4).map(trimmed_pattern)
some_patterns = patterns.filter(lambda pattern: not pattern.is_lone_star)
names = st.one_of(
    st.sampled_from(["a", "b.c"]).map(Literal),
    texts.map(Literal),
    st.sampled_from([True, False]).map(Literal),
)
fields = st.one_of(names, patterns)
OPERATORS = st.sampled_from(["gt", "gte", "lt", "lte"])
leaves = st.one_of(
    st.builds(Equals, fields, values),
    st.builds(Like, fields, some_patterns),
    st.builds(Exists, st.one_of(names, some_patterns)),
    st.builds(Compare, st.one_of(fields, st.just(Literal(None))), OPERATORS, values),
    st.builds(FreeText, st.one_of(values, patterns)),
    st.just(Always()),
)


def of_one_field(field: Term) -> st.SearchStrategy[Node]:
    leaf = st.one_of(
        st.builds(Equals, st.just(field), values), st.builds(Like, st.just(field), some_patterns)
    )
    return st.recursive(leaf, lambda inner: joined(inner) | st.builds(Not, inner), max_leaves=5)


def joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    items = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(And, items) | st.builds(Or, items)


paths = names | st.just(Literal(None))
trees: st.SearchStrategy[Node] = st.recursive(
    leaves | fields.flatmap(of_one_field),
    lambda inner: joined(inner) | st.builds(Not, inner) | st.builds(Nested, paths, inner),
    max_leaves=8,
)

LONG = settings(examples(60), suppress_health_check=[HealthCheck.too_slow])


@LONG
@given(trees, st.sampled_from([1, 20, 100]))
@example(Equals(Literal("f"), Literal("cannot")), 100)
@example(And((Equals(Literal("f"), Literal("a or")), Equals(Literal("g"), Literal("not")))), 1)
@example(Equals(Literal(""), Literal("")), 1)
def test_parsing_what_was_printed_gives_the_tree(tree: Node, width: int) -> None:
    assert parse(format_node(tree, width)) == tree


@LONG
@given(st.lists(st.sampled_from([*PIECES, *'\\():*"{}:: ', "f:(", 'f:"', "a:b"]), max_size=12))
def test_printing_text_is_idempotent_and_keeps_the_tree(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        tree = parse(text)
    except KqlSyntaxError:
        return
    printed = format_node(tree)
    assert parse(printed) == tree
    assert format_text(printed) == printed


@pytest.mark.parametrize("text", READABLE)
@pytest.mark.parametrize("width", [1, 100])
def test_kibanas_cases_survive(text: str, width: int) -> None:
    printed = format_text(text, width)
    assert parse(printed) == parse(text)
    assert format_text(printed, width) == printed


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", "*:*"),
        ("  f :  a  ", "f:a"),
        ("NOT f:a AND g:b", "not f:a and g:b"),
        ('f:a or f:"b c" and f:d*', 'f:(a or "b c" and d*)'),
        ("f:(a or (b or c))", "f:(a or (b or c))"),
        ("(f:a and g:b) and h:c", "(f:a and g:b) and h:c"),
        ("(f:a and g:b) or h:c", "f:a and g:b or h:c"),
        ("f:a and (g:b or h:c)", "f:a and (g:b or h:c)"),
        ("f:(* and not a)", "f:(* and not a)"),
        ("not (f:a or f:b)", "not f:(a or b)"),
        ("not (not f:a)", "not (not f:a)"),
        ("f:(not (not a) or b)", "f:(not (not a) or b)"),
        ("f:(a)", "f:a"),
        ("f:(not a)", "not f:a"),
        ("f>=5 and f<9*", r"f >= 5 and f < 9\*"),
        ('"user name":x and "a:b":y and "null":z', '"user name":x and "a:b":y and "null":z'),
        ('"user.name":x', "user.name:x"),
        ("true:x and tr*:*", "true:x and tr*:*"),
        ("p:{a:b and c:d}", "p:{ a:b and c:d }"),
        ("not p:{a:b}", "not p:{ a:b }"),
        (r'f:"C:\Windows\x"', r'f:"C:\\Windows\\x"'),
        (r'f:"C:\temp"', r'f:"C:\temp"'),
        (r"f:a\:b", r"f:a\:b"),
        (r"f:\n", r"f:\u0020"),
        (r"f:can\u006eot open", r"f:can\u006eot open"),
        (r"f:CAN\NOT OPEN", r"f:CAN\NOT OPEN"),
        (r"f:x \or y", r"f:x \or y"),
        ("f:cannot", r"f:can\u006eot"),
        (r"f:\not x", "f:ot x"),
        (r"f:a \not x", r"f:a \not x"),
        ("f:or-x or f:order", "f:(or-x or order)"),
        ("f:a\u200bb", r"f:a\u200bb"),
        (r"f:a\u002a*", r"f:a\**"),
        ("*:a or *:*", "*:a or *:*"),
        ("null:(a or b)", "a or b"),
        ("*:(a or b)", "*:(a or b)"),
    ],
)
def test_canonical_spelling(text: str, printed: str) -> None:
    assert format_text(text) == printed


LAYOUT = """\
event.category:process and
  process.name:(
    "a.exe" or "b.exe" or c.exe or
    dd.exe
  ) and
  not (
    user.name:somebody or
    host.name:a and
      source.ip:10.0.0.1 or
    p:{
      q:1 and
      r:a-long-long-long-long-value
    }
  ) and
  file.path:(
    * and
    not (
      one or two or three or four or
      five
    )
  )"""


def test_layout() -> None:
    flat = " ".join(LAYOUT.split())
    assert format_text(flat, 40) == LAYOUT
    assert "\n" not in format_text(flat, 10_000)


def test_lines_keep_the_width() -> None:
    text = "f:(" + " or ".join(f"value-{i}" for i in range(300)) + ") and g:a"
    lines = format_text(text, 60).splitlines()
    assert max(map(len, lines)) <= 60
    assert min(map(len, lines[1:-3])) > 45


@pytest.mark.parametrize(
    "tree",
    [
        Never(),
        Or((Exists(Literal("f")), Never())),
        And((Exists(Literal("f")),)),
        Or(()),
        Equals(Literal("f"), Literal("true")),
        Equals(Literal("f"), Literal(" a")),
        Equals(Literal("f"), Literal("a\ufeff")),
        Equals(Literal(None), Literal("a")),
        Exists(Literal(None)),
        Exists(Pattern.between_stars(("", ""))),
        Like(Literal("f"), Pattern.between_stars(("", ""))),
        Like(Literal("f"), Pattern.between_stars(("a",))),
        Like(Literal("f"), Pattern.between_stars((" a", ""))),
        Nested(Pattern.between_stars(("a", "")), Exists(Literal("f"))),
        FreeText(Literal("(\ud83d\ude00")),
    ],
)
def test_what_no_text_can_say_is_refused(tree: Node) -> None:
    with pytest.raises(UnsupportedError, match=r"^[a-z*]"):
        format_node(tree)


def test_a_split_surrogate_pair_is_kept() -> None:
    tree = Equals(Literal("f"), Literal("\ud83d\ude00"))
    assert parse(format_node(tree)) == tree


def test_a_long_list_takes_linear_time() -> None:
    def seconds(count: int) -> float:
        tree = Or(tuple([Equals(Literal("f"), Literal(f"v{i}")) for i in range(count)]))
        started = time.process_time()
        assert format_node(tree).count(" or") == count - 1
        return time.process_time() - started

    assert seconds(100_000) < 20 * max(seconds(10_000), 0.05)


def test_deep_trees_print_or_are_refused_clearly() -> None:
    deep: Node = Equals(Literal("f"), Literal("a"))
    for _ in range(MAX_DEPTH - 1):
        deep = Not(deep)
    assert parse(format_node(deep)) == deep
    assert format_node(deep, 1)
    for _ in range(10_000):
        deep = Not(deep)
    with pytest.raises(KqlxError, match="nests deeper"):
        format_node(deep)
