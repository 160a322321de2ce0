"""Which data sources a query is about, and where their events are in a target: tree in Elastic's
names → bound trees, one a destination.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kqlx.errors import MappingError
from kqlx.hints import Argument, Hint
from kqlx.mappings.asked_query import Asked, AskedQuery
from kqlx.mappings.asserted_values import asserts
from kqlx.mappings.binder import Binder
from kqlx.mappings.binding import no_mapping
from kqlx.mappings.bound import Bound
from kqlx.mappings.elasticsearch_semantics import as_elasticsearch_asks
from kqlx.mappings.field_spec import When
from kqlx.mappings.known_types import Types
from kqlx.mappings.letter_case import with_case_of_names
from kqlx.mappings.pack import Destination, Pack
from kqlx.mappings.recognition import asserts_field
from kqlx.mappings.unmapped_tests import Attempt, UnmappedPolicy, apply_unmapped, why
from kqlx.mappings.without_counterpart import why_no_field
from kqlx.nodes import FieldTest, Node, Span, Unmapped, walk
from kqlx.notes import Effect, Note
from kqlx.records import replace

KEEP_NAMES = Hint(Argument("source", "none"), " keeps Elastic's field names")

_FEW = 3
"""So many ways to say which events are meant are told."""


def bind(
    node: Node,
    pack: Pack,
    target: str,
    unmapped: UnmappedPolicy = "error",
    implied: When | None = None,
    types: Types | None = None,
) -> Bound:
    """Binds a tree to the destination of the pack that suits it best; see ``bind_asked``."""
    return bind_asked(AskedQuery(node, types), pack, target, unmapped, implied)


def bind_asked(
    query: AskedQuery,
    pack: Pack,
    target: str,
    unmapped: UnmappedPolicy = "error",
    implied: When | None = None,
) -> Bound:
    """Binds a query to the destination of the pack that suits it best.

    That is the first one, of those whose ``when`` the query asserts (or the rule implies) and then
    of those without or ``about`` what it asks, that has every field, one that holds all values
    before others; else the one that has the most fields. Raises MappingError where a field or value
    has no counterpart and ``unmapped`` is "error", and where the query can match nothing. With
    "comment" a test without a counterpart is left out, so that more matches.
    """
    destinations = pack.targets.get(target, ())
    if not destinations:
        message = f"the data source {pack.source} has no mapping for {target}"
        if reason := pack.lacking.get(target):
            message = f"{pack.source} has no counterpart: {reason}"
        raise MappingError(
            message,
            code="unmapped-field",
            notes=(Note("unmapped-field", Effect.UNMAPPED, message),),
            hint=KEEP_NAMES,
        )
    asked = query.of(pack, implied or {})
    passed_over: list[Note] = []
    attempts: list[Attempt] = []
    whole: list[Attempt] = []
    narrower: list[Attempt] = []
    wider: list[Attempt] = []
    impossible: list[MappingError] = []
    in_parts: set[str] = set()
    candidates = candidates_of(asked, destinations)
    for destination in candidates or destinations:
        try:
            binder = Binder(pack, destination, asked.asserted, asked.types, asked.groups)
            attempt = binder.bind(asked.node)
        except MappingError as error:
            impossible.append(error)
            if not destination.together:  # none of the events are in this part
                passed_over.append(_passed_over(destination, error.message, None))
            continue
        attempt = replace(attempt, notes=(*asked.notes, *attempt.notes))
        if not candidates:
            if not _lacks_kind(attempt, destination):
                attempts.append(attempt)
            continue
        attempts.append(attempt)
        missing = attempt.lacking
        attempt = replace(attempt, notes=(*attempt.notes, *passed_over))
        if missing:
            because = why(missing[0], destination)
            passed_over.append(_passed_over(destination, because, missing[0].span))
        elif "logsource" in destination.place and attempt.asks_for_every_event:
            whole.append(attempt)  # a rule of Sigma needs a test
            passed_over.append(_passed_over(destination, "the query asks for every event", None))
        elif attempt.unmapped:
            wider.append(attempt)  # another one may have the fields of its exceptions
            because = why(attempt.unmapped[0], destination)
            passed_over.append(_passed_over(destination, because, attempt.unmapped[0].span))
        elif attempt.by_option:
            wider.append(attempt)  # another one may have what only an option fills
            passed_over.append(_passed_over(destination, attempt.by_option[0].message, None))
        elif never := _held_nowhere(attempt, asked, destination):
            narrower.append(attempt)  # another one may hold all that is asked for
            in_parts |= {destination.together} - {""}
            passed_over.append(_passed_over(destination, never.message, never.span))
        elif destination.together in in_parts:
            narrower.append(attempt)  # the other part of the events is not all there
        else:
            return apply_unmapped(attempt, unmapped)
    if whole or narrower or wider:
        return apply_unmapped((wider or whole or narrower)[0], unmapped)
    known = impossible[0].message if impossible else ""
    if not attempts and not candidates and pack.title not in known:
        named = [*dict.fromkeys(destination.name for destination in destinations)]
        others = " and others" if named[_FEW:] else ""
        raise no_mapping(pack, ", ".join(named[:_FEW]) + others)
    if not attempts:
        raise impossible[0]
    if not candidates:
        nowhere = all(any(map(_is_nowhere, attempt.unmapped)) for attempt in attempts)
        if not nowhere or unmapped != "error":
            raise _needs_discriminator(pack, destinations)
    return apply_unmapped(min(attempts, key=lambda attempt: len(attempt.lacking)), unmapped)


def of_one_sensor(bounds: Iterable[Bound]) -> None:
    """Raises MappingError where the trees are for events of several sensors of a data source, whose
    machines and processes have other IDs.
    """
    found: dict[str | None, dict[str, Destination]] = {}
    for bound in bounds:
        if (destination := bound.destination) is not None:
            found.setdefault(bound.source, {}).setdefault(destination.sensor, destination)
    for sensors in found.values():
        if len(sensors) > 1:
            first, second, *_ = sorted(destination.name for destination in sensors.values())
            message = f"{first} and {second} have events of different sensors, which give other IDs"
            message += " to machines and processes: none of them has all fields of the rule"
            note = Note("unmapped-field", Effect.UNMAPPED, message)
            raise MappingError(message, code=note.code, notes=(note,))


def candidates_of(asked: Asked, destinations: Iterable[Destination]) -> list[Destination]:
    """The destinations for what the query asks, in the order in which they are tried."""
    destinations = tuple(destinations)
    chosen = [d for d in destinations if asserts(asked.asserted, d.when)]
    return chosen + [
        d
        for d in destinations
        if (asserts_field(asked.node, d.about) and d not in chosen if d.about else not d.when)
    ]


def _is_nowhere(test: Unmapped) -> bool:
    """Whether the test is of a field that no destination has."""
    return isinstance(test.asked, FieldTest) and bool(why_no_field(test.asked.field.name))


def _needs_discriminator(pack: Pack, destinations: Iterable[Destination]) -> MappingError:
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
        message += f", or another test that kqlx sources show {pack.source} lists"
    note = Note("unmapped-field", Effect.UNMAPPED, message)
    return MappingError(message, code=note.code, notes=(note,), hint=KEEP_NAMES)


def _lacks_kind(attempt: Attempt, destination: Destination) -> bool:
    """Whether the query asks for a kind of events that is none of those of the destination."""
    kinds = {name for when in destination.when for name in when}
    asked = [test.asked for test in attempt.unmapped]
    return any(isinstance(test, FieldTest) and test.field.name in kinds for test in asked)


def _held_nowhere(attempt: Attempt, asked: Asked, destination: Destination) -> Note | None:
    """The first note on a value that is not there, nor in the destinations with which it shares the
    events by such values.
    """
    divided: set[Span] = set()
    if attempt.absent_values and destination.together:
        tests = (test for test in walk(asked.node) if isinstance(test, FieldTest))
        divided = {test.span for test in tests if test.field.name == destination.together}
    return next((note for note in attempt.absent_values if note.span not in divided), None)


def _passed_over(destination: Destination, why: str, span: Span | None) -> Note:
    return Note("place-chosen", Effect.SAME, f"{destination.name} was passed over: {why}", span)


def unbound(node: Node, source: str | None, types: Types) -> Bound:
    """A tree that keeps Elastic's names, because the user says so or nothing was recognised."""
    node, told = as_elasticsearch_asks(node, types.type_asked)
    node = with_case_of_names(node, types)
    if source == "none":
        return Bound(node, source=source, notes=told, types=types)
    note = Note(
        "no-data-source",
        Effect.UNMAPPED,
        "data source not recognised: Elastic's field names stay as they are",
        hint=Hint(
            "name it with ",
            Argument("source"),
            ", or say ",
            Argument("source", "none"),
            " if the target holds ECS names",
        ),
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
            f"{own} replaces {', '.join(names)}; {bound.source} has several tables, with different"
            " columns"
        )
        example = f"{bound.source}: {{{names[0]}: {own}}}"
        hint = f"name one for each of them under sentinel.tables: {example}"
        notes = (*notes, Note("own-table", Effect.SAME, message, hint=hint))
    return replace(bound, place={"table": own}, notes=notes)
