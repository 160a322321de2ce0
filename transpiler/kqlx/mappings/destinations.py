"""Which data sources a query is about, and where their events are in a target: tree in Elastic's
names → bound trees, one a destination.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal as OneOf

from kqlx.errors import MappingError
from kqlx.mappings.asserted_values import Asserted, asserted_values, asserts, together
from kqlx.mappings.binder import Binder, no_mapping
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.extraction import captures
from kqlx.mappings.known_types import Types
from kqlx.mappings.nested import in_any_place
from kqlx.mappings.pack import Destination, Pack
from kqlx.mappings.predicates import read_predicate
from kqlx.mappings.recognition import asserts_field, implied_values
from kqlx.mappings.refused_tests import asked
from kqlx.mappings.shipper_values import in_own_words
from kqlx.nodes import (
    Always,
    And,
    Exists,
    FieldTest,
    Literal,
    Node,
    Not,
    Or,
    Span,
    conjuncts,
    simplify,
    walk,
)
from kqlx.notes import Effect, Note

Unmapped = OneOf["error", "keep", "comment"]
"""What becomes of tests without a counterpart: refused, Elastic's name, or left out."""

_FEW = 3
"""So many ways to say which events are meant are told."""


def bind_each(
    node: Node,
    packs: Iterable[Pack],
    target: str,
    unmapped: Unmapped,
    indices: Iterable[str] = (),
    counted: Iterable[str] = (),
    types: Types | None = None,
    present: Iterable[str] = (),
) -> tuple[Bound, ...]:
    """Binds a tree to each data source, and leaves out those in which it can match nothing.
    ``present`` are fields that an event must have beside what the query asks.

    ``indices`` are the index patterns that the rule reads, ``types`` what is known of types beside
    the packs; of several sources one that lacks a field that is ``counted`` beside the query is
    left out too. Two sources whose events are
    in one place there, under the same names, are one. Raises MappingError as ``bind``, where no
    source is left.
    """
    packs = tuple(packs)
    indices = tuple(indices)
    bounds: list[Bound] = []
    uncounted: list[Bound] = []
    errors: list[MappingError] = []
    beside: list[Note] = []
    for pack in packs:
        try:
            asked, implied = node, implied_values(pack, indices)
            bound = bind(node, pack, target, unmapped, implied, types)
            unsaid = [name for name in present if not asserts_field(node, [name])]
            if needed := _partly_there(bound, unsaid):
                # Of what the column holds the field has but some, and no other value counts.
                asked = And((node, *[Exists(Literal(name)) for name in needed]), node.span)
                bound = bind(asked, pack, target, unmapped, implied, types)
        except MappingError as error:
            errors.append(error)
            missing = any(note.effect is Effect.UNMAPPED for note in error.notes)
            beside.append(_left_out(pack, error.message, missing))
            continue
        if len(packs) > 1 and (missing_count := _uncounted(bound, counted)):
            uncounted.append(bound)
            beside.append(_left_out(pack, f"{missing_count} has no counterpart to count by", True))
            continue
        for one in _beside(bound, asked, target, implied, counted, types):
            for number, other in enumerate(bounds):
                if (both := _as_one(other, one)) is not None:
                    bounds[number] = both
                    break
            else:
                bounds.append(one)
    if not bounds and uncounted:
        return (uncounted[0],)  # the target tells what it lacks
    if not bounds:
        unmapped_ones = [e for e in errors if any(n.effect is Effect.UNMAPPED for n in e.notes)]
        raise (unmapped_ones or errors)[0]
    if len(packs) > 1:
        names = ", ".join(dict.fromkeys(bound.source or "" for bound in bounds))
        message = f"the rule covers several data sources; converted: {names}"
        beside.append(Note("several-sources", Effect.SAME, message))
        bounds[0] = replace(bounds[0], notes=(*bounds[0].notes, *beside))
    bounds = [_without_doubles(bound, bounds) for bound in bounds]
    return tuple(replace(bound, one_of_several_sources=len(bounds) > 1) for bound in bounds)


