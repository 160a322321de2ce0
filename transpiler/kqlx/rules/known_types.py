"""What types the fields of a rule have, as far as the rule and others say."""

from __future__ import annotations

from kqlx.mappings.field_list import FieldList
from kqlx.mappings.known_types import Types, texts_beside_keywords
from kqlx.mappings.pack_library import Packs
from kqlx.mappings.recognition import sources_of
from kqlx.nodes import Node
from kqlx.notes import Note
from kqlx.rules.filters import with_conditions
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.threshold import threshold_of, uncounted


def known_types(
    node: Node,
    rule: Rule,
    own: FieldList | None = None,
    source: str | None = None,
    packs: Packs | None = None,
) -> Types:
    """The types of the fields of a rule, from the tree of its query. The data source is recognised
    as for a conversion, unless it is named.

    Raises UsageError for a data source that there is not.
    """
    types, _ = types_and_remarks(node, rule, own, source, packs)
    return types


def types_and_remarks(
    node: Node,
    rule: Rule,
    own: FieldList | None = None,
    source: str | None = None,
    packs: Packs | None = None,
) -> tuple[Types, tuple[Note, ...]]:
    """The same, with notes on the data sources, which are those of ``Types.packs``."""
    around, _ = with_conditions(node, rule, Types(own))
    found, remarks = sources_of(around, source, packs, rule.indices, rule.integrations)
    counting = threshold_of(rule) or new_terms_of(rule)
    counted = (*(counting.fields if counting else ()), *uncounted(rule))
    return Types(own, found, texts_beside_keywords(around, counted)), remarks
