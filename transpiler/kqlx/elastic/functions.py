"""What the functions and operators of EQL make of values, as Elasticsearch has them
(https://www.elastic.co/docs/reference/query-languages/eql/eql-function-ref).

Values are texts, numbers, Booleans and None. A text is counted and cut in UTF-16 units, as Java
does. What Elasticsearch stops with an error at, a division by nought or a text that is no number,
has no value here.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from kqlx.elastic.addresses import Ip
from kqlx.elastic.literal_values import Value, number_in, shown, value_of
from kqlx.nodes import Call, Case, FieldValue, Function, Literal, Operand, Pattern
from kqlx.regexes import late_regex
from kqlx.regular_expressions import Item, compiled

_SURROGATE = late_regex("[\ud800-\udfff]")


def apply(function: Function, values: Sequence[Any], case: Case = Case.EXACT) -> Value:
    """The value of the function of these arguments, which for ``like`` and ``regexp`` are a value
    and a pattern or a regular expression.
    """
    if function == "exists":
        return values[0] is not None
    if any(value is None for value in values):
        return None
    return _FUNCTIONS[function](case, *values)


def holds_of(call: Call, text: str) -> bool:
    """Whether the call is true where each of its fields has this text."""

    def value(operand: Operand) -> Any:
        if isinstance(operand, FieldValue):
            return text
        if isinstance(operand, Call):
            return apply(operand.function, [value(one) for one in operand.arguments], operand.case)
        return value_of(operand) if isinstance(operand, Literal) else operand

    return value(call) is True


# Texts


def _units(text: str) -> str:
    """The text with a character for each UTF-16 unit."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join([chr(raw[i] | raw[i + 1] << 8) for i in range(0, len(raw), 2)])


def _joined(units: str) -> str:
    if units.isascii() or not _SURROGATE.search(units):
        return units
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _folded(text: str, case: Case) -> str:
    return text if case is Case.EXACT else text.lower()


def _length(case: Case, value: Any) -> Value:
    return len(_units(value)) if isinstance(value, str) else None


def _substring(case: Case, value: Any, start: Any, end: Any = None) -> Value:
    if not isinstance(value, str) or _whole(start) is None:
        return None
    units = _units(value)
    if end is not None and _whole(end) is None:
        return None
    first = max(start + len(units), 0) if start < 0 else start
    last = len(units) if end is None else max(end + len(units), 0) if end < 0 else end
    return _joined(units[first:last]) if first < last else ""


def _concat(case: Case, *values: Any) -> Value:
    return "".join(map(shown, values))


def _between(case: Case, value: Any, left: Any, right: Any, greedy: Any = False) -> Value:
    if not all(isinstance(text, str) for text in (value, left, right)):
        return None
    text = _units(value)
    looked_at = _folded(text, case)
    before, after = _folded(_units(left), case), _folded(_units(right), case)
    if not looked_at or not before or not after:
        return _joined(text)
    start = looked_at.find(before)
    if start < 0:
        return ""
    start += len(before)
    end = looked_at.rfind(after, start) if greedy is True else looked_at.find(after, start)
    return _joined(text[start:end]) if end >= 0 else ""


def _index_of(case: Case, value: Any, wanted: Any, start: Any = 0) -> Value:
    if not isinstance(value, str) or not isinstance(wanted, str) or _whole(start) is None:
        return None
    units = _units(value)
    if start > len(units):
        return None
    found = _folded(units, case).find(_folded(_units(wanted), case), max(start, 0))
    return found if found >= 0 else None


def _string(case: Case, value: Any) -> Value:
    return shown(value)


def _number(case: Case, value: Any, base: Any = None) -> Value:
    if not isinstance(value, str) or (base is not None and _whole(base) is None):
        return None
    hexadecimal = value.startswith("0x") and base in (None, 16)
    digits = value[2:] if hexadecimal else value
    radix = 16 if hexadecimal else 10 if base is None else base
    if radix == 10:
        return number_in(digits)
    if not 2 <= radix <= 36 or not digits.isascii() or not digits.lstrip("+-").isalnum():
        return None
    try:
        return int(digits, radix)
    except ValueError:
        return None


# Numbers


def _numbers(*values: Any) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[..., Value]:
    def apply(case: Case, left: Any, right: Any) -> Value:
        if not _numbers(left, right):
            return None
        try:
            made: Value = operation(left, right)
        except (ZeroDivisionError, OverflowError, ValueError):
            return None
        return made

    return apply


def _divided(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        found = abs(left) // abs(right)
        return found if (left < 0) is (right < 0) else -found
    return left / right


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        found = abs(left) % abs(right)
        return -found if left < 0 else found
    return math.fmod(left, right)


def _negated(case: Case, value: Any) -> Value:
    found: Value = -value if _numbers(value) else None
    return found


# Booleans


def _equals(case: Case, left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return _folded(left, case) == _folded(right, case)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return _numbers(left, right) and left == right


def _compared(stands: Callable[[Any, Any], bool]) -> Callable[..., Value]:
    def apply(case: Case, left: Any, right: Any) -> Value:
        same = isinstance(left, str) and isinstance(right, str)
        return stands(left, right) if same or _numbers(left, right) else None

    return apply


def _like(case: Case, value: Any, pattern: Pattern) -> Value:
    if not isinstance(value, str):
        return None
    asked = pattern if case is Case.EXACT else pattern.map_literals(str.lower)
    return asked.fits(_folded(value, case))


def _regexp(case: Case, value: Any, expression: Item) -> Value:
    if not isinstance(value, str):
        return None
    found = compiled(expression, ignore_case=case is Case.FOLDED).fullmatch(value)
    return found is not None


def _on_texts(holds: Callable[[str, str], bool]) -> Callable[..., Value]:
    def apply(case: Case, text: Any, part: Any) -> Value:
        if not isinstance(text, str) or not isinstance(part, str):
            return None
        return holds(_units(_folded(text, case)), _units(_folded(part, case)))

    return apply


def _contains(text: str, part: str) -> bool:
    return bool(part) and part in text


def _cidr_match(case: Case, value: Any, *blocks: Any) -> Value:
    literals = [Literal(block, True) for block in blocks if isinstance(block, str)]
    test = Ip().any_of(literals)
    return test is not None and isinstance(value, str) and test(value)


_FUNCTIONS: dict[Function, Callable[..., Value]] = {
    "length": _length,
    "substring": _substring,
    "concat": _concat,
    "between": _between,
    "index_of": _index_of,
    "string": _string,
    "number": _number,
    "add": _arithmetic(operator.add),
    "subtract": _arithmetic(operator.sub),
    "multiply": _arithmetic(operator.mul),
    "divide": _arithmetic(_divided),
    "modulo": _arithmetic(_remainder),
    "negate": _negated,
    "equals": _equals,
    "gt": _compared(operator.gt),
    "gte": _compared(operator.ge),
    "lt": _compared(operator.lt),
    "lte": _compared(operator.le),
    "like": _like,
    "regexp": _regexp,
    "starts_with": _on_texts(str.startswith),
    "ends_with": _on_texts(str.endswith),
    "contains": _on_texts(_contains),
    "cidr_match": _cidr_match,
}
