"""Functions of the values of fields: the test of a whole event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from kqlx.elastic.addresses import canonical
from kqlx.elastic.field_types import FieldType, text_of
from kqlx.elastic.functions import apply
from kqlx.elastic.literal_values import Value, number_in, value_of
from kqlx.elastic.type_names import NUMBERS
from kqlx.evaluate.event_fields import Event
from kqlx.evaluate.schema import Predicate, Schema, never
from kqlx.nodes import Call, FieldValue, FunctionTest, Literal

_Values = Sequence[Any]
_BOOLEANS = {"true": True, "false": False}


def function_test(node: FunctionTest, schema: Schema, prefix: str, path: str) -> Predicate:
    """Whether some combination of values makes the call true; ``prefix`` stands before the names of
    the fields, ``path`` is that of the nested group around them.
    """
    readers: list[Callable[[Event], list[Any]]] = []
    for field in node.fields:
        if schema.is_hidden(prefix + field.name, path):
            return never
        readers.append(script_values(schema, field, prefix))
    true = _compiled(node.call, iter(range(len(readers))))

    def predicate(event: Event) -> bool:
        found = [read(event) or [None] for read in readers]
        return any(true(values) is True for values in product(*found))

    return predicate


def script_values(schema: Schema, name: Literal, prefix: str = "") -> Callable[[Event], list[Any]]:
    """Reads the values of a field as a script sees them."""
    field = schema.field(name.name, prefix)
    convert = _converter(schema.declared(prefix + name.name), field.type)

    def read(event: Event) -> list[Any]:
        found = field.read(event)
        if not found and field.parent is not None:
            found = field.parent(event)
        return [convert(value) for value in found if field.type.holds(value)]

    return read


def _converter(declared: str | None, kind: FieldType) -> Callable[[Any], Any]:
    if declared is None:
        return lambda value: value
    if declared in NUMBERS:
        return lambda value: number_in(value.strip()) if isinstance(value, str) else value
    if declared == "boolean":
        return lambda value: _BOOLEANS.get(value) if isinstance(value, str) else value
    if declared == "ip":
        return lambda value: canonical(text_of(value))
    return text_of


def _compiled(call: Call, places: Any) -> Callable[[_Values], Value]:
    """The call as a function of the fields' values, in the order of the text."""
    parts: list[Callable[[_Values], Any]] = []
    for argument in call.arguments:
        if isinstance(argument, FieldValue):
            parts.append(_at(next(places)))
        elif isinstance(argument, Call):
            parts.append(_compiled(argument, places))
        elif isinstance(argument, Literal):
            parts.append(_always(value_of(argument)))
        else:
            parts.append(_always(argument))
    function, case = call.function, call.case
    return lambda values: apply(function, [part(values) for part in parts], case)


def _at(place: int) -> Callable[[_Values], Any]:
    return lambda values: values[place]


def _always(value: object) -> Callable[[_Values], Any]:
    return lambda values: value
