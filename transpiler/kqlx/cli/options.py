"""The options of commands that convert, in the groups in which their help shows them."""

from __future__ import annotations

from typing import Annotated

import typer

from kqlx.batch.output_format import OutputFormat
from kqlx.cli import completion

_INPUT = "Input"
_OUTPUT = "Output"
_MEANING = "Meaning"
_MESSAGES = "Messages and exit status"
_ELASTICSEARCH = "Elasticsearch"
_SENTINEL = "Sentinel"
_SPLUNK = "Splunk"
_BOTH = "Splunk and Sentinel"

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PATH]...", help="Rule files or folders; - for standard input."),
]
Queries = Annotated[
    list[str] | None,
    typer.Option(
        "--query",
        "-q",
        metavar="TEXT",
        help="The text of a query, instead of files.",
        rich_help_panel=_INPUT,
    ),
]
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        "-t",
        metavar="TARGET",
        autocompletion=completion.targets,
        help="Target: elasticsearch, sentinel, sigma, spl or all; repeatable, or with commas.",
        rich_help_panel=_OUTPUT,
    ),
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="[TARGET=]FORMAT",
        autocompletion=completion.formats,
        help="Artifact, for all targets or for one; kqlx targets lists them.",
        rich_help_panel=_OUTPUT,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Pass over files in folders, in the notation of .gitignore; repeatable.",
        rich_help_panel=_INPUT,
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Data source, such as o365.audit; none keeps all field names.",
        autocompletion=completion.sources,
        rich_help_panel=_MEANING,
    ),
]
Mapping = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="A file of mapping packs that override or extend the built-in ones; repeatable.",
        rich_help_panel=_MEANING,
    ),
]
Fields = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Field types, which override known ones: a data view, _mapping or _field_caps file,"
        " or ecs; none leaves all types unknown.",
        rich_help_panel=_MEANING,
    ),
]
UnmappedOption = Annotated[
    str | None,
    typer.Option(
        metavar="error|keep|comment",
        autocompletion=completion.unmapped,
        help="Fields without a counterpart: error, keep their names, or leave the tests out"
        " with a comment.",
        show_default="error",
        rich_help_panel=_MEANING,
    ),
]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        metavar="EFFECT",
        autocompletion=completion.effects,
        help="Accept this loss: narrower or different; with --strict also coverage or wider."
        " Repeatable, or with commas.",
        rich_help_panel=_MEANING,
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        show_default=False,
        help="Refuse every effect but same, case and those of --accept.",
        rich_help_panel=_MEANING,
    ),
]
Exact = Annotated[
    bool | None,
    typer.Option(
        help="Match letter case exactly as Elastic does.",
        show_default=False,
        rich_help_panel=_MEANING,
    ),
]
Annotate = Annotated[
    bool | None,
    typer.Option(
        show_default=False,
        help="Write the notes of effect wider and worse as comments above the query.",
        rich_help_panel=_OUTPUT,
    ),
]
LeadingWildcards = Annotated[
    bool,
    typer.Option(
        help="Allow values that begin with a star.", show_default=False, rich_help_panel=_MEANING
    ),
]
LateEvents = Annotated[
    str | None,
    typer.Option(
        metavar="LENGTH",
        help="How late events may arrive and still be found: 12h, 3d.",
        show_default="1d",
        rich_help_panel=_BOTH,
    ),
]
Index = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The index to search in.", rich_help_panel=_SPLUNK),
]
Macro = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The macro to search with, instead of a source type.",
        rich_help_panel=_SPLUNK,
    ),
]
NewTerms = Annotated[
    str | None,
    typer.Option(
        metavar="stats|lookup",
        autocompletion=completion.new_terms,
        help="How new terms are found: stats over the history, or a lookup table.",
        show_default="stats",
        rich_help_panel=_SPLUNK,
    ),
]
Table = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The table to search in.", rich_help_panel=_SENTINEL),
]
Case = Annotated[
    str | None,
    typer.Option(
        metavar="sensitive|insensitive",
        autocompletion=completion.cases,
        help="Letter case; else by the mapping.",
        rich_help_panel=_SENTINEL,
    ),
]
Compact = Annotated[
    bool | None,
    typer.Option(
        help="A smaller equivalent query.", show_default=False, rich_help_panel=_ELASTICSEARCH
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE", help="Time zone of dates in the query.", rich_help_panel=_ELASTICSEARCH
    ),
]
CaseInsensitive = Annotated[
    bool | None,
    typer.Option(
        help="Ignore letter case in keyword fields.",
        show_default=False,
        rich_help_panel=_ELASTICSEARCH,
    ),
]
IgnoreUnmapped = Annotated[
    bool | None,
    typer.Option(help="For nested groups.", show_default=False, rich_help_panel=_ELASTICSEARCH),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="Write a file for each rule and target.",
        rich_help_panel=_OUTPUT,
    ),
]
FileNames = Annotated[
    str,
    typer.Option(
        metavar="FORM",
        help="Names of files with --out: {file}, {title}, {id}.",
        rich_help_panel=_OUTPUT,
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        help="With --out: overwrite files that kqlx did not write.",
        show_default=False,
        rich_help_panel=_OUTPUT,
    ),
]
Prune = Annotated[
    bool,
    typer.Option(
        help="With --out: remove files that kqlx wrote and no rule makes any more.",
        show_default=False,
        rich_help_panel=_OUTPUT,
    ),
]
Check = Annotated[
    bool,
    typer.Option(
        help="With --out: write nothing; fail if a file is missing, stale or edited.",
        show_default=False,
        rich_help_panel=_OUTPUT,
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        min=0,
        help="Processes to convert with; 0: one for each processor.",
        rich_help_panel=_OUTPUT,
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Print every note, also those of effect same.",
        show_default=False,
        rich_help_panel=_MESSAGES,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        help="Print errors and stale files only.",
        show_default=False,
        rich_help_panel=_MESSAGES,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CODE",
        autocompletion=completion.codes,
        help="Do not print notes of this code; repeatable, or with commas.",
        rich_help_panel=_MESSAGES,
    ),
]
OutputFormatOption = Annotated[
    OutputFormat,
    typer.Option(
        "--output-format",
        help="What is said, with hints or concise; or a report on standard output, for programs.",
        rich_help_panel=_MESSAGES,
    ),
]
ReportOption = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Write a report: .html, .md, .json, .jsonl or .sarif; repeatable.",
        rich_help_panel=_MESSAGES,
    ),
]
StatisticsOption = Annotated[
    bool,
    typer.Option(
        "--statistics",
        help="Print at the end how often each code is said, as a table.",
        rich_help_panel=_MESSAGES,
    ),
]
FailOn = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CONDITION",
        autocompletion=completion.conditions,
        help="What makes the exit status 1: refused, failed, skipped, stale, lint, case, coverage,"
        " wider, narrower, different, unmapped; or never. Repeatable, or with commas.",
        show_default="refused,failed,stale",
        rich_help_panel=_MESSAGES,
    ),
]
BaselineOption = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="Fail only on what became worse than this file records.",
        rich_help_panel=_MESSAGES,
    ),
]
UpdateBaseline = Annotated[
    bool,
    typer.Option(
        help="Record this run in the --baseline file.",
        show_default=False,
        rich_help_panel=_MESSAGES,
    ),
]
Color = Annotated[
    str,
    typer.Option(
        metavar="auto|always|never",
        help="Colours in messages; NO_COLOR counts too.",
        autocompletion=completion.colors,
        rich_help_panel=_MESSAGES,
    ),
]
Config = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Settings, instead of kqlx.yml.", rich_help_panel=_INPUT),
]
