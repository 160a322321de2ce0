"""Splunk: new terms by a table that remembers what was seen, run after run, against Kibana."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from kqlx.rules.model import Rule
from tests.conftest import examples
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import Event
from tests.oracles.spl.grouping import Tables
from tests.oracles.spl.reader import parse_search
from tests.spl.test_spl_types import DAY, HOUR, NOW, buckets, groups, new_terms, rule, spl

HOURS = st.sampled_from([0, 1, 2, 3, 40, 164, 165, 166, 167, 168, 169, 170, 171, 200])


@examples(8)
@given(
    st.lists(st.tuples(st.sampled_from(["x", "y"]), HOURS), max_size=6),
    st.sampled_from([("1h", 1), ("1h", 3), ("4h", 1)]),
)
@example([("x", 0), ("x", 166)], ("1h", 3))
@example([("x", 2), ("x", 40)], ("4h", 1))
def test_a_table_remembers_what_the_history_has(
    drawn: list[tuple[str, int]], times: tuple[str, int]
) -> None:
    """Runs each hour, of which several see the same event, or each four hours, with time between
    that no run looks at: a term is known by any event of the history before the look-back.
    """
    interval, hours = times
    start = NOW - 10 * DAY
    events: list[Event] = [
        {"a": "b", "user.name": user, "_time": str(start + hour * HOUR - HOUR // 2)}
        for user, hour in drawn
    ]
    terms = new_terms("user.name", interval=interval, **{"from": f"now-{hours}h"})
    text = spl(terms, new_terms="lookup").text
    earliest, _, rest = text.partition(" ")
    reads = int(earliest.removeprefix("earliest=-").removesuffix("h")) * HOUR
    query = parse_search(rest)
    tables: Tables = {"a_rule_2d711642_seen.csv": []}
    for now in range(start, NOW + 1, int(interval[:-1]) * HOUR):
        seen = [event for event in events if now - reads <= int(str(event["_time"])) < now]
        found = evaluate(query, seen, now=now, tables=tables)
        within = [event for event in events if now - 7 * DAY <= int(str(event["_time"])) < now]
        expected = {
            place
            for place, members in buckets(within, ["user.name"]).items()
            if min(int(str(member["_time"])) for member in members) > now - hours * HOUR
        }
        assert groups(found, ["user.name"]) == expected


def test_each_rule_has_a_table_of_its_own() -> None:
    """Rules whose names begin alike, or have no letters that a table's name takes."""
    names = ["规则一", "规则二", "x" * 70 + "a", "x" * 70 + "b", "a-b", "a b"]
    tables = set()
    for name in names:
        of = Rule(name, "a:b", type="new_terms", data={"new_terms_fields": ["u"]})
        text = spl(of, new_terms="lookup").text
        tables.add(text.partition("outputlookup ")[2].partition("\n")[0])
    assert len(tables) == len(names)


def test_a_value_that_looks_like_a_time_range_is_none() -> None:
    found = spl(rule("new_terms", 'a:"x earliest=-1y"', new_terms_fields=["u"]))
    assert found.text.startswith("earliest=-14d a=")
