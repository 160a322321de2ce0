"""Fields that are not plain names: nested groups, names with stars, none at all, multi-fields."""

from __future__ import annotations

from typing import Any

import pytest

from kqlx.evaluate.compiler import matches

Event = dict[str, Any]

NESTED = {"parts": "nested", "parts.name": "keyword", "parts.n": "long", "parts.in": "nested"}
SPLIT = {"parts": [{"name": "a", "in": [{"x": 1, "y": 3}, {"y": 2}]}]}
TWO = {"parts": [{"name": "a", "n": 1}, {"name": "b", "n": 2}]}


@pytest.mark.parametrize(
    ("query", "event", "expected"),
    [
        ("parts:{name:a and n:1}", TWO, True),
        ("parts:{name:a and n:2}", TWO, False),
        ("parts:{name:a} and parts:{n:2}", TWO, True),
        ("parts:{not name:a}", TWO, True),
        ("not parts:{name:a}", TWO, False),
        ("parts:{not name:(a or b)}", TWO, False),
        ("parts:{not name:a}", {}, False),
        ("not parts:{name:a}", {}, True),
        ("not parts:{name:a}", {"parts": []}, True),
        ("parts:{not name:a}", {"parts": [None, {}]}, True),
        ("parts:{*:*}", {"parts": {}}, True),
        ("parts:{*:*}", {"parts": "a"}, False),
        ("parts:{name:a and n:1}", {"parts": {"name": "a", "n": "1"}}, True),
        ("parts:{name:a and n:1}", {"parts.name": "a", "parts.n": 1}, True),
        ("parts:{name:a}", {"x": {"parts": {"name": "a"}}}, False),
        ("x.parts:{name:a}", {"x": [{"parts": [{"name": "a"}]}]}, True),
        ("parts:{n > 1}", TWO, True),
        ("parts:{n > 2}", TWO, False),
        ("parts:{name:*}", TWO, True),
        ("parts:{na*:b}", TWO, True),
        ("parts:{na*:c}", TWO, False),
        # a bare value in a group is a test of the field "null"
        ("parts:{a}", TWO, False),
        ("parts:{a}", {"parts": [{"null": "a"}]}, True),
        ("parts:{a*}", {"parts": [{"null": "abc"}]}, True),
        ("parts:{*}", TWO, False),
        ("parts:{*}", {"parts": [{"null": 0}]}, True),
        ("parts:{null}", {"parts": [{"null": "null"}]}, False),
        # groups in groups
        ("parts:{name:a and in:{x:1 and y:2}}", SPLIT, False),
        ("parts:{name:a and in:{x:1 and y:3}}", SPLIT, True),
        ("parts:{name:a and in:{x:1} and in:{y:2}}", SPLIT, True),
        ("parts:{name:a and in:{x:1}}", {"parts": [{"name": "a"}, {"in": {"x": 1}}]}, False),
        ("parts.in:{x:1}", {"parts": [{}, {"in": [{"x": 1}]}]}, True),
        ("null:{a:1}", {"null": {"a": 1}, "a": 1}, False),
        # nested objects are out of sight from outside, but for names with stars
        ("parts.name:a", TWO, False),
        ("parts.name:*", TWO, False),
        ("parts:*", TWO, False),
        ("parts.n > 0", TWO, False),
        ("a", TWO, False),
        ("parts.na*:a", TWO, True),
        ("parts:{in.x:1}", {"parts": [{"in": {"x": 1}}]}, False),
    ],
)
def test_nested_groups(query: str, event: Event, expected: bool) -> None:
    assert matches(query, event, NESTED) is expected


def test_lists_of_objects_that_are_not_declared_nested_are_flat() -> None:
    assert matches("parts.name:a and parts.n:2", TWO, {})
    assert not matches("parts:{name:a and n:2}", TWO, {})


@pytest.mark.parametrize(
    ("query", "event", "expected"),
    [
        ("proc*:x", {"process": {"name": "x"}}, True),
        ("proc*:x", {"process.name": ["y", "x"]}, True),
        ("proc*:x", {"a": {"process": "x"}}, False),
        ("*name:x", {"process": {"name": "x"}}, True),
        ("*name:x", {"process": {"names": "x"}}, False),
        ("p*s.n*e:x", {"process": {"name": "x"}}, True),
        ("*:x", {"deep": [{"er": {"f": "x"}}]}, True),
        ("*:x", {}, False),
        ("proc*:*", {"process": {"name": ""}}, True),
        ("proc*:*", {"process": {"name": None}}, False),
        ("proc* > 5", {"process": {"pid": 6}}, True),
        ("proc*:ab*", {"process": {"name": "abc"}}, True),
        ("not proc*:x", {"process": {"name": "y"}}, True),
        ("process.na*:POWERSHELL.EXE", {"process": {"name": "powershell.exe"}}, True),
        ("*.name:POWERSHELL.EXE", {"process": {"name": "powershell.exe"}}, False),
        ("*ip:10.0.0.0/8", {"source": {"ip": "10.1.1.1"}}, True),
        ("*port:10.0.0.0/8", {"source": {"port": "10.1.1.1"}}, False),
    ],
)
def test_names_with_stars(query: str, event: Event, expected: bool) -> None:
    assert matches(query, event) is expected


