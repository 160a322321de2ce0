"""What a test means for each type of field, at the edges of the type."""

from __future__ import annotations

from typing import Any

import pytest

from kqlx.evaluate.compiler import matches
from kqlx.nodes import Equals, Like, Literal, Pattern

F = Literal("f")


def check(type_name: str | None, query: str, value: Any, expected: bool) -> None:
    """The query on an event whose field ``f`` has the value; its complement too."""
    types = {} if type_name is None else {"f": type_name}
    assert matches(query, {"f": value}, types) is expected
    assert matches(f"not ({query})", {"f": value}, types) is not expected
    assert matches(query, {"f": [None, [value]]}, types) is expected


@pytest.mark.parametrize("type_name", ["keyword", "wildcard", "constant_keyword", "version", "?"])
@pytest.mark.parametrize(
    ("query", "value", "expected"),
    [
        ("f:Abc", "Abc", True),
        ("f:Abc", "abc", False),
        ("f:Abc", "Abc ", False),
        ('f:"Abc"', "Abc", True),
        ("f:a b", "a b", True),
        ("f:a b", "a", False),
        ("f:true", True, True),
        ("f:true", "true", True),
        ("f:TRUE", True, False),
        ("f:1", True, False),
        ("f:5", 5, True),
        ("f:5", "5", True),
        ("f:5.0", 5, False),
        ("f:0.5", 0.5, True),
        ('f:""', "", True),
        ("f:(a or b or 5)", 5, True),
        ("f:a*", "abc", True),
        ("f:a*", "a", True),
        ("f:*c", "abc", True),
        ("f:*b*", "abc", True),
        ("f:a*c", "abc", True),
        ("f:a*c", "ac", True),
        ("f:a*c", "abcd", False),
        ("f:ab*bc", "abc", False),
        ("f:ab*bc", "abbc", True),
        ("f:a*b*c", "a\nbb\n\nc", True),
        ("f:a*b*b*c", "abc", False),
        ("f:*ba*ab", "xbab", False),
        ("f:a*\\n*c", "a\nc", True),
        ("f:A*", "abc", False),
        (r"f:a\*", "a*", True),
        (r"f:a\*", "ab", False),
        (r"f:a\**", "a*b", True),
        ('f:"a*"', "ab", False),
        ("f:a?c", "abc", False),
        ("f:a?c*", "a?cd", True),
        (r"f:C:\\Win*".replace("C:", "C\\:"), "C:\\Windows", True),
        ("f:tr*", True, True),
        ("f:**", "", True),
        ("f:😀*", "😀é", True),
        (r"f:\ud83d\ude00", "😀", True),
        ("f > b", "c", True),
        ("f > b", "b", False),
        ("f >= b", "b", True),
        ("f > b", "B", False),
        ("f < b", "a\uffff", True),
        ("f > \uffff", "😀", True),  # code points, not UTF-16 units
        ("f > 10", "9", True),
        ("f > 10", 9, True),
        ("f < a", "", True),
    ],
)
def test_keyword(type_name: str, query: str, value: Any, expected: bool) -> None:
    check(type_name, query, value, expected)


@pytest.mark.parametrize(
    ("query", "value", "parted", "whole"),
    [
        ("f:a* b", "a x b", True, True),
        ("f:a* b", "a", True, False),
        ("f:a* b", "b", True, False),
        ("f:x b c*", "x b", True, False),  # pieces without stars in a row are one
        ("f:x b c*", "x", False, False),
        ("f:x b c*", "x b c", False, True),
        ("f:q *", "z", True, False),
        ("f:q* *", "", True, False),
        ("f:a*\\tb", "b", True, False),
    ],
)
@pytest.mark.parametrize("type_name", ["keyword", "wildcard", "constant_keyword", "version"])
def test_only_keywords_have_patterns_with_blanks(
    type_name: str, query: str, value: str, parted: bool, whole: bool
) -> None:
    check(type_name, query, value, whole if type_name == "keyword" else parted)


def test_lone_surrogates_are_characters_like_others() -> None:
    for types in ({}, {"f": "keyword"}, {"f": "text"}):
        assert not matches(Equals(F, Literal("\ud83d")), {"f": "\ud83d\ude00"}, types)
        assert not matches(Like(F, Pattern.between_stars(("\udc00", ""))), {"f": "a"}, types)
    assert matches(Equals(F, Literal("\ud83d")), {"f": "\ud83d"}, {})
    assert matches(Like(F, Pattern.between_stars(("\ud83d", ""))), {"f": "\ud83dx"}, {})


