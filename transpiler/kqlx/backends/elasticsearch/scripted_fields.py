"""Scripted fields: Kibana compares their script's result with the value in a script query."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

from kqlx.errors import MappingError
from kqlx.frontends.kql.syntax import TRIMMED
from kqlx.mappings.field_list import Field
from kqlx.nodes import Literal, Operator
from kqlx.regexes import late_regex

_WHOLE = late_regex(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+")
_DECIMAL = late_regex(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_MOST_DIGITS = 10**21
"""From here on JavaScript writes a whole number with an exponent."""

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def script_equals(field: Field, value: Literal) -> dict[str, Any]:
    """The script query for ``field:value``.

    Raises MappingError where a Boolean field is compared with another text than true or false.
    """
    if field.lang == "expression":
        source = f"({field.script}) == value"
    else:
        source = (
            "boolean same(Supplier found, def value) { def one = found.get(); "
            "return one instanceof List ? one.contains(value) : one == value; } "
            f"same(() -> {{ {field.script} }}, params.value)"
        )
    return _query(field, source, "value", _typed(field, value))


def script_range(field: Field, op: Operator, value: Literal) -> dict[str, Any]:
    """The script query for ``field >= value`` and its like."""
    sign = _SIGNS[op]
    if field.lang == "expression":
        source = f"({field.script}){sign}{op}"
    else:
        source = (
            f"boolean stands(Supplier found, def limit) {{ return found.get() {sign} limit; }} "
            f"stands(() -> {{ {field.script} }}, params.{op})"
        )
    return _query(field, source, op, _typed(field, value))


def _query(field: Field, source: str, name: str, value: object) -> dict[str, Any]:
    return {"script": {"script": {"source": source, "lang": field.lang, "params": {name: value}}}}


def _typed(field: Field, value: Literal) -> object:
    """The value in the field's kind."""
    if field.kind == "number":
        return _number(value.value)
    if field.kind == "boolean":
        if value.name not in ("true", "false"):
            raise MappingError(f"{field.name} is true or false, and cannot be {value.name!r}")
        return value.name == "true"
    return value.value


def _number(value: str | bool | None) -> int | float | None:
    """What JavaScript's Number() makes of the value; what JSON cannot hold becomes null
    (https://tc39.es/ecma262/#sec-tonumber).
    """
    if not isinstance(value, str):
        return int(bool(value))
    text = value.strip(TRIMMED)
    if _WHOLE.fullmatch(text):
        number = _float_of(int(text, 0))
    elif not text:
        return 0
    elif _DECIMAL.fullmatch(text):
        number = float(text)
    else:
        return None
    if not isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < _MOST_DIGITS else number


def _float_of(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return inf
