"""The evaluator of SPL that other tests rely on: documented rules, and properties."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spl.errors import Doubtful, NotEvaluated, SplSyntaxError
from spl.evaluator import evaluate, matches
from spl.events import Event, flat_event, splunk_event
from spl.reader import parse_search

KEEPS, DROPS, DOUBTS = "keeps", "drops", "doubts"


def verdict(text: str, event: Event, macros: dict[str, str] | None = None) -> str:
    try:
        return KEEPS if matches(text, event, macros, now=1_700_000_000.0) else DROPS
    except Doubtful:
        return DOUBTS


EVENT: Event = {
    "Color": "Bay",
    "n": "5",
    "f": "5.0",
    "word": "N/A",
    "empty": "",
    "ip": "10.1.2.3",
    "ip6": "2001:db8::5",
    "path": r"C:\Temp\a*b.exe",
    "list": ["Alpha", "beta"],
    "none": [],
    "null": None,
    "flag": True,
    "line": "a\nb",
    "p{}.Name": ["ForwardTo", "Name"],
    "p{}.Value": ["x@evil.example", "rule"],
    "user agent": "curl",
    "_raw": 'src=10.0.0.1 Error: access denied for "bob" path /var/log/x.log',
}

SEARCH = [
    # letter case, whole values, wildcards
    ("Color=bay", KEEPS),
    ("color=bay", DROPS),
    ("Color=CASE(Bay)", KEEPS),
    ("Color=CASE(bay)", DROPS),
    ("Color=CASE(B*)", KEEPS),
    ("Color=ba", DROPS),
    ("Color=b*", KEEPS),
    ('Color="*A*"', KEEPS),
    ('Color="b?y"', DROPS),
    ('"user agent"="CURL"', KEEPS),
    ('line="a*b"', KEEPS),
    # strings, not numbers, for =; numbers for an order when both are
    ("n=5", KEEPS),
    ("f=5", DROPS),
    ("n=5.0", DROPS),
    ("f>=5", KEEPS),
    ("n<10", KEEPS),
    ('n<"10"', KEEPS),
    ("n>5", DROPS),
    ("word>5", KEEPS),
    ('word<"a"', KEEPS),
    ("flag=TRUE", KEEPS),
    # missing fields, NOT and !=
    ("nothing=x", DROPS),
    ("NOT nothing=x", KEEPS),
    ("nothing!=x", DROPS),
    ("Color!=grey", KEEPS),
    ("NOT Color=bay", DROPS),
    ("Color!=*", DROPS),
    ("Color=*", KEEPS),
    ("nothing=*", DROPS),
    ("NOT nothing=*", KEEPS),
    ("none=*", DROPS),
    ("null=*", DROPS),
    ('empty=""', KEEPS),
    ("empty=*", KEEPS),
    ("nothing<5", DROPS),
    # many values: any of them
    ("list=alpha list=beta", KEEPS),
    ("NOT list=alpha", DROPS),
    ("list!=gamma", KEEPS),
    ("list!=alpha", DOUBTS),
    ("list!=*", DROPS),
    ("list!=alpha Color=grey", DROPS),
    ("list!=alpha OR Color=bay", KEEPS),
    # lists, networks
    ('Color IN (grey, "BA*")', KEEPS),
    ("NOT Color IN (grey, bay)", DROPS),
    ("nothing IN (a)", DROPS),
    ("NOT nothing IN (a)", KEEPS),
    ("ip=10.0.0.0/8", KEEPS),
    ("ip=11.0.0.0/8", DROPS),
    ('ip IN ("192.168.0.0/16", "10.1.0.0/16")', KEEPS),
    ("ip=10.1.1.1/8", DOUBTS),
    ("ip=11.1.1.1/8", DROPS),
    ('ip6="2001:db8::/120"', KEEPS),
    ('ip6="10.0.0.0/8"', DROPS),
    ("Color=10.0.0.0/8", DROPS),
    ("ip=10.0.0.0/255.0.0.0", DROPS),
    # backslashes and stars
    (r'path="C:\\Temp\\*"', KEEPS),
    (r'path="C:\Temp\a*"', KEEPS),
    (r'path="*\\\\*"', DROPS),
    (r'path="c:\\temp\\a\*b.exe"', DROPS),  # a backslash, then anything
    (r'path="c:\\temp\\a*b.exe"', KEEPS),
    # grouping
    ("Color=bay n=6 OR n=5", KEEPS),
    ("Color=grey n=6 OR n=5", DROPS),
    ("(Color=grey n=6) OR n=5", KEEPS),
    ("NOT Color=grey n=6", DROPS),
    ("NOT (Color=grey n=6)", KEEPS),
    # words and phrases of the raw text
    ("error", KEEPS),
    ("CASE(Error)", KEEPS),
    ("CASE(error)", DROPS),
    ("erro", DROPS),
    ("erro*", KEEPS),
    ("*rror", KEEPS),
    ("rror", DROPS),
    ('"access denied"', KEEPS),
    ('"access den"', DROPS),
    ('"access  denied"', DROPS),
    ("10.0.0.1", KEEPS),
    ("0.0", KEEPS),
    ("log", KEEPS),
    ("var/log", KEEPS),
    ("bob denied", KEEPS),
    ("acc*nied", DOUBTS),
    ("TERM(src=10.0.0.1)", KEEPS),
    ("TERM(10.0.0.1)", DROPS),  # stands behind a minor breaker
    ("TERM(bob)", KEEPS),
    ("*", KEEPS),
    ("NOT zzz", KEEPS),
]


@pytest.mark.parametrize(("text", "expected"), SEARCH)
def test_search(text: str, expected: str) -> None:
    assert verdict(text, EVENT) == expected


def test_the_ponies_of_the_page_on_not() -> None:
    """https://docs.splunk.com/Documentation/Splunk/9.0.2/Search/NOTexpressions"""
    places = ["Marin Meadows", None, "Placer Pastures", "Calaveras Farms"]
    events = [{"Location": place} if place else {} for place in places]
    for text, expected in [
        ('Location!="Calaveras Farms"', [0, 2]),
        ('NOT Location="Calaveras Farms"', [0, 1, 2]),
    ]:
        assert evaluate(parse_search(text), events) == [events[i] for i in expected]


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


