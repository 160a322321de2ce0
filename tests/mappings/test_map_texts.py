"""Objects that Elastic writes as Java does, looked for in JSON."""

from __future__ import annotations

import json

import pytest

import kqlx
from kqlx.mappings.map_texts import can_be_in_json, in_json
from kqlx.nodes import Like, Literal, Regexp
from kqlx.notes import Effect
from kqlx.patterns import Pattern
from kqlx.regular_expressions import compiled
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import splunk_event
from tests.oracles.splunk import without_times

OBJECT = {
    "userName": "eve",
    "force": True,
    "count": 5,
    "tags": {"items": [{"key": "a=b"}]},
    "valuesToAdd": ["all", "none"],
    "ports": [22, 3389],
}
IN_JSON = json.dumps(OBJECT, separators=(",", ":"))
WITH_BLANKS = json.dumps(OBJECT)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*userName=eve*", True),
        ("*Name=ev*", True),
        ("*userName=bob*", False),
        ("*force=true*", True),
        ("*count=5*", True),
        ("*key=a=b*", True),
        ("*count=5*userName=eve*", True),
        ("*count=6*userName=eve*", False),
        ("*force*", True),
        ("*valuesToAdd=[all*", True),
        ("*valuesToAdd=[none*", False),
        ("*Add=[*none]*", True),
        ("*Add=[*all]*", False),
        ("*ports=[22*", True),
        ("*3389]*", True),
    ],
)
def test_a_key_with_its_value_is_found(pattern: str, found: bool) -> None:
    test = Like(Literal("x"), Pattern.from_stars(pattern))
    assert can_be_in_json(test)
    for text in (IN_JSON, WITH_BLANKS):
        each = [any(fits(one, text) for one in tests) for tests in in_json(test, "x")]
        assert all(each) is found


def fits(test: object, text: str) -> bool:
    if isinstance(test, Regexp):
        return bool(compiled(test.regexp).fullmatch(text))
    return isinstance(test, Like) and test.pattern.fits(text)


@pytest.mark.parametrize(
    "pattern", ["*a=b, c=d*", "*a={b*", "*c=[d, e*", "*a=[{b*", "*a=b}*", "* b=c*", "a=b*"]
)
def test_what_depends_on_the_order_of_keys_is_not_said(pattern: str) -> None:
    assert not can_be_in_json(Like(Literal("x"), Pattern.from_stars(pattern)))


def test_the_order_of_several_is_left_open() -> None:
    field = "event.dataset:aws.cloudtrail and aws.cloudtrail.request_parameters"
    one = kqlx.convert(f"{field}:*enabled=false*", "sentinel")
    assert """RequestParameters matches regex 'enabled(?:": ?"?|=)false'""" in str(one.query)
    assert "approximated" not in {note.code for note in one.notes}
    two = kqlx.convert(f"{field}:*a=b*c=d*", "sentinel")
    assert "approximated" in {note.code for note in two.notes}
    with pytest.raises(kqlx.UnsupportedError):
        kqlx.convert(f"event.dataset:aws.cloudtrail and not {field[33:]}:*a=b*c=d*", "sentinel")


@pytest.mark.parametrize(
    ("value", "splunk", "sigma"),
    [
        (
            "authType=NONE",
            r"authType(?:\": ?\"?|=)NONE",
            [
                """requestParameters|re: 'authType(?:": ?"?|=)NONE'""",
                "requestParameters.authType|startswith: 'NONE'",
            ],
        ),
        (
            "publiclyAccessible=true",
            r"publiclyAccessible(?:\": ?\"?|=)true",
            ["requestParameters.publiclyAccessible: 'true'"],
        ),
        ("add=", r'add(?:\": ?\"?|=)"', ["requestParameters.add|exists: true"]),
        (
            "add=[all]",
            r"add(?:\": ?\\[\"?|=\\[)all\"?\\]",
            [r"""requestParameters|re: 'add(?:": ?\["?|=\[)all"?\]'"""],
        ),
    ],
)
def test_parameters_of_a_call_by_their_text(value: str, splunk: str, sigma: list[str]) -> None:
    query = f'any where stringContains(aws.cloudtrail.request_parameters, "{value}")'
    made = kqlx.convert(query, "spl", language="eql", source="aws.cloudtrail")
    assert splunk in str(made.query)
    assert '| spath input="_raw" path="requestParameters" output="requestParameters"' in str(
        made.query
    )
    assert Effect.WIDER not in {note.effect for note in made.notes}, "the object alone is searched"
    assert "case-folded" not in {note.code for note in made.notes}, "where tells the cases apart"
    rule = str(kqlx.convert(query, "sigma", language="eql", source="aws.cloudtrail").query)
    assert [part for part in sigma if part not in rule] == []


def test_parameters_below_not_are_those_of_the_call() -> None:
    query = "aws.cloudtrail.request_parameters:*mode=off*"
    for negation, found in (("", [False, True]), ("not ", [True, False])):
        made = kqlx.convert(f"{negation}{query}", "spl", source="aws.cloudtrail")
        pipeline, _ = without_times(made.query_text)
        for value, expected in zip(({"mode": "on"}, {"mode": "off"}), found, strict=True):
            record = {"requestParameters": value, "userAgent": 'mode":"off'}
            event = {**splunk_event(record), "sourcetype": "aws:cloudtrail"}
            assert bool(evaluate(pipeline, [event])) is expected
    made = kqlx.convert(query.replace("mode", "longMode"), "spl", source="aws.cloudtrail")
    assert '_raw="*longMode*"' in made.query_text
