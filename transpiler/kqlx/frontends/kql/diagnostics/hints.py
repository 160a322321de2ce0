"""What the writer of an unreadable query probably meant, and what to write instead.

One function a kind of place where reading can stop. A replacement that a hint shows between
backquotes is Kibana KQL as it stands; where no good one can be made the hint says it in words.
"""

from __future__ import annotations

import re

from kqlx.errors import place_of
from kqlx.frontends.kql.diagnostics.colons_and_comparisons import colon, comparison, in_place
from kqlx.frontends.kql.diagnostics.foreign_operators import (
    EXPRESSION,
    bracket_range,
    in_expression,
)
from kqlx.frontends.kql.diagnostics.missing_operator import juxtaposed
from kqlx.frontends.kql.diagnostics.negation_signs import negation
from kqlx.frontends.kql.diagnostics.parse_failure import WORDS, Diagnosis, Stop, expression_at
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import respelled, short, write
from kqlx.frontends.language_guess import recognise

_ESCAPE = re.compile(r'\\([\\():<>"*{}]?)')
_PATH_END = re.compile(r'((?:[^"\\]|\\[^"])*)\\"(?=[\s)]|$)')
_PATH = re.compile(rf'(?:(?![{SPACES}]+(?i:and|or)[{SPACES}])[^():"{{}}<>\r\n])*')
_OPEN_RANGE = re.compile(r"\[\s*(\S+)\s+TO\s+(\S+)$")
_NOTS = re.compile(f"(?:(?i:not)[{SPACES}]+)*")
_CLOSED_RANGE = re.compile(r"\{\s*([^\s{}]+)\s+TO\s+([^\s{}]+)\s*\]")
_KEYWORD = {"_AND": "and", "_OR": "or", "NOT": "not"}


def diagnose(stop: Stop) -> Diagnosis | None:
    """What went wrong at the stop, or None where nothing more can be said than what is expected."""
    language = recognise(stop.text)
    if language is not None:
        message = f"this looks like {language.name}, which is not Kibana KQL"
        return Diagnosis("other-language", message, language.advice)
    kind, text = stop.at.kind, stop.text
    if in_expression(text, stop.offset):
        return EXPRESSION
    signed = negation(stop)
    if signed is not None:
        return signed
    if kind == "$INVALID":
        return _quote_or_escape(stop)
    if kind == "_COLON":
        return colon(stop)
    if kind == "OPERATOR":
        return comparison(stop)
    if kind == "NOT":
        return _not(stop)
    if kind in ("RPAR", "RBRACE") or kind == "$END" or text[stop.offset :].isspace():
        return _end(stop)
    return juxtaposed(stop)


def _quote_or_escape(stop: Stop) -> Diagnosis:
    if stop.text[stop.offset] != '"':
        return _escape(stop)
    message = "this quote is never closed"
    path = _PATH_END.match(stop.text, stop.offset + 1)
    field = f"{stop.word(2)}:" if stop.kind() == "_COLON" else ""
    if (path and re.search(r"\\|^[A-Za-z]:$", path[1])) or stop.text.endswith('\\"'):
        inner = path[1] if path else ""
        inner = inner if "\\\\" in inner else inner.replace("\\", "\\\\")
        hint = write(f'{field}"{inner}\\\\"') if path else ""
        hint = hint and f"double the backslash, or the quote after it is part of the value: {hint}"
        return Diagnosis("unterminated-quote", message, hint or "double the backslash at the end")
    if stop.touches and stop.kind() == "UNQUOTED" and stop.follows_value and stop.field:
        hint = write(f'{stop.field}:{stop.word()}\\"')
        hint = hint and f"for a quote in the value {hint}"
        return Diagnosis("unterminated-quote", message, hint)
    hint = 'close it with "; inside a value write \\" for a quote'
    return Diagnosis("unterminated-quote", message, hint)


def _escape(stop: Stop) -> Diagnosis:
    text, offset = stop.text, stop.offset
    following = text[offset + 1 : offset + 2]
    start = stop.before[-1].start if stop.kind() == "UNQUOTED" and stop.touches else offset
    field = stop.field if start < offset else stop.groups[-1].field if stop.in_values else ""
    if start == offset and stop.kind() == "_COLON":
        field = stop.word(2)
    prefix = f"{field}:" if field else ""
    if not following:
        message = "a backslash at the end of the query escapes nothing"
        hint = "double it if it is part of the value, or remove it"
        return Diagnosis("bad-escape", message, hint)
    if following in SPACES:
        tail = WORDS.match(text, offset + 1)
        whole = text[start:offset] + (tail[0] if tail else "")
        hint = (
            write(prefix + whole) or "remove the backslash, or double it if it is part of the value"
        )
        return Diagnosis("bad-escape", "a blank needs no escape", hint)
    if re.match(r"[dwsDWSb][+*?{]", text[offset + 1 : offset + 3]):
        return EXPRESSION
    end = re.compile(r'[^\s()"{}<>]*').match(text, offset)
    chunk = text[start : end.end() if end else offset]
    if re.search(r"\\\w", chunk) and "\\\\" not in chunk[2:]:  # a path of Windows as it is
        path = _PATH.match(text, start)
        whole = path[0] if path else chunk
        hint = write(prefix + whole.replace("\\", "\\\\"))
        if following.isalnum() and following != "u" and text[start + len(whole) :][:1] != ":":
            message = f"\\{short(following)} is not a valid escape"
            hint = hint and f"double the backslash: {hint}"
            return Diagnosis("bad-escape", message, hint)
    doubled = write(prefix + _ESCAPE.sub(lambda match: match[0] if match[1] else "\\\\", chunk))
    if following == "u":
        hint = doubled and f"to mean a backslash and a u, {doubled}"
        return Diagnosis("bad-escape", "\\u needs four hexadecimal digits", hint)
    message = f"\\{short(following)} is not a valid escape"
    if following.isalnum() or following in "$%_?[":
        hint = doubled and f"double the backslash: {doubled}"
        return Diagnosis("bad-escape", message, hint)
    bare = write(prefix + _ESCAPE.sub(lambda match: match[0] if match[1] else "", chunk))
    return Diagnosis("bad-escape", message, bare and f"{short(following)} needs no escape: {bare}")


