"""The values of a filter's clause: texts, patterns, counts; and clauses put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from kqlx.nodes import Case, Literal
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern, Token
from kqlx.regexes import late_regex


class Inexpressible(Exception):
    """The tree cannot say this; the text is the reason."""


def refuse(reason: str) -> NoReturn:
    raise Inexpressible(reason)


def clauses(body: Mapping[str, Any], key: str) -> list[Any]:
    found = body.get(key) or []
    return found if isinstance(found, list) else [found]


def case_in(options: Mapping[str, Any]) -> Case:
    """How a clause compares letters."""
    return Case.FOLDED if options.get("case_insensitive") in (True, "true") else Case.EXACT


def minimum(value: Any, count: int, default: int) -> int:
    """How many of so many clauses must match."""
    if value is None:
        return default if count else 0
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,9}", str(value)):
        refuse(f"minimum_should_match {value}")
    number = int(value)
    return max(0, count + number) if number < 0 else number


def literal_of(value: Any) -> Literal:
    """A JSON value as Elasticsearch reads it: numbers by their text."""
    if isinstance(value, bool):
        return Literal(value)
    if isinstance(value, str):
        return Literal(value, phrase=True)
    if isinstance(value, int) or (isinstance(value, float) and "e" not in repr(value)):
        return Literal(repr(value), phrase=True)
    return refuse("a value that is not a string, a plain number or a Boolean")


_FORMATS = frozenset({"strict_date_optional_time", "date_optional_time", "epoch_millis"})
_ISO_DATE = late_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:.*)?|now.*", re.DOTALL)
_MILLISECONDS = late_regex(r"[0-9]{12,13}")


def is_plain_format(format: Any, values: Iterable[Any]) -> bool:
    """Whether dates of this format are the same to a field that no format is set for, which takes
    ``strict_date_optional_time||epoch_millis``.

    https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/mapping-date-format
    """
    names = str(format).split("||")
    texts = [str(value) for value in values if value is not None]
    shapes = [_MILLISECONDS if name == "epoch_millis" else _ISO_DATE for name in names]
    return _FORMATS.issuperset(names) and all(
        any(shape.fullmatch(text) for shape in shapes) for text in texts
    )


_WILDCARDS: dict[str, Token] = {"*": ANY_RUN, "?": ANY_ONE}


def pattern_of(text: str) -> Pattern:
    """The pattern of a wildcard query, several stars in a row as one
    (https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-wildcard-query).
    """
    found = re.findall(r"\\(.)|([*?])|([^*?\\]+|\\)", text, re.DOTALL)
    tokens = [_WILDCARDS[sign] if sign else escaped or plain for escaped, sign, plain in found]
    return Pattern.of(*tokens).collapsed()
