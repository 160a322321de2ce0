"""The names that users give to places of their targets: indexes, macros, tables, lookups."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kqlx.regexes import late_regex

FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "index": (late_regex(r"[\w*.-]+"), "Splunk"),
    "macro": (late_regex(r"\w+(?:\([^`]*\))?"), "Splunk"),
    "table": (late_regex(r"\w[\w.-]*"), "Sentinel"),
    "lookup": (late_regex(r"[\w.-]+"), "Splunk"),
    "column": (late_regex(r"\w[\w.-]*"), "a table of networks"),
}
"""By kind the form of its names, and who takes them. For tables:
https://learn.microsoft.com/kusto/query/schema-entities/entity-names?view=microsoft-sentinel."""


def name_problem(kind: str, value: object) -> str:
    """What is wrong with a name, or ""."""
    form, taker = FORMS[kind]
    good = isinstance(value, str) and form.fullmatch(value)
    return "" if good else f"is not a name that {taker} accepts: {value!r}"
