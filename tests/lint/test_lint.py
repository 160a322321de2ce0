"""Each doubt with what raises it and what does not, its place, and hints that can be read."""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kqlx.errors import KqlSyntaxError
from kqlx.frontends.kql.parser import parse
from kqlx.lint import field_tests, lint
from kqlx.lint.codes import CODES
from kqlx.notes import Effect, Note

# code, query, the part that is meant, what the hint must hold
DOUBTS = [
    ("star-in-quotes", 'f:"a*b"', '"a*b"', "`f:a*b`"),
    ("star-in-quotes", 'f:("x y" or "python*")', '"python*"', "`f:python*`"),
    ("star-in-quotes", 'f:"*"', '"*"', r"`f:\*`"),
    ("question-mark", "f:cdn??.space", "cdn??.space", "*"),
    ("question-mark", 'f:"?.docs.live.net"', '"?.docs.live.net"', "*"),
    ("question-mark", "f:*GitHub?Copilot*", "*GitHub?Copilot*", "*"),
    ("control-in-path", r'f:"C:\temp"', r'"C:\temp"', r'`f:"C:\\temp"`'),
    ("control-in-path", r'f:"C:\Agent\tmp"', r'"C:\Agent\tmp"', r"`f:"),
    ("control-in-path", r'f:"\Explorer\runmru"', r'"\Explorer\runmru"', r"\\runmru"),
    ("control-in-path", r"f:C\:\\a\new*", r"C\:\\a\new*", r"`f:C\:\\a\\new*`"),
    ("line-break-in-value", "f:(*a*\n  *b*)", "*a*\n  *b*", "`f:(*a* or *b*)`"),
    ("line-break-in-value", "f:(a or b\r\nc)", "b\r\nc", "`f:(b or c)`"),
    ("line-break-in-value", 'f:"a\nb"', '"a\nb"', "close"),
    ("keyword-in-value", "f:(a or)", "a or", "both sides"),
    ("keyword-in-value", "f:(or b or c)", "or b", "both sides"),
    ("keyword-in-value", "f:a and or b:c or or x", "or x", "both sides"),
    ("repeated-value", "f:(a or b or a)", "a", "remove it"),
    ("repeated-value", 'f:(a or (b or "a"))', '"a"', "remove it"),
    ("repeated-value", "f:a* or g:b or f:a*", "f:a*", "remove it"),
    ("repeated-condition", "f:a and g:b and f:a", "f:a", "remove it"),
    ("repeated-condition", "(a:1 or b:2) and (a:1 or b:2)", "(a:1 or b:2)", "remove it"),
    ("contradiction", "f:a and not f:a", "not f:a", "remove one"),
    ("swapped-comparison", "5 < n", "5 < n", "`n > 5`"),
    ("swapped-comparison", "-1.5 >= n", "-1.5 >= n", "`n <= -1.5`"),
    ("equals-sign", "n = 5", "n = 5", "`n:5`"),
    ("equals-sign", "a:b and n == 5", "n == 5", "`n:5`"),
    ("equals-sign", "n != 5", "n != 5", "`not n:5`"),
    ("equals-sign", "user.name='a b'", "user.name='a b'", '`user.name:"a b"`'),
    ("equals-sign", "n => 5", "n =", "`n >= 5`"),
    ("equals-sign", "n > = 5", "= 5", "`n >= 5`"),
    ("equals-sign", "f:= 5", "= 5", "`f:5`"),
    ("symbol-operator", "a && b", "a && b", "`a and b`"),
    ("symbol-operator", "a || b", "a || b", "`a or b`"),
    ("symbol-operator", "f:b && c", "b && c", '"and"'),
    ("symbol-operator", "!a:b", "!a", "`not a:b`"),
    ("symbol-operator", "-a:b*", "-a", "`not a:b*`"),
    ("symbol-operator", "!a:(b or c)", "!a", "not"),
    ("other-language", 'process where a:"b"', 'process where a:"b"', "filter"),
    ("symbol-operator", "+a > 5", "+a", "`a > 5`"),
    ("symbol-operator", "!a", "!a", "`not a`"),
    ("symbol-operator", "f:!a", "!a", "`not f:a`"),
    ("other-language", "SecurityEvent | where x == 1", "SecurityEvent | where x == 1", "filter"),
    ("other-language", "select * from x where y = 'z'", "select * from x where y = 'z'", "filter"),
    ("other-language", "index=main user=x", "index=main user=x", "filter"),
    ("other-language", "process where true", "process where true", "filter"),
    ("other-language", "from logs-* | limit 5", "from logs-* | limit 5", "filter"),
    ("other-language", "_exists_:a", "_exists_:a", "`a:*`"),
    ("other-language", "_missing_:a", "_missing_:a", "`not a:*`"),
    ("other-language", "a:[1 TO 5]", "[1 TO 5]", "`a >= 1 and a <= 5`"),
    ("other-language", "a:[1 TO *]", "[1 TO *]", "`a >= 1`"),
    ("other-language", "a:{1 TO 5}", "a:{1 TO 5}", "`a > 1 and a < 5`"),
    ("other-language", "a:/re.*x/", "/re.*x/", "list the values"),
    ("other-language", "a:/re[ab]x/", "/re[ab]x/", "list the values"),
    ("other-language", "/re.+x/", "/re.+x/", "list the values"),
    ("other-language", "f:b~1", "b~1", "`f:b`"),
    ("other-language", "f:b^2", "b^2", "`f:b`"),
    ("other-language", "x is null", "x is null", "`not x:*`"),
    ("other-language", "x like '%a%'", "x like '%a%'", "`x:*a*`"),
    ("other-language", "x contains abc", "x contains abc", "`x:*abc*`"),
    ("other-language", "x ne abc", "x ne abc", "`not x:abc`"),
    ("other-language", "n between 1 and n:2", "n between 1", "`n >= 1`"),
    ("other-language", "a | b", "a | b", "filter"),
    ("field-with-blanks", "a b:c", "a b", "quotes"),
    ("field-with-blanks", "f:x and and g:y", "and g", "remove one"),
    ("field-with-blanks", "a b > 5", "a b", "quotes"),
    ("upper-case-boolean", "f:TRUE", "TRUE", "`f:true`"),
    ("upper-case-boolean", "f:(x or False)", "False", "`f:false`"),
    ("null-value", "f:null", "null", "`not f:*`"),
    ("null-value", "f:NULL", "NULL", "`not f:*`"),
    ("always-true", "f:x or *:*", "*:*", "remove it"),
    ("always-true", "f:a or not f:a", "not f:a", "remove one"),
    ("useless-condition", "f:x and *:*", "*:*", "remove it"),
    ("useless-condition", "f:x and f:*", "f:*", "f:*"),
    ("useless-condition", "f:(x or y*) and g:a and f:*", "f:*", "f:*"),
    ("useless-condition", "f > 5 and f:*", "f:*", "f:*"),
    ("covered-value", "f:(* or a)", "a", "remove"),
    ("covered-value", "f:(a* or ab or b)", "ab", "remove"),
    ("covered-value", "f:(ab* or *a*)", "ab*", "remove"),
    ("covered-value", r"f:(*.exe or 'x'.exe)", "'x'.exe", "remove"),
    ("escaped-not", r"f:a \not b", r"a \not b", '`f:"a not b"`'),
    ("escaped-not", r"f:\not b*", r"\not b*", "NOT"),
    ("single-quoted", "f:'abc'", "'abc'", '`f:"abc"`'),
    ("single-quoted", "f:“a b”", "“a b”", '`f:"a b"`'),
    ("single-quoted", "f:`abc`", "`abc`", '`f:"abc"`'),
    ("single-quoted", "f:'a*'", "'a*'", "`f:a*`"),
    ("single-quoted", "n > 'a'", "'a'", '`n > "a"`'),
    ("comma-list", "f:(a, b)", "a, b", "`f:(a or b)`"),
    ("comma-list", "f:(a*, b)", "a*, b", "`f:(a* or b)`"),
    ("value-with-blanks", "f:(a b)", "a b", '`f:"a b"`'),
    ("value-with-blanks", "f:status 400 401", "status 400 401", "or 401"),
    ("value-with-blanks", "n > 5 m", "5 m", "operator"),
    ("bare-value", "f:x and hello", "hello", "`message:hello`"),
    ("bare-value", '"hello world"', '"hello world"', '`message:"hello world"`'),
    ("bare-value", "cmd*", "cmd*", "`message:cmd*`"),
    ("bare-value", "n:{ 007 }", "007", "name the field, without the path"),
    ("bare-value", "n:{ a:b and c }", "c", "name the field, without the path"),
]


