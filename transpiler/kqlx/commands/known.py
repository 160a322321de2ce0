"""The options that say what is known of the fields of a rule: their types, its data source, the
mappings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kqlx.commands.common import load_settings

if TYPE_CHECKING:
    from kqlx.mappings.fields import FieldList
    from kqlx.mappings.library import Packs

FieldsOption = Annotated[
    str | None,
    typer.Option(
        help="Field types before those that are known: a data view, _mapping or _field_caps file,"
        " or ecs; none leaves all types unknown."
    ),
]
SourceOption = Annotated[
    str | None,
    typer.Option(help="Data source, such as o365.audit; none keeps all field names."),
]
MappingOption = Annotated[
    list[str] | None,
    typer.Option(help="A file of mapping packs, over or beside the built-in ones."),
]


def load_packs_and_fields(
    mapping: list[str] | None, fields: str | None, source: str | None
) -> tuple[Packs, FieldList | None]:
    """The packs with those of the settings and of the option over them, and the field list.

    Raises MappingError and UsageError for what cannot be read, and for a data source that there is
    not.
    """
    from kqlx.convert import check_choices, find_packs
    from kqlx.mappings.fields import load

    packs = find_packs(mapping or (), load_settings())
    check_choices(source, "error", (), packs)
    return packs, None if fields is None else load(fields)
