"""Regular expressions: Lucene's syntax, and the same meaning in the syntax of other engines."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kqlx import regular_expressions as regexps
from kqlx.frontends.lucene import RegexpError, parse
from kqlx.regular_expressions import Char, CharClass, Item, Repeat, Sequence
from kqlx.testing.expressions import expressions
from kqlx.testing.regexp_samples import samples
from tests.conftest import examples

VALUES = st.text(st.sampled_from('abAB.*$^/ "\\-&\nk\u212a\u00e9'), max_size=8)


def fits(item: Item, value: str, *, ignore_case: bool = False) -> bool:
    return regexps.compiled(item, ignore_case=ignore_case).fullmatch(value) is not None


@st.composite
def values_of(draw: st.DrawFn, item: Item) -> str:
    return draw(st.one_of(VALUES, st.sampled_from(samples(item))))


@given(data=st.data())
@examples(200)
def test_what_is_written_is_what_was_read(data: st.DataObject) -> None:
    item = data.draw(expressions())
    again = parse(regexps.lucene(item))
    assert parse(regexps.lucene(again)) == again
    value = data.draw(values_of(item))
    assert fits(item, value) is fits(again, value)


@given(data=st.data())
@examples(200)
def test_searching_anywhere_is_matching_the_whole(data: st.DataObject) -> None:
    any_text = regexps.ANY_TEXT
    inner, behind = data.draw(expressions()), data.draw(expressions())
    ends = st.sampled_from([(), (any_text,), (Repeat(Sequence((behind, any_text)), 0, 1),)])
    item = Sequence((*data.draw(st.sampled_from([(), (any_text,)])), inner, *data.draw(ends)))
    pattern, has_dot = regexps.searching(item, r"\Z")
    flags = re.DOTALL if has_dot else re.NOFLAG
    value = data.draw(values_of(item))
    assert (re.search(pattern, value, flags) is not None) is fits(item, value)
    if not value.endswith("\n"):  # where $ of some engines stands before the last line break
        found = re.search(regexps.searching(item)[0], value, flags)
        assert (found is not None) is fits(item, value)


@pytest.mark.parametrize(
    ("expression", "pattern"),
    [
        ("a(b.c.*)?", ("^a(?:b.c|$)", True)),
        (".*b", ("b$", False)),
        ("[&&~|]", ("^[\\&\\&\\~\\|]$", False)),  # Rust's classes have && and ~~
        ("[\x01]\x01", (r"^[\x01]\x01$", False)),
    ],
)
def test_searching_is_written_for_all_engines(expression: str, pattern: tuple[str, bool]) -> None:
    assert regexps.searching(parse(expression)) == pattern


@given(data=st.data())
@examples(200)
def test_folding_is_that_of_ascii(data: st.DataObject) -> None:
    item = data.draw(expressions())
    assume(not any(c.negated for c in classes(item)))  # [^a] folded is neither a nor A
    value = data.draw(values_of(item))
    if fits(item, value):
        turned = "".join(c.swapcase() if c.isascii() else c for c in value)
        assert fits(item, turned, ignore_case=True)


def classes(item: Item) -> list[CharClass]:
    match item:
        case CharClass():
            return [item]
        case Repeat():
            return classes(item.item)
        case Char():
            return []
    return [found for each in item.items for found in classes(each)]


@given(data=st.data())
@examples(200)
def test_samples_and_literals_are_of_it(data: st.DataObject) -> None:
    item = data.draw(expressions())
    for text in samples(item):
        if all(not c.negated for c in classes(item)):
            assert fits(item, text)
    value = data.draw(values_of(item))
    if fits(item, value):
        at = 0
        for literal in regexps.longest_literals(item):
            at = value.index(literal, at) + len(literal)


@pytest.mark.parametrize(
    ("expression", "value", "holds"),
    [
        ("a.c", "a\nc", True),
        ("ab", "xab", False),
        ("^a$", "^a$", True),  # anchors are signs
        ('"a.b"+', "a.ba.b", True),  # quotation marks hold a text
        (r"\d\w\s", "5_\t", True),
        (r"\D\W\S", "a-b", True),
        (r"[\w.\-]+", "a.b-c", True),
        ("[]a]", "]", True),
        ("a{2,3}?", "", True),  # no lazy repeat: it may be missing
        ("()", "", True),
        ("a{2}", "aa", True),
        ("x}", "x}", True),
        (r"\#\@\<\~\&", "#@<~&", True),
        ("[a-c]", "B", False),
    ],
)
def test_lucene_reads_it_so(expression: str, value: str, holds: bool) -> None:
    """https://www.elastic.co/docs/reference/query-languages/query-dsl/regexp-syntax."""
    assert fits(parse(expression), value) is holds


@pytest.mark.parametrize(
    ("expression", "message", "position"),
    [
        ("a||b", "something to match is missing before '|'", 2),
        ("*a", "something to match is missing before '*'", 0),
        ("a~b", r"'~' is an operator here that other engines lack; \~ is the sign", 1),
        ("a{2", r"'{' wants a count such as {2}, {2,} or {2,5}; \{ is the sign", 1),
        ("a{3,2}", "the count {3,2} ends below its beginning", 1),
        ("a{5000}", "a count above 1000 is more than engines repeat", 1),
        ("(a", "this '(' is not closed", 0),
        ("a)", "there is no '(' that this ')' closes", 1),
        ("(?i)a", "'(?' is no operator of Elasticsearch", 0),
        ("[a", "this '[' is not closed", 0),
        ("[z-a]", r"this range ends below its beginning; \- is the sign", 1),
        ("[a-]", r"this '-' begins a range that does not end; \- is the sign", 1),
        ('"a', "this '\"' is not closed; \\\" is the sign", 0),
        ("\\q", r"\q is no escape of Elasticsearch", 0),
        ("a\\", "a backslash at the end escapes nothing", 1),
    ],
)
def test_what_is_refused(expression: str, message: str, position: int) -> None:
    with pytest.raises(RegexpError) as error:
        parse(expression)
    assert (str(error.value), error.value.position) == (message, position)
