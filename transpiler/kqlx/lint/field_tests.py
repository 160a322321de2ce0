"""One test of a field: how its value is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kqlx.elastic.type_names import ANALYZED, DATES, NUMBERS
from kqlx.frontends.kql.regular_expressions import is_regular_expression
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import short, suggest
from kqlx.lint import bare_values, field_names
from kqlx.lint.value_characters import (
    LUCENE_RANGE,
    NOT_ESCAPE,
    OTHER_QUOTES,
    control_in_path,
    line_break,
    question_mark,
    regular_expression,
)
from kqlx.lint.wording import inclusive, name_of, note, spelled, suggest_node
from kqlx.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Operator,
    Or,
    Pattern,
    Span,
    Term,
    walk,
)
from kqlx.notes import Note
from kqlx.records import replace
from kqlx.regexes import late_regex

# Windows itself writes the name of a share so: https://learn.microsoft.com/windows/security/
# (events 5140 and 5145, Share Name).
_ANY_SERVER = late_regex(r"\\\\\*\\")

_OCTETS = late_regex(r"((?:\d{1,3}\.){0,2}\d{1,3})\.\*(?:\.\*)*")
_WITHOUT_PATTERNS = NUMBERS | DATES | {"ip", "boolean"}
_NUMBER = late_regex(r"[-+]?\d+(?:\.\d+)?")
_WORD = late_regex(r"[\w.-]+", re.ASCII)
"""A value of which nothing can be doubted, but for the words that mean something."""
_WORDS_OF_MEANING = frozenset({"and", "or", "true", "false", "null"})

_FROM_TO: tuple[Operator, Operator] = ("gte", "lte")
_SWAPPED: dict[Operator, Operator] = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
"""The operator that says the same with its two sides swapped."""


def check(root: Node, text: str, types: Mapping[str, str]) -> Iterator[Note]:
    """The doubts about every leaf of the tree."""
    negated: set[Span | None] = set()
    for node in walk(root):
        if isinstance(node, Not) and not isinstance(node.item, And | Or | Not | Nested):
            negated.add(node.item.span)
            parts = (getattr(node.item, name, None) for name in ("field", "value"))
            negated.update(part.span for part in parts if isinstance(part, Literal | Pattern))
    for doubt in _of_leaves(root, text, types):
        yield _negated(doubt) if doubt.span in negated else doubt


def _of_leaves(root: Node, text: str, types: Mapping[str, str]) -> Iterator[Note]:
    yield from bare_values.check(root, text)
    named: Span | None = None
    for node in walk(root):
        if isinstance(node, FieldTest) and node.field.span != named:
            named = node.field.span  # the values of a group share it
            yield from field_names.check_spelling(node, text)
        if isinstance(node, Equals):
            yield from _first(_value(node, node.value, text, types))
        elif isinstance(node, Like):
            yield from _first(_pattern(node, text))
        elif isinstance(node, Compare):
            yield from _first(_operand(node, text))
        elif isinstance(node, Nested):
            yield from _nested(node, text)


def _first(notes: Iterator[Note]) -> Iterator[Note]:
    """One doubt a value is enough; they come with the likeliest first."""
    found = next(notes, None)
    if found is not None:
        yield found


def _negated(doubt: Note) -> Note:
    """The doubt about what a ``not`` stands before: a hint with a second one would be refused."""
    if not doubt.hint.startswith("write `not "):
        return doubt
    return replace(doubt, hint=f"{doubt.hint.replace('`not ', '`', 1)} instead of the not and this")


def _value(node: Equals, value: Literal, text: str, types: Mapping[str, str]) -> Iterator[Note]:
    raw, content, span = text[slice(*value.span)], value.name, value.span
    if value.value is None:
        message = "Elasticsearch refuses a search for null; did you mean events without the field?"
        yield note("null-value", message, span, suggest_node(Not(Exists(node.field))))
        return
    if not isinstance(value.value, str):
        return
    yield from control_in_path(node, raw, span)
    if value.phrase:
        if is_regular_expression(content):
            yield regular_expression(span)
        if "*" in content and not _ANY_SERVER.match(content):
            message = "a star in quotes is not a wildcard: it matches only a star"
            yield note("star-in-quotes", message, span, _star_hint(node.field, content, types))
        if "\n" in raw:
            message = "the quoted value continues after a line break"
            yield note("line-break-in-value", message, span, "close the quote on the same line")
        yield from question_mark(content, span)
        return
    if _WORD.fullmatch(raw) and content.lower() not in _WORDS_OF_MEANING:
        return
    from kqlx.lint.unquoted_values import unquoted_value

    yield from unquoted_value(node, value, raw, types)


def _star_hint(field: Term, content: str, types: Mapping[str, str]) -> str:
    """What to write, where a pattern does what was meant: on text and in words it is split, and
    numbers and addresses have none.
    """
    type = types.get(field.name, "keyword")
    octets = _OCTETS.fullmatch(content)
    if type == "ip" and octets:
        numbers = octets[1].split(".")
        network = ".".join([*numbers, *["0"] * (4 - len(numbers))])
        return suggest_node(Equals(field, Literal(f"{network}/{8 * len(numbers)}")))
    if type in ANALYZED or type in _WITHOUT_PATTERNS:
        return f"a field of type {type} cannot be matched by a pattern of the whole value"
    if any(space in content for space in SPACES):
        return "a pattern with blanks needs a keyword field, and no quotes"
    pattern = Pattern.from_stars(content)
    meant = suggest_node(Exists(field) if pattern.is_lone_star else Like(field, pattern))
    literal = suggest_node(Equals(field, Literal(content)))
    return f"{meant}, or, for a literal star, {literal}" if meant and literal else meant


def _pattern(node: Like, text: str) -> Iterator[Note]:
    pattern, span = node.pattern, node.pattern.span
    raw = text[slice(*span)]
    yield from control_in_path(node, raw, span)
    if NOT_ESCAPE.match(raw):
        message = r"\not is a line feed followed by the letters ot"
        yield note("escaped-not", message, span, r"write \NOT or no\u0074 instead")
    yield from line_break(node.field, raw, pattern)
    if bounds := LUCENE_RANGE.fullmatch(raw):
        message = "ranges in brackets are Lucene syntax; here this is one value"
        tests = [
            spelled(Compare(node.field, operator, Literal(bound)))
            for operator, bound in zip(_FROM_TO, bounds.groups(), strict=True)
            if bound != "*"
        ]
        yield note("other-language", message, span, suggest(" and ".join(tests)))
    elif is_regular_expression(raw):
        yield regular_expression(span)
    if OTHER_QUOTES.fullmatch(raw):
        message = 'only " is a quotation mark: these quotes are part of the value'
        yield note("single-quoted", message, span, suggest(f"{name_of(node.field)}:{raw[1:-1]}"))
    if re.search(r",\s", raw):
        message = "a comma does not join values: this is one value"
        parts = [part.strip() for part in raw.split(",")]
        hint = suggest(f"{name_of(node.field)}:({' or '.join(parts)})")
        yield note("comma-list", message, span, hint)
    yield from question_mark(pattern.name, span)


def _operand(node: Compare, text: str) -> Iterator[Note]:
    raw = text[slice(*node.field.span)]
    content = node.value.name
    if _NUMBER.fullmatch(raw):
        message = f"{raw} is read as the field name, {short(content)} as the value"
        better = Compare(Literal(content), _SWAPPED[node.op], Literal(raw))
        yield note("swapped-comparison", message, node.span, suggest_node(better))
    if not node.value.phrase and content.startswith("="):
        message = (
            "the equals sign is part of the value: a blank separates it from the operator before"
        )
        better = Compare(node.field, inclusive(node.op), Literal(content.lstrip("= ")))
        yield note("equals-sign", message, node.value.span, suggest_node(better))
    if not node.value.phrase and content.startswith("'"):
        message = 'only " is a quotation mark: these quotes are part of the value'
        better = replace(node, value=Literal(content.strip("'"), phrase=True))
        yield note("single-quoted", message, node.value.span, suggest_node(better))
    if not node.value.phrase and any(space in content for space in SPACES):
        message = f'the value is "{short(" ".join(content.split()))}", including the blanks'
        hint = "put an operator before the next word"
        yield note("value-with-blanks", message, node.value.span, hint)


def _nested(node: Nested, text: str) -> Iterator[Note]:
    """``n:{1 TO 5}``: a range of Lucene without its ends, read as a nested group."""
    item = node.item
    if not isinstance(item, FreeText):
        return
    bounds = re.fullmatch(r"(\S+)\s+TO\s+(\S+)", text[slice(*item.span)])
    if bounds:
        low, high = (
            Compare(node.path, "gt", Literal(bounds[1])),
            Compare(node.path, "lt", Literal(bounds[2])),
        )
        hint = suggest(f"{spelled(low)} and {spelled(high)}")
        message = "ranges in braces are Lucene syntax; here this is a nested group"
        yield note("other-language", message, node.span, hint)
