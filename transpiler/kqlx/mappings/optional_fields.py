"""Fields that a query says no index need have (``?name`` in EQL)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kqlx.nodes import And, FunctionTest, Literal, Node, Not, Or, Span
from kqlx.notes import Effect, Note


def optional_field_notes(node: Node, types: Mapping[str, str]) -> tuple[Note, ...]:
    """A note for each optional field below a ``not`` of which no mapping is known.

    It is taken for one that some index has. Where none has, Elasticsearch knows neither that the
    test holds nor that it does not, so that what stands beside it finds no event
    (https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax).
    """
    found: dict[str, Span] = {}
    for name in _below_not(node, False):
        if name.optional and types.get(name.name) is None:
            found.setdefault(name.name, name.span)
    return tuple(
        Note(
            "optional-field",
            Effect.SAME,
            f"?{name} is negated, and no mapping of it is known: where no index has the field,"
            " Elasticsearch finds no event here",
            span,
        )
        for name, span in found.items()
    )


def _below_not(node: Node, negative: bool) -> Iterator[Literal]:
    """The fields of tests below a not."""
    if isinstance(node, And | Or):
        for item in node.items:
            yield from _below_not(item, negative)
    elif isinstance(node, Not):
        yield from _below_not(node.item, True)
    elif negative and isinstance(node, FunctionTest):
        yield from node.fields
    elif negative and isinstance(field := getattr(node, "field", None), Literal):
        yield field
