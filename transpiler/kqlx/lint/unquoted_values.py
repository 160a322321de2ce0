"""Values without quotation marks: operators and syntax of other languages that became part of one,
and several values that are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kqlx.elastic.type_names import ANALYZED
from kqlx.frontends.kql.regular_expressions import is_regular_expression
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import short, suggest
from kqlx.lint.value_characters import (
    LUCENE_RANGE,
    NOT_ESCAPE,
    OTHER_QUOTES,
    line_break,
    question_mark,
    quoted_test,
    regular_expression,
)
from kqlx.lint.wording import note, spelled, suggest_node
from kqlx.nodes import Compare, Equals, Exists, Literal, Not, Or
from kqlx.notes import Note
from kqlx.records import replace
from kqlx.regexes import late_regex

_FUZZY = late_regex(r"\w+(?:~(?:\d(?:\.\d+)?)?|\^\d+(?:\.\d+)?)")
_SHORT_NAME = late_regex(r"[A-Z0-9_]{6}~\d")
_FIRST_KEYWORD = late_regex(rf"(?i:and|or)[{SPACES}]")
_LAST_KEYWORD = late_regex(rf"[{SPACES}](?:and|or)$|^(?:and|or)$", re.IGNORECASE)


def unquoted_value(
    node: Equals, value: Literal, raw: str, types: Mapping[str, str]
) -> Iterator[Note]:
    """The doubts about a value without quotes that is more than a word, the likeliest first."""
    content, span, field = value.name, value.span, node.field
    if NOT_ESCAPE.match(raw):
        message = r"\not is a line feed followed by the letters ot"
        fixed = re.sub(r"\\not(?![A-Za-z])", "not", raw)
        yield note("escaped-not", message, span, suggest_node(quoted_test(field, fixed)))
    yield from line_break(field, raw, value)
    other = OTHER_QUOTES.fullmatch(content)
    if other and len(content) > 1:
        inner = next(group for group in other.groups() if group is not None)
        message = 'only " is a quotation mark: these quotes are part of the value'
        yield note("single-quoted", message, span, suggest_node(quoted_test(field, inner)))
    bounds = LUCENE_RANGE.fullmatch(content)
    if bounds:
        low = Compare(field, "gte", Literal(bounds[1]))
        high = Compare(field, "lte", Literal(bounds[2]))
        hint = suggest(f"{spelled(low)} and {spelled(high)}")
        message = "ranges in brackets are Lucene syntax; here this is one value"
        yield note("other-language", message, span, hint)
    elif is_regular_expression(content):
        yield regular_expression(span)
    elif _FUZZY.fullmatch(content) and not _SHORT_NAME.match(content):
        message = "~ and ^ are Lucene syntax; here they are part of the value"
        fixed = re.split(r"[~^]", content)[0]
        yield note(
            "other-language", message, span, suggest_node(replace(node, value=Literal(fixed)))
        )
    if content.startswith("="):
        fixed = content.lstrip("= ")
        message = "the equals sign is part of the value"
        yield note("equals-sign", message, span, suggest_node(replace(node, value=Literal(fixed))))
    if re.match(r"!=?\s*\w", content):
        message = "! is not an operator: it is part of the value"
        fixed = content.lstrip("!= ")
        hint = suggest_node(Not(replace(node, value=Literal(fixed))))
        yield note("symbol-operator", message, span, hint)
    joined = re.search(r"\s(&&|\|\|)\s", content)
    if joined:
        keyword = "and" if joined[1] == "&&" else "or"
        message = f"{joined[1]} is not an operator: this is one value"
        yield note("symbol-operator", message, span, f'write "{keyword}" for {joined[1]}')
    if "\\" not in raw and (_FIRST_KEYWORD.match(content) or _LAST_KEYWORD.search(content)):
        message = f'"{short(content)}" is one value, including the keyword'
        hint = "a keyword needs something to join on both sides; a value that has it needs quotes"
        yield note("keyword-in-value", message, span, hint)
    if content.lower() in ("true", "false"):
        if not types or types.get(field.name) == "boolean":
            message = f"{content} is text, not the Boolean {content.lower()}"
            better = replace(node, value=Literal(content.lower() == "true"))
            hint = f"for a Boolean field {suggest_node(better)}; "
            hint += f"a keyword field may well contain {content}"
            yield note("upper-case-boolean", message, span, hint)
    elif content.lower() == "null":
        message = f"{content} is text, not null"
        yield note("null-value", message, span, suggest_node(Not(Exists(field))))
    yield from question_mark(content, span)
    yield from _several(node, content, types)


def _several(node: Equals, content: str, types: Mapping[str, str]) -> Iterator[Note]:
    """``f:(a, b)`` and ``f:(a b)``."""
    span = node.value.span
    parts = [part.strip() for part in content.split(",")]
    if len(parts) > 1 and re.search(r",\s", content) and all(parts):
        message = "a comma does not join values: this is one value"
        better = Or(tuple(replace(node, value=Literal(part)) for part in parts))
        yield note("comma-list", message, span, suggest_node(better))
    several = content.split()
    if len(several) > 1:
        if types.get(node.field.name) in ANALYZED:
            message = "on a text field any one of these words is enough"
        else:
            message = "this is one value of several words, not several values"
        better = Or(tuple(replace(node, value=Literal(part)) for part in several))
        phrase, listed = suggest_node(quoted_test(node.field, content)), suggest_node(better)
        hint = f"{phrase} for the one value, or for several {listed}" if phrase and listed else ""
        yield note("value-with-blanks", message, span, hint)
