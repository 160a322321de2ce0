"""Destinations of one data source between which its events are: what is asked of one is asked of
the others too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from kqlx.errors import MappingError
from kqlx.mappings.asked_query import AskedQuery, all_assert
from kqlx.mappings.asserted_values import SYSTEM, asserted_values, asserts, together
from kqlx.mappings.binder import Binder
from kqlx.mappings.binding import NeverMatchesError
from kqlx.mappings.bound import Bound
from kqlx.mappings.field_spec import When
from kqlx.mappings.recognition import asserts_field
from kqlx.mappings.shipper_values import in_elastic_values
from kqlx.mappings.unmapped_tests import apply_unmapped, why
from kqlx.nodes import FieldTest, Span, walk
from kqlx.notes import Effect, Note
from kqlx.records import replace


def with_siblings(
    bound: Bound,
    query: AskedQuery,
    target: str,
    implied: When,
    uncounted: Callable[[Bound], str],
    systems: tuple[str, ...],
) -> list[Bound]:
    """The bound tree, and those of the destinations in which the rest of its events may be. What
    one of them never holds of the field by whose values they are divided, another one does.
    ``uncounted`` names a field that the rule counts by and a tree has no column of, or is empty.
    """
    pack, destination = bound.pack, bound.destination
    if pack is None or destination is None or not destination.together or bound.unmapped:
        return [bound]
    types = query.types.of((pack,))
    node, _ = in_elastic_values(query.node, pack)
    asserted = together(all_assert(implied), asserted_values(node))
    if unsaid := () if SYSTEM in asserted else systems:
        asserted[SYSTEM] = (frozenset(unsaid),)
    found = [bound]
    for other in pack.targets[target]:
        meant = not other.when or asserts(asserted, other.when) or asserts_field(node, other.about)
        same = meant and other.together == destination.together
        if not same or other.place == destination.place:
            continue
        if unsaid and {*unsaid} <= {*other.never.get(SYSTEM, ())}:
            continue
        try:
            attempt = Binder(pack, other, asserted, types).bind(node)
            gaps = [why(test, other) for test in attempt.lacking]
            one = apply_unmapped(attempt, "keep" if gaps else "error")
            if lost := uncounted(one):
                gaps.append(f"{lost} has no counterpart to count by")
        except NeverMatchesError:
            continue  # none of the events are there
        except MappingError as error:
            gaps = [error.message]
        if gaps:
            note = Note("table-coverage", Effect.COVERAGE, f"{other.name} is not read: {gaps[0]}")
            found[0] = replace(found[0], notes=(*found[0].notes, note))
        else:
            found.append(one)
    if len(found) == 1:
        return found
    divided = {
        test.span
        for test in walk(node)
        if isinstance(test, FieldTest) and test.field.name == destination.together
    }
    return [_with_others(one, divided) for one in found] if divided else found


def _with_others(bound: Bound, divided: Collection[Span | None]) -> Bound:
    """The tree of a destination whose others hold what it has not of these tests."""
    notes = tuple(
        replace(note, effect=Effect.SAME)
        if note.code == "value-never-occurs" and note.span in divided
        else note
        for note in bound.notes
    )
    return replace(bound, notes=notes)
