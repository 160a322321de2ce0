"""The value of a field that is a part of a column: regular expressions that take it out.

They are such as both PCRE (Splunk) and RE2 (Kusto) read, each with one group.
"""

from __future__ import annotations

import re

from kqlx.mappings.field_spec import FieldSpec
from kqlx.patterns import Pattern

_ATOMIC = "?>"
"""Begins a group of PCRE that gives nothing back. Python reads some wrongly before 3.11.5."""

_BLANKS = rf"({_ATOMIC} *)(?=\S)"
"""More of the blank before it, up to another sign."""


class Expression(str):
    """A regular expression that is found in a text; "" stands for the text as it is.

    ``whole`` is one for the whole of the text with the same group, for engines that backtrack, such
    as PCRE: whatever the text is, it takes time in proportion to its length. It has atomic groups,
    which RE2 does not read, and needs none.
    """

    __slots__ = ("whole",)
    whole: str

    def __new__(cls, text: str, whole: str = "") -> Expression:
        expression = super().__new__(cls, text)
        start = "" if text.startswith("^") else "^.*?"
        expression.whole = whole or f"{start}{text}{'' if text.endswith('$') else '.*$'}"
        return expression

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override] # of str
        return str(self), self.whole


WHOLE = Expression("")
"""Stands for the column's value as it is."""


def captures(spec: FieldSpec) -> tuple[Expression, ...]:
    """The expressions for the part of a column that a field is, the first that matches counting;
    none where no expression can take it out.
    """
    if spec.guard or spec.joined_columns or (spec.value_part is None and not spec.value_patterns):
        return ()
    if spec.counted_as:
        return (Expression(spec.counted_as),)
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


def _of_part(part: str, separators: str) -> Expression | None:
    signs = "".join(map(re.escape, separators))
    match part:
        case "name":
            return Expression(rf"([^{signs}]+)$", rf"^(?:.*[{signs}])?([^{signs}]+)$")
        case "extension":
            return Expression(rf"\.([^.{signs}]+)$", rf"^.*\.([^.{signs}]+)$")
        case "directory":
            return Expression(rf"^(.*)[{signs}]")
        case "before":
            return Expression(f"^([^{signs}]+)")
        case "run":
            return Expression(f"([{separators}]+)")
        case "pair":
            return Expression(rf"(?:^|,){_literal(separators)}([^,]*)")
    return None  # an argument of a command line is one of many


def _of_pattern(pattern: str, takes: str = "") -> Expression | None:
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
    blanks = ""
    if left.endswith(" ") and not takes:
        # Where one blank may stand there may be several, none of which is the value's.
        blanks, group = "+", rf"\S{'.*?' if right else '.*'}"
    is_last = not (after or blanks or takes)
    whole = _left(before, blanks, bool(takes) or is_last)
    whole += _right(f"({group})", after, bool(takes))
    return Expression(f"{start}{left}{blanks}({group}){right}{end}", whole)


def _left(before: str, blanks: str, is_open: bool) -> str:
    """What stands before the group, from the beginning of the text. Each piece between stars is
    taken where it first fits, in an atomic group: to take it later leaves less for what follows,
    and so never helps. The last piece ``is_open`` where that does not hold, since the group takes
    some signs alone, or where nothing behind it can fail.
    """
    first, *others = _between_stars(before)
    if not others:
        return f"^{first}{blanks}"
    *middle, last = others
    atomic = "".join(f"({_ATOMIC}.*?{piece})" for piece in middle)
    return f"^{first}{atomic}" + (
        f".*?{last}" if is_open else f"({_ATOMIC}.*?{last}{blanks and _BLANKS})"
    )


def _right(group: str, after: str, is_open: bool) -> str:
    """The group, and what stands behind it up to the end of the text; likewise."""
    first, *others = _between_stars(after)
    if not others:
        return f"{group}{first}$"
    *middle, last = others
    is_open = is_open or not (middle or last)
    found = f"{group}{first}" if is_open else f"({_ATOMIC}{group}{first})"
    return found + "".join(f"({_ATOMIC}.*?{piece})" for piece in middle) + f".*{last}$"


def _between_stars(pattern: str) -> list[str]:
    """The expressions of the texts between stars, one more than there are stars."""
    found = [""]
    for token in Pattern.from_stars(pattern).tokens:
        if isinstance(token, str):
            found[-1] = _literal(token)
        else:
            found.append("")
    return found


def _literal(text: str) -> str:
    """The text with the signs of both languages escaped, and no others."""
    return re.sub(r"([\\.+*?()\[\]{}|^$])", r"\\\1", text)
