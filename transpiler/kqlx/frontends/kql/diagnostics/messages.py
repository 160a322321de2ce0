"""From "the text stops being Kibana KQL here" to a message that teaches: what is wrong, what was
expected, and a hint, with the text to write where that is clear. ``codes`` lists what can be wrong.
"""

from __future__ import annotations

from kqlx.errors import QuerySyntaxError
from kqlx.frontends.kql.diagnostics.hints import diagnose
from kqlx.frontends.kql.diagnostics.parse_failure import ParseFailure
from kqlx.frontends.kql.syntax import MAX_DEPTH
from kqlx.frontends.kql.wording import short
from kqlx.frontends.lalr import UnexpectedInput
from kqlx.nodes import Pattern
from kqlx.regexes import late_regex

# The words of Kibana's own messages, by terminal of the grammar.
_WORDS = {
    "$END": "end of input",
    "_OR": "OR",
    "_AND": "AND",
    "NOT": "NOT",
    "LPAR": '"("',
    "RPAR": '")"',
    "_LBRACE": '"{"',
    "RBRACE": '"}"',
    "_COLON": '":"',
}
_SIGNS = ("<", "<=", ">", ">=")

_FOUND = late_regex(
    r'\\(?:u[0-9a-fA-F]{0,3}|\S)?|"[^"\n]*|[():{}]|[<>]=?'
    r'|(?i:not|and|or)(?=[ \t\r\n\xa0])|[^\s\\():<>"{}]+'
)


def syntax_error(text: str, error: UnexpectedInput) -> QuerySyntaxError:
    """The error for the user, from where the tables stopped."""
    from kqlx.frontends.kql.diagnostics.parse_failure import ParseFailure

    failure = ParseFailure(text, error.offset, error.expected)
    expected = _expected(failure)
    match = _FOUND.match(text, failure.offset)
    found = match[0] if match else text[failure.offset : failure.offset + 1]
    diagnosis = diagnose(failure)
    if diagnosis is not None:
        code, message, hint = diagnosis.code, diagnosis.message, diagnosis.hint
    else:
        code, hint = "unexpected-text", ""
        message = f"unexpected {_name(found)}, expected {_list(expected)}"
    return QuerySyntaxError(
        text, failure.offset, expected=expected, found=found, code=code, message=message, hint=hint
    )


def leading_wildcard(text: str, value: Pattern) -> QuerySyntaxError:
    """The error for a value that begins with a star, where the setting forbids it."""
    start, end = value.span
    return QuerySyntaxError(
        text,
        start,
        found=text[start:end],
        code="leading-wildcard",
        message="a value cannot begin with a star: leading wildcards are turned off",
        hint="begin the value with its first characters",
    )


def too_deep(text: str, offset: int) -> QuerySyntaxError:
    """The error for a query whose nodes nest deeper than the limit."""
    return QuerySyntaxError(
        text,
        offset,
        found=text[offset : offset + 1],
        code="nested-too-deep",
        message=f"the query nests deeper than {MAX_DEPTH} levels",
        hint="merge inner groups, or split the rule",
    )


def _expected(failure: ParseFailure) -> tuple[str, ...]:
    """What could stand there, in Kibana's words: sorted, without repetitions."""
    words = {_WORDS[name] for name in failure.expected if name in _WORDS}
    if "OPERATOR" in failure.expected:
        words.update(f'"{sign}"' for sign in _SIGNS)
    if "QUOTED" in failure.expected:
        after_sign = failure.kind_before() in ("_COLON", "OPERATOR")
        words.add("value" if after_sign or failure.is_in_values else "field name or value")
    return tuple(sorted(words))


def _list(words: tuple[str, ...]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _name(found: str) -> str:
    """What stands there, in quotes, short and without control characters."""
    if not found:
        return "end of input"
    shown = short(found)
    return shown if shown.startswith('"') else f'"{shown}"'
