"""``kqlx sources`` and ``kqlx sources show``: what the mapping packs know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from kqlx.cli import options as cli
from kqlx.cli import source_list
from kqlx.cli.common import fail
from kqlx.cli.declared import argument, for_typer
from kqlx.cli.help_groups import Grouped
from kqlx.cli.known_packs import known_packs
from kqlx.cli.tables import print_table
from kqlx.errors import KqlxError
from kqlx.hidden_characters import escaped

if TYPE_CHECKING:
    from kqlx.mappings.field_spec import FieldSpec
    from kqlx.mappings.pack import Destination, Pack

sources = typer.Typer(
    name="sources",
    help="List the data sources, and where each target has their events.\n\nExample: kqlx sources",
)


@sources.callback(invoke_without_command=True)
@for_typer
def list_sources(
    context: typer.Context, mapping: cli.Mapping = None, config: cli.Config = None
) -> None:
    """List the data sources, and where each target has their events."""
    context.obj = (mapping, config)
    if context.invoked_subcommand is None:
        source_list.sources(mapping, config)


@sources.command(cls=Grouped)
@for_typer
def show(
    context: typer.Context,
    source: Annotated[str, argument(metavar="SOURCE", help="Such as o365.audit.")],
    mapping: cli.Mapping = None,
    config: cli.Config = None,
) -> None:
    """Print the mapping pack of a data source. Each destination has a table.

    Example: kqlx sources show o365.audit
    """
    try:
        above, file = context.obj or (None, None)
        pack = known_packs([*(above or ()), *(mapping or ())], config or file).get(source)
    except KqlxError as error:
        fail(error)
    for line in _about(pack):
        print(escaped(line))
    for target, destinations in pack.targets.items():
        for destination in destinations:
            print(f"\n{target}: {escaped(destination.name)}")
            for line in _about_place(destination):
                print(f"  {escaped(line)}")
            print_table(_fields_of(destination), indent="  ")


def _about(pack: Pack) -> Iterator[str]:
    yield f"{pack.source}: {pack.title}"
    for name, values in pack.recognise.fields.items():
        yield f"named by {name}: {', '.join(values)}"
    if pack.recognise.exclusive_fields:
        yield f"named by fields of its own: {', '.join(pack.recognise.exclusive_fields)}"
    if pack.recognise.indices:
        yield f"named by index patterns: {', '.join(pack.recognise.indices)}"
    for when in pack.recognise.fallback_when:
        asked = "; ".join(f"{name}: {', '.join(values)}" for name, values in when.items())
        yield f"assumed where nothing names a source, for {asked}"
    if pack.recognise.categories:
        categories = ", ".join(pack.recognise.categories)
        yield f"asked for, of any product, by event.category: {categories}"
    if pack.recognise.model_kinds:
        yield f"asked for, of any product, by event.kind: {', '.join(pack.recognise.model_kinds)}"
    if pack.recognise.model_fields:
        yield f"asked for, of any product, by fields: {', '.join(pack.recognise.model_fields)}"
    for name, value in pack.constants.items():
        yield f"on every event {name}: {value}"
    for name, values in pack.always_includes.items():
        yield f"on every event, among others, {name}: {', '.join(values)}"
    for name, values in pack.allowed_values.items():
        yield f"no {name} other than {', '.join(values)}"
    for name, said in pack.fixed_spelling.items():
        yield f"each value of {name} in one spelling: {said}"
    for name, copies in pack.repeats.items():
        for value, others in copies.items():
            yield f"{name} {value}: as an earlier event with {' or '.join(others)}"


def _about_place(destination: Destination) -> Iterator[str]:
    if destination.source:
        yield f"source: {destination.source}"
    if destination.place.get("json"):
        yield "the events are JSON, whose nulls may be the text null"
    for when in destination.when:
        yield "for " + "; ".join(f"{name}: {', '.join(values)}" for name, values in when.items())
    if destination.about:
        yield f"for queries that ask every event for one of: {', '.join(destination.about)}"
    for name, values in destination.never.items():
        yield f"never {name}: {', '.join(values)}"
    if destination.filter:
        yield f"only events of {destination.filter}"
    for predicate, fields in destination.kinds.items():
        yield f"of {predicate} alone: {', '.join(fields)}"
    for note in destination.notes:
        yield f"note ({note.effect}): {note.message}"
    for column, reason in destination.unconfirmed.items():
        yield f"not confirmed, {column}: {reason}"


def _fields_of(destination: Destination) -> Iterator[tuple[str, str, str]]:
    from kqlx.mappings.coverage import kind

    yield "field", "column", "kind"
    for name, told in destination.fields.items():
        for spec in (*told.alternatives, told):
            asked = [f"{field} {' or '.join(v)}" for when in spec.when for field, v in when.items()]
            where = f" (with {', '.join(asked)})" if asked else ""
            yield name, _column_of(spec), kind(spec, destination) + where
            for value, predicate in spec.value_predicates.items():
                yield f"  {value}", predicate, ""


def _column_of(spec: FieldSpec) -> str:
    return spec.column or " or ".join(spec.any_of) or "-"
