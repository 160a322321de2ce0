"""The evaluator of SPL: the documented rules of ``search``, commands, macros, events."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.oracles.spl.errors import Doubtful, NotEvaluated
from tests.oracles.spl.evaluator import evaluate, matches
from tests.oracles.spl.events import Event, flat_event, splunk_event
from tests.oracles.spl.grouping import Tables
from tests.oracles.spl.reader import parse_search
from tests.oracles.spl.verdicts import DOUBTS, DROPS, EVENT, KEEPS, verdict

SEARCH = [
    # letter case, whole values, wildcards
    ("Color=bay", KEEPS),
    ("color=bay", DROPS),
    ("Color=CASE(Bay)", KEEPS),
    ("Color=CASE(bay)", DROPS),
    ("Color=CASE(B*)", KEEPS),
    ("Color=ba", DROPS),
    ("Color=b*", KEEPS),
    ('Color="*A*"', KEEPS),
    ('Color="b?y"', DROPS),
    ('"user agent"="CURL"', KEEPS),
    ('line="a*b"', KEEPS),
    # strings, not numbers, for =; numbers for an order when both are
    ("n=5", KEEPS),
    ("f=5", DROPS),
    ("n=5.0", DROPS),
    ("f>=5", KEEPS),
    ("n<10", KEEPS),
    ('n<"10"', KEEPS),
    ("n>5", DROPS),
    ("word>5", KEEPS),
    ('word<"a"', KEEPS),
    ("flag=TRUE", KEEPS),
    # missing fields, NOT and !=
    ("nothing=x", DROPS),
    ("NOT nothing=x", KEEPS),
    ("nothing!=x", DROPS),
    ("Color!=grey", KEEPS),
    ("NOT Color=bay", DROPS),
    ("Color!=*", DROPS),
    ("Color=*", KEEPS),
    ("nothing=*", DROPS),
    ("NOT nothing=*", KEEPS),
    ("none=*", DROPS),
    ("null=*", DROPS),
    ('empty=""', KEEPS),
    ("empty=*", KEEPS),
    ("nothing<5", DROPS),
    # many values: any of them
    ("list=alpha list=beta", KEEPS),
    ("NOT list=alpha", DROPS),
    ("list!=gamma", KEEPS),
    ("list!=alpha", DOUBTS),
    ("list!=*", DROPS),
    ("list!=alpha Color=grey", DROPS),
    ("list!=alpha OR Color=bay", KEEPS),
    # lists, networks
    ('Color IN (grey, "BA*")', KEEPS),
    ("NOT Color IN (grey, bay)", DROPS),
    ("nothing IN (a)", DROPS),
    ("NOT nothing IN (a)", KEEPS),
    ("ip=10.0.0.0/8", KEEPS),
    ("ip=11.0.0.0/8", DROPS),
    ('ip IN ("192.168.0.0/16", "10.1.0.0/16")', KEEPS),
    ("ip=10.1.1.1/8", DOUBTS),
    ("ip=11.1.1.1/8", DROPS),
    ('ip6="2001:db8::/120"', KEEPS),
    ('ip6="10.0.0.0/8"', DROPS),
    ("Color=10.0.0.0/8", DROPS),
    ("ip=10.0.0.0/255.0.0.0", DROPS),
    # backslashes and stars
    (r'path="C:\\Temp\\*"', KEEPS),
    (r'path="C:\Temp\a*"', KEEPS),
    (r'path="*\\\\*"', DROPS),
    (r'path="c:\\temp\\a\*b.exe"', DROPS),  # a backslash, then anything
    (r'path="c:\\temp\\a*b.exe"', KEEPS),
    # grouping
    ("Color=bay n=6 OR n=5", KEEPS),
    ("Color=grey n=6 OR n=5", DROPS),
    ("(Color=grey n=6) OR n=5", KEEPS),
    ("NOT Color=grey n=6", DROPS),
    ("NOT (Color=grey n=6)", KEEPS),
    # words and phrases of the raw text
    ("error", KEEPS),
    ("CASE(Error)", KEEPS),
    ("CASE(error)", DROPS),
    ("erro", DROPS),
    ("erro*", KEEPS),
    ("*rror", KEEPS),
    ("rror", DROPS),
    ('"access denied"', KEEPS),
    ('"access den"', DROPS),
    ('"access  denied"', DROPS),
    ("10.0.0.1", KEEPS),
    ("0.0", KEEPS),
    ("log", KEEPS),
    ("var/log", KEEPS),
    ("bob denied", KEEPS),
    ("acc*nied", DOUBTS),
    ("TERM(src=10.0.0.1)", KEEPS),
    ("TERM(10.0.0.1)", DROPS),  # stands behind a minor breaker
    ("TERM(bob)", KEEPS),
    ("*", KEEPS),
    ("NOT zzz", KEEPS),
]


@pytest.mark.parametrize(("text", "expected"), SEARCH)
def test_search(text: str, expected: str) -> None:
    assert verdict(text, EVENT) == expected


def test_the_ponies_of_the_page_on_not() -> None:
    """https://docs.splunk.com/Documentation/Splunk/9.0.2/Search/NOTexpressions"""
    places = ["Marin Meadows", None, "Placer Pastures", "Calaveras Farms"]
    events = [{"Location": place} if place else {} for place in places]
    for text, expected in [
        ('Location!="Calaveras Farms"', [0, 2]),
        ('NOT Location="Calaveras Farms"', [0, 1, 2]),
    ]:
        assert evaluate(parse_search(text), events) == [events[i] for i in expected]


