"""The evaluator of SPL: ``where``, its functions, and regular expressions."""

from __future__ import annotations

import pytest

from tests.oracles.spl.errors import SplSyntaxError
from tests.oracles.spl.evaluator import matches
from tests.oracles.spl.events import Event
from tests.oracles.spl.reader import parse_search
from tests.oracles.spl.verdicts import DOUBTS, DROPS, EVENT, KEEPS, verdict

WHERE = [
    # NULL goes through; only true keeps
    ('Color="Bay"', KEEPS),
    ('Color=="bay"', DROPS),
    ('nothing="x"', DROPS),
    ('NOT nothing="x"', DROPS),
    ('NOT Color="x"', KEEPS),
    ('nothing!="x"', DROPS),
    ('isnull(nothing) OR NOT match(nothing, "x")', KEEPS),
    ('NOT match(nothing, "x")', DOUBTS),
    ('match(nothing, "x")', DROPS),
    ('nothing="x" OR Color="Bay"', KEEPS),
    ('nothing="x" AND Color="Bay"', DROPS),
    ('nothing="x" XOR Color="Bay"', DROPS),
    ('Color="Bay" XOR n=5', DROPS),
    ('n=5 OR n=6 AND Color="x"', KEEPS),
    ('(n=5 OR n=6) AND Color="x"', DROPS),
    ("isnull(none) AND isnull('null') AND isnotnull(empty)", KEEPS),
    # numbers and texts
    ("n=5 AND n>4 AND n<=5.0 AND f=5", KEEPS),
    ('n="5"', KEEPS),
    ('f="5"', DOUBTS),
    ('n<"10"', DOUBTS),
    ("n=f", KEEPS),
    ("word>5", DOUBTS),
    ("isnum(word) AND word>5", DROPS),
    ("NOT isnum(word) OR word>5", KEEPS),
    ("word=5", DROPS),
    ("tonumber(word)=5", DROPS),
    ("tonumber(f)=5", KEEPS),
    ("n+1=6 AND n*2=10 AND -n<0 AND n/2=2.5 AND n%2=1", KEEPS),
    ("n/0=1", DROPS),
    ("isnull(word-1) AND isnull(nothing+1) AND isnull(-word)", KEEPS),
    ("word+1=6", DOUBTS),
    ("list+1=6", DOUBTS),
    ('Color . "-" . n = "Bay-5"', KEEPS),
    # patterns
    ('match(Color, "^B")', KEEPS),
    ('match(Color, "^b")', DROPS),
    ('match(Color, "(?i)^bay$")', KEEPS),
    ('Color LIKE "B%y" AND like(Color, "B__")', KEEPS),
    ('like(Color, "b%")', DROPS),
    ('Color IN ("Bay", 3) AND in(n, 4, 5)', KEEPS),
    ('Color IN ("B*")', DROPS),
    ('cidrmatch("10.0.0.0/8", ip) AND cidrmatch("2001:db8::/32", ip6)', KEEPS),
    ('cidrmatch("10.0.0.0/8", Color)', DROPS),
    ('searchmatch("color=x OR Color=bay")', KEEPS),
    # many values
    ('list="Alpha"', DOUBTS),
    ('NOT list="Alpha"', DOUBTS),
    ('list="Alpha" OR n=5', KEEPS),
    ('match(list, "A")', DOUBTS),
    ('isnotnull(mvfind(list, "^beta$"))', KEEPS),
    ('isnotnull(mvfind(list, "^Beta$"))', DROPS),
    ('isnull(mvfind(nothing, "x"))', KEEPS),
    ('isnotnull(mvfind(Color, "(?i)^bay$"))', KEEPS),
    ('mvfind(list, "b")=1', KEEPS),
    ("mvcount(list)=2 AND mvcount(Color)=1 AND isnull(mvcount(nothing))", KEEPS),
    ("isnotnull(mvfind('p{}.Name', \"^ForwardTo$\"))", KEEPS),
    ("isnotnull(mvfind(mvzip('p{}.Name', 'p{}.Value', \"=\"), \"^ForwardTo=x@\"))", KEEPS),
    ("isnotnull(mvfind(mvzip('p{}.Name', 'p{}.Value', \"=\"), \"^ForwardTo=rule\"))", DROPS),
    ("mvindex('p{}.Value', mvfind('p{}.Name', \"^Name$\"))=\"rule\"", KEEPS),
    ("isnull(mvindex('p{}.Value', mvfind('p{}.Name', \"^None$\")))", KEEPS),
    ('mvzip(Color, n)="Bay,5" AND mvzip(list, n)="Alpha,5"', KEEPS),
    ("isnull(mvzip(list, nothing)) AND isnull(substr(nothing, 1))", KEEPS),
    ('mvindex(list, -1)="beta" AND isnull(mvindex(list, 2))', KEEPS),
    ('mvjoin(list, "+")="Alpha+beta"', KEEPS),
    ('mvfilter(list="beta")="beta"', KEEPS),
    ('mvjoin(mvmap(list, lower(list)), " ")="alpha beta"', KEEPS),
    ('mvcount(mvdedup(mvappend(list, list, "beta")))=2', KEEPS),
    ('mvindex(split("a,b", ","), 1)="b"', KEEPS),
    # the other functions
    ('if(n=5, "y", "z")="y" AND if(nothing=5, "y", "z")="z"', KEEPS),
    ('case(n=4, "a", n=5, "b")="b" AND isnull(case(n=4, "a"))', KEEPS),
    ('coalesce(nothing, Color)="Bay"', KEEPS),
    ('lower(Color)="bay" AND upper(Color)="BAY" AND len(Color)=3', KEEPS),
    ('substr(Color, 2)="ay" AND substr(Color, -2, 1)="a"', KEEPS),
    ('replace(Color, "(B)(a)", "\\\\2\\\\1")="aBy"', KEEPS),
    ('trim("  a ")=lower("A") AND trim(Color, "By")="a"', KEEPS),
    ("round(2.5+0)=3 AND round(2.555+0, 2)=2.56 AND abs(-n)=5", KEEPS),
    ('ceiling(f)=5 AND floor(n/2)=2 AND max(n, 7)=7 AND min(n, "x")=5', KEEPS),
    ('tostring(n+1)="6" AND tostring(n=5)="True"', KEEPS),
    ("isint(n) AND NOT isint(word) AND isstr(word)", KEEPS),
    ("isint(f)", DOUBTS),
    ('isnull(null()) AND true() AND NOT false() AND tonumber("ff", 16)=255', KEEPS),
    ('strptime("2024-01-02T03:04:05.678Z", "%Y-%m-%dT%H:%M:%S.%3NZ")=1704164645.678', KEEPS),
    ('strptime("2024-01-02 +0200", "%F %z")=1704146400', KEEPS),
    ('isnull(strptime(Color, "%F"))', KEEPS),
    ('strptime("2024-01-02T00:00:00", "%F")=1', DOUBTS),
    ('strftime(1704164645+0, "%F %T")="2024-01-02 03:04:05"', KEEPS),
    ('relative_time(1704164645+0, "-1d@d")=1704067200', KEEPS),
    ('relative_time(1704164645+0, "@mon+2h")=1704074400', KEEPS),
    ('now()-relative_time(now(), "-9m")=540', KEEPS),
    ('json_extract("{\\"a\\":{\\"b\\":[1,\\"x\\"]}}", "a.b{1}")="x"', KEEPS),
    ('isnull(json_extract("[1]", "{1}")) AND isnull(json_extract("[1]", "a"))', KEEPS),
    ('mvcount(json_array_to_mv("[1,\\"x\\"]"))=2', KEEPS),
    ('mvjoin(spath("{\\"a\\":[{\\"b\\":1},{\\"b\\":2}]}", "a{}.b"), "-")="1-2"', KEEPS),
]


