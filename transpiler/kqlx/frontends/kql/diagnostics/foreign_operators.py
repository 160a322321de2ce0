"""Operators of other languages, SQL and Lucene above all, where reading stopped."""

from __future__ import annotations

import re
from typing import cast

from kqlx.errors import UnsupportedError
from kqlx.frontends.kql.diagnostics.parse_failure import Diagnosis, Stop
from kqlx.frontends.kql.reader import read
from kqlx.frontends.kql.spelling import spell_value
from kqlx.frontends.kql.syntax import QUOTED
from kqlx.frontends.kql.wording import LONGEST_ADVICE, quote, write
from kqlx.nodes import FreeText, Literal, Pattern

_QUOTED = re.compile(QUOTED)
_EQUAL = {"=", "==", "===", ":=", "is", "eq", "equals"}
_UNEQUAL = {"!=", "!==", "<>", "ne", "!~"}
_LIKE = {"like", "ilike", "like~", "rlike"}
_PARTS = {
    "contains": "*{}*",
    "has": "*{}*",
    "=~": "{}",
    "startswith": "{}*",
    "endswith": "*{}",
}
_SIGN_AT_END = re.compile(r"(?P<name>[^=!~]+?)(?P<sign>===?|!==?|=~|!~|=)$")

EXPRESSION = Diagnosis(
    "lucene-syntax",
    "regular expressions are Lucene syntax, which Kibana KQL does not have",
    "list the values, or use wildcards (*)",
)
_BETWEEN_SLASHES = re.compile(r"(?<![^\s(:])/(?:\\.|[^/\\\r\n\"])+/(?=[\s)]|$)")
_SIGNS = re.compile(
    r"\.[*+]|\[[^\]]+\]|\\[dwsDWS.]|[|^]|\$/$|\{\d+(?:,\d*)?\}|\([^()]*\)[*+?{]|[\w)]\+"
)


def sql(stop: Stop, words: list[str], here: str) -> Diagnosis | None:
    """``x in ("a", "b")``, ``x is not null``."""
    bare = len(words) > 1 and not stop.follows_value
    if bare and stop.at.kind == "LPAR" and words[-1].lower() in ("in", "in~"):
        inner = re.compile(r"[^()]*").match(stop.text, stop.at.end)
        name = " ".join(words[:-1])
        hint = write(f"{name}:({_listed(inner[0] if inner else '')})")
        return Diagnosis(
            "sql-operator", 'Kibana KQL has no "in"', hint or write(f"{name}:(a or b)")
        )
    if not bare and not (len(words) == 1 and stop.at.kind == "NOT"):
        return None
    if stop.at.kind == "NOT":
        after = re.match(r"(in|null|like|exists)\b\s*(\()?", stop.rest.lstrip(), re.IGNORECASE)
        if after is None:
            return None
        operator = after[1].lower()
        name = " ".join(words[:-1] if words[-1].lower() == "is" else words)
        if operator == "null" and words[-1].lower() == "is":
            message = 'Kibana KQL has no "is not null"'
            return Diagnosis("sql-operator", message, write(f"{name}:*"))
        if operator == "in":
            inner = re.match(r"[^(]*\(([^()]*)\)", stop.rest)
            hint = write(f"not {name}:({_listed(inner[1] if inner else 'a, b')})")
            return Diagnosis("sql-operator", 'Kibana KQL has no "not in"', hint)
        if operator == "like":
            quoted = _QUOTED.search(stop.rest)
            text = pattern(quoted[0][1:-1], "%") if quoted else "a*"
            return Diagnosis(
                "sql-operator", 'Kibana KQL has no "not like"', write(f"not {name}:{text}")
            )
    return None


