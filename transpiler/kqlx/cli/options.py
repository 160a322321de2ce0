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
        help="Query text, instead of files.",
        group=_INPUT,
    ),
]
Language = Annotated[
    str | None,
    option(
        "--language",
        metavar="kuery|eql",
        help="Language of --query and of a query on standard input; by default EQL where it begins"
        " with `… where …`, else Kibana KQL.",
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
        help="Target: elasticsearch, sentinel, sigma, spl or all; repeatable, or comma-separated.",
        group=_OUTPUT,
    ),
]
FormatOption = Annotated[
    list[str] | None,
    option(
        "--format",
        metavar="[TARGET=]FORMAT",
        complete=completion.formats,
        help="Output format, for all targets or for one; kqlx targets lists them.",
        group=_OUTPUT,
    ),
]
Exclude = Annotated[
    list[str] | None,
    option(
        metavar="PATTERN",
        help="Skip such files, as a .gitignore in the folder that PATH names would; repeatable.",
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
        help="Fields without a counterpart: refuse the rule, keep Elastic's name, or drop the test"
        " with a comment. [default: error]",
        group=_MEANING,
    ),
]
Accept = Annotated[
    list[str] | None,
    option(
        metavar="EFFECT",
        complete=completion.effects,
        help="Accept this effect: narrower or different; with --strict also coverage or wider."
        " Repeatable, or comma-separated.",
        group=_MEANING,
    ),
]
Strict = Annotated[
    bool,
    option(
        show_default=False,
        help="Refuse every effect except same, case and those of --accept.",
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
        help="Write notes with the effect wider or worse as comments above the query.",
        group=_OUTPUT,
    ),
]
LeadingWildcards = Annotated[
    bool,
    option(
        help="Allow values that begin with a star, as by default.",
        show_default=False,
        group=_MEANING,
    ),
]
LateEvents = Annotated[
    str | None,
    option(
        metavar="LENGTH",
        help="How late events may arrive, such as 12h or 3d. [default: 1d]",
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
        help="How new terms are found: stats over the history, or a lookup table. [default: stats]",
        group=_SPLUNK,
    ),
]
Table = Annotated[
    str | None,
    option(metavar="NAME", help="The table to search in.", group=_SENTINEL),
]
SequenceForm = Annotated[
    str | None,
    option(
        metavar="scan|join",
        complete=completion.sequence_forms,
        help="How EQL sequences are found: by scan, or by join, which repeats. [default: scan]",
        group=_SENTINEL,
    ),
]
Signers = Annotated[
    str | None,
    option(
        metavar="join",
        complete=completion.signers,
        help="Join DeviceFileCertificateInfo where a rule asks for the signers of files.",
        group=_SENTINEL,
    ),
]
Locations = Annotated[
    bool | None,
    option(
        help="Look up the locations of addresses in the target's own database.",
        show_default=False,
        group=_BOTH,
    ),
]
Case = Annotated[
    str | None,
    option(
        metavar="sensitive|insensitive",
        complete=completion.cases,
        help="How letter case is compared; by default as the mapping says.",
        group=_SENTINEL,
    ),
]
Compact = Annotated[
    bool | None,
    option(
        help="Write a smaller, equivalent query.",
        show_default=False,
        group=_ELASTICSEARCH,
    ),
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
    option(
        help="Set ignore_unmapped in nested queries.",
        show_default=False,
        group=_ELASTICSEARCH,
    ),
]
Out = Annotated[
    str | None,
    option(
        "--out",
        "-o",
        metavar="DIR",
        help="Write a file for each rule and target to this folder.",
        group=_OUTPUT,
    ),
]
FileNames = Annotated[
    str,
    option(
        metavar="TEMPLATE",
        help="With --out: file names, from {file}, {title} and {id}.",
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
        help="With --out: remove stale files that kqlx wrote.",
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
        help="Number of processes; 0 for one per processor.",
        group=_OUTPUT,
    ),
]
Verbose = Annotated[
    bool,
    option(
        "--verbose",
        "-v",
        help="Print every note, including those of effect same.",
        show_default=False,
        group=_MESSAGES,
    ),
]
Quiet = Annotated[
    bool,
    option(
        "--quiet",
        help="Print only errors and stale files.",
        show_default=False,
        group=_MESSAGES,
    ),
]
Ignore = Annotated[
    list[str] | None,
    option(
        metavar="CODE",
        complete=completion.codes,
        help="Do not print notes of this code; repeatable, or comma-separated.",
        group=_MESSAGES,
    ),
]
OutputFormatOption = Annotated[
    OutputFormat,
    option(
        "--output-format",
        help="Messages in full or concise; the other formats are reports on standard output and"
        " need --out.",
        group=_MESSAGES,
    ),
]
ReportOption = Annotated[
    list[str] | None,
    option(
        "--report",
        metavar="FILE",
        help="Write a report to a .html, .md, .json, .jsonl or .sarif file; repeatable, or"
        " comma-separated.",
        group=_MESSAGES,
    ),
]
StatisticsOption = Annotated[
    bool,
    option(
        "--statistics",
        help="Print a table at the end: how often each code occurs.",
        group=_MESSAGES,
    ),
]
FailOn = Annotated[
    list[str] | None,
    option(
        metavar="CONDITION",
        complete=completion.conditions,
        help="What makes the exit status 1: refused, failed, skipped, stale, lint, case, coverage,"
        " wider, narrower, different, unmapped; or never. Repeatable, or comma-separated."
        " [default: refused,failed,stale]",
        group=_MESSAGES,
    ),
]
BaselineOption = Annotated[
    str | None,
    option(
        "--baseline",
        metavar="FILE",
        help="Fail only on what is worse than this file records.",
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
        help="Colour messages; auto also obeys NO_COLOR.",
        complete=completion.colors,
        group=_MESSAGES,
    ),
]
Config = Annotated[
    str | None,
    option(metavar="FILE", help="Settings file, instead of kqlx.yml.", group=_INPUT),
]
