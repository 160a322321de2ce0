"""What the pipes of a query keep back, which no tree says."""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.frontends.eql.parser import parse_query
from kqlx.notes import Effect, Note


def remarks(text: str) -> Iterator[Note]:
    """A note for each pipe of a query that can be read."""
    for pipe in parse_query(text).pipes:
        kept = "first" if pipe.name == "head" else "last"
        message = (
            f"the query keeps the {kept} {pipe.count} results of a run (| {pipe.name}"
            f" {pipe.count}); the result finds all"
        )
        yield Note("pipe-left-out", Effect.WIDER, message, pipe.span)
