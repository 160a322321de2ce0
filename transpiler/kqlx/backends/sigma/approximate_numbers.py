"""Numbers and ranges in Sigma: as they are, or with a limit that surely takes in as much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf, nextafter

from kqlx.backends.sigma.yaml_style import Number
from kqlx.backends.text_backend import TextBackend, described
from kqlx.elastic.numbers import number_of
from kqlx.elastic.type_names import NUMBERS
from kqlx.mappings.bound import Column
from kqlx.nodes import And, Compare, Equals, Exists, FieldTest, Literal, Never, Node
from kqlx.notes import Effect

_DIGITS = {"half_float": 3, "float": 6, "double": 15, "scaled_float": 15}
"""So many digits of a decimal number these types keep in any case."""


@dataclass
class Numbers(TextBackend):
    """Tests of numbers, and what stands for a test that Sigma cannot say."""

    language = "Sigma"

    def approximate(self, node: FieldTest, what: str, why: str) -> Node:
        """The existence of the field for a test that cannot be said, below a not nothing."""
        instead = "left out of what the not excludes" if self.negative else "any value will do"
        self.note("approximated", Effect.WIDER, f"{what}: {why}; {instead}", node.span)
        return Never(node.span) if self.negative else Exists(node.field, node.span)

    def number_test(self, column: Column, node: Equals) -> Node:
        """The number, or a range around it where Elasticsearch rounds it."""
        if not self.is_rounded(column, self.number(column, node.value, node)):
            return node
        self.rounds(column, node)
        least, most = (
            replace(node.value, value=self.limit(column, node, d)) for d in (True, False)
        )
        if self.negative:
            return Never(node.span)
        tests = Compare(node.field, "gte", least), Compare(node.field, "lte", most)
        return And(tests, node.span)

    def is_rounded(self, column: Column, number: str) -> bool:
        """Whether a number has more digits than the column's type holds."""
        held = _DIGITS.get(column.type)
        digits = number.lstrip("+-0.").replace(".", "").rstrip("0")
        return held is not None and len(digits) > held

    def rounds(self, column: Column, node: Equals | Compare) -> None:
        self.note(
            "approximated",
            Effect.WIDER,
            f"{node.value.name} as a value of {column.name}: Elasticsearch rounds numbers of so"
            " many digits; "
            + ("left out of what the not excludes" if self.negative else "all near it will do"),
            node.span,
        )

    def limit(self, column: Column, node: Equals | Compare, down: bool) -> str:
        """A number as a limit, moved down or up by what the column's type rounds it by."""
        number = Decimal(self.number(column, node.value, node))
        by = abs(number) * Decimal(10) ** (1 - _DIGITS[column.type])
        return _near(number - by if down else number + by, down=down)

    def range(self, column: Column, node: Compare) -> Node:
        limit = node.value
        if limit.value is None:
            self.null_value(node)
        is_number = column.type in NUMBERS or not column.declared
        if not is_number or (column.type not in NUMBERS and number_of(limit.name) is None):
            what = f"a range on {described(column)}"
            return self.approximate(node, what, "Sigma compares numbers only")
        number = Number(self.number(column, limit, node))
        lower = (node.op in ("gt", "gte")) is not self.negative
        if self.is_rounded(column, number):
            self.rounds(column, node)
            return replace(node, value=replace(limit, value=self.limit(column, node, lower)))
        if number.is_safe:
            return node
        near = _near(Decimal(number), down=lower)
        self.note(
            "approximated",
            Effect.WIDER,
            f"{number} as a limit of {column.name}: loaders of YAML lose digits of it; the limit"
            f" is {near}",
            node.span,
        )
        return replace(node, value=Literal(near, span=limit.span))


def _near(limit: Decimal, *, down: bool) -> str:
    """The nearest number that a double holds, not above the limit or not below it."""
    largest = nextafter(inf, 0)
    double = max(-largest, min(largest, float(limit)))
    if down and Decimal(double) > limit:
        double = nextafter(double, -inf)
    elif not down and Decimal(double) < limit:
        double = nextafter(double, inf)
    double = max(-largest, min(largest, double))
    return str(int(double)) if double == int(double) else format(Decimal(repr(double)), "f")