def _partly_there(bound: Bound, names: Iterable[str]) -> list[str]:
    """The fields that events lack though their column has a value."""
    if bound.destination is None:
        return []
    specs = [(name, bound.destination.field(name)) for name in names]
    return [name for name, spec in specs if spec is not None and isinstance(spec.exists, str)]


def _without_doubles(bound: Bound, bounds: Iterable[Bound]) -> Bound:
    """The tree without the events that it would find a second time, in a table of the others."""
    if bound.destination is None or not bound.destination.contained_tables:
        return bound
    read = {str(one.place.get("table")) for one in bounds if one is not bound}
    for table, predicate in bound.destination.contained_tables.items():
        if table not in read:
            continue
        theirs = read_predicate(predicate)
        columns = {
            test.field.name: Column(test.field.name)
            for test in walk(theirs)
            if isinstance(test, FieldTest)
        }
        here = bound.destination.name
        note = Note("read-once", Effect.SAME, f"{here} also holds {table}, which is read by itself")
        bound = replace(
            bound,
            node=simplify(And((Not(theirs), bound.node))),
            columns={**bound.columns, **columns},
            notes=(*bound.notes, note),
        )
    return bound


def _beside(
    bound: Bound,
    node: Node,
    target: str,
    implied: Mapping[str, str] | None,
    counted: Iterable[str],
    types: Types | None,
) -> list[Bound]:
    """The bound tree, and those of the destinations in which the rest of its events may be."""
    pack, destination = bound.pack, bound.destination
    if pack is None or destination is None or not destination.together or _missing(bound):
        return [bound]
    types = (types or Types()).of((pack,))
    node, _ = in_own_words(node, pack)
    asserted = together(_each(implied or {}), asserted_values(node))
    found = [bound]
    for other in pack.targets[target]:
        meant = not other.when or asserts(asserted, other.when)
        same = meant and other.together == destination.together
        if not same or other.place == destination.place:
            continue
        try:
            one = Binder(pack, other, asserted, types).bind(node)
            gaps = [note.message for note in _missing(one)]
            if lost := _uncounted(one, counted):
                gaps.append(f"{lost} has no counterpart to count by")
        except MappingError as error:
            gaps = [error.message]
        if gaps:
            note = Note("table-coverage", Effect.COVERAGE, f"{other.name} is not read: {gaps[0]}")
            found[0] = replace(found[0], notes=(*found[0].notes, note))
        else:
            found.append(one)
    return found


def _left_out(pack: Pack, why: str, missing: bool) -> Note:
    """A note on a source that is not in the result: it can have no such event, or it is ``missing``
    something. What a Beat may ship beside other sources, these have seen too.
    """
    if missing and pack.by_shipper:
        first = why.partition("; ")[0]
        message = f"{pack.source} is left out, the other data sources stand for it: {first}"
        return Note("source-left-out", Effect.COVERAGE, message)
    message = f"{pack.source} is left out: {why}"
    effect = Effect.NARROWER if missing else Effect.SAME
    hint = "--source names those to convert it for" if missing else ""
    return Note("source-left-out", effect, message, hint=hint)


def _uncounted(bound: Bound, counted: Iterable[str]) -> str:
    """The first of the fields to count by that has no column of its values there, or none."""
    if bound.pack is None or bound.destination is None:
        return ""
    pack, destination = bound.pack, bound.destination

    def has(name: str) -> bool:
        spec = destination.field(name)
        joined = spec is not None and bool(captures(spec) or spec.any_of or spec.cases)
        return joined or name_of_values(pack, destination, name) is not None

    return next((name for name in counted if not has(name)), "")


def _as_one(bound: Bound, other: Bound) -> Bound | None:
    """Two sources whose events are in one place there: what is asked of either. None where they are
    in two places, or read a column of it in two ways.
    """
    if bound.place != other.place or bound.uses_target_names is not other.uses_target_names:
        return None
    if bound.node == other.node:
        return bound
    shared = bound.columns.keys() & other.columns.keys()
    if any(_reading(bound.columns[name]) != _reading(other.columns[name]) for name in shared):
        return None
    return replace(
        bound,
        node=_either(bound.node, other.node),
        columns={**bound.columns, **other.columns},
        notes=(*bound.notes, *other.notes),
        source=f"{bound.source}, {other.source}",
    )


