"""Nodes → syntax tree: how a condition is written. ``meaning`` of it gives the node again."""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.errors import UnsupportedError, kind_of
from kqlx.frontends.eql.functions import BY_FUNCTION
from kqlx.frontends.eql.spelling import NO_TEXT
from kqlx.frontends.eql.syntax_tree import (
    Arithmetic,
    Comparison,
    Constant,
    Expression,
    Junction,
    Match,
    Member,
    Name,
    Negation,
    Null,
    Number,
    Sign,
    Text,
    Truth,
)
from kqlx.frontends.eql.syntax_tree import Call as WrittenCall
from kqlx.nodes import (
    Always,
    And,
    Call,
    Case,
    Compare,
    Equals,
    Exists,
    FieldValue,
    Function,
    FunctionTest,
    Like,
    Literal,
    Never,
    Node,
    Not,
    Operand,
    Or,
    Pattern,
    Regexp,
    Term,
)
from kqlx.patterns import Shape
from kqlx.regular_expressions import Item, lucene

_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_ARITHMETIC = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "modulo": "%"}
_PARTS: dict[Shape, Function] = {
    Shape.PREFIX: "starts_with",
    Shape.SUFFIX: "ends_with",
    Shape.CONTAINS: "contains",
}


def written(node: Node) -> Expression:
    """The condition that means the node. Raises UnsupportedError for what none does."""
    match node:
        case And() | Or():
            if (listed := _list(node)) is not None:
                return listed
            if len(node.items) < 2:
                raise no_text("a group of fewer than two items", "use the item itself")
            word = "and" if isinstance(node, And) else "or"
            items: list[Expression] = []
            for item in node.items:  # no comprehension: one frame a level
                items.append(written(item))
            return Junction(word, tuple(items))
        case Not():
            return _negated(node.item)
        case Exists():
            return Comparison("!=", _name(node.field), Null())
        case Always():
            return Truth(True)
        case Never():
            return Truth(False)
        case Equals():
            return _equals(node)
        case Like():
            return _like(node)
        case Compare():
            if node.case is Case.FOLDED:
                raise no_text("a range in any letter case", "compare exactly")
            return Comparison(_COMPARISONS[node.op], _name(node.field), _constant(node.value))
        case Regexp():
            operator = "regex~" if node.case is Case.FOLDED else "regex"
            return Match(operator, _name(node.field), (_expression(node.regexp),))
        case FunctionTest():
            return _condition(node.call)
    raise no_text(kind_of(node), "write it in another way")


def no_text(what: str, hint: str) -> UnsupportedError:
    return UnsupportedError(f"{what} cannot be written in EQL", code=NO_TEXT, hint=hint)


def _name(field: Term) -> Name:
    return Name(field.name, isinstance(field, Literal) and field.optional)


def _constant(literal: Literal) -> Constant:
    value = literal.value
    if value is None:
        return Null()
    if isinstance(value, bool):
        return Truth(value)
    if literal.kind == "number":
        return Number(value)
    return Text(value)


def _expression(item: Item) -> Text:
    return Text(lucene(item), raw=True)


def _negated(item: Node) -> Expression:
    if isinstance(item, Exists):
        return Comparison("==", _name(item.field), Null())
    inner = written(item)
    if isinstance(inner, Comparison) and inner.operator == "==" and isinstance(item, Equals):
        return Comparison("!=", inner.left, inner.right)
    if isinstance(inner, Member) and not inner.negated:
        return Member(inner.operator, inner.operand, inner.values, True)
    return Negation(inner)


def _equals(node: Equals) -> Expression:
    value = node.value
    if value.kind == "address":
        return WrittenCall("cidrMatch", (_name(node.field), Text(value.name)))
    if node.case is Case.EXACT:
        return Comparison("==", _name(node.field), _constant(value))
    _check_text(value)
    if _has_wildcards(value.name):
        return Member("in~", _name(node.field), (Text(value.name),))
    return Match(":", _name(node.field), (Text(value.name),))


def _check_text(value: Literal) -> None:
    if not isinstance(value.value, str) or value.kind == "number":
        raise no_text("a value that is no text, in any letter case,", "compare exactly")


def _has_wildcards(text: str) -> bool:
    return "*" in text or "?" in text


