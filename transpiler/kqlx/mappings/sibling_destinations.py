"""Destinations of one data source between which its events are: what is asked of one is asked of
the others too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from kqlx.errors import MappingError
from kqlx.mappings.asked_query import AskedQuery, all_assert
from kqlx.mappings.asserted_values import (
    SYSTEM,
    Asserted,
    Values,
    asserted_values,
    asserts,
    spelt,
    together,
)
from kqlx.mappings.binder import Binder
from kqlx.mappings.binding import NeverMatchesError
from kqlx.mappings.bound import Bound
from kqlx.mappings.field_spec import When
from kqlx.mappings.pack import Destination, Pack
from kqlx.mappings.recognition import asserts_field
from kqlx.mappings.shipper_values import in_elastic_values, named_fields
from kqlx.mappings.unmapped_tests import apply_unmapped, why
from kqlx.nodes import FieldTest, Span, walk
from kqlx.notes import Effect, Note
from kqlx.records import replace

Parts = list[tuple[AskedQuery, Bound]]
"""What is asked of the events of one data source, in parts."""


def counting_siblings(
    parts: Parts,
    target: str,
    uncounted: Callable[[Bound], str],
    find: Callable[[Pack, AskedQuery], tuple[When, tuple[Note, ...], Parts]],
) -> Parts:
    """The query in the siblings of a destination that has no column of what the rule counts by,
    where one of them has it, with a note; else as it was. ``find`` binds it to a pack.
    """
    (asked, bound), *others = parts
    pack, destination = bound.pack, bound.destination
    lost = uncounted(bound)
    if others or not lost or pack is None or destination is None or not destination.together:
        return parts
    siblings = tuple(
        one
        for one in pack.targets[target]
        if one != destination and one.together == destination.together
    )
    try:
        fewer = replace(pack, targets={target: siblings})
        found = find(fewer, asked)[2] if siblings else []
    except MappingError:
        return parts
    if not found or any(uncounted(one) for _, one in found):
        return parts
    message = f"{destination.name} is not read: {lost} has no counterpart to count by"
    note = Note("table-coverage", Effect.COVERAGE, message)
    (asked, first), *rest = found
    return [(asked, replace(first, notes=(*first.notes, note))), *rest]


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
    node, _ = in_elastic_values(query.node, pack, named_fields(query.node))
    asserted = together(all_assert(implied), asserted_values(node))
    if unsaid := () if SYSTEM in asserted else systems:
        asserted[SYSTEM] = (frozenset(unsaid),)
    found = [bound]
    for other in pack.targets[target]:
        if other.together != destination.together or any(_is_in(b, other) for b in found):
            continue
        if other.when and not _may_hold(asserted, other) and not asserts_field(node, other.about):
            continue
        if unsaid and {*unsaid} <= {*other.never.get(SYSTEM, ())}:
            continue
        effect = Effect.COVERAGE
        try:
            attempt = Binder(pack, other, asserted, types).bind(node)
            gaps = [why(test, other) for test in attempt.lacking]
            if gaps and pack.recognise.is_data_model:
                from kqlx.mappings.parts_in_data_models import effect_of_gap

                effect = effect_of_gap(node, Binder(pack, other, asserted, types))
            one = apply_unmapped(attempt, "keep" if gaps else "error")
            if lost := uncounted(one):
                gaps.append(f"{lost} has no counterpart to count by")
        except NeverMatchesError:
            continue  # none of the events are there
        except MappingError as error:
            gaps = [error.message]
        if gaps:
            note = Note("table-coverage", effect, f"{other.name} is not read: {gaps[0]}")
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
    nowhere = [_never_held(one) for one in found]
    held = {span for span in divided if not all(span in spans for spans in nowhere)}
    return [_with_others(one, held) for one in found] if held else found


def _is_in(bound: Bound, other: Destination) -> bool:
    """Whether the destination is the place of the tree, or the category of its log source."""
    there, category = bound.place.get("logsource"), other.place.get("logsource")
    if isinstance(there, dict) and isinstance(category, dict):
        return category.items() <= there.items()
    return bound.place == other.place


def _may_hold(asserted: Asserted, other: Destination) -> bool:
    """Whether the destination is for some of the events that the query asks for: those with one of
    the values that it is for, where it never has the others.
    """
    own: dict[str, frozenset[str]] = {}
    for when in other.when:
        for field, values in when.items():
            own[field] = own.get(field, frozenset()) | frozenset(values)
    some = {}
    for field in own.keys() & asserted.keys():
        never = other.never.get(field, ())
        some[field] = tuple([_among(one, own[field], never) for one in asserted[field]])
    return asserts({**asserted, **some}, other.when)


def _among(asked: Values, own: frozenset[str], never: Iterable[str]) -> Values:
    """Of the values that are asked for its own, if there are any and it never has the others."""
    known = spelt(asked, (*own, *never))
    return known & own if known & own and known - own <= {*never} else asked


def _never_held(bound: Bound) -> set[Span | None]:
    """The tests of values that the destination never holds."""
    return {note.span for note in bound.notes if note.code == "value-never-occurs"}


def _with_others(bound: Bound, held: Collection[Span | None]) -> Bound:
    """The tree of a destination, others of which hold what it has not of these tests."""
    notes = tuple(
        replace(note, effect=Effect.SAME)
        if note.code == "value-never-occurs" and note.span in held
        else note
        for note in bound.notes
    )
    return replace(bound, notes=notes)
