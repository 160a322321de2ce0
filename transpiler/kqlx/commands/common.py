"""What the commands share: input, exit statuses, and the way places, notes and errors
are printed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from kqlx.commands.streams import say
from kqlx.errors import KqlSyntaxError, KqlxError, RuleError, UsageError, place_of, point
from kqlx.nodes import Span
from kqlx.notes import Note
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.settings import Settings


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
            yield from from_path(path)


def from_standard_input() -> Rule | KqlxError:
    if sys.stdin is None:
        return RuleError("standard input is closed", readable=False)
    if sys.stdin.isatty():
        say("reading a query from standard input; end it with Ctrl-D")
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return RuleError(f"standard input: not UTF-8 at byte {error.start}", readable=False)
    except OSError as error:
        return RuleError(f"standard input: {error.strerror or error}", readable=False)
    if not text.strip():
        return RuleError("no query on standard input", readable=False)
    return Rule(name="", query=text)


def from_path(path: str) -> Iterator[Rule | KqlxError]:
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


def about(rule: Rule, span: Span | None, kind: str = "") -> str:
    """What a message about a part of the query begins with: file, line and column, as editors and
    terminals make links of, and the kind of message.

    Where the query stands in its file in another spelling the line is that of the key, and the
    place within the query's text is told in words.
    """
    kind = f"{kind}: " if kind else ""
    if span is None:
        return f"{label(rule)}: {kind}"
    found = place_of(rule.query, span[0])
    if not rule.first_column:
        line = f":{rule.first_line}" if rule.first_line else ""
        within = f"line {found.line}, column {found.column} in the query: "
        return f"{label(rule)}{line}: {kind}{within}"
    column = found.column + (rule.first_column - 1 if found.line == 1 else 0)
    return f"{label(rule)}:{found.line + rule.first_line - 1}:{column}: {kind}"


def show(rule: Rule, span: Span) -> None:
    """The line of the query with carets below it, numbered as in the message above it."""
    say(point(rule.query, span, first_line=rule.first_line if rule.first_column else 1))


def report(error: KqlxError, rule: Rule | None = None, target: str = "") -> Exit:
    """Prints an error and returns the exit status that it asks for."""
    who = f"{target}: " if target else ""
    if isinstance(error, KqlSyntaxError) and rule is not None:
        span = (error.offset, error.offset + max(1, len(error.found)))
        say(f"{about(rule, span, 'error')}{error.message} [{error.code}]")
        show(rule, span)
    elif rule is not None:
        notes: tuple[Note, ...] = getattr(error, "notes", ())
        spans = [note.span for note in notes if note.effect.is_difference and note.span]
        start = about(rule, spans[0] if spans else None, "error")
        say(f"{start}{who}{error.message} [{error.code}]")
        if spans:
            show(rule, spans[0])
    else:
        say(f"error: {error.message}")
    if error.hint:
        say(f"  hint: {error.hint}")
    unreadable = isinstance(error, RuleError) and not error.readable
    return Exit.UNUSABLE if unreadable or isinstance(error, UsageError) else Exit.REFUSED


def load_settings() -> Settings | None:
    """The user's settings; None, without a look at YAML, where there are none."""
    if "KQLX_CONFIG" not in os.environ and not Path("kqlx.yml").is_file():
        return None
    from kqlx.settings import load

    return load()


def usage(message: str, hint: str = "") -> NoReturn:
    fail(UsageError(message, hint=hint))


def fail(error: KqlxError) -> NoReturn:
    """Prints an error and ends with the status for input that cannot be used."""
    report(error)
    raise typer.Exit(Exit.UNUSABLE)
