"""Syntax tree → nodes, with Elasticsearch's meaning.

What each construct asks is in Elasticsearch's own translation to Query DSL; the documents are
https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax. A test holds if some value of
the field passes it, ``not`` is the complement, and ``f != "x"`` is ``not f == "x"``: events without
the field match it.
"""

from __future__ import annotations

from kqlx.errors import unknown
from kqlx.frontends.eql.functions import check_arguments, signature_of, type_of
from kqlx.frontends.eql.leaves import (
    constant_of,
    literal_of,
    pattern_of,
    regexp_of,
    spelled_case,
    test_of,
)
from kqlx.frontends.eql.refused import Refused
from kqlx.frontends.eql.syntax import MAX_DEPTH
from kqlx.frontends.eql.syntax_tree import (
    Arithmetic,
    Comparison,
    Expression,
    Filter,
    Junction,
    Match,
    Member,
    Name,
    Negation,
    Null,
    Number,
    Sign,
    Span,
    Text,
    Truth,
)
from kqlx.frontends.eql.syntax_tree import Call as WrittenCall
from kqlx.nodes import (
    Always,
    And,
    Call,
    Case,
    Equals,
    Exists,
    FieldValue,
    Function,
    Like,
    Literal,
    Never,
    Node,
    Not,
    Operand,
    Or,
    Regexp,
    any_of,
)

EVENT_CATEGORY = "event.category"
"""The field of the category, unless a rule names another."""

_COMPARISONS: dict[str, Function] = {
    "==": "equals",
    "!=": "equals",
    "<": "lt",
    "<=": "lte",
    ">": "gt",
    ">=": "gte",
}
_FLIPPED: dict[Function, Function] = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_ARITHMETIC: dict[str, Function] = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "%": "modulo",
}
_CONDITIONS = (Comparison, Match, Member, Negation, Junction)


def node_of(filter: Filter, category_field: str) -> Node:
    """What one event must be: of the category, and meet the condition. Raises Refused."""
    condition = condition_of(filter.condition)
    if (category := filter.category) is None:
        return condition
    _check_quotes(category)
    asked = Literal(category.value, True, category.span, kind="string")
    test = Equals(Literal(category_field, span=category.span), asked, category.span)
    if isinstance(condition, Always):
        return test
    # What the author put in parentheses stays together.
    span = condition.span
    own = condition.items if isinstance(condition, And) and _is_open(filter, span) else (condition,)
    return And((test, *own), filter.span)


def _is_open(filter: Filter, span: Span) -> bool:
    """Whether the items of the whole condition stand without parentheses around them."""
    written = filter.condition
    return isinstance(written, Junction) and written.items[0].span[0] == span[0]


def condition_of(written: Expression, depth: int = 1) -> Node:
    """The condition as a node. Raises Refused for what is none."""
    if depth > MAX_DEPTH:
        raise _too_deep(written.span)
    match written:
        case Match(operand=Name() as name):
            return _match_of_field(written, name)
        case Comparison():
            return _comparison(written, depth)
        case Junction():
            items = tuple([condition_of(item, depth + 1) for item in written.items])
            return (And if written.word == "and" else Or)(items, written.span)
        case Negation():
            return Not(condition_of(written.item, depth + 1), written.span)
        case Member():
            return _member(written, depth)
        case Match():
            return _match_of_value(written, depth)
        case WrittenCall():
            call = _call(written, depth)
            if type_of(call) != "boolean":
                raise _no_condition(written)
            return test_of(call, written.span)
        case Name():
            true = Literal(True, False, written.span, kind="boolean")
            return Equals(_field(written), true, written.span)
        case Truth():
            return Always(written.span) if written.value else Never(written.span)
        case Text() | Number() | Null() | Arithmetic() | Sign():
            raise _no_condition(written)
        case _:
            unknown(written)


def _no_condition(written: Expression) -> Refused:
    message = "a condition is true or false, and this is a value"
    return Refused("not-a-condition", message, written.span, "compare it with another value")


def _too_deep(span: Span) -> Refused:
    message = f"the query nests deeper than {MAX_DEPTH} levels"
    return Refused("nested-too-deep", message, span, "merge inner groups, or split the rule")


def _field(name: Name) -> Literal:
    return Literal(name.text, False, name.span, optional=name.optional)


