"""Ranges of numbers in Sigma: as they are, or with a limit that surely takes in as much."""

from __future__ import annotations

from decimal import Decimal

from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.backends.sigma.yaml_style import LARGEST_INTEGER, Number
from kqlx.elastic.number_texts import nearest_double
from kqlx.elastic.type_names import NUMBERS
from kqlx.mappings.bound import Column, described
from kqlx.nodes import Compare, Node
from kqlx.notes import Effect
from kqlx.records import replace

WHOLE = NUMBERS - {"double", "float", "half_float", "scaled_float"}
"""Types whose values are kept to the last digit."""


def range_test(backend: SigmaBackend, column: Column, node: Compare) -> Node:
    """The range; one on anything but numbers is the existence of the field."""
    by_size = node.value.kind == "number"
    if not (column.type in NUMBERS or by_size):
        what = f"a range on {described(column)}"
        return backend.approximate(node, what, "Sigma compares numbers only")
    number = Number(node.value.name)
    is_rounded = column.type not in WHOLE and abs(Decimal(number)) >= LARGEST_INTEGER
    if number.is_safe and not is_rounded:
        return node
    lower = (node.op in ("gt", "gte")) is not backend.negative
    near = nearest_double(Decimal(number), down=lower)
    if is_rounded:  # Elasticsearch rounds values to the limit that others do not
        near = nearest_double(Decimal(near) + (-1 if lower else 1), down=lower)
    backend.note(
        "approximated",
        Effect.WIDER,
        f"{number} as a limit of {column.name}: loaders of YAML lose digits of it; the limit"
        f" is {near}",
        node.span,
    )
    return replace(node, value=replace(node.value, value=near))
