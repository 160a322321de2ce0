"""The options on the fields of a rule (types, data source, mappings) → what reads its query."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kqlx.cli.common import fail
from kqlx.cli.requests import listed_files, load_settings
from kqlx.errors import KqlxError
from kqlx.nodes import Node
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.mappings.known_types import Types


def reader_of_types(
    mapping: list[str] | None,
    fields: str | None,
    source: str | None,
    config: str | None,
) -> Callable[[Rule], tuple[Node, Types]]:
    """What reads the query of a rule, and finds out the types of its fields, by these options and
    the settings; it raises KqlxError. Of a query on several events the tree names all fields.

    Options that cannot be used end the program with a message.
    """
    from kqlx.conversion.choices import check_choices, find_packs
    from kqlx.mappings.field_list import load
    from kqlx.rules.known_types import known_types
    from kqlx.rules.query_tree import tree_of_fields

    try:
        packs = find_packs(listed_files(mapping), load_settings(config))
        check_choices(source, "error", (), packs)
        own = None if fields is None else load(fields)
    except KqlxError as error:
        fail(error)

    def read(rule: Rule) -> tuple[Node, Types]:
        tree = tree_of_fields(rule)
        return tree, known_types(tree, rule, own, source, packs)

    return read
