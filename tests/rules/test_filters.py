"""Filters and exceptions beside a query, as a conversion takes them up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.evaluate.compiler import compile
from kqlx.frontends.kql.formatter import format_node
from kqlx.frontends.kql.parser import parse
from kqlx.nodes import And, Never
from kqlx.notes import Effect
from kqlx.rules.filters import conditions_of, with_conditions
from kqlx.testing.strategies import events_for
from tests.conftest import examples
from tests.oracles.dsl import dsl_matches


def rule(**data: Any) -> kqlx.Rule:
    return kqlx.Rule(name="r", query="a:1", data=data)


def effects(found: kqlx.Rule) -> dict[str, Effect]:
    return {note.code: note.effect for note in with_conditions(parse("a:1"), found)[1]}


def text_of(found: kqlx.Rule) -> str:
    return format_node(with_conditions(parse(found.query), found)[0], width=200)


X = {"match_phrase": {"x": "1"}}
Y = {"exists": {"field": "y"}}


@pytest.mark.parametrize(
    ("item", "query"),
    [
        ({"query": X}, 'a:1 and x:"1"'),
        ({"meta": {"negate": True}, "query": X}, 'a:1 and not x:"1"'),
        ({"meta": {"negate": False, "disabled": False, "alias": None}, "query": X}, None),
        ({"meta": {"type": "exists"}, "exists": {"field": "y"}}, "a:1 and y:*"),
        ({"meta": {"negate": True}, "query": {"match_all": {}}}, "never"),
        ({"query": {"match": {"x": {"query": "1", "type": "phrase"}}}, "$state": {}}, None),
        ({"match": {"x": {"query": "1", "type": "phrase"}}, "meta": {}}, None),
        ({"query": X, "exists": {"field": "y"}}, None),
        (
            {"meta": {"type": "phrases"}, "query": {"bool": {"should": [X, Y]}}},
            'a:1 and (x:"1" or y:*)',
        ),
        (
            {
                "meta": {
                    "type": "combined",
                    "relation": "OR",
                    "params": [{"query": X}, {"meta": {"negate": True}, "query": Y}],
                }
            },
            'a:1 and (x:"1" or not y:*)',
        ),
        (
            {
                "meta": {
                    "type": "combined",
                    "relation": "AND",
                    "negate": True,
                    "params": [{"query": X}, {"query": Y, "meta": {}}],
                },
                "query": {},
            },
            'a:1 and not (x:"1" and y:*)',
        ),
        (
            {
                "meta": {
                    "type": "combined",
                    "relation": "OR",
                    "params": [{"query": X}, {"query": Y, "meta": {"disabled": True}}],
                }
            },
            "a:1",
        ),
        ({"query": {"match_none": {}}}, "never"),
    ],
)
def test_a_filter_joins_the_query(item: Any, query: str | None) -> None:
    found = rule(filters=[item])
    if query == "never":
        node, _ = with_conditions(parse("a:1"), found)
        assert isinstance(node, And)
        assert Never() in node.items
    else:
        assert text_of(found) == (query or 'a:1 and x:"1"')
    assert Effect.WIDER not in effects(found).values()


def test_a_filter_that_is_disabled_is_left_out_with_a_quiet_note() -> None:
    found = rule(filters=[{"meta": {"disabled": True}, "query": X}])
    assert text_of(found) == "a:1"
    assert effects(found) == {"filters-disabled": Effect.SAME}


@pytest.mark.parametrize(
    "item",
    [
        {},
        None,
        "x",
        {"query": {}},
        {"query": None, "meta": None},
        {"meta": {"type": "combined", "params": 5}},
        {"meta": {"type": "combined", "params": [{}]}},
        {"meta": {"negate": "yes"}, "query": X},
        {"query": {"query_string": {"query": "x:1"}}},
        {"meta": {"negate": True}, "query": {"query_string": {"query": "x:1"}}},
    ],
)
def test_a_filter_that_cannot_be_read_makes_the_result_wider(item: Any) -> None:
    found = rule(filters=[item])
    assert text_of(found) == "a:1"
    assert effects(found) == {"filters-left-out": Effect.WIDER}
    assert Effect.WIDER in [n.effect for n in kqlx.convert(found, "spl", source="none").notes]


def test_notes_on_several_filters_are_joined_and_have_no_place() -> None:
    found = rule(filters=[{"query": X}, {"query": Y}, {"meta": {"alias": "lab"}, "query": {}}])
    notes = kqlx.convert(found, "spl", source="none").notes
    texts = [note.message for note in notes]
    assert "filters 1, 2 are in the result" in texts
    assert 'filter 3 "lab" is not converted: it has no query' in texts
    assert all(note.span is None for note in notes if note.code.startswith("filters"))


def test_elasticsearch_gets_the_filters_as_they_are() -> None:
    script = {"script": {"script": "true"}}
    wild = {"wildcard": {"p": {"value": "?:\\\\x", "case_insensitive": True}}}
    found = rule(filters=[{"query": script}, {"query": wild, "meta": {"negate": True}}])
    result = kqlx.convert(found, "es")
    assert result.fidelity is Effect.SAME
    assert isinstance(result.query, dict)
    assert result.query["bool"]["filter"][1:] == [script]
    assert result.query["bool"]["must_not"] == [wild]


@examples(25)
@given(data=st.data())
def test_the_query_for_elasticsearch_means_the_same(data: st.DataObject) -> None:
    items = [{"query": X, "meta": {"negate": data.draw(st.booleans())}}, {"query": Y}]
    found = rule(filters=data.draw(st.permutations(items)))
    node, _ = with_conditions(parse(found.query), found)
    event = data.draw(events_for(node, {}))
    query = kqlx.convert(found, "es").query
    assert isinstance(query, dict)
    assert dsl_matches(query, event, {}) == compile(node, {})(event)


def test_a_query_may_be_empty_where_there_are_filters() -> None:
    found = kqlx.Rule(name="r", query="", data={"filters": [{"query": X}]})
    assert kqlx.convert(found, "spl", source="none").text == 'x="1"'


# Exceptions

LIST = {"list_id": "ours", "namespace_type": "single", "type": "rule_default"}


def excepted(*entries: Any, **item: Any) -> kqlx.Rule:
    held = {("single", "ours"): ({"name": "known", "entries": list(entries), **item},)}
    return kqlx.Rule(name="r", query="a:1", data={"exceptions_list": [LIST]}, exceptions=held)


def entry(type: str, value: Any = None, operator: str = "included", field: str = "x") -> Any:
    return {"type": type, "value": value, "operator": operator, "field": field}


@pytest.mark.parametrize(
    ("entries", "query"),
    [
        ([entry("match", "1")], 'a:1 and not x:"1"'),
        ([entry("match", "1", "excluded")], 'a:1 and x:"1"'),
        ([entry("match_any", ["1", "2"])], 'a:1 and not x:("1" or "2")'),
        ([entry("wildcard", "b*")], "a:1 and not x:b*"),
        ([entry("exists")], "a:1 and not x:*"),
        ([entry("exists", operator="excluded"), entry("match", "1", field="y")], None),
        (
            [{"type": "nested", "field": "p", "entries": [entry("match", "1", field="n")]}],
            'a:1 and not p:{ n:"1" }',
        ),
    ],
)
def test_an_exception_excludes(entries: list[Any], query: str | None) -> None:
    found = excepted(*entries)
    assert text_of(found) == (query or 'a:1 and not (not x:* and y:"1")')
    assert effects(found) == {"filters-applied": Effect.SAME}


def test_an_exception_for_some_systems() -> None:
    found = excepted(entry("match", "1"), os_types=["linux", "macos"])
    systems = '("linux" or "macos")'
    either = f"host.os.type:{systems} or host.os.name.caseless:{systems}"
    assert text_of(found) == f'a:1 and not (x:"1" and ({either}))'


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (excepted({"type": "list", "field": "x", "list": {"id": "ips"}}), 'the list "ips" are not'),
        (excepted(entry("match", "1"), expire_time="2024-01-01"), "it ends at 2024-01-01"),
        (excepted(), "it has no entries"),
        (excepted(entry("regexp", "1")), "an entry of type regexp"),
        (excepted(entry("match")), "an entry of x has no value"),
        (excepted(entry("match_any", "1")), "an entry of type match_any"),
        (excepted(entry("match", "1", "maybe")), "the operator maybe"),
        (excepted({"type": "match"}), "an entry names no field"),
        (excepted({"type": ["match"], "field": "x"}), "an entry of type ['match']"),
        (excepted(entry("exists"), os_types="linux"), "its os_types are not a list"),
        (excepted({"type": "nested", "field": "x"}), "a nested entry has no entries"),
        (rule(exceptions_list=[LIST]), "the file does not hold its items"),
    ],
)
def test_an_exception_that_cannot_be_applied_is_told(found: kqlx.Rule, reason: str) -> None:
    assert text_of(found) == "a:1"
    (note,) = with_conditions(parse("a:1"), found)[1]
    assert note.effect is Effect.WIDER
    assert reason in note.message
    assert conditions_of(found).wrap_query({"match_all": {}}) == {"match_all": {}}


def test_a_list_without_items_excepts_nothing() -> None:
    found = kqlx.Rule(
        name="r",
        query="a:1",
        data={"exceptions_list": [LIST]},
        exceptions={("single", "ours"): ()},
    )
    assert with_conditions(parse("a:1"), found) == (parse("a:1"), ())


def test_suppression_is_told_in_full() -> None:
    found = rule(
        alert_suppression={
            "group_by": ["host.name", "user.id"],
            "duration": {"value": 6, "unit": "h"},
            "missing_fields_strategy": "doNotSuppress",
        }
    )
    (note,) = [n for n in kqlx.convert(found, "es").notes if n.code == "suppression-left-out"]
    assert "by host.name, user.id for 6h, except for events without these fields" in note.message
