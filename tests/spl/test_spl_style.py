"""Searches as a person would write them: nothing is said twice, and ``where`` has what ``search``
cannot say alone.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.spl.multiple_sources import Search, SourceSearch
from kqlx.notes import Effect
from kqlx.testing.agreement import convert
from tests.conftest import examples
from tests.oracles.drawn import check_drawn
from tests.oracles.splunk import SPLUNK


def spl(query: str, source: str = "none", *, exact: bool = False) -> str:
    return kqlx.convert(query, "spl", source=source, exact=exact).query_text


@pytest.mark.parametrize(
    ("query", "search"),
    [
        ("user.name:(a or b or c) and user.name:b", 'user.name="b"'),
        ("user.name:b and user.name:(a or b or c)", 'user.name="b"'),
        ("user.name:* and user.name:a*", 'user.name="a*"'),
        ("user.name:a*b and not user.name:a*c*b", 'user.name="a*b" NOT user.name="a*c*b"'),
        (
            "user.name:(a or b) and user.name:(b or c)",
            'user.name IN ("a", "b") user.name IN ("b", "c")',
        ),
        (
            "source.ip:10.0.0.0/8 and source.ip:10.1.2.3",
            'source.ip="10.0.0.0/8" source.ip="10.1.2.3"',
        ),
    ],
)
def test_what_another_test_contains_is_not_said(query: str, search: str) -> None:
    assert spl(query) == search


def test_kinds_of_events_are_those_that_are_asked_for() -> None:
    query = "event.code:4799 and user.name:a"
    assert "EventCode IN" not in spl(query, "system.security")


@pytest.mark.parametrize(
    ("query", "source", "search"),
    [
        (
            "event.outcome:success",
            "aws.cloudtrail",
            '(errorCode IN ("success", "", "null") OR NOT errorCode=*)\n'
            '    (NOT errorMessage=* OR errorMessage IN ("", "null"))',
        ),
        (
            "event.outcome:failure",
            "aws.cloudtrail",
            'errorCode!="null" NOT errorCode IN ("", "success")',
        ),
        (
            "not client.user.email:*",
            "gcp.audit",
            '(NOT protoPayload.authenticationInfo.principalEmail=*\n'
            '    OR protoPayload.authenticationInfo.principalEmail IN ("", "null"))',
        ),
        ("not okta.actor.id:*", "okta.system", '(NOT actor.id=* OR actor.id IN ("", "null"))'),
        ("event.code:1", "none", 'event.code="1"'),
        ("not event.code:*", "none", "NOT event.code=*"),
    ],
)  # fmt: skip
def test_that_a_field_is_missing_is_said_plainly(query: str, source: str, search: str) -> None:
    made = spl(query, source)
    assert search in made
    assert not re.search(r"NOT \S+!=", made)


def test_a_key_that_events_must_have_is_asked_for_at_once() -> None:
    data = {"threshold": {"field": ["okta.actor.id"], "value": 3}}
    rule = kqlx.Rule("r", "event.action:a", type="threshold", data=data)
    made = str(kqlx.convert(rule, "spl", source="okta.system").query)
    assert 'eventType="a" actor.id!="" actor.id!="null"\n| stats' in made
    rule = kqlx.Rule("r", "okta.actor.id:* and event.action:a", type="threshold", data=data)
    made = str(kqlx.convert(rule, "spl", source="okta.system").query)
    assert made.count('actor.id!="null"') == 1


def test_where_says_of_alternatives_what_search_could_not() -> None:
    made = spl("event.action:a or (event.code:1 and user.name:10.0.0.0/8)")
    search, _, where = made.partition("\n| where ")
    assert search == '(event.action="a" OR (event.code="1" user.name="10.0.0.0/8"))'
    assert "event.code" not in where
    both = spl("(event.code:1 and user.name:10.0.0.0/8) or (event.code:2 and user.name:11.0.0.0/8)")
    assert both.partition("\n| where ")[2].count("event.code") == 2


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("destination.port:22", "EventCode=3"),
        ("dns.question.name:a", "EventCode=22"),
        ("destination.port:22 and process.name:a", "EventCode=3"),
        ("destination.port:22 or dns.question.name:a", "EventCode IN (3, 22)"),
        ("not destination.port:22", "EventCode IN (3, 22)"),
        ("process.name:a", "EventCode IN (3, 22)"),
    ],
)
def test_a_field_of_one_kind_of_events_is_looked_for_in_these_alone(query: str, kinds: str) -> None:
    network = "event.category:network and host.os.type:windows"
    assert f" {kinds} " in spl(f"{network} and ({query})", "endpoint.events").replace("\n", " ")


def test_letter_case_alone_makes_no_other_value() -> None:
    assert spl("user.name:(Admin or admin or ADMIN or b)") == 'user.name IN ("Admin", "b")'
    assert spl("user.name:(Admin or admin)") == 'user.name="Admin"'
    assert spl("user.name:(\u00c4 or \u00e4)") == 'user.name IN ("\u00c4", "\u00e4")'
    exact = spl("user.name:(Admin or admin)", exact=True)
    assert exact.startswith('user.name="Admin"\n')
    assert "(?:Admin|admin)" in exact


def test_where_has_only_what_search_cannot_say() -> None:
    made = spl('event.action:x and not (user.name:a or user.name:"10.0.0.0/8" or process.name:b)')
    search, _, where = made.partition("\n| where ")
    assert search == 'event.action="x" NOT (user.name="a" OR process.name="b")'
    assert where == "isnull(mvfind('user.name', \"\\\\A10\\\\.0\\\\.0\\\\.0/8\\\\z\"))"


@pytest.mark.parametrize("exact", [False, True])
@examples(60)
@given(data=st.data())
def test_tests_of_few_fields_mean_what_they_mean(exact: bool, data: st.DataObject) -> None:
    """Many of them contain others."""
    fields = {"event.action": "keyword", "source.bytes": "long"}
    check_drawn(data, SPLUNK, "spl", fields, exact=exact)


@pytest.mark.parametrize(
    ("query", "effect"),
    [
        ("source.bytes:* and **", Effect.WIDER),
        ("source.bytes:* and not **", Effect.NARROWER),
        ('source.bytes > 5 or ** and not user.name:"10.0.0.0/8"', Effect.WIDER),
    ],
)
def test_stars_without_a_field_want_a_text_in_elasticsearch(query: str, effect: Effect) -> None:
    asked = convert(query, SPLUNK, "spl")
    assert effect in [note.effect for note in asked.notes]
    for event in ({"source": {"bytes": 1}}, {"source": {"bytes": 1}, "user": {"name": "a"}}):
        assert not (found := asked.disagreement(event)), found
    assert convert("source.bytes:* and *", SPLUNK, "spl").notes == ()


def test_values_of_nested_alternatives_are_one_list() -> None:
    made = spl("not (user.name:a or (user.name:b or process.name:c or (user.name:d)))")
    assert made == 'NOT (user.name IN ("a", "b", "d") OR process.name="c")'


@pytest.mark.parametrize(
    ("query", "source", "search"),
    [
        ("o365.audit.Foo:a", "o365.audit", '(Foo="a" OR Foo{}="a")'),
        ("o365.audit.A.b:a", "o365.audit", 'A{}.b="a" OR A{}.b{}="a")'),
        ("o365.audit.Actor.ID:a", "o365.audit", 'Actor{}.ID="a"'),
        ("event.action:network_flow and destination.port:22", "network_traffic", "dest_port=22"),
        ("tls.server.hash.sha1:AB", "network_traffic", 'tag=certificate ssl_hash="AB"'),
        (
            "event.category:process and event.type:(start or info) and process.name:a",
            "endpoint.events",
            "EventID=1",
        ),
    ],
)
def test_what_the_packs_say_of_whole_records(query: str, source: str, search: str) -> None:
    assert search in spl(query, source)


def test_what_lies_in_a_text_of_json_is_looked_for_before_it_is_taken_apart() -> None:
    field = "azure.platformlogs.properties.log.objectRef.resource"
    made = spl(f"{field}:secrets and {field}:*quo/ta*configmaps*", "azure.platformlogs")
    search, spath, _ = made.partition("\n| spath ")
    assert spath
    assert 'properties.log="*secrets*" properties.log="*configmaps*"' in search
    for short in ('"get"', '"a\\"b\\"c"'):
        made = spl(f"{field}:({short} or secrets)", "azure.platformlogs")
        assert "properties.log=" not in made.partition("\n| spath ")[0]
    made = spl(f"event.action:* and not {field}:secrets", "azure.platformlogs")
    assert "properties.log=" not in made.partition("\n| spath ")[0]


def test_categories_of_sign_ins_are_named() -> None:
    made = spl("event.action:x", "azure.signinlogs")
    assert 'category IN ("SignInLogs", ' in made
    assert "*SignInLogs" not in made


def several(one: tuple[str, ...], *others: tuple[str, ...]) -> str:
    """The search over sources with these steps each, in places s0, s1, …"""
    each = (one, *others)
    return Search(
        tuple(SourceSearch((f"s{at}", "x=1"), steps) for at, steps in enumerate(each))
    ).text


def test_steps_that_end_all_searches_follow_once() -> None:
    assert several(("| eval a=1",), ("| eval a=1",)) == "(s0 x=1)\nOR (s1 x=1)\n| eval a=1"
    mixed = several(("| where b", "| eval a=1"), ("| eval a=1",))
    assert (
        mixed
        == "| multisearch\n    [search s0 x=1\n    | where b]\n    [search s1 x=1]\n| eval a=1"
    )
    assert several(("| eval a=1",), ("| eval a=2",)).startswith("| multisearch\n")


def test_events_of_one_place_are_found_once() -> None:
    both = SourceSearch(('(source="a" OR source="b")', "x=1"))
    assert Search((both, SourceSearch(('source="a"', "x=1")))).text == both.text()
    for other in (SourceSearch(('source="c"', "x=1")), SourceSearch(('source="a"', "x=2"))):
        assert "\nOR (" in Search((both, other)).text
