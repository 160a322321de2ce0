"""Fields with odd names in every target: a form that its own reader takes, and that asks for this
field alone, or a refusal that says so.
"""

from __future__ import annotations

import json

import pytest

import kqlx
from kqlx.frontends.kql.formatter import format_node
from kqlx.nodes import Equals, Exists, Like, Literal, Node, Not, Pattern
from tests.conftest import missing
from tests.oracles import kusto
from tests.oracles.sigma_rules import SIGMA
from tests.oracles.spl import evaluator, reader

CHARACTERS = " !#$%&()+,-./:;<=>?@[]^_{|}~\"'\\`*\n\t\r\0\x1b\x7f\x85\xa0é漢😀\u202e\u2028\ud800"
NAMES = [
    *[f"a{character}b" for character in CHARACTERS],
    *[f"{character}a" for character in "-+!@#$%&( [{'\"|\\.:1"],
    *[f"a{character}" for character in ") ]}'\"|\\`"],
    "",
    "  ",
    "'",
    "\\",
    "```",
    "a```b```",
    "//",
    "/*a*/",
    "--",
    "<<FIELD>>",
    "$json$",
    "{{a}}",
    "a{}.b",
    *[
        "AND",
        "or",
        "Not",
        "in",
        "by",
        "as",
        "true",
        "false",
        "null",
        "T",
        "let",
        "where",
        "search",
        "condition",
        "index",
        "source",
    ],
    "x" * 5_000,
]
TESTS: list[Node] = [
    Equals(Literal("x"), Literal("v")),
    Like(Literal("x"), Pattern.from_stars("v*w*y")),
    Exists(Literal("x")),
    Not(Equals(Literal("x"), Literal("v"))),
]
ODD_PATTERNS = ['a"b*', "a'b*", "a|b*", "a]b*", "a[b*", "a`b*", "a\\b*", "a\nb*", "*\ud800", "é*"]


def named(test: Node, name: str) -> Node:
    if isinstance(test, Not):
        return Not(named(test.item, name))
    assert isinstance(test, Equals | Like | Exists)
    field = Literal(name)
    if isinstance(test, Equals):
        return Equals(field, test.value)
    return Like(field, test.pattern) if isinstance(test, Like) else Exists(field)


def query_of(node: Node) -> str:
    try:
        return format_node(node)
    except kqlx.KqlxError:
        pytest.skip("no text of the language has this name")


def converted(node: Node, target: str, *, exact: bool = False) -> str | None:
    """The result, or None for a refusal because of the name."""
    query = query_of(node)
    accepted = ["wider", "different"]
    try:
        made = kqlx.convert(query, target, source="none", accept=accepted, exact=exact)
    except kqlx.UnsupportedError as error:
        assert error.code == "field-name-not-supported"
        return None
    return made.text


def events(name: str) -> list[dict[str, str]]:
    other = f"{name}x"
    return [{name: "v"}, {name: "vwy"}, {name: "z"}, {other: "v"}, {}]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
@pytest.mark.parametrize("exact", [False, True], ids=["search", "exact"])
def test_splunk(name: str, exact: bool) -> None:
    for test in TESTS:
        node = named(test, name)
        text = converted(node, "spl", exact=exact)
        if text is None:
            continue
        holds = kqlx.compile(node)
        pipeline = reader.parse_search(text)
        for event in events(name):
            assert bool(evaluator.evaluate(pipeline, [event])) == holds(event), text


@pytest.mark.parametrize("name", ODD_PATTERNS, ids=ascii)
def test_names_with_stars_in_splunk(name: str) -> None:
    node = Equals(Pattern.from_stars(name), Literal("v"))
    text = converted(node, "spl")
    if name == "é*":
        assert text is not None
    if text is not None:
        reader.parse_search(text)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_sigma(name: str) -> None:
    for test in TESTS:
        node = named(test, name)
        text = converted(node, "sigma")
        if text is None:
            continue
        text.encode()
        SIGMA.read(text)
        holds = kqlx.compile(node)
        for event in events(name):
            assert SIGMA.holds(text, event) == holds(event), text


def test_sentinel() -> None:
    if not kusto.there():
        missing("Microsoft's analyser is not installed")
    queries: list[str] = []
    schemas: dict[str, dict[str, str]] = {}
    for name in NAMES:
        for test in TESTS:
            text = converted(named(test, name), "sentinel")
            if text is None:
                continue
            text.encode()
            table = f"T{len(queries)}"
            queries.append(text.replace("Events", table, 1))
            schemas[table] = {name: "string"}
    for query, complaints in zip(queries, kusto.analyse(queries, schemas), strict=True):
        # The schema that it is told of has no escapes.
        unknown = "does not refer to any known column" if "\\" in query else "\0"
        assert not [complaint for complaint in complaints if unknown not in complaint]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_elasticsearch(name: str) -> None:
    node = Equals(Literal(name), Literal("v"))
    text = converted(node, "elasticsearch")
    assert text is not None
    text.encode()
    assert json.loads(text)["bool"]["should"] == [{"match": {name: "v"}}]


@pytest.mark.parametrize(
    "query", ['f:"\ud800"', "f:*\\udc00*", "\ud800", 'message:"a \ud800"', "f:(a or \ud800)"]
)
def test_halves_of_characters_are_refused_or_loaded(query: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="half of a character"):
        kqlx.convert(query, "spl", source="none")
    for target in ("sentinel", "sigma", "elasticsearch"):
        text = kqlx.convert(query, target, source="none", accept=["different"]).text
        text.encode()
    SIGMA.read(kqlx.convert(query, "sigma", source="none", accept=["different"]).text)


@pytest.mark.parametrize("name", ["a|b", 'a"b', "a`b", "\ud800", "a]b", " a"])
@pytest.mark.parametrize("source", ["none", "okta.system"])
def test_what_splunk_counts_by_has_a_name_that_it_can_spell(name: str, source: str) -> None:
    query = "event.dataset:okta.system and event.outcome:failure"
    threshold = {"field": [name, "user.name"], "value": 5}
    data = {"query": query, "type": "threshold", "threshold": threshold}
    rule = kqlx.Rule(name="n", query=query, type="threshold", data=data)
    for format in ("query", "savedsearches"):
        with pytest.raises(kqlx.UnsupportedError) as error:
            kqlx.convert(rule, "spl", source=source, format=format, unmapped="keep")
        assert error.value.code == "field-name-not-supported"
