"""``kqlx convert`` and ``kqlx targets``."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kqlx.batch.output_format import OutputFormat
from kqlx.cli import options as cli
from kqlx.cli.common import fail, from_standard_input, usage
from kqlx.cli.progress import Progress
from kqlx.cli.reporting import reports_of
from kqlx.cli.requests import (
    codes_of,
    listed,
    listed_files,
    load_settings,
    one_query,
    request_of,
    targets_of,
)
from kqlx.cli.streams import say
from kqlx.errors import KqlxError, RuleError

if TYPE_CHECKING:
    from kqlx.batch.converter import Converter
    from kqlx.batch.inputs import Inputs
    from kqlx.batch.run import Sink


def targets() -> None:
    """List the targets: name, aliases, formats, language.

    Example: kqlx targets
    """
    from kqlx.backends import targets

    for target in targets():
        names = ", ".join([target.name, *target.aliases])
        print(f"{names:24} {', '.join(target.format_names):16} {target.title}")


def convert(
    paths: cli.Paths = None,
    query: cli.Queries = None,
    exclude: cli.Exclude = None,
    config: cli.Config = None,
    to: cli.To = None,
    format: cli.FormatOption = None,
    out: cli.Out = None,
    file_names: cli.FileNames = "{file}",
    force: cli.Force = False,
    prune: cli.Prune = False,
    check: cli.Check = False,
    jobs: cli.Jobs = 1,
    source: cli.Source = None,
    mapping: cli.Mapping = None,
    fields: cli.Fields = None,
    unmapped: cli.UnmappedOption = None,
    accept: cli.Accept = None,
    strict: cli.Strict = False,
    exact: cli.Exact = None,
    annotate: cli.Annotate = None,
    leading_wildcards: cli.LeadingWildcards = True,
    verbose: cli.Verbose = False,
    quiet: cli.Quiet = False,
    ignore: cli.Ignore = None,
    output_format: cli.OutputFormatOption = OutputFormat.FULL,
    report: cli.ReportOption = None,
    statistics: cli.StatisticsOption = False,
    fail_on: cli.FailOn = None,
    baseline: cli.BaselineOption = None,
    update_baseline: cli.UpdateBaseline = False,
    color: cli.Color = "auto",
    late_events: cli.LateEvents = None,
    index: cli.Index = None,
    macro: cli.Macro = None,
    new_terms: cli.NewTerms = None,
    table: cli.Table = None,
    case: cli.Case = None,
    compact: cli.Compact = None,
    time_zone: cli.TimeZone = None,
    case_insensitive: cli.CaseInsensitive = None,
    ignore_unmapped: cli.IgnoreUnmapped = None,
) -> None:
    """Convert rules, or a query, and print the results, or write them to files.

    Example: kqlx convert --to spl,sentinel --out converted/ rules/
    """
    from kqlx.batch.converter import Converter
    from kqlx.batch.gate import Gate
    from kqlx.batch.messages import Choice
    from kqlx.batch.reports.reports import wants_fragments
    from kqlx.batch.reports.statistics import Statistics
    from kqlx.batch.run import Run

    given = {
        "exact": exact,
        "annotate": annotate,
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
    }
    paths = paths or []
    if quiet and verbose:
        usage("--quiet and --verbose are opposites")
    progress = Progress()
    try:
        text = one_query(query, paths)
        file = None if config is None else Path(config)
        settings = load_settings(file)
        request = request_of(
            targets_of(to, format, settings),
            given,
            file,
            source=source,
            mappings=tuple(listed_files(mapping)),
            unmapped=unmapped,
            accept=tuple(listed(accept)),
            strict=strict,
            fields=fields,
            leading_wildcards=leading_wildcards,
            file_names=file_names,
            fragments=wants_fragments(report or ()),
        )
        gate = Gate.of(fail_on, baseline, update=update_baseline)
        converter = Converter(request)
        inputs = _inputs(paths, text, exclude or [])
        sink = _sink(converter, inputs, out, progress, force=force, prune=prune, check=check)
        choice = Choice(
            verbose,
            quiet,
            codes_of(ignore),
            grouped=inputs.total > 1,
            concise=output_format is OutputFormat.CONCISE,
        )
        if out is None and not output_format.is_for_people:
            usage(
                f"--output-format {output_format} is for standard output, where the results go",
                "write those to files with --out, or the report to one with --report",
            )
        found = inputs.outcomes(converter, jobs or os.cpu_count() or 1)
        with (
            closing(found),
            reports_of(converter, choice, report or (), output_format) as reports,
        ):
            count = Statistics() if statistics else None
            run = Run(
                converter, sink, gate, choice, lambda line: progress.say(line), reports, count
            )
            for stranger in converter.strangers:
                say(f"warning: {stranger}")
            for outcomes in progress.over(found, inputs.total, quiet):
                for outcome in outcomes:
                    run.take(outcome)
            run.finish()
    except KqlxError as error:
        fail(error)
    raise typer.Exit(gate.exit_status)


def _inputs(paths: list[str], query: str | None, exclude: list[str]) -> Inputs:
    from kqlx.batch.inputs import Inputs

    if query is not None:
        return Inputs.of_query(query)
    inputs = Inputs.of_paths([path for path in paths if path != "-"], exclude)
    if "-" in paths or not paths:
        try:
            inputs.texts.append(from_standard_input())
        except RuleError as error:
            inputs.errors.append(error)
    return inputs


def _sink(
    converter: Converter,
    inputs: Inputs,
    out: str | None,
    progress: Progress,
    *,
    force: bool,
    prune: bool,
    check: bool,
) -> Sink:
    """Where the results go. Ends the program for options that do not go together."""
    from kqlx.batch.in_folder import InFolder
    from kqlx.batch.printed import Printed
    from kqlx.batch.result_folder import Folder
    from kqlx.batch.run import WAITING

    for name, is_given in (("--force", force), ("--prune", prune), ("--check", check)):
        if is_given and out is None:
            usage(f"{name} is for files, which --out writes")
    if check and (force or prune):
        usage("--check writes nothing, so --force and --prune do nothing beside it")
    targets = [
        (target.name, format or target.format_names[0]) for target, format in converter.targets
    ]
    is_mixed = len(targets) > 1
    if out is None:
        return Printed(is_mixed or inputs.total > 1, is_mixed)
    if not out:
        usage("--out needs the name of a folder")
    return InFolder(
        Folder(out, force=force),
        is_mixed,
        targets,
        inputs.folders,
        lambda: progress.say(WAITING),
        prune,
        check,
    )
