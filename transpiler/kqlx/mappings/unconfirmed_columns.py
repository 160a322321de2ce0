"""Tests for the absence of a column that is not confirmed: where the events have none of its name,
all of them meet such a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kqlx.nodes import And, Exists, Node, Not, Or
from kqlx.notes import Effect, Note
from kqlx.records import replace

_CODE = "unconfirmed-mapping"


def with_absence(
    notes: tuple[Note, ...],
    asked: object,
    bound: Node,
    unconfirmed: Mapping[str, str],
    negative: bool,
) -> tuple[Note, ...]:
    """The notes on a test that is ``bound`` to columns. Those on columns not confirmed have the
    effect of a column that is not there, if their absence is asked for; ``negative`` says that
    the test stands below an odd number of nots.
    """
    absent = negative and isinstance(asked, Exists)
    if not absent and unconfirmed.keys().isdisjoint(_absent(bound, negative)):
        return notes
    return tuple(
        replace(
            note,
            effect=Effect.DIFFERENT,
            message=f"{note.message}; where it is called otherwise, every event is without it",
        )
        if note.code == _CODE
        else note
        for note in notes
    )


def _absent(node: Node, negative: bool) -> Iterator[str]:
    """The names of columns that events must lack to match, or may."""
    if isinstance(node, And | Or):
        for item in node.items:
            yield from _absent(item, negative)
    elif isinstance(node, Not):
        yield from _absent(node.item, not negative)
    elif negative and isinstance(node, Exists):
        yield node.field.name
