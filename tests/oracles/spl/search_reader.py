"""Reads the terms of ``search``: text at a cursor → ``Term``.

    all     = any (["AND"] any)*          OR binds tighter than AND, NOT tighter than both
    any     = negated ("OR" negated)*
    negated = ["NOT"] primary             NOT covers the one term right after it
    primary = "(" all ")" | macro | field op value | field "IN" "(" value ("," value)* ")"
            | CASE(word) | TERM(word) | word | phrase

Order of evaluation and upper case of the operators:
https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/expressions-and-predicates/boolean-expressions-with-logical-operators
Comparisons, quoting, IN:
https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/search-commands/search
"""

from __future__ import annotations

import re

from tests.oracles.spl.cursor import Cursor
from tests.oracles.spl.nodes import (
    And,
    Comparison,
    InList,
    Not,
    Or,
    Span,
    Term,
    TimeModifier,
    Value,
    Word,
)

OPERATOR_WORDS = frozenset({"AND", "OR", "NOT", "XOR", "IN", "AS", "BY"})
"""Words that a value must quote, as in ``country="IN"`` (the search page, "quotes")."""

ESCAPES = {'"': '"', "\\": "\\", "|": "|"}

BARE_FIELD = re.compile(r"[A-Za-z0-9_.{}/-]+")
"""Dots, braces, "-" and "/" are seen bare in published detections
(https://github.com/splunk/security_content); "@" and ":" are not, so they need quotes here."""

WELL_FORMED_FIELD = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./-]|\{[0-9]*\})*")
BARE_VALUE = re.compile(r"[A-Za-z0-9_.:@/$#%*?\\~^-]+")
TIME = re.compile(r"\+?" + BARE_VALUE.pattern)  # latest=+7d@w6
COMPARATOR = re.compile(r"==|=|!=|<>|<=|<|>=|>")
DIRECTIVE = re.compile(r"(CASE|TERM)\(")
RELATIVE_TIME = re.compile(
    r"now\(?\)?|0|\d{9,10}(\.\d+)?|([+-]\d*[a-z]+)?(@[a-z]+[0-7]?)?([+-]\d+[a-z]+)*"
)
TIME_MODIFIERS = frozenset({"earliest", "latest", "_index_earliest", "_index_latest"})
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


ZERO_GUID = "{00000000-0000-0000-0000-000000000000}"


def read_term(cursor: Cursor) -> Term:
    """A whole expression of ``search``, up to a pipe, a closing parenthesis or the end."""
    begin = _here(cursor)
    items: list[Term] = []
    while True:
        if cursor.keyword("AND"):
            if not items:
                cursor.fail("AND has nothing on its left", cursor.at - 3)
        elif items and _stops(cursor):
            break
        items.append(_read_any(cursor))
    if len(items) == 1:
        return items[0]
    for item in items:
        if isinstance(item, Or) and not item.grouped:
            cursor.doubt("relies-on-precedence", "OR beside AND without parentheses", item.span[0])
    return And(tuple(items), (begin, cursor.at))


def _here(cursor: Cursor) -> int:
    cursor.skip()
    return cursor.at


def _stops(cursor: Cursor) -> bool:
    if cursor.peek() in ("", "|", ")"):
        return True
    begin = cursor.at
    stops = any(cursor.keyword(word) for word in cursor.stop_words)
    cursor.at = begin
    return stops


def _read_any(cursor: Cursor) -> Term:
    begin = _here(cursor)
    items = [_read_negated(cursor)]
    while cursor.keyword("OR"):
        items.append(_read_negated(cursor))
    return items[0] if len(items) == 1 else Or(tuple(items), (begin, cursor.at))


def _read_negated(cursor: Cursor) -> Term:
    begin = _here(cursor)
    if not cursor.keyword("NOT"):
        return _read_primary(cursor)
    if cursor.keyword("NOT"):
        cursor.fail("NOT after NOT: what it covers is not documented", cursor.at - 3)
    return Not(_read_primary(cursor), (begin, cursor.at))


