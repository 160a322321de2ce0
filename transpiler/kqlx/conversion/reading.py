"""What a rule asks, whatever the target: read once, however many targets it is converted to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from kqlx.conversion.choices import find_packs
from kqlx.frontends import KUERY
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.field_list import FieldList, read_fields
from kqlx.mappings.pack_library import Packs
from kqlx.nodes import Node
from kqlx.rules.filters import with_conditions
from kqlx.rules.known_types import types_and_remarks
from kqlx.rules.model import Rule
from kqlx.rules.query_tree import tree_of

if TYPE_CHECKING:
    from pathlib import Path

    from kqlx.settings import Settings


class Reading:
    """A rule with the tree of its query, what is known of its fields, and its data sources.

    ``source`` is the data source that the user names, ``packs`` are those to choose among.
    """

    def __init__(
        self, rule: Rule, node: Node, source: str | None, packs: Packs, fields: FieldList | None
    ) -> None:
        self.rule = rule
        self.node = node
        self.source = source
        self.packs = packs
        self.fields = fields
        self.types, self.remarks = types_and_remarks(node, rule, fields, source, packs)

    @cached_property
    def query(self) -> AskedQuery:
        """The tree with the conditions beside the query, for the destinations of packs."""
        node, _ = with_conditions(self.node, self.rule, self.types)
        return AskedQuery(node, self.types)


def read(
    rule: Rule | str,
    *,
    source: str | None = None,
    mappings: Iterable[str | Path] | str | Path | Packs = (),
    leading_wildcards: bool = True,
    node: Node | None = None,
    settings: Settings | None = None,
    fields: FieldList | Mapping[str, str] | str | None = None,
    language: str = KUERY,
) -> Reading:
    """A rule or the text of a query, read for ``convert`` to several targets. The options are those
    of ``convert`` that say how a rule is read.

    Raises QuerySyntaxError, MappingError and UsageError.
    """
    if isinstance(rule, str):
        rule = Rule(name="", query=rule, language=language)
    packs = find_packs(mappings, settings)
    if node is None:
        node = tree_of(rule, leading_wildcards)
    return Reading(rule, node, source, packs, read_fields(fields))
