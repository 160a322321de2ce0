"""What can stand in ``kqlx.yml``: each key with its kind and meaning. The reader, the JSON schema
for editors and the file that ``kqlx init`` writes are all made of this.
"""

from __future__ import annotations

from enum import StrEnum

from kqlx.notes import ACCEPTABLE
from kqlx.records import dataclass


class Kind(StrEnum):
    """What the value of a key may be."""

    SWITCH = "true or false"
    NUMBER = "a whole number"
    TEXT = "a text"
    TEXTS = "a text, or a list of texts"
    NAME = "a name"
    NAMES = "names by data source"
    TABLES = "names by data source, or by data source and table"
    LENGTH = "a length of time such as 1d or 12h, or such by data source"
    SECTION = "a table"


@dataclass(frozen=True, slots=True)
class Key:
    """A key and its kind; ``words`` are the only values that it may have.

    ``example`` is what ``kqlx init`` shows, in YAML. ``is_path`` says that the value is relative to
    the file. ``of`` is the place of names: index, macro or table; ``default`` what
    holds where there is no value, "" for nothing. An ``is_option`` is of the
    command line alone, whose option has the same name; ``kqlx.convert`` is not concerned.
    """

    name: str
    kind: Kind
    meaning: str
    example: str
    words: tuple[str, ...] = ()
    is_path: bool = False
    of: str = ""
    default: str = ""
    is_option: bool = False
    inner: tuple[Key, ...] = ()


def _option(
    name: str,
    kind: Kind,
    meaning: str,
    example: str,
    words: tuple[str, ...] = (),
    *,
    is_path: bool = False,
    default: str = "",
) -> Key:
    return Key(name, kind, meaning, example, words, is_path, default=default, is_option=True)


_LATE = Key(
    "late_events", Kind.LENGTH, "how late events may arrive that a rule sees", "2d", default="1d"
)

_SPLUNK = Key(
    "spl",
    Kind.SECTION,
    "for Splunk alone",
    "",
    inner=(
        Key("index", Kind.NAME, "searches begin with index=", "security", of="index"),
        Key("indexes", Kind.NAMES, "by data source", "{o365.audit: m365}", of="index"),
        Key(
            "macro", Kind.NAME, "searches begin with it, not with a source type", "ours", of="macro"
        ),
        Key(
            "macros",
            Kind.NAMES,
            "by data source",
            "{o365.audit: o365_management_activity}",
            of="macro",
        ),
        Key(
            "new_terms",
            Kind.TEXT,
            "how terms that are new are found",
            "lookup",
            ("stats", "lookup"),
            default="stats",
        ),
        _LATE,
    ),
)
_SENTINEL = Key(
    "sentinel",
    Kind.SECTION,
    "for Sentinel alone",
    "",
    inner=(
        Key("table", Kind.NAME, "for data sources that tables does not name", "Ours", of="table"),
        Key(
            "tables",
            Kind.TABLES,
            "own tables or functions for those of data sources",
            "{o365.audit: {OfficeActivity: OurOfficeActivity}}",
            of="table",
        ),
        Key(
            "case",
            Kind.TEXT,
            "letter case; else by the mapping",
            "sensitive",
            ("sensitive", "insensitive"),
        ),
        _LATE,
    ),
)
_ELASTICSEARCH = Key(
    "elasticsearch",
    Kind.SECTION,
    "for Elasticsearch alone",
    "",
    inner=(
        Key("compact", Kind.SWITCH, "a smaller equivalent query", "true"),
        Key("time_zone", Kind.TEXT, "time zone of dates in queries", "Europe/Berlin"),
        Key("case_insensitive", Kind.SWITCH, "ignore letter case in keyword fields", "true"),
        Key("ignore_unmapped", Kind.SWITCH, "for nested groups", "true"),
    ),
)

KEYS: tuple[Key, ...] = (
    Key("to", Kind.TEXTS, "targets where --to does not say", "[spl, sentinel]"),
    _option("format", Kind.TEXTS, "artifact, for all targets or one", "[spl=savedsearches]"),
    _option("exclude", Kind.TEXTS, "files to pass over, as .gitignore says it", "[drafts/]"),
    _option("out", Kind.TEXT, "folder of the results", "converted", is_path=True),
    _option(
        "file_names",
        Kind.TEXT,
        "names of files: {file}, {title}, {id}",
        '"{title}"',
        default="{file}",
    ),
    _option("prune", Kind.SWITCH, "remove files that no rule makes any more", "true"),
    _option("jobs", Kind.NUMBER, "processes; 0: one for each processor", "0", default="1"),
    _option("source", Kind.TEXT, "data source; none keeps all field names", "o365.audit"),
    Key("mappings", Kind.TEXTS, "own mapping packs", "[own/firewall.yml]", is_path=True),
    _option("fields", Kind.TEXT, "field types: a file, ecs or none", "ecs", is_path=True),
    Key(
        "unmapped",
        Kind.TEXT,
        "fields without a counterpart",
        "comment",
        ("error", "keep", "comment"),
        default="error",
    ),
    Key(
        "accept",
        Kind.TEXTS,
        "effects that are refused otherwise",
        "[narrower]",
        (*map(str, ACCEPTABLE),),
    ),
    _option("strict", Kind.SWITCH, "refuse all effects but same, case and accepted ones", "true"),
    Key("exact", Kind.SWITCH, "match letter case exactly as Elastic does", "true"),
    Key(
        "annotate",
        Kind.SWITCH,
        "write the notes of effect wider and worse as comments above queries",
        "true",
    ),
    _option(
        "leading_wildcards",
        Kind.SWITCH,
        "take values that begin with a star",
        "false",
        default="true",
    ),
    _LATE,
    _option(
        "output_format",
        Kind.TEXT,
        "messages, with --out in a form for programs",
        "concise",
        ("full", "concise", "json", "jsonl", "sarif", "github", "markdown"),
        default="full",
    ),
    _option("report", Kind.TEXTS, "reports to write", "[report.md, report.sarif]", is_path=True),
    _option("statistics", Kind.SWITCH, "print a table of notes by code and effect", "true"),
    _option("verbose", Kind.SWITCH, "print every note", "true"),
    _option("quiet", Kind.SWITCH, "print errors and stale files only", "true"),
    _option("ignore", Kind.TEXTS, "codes of notes that are not printed", "[case-folded]"),
    _option(
        "fail_on",
        Kind.TEXTS,
        "what makes the exit status 1",
        "[wider]",
        default="refused, failed, stale",
    ),
    _option("baseline", Kind.TEXT, "fail only on what became worse", "kqlx.json", is_path=True),
    _option(
        "color",
        Kind.TEXT,
        "colours on a terminal",
        "never",
        ("auto", "always", "never"),
        default="auto",
    ),
    _SPLUNK,
    _SENTINEL,
    _ELASTICSEARCH,
)
