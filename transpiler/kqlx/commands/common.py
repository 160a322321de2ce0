"""What the commands share: input, exit statuses, and the way places, notes and errors
are printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

import typer

from kqlx.errors import KqlSyntaxError, KqlxError, RuleError, UsageError, place_of, point
from kqlx.nodes import Span
from kqlx.notes import Note
from kqlx.rules.model import Rule


class Exit(IntEnum):
    DONE = 0
    REFUSED = 1
    UNUSABLE = 2


def inputs(paths: list[str], query: str | None) -> Iterator[Rule | KqlxError]:
    """The rules of files, folders, the standard input or an argument, or what is wrong
    with them.
    """
    if query is not None:
        if paths:
            usage("give either files or --query, not both")
        yield Rule(name="", query=query)
        return
    for path in paths or ["-"]:
        if path == "-":
            yield from_standard_input()
        else:
            yield from from_path(Path(path))


def from_standard_input() -> Rule | KqlxError:
    if sys.stdin.isatty():
        say("reading a query from standard input; end it with Ctrl-D")
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return RuleError(f"standard input: not UTF-8 at byte {error.start}", readable=False)
    return Rule(name="", query=text)


def from_path(path: Path) -> Iterator[Rule | KqlxError]:
    from kqlx.rules.load import load_rules

    try:
        found = load_rules(path)
    except RuleError as error:
        yield error
        return
    yield from found.rules
    for skipped in found.skipped:
        yield RuleError(f"{skipped.path}: {skipped.reason}")
    yield from found.errors


def label(rule: Rule) -> str:
    return str(rule.path) if rule.path else "query"


def place(rule: Rule, span: Span | None) -> str:
    """File, line and column of a part of the query, as editors and terminals make links of."""
    if span is None:
        return label(rule)
    found = place_of(rule.query, span[0])
    column = found.column + (rule.first_column - 1 if found.line == 1 else 0)
    return f"{label(rule)}:{found.line + rule.first_line - 1}:{column}"


def report(error: KqlxError, rule: Rule | None = None, target: str = "") -> Exit:
    """Prints an error and returns the exit status that it asks for."""
    about = f"{target}: " if target else ""
    if isinstance(error, KqlSyntaxError) and rule is not None:
        span = (error.offset, error.offset + max(1, len(error.found)))
        say(f"{place(rule, span)}: error: {error.message} [{error.code}]")
        say(point(rule.query, span, first_line=rule.first_line))
    elif rule is not None:
        notes: tuple[Note, ...] = getattr(error, "notes", ())
        spans = [note.span for note in notes if note.effect.is_difference and note.span]
        where = place(rule, spans[0] if spans else None)
        say(f"{where}: error: {about}{error.message} [{error.code}]")
        if spans:
            say(point(rule.query, spans[0], first_line=rule.first_line))
    else:
        say(f"error: {error.message}")
    if error.hint:
        say(f"  hint: {error.hint}")
    unreadable = isinstance(error, RuleError) and not error.readable
    return Exit.UNUSABLE if unreadable or isinstance(error, UsageError) else Exit.REFUSED


def say(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr)


def usage(message: str, hint: str = "") -> NoReturn:
    fail(UsageError(message, hint=hint))


def fail(error: KqlxError) -> NoReturn:
    """Prints an error and ends with the status for input that cannot be used."""
    report(error)
    raise typer.Exit(Exit.UNUSABLE)
