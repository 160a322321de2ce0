"""What can stand in ``kqlx.yml``: each key with its kind and meaning. The reader, the JSON schema
for editors and the file that ``kqlx init`` writes are all made of this.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from kqlx.notes import ACCEPTABLE
from kqlx.records import dataclass


class Kind(StrEnum):
    """What the value of a key may be."""

    SWITCH = "true or false"
    NUMBER = "a whole number"
    TEXT = "a string"
    TEXTS = "a string, or a list of strings"
    NAME = "a name"
    NAMES = "names by data source"
    TABLES = "names by data source, or by data source and table"
    LENGTH = "a duration such as 1d or 12h, or one for each data source"
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


_LOCATIONS = Key(
    "locations", Kind.SWITCH, "look up *.geo.* by the address, in the target's own database", "true"
)


def _networks(places: tuple[tuple[str, str, str], ...], of: str) -> Key:
    return Key(
        "networks",
        Kind.SECTION,
        "your table of networks, for *.as.*: its name and those of its columns",
        "",
        inner=(
            *(Key(name, Kind.NAME, meaning, example, of=of) for name, meaning, example in places),
            Key("network", Kind.NAME, "its networks, 203.0.113.0/24", "network", of="column"),
            Key("number", Kind.NAME, "their numbers", "autonomous_system_number", of="column"),
            Key(
                "organization",
                Kind.NAME,
                "their organizations, spelled as in GeoLite2 ASN",
                "autonomous_system_organization",
                of="column",
            ),
        ),
    )


_LATE = Key("late_events", Kind.LENGTH, "how late events may arrive", "2d", default="1d")

_SPLUNK = Key(
    "spl",
    Kind.SECTION,
    "for Splunk only",
    "",
    inner=(
        Key("index", Kind.NAME, "the index to search in", "security", of="index"),
        Key("indexes", Kind.NAMES, "indexes by data source", "{o365.audit: m365}", of="index"),
        Key("macro", Kind.NAME, "the macro to search with, not a source type", "ours", of="macro"),
        Key(
            "macros",
            Kind.NAMES,
            "macros by data source",
            "{o365.audit: o365_management_activity}",
            of="macro",
        ),
        Key(
            "new_terms",
            Kind.TEXT,
            "how new terms are found",
            "lookup",
            ("stats", "lookup"),
            default="stats",
        ),
        _networks((("lookup", "the lookup definition", "asn"),), "lookup"),
        _LOCATIONS,
        _LATE,
    ),
)
_SENTINEL = Key(
    "sentinel",
    Kind.SECTION,
    "for Sentinel only",
    "",
    inner=(
        Key("table", Kind.NAME, "the table of data sources not in tables", "Ours", of="table"),
        Key(
            "tables",
            Kind.TABLES,
            "your own tables or functions, by data source",
            "{o365.audit: {OfficeActivity: OurOfficeActivity}}",
            of="table",
        ),
        Key(
            "case",
            Kind.TEXT,
            "how letter case is compared; by default as the mapping says",
            "sensitive",
            ("sensitive", "insensitive"),
        ),
        Key(
            "sequence",
            Kind.TEXT,
            "how EQL sequences are found",
            "join",
            ("scan", "join"),
            default="scan",
        ),
        Key(
            "signers",
            Kind.TEXT,
            "join DeviceFileCertificateInfo for *.code_signature.*",
            "join",
            ("join",),
        ),
        _networks(
            (
                ("watchlist", "the watchlist's alias", "asn"),
                ("table", "the table, in place of a watchlist", ""),
            ),
            "table",
        ),
        _LOCATIONS,
        _LATE,
    ),
)
_ELASTICSEARCH = Key(
    "elasticsearch",
    Kind.SECTION,
    "for Elasticsearch only",
    "",
    inner=(
        Key("compact", Kind.SWITCH, "write a smaller, equivalent query", "true"),
        Key("time_zone", Kind.TEXT, "time zone of dates in queries", "Europe/Berlin"),
        Key("case_insensitive", Kind.SWITCH, "ignore letter case in keyword fields", "true"),
        Key("ignore_unmapped", Kind.SWITCH, "set it in nested queries", "true"),
    ),
)

KEYS: tuple[Key, ...] = (
    Key("to", Kind.TEXTS, "targets, if --to does not name any", "[spl, sentinel]"),
    _option("format", Kind.TEXTS, "output format, for all targets or one", "[spl=savedsearches]"),
    _option(
        "exclude",
        Kind.TEXTS,
        "files to skip, as a .gitignore beside kqlx.yml would",
        "[drafts/]",
    ),
    _option("out", Kind.TEXT, "folder for the results", "converted", is_path=True),
    _option(
        "file_names",
        Kind.TEXT,
        "file names, from {file}, {title} and {id}",
        '"{title}"',
        default="{file}",
    ),
    _option("prune", Kind.SWITCH, "remove stale files that kqlx wrote", "true"),
    _option("jobs", Kind.NUMBER, "number of processes; 0 for one per processor", "0", default="1"),
    _option("source", Kind.TEXT, "data source; none keeps all field names", "o365.audit"),
    Key("mappings", Kind.TEXTS, "your own mapping packs", "[own/firewall.yml]", is_path=True),
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
        "effects to accept that are refused otherwise",
        "[narrower]",
        (*map(str, ACCEPTABLE),),
    ),
    _option(
        "strict", Kind.SWITCH, "refuse all effects except same, case and accepted ones", "true"
    ),
    Key("exact", Kind.SWITCH, "match letter case exactly as Elastic does", "true"),
    Key(
        "annotate",
        Kind.SWITCH,
        "write notes with the effect wider or worse as comments above queries",
        "true",
    ),
    _option(
        "leading_wildcards",
        Kind.SWITCH,
        "allow values that begin with a star",
        "false",
        default="true",
    ),
    _LATE,
    _option(
        "output_format",
        Kind.TEXT,
        "messages in full or concise, or with out a report",
        "concise",
        ("full", "concise", "json", "jsonl", "sarif", "github", "markdown"),
        default="full",
    ),
    _option("report", Kind.TEXTS, "reports to write", "[report.md, report.sarif]", is_path=True),
    _option("statistics", Kind.SWITCH, "print a table of notes by code and effect", "true"),
    _option("verbose", Kind.SWITCH, "print every note", "true"),
    _option("quiet", Kind.SWITCH, "print only errors and stale files", "true"),
    _option("ignore", Kind.TEXTS, "codes of notes not to print", "[case-folded]"),
    _option(
        "fail_on",
        Kind.TEXTS,
        "what makes the exit status 1",
        "[wider]",
        default="refused, failed, stale",
    ),
    _option(
        "baseline",
        Kind.TEXT,
        "fail only on what is worse than this file records",
        "kqlx.json",
        is_path=True,
    ),
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


def section_of(target: str, options: Collection[str]) -> Key:
    """The section of a target that has none of its own in ``KEYS``: each option that it takes, with
    the kind and meaning that the option has elsewhere.
    """
    known = {one.name: one for key in KEYS for one in (key, *key.inner) if not one.is_option}
    inner = tuple(known[name] for name in sorted(known) if name in {"exact", *options})
    return Key(target, Kind.SECTION, f"for {target} only", "", inner=inner)
