"""The value of a field that is a part of a column: regular expressions that take it out.

They are such as both PCRE (Splunk) and RE2 (Kusto) read, each with one group.
"""

from __future__ import annotations

import re

from kqlx.mappings.field_spec import FieldSpec
from kqlx.patterns import Pattern

WHOLE = ""
"""Stands for the column's value as it is."""


def captures(spec: FieldSpec) -> tuple[str, ...]:
    """The expressions for the part of a column that a field is, the first that matches counting;
    none where no expression can take it out.
    """
    if spec.guard or spec.joined_columns or (spec.value_part is None and not spec.value_patterns):
        return ()
    if spec.counted_as:
        return (spec.counted_as,)
    if spec.value_part is not None:
        found = _of_part(spec.value_part, spec.separators)
        return (found,) if found else ()
    # What is told more exactly counts before what fits more values, and the whole comes last.
    patterns = sorted(spec.value_patterns, key=lambda pattern: -len(pattern.replace("*", "")))
    each = [WHOLE if p == "{}" else _of_pattern(p, spec.takes) for p in patterns]
    return () if None in each else tuple(expression or WHOLE for expression in each)


def cut_at(spec: FieldSpec) -> str | None:
    """The mark up to which the field is what a column holds; None for other fields."""
    return spec.separators if spec.value_part == "before" and not spec.guard else None


def _of_part(part: str, separators: str) -> str | None:
    signs = "".join(map(re.escape, separators))
    match part:
        case "name":
            return rf"([^{signs}]+)$"
        case "extension":
            return rf"\.([^.{signs}]+)$"
        case "directory":
            return rf"^(.*)[{signs}]"
        case "before":
            return f"^([^{signs}]+)"
        case "run":
            return f"([{separators}]+)"
        case "pair":
            return rf"(?:^|,){_literal(separators)}([^,]*)"
    return None  # an argument of a command line is one of many


def _of_pattern(pattern: str, takes: str = "") -> str | None:
    """The expression for ``{}``, which is what another one ``takes``, in a pattern with stars; None
    where stars leave its ends open.
    """
    before, _, after = pattern.partition("{}")
    if before.endswith("*") or after.startswith("*"):
        return None
    start = "" if before.startswith("*") else "^"
    end = "" if after.endswith("*") else "$"
    ends = before.removeprefix("*"), after.removesuffix("*")
    left, right = (Pattern.from_stars(end).as_regex(_literal, ".*?") for end in ends)
    group = takes or (".+?" if right else ".+")
    if left.endswith(" ") and not takes:
        # Where one blank may stand there may be several, none of which is the value's.
        left, group = f"{left}+", rf"\S{'.*?' if right else '.*'}"
    return f"{start}{left}({group}){right}{end}"


def _literal(text: str) -> str:
    """The text with the signs of both languages escaped, and no others."""
    return re.sub(r"([\\.+*?()\[\]{}|^$])", r"\\\1", text)
