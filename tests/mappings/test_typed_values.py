"""Values of which a language says what they are, in fields of which nobody says the type."""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.type_check import checked
from kqlx.nodes import Compare, Equals, Kind, Literal, Nested, Node, Not, Or, Term, walk

X: Term = Literal("x")


def equals(text: str | bool, kind: Kind) -> Equals:
    return Equals(X, Literal(text, kind=kind))


def written(node: Node, target: str, **options: Any) -> tuple[str, list[str]]:
    """The last test of the query, and what is said of types."""
    result = kqlx.convert("", target, source="none", node=node, **options)
    assumed = [note.message for note in result.notes if note.code == "type-assumed"]
    return str(result.query), assumed


@pytest.mark.parametrize(
    ("node", "spl", "sentinel", "sigma"),
    [
        (equals("5", "number"), "x=5", "todouble(['x']) == 5", "x: 5\n"),
        (equals("5", "string"), 'x="5"', "['x'] == \"5\"", "x: '5'\n"),
        (equals("5", "untyped"), 'x="5"', "['x'] == \"5\"", "x: '5'\n"),
        (equals("1e3", "number"), "x=1000", "todouble(['x']) == 1000", "x: 1000\n"),
        (equals("0.5", "number"), "tonumber(x)=0.5", "todouble(['x']) == 0.5", "x: 0.5\n"),
        (equals(True, "boolean"), "x=true", "tobool(['x']) == true", "x: true\n"),
        (equals("true", "string"), 'x="true"', "['x'] == \"true\"", "x: 'true'\n"),
        (Compare(X, "gt", Literal("5", kind="number")), "x>5", "todouble(['x']) > 5", "x|gt: 5\n"),
        (Compare(X, "gt", Literal("5")), "x>5", "todouble(['x']) > 5", "x|gt: 5\n"),
    ],
)
def test_the_type_of_an_unknown_field(node: Node, spl: str, sentinel: str, sigma: str) -> None:
    for target, test in (("spl", spl), ("sentinel", sentinel), ("sigma", sigma)):
        assert test in written(node, target)[0]


@pytest.mark.parametrize(
    ("node", "what"),
    [
        (equals("5", "number"), "a number"),
        (equals(True, "boolean"), "a Boolean"),
        (equals("5", "string"), "a keyword, compared whole"),
        (Compare(X, "lt", Literal("5", kind="string")), "a keyword, compared whole"),
    ],
)
def test_what_is_assumed_is_reported(node: Node, what: str) -> None:
    assert written(node, "sentinel")[1] == [f"type unknown: x assumed to be {what}"]


def test_a_text_of_digits_is_compared_as_text() -> None:
    limit = Compare(X, "gt", Literal("5", kind="string"))
    assert "strcmp(['x'], \"5\") > 0" in written(limit, "sentinel")[0]
    with pytest.raises(kqlx.UnsupportedError, match="a range on x"):
        written(limit, "spl")


def test_a_field_with_values_of_several_kinds_is_a_keyword() -> None:
    node = Or((equals("5", "number"), Not(equals("a", "string"))))
    query, assumed = written(node, "sentinel")
    assert "['x'] == \"5\"" in query
    assert assumed == ["type unknown: x assumed to be a keyword, compared whole"]


@pytest.mark.parametrize("said", ["keyword", "long"])
def test_a_known_type_counts_more_than_the_kind(said: str) -> None:
    """Elasticsearch reads a value by its field."""
    for kind in ("number", "string", "untyped"):
        query = written(equals("5", kind), "sentinel", fields={"x": said})[0]
        assert ('"5"' in query) is (said == "keyword")


def test_columns_of_packs_have_their_types() -> None:
    bound = Bound(equals("5", "number"), {"x": Column("x")})
    assert checked(bound) == bound


def test_fields_in_nested_groups_have_their_full_names() -> None:
    bound = checked(Bound(Nested(Literal("p"), equals("5", "number"))))
    assert bound.column("p.x").type == "long"
    assert bound.column("x").type == "keyword"


def test_a_range_says_that_it_is_one_of_numbers() -> None:
    """Targets need not look at the digits again."""
    node = checked(Bound(Compare(X, "gt", Literal("1e3")))).node
    assert [test.value for test in walk(node) if isinstance(test, Compare)] == [
        Literal("1000", kind="number")
    ]
    for limit in (Literal("a"), Literal("5", kind="string")):
        plain = Bound(Compare(X, "gt", limit))
        assert checked(plain).node is plain.node


@pytest.mark.parametrize(
    ("field", "source", "number"),
    [
        (
            "aws.cloudtrail.flattened.request_parameters.ipPermissions.items.fromPort",
            "aws.cloudtrail",
            "requestParameters.ipPermissions.items.fromPort: 22",
        ),
        (
            "azure.platformlogs.category:kube-audit and"
            " azure.platformlogs.properties.log.responseStatus.code",
            "azure.platformlogs",
            "responseStatus.code: 22",
        ),
    ],
)
def test_numbers_below_flattened_fields_are_numbers_in_sigma(
    field: str, source: str, number: str
) -> None:
    """Elastic has texts there, the records numbers, and some engines tell the two apart."""
    assert number in kqlx.convert(f'{field}:"22"', "sigma", source=source).query_text


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("event.dataset:suricata.eve and rule.id:20*", "rule.id, compared as text, has no"),
        ("event.dataset:suricata.eve and rule.id>=2000", "rule.id, compared as text, has no"),
        (
            "event.dataset:suricata.eve and event.kind:alert and rule.id:abc",
            "is a number in the destination, and never",
        ),
        ("event.dataset:github.audit and github.user_id:12*", "user_id, compared as text, has no"),
    ],
)
def test_texts_that_are_numbers_with_fractions_there(query: str, reason: str) -> None:
    """That Elasticsearch takes no such search was said of a field of texts, and `>=` was compared
    as a number.
    """
    with pytest.raises(kqlx.KqlxError, match=reason):
        kqlx.convert(query, "sentinel")


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_texts_that_are_split_into_words_take_no_regular_expressions(target: str) -> None:
    query = 'any where powershell.file.script_block_text regex "Inv.*z"'
    with pytest.raises(kqlx.UnsupportedError, match="is of type text: Elasticsearch compares"):
        kqlx.convert(query, target, language="eql", source="windows.powershell_operational")
