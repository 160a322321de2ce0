"""The number types of Elasticsearch.

Queries hold numbers as text, which Elasticsearch has Java read: blanks around it, a ``d`` or ``f``
behind it, ``NaN``, ``Infinity`` and numbers beyond a double, which are infinite, are numbers too,
but for ``long``, which wants plain digits
(https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/lang/Double.html#valueOf(java.lang.String)).
An integer field compares whole numbers exactly, a floating one in its own precision
(https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/number). The bound of a range
that lies beyond the span of an integer type is refused, a single value there is none. All of it was
measured on Elasticsearch 8.19.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from kqlx.elastic.field_types import COMPARISONS, FieldType, Test, any_piece
from kqlx.nodes import Literal, Operator, Pattern
from kqlx.regexes import late_regex

_NUMBER = late_regex(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SUFFIXED = late_regex(rf"({_NUMBER.pattern})[dDfF]?|([+-]?)(NaN|Infinity)", re.ASCII)
_HEXADECIMAL = late_regex(
    r"([+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+)[dDfF]?", re.ASCII
)
_BLANKS = "".join(map(chr, range(33)))
"""What Java trims."""

INTEGER_SPAN = (-(2**31), 2**31 - 1)
LONG_SPAN = (-(2**63), 2**63 - 1)


def number_of(text: str) -> Decimal | None:
    """The exact number that a text spells in decimal, or None; no spaces, no ``NaN``, no ``0x``."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits
        return None


def double_of(text: str) -> float | None:
    """The double that Java reads from a text, ``NaN`` and the infinite ones among them, or None."""
    text = text.strip(_BLANKS)
    if match := _SUFFIXED.fullmatch(text):
        if match[3]:
            return math.nan if match[3] == "NaN" else math.copysign(math.inf, float(f"{match[2]}1"))
        return float(match[1])
    if match := _HEXADECIMAL.fullmatch(text):
        try:
            return float.fromhex(match[1])
        except OverflowError:
            return math.copysign(math.inf, -1 if text.startswith("-") else 1)
    return None


def _whole(number: Decimal, rounding: str, low: int, high: int) -> int:
    """The number rounded to a whole one and cut to the span, without ever writing out 1e999999."""
    if number < low:
        return low
    if number > high:
        return high
    return int(number.to_integral_value(rounding)) if number else 0


class Integer(FieldType):
    """Whole numbers from ``low`` to ``high``. Texts of events are read as numbers and decimals lose
    their fraction (``coerce``,
    https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/coerce); what does not fit
    the span is not indexed. ``5.0`` in a query equals 5, ``5.5`` no value. ``reads_digits`` says
    that a query's number is read digit by digit (``long``), not as a double; ``taken`` is the span
    in which the bounds of a range must lie, by default that of ``integer``, which short and byte
    have too, None for any.
    """

    def __init__(
        self,
        low: int,
        high: int,
        *,
        reads_digits: bool = False,
        taken: tuple[int, int] | None = INTEGER_SPAN,
    ) -> None:
        self.low = low
        self.high = high
        self.reads_digits = reads_digits
        self.taken = taken

    takes_patterns = False
    takes_any_case = False

    def holds(self, value: Any) -> bool:
        return self.read(value) is not None

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        numbers = frozenset(
            [whole for literal in wanted if (whole := self._equal(literal.name)) is not None]
        )
        return (lambda value: self.read(value) in numbers) if numbers else None

    def like(self, pattern: Pattern) -> Test | None:
        return any_piece(self, pattern)

    def refuses(self, literal: Literal) -> bool:
        double = double_of(literal.name)
        if double is None:
            return True
        return self.reads_digits and double % 1 == 0 and number_of(literal.name) is None

    def refuses_bound(self, literal: Literal) -> bool:
        number = number_of(literal.name) if self.reads_digits else double_of(literal.name)
        if number is None or math.isinf(number):
            return True
        if self.taken is None:
            return False
        low, high = self.taken
        if self.reads_digits:  # without what stands behind the point
            return not low - 1 < number < high + 1
        return number < low or number > high

    def _equal(self, text: str) -> int | None:
        """The value that equals a text of a query, or None."""
        double = double_of(text)
        if double is None or double % 1 != 0:  # infinite ones and NaN too
            return None
        exact = number_of(text) if self.reads_digits else Decimal(double)
        if exact is None:
            return None
        whole = _whole(exact, ROUND_DOWN, self.low - 1, self.high + 1)
        return whole if self.low <= whole <= self.high else None

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        if self.refuses_bound(bound):
            return None
        double = double_of(bound.name)
        assert double is not None
        if math.isnan(double):  # is 0, and a bound that belongs to the range
            return _reading(self.read, COMPARISONS["gte" if op in ("gt", "gte") else "lte"], 0)
        exact = number_of(bound.name) if self.reads_digits else Decimal(double)
        assert exact is not None
        rounding = ROUND_FLOOR if op in ("gt", "lte") else ROUND_CEILING
        rounding = ROUND_DOWN if double % 1 == 0 else rounding
        limit = _whole(exact, rounding, self.low - 1, self.high + 1)
        return _reading(self.read, COMPARISONS[op], limit)

    def read(self, value: Any) -> int | None:
        """The indexed value of what stands in an event."""
        if value.__class__ is not int:
            if isinstance(value, bool):
                return None
            if isinstance(value, float):
                if not math.isfinite(value):
                    return None
                value = int(value)
            elif isinstance(value, str):
                number = number_of(value)
                if number is None:
                    return None
                value = _whole(number, ROUND_DOWN, self.low - 1, self.high + 1)
            else:
                return None
        return value if self.low <= value <= self.high else None