@pytest.mark.parametrize(("text", "expected"), WHERE)
def test_where(text: str, expected: str) -> None:
    assert verdict(f"* | where {text}", EVENT) == expected


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a$", "a", True),
        ("^a$", "a\n", True),  # as PCRE without the D flag
        (r"^a\z", "a\n", False),
        (r"^a\Z", "a\n", True),
        ("a.b", "a\nb", False),
        ("(?s)a.b", "a\nb", True),
        ("(?i)É", "é", True),
        (r"\Qa.b\E.", "a.bc", True),
        (r"\Qa.b\E", "axb", False),
        (r"\x41\x{42}", "AB", True),
        (r"^\d$", "٣", False),  # ASCII digits alone
        (r"^[^\W\d]+$", "a_", True),
        (r"[]a]", "]", True),
        (r"[a\-z]", "-", True),
        (r"[[&&~~||-]", "&", True),
        (r"(?<x>a)(?=b)", "ab", True),
        (r"\bA\b", "x A.", True),
        (r"a{2}", "aa", True),
        (r"\{,3\}", "{,3}", True),
        (r"\/\-\@\#\ ", "/-@# ", True),
    ],
)
def test_regular_expressions(pattern: str, text: str, found: bool) -> None:
    quoted = pattern.replace("\\", "\\\\").replace('"', '\\"')
    event: Event = {"f": text}
    assert matches(f'* | where match(f, "{quoted}")', event) is found
    assert matches(f'* | regex f="{quoted}"', event) is found
    assert matches(f'* | regex f!="{quoted}"', event) is not found


REFUSED = ["(", ")", "a{", "*a", "[a", "[[:alpha:]]", "(?x)a", "a\\", r"\R", "[b-a]", "a{,3}"]


@pytest.mark.parametrize("pattern", [*REFUSED, r"[\b]", "a**"])
def test_regular_expressions_that_are_refused(pattern: str) -> None:
    quoted = pattern.replace("\\", "\\\\")
    with pytest.raises(SplSyntaxError):
        parse_search(f'* | where match(f, "{quoted}")')


def test_foreach_looks_at_every_field_that_fits() -> None:
    text = (
        "* | foreach a.*.b [ eval m=if(isnotnull(mvfind('<<FIELD>>', \"\\\\Ax\\\\z\")), 1, m) ] "
        "| where isnotnull(m)"
    )
    assert matches(text, {"a.0.b": "y", "a.1.b": ["z", "x"], "_raw": ""})
    assert not matches(text, {"a.0.b": "y", "a.b": "x", "c": "x", "_raw": ""})


@pytest.mark.parametrize(
    "text",
    [
        "* | foreach a.* eval m=1",
        "* | foreach a.* [ eval m=1 ]",
        "* | foreach a.* [ eval m=<<FIELD>> ]",
        "* | foreach a.* [ where isnull('<<FIELD>>') ]",
        "* | foreach a.* [ eval m=if('<<FIELD>>' ]",
    ],
)
def test_a_malformed_foreach_is_refused(text: str) -> None:
    with pytest.raises(SplSyntaxError):
        parse_search(text)
