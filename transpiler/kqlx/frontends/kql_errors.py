"""From "the text stops being KQL here" to a message that teaches: what was expected, what stands
there, a hint.
"""

from __future__ import annotations

import re

from kqlx.errors import KqlSyntaxError
from kqlx.frontends.kql_hints import hint_for
from kqlx.frontends.tables import UnexpectedInput
from kqlx.nodes import Pattern

# The words of Kibana's own messages, by terminal of the grammar.
_WORDS = {
    "$END": "end of input",
    "_OR": "OR",
    "_AND": "AND",
    "NOT": "NOT",
    "_LPAR": '"("',
    "_RPAR": '")"',
    "_LBRACE": '"{"',
    "RBRACE": '"}"',
    "_COLON": '":"',
    "OPERATOR": '"<", "<=", ">", ">="',
}

_FOUND = re.compile(
    r'\\u?[^\s]?|"[^"\n]*|[():<>{}]|(?i:not|and|or)(?=[ \t\r\n\xa0])|[^\s\\():<>"{}]+'
)


def syntax_error(text: str, error: UnexpectedInput) -> KqlSyntaxError:
    """The error for the user, from where the tables stopped."""
    offset = error.offset
    expected = _expected(text, error)
    match = _FOUND.match(text, offset)
    found = match[0] if match else text[offset : offset + 1]
    if not found:
        code, what = "unexpected-end", "the query ends too early"
    elif found[0] == '"' and _is_unterminated(text, offset):
        code, what = "unterminated-quote", "this quote is never closed"
    elif found[0] == "\\":
        code, what = "bad-escape", f"{found} is not an escape of Kibana KQL"
    else:
        code, what = "unexpected-text", f"unexpected {_name(found)}"
    message = f"{what}, expected {_list(expected)}" if code[:2] == "un" else what
    if code == "unterminated-quote":
        message = what
    return KqlSyntaxError(
        text,
        offset,
        expected=expected,
        found=found,
        code=code,
        message=message,
        hint=hint_for(text, offset, found, code, error.expected),
    )


def leading_wildcard(text: str, value: Pattern) -> KqlSyntaxError:
    """The error for a value that begins with a star, where the setting forbids it."""
    start, end = value.span
    return KqlSyntaxError(
        text,
        start,
        found=text[start:end],
        code="leading-wildcard",
        message="a value that begins with a star is not allowed here",
        hint="leading wildcards are turned off; begin the value with its first letters",
    )


def too_deep(text: str, offset: int, limit: int) -> KqlSyntaxError:
    """The error for a query whose nodes nest deeper than the limit."""
    return KqlSyntaxError(
        text,
        offset,
        found=text[offset : offset + 1],
        code="nested-too-deep",
        message=f"the query is nested deeper than {limit} levels",
        hint="join the inner groups, or split the rule",
    )


def _expected(text: str, error: UnexpectedInput) -> tuple[str, ...]:
    """What could stand there, in words: sorted, without repetitions."""
    words = {_WORDS[name] for name in error.expected if name in _WORDS}
    if "QUOTED" in error.expected:
        after_operator = "NOT" not in error.expected and "_LPAR" not in error.expected
        in_values = re.search(r":[ \t\r\n\xa0]*$", text[: error.offset]) is not None
        words.add("value" if after_operator or in_values else "field name or value")
    return tuple(sorted(words))


def _list(words: tuple[str, ...]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _is_unterminated(text: str, offset: int) -> bool:
    return re.compile(r'"(?:[^"\\]|\\(?s:.))*+"').match(text, offset) is None


def _name(found: str) -> str:
    return found if found[0] == '"' else f'"{found}"'
