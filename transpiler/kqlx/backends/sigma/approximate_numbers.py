"""Numbers and ranges in Sigma: as they are, or with a limit that surely takes in as much."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import inf, nextafter

from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.backends.sigma.yaml_style import Number
from kqlx.backends.text_backend import HELD_DIGITS, described
from kqlx.elastic.numbers import number_of
from kqlx.elastic.type_names import NUMBERS
from kqlx.mappings.bound import Column
from kqlx.nodes import And, Compare, Equals, Literal, Never, Node
from kqlx.notes import Effect


def number_test(backend: SigmaBackend, column: Column, node: Equals) -> Node:
    """The number, or a range around it where Elasticsearch rounds it."""
    if not _is_rounded(column, backend.number(column, node.value, node)):
        return node
    _note_rounding(backend, column, node)
    least, most = (
        replace(node.value, value=_limit(backend, column, node, down=d)) for d in (True, False)
    )
    if backend.negative:
        return Never(node.span)
    tests = Compare(node.field, "gte", least), Compare(node.field, "lte", most)
    return And(tests, node.span)


def range_test(backend: SigmaBackend, column: Column, node: Compare) -> Node:
    """The range; one on anything but numbers is the existence of the field."""
    limit = node.value
    if limit.value is None:
        backend.null_value(node)
    is_number = column.type in NUMBERS or not column.declared
    if not is_number or (column.type not in NUMBERS and number_of(limit.name) is None):
        what = f"a range on {described(column)}"
        return backend.approximate(node, what, "Sigma compares numbers only")
    number = Number(backend.number(column, limit, node))
    lower = (node.op in ("gt", "gte")) is not backend.negative
    if _is_rounded(column, number):
        _note_rounding(backend, column, node)
        moved = _limit(backend, column, node, down=lower)
        return replace(node, value=replace(limit, value=moved))
    if number.is_safe:
        return node
    near = _nearest_double(Decimal(number), down=lower)
    backend.note(
        "approximated",
        Effect.WIDER,
        f"{number} as a limit of {column.name}: loaders of YAML lose digits of it; the limit"
        f" is {near}",
        node.span,
    )
    return replace(node, value=Literal(near, span=limit.span))


def _is_rounded(column: Column, number: str) -> bool:
    """Whether a number has more digits than the column's type holds."""
    held = HELD_DIGITS.get(column.type)
    digits = number.lstrip("+-0.").replace(".", "").rstrip("0")
    return held is not None and len(digits) > held


def _note_rounding(backend: SigmaBackend, column: Column, node: Equals | Compare) -> None:
    backend.note(
        "approximated",
        Effect.WIDER,
        f"{node.value.name} as a value of {column.name}: Elasticsearch rounds numbers of so"
        " many digits; "
        + ("dropped under `not`" if backend.negative else "all numbers near it match"),
        node.span,
    )


def _limit(backend: SigmaBackend, column: Column, node: Equals | Compare, *, down: bool) -> str:
    """A number as a limit, moved down or up by what the column's type rounds it by."""
    number = Decimal(backend.number(column, node.value, node))
    by = abs(number) * Decimal(10) ** (1 - HELD_DIGITS[column.type])
    return _nearest_double(number - by if down else number + by, down=down)


def _nearest_double(limit: Decimal, *, down: bool) -> str:
    """The nearest number that a double holds, not above the limit or not below it."""
    largest = nextafter(inf, 0)
    double = max(-largest, min(largest, float(limit)))
    if down and Decimal(double) > limit:
        double = nextafter(double, -inf)
    elif not down and Decimal(double) < limit:
        double = nextafter(double, inf)
    double = max(-largest, min(largest, double))
    return str(int(double)) if double == int(double) else format(Decimal(repr(double)), "f")