def _like(node: Like) -> Expression:
    pattern = node.pattern
    if pattern.is_text or pattern.is_lone_star:
        raise no_text("a pattern that is none", "use Equals or Exists")
    if (text := _plain(pattern)) is not None:
        operator = ":" if node.case is Case.FOLDED else "like"
        return Match(operator, _name(node.field), (Text(text),))
    function = _PARTS.get(pattern.shape)
    if function is None or pattern.collapsed() is not pattern:
        raise no_text("a pattern of a text with a wildcard in it", "use a regular expression")
    arguments = (_name(node.field), Text(pattern.text))
    return WrittenCall(BY_FUNCTION[function].name, arguments, node.case is Case.FOLDED)


def _plain(pattern: Pattern) -> str | None:
    """The pattern as a text, or None where a text in it has a wildcard's sign."""
    return None if any(map(_has_wildcards, pattern.literals)) else pattern.name


def _list(node: And | Or) -> Expression | None:
    """Several values of one field, each asked in the same way."""
    if isinstance(node, And) or len(node.items) < 2:
        return None
    tests = [item for item in node.items if isinstance(item, Equals | Like | Exists)]
    if len(tests) < len(node.items):
        return None
    first = tests[0]
    if any(test.field != first.field for test in tests):
        return None
    cases = {test.case for test in tests if isinstance(test, Equals | Like)}
    if len(cases) != 1:
        return None
    case = cases.pop()
    return _listed(first.field, tests, case)


def _listed(field: Term, tests: Sequence[Equals | Like | Exists], case: Case) -> Expression | None:
    values = [test.value for test in tests if isinstance(test, Equals)]
    kinds = {value.kind for value in values}
    if len(kinds) > 1 or any(value.value is None for value in values):
        return None
    if kinds == {"address"} and len(values) == len(tests):
        blocks = [Text(value.name) for value in values]
        return WrittenCall("cidrMatch", (_name(field), *blocks))
    if len(values) == len(tests) and case is Case.EXACT:
        return Member("in", _name(field), tuple(map(_constant, values)))
    if kinds - {"string", "untyped"} or any(not isinstance(v.value, str) for v in values):
        return None
    wild = any(_has_wildcards(value.name) for value in values)
    if len(values) == len(tests) and wild:
        return Member("in~", _name(field), tuple([Text(value.name) for value in values]))
    texts: list[str] = []
    for test in tests:
        if isinstance(test, Exists):
            texts.append("*")
            continue
        text = test.value.name if isinstance(test, Equals) else _plain(test.pattern)
        if text is None or (isinstance(test, Equals) and _has_wildcards(text)):
            return None
        if isinstance(test, Like) and (test.pattern.is_text or test.pattern.is_lone_star):
            return None
        texts.append(text)
    operator = ":" if case is Case.FOLDED else "like"
    return Match(operator, _name(field), tuple(map(Text, texts)), True)


# Functions


def _operand(operand: Operand) -> Expression:
    match operand:
        case FieldValue():
            return _name(operand.field)
        case Literal():
            if operand.kind == "number" and operand.name[:1] in "+-":
                return Sign(operand.name[0], Number(operand.name[1:]))
            return _constant(operand)
        case Call():
            return _call(operand)
    raise no_text("a pattern as a value", "compare with it")


def _call(call: Call) -> Expression:
    if call.function in _ARITHMETIC:
        left, right = map(_operand, call.arguments)
        return Arithmetic(_ARITHMETIC[call.function], left, right)
    if call.function == "negate":
        return Sign("-", _operand(call.arguments[0]))
    signature = BY_FUNCTION.get(call.function)
    if signature is None:
        return _condition(call)
    arguments = tuple(map(_operand, call.arguments))
    return WrittenCall(signature.name, arguments, call.case is Case.FOLDED)


def _condition(call: Call) -> Expression:
    if call.function in BY_FUNCTION:
        return _call(call)
    first, *others = call.arguments
    left = _operand(first)
    folded = call.case is Case.FOLDED
    if call.function == "exists":
        return Comparison("!=", left, Null())
    (second,) = others
    if isinstance(second, Pattern):
        if (text := _plain(second)) is None:
            raise no_text("a pattern of a text with a wildcard in it", "use startsWith")
        return Match(":" if folded else "like", left, (Text(text),))
    if call.function == "regexp" and not isinstance(second, FieldValue | Literal | Call):
        return Match("regex~" if folded else "regex", left, (_expression(second),))
    right = _operand(second)
    if call.function == "equals" and folded:
        if isinstance(right, Text) and not _has_wildcards(right.value):
            return Match(":", left, (right,))
        return Member("in~", left, (right,))
    operator = "==" if call.function == "equals" else _COMPARISONS[call.function]
    return Comparison(operator, left, right)