def _reading(read: Callable[[Any], Any], stands: Callable[[Any, Any], bool], limit: Any) -> Test:
    return lambda value: (found := read(value)) is not None and stands(found, limit)


_FORMATS = {16: "<e", 32: "<f", 64: "<d"}
"""That of a floating number in the module ``struct``, by its bits."""


class Floating(FieldType):
    """Floating numbers of ``width`` bits: 16, 32 or 64. Infinite ones are not indexed, but may be
    the bound of a range. ``-0.0`` is a number of its own, just below ``0.0``, and ``NaN`` is above
    all; ``has_two_zeros`` is False for what is kept as a whole number (``scaled_float``).
    """

    def __init__(self, width: int, *, has_two_zeros: bool = True) -> None:
        self.width = width
        self.has_two_zeros = has_two_zeros

    takes_patterns = False
    takes_any_case = False

    def holds(self, value: Any) -> bool:
        return self.read(value) is not None

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        numbers = frozenset(
            [
                self._place(rounded)
                for literal in wanted
                if (double := double_of(literal.name)) is not None
                and math.isfinite(rounded := self._rounded(double, self.width))
            ]
        )
        if not numbers:
            return None

        def test(value: Any) -> bool:
            found = self.read(value)
            return found is not None and self._place(found) in numbers

        return test

    def like(self, pattern: Pattern) -> Test | None:
        return any_piece(self, pattern)

    def refuses(self, literal: Literal) -> bool:
        return double_of(literal.name) is None

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        double = double_of(bound.name)
        if double is None:
            return None
        # Bounds of half_float are read as float.
        limit = self._place(self._rounded(double, max(self.width, 32)))
        stands = COMPARISONS[op]

        def test(value: Any) -> bool:
            found = self.read(value)
            return found is not None and stands(self._place(found), limit)

        return test

    def read(self, value: Any) -> float | None:
        """The indexed number, in the precision of the type, of what stands in an event."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            return None
        try:
            found = self._rounded(float(value), self.width)
        except OverflowError:  # a whole number beyond a double
            return None
        return found if math.isfinite(found) else None

    def _rounded(self, number: float, width: int) -> float:
        if width == 16:
            number = self._rounded(number, 32)
        try:
            rounded: float = struct.unpack(_FORMATS[width], struct.pack(_FORMATS[width], number))[0]
        except OverflowError:
            return math.copysign(math.inf, number)
        return rounded

    def _place(self, number: float) -> tuple[float, int]:
        """Where the number stands among others."""
        if math.isnan(number):
            return (math.inf, 1)
        is_below = self.has_two_zeros and number == 0 and math.copysign(1, number) < 0
        return (number, -1 if is_below else 0)
