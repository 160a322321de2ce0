"""What is valid in EQL and probably not meant."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.elastic import ecs
from kqlx.mappings.field_names import nearest


def found(query: str) -> list[tuple[str, str]]:
    notes = kqlx.lint(query, ecs.types(), ecs.arrays(), language="eql")
    return [(note.code, note.hint) for note in notes]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ('any where a == "b*"', 'write `a like "b*"`'),
        ('any where a != "b*"', 'write `a like "b*"`'),
        ('any where startsWith(a, "b*")', 'write `a like "b*"`'),
        ('any where stringContains~(a, "b*c")', 'write `a : "*b*c*"`'),
        (r'any where a in ("x", "?:\\b")', r'write `a like "?:\\b"`'),
        ('any where a in~ ("b*")', 'write `a : "b*"`'),
    ],
)
def test_wildcards_that_are_none(query: str, hint: str) -> None:
    assert found(query) == [("wildcard-in-value", hint)]


@pytest.mark.parametrize(
    "query",
    [
        'any where a : "b*" and c like "d?"',
        'any where a == "what?"',
        'any where startsWith(a, "b?")',
        r'any where a regex "cost\\$"',
        'any where a regex "[^a]b$c"',
        'info where event.action == "x"',
        'any where event.category == "proces"',
        'any where a : "X" or a like "X*"',
        'any where a : "x" and a == "X"',
        'any where user.name == "a" or user.name : "a"',
        "any where length(a) == 5",
    ],
)
def test_what_is_no_doubt(query: str) -> None:
    assert found(query) == []


@pytest.mark.parametrize(
    "expression", ['"^a"', '"a$"', '"""^a$"""', '("b", "x|^a")', '"(^a|b)c"', '"(a|b$)"']
)
def test_anchors_that_are_none(expression: str) -> None:
    ((code, hint),) = found(f"any where a regex {expression}")
    assert code == "anchor-in-expression"
    assert hint.startswith("leave it out")


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ('source.ip : "10.0.0.1"', 'write `source.ip == "10.0.0.1"`'),
        ('process.pid in~ ("5")', 'write `process.pid == "5"`'),
        ("length(process.pid) > 3", "write string(process.pid)"),
        ("endsWith(user.name, source.ip)", "write string(source.ip)"),
        ("length(string(process.pid)) > 3", ""),
        ('user.name : "a"', ""),
        ('event.ingested == "now-1d"', ""),
    ],
)
def test_what_elasticsearch_verifies_of_types(condition: str, hint: str) -> None:
    assert found(f"any where {condition}") == ([("refused-value", hint)] if hint else [])
    query = f"any where {condition}"
    event = {"process": {"pid": 5}, "source": {"ip": "10.0.0.1"}}
    if hint.startswith("write `"):
        assert not kqlx.matches(query, event, language="eql")
        with pytest.raises(kqlx.UnsupportedError, match="Elasticsearch refuses the search"):
            kqlx.convert(query, "spl", language="eql", source="none")


@pytest.mark.parametrize(
    ("category", "meant"),
    [("proces", "process"), ('"files"', "file"), ("registery", "registry"), ("dns", "")],
)
def test_categories_that_ecs_does_not_have(category: str, meant: str) -> None:
    notes = found(f'{category} where user.name == "a"')
    assert notes == ([("unknown-category", f"did you mean {meant}?")] if meant else [])


@pytest.mark.parametrize(
    ("first", "second", "other"),
    [
        ("process.pid", "process.parent.pid", ""),
        ("process.name", "process.parent.name", ""),
        ("process.pid", "process.name", "process.name"),
        ("source.ip", "host.name", "host.name"),
        ("source.ip", "destination.ip", ""),
        ("source.port", "own.number", ""),
        ("host.name, source.ip", "source.ip, host.name", "source.ip host.name"),
    ],
)
def test_keys_of_types_that_are_not_compared(first: str, second: str, other: str) -> None:
    query = f"sequence by user.id [any where true] by {first} [any where true] by {second}"
    notes = kqlx.lint(query, ecs.types(), language="eql")
    assert {note.code for note in notes} <= {"keys-of-other-types"}
    assert " ".join(query[slice(*note.span)] for note in notes if note.span) == other


def test_names_of_keys_that_are_nearly_known() -> None:
    query = "sequence by proces.pid [any where true] [any where true] until [any where true]"
    (doubt,) = kqlx.lint(query, nearest=nearest, language="eql")
    assert (doubt.code, doubt.hint) == ("unknown-field", "did you mean process.pid?")


def test_a_number_is_no_text() -> None:
    assert found('any where user-agent == "x"') == [
        ("number-and-text", "a name with a hyphen stands between backquotes")
    ]
    assert found('any where length(a) == "5"') == [("number-and-text", "leave the quotes out")]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('any where user.name in ("a", "b", "a")', "repeated-value"),
        ('any where user.name : ("a*", "AB")', "covered-value"),
        ('any where user.name == "a" and user.name == "b"', "contradiction"),
        ('any where source.ip == "x"', "refused-value"),
        ("sequence by a [any where b == 1 and b == 1] [any where true]", "repeated-condition"),
    ],
)
def test_the_tree_is_looked_at_as_in_any_language(query: str, code: str) -> None:
    assert [name for name, _ in found(query)] == [code]


def test_messages_spell_eql() -> None:
    (note,) = kqlx.lint("any where a == 1 and a != null", language="eql")
    assert note.hint == "remove a != null"
    (note,) = kqlx.lint("any where a == 1 or true", language="eql")
    assert note.message.startswith("true matches every event")
