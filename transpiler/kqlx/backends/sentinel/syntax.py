"""The spelling of Sentinel KQL (Kusto): literals, names, regular expressions, JSON text, lines.

Rules: https://learn.microsoft.com/kusto/query/scalar-data-types/string?view=microsoft-sentinel,
.../schema-entities/entity-names and .../regex.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring

from kqlx.patterns import Pattern
from kqlx.regexes import late_regex

COMMENT = "// {}"
"""A comment, with its text in place of the braces."""

WIDTH = 100

# Kusto's keywords and operators, to which new ones come, are in lower case; brackets never hurt a
# name that looks like one.
_PLAIN_NAME = late_regex(r"(?!__)(?:[A-Z_][A-Za-z0-9_]*|[a-z]+[A-Z0-9_][A-Za-z0-9_]*)")
# A step of a path may be any plain name but one of the reserved ones.
_PLAIN_STEP = late_regex(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset(
    {
        "accumulate", "and", "anomalychart", "areachart", "as", "asc", "bagexpansion", "barchart",
        "between", "bin_legacy", "bool", "boolean", "by", "byte", "cachingpolicy", "callout",
        "cancel", "card", "char", "columnchart", "contains", "contains_cs", "containscs",
        "cycles", "dataexport", "datascope", "datatable", "date", "datetime", "decimal",
        "decodeblocks", "desc", "double", "dynamic", "earliest", "encodingpolicy", "endswith",
        "endswith_cs", "expandoutput", "extent_tags_retention", "external_data", "externaldata",
        "false", "False", "FALSE", "find", "first", "flags", "float", "force_remote", "guid",
        "harddelete", "hardretention", "has", "has_all", "has_any", "has_cs", "hasprefix",
        "hasprefix_cs", "hassuffix", "hassuffix_cs", "hotcache", "in", "int", "int16", "int32",
        "int64", "int8", "invoke", "isfuzzy", "journal", "kind", "ladderchart", "last", "latest",
        "let",
        "like", "likecs", "linechart", "long", "materialize", "mdm", "missing", "nooptimization",
        "not", "notcontains", "notcontainscs", "notlike", "notlikecs", "null", "of", "or",
        "others", "pathformat", "piechart", "pivotchart", "print", "project", "queries",
        "query_results", "real", "relaxed", "restricted_view_access", "row_level_security",
        "rowstore", "rowstore_references", "rowstore_sealinfo", "rowstorepolicy", "rowstores",
        "sample", "scatterchart", "seal", "seals", "search", "set", "shards", "simple",
        "softdelete", "softretention", "sql", "stackedareachart", "startswith", "startswith_cs",
        "statistics", "storedqueryresultcontainers", "string", "tablepurge", "time", "timechart",
        "timeline", "timepivot", "timespan", "title", "to", "toscalar", "totable", "treemap",
        "true", "TRUE", "True", "uint", "uint16", "uint32", "uint64", "uint8", "ulong", "union",
        "uniqueid", "unrestrictedviewers", "verbose", "viewers", "views", "where",
        "with_itemindex", "with_match_id", "with_step_name", "writeaheadlog",
    }
)  # fmt: skip
"""Names that Microsoft's analyser refuses somewhere without brackets."""
_REGEX_SPECIAL = late_regex(r"[\\.+*?()|\[\]{}^$]")
_IN_MOST_ROWS = frozenset(
    {"com", "dll", "exe", "files", "https", "program", "providers", "resourcegroups", "windows"}
)
"""Terms, in lower case, that paths and addresses have in most rows of a table."""
_UNPRINTABLE = late_regex("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ESCAPED = late_regex(r"\\(u[0-9a-f]{4}|.)", re.DOTALL)
LITERAL = r"""@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
"""A literal of text, or a name in quotes, as a regular expression."""
_LITERAL_OR_BREAK = late_regex(LITERAL + r"|(?<=,) | (?=(?:and|or) )", re.DOTALL)
_TERM = late_regex(r"[A-Za-z0-9]{3,}")


def quote(text: str) -> str:
    """A string literal: verbatim where a backslash stands in it, so that paths stay readable."""
    plain = not _UNPRINTABLE.search(text)
    if plain and "\\" not in text and '"' not in text:
        return f'"{text}"'
    if "\\" in text and plain:
        mark = "'" if '"' in text and "'" not in text else '"'
        return "@" + mark + text.replace(mark, mark * 2) + mark
    if '"' in text and "'" not in text and plain:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNPRINTABLE.sub(_escape, escaped) + '"'


def unquoted(literal: str) -> str:
    """The text of a literal that ``quote`` made."""
    if literal.startswith("@"):
        mark = literal[1]
        return literal[2:-1].replace(mark * 2, mark)
    return _ESCAPED.sub(_unescape, literal[1:-1])


def _unescape(match: re.Match[str]) -> str:
    found = {"n": "\n", "r": "\r", "t": "\t"}.get(match[1])
    return found or (chr(int(match[1][1:], 16)) if match[1][0] == "u" else match[1])


def identifier(name: str) -> str:
    """A name, in brackets where Kusto needs them."""
    if _PLAIN_NAME.fullmatch(name) and name not in _RESERVED:
        return name
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return "['" + _UNPRINTABLE.sub(_escape, escaped) + "']"


def _escape(match: re.Match[str]) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(match[0], f"\\u{ord(match[0]):04x}")


def steps(names: list[str]) -> str:
    """The way to a value within a dynamic one: ``.a.b``, or in brackets."""
    return "".join(
        f".{name}" if _PLAIN_STEP.fullmatch(name) and name not in _RESERVED else f"[{quote(name)}]"
        for name in names
    )


def variable(name: str) -> str:
    """A name for ``let``, of a field's name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") + "_values"


def regex(text: str) -> str:
    """Plain text as a regular expression that matches it."""
    return _REGEX_SPECIAL.sub(r"\\\g<0>", text)


def json_text(text: str) -> str:
    """The text as it stands between quotes in the JSON that ``tostring()`` makes of a dynamic."""
    return encode_basestring(text)[1:-1]


def term_within(pattern: Pattern) -> str:
    """The longest term that every value which fits the pattern has, or ""."""
    return max(terms_within(pattern), key=len, default="")


def terms_within(pattern: Pattern) -> list[str]:
    """Terms that every value which fits the pattern has.

    These are the runs of letters and digits that stand between other ASCII characters, or at an end
    of the value: there the index of terms finds them. An underscore may or may not part terms, so
    that it counts as neither. Terms that most rows have tell nothing, and are left out.
    """
    found = []
    for i, part in enumerate(pattern.tokens):
        if not isinstance(part, str):
            continue
        for match in _TERM.finditer(part):
            before, after = part[: match.start()][-1:], part[match.end() :][:1]
            opened = _parts_terms(before) if before else i == 0
            closed = _parts_terms(after) if after else i == len(pattern.tokens) - 1
            if opened and closed and match[0].lower() not in _IN_MOST_ROWS:
                found.append(match[0])
    return found


def _parts_terms(character: str) -> bool:
    return character.isascii() and not character.isalnum() and character != "_"


def fold(text: str, indent: str = "    ") -> str:
    """Text on lines of about 100 columns, broken after commas and before and/or, never within a
    literal.
    """
    if len(text) <= WIDTH:
        return text
    pieces, start = [], 0
    for match in _LITERAL_OR_BREAK.finditer(text):
        if match[0] == " ":
            pieces.append(text[start : match.start()])
            start = match.end()
    lines = [""]
    for piece in [*pieces, text[start:]]:
        if lines[-1].strip() and len(lines[-1]) + 1 + len(piece) > WIDTH:
            lines.append(f"{indent}{piece}")
        else:
            lines[-1] += f" {piece}" if lines[-1] else piece
    return "\n".join(lines)
