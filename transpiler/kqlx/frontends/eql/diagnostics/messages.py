"""From a text that Elasticsearch does not read to the error for the user: what is wrong, what was
expected, and a hint, with the text to write where that is clear. ``codes`` lists what can be wrong.
"""

from __future__ import annotations

from kqlx.errors import QuerySyntaxError
from kqlx.frontends.eql.diagnostics.hints import diagnose
from kqlx.frontends.eql.diagnostics.parse_failure import ParseFailure
from kqlx.frontends.eql.refused import Refused
from kqlx.frontends.eql.wording import quote, short, suggest
from kqlx.frontends.lalr import UnexpectedInput

# What the terminals are called in messages; those that are left out are parts of values.
_WORDS = {
    "$END": "end of input",
    "_AND": '"and"',
    "_OR": '"or"',
    "NOT": '"not"',
    "_WHERE": '"where"',
    "_BY": '"by"',
    "_WITH": '"with"',
    "_UNTIL": '"until"',
    "_MAXSPAN": '"maxspan"',
    "_ASSIGN": '"="',
    "IN": '"in"',
    "LPAR": '"("',
    "RPAR": '")"',
    "OPENING": '"["',
    "_CLOSING": '"]"',
    "_COMMA": '","',
    "_PIPE": '"|"',
    "COMPARISON": "a comparison",
    "MATCH": '":", "like" or "regex"',
    "ANY": "a category of events",
}


def syntax_error(text: str, error: UnexpectedInput | Refused) -> QuerySyntaxError:
    """The error for the user, from where reading stopped or what was refused."""
    if isinstance(error, Refused):
        start, end = error.span
        hint = error.hint
        if error.code == "foreign-quotes":
            hint = suggest(quote(hint)) or "write double quotes"
        return _error(text, start, text[start:end], error.code, error.message, hint)
    failure = ParseFailure(text, error.offset, error.expected)
    expected = _expected(failure)
    found = failure.found_text
    offset = error.offset
    only_name = "IDENTIFIER" in error.expected and "DOTTED" not in error.expected
    if failure.found.kind == "DOTTED" and only_name:
        # Elasticsearch reads the name before the first dot, and stops there.
        offset += found.index(".")
        found = text[offset : failure.found.end]
    diagnosis = diagnose(failure)
    if diagnosis is None:
        shown = f'"{short(found)}"' if found else "end of input"
        message = f"unexpected {shown}"
        if expected:
            message += f", expected {_list(expected)}"
        return _error(text, offset, found, "unexpected-text", message, "", expected)
    if diagnosis.width:
        found = text[offset : offset + diagnosis.width]
    code, message, hint = diagnosis.code, diagnosis.message, diagnosis.hint
    return _error(text, offset, found, code, message, hint, expected)


def _error(
    text: str,
    offset: int,
    found: str,
    code: str,
    message: str,
    hint: str,
    expected: tuple[str, ...] = (),
) -> QuerySyntaxError:
    return QuerySyntaxError(
        text,
        offset,
        expected=expected,
        found=found,
        code=code,
        message=message,
        hint=hint,
        language="eql",
    )


def _expected(failure: ParseFailure) -> tuple[str, ...]:
    """What could stand there: sorted, without repetitions."""
    words = {_WORDS[name] for name in failure.expected if name in _WORDS}
    if "STRING" in failure.expected and "ANY" not in failure.expected:
        words.add("a value" if "IDENTIFIER" not in failure.expected else "a field or value")
    elif "IDENTIFIER" in failure.expected and "ANY" not in failure.expected:
        words.add("a name")
    return tuple(sorted(words))


def _list(words: tuple[str, ...]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