@pytest.mark.parametrize("type_name", ["text", "match_only_text"])
@pytest.mark.parametrize(
    ("query", "value", "expected"),
    [
        ("f:quick", "The Quick fox", True),
        ("f:QUICK", "The Quick fox", True),
        ("f:qui", "The Quick fox", False),
        ("f:cat fox", "The Quick fox", True),
        ('f:"quick fox"', "The Quick, fox!", True),
        ('f:"fox quick"', "The Quick fox", False),
        ('f:"the fox"', "The Quick fox", False),
        ('f:"a b"', "a a b", True),
        ('f:"a b"', "a", False),
        ("f:-", "a - b", False),
        ('f:""', "", False),
        ('f:""', "a", False),
        ("f:*", "", True),
        ("f:*", "-", True),
        ("f:qu*", "The Quick fox", True),
        ("f:QU*", "The Quick fox", True),
        ("f:q*x", "The Quick fox", False),
        ("f:c* fox", "The Quick fox", True),
        ("f:c* d*", "The Quick fox", False),
        ("f:c* *", "", True),
        ("f:foo-b*", "foo-bar", False),  # no word has the hyphen
        ("f:x* foo-bar", "foo", True),
        ("f:power*", "PowerShell.exe ran", True),
        ("f:exe", "PowerShell.exe ran", False),
        ('f:"powershell.exe ran"', "PowerShell.exe ran", True),
        ("f:true", True, True),
        ("f:5", 5, True),
        ("f:日", "日本語", True),
        ('f:"本語"', "日本語", True),
        ("f:σασ", "ΣΑΣ", True),
        ("f > fo", "the fox", True),
        ("f > z", "the fox", False),
        ("f > FOX", "the fox", True),  # the bound keeps its case
        ("f < FOX", "the fox", False),
    ],
)
def test_text(type_name: str, query: str, value: Any, expected: bool) -> None:
    check(type_name, query, value, expected)


def test_phrases_do_not_run_over_two_values() -> None:
    assert not matches('f:"a b"', {"f": ["a", "b"]}, {"f": "text"})
    assert matches('f:"a b"', {"f": ["b", "a b"]}, {"f": "text"})
    assert matches("f:(a and b)", {"f": ["a", "b"]}, {"f": "text"})


LONG, UNSIGNED = 2**63 - 1, 2**64 - 1


