"""JSON events in Splunk: a null may be extracted as the text ``null``, or as nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends import find
from kqlx.backends.base import Options
from kqlx.evaluate.compiler import matches
from kqlx.mappings.choose import bind
from kqlx.mappings.library import Packs
from kqlx.mappings.pack_data import of_data
from spl.events import splunk_event
from splunk import SPLUNK

FIELDS = {
    **{"a": "a", "b.c": "b.c", "list": "list{}", "items.k": "items{}.k"},
    **{"n": "n", "text.d": "text.d", "record": "_raw"},
}
COLUMNS = {"n": {"type": "long"}, "text.*": {"json": True}}
PLACE = {"base": "sourcetype=example", "json": True, "fields": FIELDS, "columns": COLUMNS}
PACK = of_data({"source": "example.log", "types": {"n": "long"}, "targets": {"spl": [PLACE]}})


def search(query: str, exact: bool = False) -> str:
    bound = bind(kqlx.parse(query), PACK, "spl")
    return str(find("spl").emit(bound, Options(exact=exact)).query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a:*", 'a!="null"'),
        ("not b.c:*", 'NOT b.c!="null"'),
        ("list:*", "list{}=*"),
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
    kept = {"a": "a", "b.c": "b", "items.k": "items{}.k"}
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
            "field": ["a", "items.k"],
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
        'eval b_c=nullif(b, "null")',
        "eval b_c=b",
        "dc(b_c) as dc_b_c",
    ):
        assert line in text
    assert text.split()[-5:-2] == ["a,", "items_k", "|"]


VALUES = st.sampled_from([None, "x", "y", "x*y", ""])
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES,
        "b": st.fixed_dictionaries({}, optional={"c": VALUES}),
        "n": st.sampled_from([None, 4, 5, 10]),
        "items": st.lists(st.fixed_dictionaries({}, optional={"k": VALUES}), max_size=3),
    },
)
TESTS = st.sampled_from(
    [
        *("a:*", "b.c:*", "a:x", r"b.c:x\*y", "not a:*", "not b.c:*", "a:(* and not x)"),
        *("items.k:*", "not items.k:*", "items.k:x"),
        *("n:*", "n > 4", "n >= 10", "not n >= 5", "n < 5", "not n <= 4"),
    ]
)


@given(st.lists(TESTS, min_size=1, max_size=3), st.sampled_from([" and ", " or "]), EVENTS)
def test_nulls_do_not_decide(tests: list[str], word: str, event: dict[str, object]) -> None:
    query = word.join(tests)
    for null in (None, "null"):
        raw = {"sourcetype": "example", **event}
        found = SPLUNK.keeps(search(query, exact=True), splunk_event(raw, null=null), [])
        assert found == matches(kqlx.parse(query), event, {"n": "long"}), (query, null)
