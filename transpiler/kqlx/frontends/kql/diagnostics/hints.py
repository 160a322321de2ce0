"""What the writer of an unreadable query probably meant, and what to write instead.

One function a kind of place where reading can failure. A replacement that a hint shows between
backquotes is Kibana KQL as it stands; where no good one can be made the hint says it in words.
"""

from __future__ import annotations

import re

from kqlx.errors import place_of
from kqlx.frontends.kql.diagnostics.colons_and_comparisons import (
    explain_colon,
    explain_comparison,
    with_field,
)
from kqlx.frontends.kql.diagnostics.foreign_operators import (
    REGULAR_EXPRESSION,
    bracket_range,
)
from kqlx.frontends.kql.diagnostics.missing_operator import explain_missing_operator
from kqlx.frontends.kql.diagnostics.negation_signs import explain_negation_sign
from kqlx.frontends.kql.diagnostics.parse_failure import (
    WORDS,
    Diagnosis,
    ParseFailure,
    expression_at,
)
from kqlx.frontends.kql.regular_expressions import is_in_regular_expression
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import respelled, short, suggest
from kqlx.frontends.language_guess import recognise
from kqlx.regexes import late_regex

_ESCAPE = late_regex(r'\\([\\():<>"*{}]?)')
_PATH_END = late_regex(r'((?:[^"\\]|\\[^"])*)\\"(?=[\s)]|$)')
_PATH = late_regex(rf'(?:(?![{SPACES}]+(?i:and|or)[{SPACES}])[^():"{{}}<>\r\n])*')
_OPEN_RANGE = late_regex(r"\[\s*(\S+)\s+TO\s+(\S+)$")
_NOTS = late_regex(f"(?:(?i:not)[{SPACES}]+)*")
_CLOSED_RANGE = late_regex(r"\{\s*([^\s{}]+)\s+TO\s+([^\s{}]+)\s*\]")
_KEYWORD = {"_AND": "and", "_OR": "or", "NOT": "not"}


def diagnose(failure: ParseFailure) -> Diagnosis | None:
    """What went wrong, or None where nothing more can be said than what is expected."""
    language = recognise(failure.text)
    if language is not None:
        message = f"this looks like {language.name}, which is not Kibana KQL"
        return Diagnosis("other-language", message, language.advice)
    kind, text = failure.found.kind, failure.text
    if is_in_regular_expression(text, failure.offset):
        return REGULAR_EXPRESSION
    signed = explain_negation_sign(failure)
    if signed is not None:
        return signed
    if kind == "$INVALID":
        return _quote_or_escape(failure)
    if kind == "_COLON":
        return explain_colon(failure)
    if kind == "OPERATOR":
        return explain_comparison(failure)
    if kind == "NOT":
        return _not(failure)
    if kind in ("RPAR", "RBRACE") or kind == "$END" or text[failure.offset :].isspace():
        return _end(failure)
    return explain_missing_operator(failure)


def _quote_or_escape(failure: ParseFailure) -> Diagnosis:
    if failure.text[failure.offset] != '"':
        return _escape(failure)
    message = "this quote is never closed"
    path = _PATH_END.match(failure.text, failure.offset + 1)
    field = f"{failure.text_before(2)}:" if failure.kind_before() == "_COLON" else ""
    if (path and re.search(r"\\|^[A-Za-z]:$", path[1])) or failure.text.endswith('\\"'):
        inner = path[1] if path else ""
        inner = inner if "\\\\" in inner else inner.replace("\\", "\\\\")
        hint = suggest(f'{field}"{inner}\\\\"') if path else ""
        hint = hint and f"double the backslash, or the quote after it is part of the value: {hint}"
        return Diagnosis("unterminated-quote", message, hint or "double the backslash at the end")
    if (
        failure.follows_directly
        and failure.kind_before() == "UNQUOTED"
        and failure.follows_value
        and failure.field
    ):
        hint = suggest(f'{failure.field}:{failure.text_before()}\\"')
        hint = hint and f"for a quote in the value {hint}"
        return Diagnosis("unterminated-quote", message, hint)
    hint = 'close it with "; inside a value write \\" for a quote'
    return Diagnosis("unterminated-quote", message, hint)


def _escape(failure: ParseFailure) -> Diagnosis:
    text, offset = failure.text, failure.offset
    following = text[offset + 1 : offset + 2]
    start = (
        failure.preceding[-1].start
        if failure.kind_before() == "UNQUOTED" and failure.follows_directly
        else offset
    )
    field = (
        failure.field
        if start < offset
        else failure.open_groups[-1].field
        if failure.is_in_values
        else ""
    )
    if start == offset and failure.kind_before() == "_COLON":
        field = failure.text_before(2)
    prefix = f"{field}:" if field else ""
    if not following:
        message = "a backslash at the end of the query escapes nothing"
        hint = "double it if it is part of the value, or remove it"
        return Diagnosis("bad-escape", message, hint)
    if following in SPACES:
        tail = WORDS.match(text, offset + 1)
        whole = text[start:offset] + (tail[0] if tail else "")
        hint = (
            suggest(prefix + whole)
            or "remove the backslash, or double it if it is part of the value"
        )
        return Diagnosis("bad-escape", "a blank needs no escape", hint)
    if re.match(r"[dwsDWSb][+*?{]", text[offset + 1 : offset + 3]):
        return REGULAR_EXPRESSION
    end = re.compile(r'[^\s()"{}<>]*').match(text, offset)
    chunk = text[start : end.end() if end else offset]
    if re.search(r"\\\w", chunk) and "\\\\" not in chunk[2:]:  # a path of Windows as it is
        path = _PATH.match(text, start)
        whole = path[0] if path else chunk
        hint = suggest(prefix + whole.replace("\\", "\\\\"))
        if following.isalnum() and following != "u" and text[start + len(whole) :][:1] != ":":
            message = f"\\{short(following)} is not a valid escape"
            hint = hint and f"double the backslash: {hint}"
            return Diagnosis("bad-escape", message, hint)
    doubled = suggest(prefix + _ESCAPE.sub(lambda match: match[0] if match[1] else "\\\\", chunk))
    if following == "u":
        hint = doubled and f"to mean a backslash and a u, {doubled}"
        return Diagnosis("bad-escape", "\\u needs four hexadecimal digits", hint)
    message = f"\\{short(following)} is not a valid escape"
    if following.isalnum() or following in "$%_?[":
        hint = doubled and f"double the backslash: {doubled}"
        return Diagnosis("bad-escape", message, hint)
    bare = suggest(prefix + _ESCAPE.sub(lambda match: match[0] if match[1] else "", chunk))
    return Diagnosis("bad-escape", message, bare and f"{short(following)} needs no escape: {bare}")


