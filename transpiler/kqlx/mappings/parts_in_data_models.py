"""A query about several data models, in each of them: the alternatives that are asked there, and
what one of them lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kqlx.errors import MappingError
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.bound import Bound
from kqlx.mappings.data_models import part_for
from kqlx.mappings.pack import Pack
from kqlx.nodes import Node, Not, Or, conjuncts
from kqlx.notes import Effect, Note

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
    pack: Pack, error: MappingError, query: AskedQuery, bind: Callable[[AskedQuery], object]
) -> Note:
    """A note on a data model that lacks what the query asks for. Where each event must have it,
    none of its events can be found, whatever product they are of; else some are missed.
    """
    if any(all(_fails(bind, test, query) for test in tests) for tests in _required(query.node)):
        return not_told(pack, error.message)
    message = f"{pack.source} is left out: {error.message}"
    return Note("source-left-out", Effect.NARROWER, message)


def never_has(bound: Bound, field: str) -> bool:
    """Whether the tree is of a data model in which no event has the field."""
    if bound.pack is None or bound.destination is None:
        return False
    return bound.pack.recognise.is_data_model and bound.destination.field(field) is None


def not_told(pack: Pack, why: str) -> Note:
    """A note on a data model in which no event tells what the rule asks of each."""
    message = f"{pack.source} is left out, as its events do not tell it there: {why}"
    return Note("source-left-out", Effect.COVERAGE, message)


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