def _either(one: Node, other: Node) -> Node:
    """One query or the other, what both ask for said once."""
    first, second = conjuncts(one), conjuncts(other)
    common = [test for test in first if test in second]
    rest = [
        And(tuple(test for test in tests if test not in common), one.span)
        for tests in (first, second)
    ]
    return simplify(And((*common, Or(tuple(rest), one.span)), one.span))


def _reading(column: Column) -> Column:
    return replace(column, field="")


def bind(
    node: Node,
    pack: Pack,
    target: str,
    unmapped: Unmapped = "error",
    implied: Mapping[str, str] | None = None,
    types: Types | None = None,
) -> Bound:
    """Binds a tree to the destination of the pack that suits it best.

    That is the first one, of those whose ``when`` the query asserts (or the rule implies) and then
    of those without, that has every field, one that holds all values before others; else the one
    that has the most fields. Raises MappingError where a field or value has no counterpart and
    ``unmapped`` is "error", and where the query can match nothing. With "comment" a test without a
    counterpart is left out, so that more matches.
    """
    types = (types or Types()).of((pack,))
    destinations = pack.targets.get(target, ())
    if not destinations:
        raise MappingError(
            f"the data source {pack.source} has no mapping for {target}",
            notes=(Note("unmapped-field", Effect.UNMAPPED, f"no mapping for {target}"),),
            hint="--source none keeps Elastic's field names",
        )
    node, told = asked(node, types.type_asked)
    node, respelt = in_own_words(node, pack)
    asserted = together(_each(implied or {}), asserted_values(node))
    chosen = [d for d in destinations if asserts(asserted, d.when)]
    passed_over: list[Note] = []
    attempts: list[Bound] = []
    whole: list[Bound] = []
    narrower: list[Bound] = []
    impossible: list[MappingError] = []
    candidates = chosen + [d for d in destinations if not d.when]
    for destination in candidates or destinations:
        try:
            attempt = Binder(pack, destination, asserted, types).bind(node)
            attempt = replace(attempt, notes=(*told, *attempt.notes))
        except MappingError as error:
            impossible.append(error)
            passed_over.append(_passed_over(destination, error.message, None))
            continue
        attempt = replace(attempt, notes=(*respelt, *attempt.notes))
        missing = _missing(attempt)
        attempts.append(attempt)
        if not candidates:
            continue
        attempt = replace(attempt, notes=(*attempt.notes, *passed_over))
        if not missing and "logsource" in destination.place and isinstance(attempt.node, Always):
            whole.append(attempt)  # a rule of Sigma needs a test
            passed_over.append(_passed_over(destination, "every event of it is meant", None))
        elif not missing and (never := _never_there(attempt)):
            narrower.append(attempt)  # another one may hold all that is asked for
            passed_over.append(_passed_over(destination, never.message, never.span))
        elif not missing:
            return attempt
        else:
            passed_over.append(_passed_over(destination, missing[0].message, missing[0].span))
    if whole or narrower:
        return (whole or narrower)[0]
    if not attempts and not candidates and pack.title not in impossible[0].message:
        named = [*dict.fromkeys(destination.name for destination in destinations)]
        others = " and others" if named[_FEW:] else ""
        raise no_mapping(pack, ", ".join(named[:_FEW]) + others)
    if not attempts:
        raise impossible[0]
    if not candidates:
        raise _nowhere(pack, destinations)
    best = min(attempts, key=lambda attempt: len(_missing(attempt)))
    if unmapped == "comment":
        from kqlx.mappings.unmapped_tests import LeavingOut

        left = LeavingOut(best, asserted).bind(node)
        return replace(left, notes=(*told, *left.notes))
    if unmapped == "error":
        raise MappingError(
            "; ".join(dict.fromkeys(note.message for note in _missing(best))),
            notes=best.notes,
            hint="use --unmapped keep to keep the Elastic field name, --unmapped comment to drop"
            " this test, or --source none to keep all field names",
        )
    return best


