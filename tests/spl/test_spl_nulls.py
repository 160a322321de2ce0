"""JSON events in Splunk: a null may be extracted as the text ``null``, or as nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends import find
from kqlx.backends.target import Options
from kqlx.evaluate.compiler import matches
from kqlx.frontends.lucene import parse
from kqlx.mappings.destinations import bind
from kqlx.mappings.pack import Pack
from kqlx.mappings.pack_library import Packs
from kqlx.mappings.reader.pack_data import of_data
from kqlx.nodes import Literal, Regexp
from kqlx.notes import Effect
from kqlx.records import replace
from tests.oracles.spl.events import splunk_event
from tests.oracles.splunk import SPLUNK
from tests.plans import query_plan

FIELDS = {
    **{"a": "a", "b.c": "b.c", "list": "list{}", "items.k": "items{}.k"},
    **{"n": "n", "text.d": "text.d", "record": "_raw", "items.n": "items{}.n", "numbers": "nn{}"},
}
COLUMNS = {
    **{"n": {"type": "long"}, "items{}.n": {"type": "long"}, "nn{}": {"type": "long"}},
    "text.*": {"json": True},
}
TYPES = {"n": "long", "items.n": "long", "numbers": "long"}
PLACE = {"base": "sourcetype=example", "json": True, "fields": FIELDS, "columns": COLUMNS}
PACK = of_data({"source": "example.log", "types": TYPES, "targets": {"spl": [PLACE]}})


DROPS_EMPTIES = of_data(
    {
        "source": "example.other",
        "types": TYPES,
        "targets": {"spl": [{**PLACE, "absent": {"*": [""]}}]},
    }
)


def search(query: str, exact: bool = False, pack: Pack = PACK) -> str:
    bound = bind(kqlx.parse(query), pack, "spl")
    return str(find("spl").emit(query_plan(bound, options=Options(exact=exact))).query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a:*", 'a!="null"'),
        ("not b.c:*", 'NOT b.c!="null"'),
        ("list:*", """list{}=*\n| where isnotnull(mvfind('list{}', "^(?!null$)"))"""),
        ("not list:*", """\n| where isnull(mvfind('list{}', "^(?!null$)"))"""),
        ("a:n*", 'a="n*" a!="null"'),
        ("not a:(*l or x)", 'NOT ((a="*l" a!="null") OR a="x")'),
        (
            "list:(n* or x)",
            'list{} IN ("n*", "x")\n'
            r"""| where isnotnull(mvfind('list{}', "\\A(?!null\\z)(?is:n.*|x)\\z"))""",
        ),
        (
            "not list:n*",
            "\n" r"""| where isnull(mvfind('list{}', "\\A(?!null\\z)(?is:n.*)\\z"))""",
        ),
        (
            "items.n > 5",
            "items{}.n>5\n"
            "| where isnotnull(mvmap('items{}.n', if(tonumber('items{}.n')>5, 1, null())))",
        ),
        (
            "items.k:*",
            """items{}.k=*\n| where isnotnull(mvfind('items{}.k', "^(?!null$)"))""",
        ),
        ("not items.k:*", """\n| where isnull(mvfind('items{}.k', "^(?!null$)"))"""),
        (r"a:* and b.c:x\*y", 'a!="null" b.c="x*y"\n'),
        (
            r"a:* or b.c:x\*y",
            '(a!="null" OR b.c="x*y")\n| where isnotnull(mvfind(a, "^(?!null$)"))',
        ),
        ("record:*", "_raw=*"),
        ("n > 5", 'n>5 n!="null"'),
        ("not n >= 5", 'NOT (n>=5 n!="null")'),
        ("n < 5 or a:x", '(n<5 OR a="x")'),
        (
            "not text.d:*",
            '\n| spath input="text" path="d" output="text.d"\n'
            """| where isnull(mvfind('text.d', "^(?!null$)"))""",
        ),
    ],
)
def test_presence(query: str, expected: str) -> None:
    found = search(query).removeprefix("sourcetype=example").lstrip(" ")
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("expression", "value"), [(".*ll|.*x", "yx"), (".*l+", "all"), ("n.*", "no")]
)
def test_a_regular_expression_takes_no_null_for_its_text(expression: str, value: str) -> None:
    bound = bind(kqlx.parse("a:x"), PACK, "spl")
    plan = query_plan(replace(bound, node=Regexp(Literal("a"), parse(expression))))
    pattern = re.search(r'mvfind\(a, "(.*)"\)', str(find("spl").emit(plan).query))
    assert pattern is not None
    search = re.compile(pattern[1].replace("\\\\", "\\").replace(r"\z", r"\Z")).search
    assert search(value)
    assert not search("null")


@pytest.mark.parametrize("query", ['a:"null"', "a:NULL", 'list:("null" or n*)', 'not a:"null"'])
def test_the_text_null_may_be_a_null_of_json(query: str) -> None:
    bound = bind(kqlx.parse(query), PACK, "spl")
    notes = find("spl").emit(query_plan(bound)).notes
    effect = Effect.NARROWER if query.startswith("not") else Effect.WIDER
    assert ("null-exists", effect) in [(note.code, note.effect) for note in notes]


def test_a_null_in_text_of_json_is_no_value_to_count() -> None:
    data = {"new_terms_fields": ["text.d"], "history_window_start": "now-7d"}
    rule = kqlx.Rule(name="new", query="a:x", type="new_terms", data=data)
    packs = Packs({"example.log": PACK})
    text = kqlx.convert(rule, "spl", source="example.log", mappings=packs).text
    assert text.splitlines()[1:3] == [
        '| spath input="text" path="d" output=text_d',
        '| eval text_d=mvfilter(text_d!="null")',
    ]


def test_sources_with_and_without_nulls_are_counted_together() -> None:
    kept = {"a": "a", "b.c": "b", "items.k": "items{}.k", "list": "list{}"}
    packs = [
        of_data(
            {
                "source": source,
                "recognise": {"fields": {"event.module": ["both"]}},
                "always": {"event.module": ["both"]},
                "targets": {
                    "spl": [{"base": f"sourcetype={source}", "json": json, "fields": kept}]
                },
            }
        )
        for source, json in (("x", True), ("y", False))
    ]
    data = {
        "threshold": {
            "field": ["a", "items.k", "list"],
            "value": 1,
            "cardinality": [{"field": "b.c", "value": 2}],
        }
    }
    rule = kqlx.Rule(name="both", query="event.module:both", type="threshold", data=data)
    text = kqlx.convert(rule, "spl", mappings=Packs({pack.source: pack for pack in packs})).text
    for line in (
        'eval a=nullif(a, "null")',
        """eval items_k=mvdedup(mvfilter('items{}.k'!="null"))""",
        "eval items_k=mvdedup('items{}.k')",
        """eval list=mvdedup(mvfilter('list{}'!="null"))""",
        'eval b_c=nullif(b, "null")',
        "eval b_c=b",
        "dc(b_c) as dc_b_c",
    ):
        assert line in text
    assert text.split()[-5:-2] == ["items_k,", "list", "|"]


VALUES = st.sampled_from([None, "x", "y", "x*y", "", "nil"])
NUMBERS = st.sampled_from([None, 4, 5, 10])
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES,
        "b": st.fixed_dictionaries({}, optional={"c": VALUES}),
        "n": NUMBERS,
        "list": st.lists(VALUES, max_size=3),
        "nn": st.lists(NUMBERS, max_size=3),
        "items": st.lists(
            st.fixed_dictionaries({}, optional={"k": VALUES, "n": NUMBERS}), max_size=3
        ),
    },
)
TESTS = st.sampled_from(
    [
        *("a:*", "b.c:*", "a:x", r"b.c:x\*y", "not a:*", "not b.c:*", "a:(* and not x)"),
        *("items.k:*", "not items.k:*", "items.k:x"),
        *("list:*", "not list:*", "list:x", "list:n*", "not list:(*l or x)", "list:(* and not y)"),
        *("a:n*", "not a:*l", "a:(nu* or x)", "not b.c:*u*", "items.k:n*", "not items.k:(*l or y)"),
        *("items.n > 4", "not items.n >= 5", "items.n:*", "not items.n < 5", "items.n:5"),
        *("numbers > 4", "not numbers >= 5", "numbers:*", "not numbers:*", "numbers <= 5"),
        *("n:*", "n > 4", "n >= 10", "not n >= 5", "n < 5", "not n <= 4"),
    ]
)


@given(st.lists(TESTS, min_size=1, max_size=3), st.sampled_from([" and ", " or "]), EVENTS)
def test_nulls_do_not_decide(tests: list[str], word: str, event: dict[str, object]) -> None:
    query = word.join(tests)
    for null in (None, "null"):
        raw = {"sourcetype": "example", **event}
        found = SPLUNK.keeps(search(query, exact=True), splunk_event(raw, null=null), [])
        elastic = {**event, "numbers": event.get("nn", [])}
        assert found == matches(kqlx.parse(query), elastic, TYPES), (query, null)
        text = search(query, exact=True, pack=DROPS_EMPTIES)
        found = SPLUNK.keeps(text, splunk_event(raw, null=null), [])
        assert found == matches(kqlx.parse(query), _without_empties(elastic), TYPES), (query, null)


def _without_empties(value: Any) -> Any:
    """As a pipeline stores it that drops empty texts, of lists too."""
    if isinstance(value, dict):
        return {key: _without_empties(held) for key, held in value.items() if held != ""}
    if isinstance(value, list):
        return [_without_empties(held) for held in value if held != ""]
    return value


def test_a_list_has_values_beside_a_text_that_stands_for_none() -> None:
    assert search("list:*", pack=DROPS_EMPTIES) == (
        """sourcetype=example list{}=*\n| where isnotnull(mvfind('list{}', "^(?!(?:null)?$)"))"""
    )
