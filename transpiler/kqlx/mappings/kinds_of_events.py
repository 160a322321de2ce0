"""A query over several kinds of events, such as ``(event.category:file and …) or
(event.category:process and …)``: one query for each place that holds some of them.
"""

from __future__ import annotations

from collections.abc import Callable

from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.binding import NeverMatchesError
from kqlx.mappings.bound import Bound
from kqlx.mappings.destinations import candidates_of
from kqlx.mappings.field_spec import When
from kqlx.mappings.pack import Destination, Pack
from kqlx.nodes import And, Node, Or, conjuncts, simplify
from kqlx.records import replace

Kinds = tuple[int, ...]
"""The numbers of the destinations that are for the events of an alternative."""


Part = tuple[AskedQuery, Bound]
"""What was asked of a place, and what it is bound to there."""


def bind_by_kind(
    query: AskedQuery,
    pack: Pack,
    target: str,
    implied: When,
    bind: Callable[[AskedQuery], Part],
) -> list[Part] | None:
    """The parts of the query that are for different places, each bound, without those that can
    match nothing; None where it has but one. Raises what ``bind`` raises, NeverMatchesError where
    no part is left.
    """
    parts = by_kind(query, pack, target, implied)
    if len(parts) == 1:
        return None
    found: list[Part] = []
    empty: list[NeverMatchesError] = []
    for part in parts:
        try:
            found.append(bind(part))
        except NeverMatchesError as error:
            empty.append(error)
    if not found:
        raise empty[0]
    asked, first = found[0]
    told = [note for error in empty for note in error.notes]
    found[0] = asked, replace(first, notes=(*first.notes, *told))
    return found


def by_kind(query: AskedQuery, pack: Pack, target: str, implied: When) -> tuple[AskedQuery, ...]:
    """The query in parts whose alternatives are for the same destinations of the pack.

    That is the query itself where the pack has a destination for all it asks, and where it has none
    for an alternative. Raises UnsupportedError for
    what Elasticsearch refuses.
    """
    destinations = pack.targets.get(target, ())
    if _kinds(query, pack, destinations, implied):
        return (query,)
    tests = conjuncts(query.node)
    for test in tests:
        if not isinstance(test, Or):
            continue
        rest = tuple(other for other in tests if other is not test)
        parts: dict[Kinds, list[Node]] = {}
        for item in test.items:
            one = _with(query, rest, item)
            if not (kinds := _kinds(one, pack, destinations, implied)):
                break
            parts.setdefault(kinds, []).append(item)
        else:
            return tuple(
                _with(query, rest, Or(tuple(items), test.span)) for items in parts.values()
            )
    return (query,)


def _with(query: AskedQuery, rest: tuple[Node, ...], test: Node) -> AskedQuery:
    return AskedQuery(simplify(And((*rest, test), query.node.span)), query.types)


def _kinds(
    query: AskedQuery, pack: Pack, destinations: tuple[Destination, ...], implied: When
) -> Kinds:
    candidates = candidates_of(query.of(pack, implied), destinations)
    return tuple(map(destinations.index, candidates))
