"""Sigma: the condition says what the tree says. pySigma reads it, a small evaluator compares."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sigma.collection import SigmaCollection
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
)

import kqlx
from kqlx.evaluate.compiler import matches
from kqlx.frontends.kql.formatter import format_node
from kqlx.nodes import And, Equals, Literal, Node, Not, Or
from kqlx.notes import Effect
from tests.conftest import examples

FIELDS = ("a", "b", "c", "d")


def leaves() -> st.SearchStrategy[Node]:
    return st.builds(
        lambda f, v: Equals(Literal(f), Literal(v)), st.sampled_from(FIELDS), st.sampled_from("12")
    )


def groups(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    items = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(lambda i: And(i), items), st.builds(lambda i: Or(i), items), st.builds(Not, inner)
    )


def holds(condition: Any, event: dict[str, str]) -> bool:
    if isinstance(condition, ConditionAND):
        return all(holds(item, event) for item in condition.args)
    if isinstance(condition, ConditionOR):
        return any(holds(item, event) for item in condition.args)
    if isinstance(condition, ConditionNOT):
        return not holds(condition.args[0], event)
    assert isinstance(condition, ConditionFieldEqualsValueExpression)
    return event.get(condition.field) == str(condition.value)


@examples(150)
@given(
    tree=st.recursive(leaves(), groups, max_leaves=9),
    event=st.dictionaries(st.sampled_from(FIELDS), st.sampled_from("12")),
)
def test_the_condition_means_what_the_query_means(tree: Node, event: dict[str, str]) -> None:
    text = kqlx.convert(format_node(tree), "sigma", source="none").text
    (rule,) = SigmaCollection.from_yaml(text).rules
    assert not rule.errors
    (condition,) = rule.detection.parsed_condition
    assert holds(condition.parsed, event) == matches(tree, event, {})


def test_two_groups_of_filters_do_not_catch_each_other() -> None:
    query = "(x:1 and not (a:1 or b:2 and e:1)) or (y:1 and not (c:3 and f:1 or d:4))"
    text = kqlx.convert(query, "sigma", source="none", format="query").text
    assert "not 1 of filter_main_*" in text
    assert "not 1 of filter_main2_*" in text


@pytest.mark.parametrize(
    ("query", "detection"),
    [
        (
            "a:(1 or 2) and a:2 and b:3",
            {"selection": {"a": "2", "b": "3"}, "condition": "selection"},
        ),
        (
            "a:x* and a:xy and a:*",
            {"selection": {"a": "xy"}, "condition": "selection"},
        ),
        (
            "a:(*x* and *y* and *z) and not a:(*b* and *c*)",
            {
                "selection": {"a|contains|all": ["x", "y"], "a|endswith": "z"},
                "filter_main_a": {"a|contains|all": ["b", "c"]},
                "condition": "selection and not filter_main_a",
            },
        ),
        (
            "(a:1 and b:2 and c:3) or (c:4 and a:1) or (a:1 and d:5 and d:6)",
            {
                "selection": {"a": "1"},
                "selection_2": {"b": "2", "c": "3"},
                "selection_c": {"c": "4"},
                "selection_d": {"d": "5"},
                "selection_d_2": {"d": "6"},
                "condition": "selection and (selection_2 or selection_c or (selection_d and"
                " selection_d_2))",
            },
        ),
        (
            "(a:1 and b:2) or (a:1 and b:3)",
            {"selection": {"a": "1", "b": ["2", "3"]}, "condition": "selection"},
        ),
        (
            "(a:1 and b:2) or (a:1 and b:2 and c:3)",
            {"selection": {"a": "1", "b": "2"}, "condition": "selection"},
        ),
        (
            "a:(*x* and *xy*)",
            {"selection": {"a|contains": "xy"}, "condition": "selection"},
        ),
        (
            "a:(*x*y* and *z*) or b:1",
            {
                "selection_or_1": {"a|contains|all": ["x*y", "z"]},
                "selection_or_2": {"b": "1"},
                "condition": "1 of selection_or_*",
            },
        ),
        (
            "a:x and not b:1 and not b:2* and not c:3 and not b:4",
            {
                "selection": {"a": "x"},
                "filter_main_b": [{"b": ["1", "4"]}, {"b|startswith": "2"}],
                "filter_main_c": {"c": "3"},
                "condition": "selection and not 1 of filter_main_*",
            },
        ),
        (
            "a:x and not ((b:1 or b:2*) and (c:3 or c:4*))",
            {
                "selection": {"a": "x"},
                "filter_main_1": [{"b": "1"}, {"b|startswith": "2"}],
                "filter_main_2": [{"c": "3"}, {"c|startswith": "4"}],
                "condition": "selection and not all of filter_main_*",
            },
        ),
        (
            "a:(x*y* or *x*y or *x*y* or z*)",
            {
                "selection_a": [
                    {"a": ["x*y*", "*x*y"]},
                    {"a|contains": "x*y"},
                    {"a|startswith": "z"},
                ],
                "condition": "selection_a",
            },
        ),
        (
            "x:1 and (y:2 or (a:1* and (b:2* or b:*3) and (c:4* or c:*5) and (d:6* or d:*7)))",
            {
                "selection": {"x": "1"},
                "selection_a": {"a|startswith": "1"},
                "selection_b": [{"b|startswith": "2"}, {"b|endswith": "3"}],
                "selection_c": [{"c|startswith": "4"}, {"c|endswith": "5"}],
                "selection_d": [{"d|startswith": "6"}, {"d|endswith": "7"}],
                "selection_y": {"y": "2"},
                "condition": "selection and (selection_y or (selection_a and selection_b and"
                " selection_c and selection_d))",
            },
        ),
    ],
)
def test_detections_are_laid_out_as_in_sigmahqs_rules(
    query: str, detection: dict[str, object]
) -> None:
    text = kqlx.convert(query, "sigma", source="none", format="query").text
    assert yaml.safe_load(text)["detection"] == detection


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("condition:yes", "condition: 'yes'"),
        ("@timestamp:*", "'@timestamp|exists': true"),
        ("num:010", "num: '010'"),
        ("process.pid:007", "process.pid: 7"),
        ("process.pid:9007199254740993", "process.pid: '9007199254740993'"),
        ("event.risk_score >= 0.0000001", "event.risk_score|gte: 0.0000001"),
        ('source.ip:"2001:DB8::1"', "source.ip|cidr: '2001:db8::1/128'"),
        ("source.ip:10.1.2.3/8", "source.ip|cidr: '10.0.0.0/8'"),
        ("process.code_signature.trusted:true", "process.code_signature.trusted: true"),
        (r"f:a\\\*b", r"f: 'a\\\*b'"),
        ("f:w?n", r"f: 'w\?n'"),
        (r'f:"\\\\srv"', r"f: '\\\\srv'"),
        ("f:a\ufffeb\uffff", r'f: "a\ufffeb\uffff"'),
    ],
)
def test_traps_of_yaml_and_sigma(query: str, line: str) -> None:
    text = kqlx.convert(query, "sigma", source="none").text
    assert f"        {line}\n" in text
    (rule,) = SigmaCollection.from_yaml(text).rules
    assert not rule.errors


@pytest.mark.parametrize(
    ("query", "to"),
    [
        ("process.code_signature.trusted:foo bar", "spl"),
        ('process.code_signature.trusted:""', "sentinel"),
        ("process.code_signature.trusted:1", "sigma"),
        ('@timestamp:"1 January"', "sentinel"),
        ("source.bytes:1*", "sigma"),
        ('"n|contains":5', "sigma"),
        ('"":5', "sigma"),
        ("process.pid:abc", "spl"),
    ],
)
def test_values_that_do_not_suit_the_field_are_refused(query: str, to: str) -> None:
    with pytest.raises(kqlx.UnsupportedError):
        kqlx.convert(query, to, source="none")


@pytest.mark.parametrize(
    ("query", "condition", "code", "effect"),
    [
        ("{group} and event.action:a", "selection", "approximated", Effect.WIDER),
        ("custom.list:{ *:* } and event.action:a", "selection", "approximated", Effect.WIDER),
        ("a:1 and not custom.list:{ *:* }", "selection", "approximated", Effect.WIDER),
        ("{group}", "selection_any", "names-expanded", Effect.NARROWER),
        ("event.action:a or {group}", "selection_any", "names-expanded", Effect.NARROWER),
        ("not {group}", "all of selection_*", "names-expanded", Effect.WIDER),
        (
            "event.action:a and not {group}",
            "selection and all of selection_*",
            "names-expanded",
            Effect.WIDER,
        ),
    ],
)
def test_a_group_of_nothing_but_exists_asks_for_an_object(
    query: str, condition: str, code: str, effect: Effect
) -> None:
    """The fields that ECS knows there stand for it where a selection needs them."""
    text = query.replace("{group}", "file.elf.sections:{ *:* }")
    found = kqlx.convert(text, "sigma", source="none", accept=["narrower"])
    assert found.text.endswith(f"\n    condition: {condition}")
    assert [note.effect for note in found.notes if note.code == code] == [effect]
    assert ("file.elf.sections.name|exists: " in found.text) is (code == "names-expanded")
    others = [note for note in found.notes if note.code != "null-exists"]
    assert kqlx.notes.worst(others) is effect


def test_any_object_beside_a_test_asks_for_nothing_more() -> None:
    found = kqlx.convert("file.elf.sections:{ *:* and name:a }", "sigma", source="none")
    assert kqlx.notes.worst(found.notes) is Effect.CASE
    with pytest.raises(kqlx.UnsupportedError, match="never match"):
        kqlx.convert("file.elf.sections:{ not *:* }", "sigma", source="none")
    with pytest.raises(kqlx.UnsupportedError, match="matches any object"):
        kqlx.convert("custom.list:{ *:* }", "sigma", source="none")


def test_words_with_letters_of_several_cases_are_not_exact() -> None:
    found = kqlx.convert("message:(İI or ab)", "sigma", source="none")
    notes = [note.message for note in found.notes if note.code == "case-folded"]
    assert notes == ["İ in message: systems do not agree on the other case of such letters"]
    with pytest.raises(kqlx.UnsupportedError, match="the letters ß in words of message"):
        kqlx.convert("message:straße", "sigma", source="none", exact=True)
    assert kqlx.convert("message:Éa", "sigma", source="none", exact=True)


@pytest.mark.parametrize(
    ("query", "detection"),
    [
        (
            "not b:*",
            {"selection_b": [{"b|exists": False}, {"b": None}], "condition": "selection_b"},
        ),
        ("b:*", {"selection": {"b|exists": True}, "condition": "selection"}),
        (
            "a:x and not (c:y or b:*)",
            {
                "selection": {"a": "x"},
                "selection_b": [{"b|exists": False}, {"b": None}],
                "filter_main_c": {"c": "y"},
                "condition": "selection and selection_b and not filter_main_c",
            },
        ),
        (
            "a:x and not (c:y and b:*)",
            {
                "selection": {"a": "x"},
                "filter_main_c": {"c": "y"},
                "selection_b": [{"b|exists": False}, {"b": None}],
                "condition": "selection and (not filter_main_c or selection_b)",
            },
        ),
        (
            "b:y or not b:*",
            {
                "selection_b": [{"b": "y"}, {"b|exists": False}, {"b": None}],
                "condition": "selection_b",
            },
        ),
    ],
)
def test_a_field_that_is_null_does_not_exist(query: str, detection: dict[str, object]) -> None:
    """``exists`` asks for a field, be it null; ``null`` never stands in a list of values."""
    found = kqlx.convert(query, "sigma", source="none", format="query")
    assert yaml.safe_load(found.text)["detection"] == detection
    wider = [note.message for note in found.notes if note.code == "null-exists"]
    assert bool(wider) is ("b|exists: true" in found.text)


def test_logs_that_know_no_null_are_asked_for_existence_alone() -> None:
    query = (
        "event.dataset:windows.sysmon_operational and event.code:1 and not process.command_line:*"
    )
    found = kqlx.convert(query, "sigma", format="query")
    assert "exists: false" in found.text
    assert "null" not in found.text


@pytest.mark.parametrize("query", ["a:x and b:*", "a:x and not b:*"])
def test_which_back_ends_take_exists(query: str) -> None:
    """As the note says; pySigma's back end for Kusto is not among the tests' packages."""
    from sigma.backends.elasticsearch import EqlBackend, ESQLBackend, LuceneBackend
    from sigma.backends.splunk import SplunkBackend
    from sigma.exceptions import SigmaError

    found = kqlx.convert(query, "sigma", source="none")
    notes = [note.message for note in found.notes if note.code == "back-end-support"]
    assert notes[0].endswith("not by the one for EQL")
    for backend in (SplunkBackend(), LuceneBackend(), ESQLBackend()):
        assert backend.convert(SigmaCollection.from_yaml(found.text))
    with pytest.raises((NotImplementedError, SigmaError)):
        EqlBackend().convert(SigmaCollection.from_yaml(found.text))


def test_a_name_with_stars_reaches_every_field_that_can_meet_the_test() -> None:
    """Addresses and texts of the user's list too, and no numbers; a flattened field has no test of
    all its keys, so that the rule may match more.
    """
    types = {"a.ip": "ip", "a.text": "keyword", "a.number": "long"}
    query = "b:x and not a.*:10.0.0.1"
    found = kqlx.convert(query, "sigma", source="none", fields=types)
    assert isinstance(found.query, str)
    lines = [line.strip(" -") for line in found.query.splitlines()]
    assert [line for line in lines if "10.0.0.1" in line] == [
        "a.ip: '10.0.0.1'",
        "a.text: '10.0.0.1'",
    ]
    assert Effect.SAME in {note.effect for note in found.notes if note.code == "names-expanded"}
    keys = {**types, "a.keys": "flattened"}
    found = kqlx.convert(query, "sigma", source="none", fields=keys, accept="wider")
    assert Effect.WIDER in {note.effect for note in found.notes if note.code == "names-expanded"}
