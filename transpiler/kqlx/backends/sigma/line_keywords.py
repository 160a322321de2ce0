"""Tests of the whole line of a log, as keywords, which a Sigma rule names without a field: each is
a part of the line
(https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html#lists).
"""

from __future__ import annotations

from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.backends.sigma.words import as_spelt
from kqlx.elastic.text_analysis import word_patterns
from kqlx.mappings.bound import Column
from kqlx.nodes import (
    Always,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Literal,
    Never,
    Node,
    all_of,
    any_of,
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
    if backend.is_text(column):
        return _words(backend, column, node)
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


def _words(backend: SigmaBackend, column: Column, node: FieldTest) -> Node:
    """The words of a text, each as a keyword, which may be a part of a longer word; nothing below
    a ``not``.
    """
    assert isinstance(node, Equals | Like)
    name = column.field or column.name
    told = f"{name}: Elasticsearch compares words, Sigma parts of the line"
    if backend.negative:
        backend.note("text-analysis", Effect.WIDER, f"{told}; dropped under `not`", node.span)
        return Never(node.span)
    found: list[Node] = []
    for lowered in word_patterns(node):
        piece = as_spelt(lowered, node.value.name) if isinstance(node, Equals) else lowered
        words = [FreeText(Literal(w, True, node.span), node.span) for w in piece.literals]
        found.append(all_of(words, node.span) if words else Always(node.span))
    backend.note("text-analysis", Effect.WIDER, told, node.span)
    return any_of(found, node.span)