def _each(values: Mapping[str, str]) -> Asserted:
    """Values that all events have, as asserted ones."""
    return {name: (frozenset({value}),) for name, value in values.items()}


def constant_value(pack: Pack, destination: Destination, field: str) -> str | None:
    """The value that a field has on all events of the data source there; None where it varies, or
    that is not known.
    """
    spec = destination.field(field)
    told = (spec.fixed, spec.constant) if spec is not None else ()
    return next((value for value in (pack.constants.get(field), *told) if value is not None), None)


def name_of_values(pack: Pack, destination: Destination, field: str) -> str | None:
    """The column that has the values of a field, "" for what is the same on all events there; None
    where there is neither.
    """
    if field in pack.constants:
        return ""
    spec = destination.field(field) or destination.fields.get(in_any_place(field))
    if spec is not None and spec.counted_by is not None:
        return spec.counted_by
    if spec is None or spec.value_part or spec.value_patterns or spec.guard or spec.joined_columns:
        return None
    if spec.fixed is not None or spec.constant is not None:
        return ""
    return spec.column


def _nowhere(pack: Pack, destinations: Iterable[Destination]) -> MappingError:
    """Every destination is for queries that say more than this one."""
    wanted = [
        " and ".join(f"{name}:({' or '.join(values)})" for name, values in when.items())
        for d in destinations
        for when in d.when
    ]
    few = sorted(dict.fromkeys(wanted), key=len)[:_FEW]
    message = f"the query does not say which {pack.source} events it needs; add one of: "
    message += ", or ".join(few)
    if len(wanted) > _FEW:
        message += f", or what else kqlx sources show {pack.source} names"
    note = Note("unmapped-field", Effect.UNMAPPED, message)
    return MappingError(message, notes=(note,), hint="--source none keeps Elastic's field names")


def _missing(bound: Bound) -> list[Note]:
    return [note for note in bound.notes if note.effect is Effect.UNMAPPED]


def _never_there(bound: Bound) -> Note | None:
    """A note that the destination holds some of what is asked for, and not all."""
    lacks = (note for note in bound.notes if note.code == "value-never-occurs")
    return next((note for note in lacks if note.effect is Effect.NARROWER), None)


def _passed_over(destination: Destination, why: str, span: Span | None) -> Note:
    return Note("place-chosen", Effect.SAME, f"{destination.name} was passed over: {why}", span)


def unbound(node: Node, source: str | None, types: Types) -> Bound:
    """A tree that keeps Elastic's names, because the user says so or nothing was recognised."""
    node, told = asked(node, types.type_asked)
    if source == "none":
        return Bound(node, source=source, notes=told, types=types)
    note = Note(
        "no-data-source",
        Effect.UNMAPPED,
        "data source not recognised: Elastic's field names stay as they are",
        hint="name it with --source, or say --source none if the target holds ECS names",
    )
    return Bound(node, notes=(note, *told), types=types)


def with_own_table(bound: Bound, target: str, own: str | Mapping[str, str] | None) -> Bound:
    """The same tree on the user's own table or function instead of the pack's: one for all tables
    of the data source, or each by the name of the pack's.
    """
    there = bound.place.get("table")
    if own is None or there is None or bound.pack is None:
        return bound
    names = [str(name) for name in there] if isinstance(there, list) else [str(there)]
    if not isinstance(own, str):
        return replace(bound, place={"table": [own.get(name, name) for name in names]})
    notes = bound.notes
    if len(bound.pack.targets[target]) > 1:
        message = (
            f"{own} stands for {', '.join(names)}; {bound.source} has several tables, each with"
            " columns of its own"
        )
        example = f"{bound.source}: {{{names[0]}: {own}}}"
        hint = f"name them one by one below sentinel.tables: {example}"
        notes = (*notes, Note("own-table", Effect.SAME, message, hint=hint))
    return replace(bound, place={"table": own}, notes=notes)
