"""The values that literals stand for, and their texts as Java writes them."""

from __future__ import annotations

import math

from kqlx.nodes import Literal
from kqlx.regexes import late_regex

Value = str | int | float | bool | None

_WHOLE = late_regex(r"[+-]?[0-9]+")
_DECIMAL = late_regex(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def number_in(text: str) -> int | float | None:
    """The number that a literal stands for."""
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else None


def value_of(literal: Literal) -> Value:
    """The value of a literal of its kind."""
    if literal.kind == "number":
        return number_in(literal.name)
    return literal.value


def shown(value: str | int | float | bool) -> str:
    """The text of a value, as Java writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if value and not 1e-3 <= abs(value) < 1e7:
        shortest = next(text for n in range(17) if float(text := f"{value:.{n}e}") == value)
        digits, _, power = shortest.partition("e")
        return f"{digits if '.' in digits else digits + '.0'}E{int(power)}"
    return repr(float(value))