def _not(stop: Stop) -> Diagnosis | None:
    text, previous, value = stop.text, stop.kind(), stop.next_value
    if previous == "NOT":
        message = 'only one "not" can precede a test'
        more = _NOTS.match(text, stop.at.end)
        test = expression_at(text, more.end() if more else stop.at.end)
        odd = len(more[0].split()) % 2 if more else 0
        hint = write(f"{'not ' if odd else ''}{test}") if test else ""
        hint = hint and f"two cancel out: {hint}"
        return Diagnosis("double-not", message, hint or "two cancel out: remove both")
    if previous == "_COLON":
        value = value if value.lower() != "not" else "a"
        hint = write(f"not {stop.word(2)}:{value}")
        return Diagnosis(
            "misplaced-not", '"not" goes before the field, or inside parentheses', hint
        )
    if previous == "OPERATOR":
        hint = write(f"not {stop.word(2)} {stop.word()} {value}")
        return Diagnosis("misplaced-not", '"not" goes before the field', hint)
    if previous == "UNQUOTED" and stop.touches:
        tail = WORDS.match(text, stop.offset)
        end = tail.end() if tail else stop.at.end
        whole = respelled(text[stop.before[-1].start : end])
        word = re.split(f"[{SPACES}]+", stop.word())[-1] + stop.here
        message = f'the end of "{short(word)}" and the space after it are read as the keyword NOT'
        if text[end : end + 1] == ":" and not stop.follows_value:
            whole += ":*"
        return Diagnosis("hidden-keyword", message, write(in_place(stop, whole)))
    return juxtaposed(stop)


def _end(stop: Stop) -> Diagnosis | None:
    kind, previous = stop.at.kind, stop.kind()
    at_end = kind not in ("RPAR", "RBRACE")
    where = "at the end" if at_end else f"before {stop.here}"
    if previous in _KEYWORD:
        keyword = _KEYWORD[previous]
        hint = f'remove "{keyword}", or add what it joins'
        if keyword == "not":
            hint = 'remove "not", or add what it negates'
        return Diagnosis("dangling-keyword", f'nothing follows "{keyword}" {where}', hint)
    if previous == "_COLON":
        hint = write(f"{stop.word(2)}:*")
        return Diagnosis(
            "missing-value",
            f"no value follows the colon {where}",
            hint and f"to match any value, {hint}",
        )
    if previous == "OPERATOR":
        message = f"no value follows {stop.word()} {where}"
        return Diagnosis("missing-value", message, write(f"{stop.word(2)} {stop.word()} 5"))
    if previous in ("LPAR", "_LBRACE") and not at_end and _closes(stop):
        field = stop.groups[-1].field
        hint = write(f"{field}:*") if field else ""
        hint = f"to match any value, {hint}" if hint else "remove the group, or fill it"
        return Diagnosis("empty-group", "this group is empty", hint)
    if stop.groups:
        group = stop.groups[-1]
        bounds = _CLOSED_RANGE.match(stop.text, group.start)
        if bounds and group.field:
            hint = bracket_range(group.field, bounds[1], bounds[2], "{", "]")
            return Diagnosis("lucene-syntax", "Kibana KQL has no ranges in brackets", hint)
        place = place_of(stop.text, group.start)
        opened = f"the {group.sign} at line {place.line}, column {place.column}"
        closing = ")" if group.sign == "(" else "}"
        if at_end:
            message = f"the query ends without a closing {closing}"
            return Diagnosis("unclosed-group", message, f"{opened} is never closed")
        message = f"{stop.here} cannot close what {group.sign} opened"
        return Diagnosis("unopened-group", message, f"{opened} must be closed with {closing} first")
    bounds = _OPEN_RANGE.fullmatch(stop.word()) if stop.here == "}" else None
    if bounds and stop.field:
        hint = bracket_range(stop.field, bounds[1], bounds[2], "[", "}")
        return Diagnosis("lucene-syntax", "Kibana KQL has no ranges in brackets", hint)
    if not at_end:
        opening = "(" if stop.here == ")" else "{"
        message = f"{stop.here} closes a group that was never opened"
        hint = f"remove it, or add the missing {opening}; put a value that contains it in quotes"
        return Diagnosis("unopened-group", message, hint)
    return None


def _closes(stop: Stop) -> bool:
    return (stop.at.kind == "RPAR") == (stop.groups[-1].sign == "(")
