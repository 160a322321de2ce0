"""Our meaning of each type, and the Query DSL that we write, are those of a real Elasticsearch: on
edge values of each type, and on all of a language that is written there.

What it refuses is what ``meaning.asked`` says, and the notes and lints on it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

import kqlx
from kqlx.elastic.refused_tests import refusals
from kqlx.evaluate.compiler import compile
from kqlx.mappings.field_list import FieldList, of_types
from kqlx.nodes import Case, Equals, Exists, Like, Literal, Node, Not, Or, Pattern, walk
from tests.oracles.server import Refused, Server

pytestmark = pytest.mark.elasticsearch

Event = Mapping[str, Any]

# A field of each type, and values that it indexes.
VALUES: dict[str, tuple[str, list[Any]]] = {
    "b": ("boolean", [True, False, "true", "false", ""]),
    "l": ("long", [5, 4, -1, 0, 7, 5.7, "5", 2**63 - 1, -(2**63), "5.9"]),
    "i": ("integer", [5, 4, 0, -1, 2**31 - 1, -(2**31), 128, "7"]),
    "by": ("byte", [5, 4, 0, 127, -128]),
    "sh": ("short", [5, 0, 32767, -32768, 300]),
    "d": ("double", [5, 5.5, 0, -0.0, 0.0, 1e308, -1e308, 1e-320, 0.1, 2**53 + 1]),
    "f": ("float", [5, 5.5, 0, -0.0, 3.4e38, -3.4e38, 0.1, 16777217, 1e-45]),
    "hf": ("half_float", [5, 5.5, 0, -0.0, 0.1, 65504, -65504, 1e-7, 2049]),
    "ip": (
        "ip",
        [
            *("10.0.0.1", "10.0.0.0", "10.255.255.255", "11.0.0.0", "0.0.0.0", "255.255.255.255"),
            *("::1", "fe80::1", "fe80::2%eth1", "::ffff:10.0.0.1", "2001:db8::1", "::", "ffff::"),
        ],
    ),
    "dt": (
        "date",
        [
            *("2024-01-01", "2024-02-29T12:00:00Z", 0, 1709208000000, "1969-12-31T23:59:59.999Z"),
            *("2024-02-29T12:00:00.123456789Z", "2024-02-29T12:00:00+01:00"),
        ],
    ),
    "dn": ("date_nanos", ["2024-01-01", "2024-02-29T12:00:00Z", 0, 1709208000000]),
    "k": ("keyword", ["a", "", "5", "a b", "A", "-0.0", "null", "é", "😀", "\uffff", "*", "a*b"]),
}
OPERANDS = [
    *("5", "5.5", "5d", "5f", "1e3", "1e400", "-1e400", "-0", "0", "-0.0", "NaN", "Infinity"),
    *("-Infinity", '" 5"', "5.", ".5", "0x1p3", "+5", "4.999999999999999999", "-0.5", "2049"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "2147483648"),
    *("-2147483649", "127", "128", "-129", "70000", "65505", "65520", "1e39", "3.5e38", "0.1"),
    *("0.09998", "16777217", "9007199254740993", "1e-320", "1e-400", "-1e-400", "1e-7"),
    *("true", "false", "True", "10.0.0.1", "10.0.0.0/8", '"fe80::1%eth0"', '"fe80::%x/64"'),
    *('"::ffff:10.0.0.1"', '"::/0"', '"0.0.0.0/0"', '"::/64"', '"::ffff:0:0/96"', '"10.0.0.0/08"'),
    *("10.0.0", "10.0.0.0/33", '"1.2.3.4/"', '"[::1]"', "2024-01-01", "2024", "2024-02"),
    *('"2024-02-29T12:00:00.123Z"', '"now-1d"', "null", "a", '""', '"a b"', "x y", '"*"'),
]
PATTERNS = ["*", "* 5", "5 *", "5*", "a*", "*b*", "**", "a b*", "10.*", "2024*", "\\*"]

TEXTS = [
    *("foo bar", "foo", "bar", "bar-baz", "baz", "a&b", "a", "b", "q?", "q", "Foo Bar", "x foo"),
    *("foo bar baz", "foo\tbar", "foo\nbar", "a.b", "C:\\Windows\\x", "foo*", "*", "?", "", "5"),
    *("5 6", "don't", "10.0.0.1", "a/b", "foo_bar", "foo-*", "foo  bar", "日本 語", "é", "bar foo"),
    *("1️⃣", 'צה"ל', "and", "B c", "①", "#️⃣", "*️⃣ x", "x²", "½ kg", "Ⓑ", "™ ©", "ל", "צה", "a①b"),
]
TEXT_FIELDS = {
    "k": "keyword",
    "t": "text",
    "w": "wildcard",
    "c": "constant_keyword",
    "v": "version",
    "p": "keyword",
    "p.text": "match_only_text",
    "k.caseless": "keyword",
    "n": "nested",
    "n.a": "long",
    "n.b": "keyword",
    "n.t": "text",
}
TEXT_TESTS = [
    *("foo bar*", "*foo bar-baz", "*a&b q?", "q? *x", "foo* bar", "* foo", "foo *", "*oo b*"),
    *("a b *z", "bar foo*", "foo bar *q", "*bar baz foo", "foo bar", '"foo bar"', "bar-baz", "a&b"),
    *("①", "#️⃣", "x²", "x", "½", "Ⓑ", "ⓑ", "™", "©", "ל", "kg", "b", "צה"),
    *('"1️⃣"', '"צה\\"ל"', "צה*", "f* and*", "5*", "5 6*", "don*", "*.b", "a/*", "foo_*", "foo-*"),
    *("*-baz", "C\\:*x", "*\\\\*", '"*"', "?", "q?*", "日*", "é*", "É*", "F*", "f*o", "**", "* *"),
    *("foo   bar*", "> foo", "<= foo", ">= null", "< null"),
]
IN_GROUPS = [
    *("n:{b:foo b*}", "n:{t:foo b*}", "n:{7}", "n:{ 007 }", "n:{a:7 and b:7}", "n:{*}", "n:{foo}"),
    *("n*:7", "n.*:7", "k*:foo", "p*:foo bar*", "*:*", "n:{b:*}", "n:*", "not n:*", "not *"),
    *("n:{not b:foo}", "not n:{b:foo}", "p.*:foo", "n:{a:x}", "k:{a:1}", "x:null"),
]

FLAT_FIELDS = {"fl": "flattened", "rp": "flattened", "k": "keyword"}
FLAT_EVENTS: list[Event] = [
    {"rp": {"key": "a.txt", "bucketName": "my-bucket.pem"}},
    {"rp": {"key": "x.pem"}},
    {"rp": {"key": ["a", "b.pem"]}},
    {"fl": {"x": {"z": "a"}}},
    {"fl": {"x": "a"}},
    {"fl": {"x": "A b"}},
    {"fl": {"x": ["foo", "oo"], "y": "foo bar"}},
    {"fl": {"y": "zoo"}},
    {"k": "foo bar"},
    {"fl": {"x": 5, "y": True}},
    {"fl": {"x": None}},
    {"fl": {"x": ""}},
    {"fl": {}},
    {"fl": {"a.b": "q", "x.z": "w"}},
    {"fl": {"x": [{"z": "l"}, "m"]}},
    {"fl": {"xy": "am"}},
]
FLAT_QUERIES = [
    *("rp.key:*.pem", "rp.key:a*", "rp.key:a*t", "rp.key:*a*", "rp.key:x*m", "fl.zz:x*m", "rp:**"),
    *("rp.key:b* x*", "rp.key:*", "not rp.key:*.pem", "rp.key:**", "rp:*.pem", "fl.x >= null"),
    *("fl.x >= a", "fl.x < b", "fl > a", "fl <= a", "fl.x:*", "fl.x.z:*", "fl.*:a", "fl.x.*:a"),
    *("*x:foo", "f*:a", "fl.y:*oo*", "fl.y:foo*", "fl.y:foo bar", 'fl.y:"foo bar"', "fl.y:* foo"),
    *("fl.y:foo b*", "fl.y:*oo bar", "fl.y:foo* *bar", "fl:foo bar", "fl:foo b*", "fl:*o b*"),
    *("fl:*", "fl.x:5", "fl.x:5.0", "fl.y:true", 'fl.x:""', "fl.x.z:l", "fl.x:m", "fl.a.b:q"),
    *("foo", "fo*", "*", "not *", "a", '"foo bar"', "foo b* *x", "fl.x:null", "fl.x:*a", "fl.*:*"),
    *("fl*:*", "fl.x*:a", "fl:A b", "fl.x:A b", "fl.x:A*", "k*:*", "* zz", "q foo*", "** zz"),
]


class Held:
    """Queries held against the engine on events that one index has."""

    def __init__(
        self, engine: Server, index: str, types: Mapping[str, str], events: Sequence[Event]
    ) -> None:
        self.engine, self.index, self.types = engine, index, types
        self.fields: FieldList = of_types(types)
        engine.create(index, types)
        refused = engine.fill(index, events)
        self.events = {n: event for n, event in enumerate(events) if n not in refused}
        self.refused = refused

    def differences(self, queries: Sequence[str | Node], *, compact: bool) -> Iterator[str]:
        asked = [(query, self.dsl(query, compact=compact)) for query in queries]
        answers = self.engine.matching_each(self.index, [dsl for _, dsl in asked])
        for (query, _), answer in zip(asked, answers, strict=True):
            node = kqlx.parse(query) if isinstance(query, str) else query
            expected = [refusal.why for refusal in refusals(node, self.type_of)]
            if isinstance(answer, Refused):
                if not expected:
                    yield f"{query}: refused, and we do not say so: {answer}"
                continue
            if expected and not any(isinstance(n, Like | Exists) for n in walk(node)):
                yield f"{query}: not refused, but we say {expected[0]}"
                continue
            holds = compile(node, self.types)
            ours = {n for n, event in self.events.items() if holds(event)}
            if ours != answer:
                yield f"{query}: Elasticsearch finds {sorted(answer)}, we {sorted(ours)}"

    def type_of(self, name: str) -> str | None:
        return self.types.get(name)

    def dsl(self, query: str | Node, *, compact: bool) -> dict[str, Any]:
        options: dict[str, Any] = {"fields": self.fields, "compact": compact}
        if not isinstance(query, str):
            options["node"] = query
        text = query if isinstance(query, str) else "*"
        found = kqlx.convert(text, "es", source="none", accept=["different"], **options).query
        assert isinstance(found, dict)
        return found


@pytest.mark.parametrize("compact", [False, True])
def test_edge_values_of_each_type(elasticsearch: Server, compact: bool) -> None:
    types = {name: kind for name, (kind, _) in VALUES.items()}
    events: list[Event] = [{}]
    events += [{name: value} for name, (_, values) in VALUES.items() for value in values]
    held = Held(elasticsearch, f"edges-{compact}".lower(), types, events)
    assert held.refused == {}
    signs = (":", " > ", " >= ", " < ", " <= ")
    queries = [f"{n}{sign}{v}" for n, sign, v in itertools.product(types, signs, OPERANDS)]
    queries += [f"{name}:{pattern}" for name, pattern in itertools.product(types, PATTERNS)]
    assert list(held.differences(queries, compact=compact)) == []


def test_words_and_patterns(elasticsearch: Server) -> None:
    events: list[Event] = [{}]
    events += [{name: text} for text in TEXTS for name in ("k", "t", "w", "c", "v", "p")]
    events += [
        {"t": ["foo", "bar"]},
        {"n": [{"a": 7}, {"b": "7"}]},
        {"n": {"t": "foo bar", "b": "foo bar"}},
        {"n": [{"b": "foo"}, {"b": "bar"}]},
    ]
    held = Held(elasticsearch, "texts", TEXT_FIELDS, events)
    assert held.refused == {}
    names = [name for name in TEXT_FIELDS if not name.startswith("n")]
    queries = [
        f"{name} {test}" if test[0] in "<>" else f"{name}:{test}"
        for name in names
        for test in TEXT_TESTS
    ]
    queries += [test for test in TEXT_TESTS if test[0] not in "<>"]
    assert list(held.differences([*queries, *IN_GROUPS], compact=False)) == []


@pytest.mark.parametrize("compact", [False, True])
def test_flattened_fields(elasticsearch: Server, compact: bool) -> None:
    index = f"flattened-{compact}".lower()
    held = Held(elasticsearch, index, FLAT_FIELDS, FLAT_EVENTS)
    assert list(held.differences(FLAT_QUERIES, compact=compact)) == []


def test_a_difference_would_be_seen(elasticsearch: Server) -> None:
    held = Held(elasticsearch, "control", {"k": "keyword"}, [{"k": "a"}, {"k": "b"}])
    held.events[0] = {"k": "z"}
    (found,) = held.differences(["k:a"], compact=False)
    assert found == "k:a: Elasticsearch finds [0], we []"
    held.types = {"k": "long"}
    (found,) = held.differences(["k:a"], compact=False)
    assert found.startswith("k:a: not refused, but we say")
    assert not any(isinstance(n, Pattern) for n in walk(kqlx.parse("k:a")))


IN_ANY_CASE = [
    *(
        "FOO",
        "foo BAR",
        "A.B",
        "c:\\\\windows\\\\X",
        "É",
        "é",
        "Q?",
        "*",
        "10.0.0.1",
        "B C",
        "ⓑ",
        "צה",
    ),
    *("F*", "*BAR", "*OO*", "F*R", "*É*", "*\\\\WIN*", "a&*", "* BAR*", "?*"),
]


@pytest.mark.parametrize("compact", [False, True])
def test_letters_in_any_case(elasticsearch: Server, compact: bool) -> None:
    """``case_insensitive`` folds the letters of ASCII, in values and in patterns."""
    types = {name: kind for name, kind in TEXT_FIELDS.items() if name in ("k", "w", "v")}
    events: list[Event] = [{name: text} for name in types for text in TEXTS]
    held = Held(elasticsearch, f"folded-{compact}".lower(), types, events)
    tests: list[Equals | Like] = []
    for name, text in itertools.product(types, IN_ANY_CASE):
        if "*" in text and text != "*":
            tests.append(Like(Literal(name), Pattern.from_stars(text), case=Case.FOLDED))
        else:
            tests.append(Equals(Literal(name), Literal(text, phrase=True), case=Case.FOLDED))
    mixed: list[Node] = [
        Or((one, replace(one, case=Case.EXACT), other)) for one, other in itertools.pairwise(tests)
    ]
    differences = [*held.differences([*tests, *map(Not, tests), *mixed], compact=compact)]
    assert not differences, "\n".join(differences)
