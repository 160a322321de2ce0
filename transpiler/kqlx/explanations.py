"""What the code of a message means, of whatever kind the message is; ``kqlx explain`` prints it."""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.codes import Code
from kqlx.errors import UsageError
from kqlx.hints import did_you_mean
from kqlx.records import dataclass
from kqlx.refusal_codes import REFUSALS

ERRORS = (
    Code(
        "mapping",
        "a mapping pack or a list of fields cannot be used",
        "Correct the path, or the file at the line that the message names.",
        "kqlx convert --to spl --mapping missing.yml -q 'user.name:alice'",
    ),
    Code(
        "output",
        "a file or folder cannot be written, or kqlx did not write it and leaves it alone",
        "Name another folder with `--out`; `--force` overwrites files that kqlx did not write.",
        "kqlx convert --to spl --out LICENSE rules",
    ),
    Code(
        "rule",
        "a rule file cannot be read, or what it holds is not a rule that kqlx converts",
        "Correct the path or the file at the line that the message names.",
        "kqlx convert --to spl missing.toml",
    ),
    Code(
        "usage",
        "an option or argument names something that does not exist, or two of them exclude each"
        " other",
        "Read the hint, or run the command with `--help`.",
        "kqlx convert --to splonk -q 'user.name:alice'",
        "kqlx convert --to spl --source none -q 'user.name:alice'",
    ),
)
"""The codes of errors that are not about the text of a query, by the class of the error."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``kind`` is ``error``, ``lint`` or ``note``."""

    kind: str
    code: Code


def all_codes() -> Iterator[Explanation]:
    """Every code that a message may end with: errors first, then lint, then notes."""
    from kqlx.frontends import languages
    from kqlx.lint import codes as lint
    from kqlx.note_codes import NOTES

    syntax = (code for language in languages() for code in language.codes())
    errors = sorted((*syntax, *REFUSALS, *ERRORS), key=lambda code: code.name)
    yield from (Explanation("error", code) for code in errors)
    yield from (Explanation("lint", code) for code in lint.CODES)
    yield from (Explanation("note", code) for code in NOTES)


def explain_code(name: str) -> tuple[Explanation, ...]:
    """What a code means, such as ``comma-list``: an error and a lint may share one.

    Raises UsageError where there is no such code.
    """
    known = [*all_codes()]
    found = tuple(one for one in known if one.code.name == name)
    if not found:
        names = [one.code.name for one in known]
        hint = did_you_mean(name, names, "kqlx explain lists all codes")
        raise UsageError(f"unknown code {name!r}", hint=hint)
    return found
