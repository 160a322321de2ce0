"""Scripted fields: Kibana compares their script's result with the value in a script query."""

from __future__ import annotations

from typing import Any

from kqlx.errors import MappingError
from kqlx.mappings.fields import Field
from kqlx.nodes import Literal, Operator

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
    """The value in the field's kind: a number that is none becomes null, as in
    JavaScript's JSON.
    """
    if field.kind == "number":
        try:
            number = float(value.name)
        except ValueError:
            return None
        return int(number) if number.is_integer() else number
    if field.kind == "boolean":
        if value.name not in ("true", "false"):
            raise MappingError(f"{field.name} is true or false, and cannot be {value.name!r}")
        return value.name == "true"
    return value.value
