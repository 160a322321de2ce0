"""What the codes of remarks mean, and the page of the documentation that says it."""

from __future__ import annotations

from functools import cache

_DOCS = "https://github.com/kqlx/kqlx/blob/main/docs"
_OF_RUNS = {
    "internal-error": "kqlx failed on a rule, which is a fault of its own",
    "no-rule": "the file holds no rule",
    "language-skipped": "the rule is in a language that kqlx does not read, or has no query",
    "name-taken": "two results would get one name",
    "worse-than-baseline": "the conversion is worse than in the run that the baseline records",
}
"""Codes of what becomes of rules in a run."""


def meaning_of(code: str) -> str:
    """A phrase."""
    found = _known().get(code)
    return _OF_RUNS.get(code, "something is to be said of a rule") if found is None else found[1]


def page_of(code: str) -> str:
    """The address where the code is explained."""
    found = _known().get(code)
    if found is None:
        return f"{_DOCS}/reports.md"
    return {
        "error": f"{_DOCS}/errors.md#{code}",
        "lint": f"{_DOCS}/lint.md#{code}",
        "note": f"{_DOCS}/notes.md#codes",
    }[found[0]]


@cache
def _known() -> dict[str, tuple[str, str]]:
    """The kind and the meaning of each code; of one that is a note and an error the note's."""
    from kqlx.explanations import all_codes

    return {one.code.name: (one.kind, one.code.meaning) for one in all_codes()}