def _read_primary(cursor: Cursor) -> Term:
    next_one = cursor.peek()
    begin = cursor.at
    if next_one in ("", "|", ")"):
        cursor.fail("expected a search term")
    if next_one == "(":
        return _read_group(cursor)
    if next_one == "`":
        macro = cursor.macro()
        _expect_gap(cursor)
        return macro
    if next_one == "'":
        cursor.fail("single quotes mean nothing in search: a field name takes double quotes")
    if next_one == "[":
        cursor.fail("subsearch is not read; a bracket in a value needs quotes")
    if next_one == '"':
        return _read_after_quote(cursor, begin)
    if DIRECTIVE.match(cursor.text, begin):
        return _read_directive(cursor)
    return _read_bare(cursor, begin)


def _read_group(cursor: Cursor) -> Term:
    begin = cursor.at
    cursor.enter()
    cursor.at += 1
    term = read_term(cursor)
    if not cursor.accept(")"):
        cursor.fail("parenthesis is not closed", begin)
    cursor.leave()
    span = (begin, cursor.at)
    match term:
        case And():
            return And(term.items, span, grouped=True)
        case Or():
            return Or(term.items, span, grouped=True)
        case _:
            return term


def _read_after_quote(cursor: Cursor, begin: int) -> Term:
    inside = cursor.quoted()
    end = cursor.at
    if _comparison_follows(cursor):
        if not inside or not inside.strip() or set(inside) & set("\\*|`"):
            cursor.fail("not a field name", begin)
        return _read_comparison(cursor, inside, begin)
    cursor.at = end
    value = _value(cursor, inside, (begin, end), quoted=True)
    if not value.text.strip():
        cursor.fail("empty phrase", begin)
    _expect_gap(cursor)
    return Word(value, (begin, end))


def _read_bare(cursor: Cursor, begin: int) -> Term:
    field = cursor.match(BARE_FIELD)
    if field and _comparison_follows(cursor):
        if not WELL_FORMED_FIELD.fullmatch(field) or field in OPERATOR_WORDS:
            cursor.fail("not a bare field name: write it in double quotes", begin)
        return _read_comparison(cursor, field, begin)
    cursor.at = begin
    word = cursor.match(BARE_VALUE)
    if not word:
        cursor.fail("this character needs quotes")
    if _comparison_follows(cursor):
        cursor.fail("not a bare field name: write it in double quotes", begin)
    cursor.at = begin + len(word)
    if word in OPERATOR_WORDS:
        cursor.fail(f"{word} is out of place", begin)
    if word.upper() in OPERATOR_WORDS:
        cursor.refuse(f"{word} in lower case is a word to search for", begin)
    _expect_gap(cursor)
    span = (begin, cursor.at)
    return Word(_value(cursor, word, span), span)


def _expect_gap(cursor: Cursor, also: str = "") -> None:
    """After a term: space, a closing parenthesis, a pipe, a comment or the end. A macro or a
    parenthesis that touches a word is pasted to it or a function that search does not have.
    """
    following = cursor.text[cursor.at : cursor.at + 1]
    if following and following not in " \t\r\n)|" + also and not cursor.at_comment():
        cursor.fail("this character needs quotes, or a space before it")


def _comparison_follows(cursor: Cursor) -> bool:
    cursor.skip()
    begin = cursor.at
    if COMPARATOR.match(cursor.text, begin):
        return True
    is_list = cursor.keyword("IN") and cursor.peek() == "("
    cursor.at = begin
    return is_list


