"""Regular expressions of arrays in Kusto, on values that JSON writes otherwise than they are."""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.frontends.lucene import parse
from kqlx.nodes import Case, Literal, Node, Not, Regexp
from kqlx.testing.agreement import convert
from kqlx.testing.stored import Event
from tests.oracles.sentinel import SENTINEL

EXPRESSIONS = [
    *("a.*", ".*a", ".*", "a|b", "a?", "[^a]*", '[^\\"]+', "[0-9]+", "[0-9.]{1,3}|x", "true|f.*"),
    *('\\"', "\\\\", "[\\\\]+.*", '.\\"', '[\\"\\\\]', "[^\\\\]", "a,b", ",", "[,\\]]*", "\\]"),
    *(".", ".{2}", "é|[à-ü]+", ".?n", "n.*", "[ -~]*", "[^ -~]", "u0001", "(a,)?.*", "\n"),
    *("[\t-\r]", "[\x01-\x1f]a*", "(ab)+|(a|x)*b", "()", "(a\\\\)*.", "[\\[\\]]"),
]
TEXTS = [
    *(
        "a",
        "A",
        "",
        "b",
        "ab",
        'a"',
        '"',
        "\\",
        "\\\\",
        '"\\',
        "a,b",
        ",",
        "]",
        "],[",
        "x,",
        "a\\b",
    ),
    *(
        "n",
        "\n",
        "\t",
        "\x01",
        "\x01a",
        "u0001",
        "é",
        "É",
        "😀",
        "12",
        "1.5",
        "x",
        "true",
        "aa",
        "xb",
    ),
]
OTHERS: list[Any] = [7, 12, True, [1.5, "n"], [[], "a"], None, ["x,", ",y"], ["x,", 12, "y"]]


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize("case", Case)
def test_they_match_whole_values(case: Case, negated: bool) -> None:
    pairs = zip(TEXTS, TEXTS[7:] + TEXTS[:7], strict=True)
    values = [*TEXTS, *map(list, pairs), *OTHERS]
    events: list[Event] = [{"process": {"args": value}} for value in values]
    events.append({"process": {"name": "a"}})
    reports = []
    for expression in EXPRESSIONS:
        test = Regexp(Literal("process.args"), parse(expression), case=case)
        node: Node = Not(test) if negated else test
        query = convert(node, SENTINEL, "sentinel")
        reports += [found for event in query.asked(events) if (found := query.disagreement(event))]
    assert not reports, "\n".join([f"{len(reports)} reports", *reports[:20]])
    assert not (complaints := SENTINEL.complaints()), complaints[:5]


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("x.*", r'(?s)[\[,]"x'),
        ("[^b]x", r'(?s)[\[,]"(?:[^b"\\\x00-\x1f]|\\["\\bfnrt]|\\u[0-9a-f]{4})x"[,\]]'),
        ("x|1", r'(?s)^(?:[^"]*"(?:[^"\\]|\\.)*")*[^"]*[\[,](?:"(?:x|1)"[,\]]|1[,\]])'),
    ],
)
def test_how_they_are_written(expression: str, written: str) -> None:
    query = f'any where registry.data.strings regex "{expression}"'
    made = kqlx.convert(query, "sentinel", language="eql", source="none").query_text
    assert made.split("matches regex ")[1] == f"@'{written}'"
