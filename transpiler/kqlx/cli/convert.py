"""``kqlx convert`` and ``kqlx targets``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqlx.cli.common import (
    Exit,
    about,
    fail,
    flag,
    inputs,
    load_settings,
    report,
    usage,
    with_flags,
)
from kqlx.cli.field_options import FieldsOption, MappingOption, SourceOption
from kqlx.cli.results import InFolder, Output, Printed
from kqlx.cli.streams import say
from kqlx.cli.unused_options import Unused
from kqlx.errors import KqlxError, UsageError
from kqlx.hints import Argument
from kqlx.notes import Note
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.backends.target import Target
    from kqlx.cli.result_folder import Folder
    from kqlx.settings import Settings

_ELASTICSEARCH = "Elasticsearch"
_SENTINEL = "Sentinel"
_SPLUNK = "Splunk"
_BOTH = "Splunk and Sentinel"


def targets() -> None:
    """List the targets: name, aliases, formats, language."""
    from kqlx.backends import targets

    for target in targets():
        names = ", ".join([target.name, *target.aliases])
        print(f"{names:24} {', '.join(target.format_names):16} {target.title}")


def convert(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Rule files or folders; - for standard input."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", "-t", help="Target, several with commas between, or all.", show_default="spl"
        ),
    ] = None,
    query: Annotated[
        str | None, typer.Option("--query", "-q", help="The text of a query, instead of files.")
    ] = None,
    source: SourceOption = None,
    mapping: MappingOption = None,
    format: Annotated[
        str | None, typer.Option(help="Artifact: query, or for Sigma rule. See kqlx targets.")
    ] = None,
    unmapped: Annotated[
        str | None,
        typer.Option(
            help="Fields without a counterpart: error, keep their names, or leave the tests out"
            " with a comment.",
            show_default="error",
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            help="Accept an effect that is refused otherwise: narrower or different; with --strict"
            " coverage or wider too."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option(help="Refuse all effects but same, case and those that --accept names.")
    ] = False,
    exact: Annotated[bool, typer.Option(help="Match letter case exactly as Elastic does.")] = False,
    fields: FieldsOption = None,
    compact: Annotated[
        bool, typer.Option(help="A smaller equivalent query.", rich_help_panel=_ELASTICSEARCH)
    ] = False,
    time_zone: Annotated[
        str | None,
        typer.Option(help="Time zone of dates in the query.", rich_help_panel=_ELASTICSEARCH),
    ] = None,
    case_insensitive: Annotated[
        bool | None,
        typer.Option(help="For keyword fields.", rich_help_panel=_ELASTICSEARCH),
    ] = None,
    ignore_unmapped: Annotated[
        bool | None, typer.Option(help="For nested groups.", rich_help_panel=_ELASTICSEARCH)
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(help="The index to search in.", rich_help_panel=_SPLUNK),
    ] = None,
    macro: Annotated[
        str | None,
        typer.Option(
            help="The macro that searches begin with, instead of a source type.",
            rich_help_panel=_SPLUNK,
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(help="The table to search in.", rich_help_panel=_SENTINEL),
    ] = None,
    case: Annotated[
        str | None,
        typer.Option(
            help="Letter case: sensitive or insensitive; else by the mapping.",
            rich_help_panel=_SENTINEL,
        ),
    ] = None,
    new_terms: Annotated[
        str | None,
        typer.Option(
            help="How terms that are new are found: stats over the history, or a lookup table.",
            show_default="stats",
            rich_help_panel=_SPLUNK,
        ),
    ] = None,
    late_events: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH",
            help="How late events may arrive that a rule is to see: 12h, 3d.",
            show_default="1d",
            rich_help_panel=_BOTH,
        ),
    ] = None,
    leading_wildcards: Annotated[
        bool, typer.Option(help="Take values that begin with a star.")
    ] = True,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Write files to a folder, one a rule and target."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option(help="With --out: also over files that kqlx did not write.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also print the notes of effect same.")
    ] = False,
) -> None:
    """Convert rules, or a query, and print the results, or write them to files."""
    from kqlx.backends.options import check_taken, given_options, options_for
    from kqlx.conversion.choices import check_choices, find_packs
    from kqlx.rules.query_tree import tree_of

    try:
        settings = load_settings()
        chosen = _chosen(to, settings, format)
        packs = find_packs(mapping or (), settings)
        check_choices(source, unmapped or "error", accept or (), packs)
        field_list = _load_fields(fields)
        given = given_options(
            {
                "exact": exact,
                "index": index,
                "macro": macro,
                "new_terms": new_terms,
                "late_events": late_events,
                "table": table,
                "case": case,
                "compact": compact,
                "time_zone": time_zone,
                "case_insensitive": case_insensitive,
                "ignore_unmapped": ignore_unmapped,
            },
            _spelt,
        )
        check_taken(chosen, given, _spelt)
        folder = _folder(out, force)
    except KqlxError as error:
        fail(error)
    for stranger in settings.strangers(packs) if settings is not None else ():
        say(f"warning: {stranger}")
    options: dict[str, Any] = {
        "source": source,
        "mappings": packs,
        "unmapped": unmapped,
        "accept": accept or (),
        "strict": strict,
        "format": format,
        "fields": field_list,
        "settings": settings,
        "leading_wildcards": leading_wildcards,
    }
    rules = list(inputs(paths or [], query))
    output: Output = Printed(len(rules) * len(chosen) > 1, mixed=len(chosen) > 1)
    if folder is not None:
        output = InFolder(folder, apart=len(chosen) > 1, verbose=verbose)
    status = Exit.DONE
    unused = Unused(given)
    for rule in rules:
        if not isinstance(rule, Rule):
            status = max(status, report(rule))
            continue
        try:
            options["node"] = tree_of(rule, leading_wildcards)
        except KqlxError as error:
            status = max(status, report(error, rule))
            continue
        for target in chosen:
            own = options_for(target, given)
            status = max(
                status, _convert(rule, target, {**options, **own}, output, verbose, unused)
            )
    for remark in unused.remarks(_spelt):
        say(f"warning: {remark}")
    raise typer.Exit(max(status, output.finish()))


def _spelt(option: str) -> str:
    return flag(Argument(option))


def _folder(out: str | None, force: bool) -> Folder | None:
    if out is None:
        if force:
            usage("--force is for files, which --out writes")
        return None
    if not out:
        usage("--out needs the name of a folder")
    from kqlx.cli.result_folder import Folder

    return Folder(out, force=force)


def _chosen(to: str | None, settings: Settings | None, format: str | None) -> tuple[Target, ...]:
    """The targets of the option, else of the settings. Raises UsageError."""
    from kqlx.conversion.choices import select

    if to is not None or settings is None or settings.to is None:
        return select(to or "spl", format)
    try:
        return select(settings.to, format)
    except UsageError as error:
        raise UsageError(f"{settings.path}: to: {error.message}", hint=error.hint) from None


def _load_fields(name: str | None) -> object:
    if name is None:
        return None
    from kqlx.mappings.field_list import load

    return load(name)


def _convert(
    rule: Rule,
    target: Target,
    options: dict[str, Any],
    output: Output,
    verbose: bool,
    unused: Unused,
) -> Exit:
    """Converts one rule for one target, and hands on the result."""
    from kqlx.convert import convert

    try:
        result = convert(rule, to=target.name, **options)
    except UsageError as error:
        fail(error)
    except KqlxError as error:
        return report(error, rule, target.name)
    output.take(rule, target, result)
    unused.watch(rule, target.name, options, result)
    for note in result.notes:
        if verbose or not note.is_quiet:
            _print_note(note, rule, target.name)
    return Exit.DONE


def _print_note(note: Note, rule: Rule, target: str) -> None:
    kind = "warning" if note.calls_for_action else "note"
    times = f" ×{note.count}" if note.count > 1 else ""
    start = f"{about(rule, note.span, kind)}{target}: "
    say(f"{start}{note.message}{times} [{note.effect}: {note.code}]")
    if note.hint:
        say(f"  hint: {with_flags(note.hint)}")
