"""Objects that Elastic writes as Java does, looked for in JSON."""

from __future__ import annotations

import json

import pytest

import kqlx
from kqlx.mappings.map_texts import can_be_in_json, in_json
from kqlx.nodes import Like, Literal, Regexp
from kqlx.patterns import Pattern
from kqlx.regular_expressions import compiled

OBJECT = {"userName": "eve", "force": True, "count": 5, "tags": {"items": [{"key": "a=b"}]}}
IN_JSON = json.dumps(OBJECT, separators=(",", ":"))


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
    ],
)
def test_a_key_with_its_value_is_found(pattern: str, found: bool) -> None:
    test = Like(Literal("x"), Pattern.from_stars(pattern))
    assert can_be_in_json(test)
    each = [
        bool(compiled(one.regexp).fullmatch(IN_JSON))
        if isinstance(one, Regexp)
        else isinstance(one, Like) and one.pattern.fits(IN_JSON)
        for one in in_json(test, "x")
    ]
    assert all(each) is found


@pytest.mark.parametrize("pattern", ["*a=b, c=d*", "*a={b*", "*c=[d*", "*a=b}*", "* b=c*", "a=b*"])
def test_what_depends_on_the_order_of_keys_is_not_said(pattern: str) -> None:
    assert not can_be_in_json(Like(Literal("x"), Pattern.from_stars(pattern)))


def test_the_order_of_several_is_left_open() -> None:
    field = "event.dataset:aws.cloudtrail and aws.cloudtrail.request_parameters"
    one = kqlx.convert(f"{field}:*enabled=false*", "sentinel")
    assert """RequestParameters matches regex 'enabled(?:":"?|=)false'""" in str(one.query)
    assert "approximated" not in {note.code for note in one.notes}
    two = kqlx.convert(f"{field}:*a=b*c=d*", "sentinel")
    assert "approximated" in {note.code for note in two.notes}
    with pytest.raises(kqlx.UnsupportedError):
        kqlx.convert(f"event.dataset:aws.cloudtrail and not {field[33:]}:*a=b*c=d*", "sentinel")