def _read_comparison(cursor: Cursor, field: str, begin: int) -> Term:
    if cursor.keyword("IN"):
        return _read_list(cursor, field, begin)
    at = cursor.at
    operator = cursor.match(COMPARATOR) or ""
    if operator == "==":
        cursor.fail("== is no operator of search", at)
    if operator == "<>":
        cursor.fail("<> is no operator of search", at)
    value = _read_value(cursor, TIME if field in TIME_MODIFIERS else BARE_VALUE)
    # Of texts that stand for no value it is meant that it drops events without the field too.
    if operator == "!=" and value.text not in ("null", "", "-", ZERO_GUID):
        cursor.doubt("not-equals", "!= drops events without the field, NOT keeps them", at)
    span = (begin, cursor.at)
    if field in TIME_MODIFIERS:
        if operator != "=" or not RELATIVE_TIME.fullmatch(value.text) or value.has_wildcard:
            cursor.fail("not a time", value.span[0])
        return TimeModifier(field, value.text, span)
    if operator not in ("=", "!="):
        if value.has_wildcard or value.case_sensitive or not value.text:
            cursor.fail("an ordering needs a plain value", value.span[0])
        if not NUMBER.fullmatch(value.text):
            cursor.doubt("ordering-of-text", "compares in byte order", value.span[0])
    return Comparison(field, operator, value, span)


def _read_list(cursor: Cursor, field: str, begin: int) -> InList:
    cursor.expect("(")
    opened = cursor.at - 1
    if cursor.peek() == ")":
        cursor.fail("IN needs at least one value")
    values = [_read_value(cursor)]
    while cursor.accept(","):
        values.append(_read_value(cursor))
    if cursor.peek() in ("", "|"):
        cursor.fail("IN list is not closed", opened)
    cursor.expect(")")
    _expect_gap(cursor)
    return InList(field, tuple(values), (begin, cursor.at))


def _read_value(cursor: Cursor, pattern: re.Pattern[str] = BARE_VALUE) -> Value:
    next_one = cursor.peek()
    begin = cursor.at
    if next_one == '"':
        inside = cursor.quoted()
        value = _value(cursor, inside, (begin, cursor.at), quoted=True)
    elif DIRECTIVE.match(cursor.text, begin):
        word = _read_directive(cursor)
        if word.whole:
            cursor.fail("TERM() is no value of a field", begin)
        value = word.value
    else:
        bare = cursor.match(pattern)
        if not bare:
            cursor.fail("expected a value; this character needs quotes")
        if bare.upper() in OPERATOR_WORDS and (bare.isupper() or cursor.strict):
            cursor.fail(f"the value {bare} needs quotes", begin)
        value = _value(cursor, bare, (begin, cursor.at))
    _expect_gap(cursor, ",")
    return value


def _read_directive(cursor: Cursor) -> Word:
    """CASE(x) and TERM(x). What quotes inside them mean is not documented, so none are read:
    https://help.splunk.com/splunk-enterprise/search/search-manual/10.0/search-primer/use-case-and-term-to-match-phrases
    """
    begin = cursor.at
    name = cursor.text[begin : begin + 4]
    cursor.at += 5
    inside_at = cursor.at
    inside = cursor.match(BARE_VALUE) or cursor.match(re.compile(r"[^\s\"'()|\[\]`]+"))
    if not inside:
        cursor.fail(f"{name}() needs one bare word")
    if cursor.text[cursor.at : cursor.at + 1] == "=" and name == "TERM":
        more = cursor.match(re.compile(r"[^\s\"'()|\[\]`]+"))
        inside += more or ""
    if cursor.text[cursor.at : cursor.at + 1] != ")":
        cursor.fail(f"{name}() takes one bare word")
    cursor.at += 1
    _expect_gap(cursor, ",")
    value = _value(cursor, inside, (inside_at, cursor.at - 1), exact=name == "CASE")
    return Word(value, (begin, cursor.at), whole=name == "TERM")


def _value(
    cursor: Cursor, inside: str, span: Span, *, quoted: bool = False, exact: bool = False
) -> Value:
    """Undo the escapes and split at the stars. A star cannot be escaped and stays active inside
    quotes: https://docs.splunk.com/Documentation/Splunk/9.0.4/Search/Wildcards
    """
    characters = cursor.unescape(inside, ESCAPES, span[0] + quoted)
    parts = [""]
    for character, _ in characters:
        if character == "*":
            parts.append("")
        else:
            parts[-1] += character
    return Value(tuple(parts), span, quoted, exact)