def test_commands_that_change_events() -> None:
    text = 'a=1 | eval c=a+1, d=c . "x", a=null() | fields c d | search c=2 | table d'
    assert evaluate(parse_search(text), [{"a": "1", "b": "2"}, {"a": "2"}]) == [{"d": "2x"}]
    text = "a=1 | fields - b* _raw | table *"
    assert evaluate(parse_search(text), [{"a": 1, "bc": 2, "_raw": "x"}]) == [{"a": 1}]
    assert not matches("error | table a | search error", {"_raw": "error", "a": "1"})
    assert matches("error | fields a | search error", {"_raw": "error", "a": "1"})
    assert evaluate(parse_search('* | eval l=split(a, ",")'), [{"a": "x,y"}])[0]["l"] == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "macros", "expected"),
    [
        ("`m` n=5", {"m": "Color=bay"}, KEEPS),
        ("`m`", {"m": "`k`", "k": "Color=grey"}, DROPS),
        ("NOT `m`", {"m": "(Color=grey n=5)"}, KEEPS),
        ("NOT `m`", {"m": "Color=grey n=5"}, DOUBTS),  # the NOT would reach Color=grey alone
        ("n=6 OR `m`", {"m": "Color=bay n=5"}, DOUBTS),
        ("n=5 | `filter`", {"filter": "search *"}, KEEPS),
        ("n=5 | `filter`", {"filter": "where n=6"}, DROPS),
    ],
)
def test_macros(text: str, macros: dict[str, str], expected: str) -> None:
    assert verdict(text, EVENT, macros) == expected


@pytest.mark.parametrize(
    ("text", "macros"),
    [
        ("`m`", {}),
        ("`m`", {"m": "`k`", "k": "`m`"}),
        ("`m`", {"m": "a=1 | table a"}),
        ("`m(a)`", {"m": "a=1"}),
        ("a=1 | fillnull a", {}),
        ("a=1 | stats earliest(a) by a", {}),
        ("| tstats count from datamodel=X", {}),
        ("earliest=-1h a=1", {}),
        ("a=1 | where now()>1", {}),
    ],
)
def test_what_is_not_evaluated_says_so(text: str, macros: dict[str, str]) -> None:
    with pytest.raises(NotEvaluated):
        matches(text, {"a": "1"}, macros)


def rows(text: str, *events: Mapping[str, object], tables: Tables | None = None) -> list[Event]:
    return evaluate(parse_search(text), events, tables=tables)


def test_stats_groups_by_values() -> None:
    one, two, three = {"a": "x", "n": "9"}, {"a": ["x", "y"], "n": "10"}, {"n": "1"}
    assert rows("* | stats count by a", one, two, three) == [
        {"a": "x", "count": "2"},
        {"a": "y", "count": "1"},
    ]
    assert rows("* | stats count by a", {"a": ["x", "x"]}) == [{"a": "x", "count": "2"}]
    assert rows("* | stats count as c, dc(a) max(n) as m", one, two, three) == [
        {"c": "3", "dc(a)": "2", "m": "10"}
    ]
    assert rows("b=1 | stats count dc(a) as d min(a) as m") == [{"count": "0", "d": "0"}]
    assert rows("b=1 | stats count by a") == []
    assert rows("* | stats values(n) as n by a", two, one)[0] == {"a": "x", "n": ["10", "9"]}
    with pytest.raises(Doubtful):
        rows("* | stats count as a by a", one)


def test_tables_are_read_and_written() -> None:
    tables: Tables = {"t.csv": [{"a": "x", "b": "1"}, {"a": "x", "b": "2"}]}
    assert rows("* | lookup t.csv a as c OUTPUT b as d", {"c": "x"}, {"c": "X"}, tables=tables) == [
        {"c": "x", "d": ["1", "2"]},
        {"c": "X"},
    ]
    text = "* | inputlookup append=true t.csv | stats count by a | outputlookup u.csv"
    assert rows(text, {"a": "x"}, tables=tables) == [{"a": "x", "count": "3"}]
    assert tables["u.csv"] == [{"a": "x", "count": "3"}]
    for text in ("* | lookup n a OUTPUT b", "* | inputlookup append=true n"):
        with pytest.raises(NotEvaluated):
            rows(text, {"a": "x"})


def test_the_empty_text_is_a_setting() -> None:
    assert matches("f=*", {"f": ""})
    assert not matches("f=*", {"f": ""}, empty_exists=False)
    assert matches('f=""', {"f": ""}, empty_exists=False)


def test_json_becomes_fields() -> None:
    record = {
        "a": {"b": [{"c": 1, "d": [True, None]}, {"c": "x"}], "e.f": 2.50, "g": {}, "h": []},
        "i": None,
        "k": [[1], [2, 3]],
    }
    raw = (
        '{"a":{"b":[{"c":1,"d":[true,null]},{"c":"x"}],"e.f":2.5,"g":{},"h":[]},'
        '"i":null,"k":[[1],[2,3]]}'
    )
    assert splunk_event(record) == {
        "a.b{}.c": ["1", "x"],
        "a.b{}.d{}": "true",
        "a.e.f": "2.5",
        "k{}{}": ["1", "2", "3"],
        "_raw": raw,
    }
    assert splunk_event({"i": None}, null="null")["i"] == "null"
    assert splunk_event({"i": "é"})["_raw"] == '{"i":"é"}'
    text = '{ "n": [1.50, 1e3] }'
    assert splunk_event(text) == {"n{}": ["1.50", "1e3"], "_raw": text}
    assert flat_event({"a.b": [{"c": 1}, {"c": 2}], "d": ["x"]}) == {
        "a.b.c": ["1", "2"],
        "d": "x",
        "_raw": '{"a.b":[{"c":1},{"c":2}],"d":["x"]}',
    }
