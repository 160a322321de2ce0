"""Rules over several data sources: a tree in Elastic's names → bound trees, one a data source.

Those that can match nothing are left out, and those in the same place are one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

from kqlx.errors import MappingError
from kqlx.hints import Argument, Hint
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.asserted_values import SYSTEM
from kqlx.mappings.binding import NeverMatchesError, OtherEventsError
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.destinations import bind_asked, of_one_sensor
from kqlx.mappings.field_spec import When
from kqlx.mappings.pack import Pack
from kqlx.mappings.predicates import predicate_at
from kqlx.mappings.recognition import asserts_field, implied_values
from kqlx.mappings.unmapped_tests import UnmappedPolicy
from kqlx.nodes import (
    NOWHERE,
    And,
    Exists,
    FieldTest,
    Literal,
    Node,
    Not,
    simplify,
    walk,
)
from kqlx.notes import Effect, Note
from kqlx.records import replace


def bind_each(
    query: AskedQuery,
    packs: Iterable[Pack],
    target: str,
    unmapped: UnmappedPolicy,
    indices: Iterable[str] = (),
    counted: Iterable[str] = (),
    present: Iterable[str] = (),
    systems: tuple[str, ...] = (),
    *,
    is_step: bool = False,
) -> tuple[Bound, ...]:
    """Binds a query to each data source, and leaves out those in which it can match nothing.
    ``present`` are fields that an event must have beside what the query asks, ``systems`` the
    operating systems that the rule is said to be for; ``is_step``: the events stand beside those of
    other queries.

    ``indices`` are the index patterns that the rule reads; of several sources one that lacks a
    field that is ``counted`` beside the query is left out too. Two sources whose events are in one
    place there, under the same names, are one. Raises MappingError as ``bind``, where no
    source is left.
    """
    packs = tuple(packs)
    indices, present = tuple(indices), tuple(present)
    find_in = partial(_found_in, target, unmapped, indices, systems, present, is_step)
    bounds: list[Bound] = []
    converted: list[str] = []
    uncounted: list[Bound] = []
    errors: list[MappingError] = []
    beside: list[Note] = []
    collectors: list[Pack] = []
    read: dict[str, set[str]] = {}
    for one_pack in packs:
        pack = replace(one_pack, is_one_of_several=True) if len(packs) > 1 else one_pack
        if len(packs) > 1 and (is_step or pack.by_shipper):
            pack = _of_single_records(pack, target)
        if len(packs) > 1 and pack.recognise.collector:
            codes = [code for other in packs for code in other.recognise.codes]
            pack = replace(pack, codes_beside=tuple(codes))
        asked_there = query
        if len(packs) > 1 and pack.recognise.is_data_model:
            from kqlx.mappings.parts_in_data_models import asked_of

            asked_there = asked_of(query, pack, packs)
        find = partial(find_in, pack)
        try:
            if len(packs) > 1 and pack.recognise.is_data_model:
                implied, told, parts, less = _told_in(asked_there, pack, packs, target, find)
                beside += less
            else:
                implied, told, parts = find(asked_there)
        except MappingError as error:
            errors.append(error)
            if isinstance(error, OtherEventsError) and pack.recognise.collector:
                if not (of_host := _other_host(pack, target, query.node)):
                    collectors.append(pack)
                    continue
                error = MappingError(of_host, code=error.code, notes=error.notes, hint=error.hint)
            if pack.recognise.is_data_model and not isinstance(error, NeverMatchesError):
                from kqlx.mappings.parts_in_data_models import left_out

                bind = partial(bind_asked, pack=pack, target=target)
                beside.append(left_out(pack, error, asked_there, target, packs, bind))
                continue
            beside.append(_left_out(pack, error.message, _what_is_lost(error)))
            continue
        if counted and pack.recognise.is_data_model:
            from kqlx.mappings.sibling_destinations import counting_siblings

            lacks = partial(_uncounted, counted=counted)
            parts = counting_siblings(parts, target, lacks, find_in)
        lacking = (_uncounted(bound, counted) for _, bound in parts)
        if len(packs) > 1 and (missing_count := next(filter(None, lacking), "")):
            uncounted.append(parts[0][1])
            if pack.recognise.is_data_model:
                from kqlx.mappings.parts_in_data_models import not_told

                lost = f"{missing_count} has no counterpart to count by"
                beside.append(not_told(pack, lost))
                continue
            beside.append(_not_counted(pack, parts[0][1], missing_count))
            continue
        converted.append(pack.source)
        for asked, bound in parts:
            found = [bound]
            if bound.destination is not None and bound.destination.together:
                from kqlx.mappings.sibling_destinations import with_siblings

                lacks = partial(_uncounted, counted=counted)
                found = with_siblings(bound, asked, target, implied, lacks, systems)
            if "logsource" in bound.place:
                from kqlx.mappings.operating_systems import by_system

                each = [by_system(one, asked, target, unmapped, implied, systems) for one in found]
                found = [one for ones in each for one in ones]
            if told:
                found[0] = replace(found[0], notes=(*found[0].notes, *told))
                told = ()
            for one in found:
                read.setdefault(str(one.place.get("table")), set()).add(pack.source)
                _add(bounds, one, counted)
    if not bounds and uncounted:
        return (uncounted[0],)  # the target tells what it lacks
    if not bounds:
        raise next((e for e in errors if not isinstance(e, NeverMatchesError)), errors[0])
    beside += [_sent_on(pack, converted) for pack in collectors]
    if len(packs) > 1 and counted and packs[0].recognise.is_data_model and len(bounds) > 1:
        from kqlx.mappings.parts_in_data_models import COUNTED_IN_EACH

        beside.append(COUNTED_IN_EACH)
    if len(packs) > 1:
        message = f"the rule covers several data sources; converted: {', '.join(converted)}"
        beside.append(Note("several-sources", Effect.SAME, message))
        bounds[0] = replace(bounds[0], notes=(*bounds[0].notes, *beside))
    return tuple(_without_doubles(bound, read) for bound in bounds)


def _add(bounds: list[Bound], one: Bound, counted: Iterable[str]) -> None:
    """Puts a source beside the others, or makes it one with another in the same place."""
    if bounds:
        from kqlx.mappings.same_place import merged

        for number, other in enumerate(bounds):
            if (both := merged(other, one, counted)) is not None:
                bounds[number] = both
                return
    bounds.append(one)


def _found_in(
    target: str,
    unmapped: UnmappedPolicy,
    indices: Iterable[str],
    systems: tuple[str, ...],
    present: Collection[str],
    is_step: bool,
    pack: Pack,
    query: AskedQuery,
) -> tuple[When, tuple[Note, ...], list[tuple[AskedQuery, Bound]]]:
    """What the query asks of the events of one source, in parts, with what is implied there, and
    notes on that. Raises as ``bind_asked``.
    """
    implied, told = _implied(query, pack, target, indices)
    bind_in = partial(_bind_parts, query, pack, target, unmapped)
    return implied, told, _bind_for(systems, pack, target, implied, bind_in, present, is_step)


def _told_in(
    query: AskedQuery,
    pack: Pack,
    packs: Iterable[Pack],
    target: str,
    find: Callable[[AskedQuery], tuple[When, tuple[Note, ...], list[tuple[AskedQuery, Bound]]]],
) -> tuple[When, tuple[Note, ...], list[tuple[AskedQuery, Bound]], tuple[Note, ...]]:
    """What is found of the query in a data model, if need be of those alternatives alone that its
    events tell; with notes on the others.
    """
    try:
        return *find(query), ()
    except NeverMatchesError:
        raise
    except MappingError:
        from kqlx.mappings.parts_in_data_models import without_untold

        bind = partial(bind_asked, target=target)
        less = without_untold(query, pack, packs, lambda asked, one: bind(asked, pack=one))
        if less is None:
            raise
        return *find(less[0]), (less[1],)


def _implied(
    query: AskedQuery, pack: Pack, target: str, indices: Iterable[str]
) -> tuple[When, tuple[Note, ...]]:
    """Values that all events have that a rule reads, or that its fields say it is about; with a
    note on the latter.
    """
    implied = implied_values(pack, indices)
    if not pack.kinds:
        return implied, ()
    from kqlx.mappings.implied_kinds import kind_of_fields

    return kind_of_fields(query, pack, target, implied)


def _bind_for(
    systems: tuple[str, ...],
    pack: Pack,
    target: str,
    implied: When,
    bind_in: Callable[..., list[tuple[AskedQuery, Bound]]],
    present: Collection[str],
    is_step: bool,
) -> list[tuple[AskedQuery, Bound]]:
    """``_bind_parts``, where nothing else has all fields in a sensor's events of the one system
    that the rule is said to be for.
    """
    try:
        return bind_in(implied, present, is_step)
    except MappingError:
        if len(systems) != 1 or not any(place.sensor for place in pack.targets.get(target, ())):
            raise
        try:
            return bind_in({**implied, SYSTEM: systems}, present, is_step)
        except MappingError:
            pass  # the first error tells more
        raise


def _bind_parts(
    query: AskedQuery,
    pack: Pack,
    target: str,
    unmapped: UnmappedPolicy,
    implied: When,
    present: Collection[str],
    is_step: bool,
) -> list[tuple[AskedQuery, Bound]]:
    """The query bound to the destination of the pack that suits it, or in parts to several, each
    with what was asked there. Parts that can match nothing are left out. Raises as ``bind_asked``.
    """
    try:
        return [_bind_part(query, pack, target, unmapped, implied, present)]
    except MappingError:
        from kqlx.mappings.kinds_of_events import bind_by_kind

        one_of_many = _of_single_records(pack, target) if is_step else pack
        parts = bind_by_kind(
            query,
            one_of_many,
            target,
            implied,
            lambda part: _bind_part(part, one_of_many, target, unmapped, implied, present),
        )
        if parts is None:
            raise
        of_one_sensor(bound for _, bound in parts)
        return parts


def _bind_part(
    query: AskedQuery,
    pack: Pack,
    target: str,
    unmapped: UnmappedPolicy,
    implied: When,
    present: Iterable[str],
) -> tuple[AskedQuery, Bound]:
    """The query bound to one destination, and what was asked there. Raises as ``bind_asked``."""
    bound = bind_asked(query, pack, target, unmapped, implied)
    unsaid = [name for name in present if not asserts_field(query.node, [name])]
    if needed := _partly_there(bound, unsaid):
        # Of what the column holds the field has but some, and no other value counts.
        more = And((query.node, *[Exists(Literal(name)) for name in needed]), query.node.span)
        query = AskedQuery(more, query.types)
        bound = bind_asked(query, pack, target, unmapped, implied)
    return query, bound


def _of_single_records(pack: Pack, target: str) -> Pack:
    """The pack without destinations whose records Splunk puts together by grouping them: of what
    other steps of a sequence ask it puts the single events beside one another.
    """
    there = pack.targets.get(target, ())
    kept = tuple([one for one in there if one.records is None or "base" not in one.place])
    return pack if len(kept) == len(there) else replace(pack, targets={target: kept})


def _partly_there(bound: Bound, names: Iterable[str]) -> list[str]:
    """The fields that events lack though their column has a value."""
    if bound.destination is None:
        return []
    specs = [(name, bound.destination.field(name)) for name in names]
    return [name for name, spec in specs if spec is not None and isinstance(spec.exists, str)]


def _without_doubles(bound: Bound, read: Mapping[str, Collection[str]]) -> Bound:
    """The tree without the events that it would find a second time. ``read`` has, by each table of
    the query, the data sources whose events are looked for there.
    """
    if bound.destination is None or not bound.destination.contained_tables:
        return bound
    for table, predicates in bound.destination.contained_tables.items():
        theirs = [
            predicate_at(predicates[source], NOWHERE)
            for source in sorted(read.get(table, ()))
            if source in predicates
        ]
        if not theirs:
            continue
        columns = {
            test.field.name: Column(test.field.name)
            for predicate in theirs
            for test in walk(predicate)
            if isinstance(test, FieldTest)
        }
        here = bound.destination.name
        note = Note("read-once", Effect.SAME, f"{here} also holds {table}, read separately")
        bound = replace(
            bound,
            node=simplify(And((*map(Not, theirs), bound.node))),
            columns={**bound.columns, **columns},
            notes=(*bound.notes, note),
        )
    return bound


def _what_is_lost(error: MappingError) -> Effect:
    """What a source loses the result that the error leaves out: nothing where it can have no such
    event; where it can with an option alone, those of whoever has that on; else its events.
    """
    if not isinstance(error, NeverMatchesError):
        return Effect.NARROWER
    by_option = any(note.code == "set-by-option" for note in error.notes)
    return Effect.COVERAGE if by_option else Effect.SAME


def _not_counted(pack: Pack, bound: Bound, name: str) -> Note:
    """A note on a source that has no values of a field to count by."""
    spec = bound.destination.field(name) if bound.destination is not None else None
    if spec is not None and spec.by_option:
        why = f"{name}, by which the rule counts, is set only with {spec.by_option}, which is off"
        return _left_out(pack, f"{why} as shipped", Effect.COVERAGE)
    return _left_out(pack, f"{name} has no counterpart to count by", Effect.NARROWER)


def _left_out(pack: Pack, why: str, lost: Effect) -> Note:
    """A note on a source that is not in the result, which has ``lost`` its events. What a Beat may
    ship beside other sources, these have seen too.
    """
    missing = lost is Effect.NARROWER
    if missing and pack.by_shipper:
        first = why.partition("; ")[0]
        message = f"{pack.source} is left out, because the other data sources cover it: {first}"
        return Note("source-left-out", Effect.COVERAGE, message)
    message = f"{pack.source} is left out: {why}"
    hint = Hint(Argument("source"), " names the sources to convert it for") if missing else ""
    return Note("source-left-out", lost, message, hint=hint)


def _other_host(pack: Pack, target: str, node: Node) -> str:
    """Why a collector's events are not those of others on the same computers: the query asks for a
    computer, which is the collector in Elastic.
    """
    asked = {part.field.name for part in walk(node) if isinstance(part, FieldTest)}
    for destination in pack.targets.get(target, ()):
        for name in sorted(asked):
            spec = destination.field(name) if name.startswith("host.") else None
            if spec is not None and spec.no_counterpart:
                return f"{name} has no counterpart in {destination.name}: {spec.no_counterpart}"
    return ""


def _sent_on(pack: Pack, converted: Iterable[str]) -> Note:
    """A note on a source whose events of this kind are those of others, which were converted."""
    message = f"{pack.source} has events of {', '.join(converted)} from other computers:"
    message += " they are looked for where those are"
    return Note("source-left-out", Effect.COVERAGE, message)


def _uncounted(bound: Bound, counted: Iterable[str]) -> str:
    """The first of the fields to count by that has no column of its values there, or none."""
    if bound.pack is None or bound.destination is None:
        return ""
    if not (counted := [*counted]):
        return ""
    from kqlx.mappings.field_values import is_countable, resolve

    return next((name for name in counted if not is_countable(resolve(bound, name))), "")