@pytest.mark.parametrize(
    ("type_name", "query", "value", "expected"),
    [
        ("long", "f:5", 5, True),
        ("long", "f:5", "5", True),
        ("long", 'f:"5"', 5, True),
        ("long", "f:5.0", 5, True),
        ("long", "f:50e-1", 5, True),
        ("long", "f:+5", 5, True),
        ("long", "f:007", 7, True),
        ("long", "f:5.5", 5, False),
        ("long", "f:5", 5.9, True),  # the index keeps 5
        ("long", "f:-5", -5.9, True),
        ("long", "f:5", "5.9", True),
        ("long", "f:abc", 5, False),
        ("long", "f:true", 1, False),
        ("long", "f:1", True, False),
        ("long", 'f:""', 0, False),
        ("long", "f:0x5", 5, False),
        ("long", "f:5 6", 5, False),
        ("long", "f:5*", 5, False),
        ("long", "f > abc", 5, False),
        ("long", "f:5", "abc", False),
        ("long", "f:*", "abc", False),
        ("long", "f:*", "", False),
        ("long", "f:*", True, False),
        ("long", "f:*", float("inf"), False),
        ("long", "f:*", float("nan"), False),
        ("long", "f:*", LONG, True),
        ("long", "f:*", LONG + 1, False),
        ("long", f"f:{LONG}", LONG, True),
        ("long", f"f:{LONG}", LONG - 1, False),  # equal as floating numbers
        ("long", f"f > {LONG - 1}", LONG, True),
        ("long", f"f >= {LONG}", LONG - 1, False),
        ("long", f"f > {LONG}", LONG, False),
        ("long", f"f <= {LONG + 5}", LONG, False),  # refused: out of range
        ("long", "f < 1e400", LONG, False),
        ("long", f"f > {-LONG - 2}", -LONG, False),
        ("long", "f:5d", 5, False),
        ("long", "f < Infinity", 5, False),
        ("long", "f:1e-400", 0, True),
        ("long", "f >= 1e-400", 0, True),
        ("long", "f:* 5", 7, True),
        ("long", "f:5 *", 7, True),
        ("long", "f:a *", 7, False),  # refused
        ("long", "f:1e400", LONG, False),
        ("long", "f > 5.5", 5, False),
        ("long", "f > 5.5", 6, True),
        ("long", "f >= 5.5", 5, False),
        ("long", "f < 5.5", 5, True),
        ("long", "f <= 5.5", 6, False),
        ("long", "f > -5.5", -5, True),
        ("long", "f >= -5.5", -6, False),
        ("long", "f < -5.5", -6, True),
        ("long", "f > 5", 5, False),
        ("long", "f >= 5.0", 5, True),
        ("long", "f > 10", 9, False),
        ("long", "f > 1e-999999999", 0, False),
        ("long", "f > 1e-999999999", 1, True),
        ("unsigned_long", f"f:{UNSIGNED}", UNSIGNED, True),
        ("unsigned_long", f"f:{UNSIGNED}", str(UNSIGNED), True),
        ("unsigned_long", f"f >= {LONG}", LONG + 1, True),
        ("unsigned_long", "f:*", -1, False),
        ("unsigned_long", "f > -1", 0, True),
        ("byte", "f:*", 127, True),
        ("byte", "f:*", 128, False),
        ("byte", "f <= 128", 127, True),
        ("byte", "f >= 128", 127, False),
        ("byte", "f < 2147483648", 127, False),  # refused: out of range for an integer
        ("integer", "f:5d", 5, True),
        ("integer", "f:5f", 5, True),
        ("integer", 'f:" 5"', 5, True),
        ("integer", "f > 0x1p2", 5, True),
        ("integer", "f > NaN", 0, True),
        ("integer", "f < NaN", 0, True),
        ("integer", "f < 2147483648", 5, False),
        ("integer", "f > 4.999999999999999999", 5, False),  # is the double 5
        ("byte", "f > 127", 127, False),
        ("byte", "f:*", -129, False),
        ("short", "f:*", 2**15, False),
        ("integer", "f:*", 2**31, False),
        ("integer", "f:*", -(2**31), True),
        ("double", "f:0.1", 0.1, True),
        ("double", "f:0.1", "0.10", True),
        ("double", "f > 0.1", 0.1, False),
        ("double", "f:5", 5, True),
        ("double", "f:-0", 0.0, False),
        ("double", "f:-0", -0.0, True),
        ("double", "f:0", -0.0, False),
        ("double", "f < 0", -0.0, True),
        ("double", "f:5d", 5, True),
        ("double", "f:0x1p3", 8, True),
        ("double", "f < Infinity", 1e308, True),
        ("double", "f < NaN", 1e308, True),
        ("double", "f > NaN", 1e308, False),
        ("double", "f:NaN", 5, False),
        ("double", "f:1e3", 1000, True),
        ("double", "f:1e400", 1e308, False),
        ("double", "f < 1e400", 1e308, True),
        ("double", "f >= -1e400", -1e308, True),
        ("double", "f:9007199254740993", 2**53, True),  # the same double
        ("double", "f:*", 10**400, False),
        ("double", "f:NaN", float("nan"), False),
        ("double", "f:0.*", 0.5, False),
        ("scaled_float", "f:0.25", 0.25, True),
        ("float", "f:0.1", 0.1, True),
        ("float", "f > 0.1", 0.1, False),
        ("float", "f:16777217", 16777216, True),  # the same float
        ("float", "f:*", 1e39, False),
        ("float", "f < 1e39", 3e38, True),
        ("float", "f:1e39", 3e38, False),
        ("half_float", "f:2049", 2048, True),
        ("half_float", "f:*", 70000, False),
        ("half_float", "f < 70000", 5, True),
        ("half_float", "f:0.1", 0.1, True),
        ("half_float", "f >= 0.1", 0.1, False),  # 0.09998 is kept, and bounds are floats
        ("half_float", "f > 1e-7", 1e-7, True),
        ("scaled_float", "f:0", -0.0, True),
    ],
)
def test_numbers(type_name: str, query: str, value: Any, expected: bool) -> None:
    check(type_name, query, value, expected)


@pytest.mark.parametrize(
    ("query", "value", "expected"),
    [
        ("f:true", True, True),
        ("f:true", "true", True),
        ('f:"true"', True, True),
        ("f:false", False, True),
        ("f:false", "", True),
        ("f:false", None, False),
        ("f:TRUE", True, False),
        ('f:""', False, False),
        ("f:1", True, False),
        ("f:true", 1, False),
        ("f:true", "True", False),
        ("f:*", "x", False),
        ("f:*", "", True),
        ("f:t*", True, False),
        ("f >= true", True, True),
        ("f > false", True, True),
        ("f > false", False, False),
        ("f > x", True, False),
        ("f:(true or false)", "false", True),
    ],
)
def test_boolean(query: str, value: Any, expected: bool) -> None:
    check("boolean", query, value, expected)


