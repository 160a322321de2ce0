"""A query as it is asked of the events of a data source, whatever the target: with what the types
of its fields mean, in the words of Elastic's integration.
"""

from __future__ import annotations

from collections.abc import Mapping

from kqlx.elastic.matching import met_values
from kqlx.elastic.multi_fields import base_field
from kqlx.mappings.asserted_values import Asserted, Groups, asserted_values, together
from kqlx.mappings.elasticsearch_semantics import as_elasticsearch_asks
from kqlx.mappings.field_spec import When
from kqlx.mappings.known_types import Types
from kqlx.mappings.pack import Pack
from kqlx.mappings.shipper_values import in_elastic_values, named_fields
from kqlx.nodes import (
    Equals,
    Like,
    Literal,
    Node,
    any_of,
    has_part,
    simplify,
    transform,
)
from kqlx.notes import Note
from kqlx.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """The tree for one data source, the notes on how it came about, the values that every event
    that matches has, those that its groups assert, and the types of fields.
    """

    node: Node
    notes: tuple[Note, ...]
    asserted: Asserted
    types: Types
    groups: Groups = field(compare=False, repr=False)


class AskedQuery:
    """A tree, and what it asks of each data source, worked out once for all targets."""

    def __init__(self, node: Node, types: Types | None = None) -> None:
        self.node = node
        self.types = types or Types()
        self._asked: dict[str, tuple[Pack, When, Asked]] = {}
        self._by_types: list[_ByTypes] = []

    def of(self, pack: Pack, implied: When) -> Asked:
        """The query as it is asked of one pack, where all events have the ``implied`` values.

        Raises UnsupportedError for what Elasticsearch refuses.
        """
        known = self._asked.get(pack.source)
        if known is None or known[0] is not pack or known[1] != implied:
            known = self._asked[pack.source] = pack, implied, self._of(pack, implied)
        return known[2]

    def _of(self, pack: Pack, implied: When) -> Asked:
        types = self.types.of((pack,))
        asked = self._as_elasticsearch_asks(types)
        node, respelt = in_elastic_values(asked.node, pack, asked.named)
        asserted = together(all_assert(implied), asserted_values(_by_known_values(node, pack)))
        groups = Groups()
        groups.keep(node, asserted)
        return Asked(node, (*respelt, *asked.notes), asserted, types, groups)

    def _as_elasticsearch_asks(self, types: Types) -> _ByTypes:
        """The same for all packs that agree on the types that it depends on."""
        for known in self._by_types:
            if all(types.type_asked(name) == type for name, type in known.types.items()):
                return known
        asked: dict[str, str | None] = {}

        def type_of(name: str) -> str | None:
            asked[name] = found = types.type_asked(name)
            return found

        node, notes = as_elasticsearch_asks(self.node, type_of)
        self._by_types.append(_ByTypes(asked, node, notes, named_fields(node)))
        return self._by_types[-1]


def _by_known_values(node: Node, pack: Pack) -> Node:
    """The tree with the values of the source that fit a pattern in its place, where all that its
    field can have are known: ``event.action like ("exec", "Process Create*")`` asserts, of a source
    without such a value, ``exec`` alone.
    """
    if not has_part(node, Like):
        return node

    def known(leaf: Node) -> Node:
        if not isinstance(leaf, Like):
            return leaf
        possible = pack.possible(base_field(leaf.field.name))
        if not possible:
            return leaf
        met = met_values(leaf, dict.fromkeys(possible))
        literals = [Literal(value, True, leaf.span) for value in met]
        return any_of([Equals(leaf.field, one, leaf.span) for one in literals], leaf.span)

    return simplify(transform(node, known))


@dataclass(frozen=True, slots=True)
class _ByTypes:
    """What Elasticsearch makes of the tree, the types that were asked for on the way, and the
    fields of whose values the tree has tests.
    """

    types: Mapping[str, str | None]
    node: Node
    notes: tuple[Note, ...]
    named: frozenset[str]


def all_assert(values: When) -> Asserted:
    """Values that all events have, as asserted ones."""
    return {name: (frozenset(value),) for name, value in values.items()}
