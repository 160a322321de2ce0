"""Notes, findings and errors → remarks: with their places in rule files."""

from __future__ import annotations

import re

from kqlx.batch.option_names import with_flags
from kqlx.batch.outcome import Remark, Severity
from kqlx.errors import KqlxError, QuerySyntaxError, UnsupportedError, condensed, point
from kqlx.nodes import NOWHERE, Span
from kqlx.notes import Note
from kqlx.rules.model import Rule
from kqlx.rules.places import FilePlace, place_in_file, place_of_rule


def of_note(note: Note, rule: Rule) -> Remark:
    """A note of a conversion. What a destination may not hold is the same for all rules of a data
    source, and is settled there: it is no fault of this rule, and no warning.
    """
    return Remark(
        Severity.WARNING if note.effect.is_difference else Severity.NOTE,
        note.code,
        condensed(note.message),
        place_in_file(rule, note.span),
        note.effect,
        condensed(with_flags(note.hint)),
        note.count,
        _real(note.span),
        note.is_quiet,
    )


def of_lint(note: Note, rule: Rule) -> Remark:
    """A finding of lint."""
    place = place_in_file(rule, note.span)
    return Remark(
        Severity.WARNING,
        note.code,
        condensed(note.message),
        place,
        hint=condensed(with_flags(note.hint)),
        span=_real(note.span),
    )


def of_error(error: KqlxError, rule: Rule) -> Remark:
    """What is wrong with a rule, or with its conversion."""
    span = _span(error)
    return Remark(
        Severity.ERROR,
        error.code,
        condensed(error.message),
        place_in_file(rule, span),
        hint=condensed(with_flags(error.hint)),
        span=span,
        effect=error.effect if isinstance(error, UnsupportedError) else None,
        snippet=snippet(rule, span) if span is not None else "",
    )


def of_internal_error(error: Exception, rule: Rule) -> Remark:
    """A fault of kqlx's own, which costs this rule its conversion and no other."""
    if isinstance(error, MemoryError):
        message = "not enough memory for this rule"
        return Remark(Severity.ERROR, "internal-error", message, place_of_rule(rule))
    what = " ".join(str(error).split())[:200]
    return Remark(
        Severity.ERROR,
        "internal-error",
        f"kqlx failed on this rule: {type(error).__name__}{what and f': {what}'}",
        place_of_rule(rule),
        hint="please report it, with the rule if you can",
    )


def without_rule(error: KqlxError, path: str = "") -> Remark:
    """An error about a file, or about none. Its place, which the message begins with, is taken
    from there.
    """
    message, place = error.message, FilePlace(path)
    rest = message.removeprefix(path) if path else ""
    if rest != message and (found := re.match(r"(?::(\d+))?(?::(\d+))?: ", rest)):
        message = rest[found.end() :]
        place = FilePlace(path, int(found[1] or 0), int(found[2] or 0))
    return Remark(
        Severity.ERROR,
        error.code,
        condensed(message),
        place,
        hint=condensed(with_flags(error.hint)),
    )


def snippet(rule: Rule, span: Span) -> str:
    """The line of the query with carets below it, numbered as the place in the file is."""
    return point(rule.query, span, first_line=rule.first_line if rule.first_column else 1)


def _span(error: KqlxError) -> Span | None:
    """The part of the query that an error is about."""
    if isinstance(error, QuerySyntaxError):
        return (error.offset, error.offset + max(1, len(error.found)))
    notes: tuple[Note, ...] = getattr(error, "notes", ())
    # The place of what the message says, which may have none, not that of another note.
    notes = tuple(note for note in notes if note.message in error.message) or notes
    spans = [_real(note.span) for note in notes if note.effect.is_difference]
    return next((span for span in spans if span is not None), None)


def _real(span: Span | None) -> Span | None:
    return None if span == NOWHERE else span
