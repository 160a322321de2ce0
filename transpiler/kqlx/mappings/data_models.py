"""Queries in fields of ECS alone, for the events of any product: the data models of destinations,
Splunk's Common Information Model and Microsoft's ASIM, that hold what is asked for.

What an event must have says which of them it may be in: its category, and the fields that are
tested. A query of which an alternative says neither is about no data model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kqlx.errors import MappingError
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.asserted_values import asserted_values
from kqlx.mappings.bound import Bound
from kqlx.mappings.pack import Marks, Pack
from kqlx.mappings.source_hints import own_names
from kqlx.nodes import (
    And,
    Equals,
    FieldTest,
    FunctionTest,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    Term,
    conjuncts,
    simplify,
)
from kqlx.notes import Effect, Note

_CATEGORY = "event.category"

Models = frozenset[str]

_NONE: Models = frozenset()

COUNTED_IN_EACH = Note(
    "any-product",
    Effect.WIDER,
    "an event that is in several of the data models counts once in each of them",
)


def models_of(node: Node, marks: Mapping[str, Marks]) -> Models:
    """The data models that may hold events which match; none where the query does not say, or an
    alternative of it is for events that are in none of them.
    """
    models = {source: one for source, one in marks.items() if one.is_data_model}
    return _Reader(models).of(node, None) or _NONE


def asked_of(query: AskedQuery, pack: Pack, packs: Iterable[Pack]) -> AskedQuery:
    """The alternatives of the query that are for the events of one of the data models."""
    reader = _Reader({one.source: one.recognise for one in packs})
    node = simplify(reader.part_for(query.node, pack.source))
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


class _Reader:
    """Which of the models may hold the events that meet a test. ``None`` stands for any, and for
    what the test says nothing of.
    """

    def __init__(self, models: Mapping[str, Marks]) -> None:
        self.models = models

    def of(self, node: Node, around: Models | None) -> Models | None:
        """Those of the models ``around`` that may hold events which meet the node; empty where an
        alternative is in none of them.
        """
        if isinstance(node, And):
            return self._of_all(node, around)
        if isinstance(node, Or):
            return self._of_either(node, around)
        found = self._of_test(node)
        return around if found is None else found if around is None else found & around

    def _of_all(self, node: And, around: Models | None) -> Models | None:
        choices = [item for item in node.items if isinstance(item, Or)]
        for item in node.items:
            if not isinstance(item, Or):
                around = self.of(item, around)
        for item in choices:
            around = self.of(item, around)
        divided = [item for item in choices if self._divides(item, around)]
        # What the alternatives of two groups have in common may be in no model.
        return _NONE if len(divided) > 1 else around

    def _divides(self, node: Or, around: Models | None) -> bool:
        """Whether some of the alternatives are for some of the models alone."""
        return any(self.of(item, around) != around for item in node.items)

    def _of_either(self, node: Or, around: Models | None) -> Models | None:
        found: Models = _NONE
        for item in node.items:
            models = self.of(item, around)
            if models is None:
                return None
            if not models:
                return _NONE
            found |= models
        return found

    def _of_test(self, node: Node) -> Models | None:
        """What a test says by itself; an empty set for events of a category that no model has."""
        if isinstance(node, Equals) and node.field.name == _CATEGORY:
            (asked,) = asserted_values(node).get(_CATEGORY, (frozenset(),))
            texts = {one if isinstance(one, str) else one.text for one in asked}
            return frozenset(s for s, m in self.models.items() if texts <= {*m.categories})
        names = [term for term in _terms(node) if term.name != _CATEGORY]
        known = [models for term in names if (models := self._having(term))]
        return frozenset.intersection(*known) if known else None

    def _having(self, term: Term) -> Models:
        """The models whose events may have a field, or one of those that fit a name with stars."""
        if not isinstance(term, Pattern):
            return frozenset(
                source
                for source, one in self.models.items()
                if own_names(term.name, one.model_fields)
            )
        fit = term.matcher()
        return frozenset(
            source
            for source, one in self.models.items()
            if any(fit(name.removesuffix("*")) for name in one.model_fields)
        )

    def part_for(self, node: Node, source: str) -> Node:
        """The tree without the alternatives that are for the events of other models alone."""
        if isinstance(node, And):
            return And(tuple([self.part_for(item, source) for item in node.items]), node.span)
        if isinstance(node, Or):
            kept = []
            for item in node.items:
                models = self.of(item, None)
                if models is None or source in models:
                    kept.append(self.part_for(item, source))
            return Or(tuple(kept), node.span)
        return node


def _terms(node: Node) -> list[Term]:
    """The fields of which every event that meets the test has a value."""
    if isinstance(node, FieldTest | Regexp):
        return [node.field]
    if isinstance(node, Nested):
        return [node.path]
    if isinstance(node, FunctionTest):
        return list(node.fields)
    return []