@pytest.mark.parametrize(("code", "text", "part", "hint"), DOUBTS)
def test_doubt(code: str, text: str, part: str, hint: str) -> None:
    notes = [note for note in lint(text) if note.code == code]
    assert len(notes) == 1
    note = notes[0]
    assert note.span is not None
    assert text[slice(*note.span)] == part
    assert hint in note.hint
    assert note.effect is Effect.SAME
    assert not note.message.endswith(".")


@pytest.mark.parametrize("text", [text for _, text, _, _ in DOUBTS])
def test_what_a_hint_says_to_write_can_be_read(text: str) -> None:
    for note in lint(text):
        for replacement in re.findall("`([^`]*)`", note.hint):
            parse(replacement)


def test_every_code_is_documented_and_tested() -> None:
    documented = {code.name for code in CODES}
    by_types_and_names = {"refused-value", "pattern-split", "unknown-field"}  # elsewhere
    of_eql = {
        "anchor-in-expression",
        "keys-of-other-types",
        "number-and-text",
        "unknown-category",
        "wildcard-in-value",
    }  # tests/eql/test_lint.py
    assert documented == {code for code, *_ in DOUBTS} | by_types_and_names | of_eql


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*:*",
        'event.category:process and process.name:("a.exe" or b.exe or c*)',
        "f:(* and not (a or b*))",
        "f:* and not f:a",
        "f:* and (f:a and g:b or h:c)",
        "not f:a or f:b",
        r'f:"\\\\*\\IPC$"',
        r"f:\*",
        r"url:http\://x/y?a=b",
        "url:*?id=5&x=*",
        'message:"are you sure?"',
        'url:"http://x/y?"',
        r'f:"C:\\temp\\new"',
        r'f:"C:\Windows\x"',
        r'f:"first\tsecond"',
        r'f:"\r\nabc\d"',
        r'f:"a\nb"',
        'f:(a or\n  b or\n  "c d"\n)',
        "f:order or f:android",
        r"f:\NOT-y",
        "f:(a or A)",
        "f:a or g:a",
        "f:a and f:b",
        "p:{a:1} and p:{b:1}",
        "n > 5 and n < 9",
        "f:-a",
        "f:+1",
        "f:a=b",
        "f:base64==",
        "f:a&b",
        "/usr/lib:x",
        "f:/usr/lib/",
        "f:(/tmp/* or /var/a.b/)",
        "f:PROGRA~1",
        "f:~/x",
        '"user name":x',
        '"-a":b',
        '"true":x',
        "f:true",
        'f:"True"',
        "f:nullable",
        "f:ab or f:b*",
        "f:a*b or f:ac",
        "f:(*a or a*)",
        r"f:\NOT or f:notable",
        "f:it's",
        "f:'a",
        "f:a,b",
        'f:"a, b"',
        "f:a b*",
        "exists:x",
        'f:"select a from b | stats count"',
        "f:*|table* and index:x",
        "\u3000 a:b",
    ],
)
def test_no_doubt(text: str) -> None:
    assert lint(text) == []