def equals(stop: Stop, words: list[str], here: str) -> Diagnosis | None:
    """``name == "x"``, ``name="x"``, ``name like "%x%"``."""
    message = 'Kibana KQL uses a colon between field and value, not "{}"'
    if here in _EQUAL | _UNEQUAL:
        hint = "give each test its own field and colon"
        return Diagnosis("equals-sign", message.format(here), hint)
    if stop.at.kind != "QUOTED" or not words:
        return None
    value = stop.here
    if words[0] in ("=", "==") and len(words) == 1 and stop.kind(2) == "_COLON":
        return Diagnosis("equals-sign", message.format(words[0]), write(f"{stop.field}:{value}"))
    if stop.kind(2) == "_COLON" and words[0] in {*_EQUAL, *_UNEQUAL, "=~", "~"}:
        negated = "not " if words[0] in _UNEQUAL else ""
        hint = write(f"{negated}{stop.field}:{value}") if len(words) == 1 else ""
        if words[0] == "~" or not hint:
            hint = "write only the value after the colon"
        return Diagnosis("equals-sign", f"{words[0]} is not an operator", hint)
    glued = _SIGN_AT_END.fullmatch(words[-1])
    if glued:
        words = [*words[:-1], glued["name"], glued["sign"]]
    if len(words) < 2:
        return None
    *_, name, sign = words
    lower = sign.lower()
    if lower in _EQUAL:
        fixed = f"{name}:{value}"
    elif lower in _UNEQUAL:
        fixed = f"not {name}:{value}"
    elif lower in _LIKE:
        fixed = f"{name}:{pattern(value[1:-1], '%')}"
    elif lower in _PARTS:
        fixed = f"{name}:{_PARTS[lower].format(pattern(value[1:-1]))}"
        if lower == "=~":
            fixed = f"{name}:{value}"
    else:
        return None
    if stop.follows_value:
        first = " ".join(words[:-2])
        if not first or stop.in_values:
            return None
        fixed = f"{stop.field}:{first} and {fixed}"
    elif len(words) > 2:
        return None
    return Diagnosis("equals-sign", message.format(sign), write(fixed))


def bracket_range(field: str, low: str, high: str, opening: str, closing: str) -> str:
    """The hint for a range of Lucene; a star is an open end."""
    if (low, high) == ("*", "*"):
        return write(f"{field}:*")
    signs = (">=" if opening == "[" else ">", "<=" if closing == "]" else "<")
    ends = zip(signs, (low, high), strict=True)
    return write(" and ".join(f"{field} {sign} {value}" for sign, value in ends if value != "*"))


def in_expression(text: str, offset: int) -> bool:
    """Whether the place lies in a regular expression of Lucene: between slashes where a value may
    stand, with a sign that no path has.
    """
    return any(
        match.start() < offset < match.end() and is_expression(match[0])
        for match in _BETWEEN_SLASHES.finditer(text)
    )


def is_expression(text: str) -> bool:
    """Whether the text looks like a regular expression of Lucene: between slashes, with signs that
    no path has.
    """
    between = _BETWEEN_SLASHES.fullmatch(text)
    return between is not None and bool(_SIGNS.search(text, 1))


def lucene(stop: Stop, words: list[str], here: str) -> Diagnosis | None:
    if words and stop.at.kind == "LPAR" and re.fullmatch(r"/[^/]*", stop.word()):
        after = stop.text[stop.offset : stop.offset + 2 * LONGEST_ADVICE]
        if re.match(r"[^/]*/\s*($|[)\s])", after):
            return EXPRESSION
    if stop.kind() == "QUOTED" and stop.touches and re.match(r"[~^]\d*$", here):
        message = f"Kibana KQL has no {'proximity search' if here[0] == '~' else 'boosting'}"
        return Diagnosis("lucene-syntax", message, write(stop.preceding))
    if words == ["["] and stop.at.kind == "QUOTED":
        inner = re.compile(r"[^\[\]]*").match(stop.text, stop.offset)
        values = [value.strip() for value in re.split(r",|\sTO\s", inner[0] if inner else "")]
        if inner and re.search(r"\sTO\s", inner[0]) and len(values) == 2:
            fixed = f"{stop.field} >= {values[0]} and {stop.field} <= {values[1]}"
            return Diagnosis("lucene-syntax", "Kibana KQL has no ranges in brackets", write(fixed))
        fixed = f"{stop.field}:({' or '.join(values)})"
        return Diagnosis("comma-list", 'values go in parentheses, joined by "or"', write(fixed))
    return None


def pattern(inner: str, wildcard: str = "") -> str:
    """What stands within quotes, as an unquoted value; ``wildcard`` is what its stars are to be."""
    text = cast(FreeText, read(f'"{inner}"')).value.name
    parts = text.split(wildcard) if wildcard else [text]
    try:
        return spell_value(Pattern(tuple(parts)) if len(parts) > 1 else Literal(text))
    except UnsupportedError:
        return inner


def _listed(values: str) -> str:
    """What stands within the parentheses of ``in (…)``, joined by "or"."""
    separator = r"," if "," in values or '"' in values or "'" in values else r"\s+"
    parts = [part.strip() for part in re.split(separator, values.strip())]
    return " or ".join(_requote(part) for part in parts)


def _requote(value: str) -> str:
    """A value of another language, whose quotes may be single, as one of Kibana KQL."""
    if len(value) > 1 and value[0] == value[-1] == "'":
        return quote(value[1:-1])
    return value
