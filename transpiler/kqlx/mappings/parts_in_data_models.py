"""A query about several data models, in each of them: the alternatives that are asked there, and
what one of them lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kqlx.errors import MappingError
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.asserted_values import asserted_values
from kqlx.mappings.binder import Binder
from kqlx.mappings.binding import NeverMatchesError
from kqlx.mappings.bound import Bound
from kqlx.mappings.data_models import part_for
from kqlx.mappings.pack import Pack
from kqlx.nodes import And, Node, Not, Or, conjuncts, simplify
from kqlx.notes import Effect, Note

Binding = Callable[[AskedQuery, Pack], object]
"""Binds a query to the events of a data source, or raises MappingError."""

COUNTED_IN_EACH = Note(
    "any-product",
    Effect.WIDER,
    "an event that is in several of the data models counts once in each of them",
)


def asked_of(query: AskedQuery, pack: Pack, packs: Iterable[Pack]) -> AskedQuery:
    """The alternatives of the query that are for the events of one of the data models."""
    node = part_for(query.node, pack.source, {one.source: one.recognise for one in packs})
    return query if node == query.node else AskedQuery(node, query.types)


def left_out(
    pack: Pack,
    error: MappingError,
    query: AskedQuery,
    target: str,
    models: Iterable[Pack],
    bind: Callable[[AskedQuery], object],
) -> Note:
    """A note on a data model that lacks what the query asks for. Where each event must have it,
    none of its events can be found, whatever product they are of; else some are missed. So they
    are where the query asks for a kind of events that is in no other of the ``models``, and the
    target has none of it.
    """
    if not pack.targets.get(target) and _is_alone(pack, query.node, target, models):
        message = f"{pack.source} is left out: {error.message}"
        return Note("source-left-out", Effect.NARROWER, message)
    if any(all(_fails(bind, test, query) for test in tests) for tests in _required(query.node)):
        return not_told(pack, error.message)
    message = f"{pack.source} is left out: {error.message}"
    return Note("source-left-out", Effect.NARROWER, message)


def never_has(bound: Bound, field: str) -> bool:
    """Whether the tree is of a data model in which no event has the field."""
    if bound.pack is None or bound.destination is None or not bound.pack.recognise.is_data_model:
        return False
    if bound.pack.possible(field) == ():
        return True
    spec = bound.destination.field(field)
    return spec is None or bool(spec.no_counterpart and not spec.value_predicates)


def without_untold(
    query: AskedQuery,
    pack: Pack,
    models: Iterable[Pack],
    bind: Binding,
) -> tuple[AskedQuery, Note] | None:
    """The query without the alternatives that events of the data model do not tell in the target,
    each of which another of the ``models`` tells there, with a note on them. None where there are
    no such alternatives, or nothing is left.
    """
    others = [one for one in models if one.source != pack.source]
    whys: list[str] = []
    tests: list[Node] = []
    for test in conjuncts(query.node):
        if not isinstance(test, Or):
            tests.append(test)
            continue
        told = []
        for item in test.items:
            asked = AskedQuery(item, query.types)
            if not (why := _why_untold(bind, pack, asked)):
                told.append(item)
                continue
            if all(_why_untold(bind, one, asked) for one in others):
                return None
            whys.append(why)
        if not told:
            return None
        tests.append(Or(tuple(told), test.span))
    if not whys:
        return None
    why = "; ".join(dict.fromkeys(whys))
    message = f"{pack.source} is asked for the other alternatives alone: {why}"
    node = simplify(And(tuple(tests), query.node.span))
    return AskedQuery(node, query.types), Note("source-left-out", Effect.COVERAGE, message)


def not_told(pack: Pack, why: str) -> Note:
    """A note on a data model in which no event tells what the rule asks of each."""
    message = f"{pack.source} is left out, as its events do not tell it there: {why}"
    return Note("source-left-out", Effect.COVERAGE, message)


def _is_alone(pack: Pack, node: Node, target: str, models: Iterable[Pack]) -> bool:
    """Whether the query asks for events, by their kind or category, which the target has in none of
    the other models, or at most by the way.
    """
    asserted = asserted_values(node)
    categories = asserted.get("event.category", ())
    others = [one.recognise.categories for one in models if one.targets.get(target)]
    if any(
        values <= {*pack.recognise.categories} and not any(values <= {*one} for one in others)
        for values in categories
    ):
        return True
    kinds = pack.recognise.model_kinds if not pack.recognise.categories else ()
    return any(values <= {*kinds} for values in asserted.get("event.kind", ()))


def effect_of_gap(node: Node, binder: Binder) -> Effect:
    """What it means that a destination of a data model is not read which lacks fields of the query:
    where each event must have them, it tells none; else some are missed.
    """

    def lacks(test: Node) -> bool:
        try:
            return bool(binder.bind(test).lacking)
        except MappingError:
            return True

    told = any(all(map(lacks, tests)) for tests in _required(node))
    return Effect.COVERAGE if told else Effect.NARROWER


def _required(node: Node) -> list[list[Node]]:
    """The tests that every event must meet, without what is excluded: of each the alternatives."""
    tests = [test for test in conjuncts(node) if not isinstance(test, Not)]
    return [list(test.items) if isinstance(test, Or) else [test] for test in tests]


def _fails(bind: Callable[[AskedQuery], object], test: Node, query: AskedQuery) -> bool:
    """Whether no event there can meet the test."""
    try:
        bind(AskedQuery(test, query.types))
    except MappingError:
        return True
    return False


def _why_untold(bind: Binding, pack: Pack, query: AskedQuery) -> str:
    """Why the events of a data model do not tell whether they meet the query; "" where they do, or
    none of them does.
    """
    try:
        bind(query, pack)
    except NeverMatchesError:
        return ""
    except MappingError as error:
        return error.message
    return ""
