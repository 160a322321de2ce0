"""What the targets share that write functions of values (``nodes.FunctionTest``): which kinds of
values there are, and when there is none.

A call of which an argument has no value has none itself, and a test of no value does not hold. So
each field of a test must have a value; after that, only a few functions may have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Generic, NoReturn, TypeVar
from typing import Literal as OneOf

from kqlx.backends.base import NO_FORM
from kqlx.elastic.literal_values import value_of
from kqlx.elastic.type_names import INTEGERS, NUMBERS, STRINGS, TEXTS
from kqlx.frontends.eql.functions import BY_FUNCTION
from kqlx.mappings.bound import Column, described
from kqlx.nodes import Call, FieldValue, FunctionTest, Literal, Operand, Span
from kqlx.notes import Effect, Note
from kqlx.regexes import late_regex

E = TypeVar("E")

ValueKind = OneOf["text", "whole", "number", "boolean"]
"""``whole`` is a whole number, ``number`` one that may have a fraction."""

_OF_NOTHING = frozenset({"index_of", "number", "divide", "modulo"})
"""Functions that may have no value although all their arguments have one."""

_ARITHMETIC = frozenset({"add", "subtract", "multiply", "divide", "modulo", "negate"})
_TAKES_TEXTS = frozenset(
    {"length", "substring", "between", "index_of", "number", "like", "regexp"}
    | {"starts_with", "ends_with", "contains", "cidr_match"}
)
_WHOLE_FUNCTIONS = frozenset({"length", "index_of"})
_TEXT_FUNCTIONS = frozenset({"substring", "concat", "between", "string"})
_COMPARISONS = frozenset({"equals", "gt", "gte", "lt", "lte"})
_SIGN = late_regex(r"""@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:\\.|[^"\\])*"|'[^']*'|.""", re.DOTALL)
"""A quoted text, or a sign."""

NAMES = {name: signature.name for name, signature in BY_FUNCTION.items()}


class FunctionCalls(Generic[E]):
    """Calls as expressions of a target. A method for each function makes its expression, of the
    call; one that is missing is refused. ``column`` finds the column of a field, ``refuse`` raises
    UnsupportedError.
    """

    def __init__(self, column: Callable[[Literal], Column], refuse: Callable[..., NoReturn]):
        self._column = column
        self._refuse = refuse

    def fail(self, span: Span, what: str, why: str) -> NoReturn:
        self._refuse(span, what, why, code=NO_FORM)

    def made(self, call: Call) -> E:
        """The expression of a call."""
        method = getattr(self, call.function, None)
        if method is None:
            self.fail(call.span, f"the function {shown_name(call)}", "the target has none like it")
        found: E = method(call)
        return found

    def column(self, value: FieldValue) -> Column:
        return self._column(value.field)

    # What is known of a value

    def check(self, test: FunctionTest) -> None:
        """Raises UnsupportedError for a field whose values no function takes as they are, and for a
        function of another kind of values than it takes.
        """
        for name in test.fields:
            column = self._column(name)
            whole = column.type in STRINGS - TEXTS or column.type in NUMBERS | {"ip", "boolean"}
            if not whole or column.layout != "column" or column.run or column.extract:
                what = f"a function of {described(column)}"
                parts = column.type in STRINGS
                why = "it is compared by its parts" if parts else "it is no text and no number"
                self.fail(name.span, what, why)
        self._check_call(test.call)

    def _check_call(self, call: Call) -> None:
        values = [one for one in call.arguments if isinstance(one, FieldValue | Call | Literal)]
        for value in values:
            if isinstance(value, Call):
                self._check_call(value)
        kinds = [self.kind(value) for value in values]
        if call.function in _ARITHMETIC and not {*kinds} <= {"whole", "number"}:
            self.fail(call.span, f"a calculation with {self._shown(values)}", "it is no number")
        if call.function in _TAKES_TEXTS and kinds[0] != "text":
            what = f"{shown_name(call)} of {self._shown(values[:1])}"
            self.fail(call.span, what, "it is no text: write string(…) around it")
        if call.function in _COMPARISONS:
            number = {"whole": "number"}
            if len({number.get(kind, kind) for kind in kinds}) > 1:
                what = f"a comparison of {self._shown(values)}"
                self.fail(call.span, what, "they are of different kinds")
        if call.function in ("concat", "string") and "number" in kinds:
            what = f"the text of {self._shown(values)}"
            self.fail(call.span, what, "systems write numbers with a fraction in different ways")

    def _shown(self, values: list[FieldValue | Call | Literal]) -> str:
        each = [
            described(self.column(value))
            if isinstance(value, FieldValue)
            else value.name
            if isinstance(value, Literal)
            else f"{shown_name(value)}(…)"
            for value in values
        ]
        return " and ".join(each)

    def kind(self, operand: Operand) -> ValueKind:
        """What kind of value it is."""
        match operand:
            case FieldValue():
                type = self.column(operand).type
                if type in NUMBERS:
                    return "whole" if type in INTEGERS else "number"
                return "boolean" if type == "boolean" else "text"
            case Literal():
                value = value_of(operand)
                if isinstance(value, bool):
                    return "boolean"
                if isinstance(value, int):
                    return "whole"
                return "number" if isinstance(value, float) else "text"
            case Call():
                return self._kind_of_call(operand)
        return "text"

    def _kind_of_call(self, call: Call) -> ValueKind:
        if call.function in _WHOLE_FUNCTIONS:
            return "whole"
        if call.function in _TEXT_FUNCTIONS:
            return "text"
        if call.function in _ARITHMETIC:
            whole = all(self.kind(argument) == "whole" for argument in call.arguments)
            return "whole" if whole else "number"
        return "number" if call.function == "number" else "boolean"

    def may_be_fraction(self, operand: Operand) -> bool:
        return self.kind(operand) == "number"


