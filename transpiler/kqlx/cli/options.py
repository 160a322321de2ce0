"""The options of commands that convert, in the groups in which their help shows them."""

from __future__ import annotations

from typing import Annotated

from kqlx.batch.output_format import OutputFormat
from kqlx.cli import completion
from kqlx.cli.declared import argument, option

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
    argument(metavar="[PATH]...", help="Rule files or folders; - for standard input."),
]
Queries = Annotated[
    list[str] | None,
    option(
        "--query",
        "-q",
        metavar="TEXT",
        help="The text of a query, instead of files.",
        group=_INPUT,
    ),
]
To = Annotated[
    list[str] | None,
    option(
        "--to",
        "-t",
        metavar="TARGET",
        complete=completion.targets,
        help="Target: elasticsearch, sentinel, sigma, spl or all; repeatable, or with commas.",
        group=_OUTPUT,
    ),
]
FormatOption = Annotated[
    list[str] | None,
    option(
        "--format",
        metavar="[TARGET=]FORMAT",
        complete=completion.formats,
        help="Artifact, for all targets or for one; kqlx targets lists them.",
        group=_OUTPUT,
    ),
]
Exclude = Annotated[
    list[str] | None,
    option(
        metavar="PATTERN",
        help="Pass over files in folders, in the notation of .gitignore; repeatable.",
        group=_INPUT,
    ),
]
Source = Annotated[
    str | None,
    option(
        metavar="NAME",
        help="Data source, such as o365.audit; none keeps all field names.",
        complete=completion.sources,
        group=_MEANING,
    ),
]
Mapping = Annotated[
    list[str] | None,
    option(
        metavar="FILE",
        help="A file of mapping packs that override or extend the built-in ones; repeatable.",
        group=_MEANING,
    ),
]
Fields = Annotated[
    str | None,
    option(
        metavar="FILE",
        help="Field types, which override known ones: a data view, _mapping or _field_caps file,"
        " or ecs; none leaves all types unknown.",
        group=_MEANING,
    ),
]
UnmappedOption = Annotated[
    str | None,
    option(
        metavar="error|keep|comment",
        complete=completion.unmapped,
        help="Fields without a counterpart: error, keep their names, or leave the tests out"
        " with a comment.",
        show_default="error",
        group=_MEANING,
    ),
]
Accept = Annotated[
    list[str] | None,
    option(
        metavar="EFFECT",
        complete=completion.effects,
        help="Accept this loss: narrower or different; with --strict also coverage or wider."
        " Repeatable, or with commas.",
        group=_MEANING,
    ),
]
Strict = Annotated[
    bool,
    option(
        show_default=False,
        help="Refuse every effect but same, case and those of --accept.",
        group=_MEANING,
    ),
]
Exact = Annotated[
    bool | None,
    option(
        help="Match letter case exactly as Elastic does.",
        show_default=False,
        group=_MEANING,
    ),
]
Annotate = Annotated[
    bool | None,
    option(
        show_default=False,
        help="Write the notes of effect wider and worse as comments above the query.",
        group=_OUTPUT,
    ),
]
LeadingWildcards = Annotated[
    bool,
    option(help="Allow values that begin with a star.", show_default=False, group=_MEANING),
]
LateEvents = Annotated[
    str | None,
    option(
        metavar="LENGTH",
        help="How late events may arrive and still be found: 12h, 3d.",
        show_default="1d",
        group=_BOTH,
    ),
]
Index = Annotated[
    str | None,
    option(metavar="NAME", help="The index to search in.", group=_SPLUNK),
]
Macro = Annotated[
    str | None,
    option(
        metavar="NAME",
        help="The macro to search with, instead of a source type.",
        group=_SPLUNK,
    ),
]
NewTerms = Annotated[
    str | None,
    option(
        metavar="stats|lookup",
        complete=completion.new_terms,
        help="How new terms are found: stats over the history, or a lookup table.",
        show_default="stats",
        group=_SPLUNK,
    ),
]
Table = Annotated[
    str | None,
    option(metavar="NAME", help="The table to search in.", group=_SENTINEL),
]
Case = Annotated[
    str | None,
    option(
        metavar="sensitive|insensitive",
        complete=completion.cases,
        help="Letter case; else by the mapping.",
        group=_SENTINEL,
    ),
]
Compact = Annotated[
    bool | None,
    option(help="A smaller equivalent query.", show_default=False, group=_ELASTICSEARCH),
]
TimeZone = Annotated[
    str | None,
    option(metavar="ZONE", help="Time zone of dates in the query.", group=_ELASTICSEARCH),
]
CaseInsensitive = Annotated[
    bool | None,
    option(
        help="Ignore letter case in keyword fields.",
        show_default=False,
        group=_ELASTICSEARCH,
    ),
]
IgnoreUnmapped = Annotated[
    bool | None,
    option(help="For nested groups.", show_default=False, group=_ELASTICSEARCH),
]
Out = Annotated[
    str | None,
    option(
        "--out",
        "-o",
        metavar="DIR",
        help="Write a file for each rule and target.",
        group=_OUTPUT,
    ),
]
FileNames = Annotated[
    str,
    option(
        metavar="FORM",
        help="Names of files with --out: {file}, {title}, {id}.",
        group=_OUTPUT,
    ),
]
Force = Annotated[
    bool,
    option(
        help="With --out: overwrite files that kqlx did not write.",
        show_default=False,
        group=_OUTPUT,
    ),
]
Prune = Annotated[
    bool,
    option(
        help="With --out: remove files that kqlx wrote and no rule makes any more.",
        show_default=False,
        group=_OUTPUT,
    ),
]
Check = Annotated[
    bool,
    option(
        help="With --out: write nothing; fail if a file is missing, stale or edited.",
        show_default=False,
        group=_OUTPUT,
    ),
]
Jobs = Annotated[
    int,
    option(
        "--jobs",
        "-j",
        metavar="N",
        min=0,
        help="Processes to convert with; 0: one for each processor.",
        group=_OUTPUT,
    ),
]
Verbose = Annotated[
    bool,
    option(
        "--verbose",
        "-v",
        help="Print every note, also those of effect same.",
        show_default=False,
        group=_MESSAGES,
    ),
]
Quiet = Annotated[
    bool,
    option(
        "--quiet",
        help="Print errors and stale files only.",
        show_default=False,
        group=_MESSAGES,
    ),
]
Ignore = Annotated[
    list[str] | None,
    option(
        metavar="CODE",
        complete=completion.codes,
        help="Do not print notes of this code; repeatable, or with commas.",
        group=_MESSAGES,
    ),
]
OutputFormatOption = Annotated[
    OutputFormat,
    option(
        "--output-format",
        help="What is said, with hints or concise; or a report on standard output, for programs.",
        group=_MESSAGES,
    ),
]
ReportOption = Annotated[
    list[str] | None,
    option(
        "--report",
        metavar="FILE",
        help="Write a report: .html, .md, .json, .jsonl or .sarif; repeatable.",
        group=_MESSAGES,
    ),
]
StatisticsOption = Annotated[
    bool,
    option(
        "--statistics",
        help="Print at the end how often each code is said, as a table.",
        group=_MESSAGES,
    ),
]
FailOn = Annotated[
    list[str] | None,
    option(
        metavar="CONDITION",
        complete=completion.conditions,
        help="What makes the exit status 1: refused, failed, skipped, stale, lint, case, coverage,"
        " wider, narrower, different, unmapped; or never. Repeatable, or with commas.",
        show_default="refused,failed,stale",
        group=_MESSAGES,
    ),
]
BaselineOption = Annotated[
    str | None,
    option(
        "--baseline",
        metavar="FILE",
        help="Fail only on what became worse than this file records.",
        group=_MESSAGES,
    ),
]
UpdateBaseline = Annotated[
    bool,
    option(
        help="Record this run in the --baseline file.",
        show_default=False,
        group=_MESSAGES,
    ),
]
Color = Annotated[
    str,
    option(
        metavar="auto|always|never",
        help="Colours in messages; NO_COLOR counts too.",
        complete=completion.colors,
        group=_MESSAGES,
    ),
]
Config = Annotated[
    str | None,
    option(metavar="FILE", help="Settings, instead of kqlx.yml.", group=_INPUT),
]