@pytest.mark.parametrize(
    ("query", "value", "expected"),
    [
        ("f:10.0.0.1", "10.0.0.1", True),
        ('f:"10.0.0.1"', "::ffff:10.0.0.1", True),
        ('f:"::ffff:10.0.0.1"', "10.0.0.1", True),
        ('f:"2001:DB8:0::1"', "2001:db8::1", True),
        ('f:"::1"', "0.0.0.1", False),
        ("f:10.0.0.0/8", "10.0.0.0", True),
        ("f:10.0.0.0/8", "10.255.255.255", True),
        ("f:10.0.0.0/8", "11.0.0.0", False),
        ("f:10.0.0.0/8", "9.255.255.255", False),
        ("f:10.0.0.0/8", "::ffff:10.1.1.1", True),
        ("f:10.9.9.9/8", "10.1.1.1", True),
        ("f:10.0.0.1/32", "10.0.0.1", True),
        ("f:10.0.0.1/32", "10.0.0.2", False),
        ("f:10.0.0.1/33", "10.0.0.1", False),
        ("f:10.0.0.1/", "10.0.0.1", False),
        ("f:10.0.0.1/x", "10.0.0.1", False),
        ("f:0.0.0.0/0", "255.255.255.255", True),
        ("f:0.0.0.0/0", "::1", False),
        ('f:"::/0"', "10.0.0.1", True),
        ('f:"::ffff:10.0.0.0/104"', "10.200.0.1", False),
        ('f:"2001:db8::/32"', "2001:db8:ffff::1", True),
        ('f:"2001:db8::/32"', "2001:db9::", False),
        ("f:(10.0.0.0/8 or 1.2.3.4)", "1.2.3.4", True),
        ("f:10.0.0.*", "10.0.0.1", False),
        ("f:10.*", "10.*", False),
        ("f:*", "10.0.0.1", True),
        ("f:*", "host", False),
        ("f:*", 5, False),
        ("f:10.0.0", "10.0.0.0", False),
        ("f:010.0.0.1", "10.0.0.1", False),
        ('f:"fe80::1%eth0"', "fe80::1", True),
        ('f:"fe80::1%eth0/64"', "fe80::2", True),
        ('f >= "fe80::1%eth0"', "fe80::1", True),
        ('f:"fe80::1"', "fe80::1%eth1", True),
        ('f:"fe80::1%"', "fe80::1", False),
        ('f:"10.0.0.1%eth0"', "10.0.0.1", False),
        ('f:"10.0.0.0/08"', "10.0.0.1", True),
        ('f:"10.0.0.0/+8"', "10.0.0.1", True),
        ("f:1.2.3.4 *", "10.0.0.1", True),
        ("f >= 9.0.0.0 and f < 10.0.0.0", "9.200.0.1", True),
        ("f > 9.0.0.0", "10.0.0.0", True),  # not as texts
        ("f > 10.0.0.0/8", "11.0.0.0", False),
        ('f > "::"', "0.0.0.0", True),
        ('f < "::1:0:0:0"', "10.0.0.1", True),
        ("f:host", "host", False),
    ],
)
def test_ip(query: str, value: Any, expected: bool) -> None:
    check("ip", query, value, expected)


@pytest.mark.parametrize(
    ("query", "value", "expected"),
    [
        ("f:5", 5, True),
        ("f:5.0", 5, True),
        ("f:5", 5.0, True),
        ("f:5.0", "5", False),
        ("f:0.5", 0.5, True),
        ("f:true", True, True),
        ("f:1", True, False),
        ("f:true", 1, False),
        ("f:5*", 5, False),
        ("f:t*", True, False),
        ("f:5*", "55", True),
        ("f > 10", 9, False),
        ("f > 10", "9", True),
        ("f > 10", 10.5, True),
        ("f > 9007199254740992", 9007199254740993, True),
        ("f:18446744073709551616", 2**64, True),
        ("f > false", True, True),
        ("f > abc", 5, False),
        ("f:NaN", float("nan"), False),
        ("f > 5", float("inf"), False),
    ],
)
def test_undeclared_fields_go_by_the_value(query: str, value: Any, expected: bool) -> None:
    check(None, query, value, expected)


@pytest.mark.parametrize("value", [{"lat": 1, "lon": 2}, [1, 2], "1,2", "POINT (1 2)"])
def test_places_only_exist(value: Any) -> None:
    types = {"f": "geo_point", "f.lat": "double"}
    assert matches("f:*", {"f": value}, types)
    assert not matches("f:*", {"f": None}, types)
    assert not matches('f:"1,2"', {"f": value}, types)
    assert not matches("f:1* or f > 0", {"f": value}, types)