@pytest.mark.parametrize(
    "pattern", ["(", ")", "a{", "*a", "[a", "[[:alpha:]]", "(?x)a", "a\\", r"\R", "[b-a]", "a{,3}"]
)
def test_regular_expressions_that_are_refused(pattern: str) -> None:
    quoted = pattern.replace("\\", "\\\\")
    with pytest.raises(SplSyntaxError):
        parse_search(f'* | where match(f, "{quoted}")')


def test_commands_that_change_events() -> None:
    text = 'a=1 | eval c=a+1, d=c . "x", a=null() | fields c d | search c=2 | table d'
    assert evaluate(parse_search(text), [{"a": "1", "b": "2"}, {"a": "2"}]) == [{"d": "2x"}]
    text = "a=1 | fields - b* _raw | table *"
    assert evaluate(parse_search(text), [{"a": 1, "bc": 2, "_raw": "x"}]) == [{"a": 1}]
    assert not matches("error | table a | search error", {"_raw": "error", "a": "1"})
    assert matches("error | fields a | search error", {"_raw": "error", "a": "1"})
    assert evaluate(parse_search('* | eval l=split(a, ",")'), [{"a": "x,y"}])[0]["l"] == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "macros", "expected"),
    [
        ("`m` n=5", {"m": "Color=bay"}, KEEPS),
        ("`m`", {"m": "`k`", "k": "Color=grey"}, DROPS),
        ("NOT `m`", {"m": "(Color=grey n=5)"}, KEEPS),
        ("NOT `m`", {"m": "Color=grey n=5"}, DOUBTS),  # the NOT would reach Color=grey alone
        ("n=6 OR `m`", {"m": "Color=bay n=5"}, DOUBTS),
        ("n=5 | `filter`", {"filter": "search *"}, KEEPS),
        ("n=5 | `filter`", {"filter": "where n=6"}, DROPS),
    ],
)
def test_macros(text: str, macros: dict[str, str], expected: str) -> None:
    assert verdict(text, EVENT, macros) == expected


@pytest.mark.parametrize(
    ("text", "macros"),
    [
        ("`m`", {}),
        ("`m`", {"m": "`k`", "k": "`m`"}),
        ("a=1 | head 5", {}),
        ("a=1 | stats count by a", {}),
        ("| tstats count from datamodel=X", {}),
        ("earliest=-1h a=1", {}),
        ("a=1 | where now()>1", {}),
    ],
)
def test_what_is_not_evaluated_says_so(text: str, macros: dict[str, str]) -> None:
    with pytest.raises(NotEvaluated):
        matches(text, {"a": "1"}, macros)


def test_the_empty_text_is_a_setting() -> None:
    assert matches("f=*", {"f": ""})
    assert not matches("f=*", {"f": ""}, empty_exists=False)
    assert matches('f=""', {"f": ""}, empty_exists=False)


