"""What the parts of a query come to at a destination, while it is bound: a tree each, with the
notes on it. A part that is not in the result takes its notes with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kqlx.mappings.unmapped_tests import is_absorbing, is_left_out_whole
from kqlx.nodes import (
    Always,
    And,
    FieldTest,
    Never,
    Node,
    Or,
    Unmapped,
    constant_of,
    shared_field,
)
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class BoundPart:
    """A part of a query in the columns of a destination, and the notes to report where it is in
    the result. Those of ``notes_if_kept`` and ``absent_values`` are as in ``Attempt``.
    """

    node: Node
    notes: tuple[Note, ...] = ()
    notes_if_kept: tuple[Note, ...] = ()
    absent_values: tuple[Note, ...] = ()

    def reported_if_kept(self) -> BoundPart:
        """The same, with its notes reported only if tests without a counterpart are kept."""
        return BoundPart(self.node, notes_if_kept=(*self.notes, *self.notes_if_kept))


def with_notes(node: Node, parts: Iterable[BoundPart]) -> BoundPart:
    """A tree with the notes on these parts."""
    notes: list[Note] = []
    notes_if_kept: list[Note] = []
    absent_values: list[Note] = []
    for part in parts:
        notes += part.notes
        notes_if_kept += part.notes_if_kept
        absent_values += part.absent_values
    return BoundPart(node, tuple(notes), tuple(notes_if_kept), tuple(absent_values))


def trees(parts: Iterable[BoundPart]) -> tuple[Node, ...]:
    return tuple([part.node for part in parts])


def reported_items(
    group: And | Or, items: Sequence[BoundPart], *, negative: bool, marked: bool
) -> Sequence[BoundPart]:
    """The items of a group whose notes are reported; ``negative``: it is below a ``not``,
    ``marked``: a test in it has no counterpart.

    Where an item decides the group, because it never holds or always does, the others are not in
    the result, and neither are their notes. But beside a value that every event of the destination
    has, those that none has, or that have no counterpart, are told: events with them may be
    elsewhere. A test without a counterpart decides a group in the same way if it is left out.
    """
    decides = Never if isinstance(group, And) else Always
    if deciding := [item for item in items if constant_of(item.node) is decides]:
        if isinstance(group, And):
            return deciding
        unmapped = _without_counterpart(items) if shared_field(group) else ()
        return [*deciding, *(_absence(item) for item in items if item.absent_values), *unmapped]
    if not marked:
        return items
    going = [is_left_out_whole(item.node, negative=negative) for item in items]
    if not is_absorbing(group, negative=negative) or not any(going):
        return items
    return [
        item if goes else item.reported_if_kept() for item, goes in zip(items, going, strict=True)
    ]


def _absence(item: BoundPart) -> BoundPart:
    """The item with the notes on values that the destination never holds."""
    return BoundPart(
        item.node, tuple(replace(note, effect=Effect.COVERAGE) for note in item.absent_values)
    )


def _without_counterpart(items: Iterable[BoundPart]) -> Iterator[BoundPart]:
    """The items that have no counterpart, with a note that says so."""
    for item in items:
        if isinstance(item.node, Unmapped) and item.node.what:
            message = f"{item.node.what} has no counterpart; other values that are asked for have"
            yield BoundPart(
                item.node, (Note("table-coverage", Effect.COVERAGE, message, item.node.span),)
            )


def alternatives(group: Or, items: Iterable[BoundPart]) -> Iterator[Node]:
    """What becomes of the items; the columns that may have one and the same value stand beside
    those of the next, so that a target can gather the values of each.
    """
    for item, made in zip(group.items, items, strict=True):
        if isinstance(item, FieldTest) and isinstance(made.node, Or):
            yield from made.node.items
        else:
            yield made.node
