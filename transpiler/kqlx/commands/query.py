"""``kqlx fmt`` and ``kqlx lint``: work on queries as they stand in files."""

from __future__ import annotations

from typing import Annotated

import typer

from kqlx.commands.common import (
    Exit,
    about,
    inputs,
    label,
    report,
    usage,
)
from kqlx.commands.known import (
    FieldsOption,
    MappingOption,
    SourceOption,
    reader_of_types,
)
from kqlx.commands.streams import say
from kqlx.errors import KqlxError
from kqlx.rules.model import Rule

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PATH]...", help="Rule files or folders; - for standard input."),
]
Query = Annotated[
    str | None, typer.Option("--query", "-q", help="The text of a query, instead of files.")
]


def fmt(
    paths: Paths = None,
    query: Query = None,
    check: Annotated[bool, typer.Option(help="Change nothing; say what would change.")] = False,
    write: Annotated[bool, typer.Option(help="Write the queries back to their files.")] = False,
    width: Annotated[int, typer.Option(help="Columns to fill.", min=20)] = 100,
) -> None:
    """Print queries in canonical Kibana KQL. With --check or --write, work on files in place."""
    from kqlx.frontends.kql.formatter import format_text
    from kqlx.rules.rewrite import rewrite

    if (check or write) and (query is not None or not paths or "-" in paths):
        usage("--check and --write work on files", hint="name files or folders")
    rules = list(inputs(paths or [], query))
    status = Exit.DONE
    for number, rule in enumerate(rules):
        if not isinstance(rule, Rule):
            status = max(status, report(rule))
            continue
        try:
            text = format_text(rule.query, width)
            if not (check or write):
                if len(rules) > 1:
                    print(f"{chr(10) if number else ''}# {label(rule)}")
                print(text, flush=True)
            elif text.strip() != rule.query.strip():
                if write:
                    rewrite(rule, text)
                say(f"{label(rule)}: {'formatted' if write else 'would be formatted'}")
                status = max(status, Exit.DONE if write else Exit.REFUSED)
        except KqlxError as error:
            status = max(status, report(error, rule))
    raise typer.Exit(status)


def lint(
    paths: Paths = None,
    query: Query = None,
    fields: FieldsOption = None,
    source: SourceOption = None,
    mapping: MappingOption = None,
) -> None:
    """Say what is valid and probably not meant. The exit status is 1 where anything is found."""
    from kqlx.elastic import ecs
    from kqlx.lint import lint
    from kqlx.mappings.names import nearest

    read = reader_of_types(mapping, fields, source)
    status = Exit.DONE
    for rule in inputs(paths or [], query):
        if not isinstance(rule, Rule):
            status = max(status, report(rule))
            continue
        try:
            _, types = read(rule)
            known = (ecs.arrays(), nearest) if fields in (None, "ecs") else ()
            notes = lint(rule.query, types, *known)
        except KqlxError as error:
            status = max(status, report(error, rule))
            continue
        for note in notes:
            print(f"{about(rule, note.span)}{note.message} [{note.code}]")
            if note.hint:
                print(f"  hint: {note.hint}")
            status = max(status, Exit.REFUSED)
    raise typer.Exit(status)
