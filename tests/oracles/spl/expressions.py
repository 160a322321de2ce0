"""An expression and an event → a value, or the outcome of a condition.

https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/eval
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.2/search-commands/where
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

from tests.oracles.spl.arguments import Surroundings
from tests.oracles.spl.conditions import CONDITIONS, like
from tests.oracles.spl.errors import Doubtful
from tests.oracles.spl.eval_nodes import (
    Arithmetic,
    Call,
    Expression,
    Field,
    Junction,
    Negation,
    Negative,
    Number,
    OneOf,
    Relation,
    Text,
    field_names,
    is_condition,
)
from tests.oracles.spl.events import values_of
from tests.oracles.spl.functions import FUNCTIONS
from tests.oracles.spl.search_terms import ORDER
from tests.oracles.spl.values import (
    NULL,
    Outcome,
    Single,
    Value,
    both,
    combine,
    either,
    false_or_null,
    known,
    negate,
    number_of,
    one,
    pack,
    single,
    text_of,
    unknown,
    unpack,
)

JOINS = {"AND": both, "OR": either, "XOR": one}


@dataclass(frozen=True, slots=True)
class Scope:
    """The event, the fields that mvmap() and mvfilter() bind, and what functions may ask for."""

    event: Mapping[str, object]
    surroundings: Surroundings
    bound: Mapping[str, Value] = field(default_factory=dict)

    def value_of(self, name: str) -> Value:
        if name in self.bound:
            return self.bound[name]
        return pack(list(values_of(self.event, name)))

    def bind(self, name: str, value: Value) -> Scope:
        return replace(self, bound={**self.bound, name: value})


def outcome_of(expression: Expression, scope: Scope) -> Outcome:
    """What is known of a condition. A doubt in a part is kept as such, not raised."""
    try:
        return _outcome_of(expression, scope)
    except Doubtful as error:
        return unknown(str(error))


def _outcome_of(expression: Expression, scope: Scope) -> Outcome:
    match expression:
        case Junction(operator=operator, items=items):
            outcomes = [outcome_of(item, scope) for item in items]
            return reduce(lambda a, b: combine(JOINS[operator], a, b), outcomes)
        case Negation(item=item):
            return negate(outcome_of(item, scope))
        case Relation():
            return _relate(expression, scope)
        case OneOf(item=item, values=values):
            return _one_of(item, values, scope)
        case Call(name="in", arguments=(item, *values)):
            return _one_of(item, tuple(values), scope)
        case Call(name=name, arguments=arguments):
            return CONDITIONS[name](
                [value_of(argument, scope) for argument in arguments], scope.surroundings
            )
        case _:
            raise AssertionError("the reader lets no value stand for a condition")


def value_of(expression: Expression, scope: Scope) -> Value:
    """The value of an expression. Raises Doubtful and NotEvaluated."""
    match expression:
        case Field(name=name):
            return scope.value_of(name)
        case Text(value=text):
            return text
        case Number(value=number):
            return number
        case Negative(item=item):
            number_or_null = number_of(single(value_of(item, scope), "minus"))
            return None if number_or_null is None else -number_or_null
        case Arithmetic():
            return _calculate(expression, scope)
        case Call():
            return _call(expression, scope)
        case _:
            raise AssertionError("the reader lets no condition stand for a value")


def _relate(relation: Relation, scope: Scope) -> Outcome:
    """NULL on either side gives NULL. Two numbers or two texts compare as such; what is left is a
    field that looks like a number beside a text, where both readings have to agree.
    """
    left = single(value_of(relation.left, scope), "comparison")
    right = single(value_of(relation.right, scope), "comparison")
    if left is None or right is None:
        return NULL
    if relation.operator == "LIKE":
        return known(like(text_of(left), text_of(right)))
    literal = isinstance(relation.left, Text) or isinstance(relation.right, Text)
    return compare(relation.operator, left, right, literal=literal)


def compare(operator: str, left: Single, right: Single, *, literal: bool) -> Outcome:
    """``literal`` tells that a side is a text literal. ``where`` compares texts with case."""
    if operator == "!=":
        return negate(compare("=", left, right, literal=literal))
    as_numbers, as_texts = _both_ways(operator.replace("==", "="), left, right)
    if as_numbers is None:
        if isinstance(left, str) and isinstance(right, str):
            return known(as_texts)
        if operator in ("=", "=="):
            return false_or_null("a number compared with a text")
        return unknown("a number compared with a text")
    if literal and as_numbers != as_texts:
        return unknown("a text literal that looks like a number")
    return known(as_numbers)


def _both_ways(operator: str, left: Single, right: Single) -> tuple[bool | None, bool]:
    numbers = number_of(left), number_of(right)
    texts = [text_of(value).encode("utf-8", "surrogatepass") for value in (left, right)]
    if operator == "=":
        as_numbers = None if None in numbers else numbers[0] == numbers[1]
        return as_numbers, texts[0] == texts[1]
    as_numbers = None if None in numbers else ORDER[operator](*numbers)
    return as_numbers, ORDER[operator](*texts)


def _one_of(item: Expression, values: tuple[Expression, ...], scope: Scope) -> Outcome:
    """True if the value equals one of the list; no wildcards."""
    left = single(value_of(item, scope), "in()")
    if left is None:
        return false_or_null("in() of a missing field")
    outcomes = []
    for literal in values:
        right = single(value_of(literal, scope), "in()")
        assert right is not None
        outcomes.append(compare("=", left, right, literal=isinstance(literal, Text)))
    return reduce(lambda a, b: combine(either, a, b), outcomes)


def _calculate(node: Arithmetic, scope: Scope) -> Value:
    left = single(value_of(node.left, scope), "calculation")
    right = single(value_of(node.right, scope), "calculation")
    if left is None or right is None:
        return None
    if node.operator == ".":
        return text_of(left) + text_of(right)
    a, b = number_of(left), number_of(right)
    if a is None or b is None:
        if node.operator == "+":
            if isinstance(left, str) and isinstance(right, str) and a is None and b is None:
                return left + right
            raise Doubtful("a number and a text added")
        return None
    return _arithmetic(node.operator, a, b)


def _arithmetic(operator: str, a: float, b: float) -> float | None:
    try:
        match operator:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
            case _:
                return math.fmod(a, b)
    except (ZeroDivisionError, ValueError):
        return None


def _call(call: Call, scope: Scope) -> Value:
    if call.name in LAZY:
        return LAZY[call.name](call.arguments, scope)
    if call.name == "tostring" and is_condition(call.arguments[0]):
        return "True" if outcome_of(call.arguments[0], scope).decide() else "False"
    arguments = [value_of(argument, scope) for argument in call.arguments]
    return FUNCTIONS[call.name](arguments, scope.surroundings)


Arguments = tuple[Expression, ...]


def _if(arguments: Arguments, scope: Scope) -> Value:
    chosen = arguments[1] if outcome_of(arguments[0], scope).decide() else arguments[2]
    return value_of(chosen, scope)


def _case(arguments: Arguments, scope: Scope) -> Value:
    for condition, value in zip(arguments[::2], arguments[1::2], strict=True):
        if outcome_of(condition, scope).decide():
            return value_of(value, scope)
    return None


def _coalesce(arguments: Arguments, scope: Scope) -> Value:
    for argument in arguments:
        value = value_of(argument, scope)
        if value is not None:
            return value
    return None


def _nullif(arguments: Arguments, scope: Scope) -> Value:
    one, other = (value_of(argument, scope) for argument in arguments)
    return None if one == other else one


def _mvfilter(arguments: Arguments, scope: Scope) -> Value:
    name = next(iter(field_names(arguments[0])))
    kept = [
        value
        for value in unpack(scope.value_of(name))
        if outcome_of(arguments[0], scope.bind(name, value)).decide()
    ]
    return pack(kept)


def _mvmap(arguments: Arguments, scope: Scope) -> Value:
    assert isinstance(arguments[0], Field)
    name = arguments[0].name
    made: list[Single] = []
    for value in unpack(scope.value_of(name)):
        made += unpack(value_of(arguments[1], scope.bind(name, value)))
    return pack(made)


LAZY: dict[str, Callable[[Arguments, Scope], Value]] = {
    "if": _if,
    "case": _case,
    "coalesce": _coalesce,
    "nullif": _nullif,
    "mvfilter": _mvfilter,
    "mvmap": _mvmap,
}