FREE = {
    "event": {"action": "Send Mail"},
    "message": "the Quick brown fox",
    "source": {"ip": "10.1.1.1", "port": 443},
    "process": {"name": "powershell.exe"},
    "flag": True,
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Send Mail", True),
        ("Send", False),
        ("send mail", False),
        ('"Send Mail"', True),
        ("quick", True),
        ("quick cat", True),
        ('"quick brown"', True),
        ('"brown quick"', False),
        ("10.0.0.0/8", True),
        ("443", True),
        ("443.0", True),
        ("true", True),
        ("false", False),
        ("null", False),
        ("POWERSHELL.exe", True),
        ("Sen*", True),
        ("sen*", False),
        ("q*k", True),
        ("zz* q*k", True),
        ("zz* fox", True),
        ("zz* Send Mail", True),  # "Send Mail" is one piece
        ("zz* Mail Send", False),
        ("zz* *", True),
        ("10.*", False),
        ("*", True),
        ("**", True),
    ],
)
def test_bare_values_look_in_all_fields(query: str, expected: bool) -> None:
    assert matches(query, FREE) is expected
    assert matches(f"not {query}", FREE) is not expected


def test_a_bare_star_matches_every_event() -> None:
    assert matches("*", {})
    assert matches("x *", {"f": [None, {}], "g": {"h": []}})
    assert not matches("not *", {"g": {"h": [""]}})
    assert not matches("**", {})


@pytest.mark.parametrize(
    ("query", "event", "expected"),
    [
        ("process.name.text:POWERSHELL.exe", {"process": {"name": "powershell.exe"}}, True),
        ("process.name.text:*", {"process": {"name": "powershell.exe"}}, True),
        ("process.name.text:x", {"process": {"name": "a"}, "process.name.text": "x"}, True),
        ("process.name.text:a", {"process": {"name": "a"}, "process.name.text": "x"}, False),
        ("process.name.caseless:ABC", {"process": {"name": "aBc"}}, True),
        ("process.name.caseless:A*C", {"process": {"name": "aBc"}}, True),
        ("process.name.caseless:A", {"process": {"name": "aBc"}}, False),
        ("process.name.caseless > AB", {"process": {"name": "aBc"}}, True),
        ("process.name.caseless < ABC", {"process": {"name": "aBc"}}, False),
        ("my.keyword:A", {"my": "A"}, True),
        ("my.keyword:a", {"my": "A"}, False),
        ("my.text:quick", {"my": "The Quick"}, True),
        ("my.text:quick", {"my": {"text": "The Quick"}}, False),
        ('my.text:"The Quick"', {"my": {"text": "The Quick"}}, True),
        ("not my.text:quick", {}, True),
        ("text:quick", {"text": "the quick"}, False),
    ],
)
def test_multi_fields_have_the_values_of_their_parents(
    query: str, event: Event, expected: bool
) -> None:
    assert matches(query, event) is expected


FLAT = {"labels": "flattened"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("labels:x", True),
        ("labels.a:x", True),
        ("labels.b.c:5", True),
        ("labels.b:5", False),
        ("labels:5", True),
        ("labels:5.0", False),
        ("labels.b.c > 30", False),  # refused: one bound
        ("labels.b.c > null", True),
        ("labels > 30", True),  # as texts
        ("labels:y", False),
        ("labels.z:x", False),
        ("labels:*", True),
        ("labels.b.c:*", True),
        ("labels.z:*", False),
        ("lab*:x", True),
        ("x", True),
        ("labels.a.text:X", False),
        ("labels.b:*", False),  # an object below a key is no value of it
        ("labels.*:x", False),  # names with stars do not reach keys
        ("*.a:x", False),
        ("labels.z:*x", True),  # a star at the beginning reaches over the keys
        ("labels.z:*z", False),
        ("labels.z:b*5", True),
        ("labels.a:x*", True),
        ("labels.z:x*", False),
        ("labels.a:q* x", True),
        ("labels.a:* q", True),
        ("labels.z:* q", False),
        ("labels:q* x", True),
    ],
)
def test_flattened_fields(query: str, expected: bool) -> None:
    assert matches(query, {"labels": {"a": "x", "b": {"c": 5}}}, FLAT) is expected
    assert matches(query, {"labels.a": ["x"], "labels.b.c": 5}, FLAT) is expected