def test_json_becomes_fields() -> None:
    record = {
        "a": {"b": [{"c": 1, "d": [True, None]}, {"c": "x"}], "e.f": 2.50, "g": {}, "h": []},
        "i": None,
        "k": [[1], [2, 3]],
    }
    raw = (
        '{"a":{"b":[{"c":1,"d":[true,null]},{"c":"x"}],"e.f":2.5,"g":{},"h":[]},'
        '"i":null,"k":[[1],[2,3]]}'
    )
    assert splunk_event(record) == {
        "a.b{}.c": ["1", "x"],
        "a.b{}.d{}": "true",
        "a.e.f": "2.5",
        "k{}{}": ["1", "2", "3"],
        "_raw": raw,
    }
    assert splunk_event({"i": None}, null="null")["i"] == "null"
    text = '{ "n": [1.50, 1e3] }'
    assert splunk_event(text) == {"n{}": ["1.50", "1e3"], "_raw": text}
    assert flat_event({"a.b": [{"c": 1}, {"c": 2}], "d": ["x"]}) == {
        "a.b.c": ["1", "2"],
        "d": "x",
        "_raw": '{"a.b":[{"c":1},{"c":2}],"d":["x"]}',
    }


# Properties

NAMES = ("a", "b", "c")
TRUTHS = st.dictionaries(st.sampled_from(NAMES), st.just("1"), max_size=3)


def formulas() -> st.SearchStrategy[tuple[object, ...]]:
    leaves = st.sampled_from([("leaf", name) for name in NAMES])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.just("and"), inner, inner),
            st.tuples(st.just("or"), inner, inner),
        ),
        max_leaves=8,
    )


def truth(formula: tuple[object, ...], event: dict[str, str]) -> bool:
    kind, *parts = formula
    if kind == "leaf":
        return parts[0] in event
    truths = [truth(part, event) for part in parts if isinstance(part, tuple)]
    return {"not": not truths[0], "and": all(truths), "or": any(truths)}[str(kind)]


def search_text(formula: tuple[object, ...], above: int = 0) -> str:
    """As few parentheses as ``search`` allows: AND loosest (0), then OR (1), then NOT (2)."""
    kind, *parts = formula
    if kind == "leaf":
        return f"{parts[0]}=1"
    level = {"and": 0, "or": 1, "not": 2}[str(kind)]
    texts = [
        search_text(part, level + (kind == "not")) for part in parts if isinstance(part, tuple)
    ]
    text = "NOT " + texts[0] if kind == "not" else {"and": " ", "or": " OR "}[str(kind)].join(texts)
    return f"({text})" if level < above else text


def where_text(formula: tuple[object, ...], above: int = 0) -> str:
    """As few parentheses as ``where`` allows: OR loosest (0), then AND (1), then NOT (2)."""
    kind, *parts = formula
    if kind == "leaf":
        return f"isnotnull({parts[0]})"
    level = {"or": 0, "and": 1, "not": 2}[str(kind)]
    inner = level + (kind == "not")
    texts = [where_text(part, inner) for part in parts if isinstance(part, tuple)]
    text = "NOT " + texts[0] if kind == "not" else f" {str(kind).upper()} ".join(texts)
    return f"({text})" if level < above else text


@given(formulas(), TRUTHS)
def test_boolean_combinations(formula: tuple[object, ...], event: dict[str, str]) -> None:
    expected = truth(formula, event)
    assert matches(search_text(formula), dict(event)) is expected
    assert matches(f"* | where {where_text(formula)}", dict(event)) is expected


TEXTS = st.text(
    st.characters(exclude_characters="*", exclude_categories=["Cs"]), max_size=10
).filter(lambda text: "```" not in text and "/" not in text)
TRICKY = st.text(alphabet="aA\"\\|%_.?$^(){}[]`' \t\n", max_size=8).filter(lambda t: "```" not in t)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@given(st.one_of(TEXTS, TRICKY), st.one_of(TEXTS, TRICKY))
def test_a_quoted_value_matches_itself_and_nothing_else(text: str, other: str) -> None:
    search = f'f="{escaped(text)}"'
    assert matches(search, {"f": text})
    assert matches(search, {"f": ["no", text, "such"]})
    assert not matches(search, {"f": text + "x"})
    assert not matches(f"NOT {search}", {"f": text})
    if text.isascii() and other.isascii():
        assert matches(search, {"f": other}) is (text.lower() == other.lower())
        assert matches(search, {"f": text.swapcase()})


@given(st.one_of(TEXTS, TRICKY), st.one_of(TEXTS, TRICKY))
def test_a_literal_of_where_is_its_text(text: str, other: str) -> None:
    literal = f'"{escaped(text)}"'
    assert matches(f"* | where f={literal}", {"f": text})
    assert not matches(f"* | where f={literal}", {"f": text + "x"})
    regex = f'"^{escaped(re.escape(text))}\\\\z"'
    assert matches(f"* | where isnotnull(mvfind(f, {regex}))", {"f": ["?", text]})
    assert matches(f"* | where isnull(mvfind(f, {regex}))", {"f": ["?", text + "x"]})
    assert matches(f"* | where isnotnull(mvfind(f, {regex}))", {"f": other}) is (text == other)
