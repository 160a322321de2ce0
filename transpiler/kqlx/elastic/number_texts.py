"""Numbers of queries as plain digits, and by how much Elasticsearch rounds them."""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf, nextafter

from kqlx.elastic.numbers import number_of
from kqlx.regexes import late_regex

DIGITS_KEPT = {"half_float": 3, "float": 6, "double": 15, "scaled_float": 15}
"""How many digits of a decimal number a type keeps in any case."""
SMALLEST_STEP = {
    "half_float": Decimal(2) ** -24,
    "float": Decimal(2) ** -149,
    "double": Decimal(2) ** -1074,
    "scaled_float": Decimal(2) ** -1074,
}
"""By how much the smallest numbers of a type differ."""
_EXPONENT = late_regex(r"[eE][+-]?0*(\d*)\Z", re.ASCII)
_LARGEST_EXPONENT = 400  # a double ends at 308, its smallest number at -324


def plain_digits(text: str) -> str | None:
    """The number that a text spells, with all its digits in plain decimal and without an exponent:
    ``1.50e2`` is ``150``. Of zeros ``-0`` keeps its sign. None for what is no decimal number, or
    has an exponent beyond those of any type.
    """
    number = number_of(text)
    exponent = _EXPONENT.search(text)
    if number is None or (exponent and int(exponent[1][:4] or "0") > _LARGEST_EXPONENT):
        return None
    digits = format(number, "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def is_rounded(digits: str, type: str) -> bool:
    """Whether plain digits are more than a field of this Elasticsearch type keeps, so that
    Elasticsearch rounds the number, and the values of events too.
    """
    significant = digits.lstrip("+-0.").replace(".", "").rstrip("0")
    return len(significant) > DIGITS_KEPT.get(type, len(significant))


def rounding_limit(digits: str, type: str, *, down: bool) -> str:
    """A limit below a number, or above it, that is farther than its type rounds it, as plain
    digits.
    """
    number = Decimal(digits)
    relative = abs(number) * Decimal(10) ** (1 - DIGITS_KEPT[type])
    by = max(relative, SMALLEST_STEP[type])
    return nearest_double(number - by if down else number + by, down=down)


def nearest_double(limit: Decimal, *, down: bool) -> str:
    """The nearest number that a double holds, not above the limit or not below it, as plain
    digits.
    """
    largest = nextafter(inf, 0)
    double = max(-largest, min(largest, float(limit)))
    if down and Decimal(double) > limit:
        double = nextafter(double, -inf)
    elif not down and Decimal(double) < limit:
        double = nextafter(double, inf)
    double = max(-largest, min(largest, double))
    return str(int(double)) if double == int(double) else format(Decimal(repr(double)), "f")
