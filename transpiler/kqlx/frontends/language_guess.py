"""Texts of other query languages, told by their shape: for errors, and for lints where Kibana reads
such a text as words to search for.
"""

from __future__ import annotations

import re

from kqlx.records import dataclass
from kqlx.regexes import late_regex


@dataclass(frozen=True, slots=True)
class OtherLanguage:
    """A language that a text looks like, and how its writer gets on in Kibana KQL."""

    name: str
    advice: str


_FILTER = "write only the filter, for example `user.name:alice and event.outcome:success`"
_PIPES = f"Kibana KQL has no pipes or commands: {_FILTER}"

_SHAPES: tuple[tuple[str, OtherLanguage], ...] = (
    (
        r"\s*select\s.+\sfrom\s|\s*where\s+[\w.@]+\s*(?:=|<|>|!=|in\b|like\b|is\b|between\b)",
        OtherLanguage("SQL", f"Kibana KQL has no SELECT, FROM or WHERE: {_FILTER}"),
    ),
    (
        r"\s*(?:from|row|show)\s+[\w.*:,\s-]+\|",
        OtherLanguage("ES|QL", _PIPES),
    ),
    (
        r"\s*(?:any|process|file|network|registry|dns|library|driver|authentication|iam|api)"
        r"\s+where\s|\s*(?:sequence|sample)\s+(?:by|with|\[)",
        OtherLanguage("EQL", f"Kibana KQL has no WHERE or sequences: {_FILTER}"),
    ),
    (
        r"\s*(?:search\s+)?(?:index|sourcetype|source|eventtype)\s*=|\s*\|\s*(?:tstats|from|inputlookup)\b"
        r"|.*\s\|\s*(?:stats|eval|table|rex|rename|dedup|timechart|fields|lookup|transaction)\b",
        OtherLanguage("Splunk SPL", _PIPES),
    ),
    (
        r"\s*(?:let\s+\w+\s*=|union\s+[\w*,\s]+\||\w+\s*\|\s*(?:where|project\S*|summarize|extend|take"
        r"|join|distinct|count|top|sort|order|search|parse|mv-\w+)\b)",
        OtherLanguage(
            "Kusto (Sentinel KQL)",
            f"that is another language with the same initials: {_FILTER}",
        ),
    ),
    (
        r'\s*[{\[]\s*["{]',
        OtherLanguage("JSON (Elasticsearch Query DSL)", _FILTER),
    ),
)
_KNOWN = tuple((late_regex(shape, re.IGNORECASE | re.DOTALL), name) for shape, name in _SHAPES)

_LOOKED_AT = 2_000
_IN_QUOTES = late_regex(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


_EQL = late_regex(
    r"(?:\s|//[^\r\n]*|/\*(?:[^*]|\*(?!/))*\*/)*"
    r'(?:(?:[A-Za-z_]\w*|"[^"\r\n]*")\s+where\s|sequence\s+(?:by|with)\s|sequence\s*!?\[|sample\s+by\s)'
)


def looks_like_eql(text: str) -> bool:
    """Whether a text that says no language begins as a query in EQL does."""
    return _EQL.match(text) is not None


def recognise(text: str) -> OtherLanguage | None:
    """The language that the text as a whole looks like, other than Kibana KQL, or None."""
    beginning = _IN_QUOTES.sub('""', text[:_LOOKED_AT])
    return next((language for shape, language in _KNOWN if shape.match(beginning)), None)
