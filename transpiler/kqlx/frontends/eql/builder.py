"""EQL text → syntax tree. The syntax is in ``grammars/eql.lark``; here stands what its names build.

Where Elasticsearch reads a text and refuses it while it reads, so does this module; what it refuses
afterwards, ``meaning`` does.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast

from kqlx.frontends.eql.refused import Refused
from kqlx.frontends.eql.syntax import CONTROLS
from kqlx.frontends.eql.syntax_tree import (
    Arithmetic,
    Call,
    Comparison,
    Events,
    Expression,
    Filter,
    Junction,
    Match,
    Member,
    Name,
    Negation,
    Null,
    Number,
    Option,
    Pipe,
    Query,
    Sign,
    Span,
    Step,
    Text,
    Truth,
)
from kqlx.frontends.eql.tables import TABLES
from kqlx.frontends.lalr import Parser, load_parser
from kqlx.regexes import late_regex

_ESCAPE = late_regex(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))")
_HIGHEST = 0x10FFFF


def build(text: str) -> Query:
    """The query as it is written. Raises UnexpectedInput and Refused."""
    return cast(Query, _parser().parse(text))


@cache
def _parser() -> Parser:
    return load_parser("grammars/eql.lark", TABLES, _BUILDERS)


class _Grouped:
    """What stands in parentheses, and where these stand."""

    __slots__ = ("item", "span")

    def __init__(self, item: Expression, span: Span) -> None:
        self.item = item
        self.span = span


class _Keys(tuple[Expression, ...]):
    """The fields of ``by``, to be told from other values."""

    __slots__ = ()


def _inside(value: Any) -> Any:
    return value.item if type(value) is _Grouped else value


def _around(first: Any, last: Any) -> Span:
    start = first.start() if isinstance(first, re.Match) else first.span[0]
    end = last.end() if isinstance(last, re.Match) else last.span[1]
    return start, end


# Values


def _string(values: list[re.Match[str]]) -> Text:
    match = values[0]
    span = match.span()
    text = match[0][1:-1]
    if "\\" in text:
        text = _unescaped(text, span[0] + 1)
    return Text(text, span)


def _unescaped(text: str, start: int) -> str:
    return _ESCAPE.sub(lambda escape: _character(escape, start), text)


def _character(escape: re.Match[str], start: int) -> str:
    digits = escape[1]
    if digits is None:
        return CONTROLS.get(escape[2], escape[2])
    code = int(digits, 16)
    if not 2 <= len(digits) <= 8 or code > _HIGHEST or 0xD800 <= code <= 0xDFFF:
        message = f"\\u{{{digits}}} is no character"
        hint = "write two to eight hexadecimal digits, for example \\u{e9}"
        raise Refused("bad-escape", message, (start + escape.start(), start + escape.end()), hint)
    return chr(code)


def _raw_string(values: list[re.Match[str]]) -> Text:
    return Text(values[0][0][3:-3], values[0].span(), raw=True)


def _foreign_string(values: list[re.Match[str]]) -> Text:
    shown = values[0][0]
    opening = shown[: 2 if shown[0] == "?" else 1]
    return Text(shown[len(opening) : -1], values[0].span(), foreign=opening)


def _number(values: list[re.Match[str]]) -> Number:
    return Number(values[0][0], values[0].span())


def _boolean(values: list[re.Match[str]]) -> Truth:
    return Truth(values[0][0] == "true", values[0].span())


def _null(values: list[re.Match[str]]) -> Null:
    return Null(values[0].span())


def _name(values: list[re.Match[str]]) -> Name:
    span = _around(values[0], values[-1])
    optional = values[0][0] == "?"
    parts = values[1:] if optional else values
    if len(parts) == 1 and (text := parts[0][0])[0] != "`":
        return Name(text, optional, span)
    for part in parts:
        if part[0][0] == "[":
            message = "an element of an array cannot be asked for by its place"
            hint = "leave the brackets out: a test holds if any element passes it"
            raise Refused("array-index", message, part.span(), hint)
    return Name(".".join([_unquoted(part[0]) for part in parts]), optional, span)


def _unquoted(part: str) -> str:
    return part[1:-1].replace("``", "`") if part[0] == "`" else part


def _call(values: list[Any]) -> Call:
    name, _, *arguments, closing = values
    text = name[0]
    folding = text[-1] == "~"
    given = arguments[0] if arguments else ()
    return Call(text[:-1] if folding else text, given, folding, (name.start(), closing.end()))


# Operators


def _list(values: list[Any]) -> tuple[Any, ...]:
    return tuple([v.item if type(v) is _Grouped else v for v in values])


def _group(values: list[Any]) -> _Grouped:
    opening, item, closing = values
    span = (opening.start(), closing.end())
    item = _inside(item)
    if isinstance(item, Junction):
        item = Junction(item.word, item.items, span)
    return _Grouped(item, span)


def _arithmetic(values: list[Any]) -> Arithmetic:
    left, operator, right = values
    return Arithmetic(operator[0], _inside(left), _inside(right), _around(left, right))


def _sign(values: list[Any]) -> Sign:
    operator, operand = values
    return Sign(operator[0], _inside(operand), _around(operator, operand))


def _compare(values: list[Any]) -> Comparison:
    left, operator, right = values
    return Comparison(operator[0], _inside(left), _inside(right), _around(left, right))


def _match(values: list[Any]) -> Match:
    operand, operator, value = values
    return Match(operator[0], _inside(operand), (value,), False, _around(operand, value))


def _match_any(values: list[Any]) -> Match:
    operand, operator, _, listed, closing = values
    return Match(operator[0], _inside(operand), listed, True, _around(operand, closing))


def _member(values: list[Any]) -> Member:
    operand, operator, _, listed, closing = values
    return Member(operator[0], _inside(operand), listed, False, _around(operand, closing))


def _no_member(values: list[Any]) -> Member:
    operand, _, operator, _, listed, closing = values
    return Member(operator[0], _inside(operand), listed, True, _around(operand, closing))


def _negation(values: list[Any]) -> Negation:
    keyword, item = values
    return Negation(_inside(item), _around(keyword, item))


def _join(word: str) -> Any:
    def build(values: list[Any]) -> Junction:
        return Junction(word, _list(values), _around(values[0], values[-1]))

    return build


def _lineage(values: list[Any]) -> Any:
    keyword = values[0]
    message = f'"{keyword[0]} of" is EQL of Endgame, which Elasticsearch does not have'
    hint = "test the fields of the parent process: process.parent.name"
    raise Refused("process-lineage", message, keyword.span(), hint)


# Queries


def _category(values: list[re.Match[str]]) -> Text | None:
    shown = values[0]
    if shown.lastgroup is None and shown[0] == "any":
        return None
    first = shown[0][0]
    if first == '"':
        return _raw_string(values) if shown[0].startswith('"""') else _string(values)
    if first in "'?":
        return _foreign_string(values)
    return Text(shown[0], shown.span())


