"""Values and names → their spelling in Kibana KQL, with no more escapes than it takes to be read.

An unquoted spelling is read back in this order: escapes undone, ends trimmed, then the words true,
false and null recognised. So some texts have no unquoted spelling, and no parsed tree holds them.
"""

from __future__ import annotations

import re
from functools import partial

from kqlx.errors import UnsupportedError
from kqlx.frontends.kql.reader import read
from kqlx.frontends.kql.syntax import SPACES, TRIMMED
from kqlx.frontends.lalr import UnexpectedInput
from kqlx.nodes import And, FreeText, Literal, Pattern, Term
from kqlx.regexes import late_regex

# What a reader would not see, or not where it is: controls, blanks of odd widths, marks of writing
# direction, halves of surrogate pairs.
NO_TEXT = "no-text"
"""The code of a tree that no text stands for."""

_HIDDEN = (
    "\x00-\x1f\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    "\ud800-\udfff\ufeff\ufff0-\uffff"
)
_WORD = rf"(?P<word>(?<=[{SPACES}])(?=(?i:or|and)(?:[{SPACES}]%s)))"
_NOT = rf"(?P<not>[nN](?=[oO][tT](?:[{SPACES}]%s)))"
_NEEDS_ESCAPE = rf'(?P<special>[\\():<>"*{{}}])|(?P<hidden>[{_HIDDEN}])|{_WORD}|{_NOT}'

# At the end of a value white space may follow, and make a keyword of its last word.
_LAST_PART = late_regex(_NEEDS_ESCAPE % ("|$", "|$"))
_INNER_PART = late_regex(_NEEDS_ESCAPE % ("", ""))
_IN_QUOTES = late_regex(rf'(?P<special>[\\"])|(?P<hidden>[{_HIDDEN}])')

_TYPED = {True: "true", False: "false", None: "null"}
_CONTROLS = {"\t": r"\t", "\r": r"\r", "\n": r"\n"}
_SPLIT_PAIR = late_regex("[\ud800-\udbff][\udc00-\udfff]")


def spell_value(term: Term) -> str:
    """A value: quoted if it was. Raises UnsupportedError where no spelling gives it back."""
    if isinstance(term, Pattern):
        return _spell_pattern(term)
    if not isinstance(term.value, str):
        return _TYPED[term.value]
    return _spell_quoted(term) if term.phrase else _spell_unquoted(term)


def spell_name(term: Term) -> str:
    """A field name before a colon: in quotes where a bare one would need escapes.

    Raises UnsupportedError for the name null that is no text: Kibana takes it for no name at all.
    """
    if isinstance(term, Literal) and term.value is None:
        raise UnsupportedError(
            "null before a colon is not a field name", code=NO_TEXT, hint="use FreeText"
        )
    return spell_operand(term)


def spell_operand(term: Term) -> str:
    """A field name before a comparison, where null is a name like others."""
    if isinstance(term, Pattern):
        return _spell_pattern(term)
    name = term.value
    if not isinstance(name, str):
        return _TYPED[name]
    if not name or name in _TYPED.values() or _LAST_PART.search(name) or " " in name:
        return _spell_quoted(term)
    return name


def spell_path(term: Term) -> str:
    """The path of a nested group; stars in it are text."""
    if isinstance(term, Pattern):
        raise UnsupportedError(
            "the path of a nested group cannot have wildcards",
            code=NO_TEXT,
            hint="write the full name",
        )
    return spell_operand(term)


def _spell_unquoted(term: Literal) -> str:
    text = term.name
    if not text:
        return r"\u0020"  # trimmed away
    if text in _TYPED.values():
        raise _no_spelling(f'the unquoted text "{text}"', "it would be read as a Boolean or null")
    if text != text.strip(TRIMMED):
        raise _no_spelling("an unquoted value with blanks at its ends", "they would be trimmed")
    if _SPLIT_PAIR.search(text):
        return _without_escapes(term, text)
    return _LAST_PART.sub(_escape, text)


def _spell_pattern(term: Pattern) -> str:
    first, last = term.prefix, term.suffix
    if term.is_text:
        raise _no_spelling("a pattern without a star", "it would be read as plain text")
    if term.has_any_one:
        raise UnsupportedError(
            "a pattern with a wildcard for one character cannot be written in Kibana KQL: it has"
            " only *",
            code=NO_TEXT,
            hint="write * instead",
        )
    if first != first.lstrip(TRIMMED) or last != last.rstrip(TRIMMED):
        raise _no_spelling("a pattern with blanks at its ends", "they would be trimmed")
    if any(map(_SPLIT_PAIR.search, term.literals)):
        return _without_escapes(term, term.name)
    before = term.tokens[:-1] if last else term.tokens
    start = Pattern(before).as_regex(partial(_INNER_PART.sub, _escape), any_run="*")
    return start + _LAST_PART.sub(_escape, last)


def _spell_quoted(term: Literal) -> str:
    text = term.name
    if _SPLIT_PAIR.search(text):
        return _without_escapes(Literal(text, phrase=True), f'"{text}"')
    return f'"{_IN_QUOTES.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if match.lastgroup == "hidden":
        return _CONTROLS.get(found) or rf"\u{ord(found):04x}"
    if match.lastgroup == "not" and found == "n":
        return r"\u006e"  # \not is a line feed and "ot"
    return f"\\{found}"


def _without_escapes(term: Term, spelled: str) -> str:
    """The halves of a surrogate pair stay apart only in a text without any escape."""
    try:
        if read(f"{spelled} and a") == And((FreeText(term), FreeText(Literal("a")))):
            return spelled
    except UnexpectedInput:
        pass
    raise _no_spelling("a split surrogate pair beside escapes", "its halves would be joined")


def _no_spelling(what: str, why: str) -> UnsupportedError:
    message = f"{what} cannot be written in Kibana KQL: {why}"
    return UnsupportedError(message, code=NO_TEXT, hint="quote it")
