"""Tests of the whole line of a log, as keywords, which a Sigma rule names without a field: each is
a part of the line
(https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html#lists).
"""

from __future__ import annotations

from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.mappings.bound import Column
from kqlx.nodes import (
    Always,
    Compare,
    Exists,
    FieldTest,
    FreeText,
    Literal,
    Never,
    Node,
    asked_pattern,
)
from kqlx.notes import Effect


def keyword_test(backend: SigmaBackend, column: Column, node: FieldTest) -> Node:
    """The keyword that a line has which the pattern fits. It may stand anywhere in the line: a
    pattern of how the line begins or ends is left out below a ``not``.
    """
    if isinstance(node, Exists):
        return Always(node.span)
    if isinstance(node, Compare):
        return backend.approximate(node, "a line of a log", "it has no order")
    pattern = asked_pattern(node).collapsed()
    whole = pattern.begins_open and pattern.ends_open
    if not whole:
        message = "a keyword may stand anywhere in the line"
        backend.note("approximated", Effect.WIDER, message, node.span)
        if backend.negative:
            return Never(node.span)
    inner = pattern.without_outer_stars()
    backend.ignores_case(column, inner.text, node)
    if inner.is_text:
        return FreeText(Literal(inner.text, phrase=True, span=node.span), node.span)
    return FreeText(inner, node.span)
