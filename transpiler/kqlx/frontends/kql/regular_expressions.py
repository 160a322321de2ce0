"""Regular expressions, as Lucene has them and Kibana KQL has not: which texts look like one."""

from __future__ import annotations

from kqlx.regexes import late_regex

MESSAGE = "regular expressions are Lucene syntax, which Kibana KQL does not have"
HINT = "list the values, or use wildcards (*)"

_BETWEEN_SLASHES = late_regex(r"(?<![^\s(:])/(?:\\.|[^/\\\r\n\"])+/(?=[\s)]|$)")
_SIGNS = late_regex(
    r"\.[*+]|\[[^\]]+\]|\\[dwsDWS.]|[|^]|\$/$|\{\d+(?:,\d*)?\}|\([^()]*\)[*+?{]|[\w)]\+"
)


def is_in_regular_expression(text: str, offset: int) -> bool:
    """Whether the place lies in a regular expression of Lucene: between slashes where a value may
    stand, with a sign that no path has.
    """
    return any(
        match.start() < offset < match.end() and is_regular_expression(match[0])
        for match in _BETWEEN_SLASHES.finditer(text)
    )


def is_regular_expression(text: str) -> bool:
    """Whether the text looks like a regular expression of Lucene: between slashes, with signs that
    no path has.
    """
    between = _BETWEEN_SLASHES.fullmatch(text)
    return between is not None and bool(_SIGNS.search(text, 1))
