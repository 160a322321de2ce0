"""Operators of other languages, SQL and Lucene above all, where reading stopped."""

from __future__ import annotations

import re
from typing import cast

from kqlx.errors import UnsupportedError
from kqlx.frontends.kql.diagnostics.parse_failure import Diagnosis, ParseFailure
from kqlx.frontends.kql.reader import read
from kqlx.frontends.kql.regular_expressions import HINT, MESSAGE
from kqlx.frontends.kql.spelling import spell_value
from kqlx.frontends.kql.syntax import QUOTED
from kqlx.frontends.kql.wording import LONGEST_ADVICE, quote, suggest
from kqlx.nodes import FreeText, Literal, Pattern
from kqlx.regexes import late_regex

_QUOTED = late_regex(QUOTED)
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
_SIGN_AT_END = late_regex(r"(?P<name>[^=!~]+?)(?P<sign>===?|!==?|=~|!~|=)$")

REGULAR_EXPRESSION = Diagnosis("lucene-syntax", MESSAGE, HINT)


def explain_sql_operator(
    failure: ParseFailure, words: list[str], found_word: str
) -> Diagnosis | None:
    """``x in ("a", "b")``, ``x is not null``."""
    bare = len(words) > 1 and not failure.follows_value
    if bare and failure.found.kind == "LPAR" and words[-1].lower() in ("in", "in~"):
        inner = re.compile(r"[^()]*").match(failure.text, failure.found.end)
        name = " ".join(words[:-1])
        hint = suggest(f"{name}:({_listed(inner[0] if inner else '')})")
        return Diagnosis(
            "sql-operator", 'Kibana KQL has no "in"', hint or suggest(f"{name}:(a or b)")
        )
    if not bare and not (len(words) == 1 and failure.found.kind == "NOT"):
        return None
    if failure.found.kind == "NOT":
        after = re.match(r"(in|null|like|exists)\b\s*(\()?", failure.rest.lstrip(), re.IGNORECASE)
        if after is None:
            return None
        operator = after[1].lower()
        name = " ".join(words[:-1] if words[-1].lower() == "is" else words)
        if operator == "null" and words[-1].lower() == "is":
            message = 'Kibana KQL has no "is not null"'
            return Diagnosis("sql-operator", message, suggest(f"{name}:*"))
        if operator == "in":
            inner = re.match(r"[^(]*\(([^()]*)\)", failure.rest)
            hint = suggest(f"not {name}:({_listed(inner[1] if inner else 'a, b')})")
            return Diagnosis("sql-operator", 'Kibana KQL has no "not in"', hint)
        if operator == "like":
            quoted = _QUOTED.search(failure.rest)
            text = as_pattern(quoted[0][1:-1], "%") if quoted else "a*"
            return Diagnosis(
                "sql-operator", 'Kibana KQL has no "not like"', suggest(f"not {name}:{text}")
            )
    return None


def explain_equals_sign(
    failure: ParseFailure, words: list[str], found_word: str
) -> Diagnosis | None:
    """``name == "x"``, ``name="x"``, ``name like "%x%"``."""
    message = 'Kibana KQL uses a colon between field and value, not "{}"'
    if found_word in _EQUAL | _UNEQUAL:
        hint = "give each test its own field and colon"
        return Diagnosis("equals-sign", message.format(found_word), hint)
    if failure.found.kind != "QUOTED" or not words:
        return None
    value = failure.found_text
    if words[0] in ("=", "==") and len(words) == 1 and failure.kind_before(2) == "_COLON":
        return Diagnosis(
            "equals-sign", message.format(words[0]), suggest(f"{failure.field}:{value}")
        )
    if failure.kind_before(2) == "_COLON" and words[0] in {*_EQUAL, *_UNEQUAL, "=~", "~"}:
        negated = "not " if words[0] in _UNEQUAL else ""
        hint = suggest(f"{negated}{failure.field}:{value}") if len(words) == 1 else ""
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
        fixed = f"{name}:{as_pattern(value[1:-1], '%')}"
    elif lower in _PARTS:
        fixed = f"{name}:{_PARTS[lower].format(as_pattern(value[1:-1]))}"
        if lower == "=~":
            fixed = f"{name}:{value}"
    else:
        return None
    if failure.follows_value:
        first = " ".join(words[:-2])
        if not first or failure.is_in_values:
            return None
        fixed = f"{failure.field}:{first} and {fixed}"
    elif len(words) > 2:
        return None
    return Diagnosis("equals-sign", message.format(sign), suggest(fixed))


def bracket_range(field: str, low: str, high: str, opening: str, closing: str) -> str:
    """The hint for a range of Lucene; a star is an open end."""
    if (low, high) == ("*", "*"):
        return suggest(f"{field}:*")
    signs = (">=" if opening == "[" else ">", "<=" if closing == "]" else "<")
    ends = zip(signs, (low, high), strict=True)
    return suggest(" and ".join(f"{field} {sign} {value}" for sign, value in ends if value != "*"))


def explain_lucene_syntax(
    failure: ParseFailure, words: list[str], found_word: str
) -> Diagnosis | None:
    if words and failure.found.kind == "LPAR" and re.fullmatch(r"/[^/]*", failure.text_before()):
        after = failure.text[failure.offset : failure.offset + 2 * LONGEST_ADVICE]
        if re.match(r"[^/]*/\s*($|[)\s])", after):
            return REGULAR_EXPRESSION
    if (
        failure.kind_before() == "QUOTED"
        and failure.follows_directly
        and re.match(r"[~^]\d*$", found_word)
    ):
        message = f"Kibana KQL has no {'proximity search' if found_word[0] == '~' else 'boosting'}"
        return Diagnosis("lucene-syntax", message, suggest(failure.previous_expression))
    if words == ["["] and failure.found.kind == "QUOTED":
        inner = re.compile(r"[^\[\]]*").match(failure.text, failure.offset)
        values = [value.strip() for value in re.split(r",|\sTO\s", inner[0] if inner else "")]
        if inner and re.search(r"\sTO\s", inner[0]) and len(values) == 2:
            fixed = f"{failure.field} >= {values[0]} and {failure.field} <= {values[1]}"
            return Diagnosis(
                "lucene-syntax", "Kibana KQL has no ranges in brackets", suggest(fixed)
            )
        fixed = f"{failure.field}:({' or '.join(values)})"
        return Diagnosis("comma-list", 'values go in parentheses, joined by "or"', suggest(fixed))
    return None


def as_pattern(inner: str, wildcard: str = "") -> str:
    """What stands within quotes, as an unquoted value; ``wildcard`` is what its stars are to be."""
    text = cast(FreeText, read(f'"{inner}"')).value.name
    parts = text.split(wildcard) if wildcard else [text]
    try:
        return spell_value(Pattern.between_stars(parts) if len(parts) > 1 else Literal(text))
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
