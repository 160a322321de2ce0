"""The number types of Elasticsearch, and the values of fields that no mapping declares.

Queries hold numbers as text; an integer field compares them exactly, however long, and a floating
one in its own precision
(https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/number). A number beyond the
span of an integer type is a legal bound of a range here (every value is below it); some versions of
Elasticsearch refuse it.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from kqlx.meaning.field_types import COMPARISONS, Boolean, FieldType, Keyword, Test
from kqlx.nodes import Literal, Operator, Pattern

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def number_of(text: str) -> Decimal | None:
    """The exact number that a text spells in decimal, or None; no spaces, no ``NaN``, no ``0x``."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits
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
    the span is not indexed. ``5.0`` in a query equals 5, ``5.5`` no value.
    """

    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high

    def holds(self, value: Any) -> bool:
        return self.read(value) is not None

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        numbers = frozenset(
            [
                whole
                for literal in wanted
                if (number := number_of(literal.name)) is not None
                and (whole := _whole(number, ROUND_DOWN, self.low, self.high)) == number
            ]
        )
        return (lambda value: self.read(value) in numbers) if numbers else None

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        number = number_of(bound.name)
        if number is None:
            return None
        rounding = ROUND_FLOOR if op in ("gt", "lte") else ROUND_CEILING
        limit = _whole(number, rounding, self.low - 1, self.high + 1)
        stands = COMPARISONS[op]
        return lambda value: (found := self.read(value)) is not None and stands(found, limit)

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


class Floating(FieldType):
    """Floating numbers of ``width`` bits: 16, 32 or 64. Infinite ones are refused."""

    _FORMATS = {16: "<e", 32: "<f", 64: "<d"}  # noqa: RUF012

    def __init__(self, width: int) -> None:
        self.format = self._FORMATS[width]

    def holds(self, value: Any) -> bool:
        return self.read(value) is not None

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        numbers = frozenset(
            [found for literal in wanted if (found := self.read(literal.name)) is not None]
        )
        return (lambda value: self.read(value) in numbers) if numbers else None

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        limit = self.read(bound.name)
        if limit is None:
            return None
        stands = COMPARISONS[op]
        return lambda value: (found := self.read(value)) is not None and stands(found, limit)

    def read(self, value: Any) -> float | None:
        """The number in the precision of the type; of a query's text and of an event's value."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            return None
        try:
            found: float = struct.unpack(self.format, struct.pack(self.format, float(value)))[0]
        except OverflowError:
            return None
        return found if math.isfinite(found) else None


class Dynamic(FieldType):
    """A field that no mapping declares: each value has the type that Elasticsearch would give it
    (https://www.elastic.co/docs/manage-data/data-store/mapping/dynamic-field-mapping), except that
    a text is a keyword, never a date nor text with words, and that numbers are exact: whole ones of
    any size, others with 64 bits.
    """

    _keyword = Keyword()
    _boolean = Boolean()
    _double = Floating(64)

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        texts = frozenset([literal.name for literal in wanted])
        numbers = frozenset([n for text in texts if (n := number_of(text)) is not None])
        truth = self._boolean.any_of(wanted) or _nothing
        double = self._double.any_of(wanted) or _nothing

        def test(value: Any) -> bool:
            if value.__class__ is str:
                return value in texts
            if isinstance(value, bool):
                return truth(value)
            if isinstance(value, int):
                return any([value == number for number in numbers])
            return double(value)

        return test

    def like(self, pattern: Pattern) -> Test | None:
        fit = self._keyword.like(pattern) or _nothing
        return lambda value: isinstance(value, str) and fit(value)

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        stands, text, number = COMPARISONS[op], bound.name, number_of(bound.name)
        truth = self._boolean.compare(op, bound) or _nothing
        double = self._double.compare(op, bound) or _nothing

        def test(value: Any) -> bool:
            if isinstance(value, str):
                return stands(value, text)
            if isinstance(value, bool):
                return truth(value)
            if isinstance(value, int):
                return number is not None and stands(value, number)
            return double(value)

        return test


def _nothing(value: Any) -> bool:
    return False