def _check_quotes(text: Text) -> None:
    if not text.foreign:
        return
    message = "a text stands between double quotes"
    if text.foreign[0] == "?":
        message = "a text without escapes stands between three double quotes"
    raise Refused("foreign-quotes", message, text.span, text.value)


# Values


def _operand(written: Expression, depth: int) -> Operand:
    """A value, or what makes one."""
    if depth > MAX_DEPTH:
        raise _too_deep(written.span)
    match written:
        case Name():
            return FieldValue(_field(written), written.span)
        case Text() | Number() | Truth() | Null():
            return _constant(written)
        case WrittenCall():
            return _folded(_call(written, depth))
        case Arithmetic():
            operands = []
            for side in (written.left, written.right):
                made = _operand(side, depth + 1)
                _check_number(made, side)
                operands.append(made)
            return _folded(Call(_ARITHMETIC[written.operator], tuple(operands), written.span))
        case Sign():
            made = _operand(written.operand, depth + 1)
            _check_number(made, written.operand)
            if isinstance(made, Literal) and made.value is not None:
                sign = "" if written.operator == "+" else "-"
                return Literal(_signed(sign, made.name), False, written.span, kind="number")
            negated = Call("negate", (made,), written.span)
            return made if written.operator == "+" else _folded(negated)
        case _:
            return _condition_as_value(written, depth)


def _signed(sign: str, digits: str) -> str:
    return digits[1:] if sign and digits[:1] == "-" else sign + digits


def _check_number(operand: Operand, written: Expression) -> None:
    if type_of(operand) in ("string", "boolean"):
        message = "arithmetic is for numbers, and this is none"
        raise Refused("not-a-number", message, written.span, "write it without quotes")


def _constant(written: Text | Number | Truth | Null) -> Literal:
    if isinstance(written, Text):
        _check_quotes(written)
        return Literal(written.value, True, written.span, kind="string")
    if isinstance(written, Number):
        return Literal(written.text, False, written.span, kind="number")
    if isinstance(written, Truth):
        return Literal(written.value, False, written.span, kind="boolean")
    return Literal(None, False, written.span)


def _call(written: WrittenCall, depth: int) -> Call:
    signature = signature_of(written)
    operands = [_operand(argument, depth + 1) for argument in written.arguments]
    check_arguments(signature, written, operands)
    case = Case.FOLDED if written.folding else Case.EXACT
    return Call(signature.function, tuple(operands), written.span, case=case)


def _folded(call: Call) -> Operand:
    """The value of a call that no field counts in."""
    value = constant_of(call)
    return call if value is ... else literal_of(value, call.span)


def _condition_as_value(written: Expression, depth: int) -> Operand:
    """A condition as the argument of a function: one comparison or test, of values."""
    if isinstance(written, Comparison) and written.operator != "!=":
        left, right = (_operand(side, depth + 1) for side in (written.left, written.right))
        return _folded(Call(_COMPARISONS[written.operator], (left, right), written.span))
    if isinstance(written, Match) and len(written.values) == 1:
        operand = _operand(written.operand, depth + 1)
        return _folded(_match_call(written, operand, written.values[0]))
    message = "joined conditions are no arguments of a function"
    hint = "compare the values outside of the function"
    raise Refused("not-a-value", message, written.span, hint)


# Comparisons


def _comparison(written: Comparison, depth: int) -> Node:
    negated = written.operator == "!="
    for side, other in ((written.left, written.right), (written.right, written.left)):
        # A condition compared with true or false is the condition, or its complement.
        if isinstance(other, Truth) and written.operator in ("==", "!=") and _is_condition(side):
            node = condition_of(side, depth + 1)
            return node if other.value is not negated else Not(node, written.span)
    left, right = _operand(written.left, depth + 1), _operand(written.right, depth + 1)
    function = _COMPARISONS[written.operator]
    if isinstance(left, Literal) and not isinstance(right, Literal):
        left, right = right, left
        function = _FLIPPED.get(function, function)
    if not isinstance(right, Literal):
        offender = written.right
        message = "two fields, or values made of fields, cannot be compared"
        hint = "startsWith, endsWith and stringContains take two fields"
        if isinstance(offender, Name) and "`" not in offender.text:
            hint = f'if it is a text, write "{offender.text}"; {hint}'
        raise Refused("field-to-field", message, offender.span, hint)
    if right.value is None and function == "equals":
        test = test_of(Call("exists", (left,), written.span), written.span)
        return test if negated else Not(test, written.span)
    node = test_of(Call(function, (left, right), written.span), written.span)
    return Not(node, written.span) if negated else node