@given(st.from_regex(r"[\w.-]{1,8}", fullmatch=True))
@example("NULL")
@example("True")
@example("z and")
def test_of_words_that_are_not_looked_at_there_is_no_doubt(word: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = _doubts(f"f:{word}")
        patch.setattr(field_tests, "_WORD", re.compile("(?!)"))
        assert _doubts(f"f:{word}") == found


def _doubts(text: str) -> list[Note]:
    try:
        return lint(text)
    except KqlSyntaxError:
        return []


def codes(text: str, types: dict[str, str], arrays: frozenset[str] | None = None) -> list[str]:
    return [note.code for note in lint(text, types, arrays)]


def test_contradictions_are_seen_only_where_types_and_arrays_are_known() -> None:
    text = "user.name:a and host.ip:x and user.name:b"
    keyword = {"user.name": "keyword"}
    assert codes(text, keyword, frozenset()) == ["contradiction"]
    assert codes(text, keyword, frozenset({"user.name"})) == []
    assert codes(text, keyword) == []
    assert codes(text, {}, frozenset()) == []
    assert codes(text, {"user.name": "text"}, frozenset()) == []
    assert codes("user.name:(a or b)", keyword, frozenset()) == []
    note = lint(text, keyword, frozenset())[0]
    assert note.span is not None
    assert text[slice(*note.span)] == "user.name:b"
    assert "line 1, column 1" in note.message


def test_conditions_that_say_nothing_together() -> None:
    types = {"f": "keyword", "n": "long", "t": "text"}
    none = frozenset[str]()
    assert codes("not f:a or not f:b", types, none) == ["always-true"]
    assert codes("not f:a or not f:b", types, frozenset({"f"})) == []
    assert codes("not f:a or not f:b", types) == []
    assert codes("not t:a or not t:b", types, none) == []
    assert codes("n > 5 and n < 3", types, none) == ["contradiction"]
    assert codes("n < 5 and n >= 5", types, none) == ["contradiction"]
    assert codes("n <= 5 and n >= 5", types, none) == []
    assert codes("n > 3 and n < 5", types, none) == []
    assert codes("n > 5 and n < 3", types, frozenset({"n"})) == []
    assert codes("f > 5 and f < 3", types, none) == []
    assert codes("a:b or (a:b and c:d)", types) == ["useless-condition"]
    assert codes("a:b or (a:x and c:d)", types) == []
    assert codes("not *:*", types) == ["contradiction"]
    assert codes("not a:* and a:b", types) == ["contradiction"]
    assert codes("not a:* or a:b", types) == []


def test_hints_below_a_not_do_not_negate_twice() -> None:
    assert "`f:*`" in lint("not f:null")[0].hint
    assert "`f:*`" in lint("f:(not null)")[0].hint
    assert "`a:b`" in lint("not !a:b")[0].hint
    assert "`a`" in lint("not !a")[0].hint
    assert "`f:a`" in lint("not f:!a")[0].hint
    assert "`not f:*`" in lint("f:null")[0].hint


def test_a_star_in_quotes_is_freed_only_where_a_pattern_can_stand() -> None:
    types = {"ip": "ip", "n": "long", "t": "text", "f": "keyword"}
    hints = {text: lint(text, types)[0].hint for text in ('n:"5*"', 't:"a*"', 'f:"a b*"')}
    assert not any("`" in hint for hint in hints.values())
    assert lint('ip:"10.1.*"', types)[0].hint == "write `ip:10.1.0.0/16`"
    assert lint('ip:"192.168.1.*"', types)[0].hint == "write `ip:192.168.1.0/24`"


def test_types_decide() -> None:
    assert codes("f:True", {"f": "boolean"}) == ["upper-case-boolean"]
    assert codes("f:True", {"f": "keyword"}) == []
    assert codes("f:(a* or ab)", {"f": "match_only_text"}) == []
    assert codes('f:(a-b or "a-b")', {"f": "text"}) == []
    assert codes('f:(a-b or "a-b")', {"f": "keyword"}) == ["repeated-value"]
    assert "any one of these words" in lint("f:a b", {"f": "text"})[0].message


def test_repetitions_name_the_first_place() -> None:
    notes = lint("f:(\n  a or\n  b or\n  a or\n  a\n)")
    assert [note.message for note in notes] == [
        "this value already appears at line 2, column 3",
        "this value already appears at line 2, column 3",
    ]


def test_notes_come_in_the_order_of_the_text() -> None:
    spans = [note.span for note in lint('hello and f:(a or a) and g:"*" and 5 < n or h:null')]
    assert spans == sorted(spans, key=lambda span: span or (0, 0))
    assert len(spans) == 5


def test_a_text_that_is_not_kql_raises() -> None:
    with pytest.raises(KqlSyntaxError):
        lint("f:(")


PIECES = [
    *("f:", "g:", "(", ")", ")", '"', '"', " or ", " and ", "not ", "*", "**", "?", "\\", "\\t"),
    *("\n", ", ", "&&", " = ", "!", "-", "'", "/", "[1 TO 5]", "{", "}", "5", " < ", "a", "b c"),
    *(" is null", "true", "NULL", "TRUE", "like", "|", "~1", "\\not ", "C:\\\\", "é`"),
    *("\ud83d", "\ude00", "\u3000", "\xa0 ", "!a:", "\\:"),
]


def test_no_readable_text_breaks_it() -> None:
    generator = random.Random(11)
    read = 0
    for _ in range(30_000):
        text = "".join(generator.choices(PIECES, k=generator.randint(1, 9)))
        try:
            notes = lint(text, {"f": "keyword", "g": "text"}, frozenset())
        except KqlSyntaxError:
            continue
        read += 1
        for note in notes:
            assert note.span is not None
            assert 0 <= note.span[0] <= note.span[1] <= len(text)
            assert all(parse(written) for written in re.findall("`([^`]*)`", note.hint)), text
            assert len(note.message) < 300
    assert read > 3_000


@pytest.mark.parametrize(
    "values",
    [
        lambda count: [f"v{i}" for i in range(count)],
        lambda count: ["v"] * count,
        lambda count: [f"v{i}*" for i in range(count)],
        lambda count: [f'"v{i}*"' for i in range(count)],
    ],
    ids=["different", "equal", "patterns", "stars"],
)
def test_long_lists_take_linear_time(values: object) -> None:
    assert callable(values)

    def seconds(count: int) -> float:
        text = "f:(" + " or\n".join(values(count)) + ")"
        started = time.process_time()
        lint(text)
        return time.process_time() - started

    assert seconds(20_000) < 30 * max(seconds(2_000), 0.05)


@pytest.mark.parametrize(
    "text",
    [
        "not (" * 95 + "f:a" + ")" * 95,
        "(" * 5_000 + "f:a" + ")" * 5_000,
        "f:a or (f:b and (" * 45 + "f:c" + "))" * 45,
        "f:/" + "|" * 20_000,
        "f:" + "a " * 10_000,
        'f:"' + r"\\a\t" * 10_000 + '"',
        "x " * 10_000,
        "[1 TO " * 3_000,
        "f:'" + "a" * 20_000,
        "?" * 10_000,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_deep_and_huge_texts_are_quick(text: str) -> None:
    started = time.process_time()
    lint(text)
    assert time.process_time() - started < 2


def test_patterns_of_many_stars_take_linear_time() -> None:
    started = time.process_time()
    assert lint(f"f:({'a*' * 60}b or {'a' * 5_000})") == []
    assert time.process_time() - started < 1
