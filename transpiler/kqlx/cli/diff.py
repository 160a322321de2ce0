"""``kqlx diff``: which conversions change from one set of rules, or of mappings, to another."""

from __future__ import annotations

from typing import Annotated

import typer

from kqlx.batch.comparison.form import Form
from kqlx.cli import completion
from kqlx.cli import options as cli
from kqlx.cli.common import fail
from kqlx.cli.comparing import SideOptions, compare
from kqlx.cli.declared import argument, option
from kqlx.cli.option_groups import ConversionOptions, TargetOptions, with_groups
from kqlx.cli.requests import listed_reports
from kqlx.errors import KqlxError, UsageError

_COMPARISON = "Comparison"

Old = Annotated[str, argument(metavar="OLD", help="A rule file, or a folder of rules, as it was.")]
New = Annotated[
    str | None,
    argument(metavar="[NEW]", help="The same as it is now; by default OLD, with other mappings."),
]
OldMapping = Annotated[
    list[str] | None,
    option(
        metavar="FILE",
        help="A file of mapping packs for OLD only; repeatable.",
        group=_COMPARISON,
    ),
]
NewMapping = Annotated[
    list[str] | None,
    option(
        metavar="FILE",
        help="A file of mapping packs for NEW only; repeatable.",
        group=_COMPARISON,
    ),
]
OldConfig = Annotated[
    str | None,
    option(
        metavar="FILE",
        help="Settings file for OLD, instead of the kqlx.yml in or above it.",
        group=_COMPARISON,
    ),
]
NewConfig = Annotated[
    str | None,
    option(
        metavar="FILE",
        help="Settings file for NEW, instead of the kqlx.yml in or above it.",
        group=_COMPARISON,
    ),
]
FormOption = Annotated[
    Form,
    option(
        "--output-format",
        help="Changes in full, with the lines that differ, or concise, or as a report.",
        group=_COMPARISON,
    ),
]
ReportOption = Annotated[
    list[str] | None,
    option(
        "--report",
        metavar="FILE",
        help="Write a report to a .md or .json file; repeatable, or comma-separated.",
        group=_COMPARISON,
    ),
]
FailOn = Annotated[
    list[str] | None,
    option(
        "--fail-on",
        metavar="CHANGE",
        complete=completion.changes,
        help="What makes the exit status 1: changed (anything), added, removed, renamed, moved,"
        " meaning, worse, better, query, artifact, notes; or never. Repeatable, or comma-separated."
        " [default: changed]",
        group=_COMPARISON,
    ),
]


@with_groups
def diff(
    context: typer.Context,
    old: Old,
    new: New = None,
    *,
    exclude: cli.Exclude = None,
    old_mapping: OldMapping = None,
    new_mapping: NewMapping = None,
    old_config: OldConfig = None,
    new_config: NewConfig = None,
    form: FormOption = Form.FULL,
    report_files: ReportOption = None,
    fails_on: FailOn = None,
    conversion: ConversionOptions,
    jobs: cli.Jobs = 1,
    color: cli.Color = "auto",
    targets: TargetOptions,
) -> None:
    """Report which conversions differ between OLD and NEW. The exit status is 1 if any do, as with
    diff.

    Example: kqlx diff --to spl,sentinel main/rules/ rules/
    """
    try:
        if new is None and not (old_mapping or new_mapping or old_config or new_config):
            hint = "name a second folder, or other mappings with --new-mapping"
            raise UsageError("there is nothing to compare with", hint=hint)
        given = {
            name
            for name in context.params
            if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
        }
        options = SideOptions(conversion, targets, exclude, given)
        status = compare(
            options.side(old, old_mapping, old_config),
            options.side(new or old, new_mapping, new_config),
            form,
            listed_reports(report_files),
            fails_on,
            jobs,
        )
    except KqlxError as error:
        fail(error)
    raise SystemExit(status)