def _is_condition(written: Expression) -> bool:
    if isinstance(written, WrittenCall):
        return signature_of(written).gives == "boolean"
    return isinstance(written, _CONDITIONS)


# Lists and patterns


def _member(written: Member, depth: int) -> Node:
    folding = written.operator == "in~"
    case = Case.FOLDED if folding else Case.EXACT
    operand = _operand(written.operand, depth + 1)
    tests: list[Node] = []
    kinds: dict[str, None] = {}
    for value in written.values:
        made = _operand(value, depth + 1)
        if not isinstance(made, Literal):
            message = "the values of a list cannot be fields"
            hint = "test each field by itself, and join the tests with or"
            raise Refused("field-to-field", message, written.span, hint)
        if made.value is None:
            continue
        kinds.setdefault(made.kind)
        if folding and made.kind != "string":
            raise _no_text(value.span, "in~", "write in without ~")
        if isinstance(operand, FieldValue):
            tests.append(Equals(operand.field, made, value.span, case=case))
        else:
            call = Call("equals", (operand, made), written.span, case=case)
            tests.append(test_of(call, value.span))
    if len(kinds) > 1:
        message = "the values of a list are all of one type"
        hint = "put all of them in double quotes, or none"
        raise Refused("mixed-list", message, written.span, hint)
    node = any_of(tests, written.span)
    return Not(node, written.span) if written.negated else node


def _no_text(span: Span, operator: str, hint: str) -> Refused:
    return Refused("text-needed", f"{operator} is for texts", span, hint)


def _match_of_field(written: Match, name: Name) -> Node:
    """The values of a field, by a pattern or a regular expression."""
    operator, case = spelled_case(written.operator)
    field = _field(name)
    if operator == "regex":
        texts = [_pattern_text(written, value) for value in written.values]
        expression, case = regexp_of(texts, case)
        return Regexp(field, expression, written.span, case=case)
    tests: list[Node] = []
    for value in written.values:
        text = _pattern_text(written, value)
        span = value.span if written.listed else written.span
        if "*" not in text.value and "?" not in text.value:
            literal = Literal(text.value, True, text.span, kind="string")
            tests.append(Equals(field, literal, span, case=case))
        elif text.value == "*":
            tests.append(Exists(field, span))
        else:
            pattern = pattern_of(text.value, text.span)
            tests.append(Like(field, pattern, span, case=case, whole=True))
    return tests[0] if len(tests) == 1 else Or(tuple(tests), written.span)


def _pattern_text(written: Match, value: Text | Number | Truth | Null) -> Text:
    """The text of a pattern; ``like`` takes a number or a Boolean as the text that it is."""
    if isinstance(value, Text):
        _check_quotes(value)
        return value
    if written.operator.startswith("like") and not isinstance(value, Null):
        text = value.text if isinstance(value, Number) else str(value.value).lower()
        return Text(text, value.span)
    hint = "put it in double quotes, or write == instead"
    raise _no_text(written.span, written.operator, hint)


def _match_of_value(written: Match, depth: int) -> Node:
    """The same of what a function makes."""
    operand = _operand(written.operand, depth + 1)
    if type_of(operand) in ("number", "integer", "boolean"):
        raise _no_text(written.span, written.operator, "write == instead")
    calls = [_match_call(written, operand, value) for value in written.values]
    if written.operator.startswith("regex"):
        texts = [_pattern_text(written, value) for value in written.values]
        expression, case = regexp_of(texts, spelled_case(written.operator)[1])
        calls = [Call("regexp", (operand, expression), written.span, case=case)]
    return any_of([test_of(call, written.span) for call in calls], written.span)


def _match_call(written: Match, operand: Operand, value: Text | Number | Truth | Null) -> Call:
    operator, case = spelled_case(written.operator)
    text = _pattern_text(written, value)
    if operator == "regex":
        expression, case = regexp_of([text], case)
        return Call("regexp", (operand, expression), written.span, case=case)
    pattern = pattern_of(text.value, text.span)
    if pattern.is_text:
        literal = Literal(text.value, True, text.span, kind="string")
        return Call("equals", (operand, literal), written.span, case=case)
    return Call("like", (operand, pattern), written.span, case=case)