def notes_on_counts(test: FunctionTest) -> Iterator[Note]:
    """That characters are counted, where the test does it. Elasticsearch counts UTF-16 units
    (https://www.elastic.co/docs/reference/query-languages/eql/eql-function-ref), Splunk
    (https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/evaluation-functions/text-functions)
    and Kusto (https://learn.microsoft.com/kusto/query/strlen-function) code points.
    """
    if _counts(test.call):
        message = "characters beyond U+FFFF, such as emoji, count once, in Elasticsearch twice"
        yield Note("text-length", Effect.SAME, message, test.span)


def _counts(call: Call) -> bool:
    inner = (argument for argument in call.arguments if isinstance(argument, Call))
    return call.function in ("length", "index_of", "substring") or any(map(_counts, inner))


def may_be_nothing(operand: Operand) -> bool:
    """Whether it may have no value although all fields have one."""
    if not isinstance(operand, Call):
        return False
    return operand.function in _OF_NOTHING or any(map(may_be_nothing, operand.arguments))


def is_never_negative(operand: Operand) -> bool:
    """Whether a whole number is known to be nought or more."""
    match operand:
        case Literal():
            return not operand.name.startswith("-")
        case Call(function="length" | "index_of"):
            return True
        case Call(function="add" | "multiply"):
            return all(map(is_never_negative, operand.arguments))
    return False


def is_never_empty(operand: Operand) -> bool:
    """Whether a text is known to have a character."""
    match operand:
        case Literal():
            return bool(operand.name)
        case Call(function="concat"):
            return any(map(is_never_empty, operand.arguments))
    return False


def whole_number(operand: Operand | None) -> int | None:
    """The number of a literal that is a whole one."""
    if isinstance(operand, Literal):
        value = value_of(operand)
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    return None


def argument(call: Call, place: int) -> Operand | None:
    """An argument that may be left out."""
    return call.arguments[place] if place < len(call.arguments) else None


def shown_name(call: Call) -> str:
    """The function as EQL calls it."""
    return NAMES.get(call.function, call.function)


def bare(expression: str) -> str:
    """An expression without the parentheses around it."""
    return expression[1:-1] if _is_whole(expression) else expression


def _is_whole(expression: str) -> bool:
    """Whether the first parenthesis is closed by the last sign."""
    depth = 0
    for match in _SIGN.finditer(expression):
        sign = match[0]
        if sign in "()":
            depth += 1 if sign == "(" else -1
        if depth == 0:
            return sign == ")" and match.end() == len(expression)
    return False


def shortened_by(end: Operand, text: Operand) -> Operand | None:
    """What ``length(text) - n`` takes off that text, where it is not negative."""
    match end:
        case Call(function="subtract", arguments=(Call(function="length") as of, less)):
            same = of.arguments[0] == text and is_never_negative(less)
            return less if same else None
    return None
