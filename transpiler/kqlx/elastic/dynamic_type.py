"""The type of a field that no mapping declares: that of each of its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kqlx.elastic.addresses import Ip
from kqlx.elastic.field_types import COMPARISONS, Boolean, FieldType, Test
from kqlx.elastic.numbers import Floating, number_of
from kqlx.elastic.string_types import Keyword
from kqlx.nodes import Literal, Operator, Pattern
from kqlx.regular_expressions import Item


class Dynamic(FieldType):
    """A field that no mapping declares: each value has the type that Elasticsearch would give it
    (https://www.elastic.co/docs/manage-data/data-store/mapping/dynamic-field-mapping), except that
    a text is a keyword, never a date nor text with words, and that numbers are exact: whole ones of
    any size, others with 64 bits.
    """

    _boolean = Boolean()
    _addresses = Ip()
    _double = Floating(64, has_two_zeros=False)

    def __init__(self, texts: FieldType | None = None) -> None:
        self._texts = texts or Keyword()

    def folded(self) -> FieldType:
        return Dynamic(self._texts.folded())

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        if any(literal.kind == "address" for literal in wanted):
            return self._or_addresses(wanted)
        text = self._texts.any_of(wanted) or _nothing
        numbers = frozenset([n for one in wanted if (n := number_of(one.name)) is not None])
        truth = self._boolean.any_of(wanted) or _nothing
        plain = [literal for literal in wanted if number_of(literal.name) is not None]
        double = self._double.any_of(plain) or _nothing

        def test(value: Any) -> bool:
            if value.__class__ is str:
                return text(value)
            if isinstance(value, bool):
                return truth(value)
            if isinstance(value, int):
                return any([value == number for number in numbers])
            return double(value)

        return test

    def _or_addresses(self, wanted: Sequence[Literal]) -> Test:
        """Where the query says that some of the values are addresses or networks, so is the
        field's.
        """
        within = self._addresses.any_of([one for one in wanted if one.kind == "address"])
        others = [one for one in wanted if one.kind != "address"]
        equal = (self.any_of(others) if others else None) or _nothing
        return lambda value: equal(value) or (within is not None and within(value))

    def like(self, pattern: Pattern) -> Test | None:
        fit = self._texts.like(pattern) or _nothing
        return lambda value: isinstance(value, str) and fit(value)

    def regexp(self, expression: Item) -> Test | None:
        fit = self._texts.regexp(expression) or _nothing
        return lambda value: isinstance(value, str) and fit(value)

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        stands, number = COMPARISONS[op], number_of(bound.name)
        text = self._texts.compare(op, bound) or _nothing
        truth = self._boolean.compare(op, bound) or _nothing
        double = (number is not None and self._double.compare(op, bound)) or _nothing

        def test(value: Any) -> bool:
            if isinstance(value, str):
                return text(value)
            if isinstance(value, bool):
                return truth(value)
            if isinstance(value, int):
                return number is not None and stands(value, number)
            return double(value)

        return test


def _nothing(value: Any) -> bool:
    return False
