"""Calls of functions that other nodes say too, and their values where no field counts in them."""

from __future__ import annotations

from types import EllipsisType

from kqlx.elastic import functions, literal_values
from kqlx.elastic.addresses import network
from kqlx.errors import UnsupportedError
from kqlx.frontends.eql.refused import Refused
from kqlx.frontends.eql.syntax_tree import Span, Text
from kqlx.frontends.lucene import RegexpError, UnsharedRegexpError, in_case
from kqlx.frontends.lucene import parse as parse_regexp
from kqlx.nodes import (
    Always,
    Call,
    Case,
    Compare,
    Equals,
    Exists,
    FieldValue,
    FunctionTest,
    Like,
    Literal,
    Never,
    Node,
    Operand,
    Operator,
    Pattern,
    any_of,
)
from kqlx.patterns import ANY_ONE, ANY_RUN, Token
from kqlx.records import replace
from kqlx.regexes import late_regex
from kqlx.regular_expressions import Item, choice

_WILDCARDS: dict[str, Token] = {"*": ANY_RUN, "?": ANY_ONE}
_PIECES = late_regex(r"[*?]|[^*?]+")
_OPERATORS: dict[str, Operator] = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}
_NOT_EMPTY = (ANY_ONE, ANY_RUN)


def spelled_case(operator: str) -> tuple[str, Case]:
    """The operator without ``~``, and how it compares letters."""
    if operator[-1] == "~":
        return operator[:-1], Case.FOLDED
    return operator, Case.FOLDED if operator == ":" else Case.EXACT


def pattern_of(text: str, span: Span) -> Pattern:
    """The pattern of a text; nothing escapes a wildcard in it."""
    return Pattern.of(*[_WILDCARDS.get(piece, piece) for piece in _PIECES.findall(text)], span=span)


def regexp_of(texts: list[Text], case: Case) -> tuple[Item, Case]:
    """One expression of several, and how letters are compared in it."""
    items = [_regexp(text) for text in texts]
    expression = choice(*items)
    return in_case(expression, case)


def _regexp(text: Text) -> Item:
    try:
        return parse_regexp(text.value)
    except UnsharedRegexpError as error:
        message = f"the regular expression {text.value}: {error.message}"
        raise UnsupportedError(
            message, code="construct-not-supported", hint="write another one, or use wildcards"
        ) from None
    except RegexpError as error:
        start, end = text.span
        at = start + 3 + error.position if text.raw else start
        span = (at, at + 1) if text.raw and at < end else text.span
        message = f"this is no regular expression: {error.message}"
        raise Refused("bad-regular-expression", message, span, "escape the sign") from None


# Constants


def constant_of(operand: Operand) -> literal_values.Value | EllipsisType:
    """The value where no field counts in it, else ``...``."""
    if isinstance(operand, Literal):
        return literal_values.value_of(operand)
    if not isinstance(operand, Call):
        return ...
    values: list[object] = []
    for argument in operand.arguments:
        value: object = argument
        if isinstance(argument, FieldValue | Literal | Call):
            value = constant_of(argument)
        if value is ...:
            return ...
        values.append(value)
    return functions.apply(operand.function, values, operand.case)


def literal_of(value: literal_values.Value, span: Span) -> Literal:
    """The literal of a value."""
    if isinstance(value, str):
        return Literal(value, True, span, kind="string")
    if isinstance(value, bool):
        return Literal(value, False, span, kind="boolean")
    if value is None:
        return Literal(None, False, span)
    return Literal(literal_values.shown(value), False, span, kind="number")


# Tests


def test_of(call: Call, span: Span) -> Node:
    """The test whether the call is true: one that other languages have, where it is one exactly."""
    value = constant_of(call)
    if value is not ...:
        return Always(span) if value is True else Never(span)
    if any(isinstance(a, Literal) and a.value is None for a in call.arguments):
        return Never(span)
    first, *others = call.arguments
    literals = [other for other in others if isinstance(other, Literal)]
    if isinstance(first, FieldValue) and len(literals) == len(others):
        node = _of_field(call, first.field, literals, span)
        if node is not None:
            return node
    if isinstance(first, Call) and first.function == "length" and literals:
        node = _of_length(call, first.arguments[0], literals[0], span)
        if node is not None:
            return node
    return FunctionTest(call, span)


def _of_field(call: Call, field: Literal, values: list[Literal], span: Span) -> Node | None:
    """The test of one field's values, compared with literals."""
    match call.function:
        case "exists":
            return Exists(field, span)
        case "equals":
            return Equals(field, values[0], span, case=call.case)
        case "gt" | "gte" | "lt" | "lte":
            return Compare(field, _OPERATORS[call.function], values[0], span)
        case "starts_with" | "ends_with" | "contains":
            return _of_part(call, field, values[0], span)
        case "cidr_match":
            return any_of([_in_network(field, value, span) for value in values], span)
    return None


def _of_part(call: Call, field: Literal, value: Literal, span: Span) -> Node:
    if not value.name:
        return Never(span) if call.function == "contains" else Exists(field, span)
    tokens: list[Token] = [value.name]
    if call.function != "starts_with":
        tokens.insert(0, ANY_RUN)
    if call.function != "ends_with":
        tokens.append(ANY_RUN)
    pattern = Pattern.of(*tokens, span=value.span)
    return Like(field, pattern, span, case=call.case, whole=True)


def _in_network(field: Literal, value: Literal, span: Span) -> Node:
    if network(value.name) is None:
        message = f'"{value.name}" is neither an address nor a network'
        hint = 'write it with the length of its prefix: "10.0.0.0/8"'
        raise Refused("bad-network", message, value.span, hint)
    return Equals(field, replace(value, kind="address"), span)


def _of_length(call: Call, of: Operand, value: Literal, span: Span) -> Node | None:
    """``length(f) > 0`` is a text that is not empty, ``length(f) == 0`` an empty one."""
    if not isinstance(of, FieldValue):
        return None
    asked = (call.function, value.name)
    if asked in (("gt", "0"), ("gte", "1")):
        return Like(of.field, Pattern(_NOT_EMPTY, span), span, whole=True)
    if asked in (("equals", "0"), ("lt", "1"), ("lte", "0")):
        return Equals(of.field, Literal("", True, value.span, kind="string"), span)
    return None
