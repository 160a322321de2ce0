"""Kibana KQL text → tree, with Kibana's meaning.

The syntax is in ``grammars/kql.lark``; here stands what its names build. Behaviour was measured on
Kibana's own parser (package es-query, https://github.com/elastic/kibana), of which no code is used.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast

from kqlx.frontends.kql.syntax import MAX_DEPTH, TRIMMED
from kqlx.frontends.kql.tables import TABLES
from kqlx.frontends.lalr import Parser, load_parser
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
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
)
from kqlx.regexes import late_regex

_TYPED: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_OPERATORS: dict[str, Operator] = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_CONTROLS = {"t": "\t", "r": "\r", "n": "\n"}

# Kibana tries \t \r \n before \not, so "\not" is a line feed and "ot".
_UNQUOTED_PIECE = late_regex(r"\\(?:([trn])|u([0-9a-fA-F]{4})|(.))|(\*)", re.DOTALL)
_QUOTED_PIECE = late_regex(r'\\(?:([trn])|u([0-9a-fA-F]{4})|([\\"]))')
_SURROGATE = late_regex("[\ud800-\udfff]")


class TooDeep(Exception):
    """Nodes nest deeper than ``MAX_DEPTH``, first of all the one at ``offset``."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def read(text: str) -> Node:
    """The tree of a Kibana KQL query.

    Raises UnexpectedInput where Kibana refuses the text, with the same offset, and TooDeep.
    ``kqlx.frontends.kql.parse`` makes of both an error that a user can read.
    """
    node = cast(Node, _parser().parse(text))
    # One pair of parentheses or braces adds at most four levels: a nested group, or, and, not.
    if text.count("(") + text.count("{") >= MAX_DEPTH // 4 - 1:
        _check_depth(node)
    return node


@cache
def _parser() -> Parser:
    return load_parser("grammars/kql.lark", TABLES, _BUILDERS)


def _check_depth(root: Node) -> None:
    stack = [(root, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise TooDeep(node.span[0])
        if isinstance(node, And | Or):
            stack.extend((item, depth + 1) for item in node.items)
        elif isinstance(node, Not | Nested):
            stack.append((node.item, depth + 1))


# Terms


def _unquoted(values: list[re.Match[str]]) -> Term:
    match = values[0]
    raw = match[0]
    start, end = match.span()
    if raw[-1] in TRIMMED:
        end = start + max(1, len(raw.rstrip(TRIMMED)))
    if "\\" in raw:
        parts = _split_unescaped(raw)
        if len(parts) > 1:
            return Pattern.between_stars(_trim_ends(parts), (start, end))
        text = parts[0].strip(TRIMMED)
    elif "*" in raw:
        return Pattern.between_stars(_trim_ends(raw.split("*")), (start, end))
    else:
        text = raw.strip(TRIMMED)
    # "null" spelled with an escape is null too: Kibana looks at the text when the escapes are
    # undone.
    value: str | bool | None = _TYPED.get(text, text)
    return Literal(value, False, (start, end))


def _quoted(values: list[re.Match[str]]) -> Literal:
    match = values[0]
    text = match[0][1:-1]
    if "\\" in text:
        text = _join_surrogates(_QUOTED_PIECE.sub(_unescape, text))
    return Literal(text, True, match.span())


def _split_unescaped(raw: str) -> list[str]:
    parts = [""]
    position = 0
    for piece in _UNQUOTED_PIECE.finditer(raw):
        parts[-1] += raw[position : piece.start()]
        position = piece.end()
        if piece[4]:
            parts.append("")
        else:
            parts[-1] += _unescape(piece)
    parts[-1] += raw[position:]
    return [_join_surrogates(part) for part in parts]


def _unescape(piece: re.Match[str]) -> str:
    if piece[1]:
        return _CONTROLS[piece[1]]
    return chr(int(piece[2], 16)) if piece[2] else piece[3]


def _join_surrogates(text: str) -> str:
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _trim_ends(parts: list[str]) -> list[str]:
    return [parts[0].lstrip(TRIMMED), *parts[1:-1], parts[-1].rstrip(TRIMMED)]


# Expressions


class _Grouped:
    """A node or value in parentheses, and where these stand."""

    __slots__ = ("item", "span")

    def __init__(self, item: Any, span: Span) -> None:
        self.item = item
        self.span = span


def _group(values: list[Any]) -> _Grouped:
    """What joins or negates spans its own parentheses; a test in them only itself."""
    opening, item, closing = values
    span = (opening.start(), closing.end())
    item = _inside(item)
    if isinstance(item, And | Or):
        item = type(item)(item.items, span)
    elif isinstance(item, Not):
        item = Not(item.item, span)
    return _Grouped(item, span)


def _inside(value: Any) -> Any:
    return value.item if type(value) is _Grouped else value


def _join(kind: type[And] | type[Or]) -> Any:
    def build(values: list[Any]) -> Any:
        items = tuple([v.item if type(v) is _Grouped else v for v in values])
        return kind(items, (values[0].span[0], values[-1].span[1]))

    return build


def _not(values: list[Any]) -> Not:
    keyword, item = values
    return Not(_inside(item), (keyword.start(), item.span[1]))


def _bare(values: list[Term]) -> Node:
    return FreeText(values[0], values[0].span)


def _match(values: list[Any]) -> Node:
    field, value = values
    span = (field.span[0], value.span[1])
    value = _inside(value)
    if isinstance(field, Literal):
        if field.value is None:  # Kibana takes the name "null" for no name at all.
            return _spread(None, value, span, 1)
        if field.phrase:
            field = Literal(field.value, False, field.span)
    return _spread(field, value, span, 1)


def _spread(field: Term | None, value: Any, span: Span, depth: int) -> Node:
    """The values of a group, each made a test of the field."""
    if isinstance(value, Literal):
        return FreeText(value, span) if field is None else Equals(field, value, span)
    if isinstance(value, Pattern):
        if field is None:
            return FreeText(value, span)
        if not value.is_lone_star:
            return Like(field, value, span)
        if isinstance(field, Pattern) and field.is_lone_star:
            return Always(span)
        return Exists(field, span)
    if depth > MAX_DEPTH:
        raise TooDeep(value.span[0])
    if isinstance(value, Not):
        return Not(_spread(field, value.item, value.item.span, depth + 1), value.span)
    items = tuple([_spread(field, item, item.span, depth + 1) for item in value.items])
    return And(items, span) if isinstance(value, And) else Or(items, span)


def _compare(values: list[Any]) -> Node:
    field, operator, value = values
    span = (field.span[0], value.span[1])
    if isinstance(value, Pattern):  # A star has no meaning here; Kibana passes it on as text.
        value = Literal(value.name, False, value.span)
    if isinstance(field, Literal) and field.phrase:
        field = Literal(field.value, False, field.span)
    return Compare(field, _OPERATORS[operator[0].strip()], value, span)


def _nested(values: list[Any]) -> Nested:
    path, item, brace = values
    if isinstance(path, Pattern):
        path = Literal(path.name, False, path.span)
    elif path.phrase:
        path = Literal(path.value, False, path.span)
    return Nested(path, _inside(item), (path.span[0], brace.end()))


_BUILDERS = {
    "start": lambda values: _inside(values[0]),
    "match_all": lambda values: Always(),
    "group": _group,
    "or_expr": _join(Or),
    "and_expr": _join(And),
    "not_expr": _not,
    "any_value": _join(Or),
    "all_values": _join(And),
    "not_value": _not,
    "match": _match,
    "compare": _compare,
    "nested": _nested,
    "bare": _bare,
    "quoted": _quoted,
    "unquoted": _unquoted,
}
