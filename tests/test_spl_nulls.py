"""JSON events in Splunk: a null may be extracted as the text ``null``, or as nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends import find
from kqlx.backends.base import Options
from kqlx.evaluate import matches
from kqlx.mappings.choose import bind
from kqlx.mappings.pack_data import of_data
from spl.events import splunk_event
from splunk import SPLUNK

FIELDS = {"a": "a", "b.c": "b.c", "list": "list{}"}
PACK = of_data(
    {
        "source": "example.log",
        "targets": {"spl": [{"base": "sourcetype=example", "json": True, "fields": FIELDS}]},
    }
)


def search(query: str, exact: bool = False) -> str:
    bound = bind(kqlx.parse(query), PACK, "spl")
    return str(find("spl").emit(bound, Options(exact=exact)).query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a:*", 'a!="null"'),
        ("not b.c:*", 'NOT b.c!="null"'),
        ("list:*", "list{}=*"),
        (r"a:* and b.c:x\*y", 'a!="null" b.c="x*y"\n'),
        (
            r"a:* or b.c:x\*y",
            '(a!="null" OR b.c="x*y")\n| where isnotnull(mvfind(a, "^(?!null$)"))',
        ),
    ],
)
def test_presence(query: str, expected: str) -> None:
    assert f"sourcetype=example {expected}" in search(query)


VALUES = st.sampled_from([None, "x", "y", "x*y", ""])
EVENTS = st.fixed_dictionaries(
    {}, optional={"a": VALUES, "b": st.fixed_dictionaries({}, optional={"c": VALUES})}
)
TESTS = st.sampled_from(
    ["a:*", "b.c:*", "a:x", r"b.c:x\*y", "not a:*", "not b.c:*", "a:(* and not x)"]
)


@given(st.lists(TESTS, min_size=1, max_size=3), st.sampled_from([" and ", " or "]), EVENTS)
def test_nulls_do_not_decide(tests: list[str], word: str, event: dict[str, object]) -> None:
    query = word.join(tests)
    for null in (None, "null"):
        raw = {"sourcetype": "example", **event}
        found = SPLUNK.keeps(search(query, exact=True), splunk_event(raw, null=null), [])
        assert found == matches(kqlx.parse(query), event), (query, null)