def _not(failure: ParseFailure) -> Diagnosis | None:
    text, previous, value = failure.text, failure.kind_before(), failure.next_value
    if previous == "NOT":
        message = 'only one "not" can precede a test'
        more = _NOTS.match(text, failure.found.end)
        test = expression_at(text, more.end() if more else failure.found.end)
        odd = len(more[0].split()) % 2 if more else 0
        hint = suggest(f"{'not ' if odd else ''}{test}") if test else ""
        hint = hint and f"two cancel out: {hint}"
        return Diagnosis("double-not", message, hint or "two cancel out: remove both")
    if previous == "_COLON":
        value = value if value.lower() != "not" else "a"
        hint = suggest(f"not {failure.text_before(2)}:{value}")
        return Diagnosis(
            "misplaced-not", '"not" goes before the field, or inside parentheses', hint
        )
    if previous == "OPERATOR":
        hint = suggest(f"not {failure.text_before(2)} {failure.text_before()} {value}")
        return Diagnosis("misplaced-not", '"not" goes before the field', hint)
    if previous == "UNQUOTED" and failure.follows_directly:
        tail = WORDS.match(text, failure.offset)
        end = tail.end() if tail else failure.found.end
        whole = respelled(text[failure.preceding[-1].start : end])
        word = re.split(f"[{SPACES}]+", failure.text_before())[-1] + failure.found_text
        message = f'the end of "{short(word)}" and the space after it are read as the keyword NOT'
        if text[end : end + 1] == ":" and not failure.follows_value:
            whole += ":*"
        return Diagnosis("hidden-keyword", message, suggest(with_field(failure, whole)))
    return explain_missing_operator(failure)


def _end(failure: ParseFailure) -> Diagnosis | None:
    kind, previous = failure.found.kind, failure.kind_before()
    at_end = kind not in ("RPAR", "RBRACE")
    where = "at the end" if at_end else f"before {failure.found_text}"
    if previous in _KEYWORD:
        keyword = _KEYWORD[previous]
        hint = f'remove "{keyword}", or add what it joins'
        if keyword == "not":
            hint = 'remove "not", or add what it negates'
        return Diagnosis("dangling-keyword", f'nothing follows "{keyword}" {where}', hint)
    if previous == "_COLON":
        hint = suggest(f"{failure.text_before(2)}:*")
        return Diagnosis(
            "missing-value",
            f"no value follows the colon {where}",
            hint and f"to match any value, {hint}",
        )
    if previous == "OPERATOR":
        message = f"no value follows {failure.text_before()} {where}"
        return Diagnosis(
            "missing-value",
            message,
            suggest(f"{failure.text_before(2)} {failure.text_before()} 5"),
        )
    if previous in ("LPAR", "_LBRACE") and not at_end and _closes(failure):
        field = failure.open_groups[-1].field
        hint = suggest(f"{field}:*") if field else ""
        hint = f"to match any value, {hint}" if hint else "remove the group, or fill it"
        return Diagnosis("empty-group", "this group is empty", hint)
    if failure.open_groups:
        group = failure.open_groups[-1]
        bounds = _CLOSED_RANGE.match(failure.text, group.start)
        if bounds and group.field:
            hint = bracket_range(group.field, bounds[1], bounds[2], "{", "]")
            return Diagnosis("lucene-syntax", "Kibana KQL has no ranges in brackets", hint)
        place = place_of(failure.text, group.start)
        opened = f"the {group.sign} at line {place.line}, column {place.column}"
        closing = ")" if group.sign == "(" else "}"
        if at_end:
            message = f"the query ends without a closing {closing}"
            return Diagnosis("unclosed-group", message, f"{opened} is never closed")
        message = f"{failure.found_text} cannot close what {group.sign} opened"
        return Diagnosis("unopened-group", message, f"{opened} must be closed with {closing} first")
    bounds = _OPEN_RANGE.fullmatch(failure.text_before()) if failure.found_text == "}" else None
    if bounds and failure.field:
        hint = bracket_range(failure.field, bounds[1], bounds[2], "[", "}")
        return Diagnosis("lucene-syntax", "Kibana KQL has no ranges in brackets", hint)
    if not at_end:
        opening = "(" if failure.found_text == ")" else "{"
        message = f"{failure.found_text} closes a group that was never opened"
        hint = f"remove it, or add the missing {opening}; put a value that contains it in quotes"
        return Diagnosis("unopened-group", message, hint)
    return None


def _closes(failure: ParseFailure) -> bool:
    return (failure.found.kind == "RPAR") == (failure.open_groups[-1].sign == "(")
