"""The tree of an expression of ``where`` and ``eval``. Spans as in ``nodes``."""

from __future__ import annotations

from dataclasses import dataclass

from tests.oracles.spl.signatures import SIGNATURES

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Negative:
    item: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``operator`` is one of + - * / % and the concatenation "."."""

    operator: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Relation:
    """``operator`` is one of = == != < <= > >= LIKE."""

    operator: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class OneOf:
    """``item IN (values)``."""

    item: Expression
    values: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Negation:
    item: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Junction:
    """``operator`` is one of AND OR XOR; ``grouped`` tells of parentheses round it."""

    operator: str
    items: tuple[Expression, ...]
    span: Span
    grouped: bool = False


Expression = (
    Field | Text | Number | Call | Negative | Arithmetic | Relation | OneOf | Negation | Junction
)


def field_names(expression: Expression) -> set[str]:
    """The fields that an expression reads."""
    match expression:
        case Field(name=name):
            return {name}
        case Call(arguments=items) | Junction(items=items):
            return set[str]().union(*map(field_names, items))
        case Relation(left=left, right=right) | Arithmetic(left=left, right=right):
            return field_names(left) | field_names(right)
        case Negation(item=item) | Negative(item=item) | OneOf(item=item):
            return field_names(item)
        case _:
            return set()


def is_condition(expression: Expression) -> bool:
    """Whether the expression gives true or false rather than a value."""
    if isinstance(expression, Call):
        return SIGNATURES[expression.name].condition
    return isinstance(expression, Relation | OneOf | Negation | Junction)