def _filter(values: list[Any]) -> Filter:
    category, condition = values
    start, end = condition.span
    if category is not None:
        start = category.span[0]
    return Filter(category, _inside(condition), (start, end))


def _by(values: list[Any]) -> _Keys:
    return _Keys(_list(values))


def _runs(values: list[Any]) -> Option:
    name, number = values
    return Option(name[0], number, "", (name.start(), number.span[1]))


def _maxspan(values: list[Any]) -> Option:
    number = values[0]
    if len(values) == 1:
        return Option("maxspan", number, "", number.span)
    unit = values[1]
    return Option("maxspan", number, unit[0], (number.span[0], unit.end()), unit.span())


def _step(values: list[Any]) -> Step:
    opening, filter, *others = values
    keys = next((other for other in others if type(other) is _Keys), ())
    runs = next((other for other in others if isinstance(other, Option)), None)
    end = max([filter.span[1], *[other.span[1] for other in others if isinstance(other, Option)]])
    return Step(filter, tuple(keys), runs, opening[0] == "![", (opening.start(), end))


def _steps(values: list[Any]) -> tuple[Step, ...]:
    return tuple(values)


class _Until:
    __slots__ = ("step",)

    def __init__(self, step: Step) -> None:
        self.step = step


def _events(keys_late: bool = False) -> Any:
    def build(values: list[Any]) -> Events:
        keyword = values[0]
        keys: tuple[Expression, ...] = ()
        span: Option | None = None
        steps: tuple[Step, ...] = ()
        until: Step | None = None
        for value in values[1:]:
            if type(value) is _Keys:
                keys = tuple(value)
            elif isinstance(value, Option):
                span = value
            elif isinstance(value, _Until):
                until = value.step
            else:
                steps = value
        end = steps[-1].span[1]
        return Events(keyword[0], keys, span, steps, until, keys_late, (keyword.start(), end))

    return build


def _pipe(values: list[Any]) -> Pipe:
    name, *arguments = values
    given = arguments[0] if arguments else ()
    end = given[-1].span[1] if given else name.end()
    return Pipe(name[0], given, (name.start(), end))


_BUILDERS = {
    "start": lambda values: Query(values[0], tuple(values[1:])),
    "filter": _filter,
    "category": _category,
    "sequence": _events(),
    "sequence_by_late": _events(keys_late=True),
    "sample": _events(),
    "join": _events(),
    "steps": _steps,
    "step": _step,
    "by": _by,
    "runs": _runs,
    "maxspan": _maxspan,
    "until": lambda values: _Until(values[0]),
    "pipe": _pipe,
    "or_expr": _join("or"),
    "and_expr": _join("and"),
    "negation": _negation,
    "lineage": _lineage,
    "compare": _compare,
    "arithmetic": _arithmetic,
    "sign": _sign,
    "match": _match,
    "match_any": _match_any,
    "member": _member,
    "no_member": _no_member,
    "group": _group,
    "call": _call,
    "arguments": _list,
    "values": tuple,
    "string": _string,
    "raw_string": _raw_string,
    "foreign_string": _foreign_string,
    "number": _number,
    "boolean": _boolean,
    "null": _null,
    "name": _name,
}
