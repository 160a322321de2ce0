"""Arrays of objects with a name and a value, such as ``Parameters`` of Microsoft 365: in Sigma two
fields of many values, ``Parameters.Name`` and ``Parameters.Value``.

A rule can ask for a name and for a value, but not that they belong together.
"""

from __future__ import annotations

from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.mappings.bound import Column
from kqlx.nodes import (
    And,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Never,
    Node,
    Pattern,
    Regexp,
    case_of,
)
from kqlx.notes import Effect
from kqlx.patterns import ANY_ONE
from kqlx.records import replace

NAMED = frozenset({"pairs", "changes"})
"""Forms of columns that are the value of a name, see ``mappings.pack.ColumnSpec``."""


def named_value(backend: SigmaBackend, column: Column, node: FieldTest | Regexp) -> Node:
    """The tests of the name and of the value, each for itself: they hold wherever the pair does.
    Below a ``not`` they would hold too often, so that nothing is left there but that of a name.
    """
    pair, (name_key, value_key) = column.pair, column.keys
    names = Literal(f"{pair.path}.{name_key}", span=node.field.span)
    key = value_key if column.layout == "pairs" else pair.key
    values = Literal(f"{pair.path}.{key}", span=node.field.span)
    named = _name_test(names, column, node)
    if isinstance(node, Exists):
        return named
    told = f"the name {pair.name} and the value may be those of different objects of {pair.path}"
    if backend.negative:
        backend.note("nested-flattened", Effect.WIDER, f"{told}; dropped under `not`", node.span)
        return Never(node.span)
    backend.note("nested-flattened", Effect.WIDER, told, node.span)
    return And((named, replace(node, field=values)), node.span)


def _name_test(names: Literal, column: Column, node: FieldTest | Regexp) -> Node:
    """In the names of changes Elastic writes ``_`` for blanks and dots."""
    name, case = column.pair.name, case_of(node)
    if column.layout != "changes" or "_" not in name:
        return Equals(names, Literal(name, True, node.span), node.span, case=case)
    tokens = [token for part in name.split("_") for token in (ANY_ONE, part)][1:]
    return Like(names, Pattern.of(*tokens, span=node.span), node.span, case=case)
