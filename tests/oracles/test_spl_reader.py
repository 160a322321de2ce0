"""The reader of SPL that other tests rely on: what it reads, what it refuses, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.spl.eval_nodes import Call, Field, Junction, Negation, Relation
from tests.oracles.spl.nodes import (
    Aggregation,
    And,
    Comparison,
    InList,
    Lookup,
    Macro,
    Not,
    Or,
    Search,
    Stats,
    Term,
    Tstats,
    Where,
    Word,
)
from tests.oracles.spl.reader import parse_search
from tests.oracles.spl.samples import WHOLE_SEARCHES


def shape(term: Term) -> object:
    """The term without its spans: how it is grouped, and what it compares."""
    match term:
        case And(items=items):
            return ("and", *map(shape, items))
        case Or(items=items):
            return ("or", *map(shape, items))
        case Not(item=item):
            return ("not", shape(item))
        case Comparison():
            return f"{term.field}{term.operator}{term.value.text}"
        case InList():
            return (term.field, "in", *(value.text for value in term.values))
        case Word():
            return term.value.text
        case Macro():
            return f"`{term.name}`"
        case _:
            return (term.name, term.text)


def term_of(text: str) -> Term:
    command = parse_search(text).commands[0]
    assert isinstance(command, Search)
    return command.term


def codes(text: str) -> list[str]:
    return [doubt.code for doubt in parse_search(text).doubtful]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # OR before AND, NOT before both: the examples of Splunk's page on Boolean expressions
        ("A=1 AND B=2 OR C=3", ("and", "A=1", ("or", "B=2", "C=3"))),
        ("a=1 b=2 OR c=3", ("and", "a=1", ("or", "b=2", "c=3"))),
        ("error NOT 403 OR 404", ("and", "error", ("or", ("not", "403"), "404"))),
        ("error NOT (403 OR 404)", ("and", "error", ("not", ("or", "403", "404")))),
        ("NOT a=1 b=2", ("and", ("not", "a=1"), "b=2")),
        ("(a=1 b=2) OR c=3", ("or", ("and", "a=1", "b=2"), "c=3")),
        ("search web error", ("and", "web", "error")),
        ("search = x", "search=x"),
        ("*", "*"),
        # names
        ('Parameters{}.Name="x"', "Parameters{}.Name=x"),
        ('a.b{0}.c-d/e="x"', "a.b{0}.c-d/e=x"),
        ('"user agent" = "x"', "user agent=x"),
        ('"attachment{}.file" IN ("a*", b)', ("attachment{}.file", "in", "a*", "b")),
        ("status IN(400, 401)", ("status", "in", "400", "401")),
        # quotes and escapes
        (r'f="a \"b\" \\ \| \s"', 'f=a "b" \\ | \\s'),
        (r"file_path=*Windows\\System32\\*", "file_path=*Windows\\System32\\*"),
        (r'ShareName="\\\\*\\SYSVOL"', "ShareName=\\\\*\\SYSVOL"),
        ("f=\"a | b, (c) [d] `e` 'g'\"", "f=a | b, (c) [d] `e` 'g'"),
        ('country="IN"', "country=IN"),
        ('f=""', "f="),
        ("src_ip = 10.0.0.0/8", "src_ip=10.0.0.0/8"),
        # the rest
        ("`m` a=1 ```why``` b=2", ("and", "`m`", "a=1", "b=2")),
        ("earliest=-1h@h a=1", ("and", ("earliest", "-1h@h"), "a=1")),
        (
            "latest=+2d _index_earliest=-9m@m a=1",
            ("and", ("latest", "+2d"), ("_index_earliest", "-9m@m"), "a=1"),
        ),
        ("host=CASE(LOCALHOST) TERM(10.0.0.1)", ("and", "host=LOCALHOST", "10.0.0.1")),
        ("a=1\n  b=2", ("and", "a=1", "b=2")),
    ],
)
def test_terms_of_search(text: str, expected: object) -> None:
    assert shape(term_of(text)) == expected


def test_a_star_is_a_wildcard_even_after_a_backslash() -> None:
    value = term_of(r'f="a\*b\\*"')
    assert isinstance(value, Comparison)
    assert value.value.parts == ("a\\", "b\\", "")
    assert codes(r'f="a\*b"') == ["escaped-star"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('f="v"', []),
        ('NOT f="v"', []),
        ('f!="v"', ["not-equals"]),
        ("a=1 b=2 OR c=3", ["relies-on-precedence"]),
        ("a=1 (b=2 OR c=3)", []),
        ("(a=1) OR (b=2) c=1", ["relies-on-precedence"]),
        ("(a=1 b=2) OR c=3", []),
        (r'f="a\s"', ["unknown-escape"]),
        ('f>"abc"', ["ordering-of-text"]),
        ("f>-1.5", []),
        ('a=1 | where b="1" AND c="2" OR d="3"', ["relies-on-precedence"]),
        ('a=1 | where (b="1" AND c="2") OR d="3"', []),
        (r'a=1 | where match(b, "a\.b")', ["unknown-escape"]),
        (r'a=1 | where match(b, "a\\.b")', []),
    ],
)
def test_doubts_that_an_emitter_can_be_held_to(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_lower_case_operators_are_words_when_not_strict() -> None:
    pipeline = parse_search("a=1 or b=2", strict=False)
    assert isinstance(pipeline.commands[0], Search)
    assert shape(pipeline.commands[0].term) == ("and", "a=1", "or", "b=2")
    assert [doubt.code for doubt in pipeline.doubtful] == ["lenient"]


def condition_of(text: str) -> object:
    command = parse_search(f"a=1 | where {text}").commands[1]
    assert isinstance(command, Where)
    return command.expression


def test_where_binds_and_before_or_and_not_before_both() -> None:
    top = condition_of("NOT b=1 AND c=2 OR d=3 XOR e=4")
    assert isinstance(top, Junction) and top.operator == "XOR"
    left = top.items[0]
    assert isinstance(left, Junction) and left.operator == "OR"
    conjunction = left.items[0]
    assert isinstance(conjunction, Junction) and conjunction.operator == "AND"
    negation = conjunction.items[0]
    assert isinstance(negation, Negation) and isinstance(negation.item, Relation)


def test_single_quotes_hold_names_and_spans_point_at_the_text() -> None:
    text = "a=1 | where isnull('Actor{}.ID')"
    command = parse_search(text).commands[1]
    assert isinstance(command, Where) and isinstance(command.expression, Call)
    field = command.expression.arguments[0]
    assert isinstance(field, Field) and field.name == "Actor{}.ID"
    assert text[slice(*field.span)] == "'Actor{}.ID'"
    assert text[slice(*command.expression.span)] == "isnull('Actor{}.ID')"
    assert text[slice(*command.span)] == "where isnull('Actor{}.ID')"


@pytest.mark.parametrize("text", WHOLE_SEARCHES)
def test_reads_whole_searches_without_a_doubt(text: str) -> None:
    assert parse_search(text).doubtful == ()


def test_parts_of_commands() -> None:
    stats = parse_search('a=1 | stats count, dc(b) as n BY "c d", e').commands[1]
    assert isinstance(stats, Stats) and stats.by == ("c d", "e")
    assert stats.aggregations == (
        Aggregation("count", "", "", (12, 17)),
        Aggregation("dc", "b", "n", (19, 29)),
    )
    lookup = parse_search("a=1 | lookup t x as y, z OUTPUTNEW v AS w").commands[1]
    assert isinstance(lookup, Lookup)
    assert (lookup.inputs, lookup.mode) == ((("x", "y"), ("z", "z")), "OUTPUTNEW")
    assert lookup.outputs == (("v", "w"),)
    tstats = parse_search("| tstats `o` count from datamodel=A.B where c=1 OR d=2 by e").commands[0]
    assert isinstance(tstats, Tstats) and tstats.datamodel == "A.B" and tstats.by == ("e",)
    assert tstats.where is not None and shape(tstats.where) == ("or", "c=1", "d=2")
    assert [macro.name for macro in tstats.macros] == ["o"]


@given(st.text(alphabet="ab\"\\|*()=, '`", max_size=12))
def test_any_quoted_text_is_one_value(text: str) -> None:
    if "```" in text:
        return
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    term = term_of(f'f="{quoted}"')
    assert isinstance(term, Comparison) and term.value.text == text
