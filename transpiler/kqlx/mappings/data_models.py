"""Queries in fields of ECS alone, for the events of any product: the data models of destinations,
Splunk's Common Information Model and Microsoft's ASIM, that hold what is asked for.

What an event must have says which of them it may be in: its category, that it is an alert, and the
fields that are tested. A query of which an alternative says neither is about no data model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from kqlx.mappings.asserted_values import asserted_values
from kqlx.mappings.pack import Marks
from kqlx.mappings.source_hints import bare, own_names
from kqlx.nodes import (
    And,
    Equals,
    FieldTest,
    FunctionTest,
    Nested,
    Node,
    Or,
    Pattern,
    Regexp,
    Term,
    simplify,
)

_CATEGORY = "event.category"
_KIND = "event.kind"

Models = frozenset[str]

_NONE: Models = frozenset()


def models_of(node: Node, marks: Mapping[str, Marks]) -> Models:
    """The data models that may hold events which match; none where the query does not say, or an
    alternative of it is for events that are in none of them.
    """
    models = {source: one for source, one in marks.items() if one.is_data_model}
    return _Reader(models).of(node, None) or _NONE


def standing_for(indices: Sequence[str], marks: Mapping[str, Marks]) -> dict[str, str]:
    """The data models that are searched in place of all that a rule reads, each with the reason."""
    read = [bare(index) for index in indices if not index.startswith("-")]
    found = {}
    for source, one in marks.items():
        if not one.stands_for:
            continue
        reasons = [
            next((w for p, w in one.stands_for.items() if fnmatchcase(i, p)), "") for i in read
        ]
        if reasons and all(reasons):
            found[source] = reasons[0]
    return found


def part_for(node: Node, source: str, marks: Mapping[str, Marks]) -> Node:
    """The alternatives of the query that are for the events of one of the data models."""
    return simplify(_Reader(marks).part_for(node, source))


class _Reader:
    """Which of the models may hold the events that meet a test. ``None`` stands for any, and for
    what the test says nothing of.
    """

    def __init__(self, models: Mapping[str, Marks]) -> None:
        self.models = models
        # Groups ask for their items several times, which in groups within groups would never end.
        self._found: dict[tuple[int, Models | None], Models | None] = {}

    def of(self, node: Node, around: Models | None) -> Models | None:
        """Those of the models ``around`` that may hold events which meet the node; empty where an
        alternative is in none of them.
        """
        key = (id(node), around)
        if key not in self._found:
            self._found[key] = self._of(node, around)
        return self._found[key]

    def _of(self, node: Node, around: Models | None) -> Models | None:
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
        if isinstance(node, Equals) and node.field.name == _KIND:
            (asked,) = asserted_values(node)[_KIND]
            texts = {one if isinstance(one, str) else one.text for one in asked}
            # Of other kinds all data models have events.
            return frozenset(s for s, m in self.models.items() if texts <= {*m.model_kinds}) or None
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
