"""``kqlx sources``, ``kqlx sources show`` and ``kqlx fields``: what the mapping packs know."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from kqlx.cli import completion
from kqlx.cli import options as cli
from kqlx.cli.common import Exit, fail, inputs, report, say_guess, usage
from kqlx.cli.declared import argument, for_typer, option
from kqlx.cli.help_groups import Grouped
from kqlx.cli.requests import config_of, listed_files, load_settings
from kqlx.cli.streams import say
from kqlx.errors import KqlxError
from kqlx.hidden_characters import escaped
from kqlx.hints import did_you_mean
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.mappings.coverage import FieldUse, State
    from kqlx.mappings.field_spec import FieldSpec
    from kqlx.mappings.pack import Destination, Pack
    from kqlx.mappings.pack_library import Packs

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
    if context.invoked_subcommand is not None:
        return
    from kqlx.backends import binding_targets
    from kqlx.mappings.coverage import mapped_names

    packs = _packs(mapping, config)
    rows = [("source", "target", "fields", "destinations")]
    for source in packs.sources():
        pack = packs.get(source)
        for target in binding_targets():
            there = pack.targets.get(target, ())
            names = {name for destination in there for name in mapped_names(destination)}
            places = "; ".join(dict.fromkeys(destination.name for destination in there))
            rows.append((source, target, str(len(names)), places or "-"))
    print_table(rows)


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
        pack = _packs([*(above or ()), *(mapping or ())], config or file).get(source)
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


def fields(
    paths: cli.Paths = None,
    query: cli.Queries = None,
    language: cli.Language = None,
    exclude: cli.Exclude = None,
    config: cli.Config = None,
    source: Annotated[
        str | None,
        option(
            metavar="NAME",
            help="Data source; by default recognised for each rule.",
            complete=completion.sources,
            group="Meaning",
        ),
    ] = None,
    mapping: cli.Mapping = None,
    table_format: Annotated[
        str | None,
        option(
            "--format",
            metavar="table|json|csv",
            help="How the table is printed. [default: table]",
        ),
    ] = None,
    stub: Annotated[
        bool,
        option("--stub", help="Print packs to fill in for fields without a counterpart."),
    ] = False,
) -> None:
    """List the fields that rules use, and their names in each target.

    Example: kqlx fields rules/
    """
    from kqlx.conversion.data_sources import RuleFieldCount

    formats = ("table", "json", "csv")
    if stub and table_format is not None:
        usage("--stub and --format exclude each other", "packs are always YAML")
    if table_format not in (None, *formats):
        message = f"--format is table, json or csv, not {table_format!r}"
        usage(message, did_you_mean(table_format, formats))
    packs = _packs(mapping, config)
    count = RuleFieldCount(packs)
    status = Exit.DONE
    try:
        if source is not None:
            packs.get(source)
    except KqlxError as error:
        fail(error)
    for rule in inputs(paths or [], query, exclude, language):
        if not isinstance(rule, Rule):
            status = max(status, report(rule))
            continue
        say_guess(rule)
        try:
            count.add_rule(rule, source)
        except KqlxError as error:
            status = max(status, report(error, rule))
    uses = count.uses()
    if stub:
        _print_stub(uses, packs)
    elif table_format == "json":
        import json

        print(json.dumps([_plain(use) for use in uses], indent=2, ensure_ascii=False))
    elif table_format == "csv":
        import csv

        csv.writer(sys.stdout, lineterminator="\n").writerows(_rows(uses, "; "))
    else:
        print_table([[cell or "-" for cell in row] for row in _rows(uses, ", ")])
    raise SystemExit(status)


def _packs(mapping: list[str] | None, config: str | None) -> Packs:
    from kqlx.conversion.choices import find_packs

    try:
        return find_packs(listed_files(mapping), load_settings(config_of(config, ())))
    except KqlxError as error:
        fail(error)


def _print_stub(uses: Iterable[FieldUse], packs: Packs) -> None:
    from kqlx.backends import binding_targets
    from kqlx.mappings.stubs import stub

    text = stub(uses, packs, binding_targets())
    if text:
        print(text, end="")
    else:
        say("all fields are known")


def _rows(uses: Iterable[FieldUse], comma: str) -> Iterator[tuple[str, ...]]:
    from kqlx.backends import binding_targets

    names = binding_targets()
    yield ("source", "field", "rules", *names, "near", "reason")
    for use in uses:
        states = [use.states[name] for name in names] if use.states else []
        kinds = [str(state.kind) for state in states] or [""] * len(names)
        near = dict.fromkeys(name for state in states for name in state.near)
        reasons = dict.fromkeys(state.reason for state in states if state.reason)
        source = use.source or ""
        yield (source, use.name, str(use.rules), *kinds, comma.join(near), comma.join(reasons))


def _plain(use: FieldUse) -> dict[str, object]:
    def told(state: State) -> dict[str, object]:
        return {"state": state.kind, "reason": state.reason, "near": list(state.near)}

    targets = {target: told(state) for target, state in use.states.items()}
    return {"source": use.source, "field": use.name, "rules": use.rules, "targets": targets}


def print_table(rows: Iterable[Iterable[str]], indent: str = "") -> None:
    """Columns as wide as their widest cell, two blanks apart; the last as wide as it likes."""
    lines = [[escaped(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print(indent + "  ".join(cells).rstrip())


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
