"""What the commands share: input, exit statuses, and the way places, notes and errors
are printed.
"""

from __future__ import annotations

import codecs
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from kqlx.batch.option_names import hint_line
from kqlx.cli.requests import in_language, one_query, query_rule
from kqlx.cli.streams import say
from kqlx.errors import (
    KqlxError,
    OutputError,
    QuerySyntaxError,
    RuleError,
    UnsupportedError,
    UsageError,
    condensed,
    place_of,
    point,
)
from kqlx.nodes import NOWHERE, Span
from kqlx.notes import Note
from kqlx.records import replace
from kqlx.rules.model import NO_RULE, Rule, RuleSet, Skipped


class Exit(IntEnum):
    DONE = 0
    REFUSED = 1
    UNUSABLE = 2


def inputs(
    paths: list[str],
    queries: list[str] | None,
    exclude: list[str] | None = None,
    language: str | None = None,
) -> Iterator[Rule | KqlxError]:
    """The rules of files, folders, the standard input or an argument, or what is wrong with them.
    A rule in another language is an error where the user names its very file; those in folders are
    counted, and so are files there that are no rules. ``language`` is that of a bare query.
    """
    try:
        query = one_query(queries, paths)
        if query is not None:
            yield query_rule(query, language)
            return
    except UsageError as error:
        fail(error)
    skipped: list[Skipped] = []
    others = 0
    used: set[str] = set()
    for path in paths or ["-"]:
        try:
            is_text = path == "-"
            found = from_standard_input(language) if is_text else from_path(path, exclude, used)
        except RuleError as error:
            yield error
            continue
        except UsageError as error:
            fail(error)
        if not (found.rules or found.skipped or found.errors):
            name = "standard input" if path == "-" else path
            yield RuleError(f"{name}: it contains no rule", readable=False)
        yield from found.rules
        for item in found.skipped:
            where = f"{item.path}:{item.line}" if item.line else str(item.path)
            is_named = path == "-" or item.path == Path(path)
            if item.kind == NO_RULE and is_named:
                say(f"{where}: skipped: {item.reason}")
            elif item.kind == NO_RULE:
                others += 1
            elif is_named:
                yield RuleError(f"{where}: {item.reason}")
            else:
                skipped.append(item)
        yield from found.errors
    say_unused(pattern for pattern in dict.fromkeys(exclude or ()) if pattern not in used)
    if skipped:
        kinds = Counter(item.kind for item in skipped).most_common()
        counts = ", ".join(f"{count} {kind}" for kind, count in kinds)
        rules = "1 rule is" if len(skipped) == 1 else f"{len(skipped)} rules are"
        say(f"{rules} skipped: {counts}")
    if others:
        say(f"{others} {'file' if others == 1 else 'files'} without a rule")


def say_guess(rule: Rule) -> None:
    """Tells that the language of a query was guessed, of commands that print no notes."""
    if rule.guessed:
        from kqlx.rules.query_only_notes import GUESSED

        say(f"note: {GUESSED}; --language kuery reads it as Kibana KQL")


def from_standard_input(language: str | None = None) -> RuleSet:
    """Raises RuleError where nothing can be read from there, and UsageError for a ``language`` that
    is not read.
    """
    from kqlx.rules.load import load_text

    if sys.stdin is None:
        raise RuleError("standard input is closed", readable=False)
    if sys.stdin.isatty():
        say("reading a query from standard input; end it with Ctrl-D")
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        reason = error.strerror or error
        raise RuleError(f"standard input: {reason}", readable=False) from None
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        raise RuleError("no query on standard input", readable=False)
    return in_language(load_text(data, "standard input"), language)


def from_path(path: str, exclude: list[str] | None, used: set[str]) -> RuleSet:
    from kqlx.rules.load import load_rules

    return load_rules(path, exclude or (), used)


def say_unused(patterns: Iterable[str]) -> None:
    """Tells of what --exclude names that there is not. Those of settings are for all folders."""
    if not (patterns := [*patterns]):
        return
    from kqlx.rules.ignored_files import Pattern

    typed = [pattern for pattern in patterns if not isinstance(pattern, Pattern)]
    for pattern in typed:
        say(f"warning: --exclude {pattern}: it skips nothing")
    if typed:
        say("  hint: as in a .gitignore, patterns count from the folders that PATH names")


def label(rule: Rule) -> str:
    """The rule's file, and its line there where it is one of several."""
    name = str(rule.path) if rule.path else "query" if rule.format == "query" else "standard input"
    return f"{name}:{rule.line}" if rule.line else name


def about(rule: Rule, span: Span | None, kind: str = "") -> str:
    """What a message about a part of the query begins with: file, line and column, as editors and
    terminals make links of, and the kind of message.

    Where the query stands in its file in another spelling the line is that of the key, and the
    place within the query's text is told in words.
    """
    kind = f"{kind}: " if kind else ""
    if span is None or span == NOWHERE:
        return f"{label(rule)}: {kind}"
    name = label(replace(rule, line=0))
    found = place_of(rule.query, span[0])
    if not rule.first_column:
        line = f":{rule.first_line}" if rule.first_line else ""
        within = f"line {found.line}, column {found.column} in the query: "
        return f"{name}{line}: {kind}{within}"
    column = found.column + (rule.first_column - 1 if found.line == 1 else rule.indent)
    return f"{name}:{found.line + rule.first_line - 1}:{column}: {kind}"


def show(rule: Rule, span: Span) -> None:
    """The line of the query with carets below it, numbered as in the message above it."""
    for line in point(
        rule.query, span, first_line=rule.first_line if rule.first_column else 1
    ).split("\n"):
        say(line)


def report(error: KqlxError, rule: Rule | None = None, target: str = "") -> Exit:
    """Prints an error and returns the exit status that it asks for."""
    who = f"{target}: " if target else ""
    if isinstance(error, QuerySyntaxError) and rule is not None:
        span = (error.offset, error.offset + max(1, len(error.found)))
        say(f"{about(rule, span, 'error')}{condensed(error.message)} [{error.code}]")
        show(rule, span)
    elif rule is not None:
        notes: tuple[Note, ...] = getattr(error, "notes", ())
        # The place of what the message says, which may have none, not that of another note.
        notes = tuple(note for note in notes if note.message in error.message) or notes
        spans = [note.span for note in notes if note.effect.is_difference and note.span]
        spans = [span for span in spans if span != NOWHERE]
        start = about(rule, spans[0] if spans else None, "error")
        say(f"{start}{who}{condensed(error.message)} [{reason(error)}]")
        if spans:
            show(rule, spans[0])
    else:
        for message in getattr(error, "problems", ()) or (error.message,):
            say(f"error: {condensed(message)}")
    if error.hint:
        say(hint_line(error.hint))
    unreadable = isinstance(error, RuleError) and not error.readable
    unusable = unreadable or isinstance(error, UsageError | OutputError)
    return Exit.UNUSABLE if unusable else Exit.REFUSED


def reason(error: KqlxError) -> str:
    """What a message ends with: the code, and before it the effect that was not accepted."""
    effect = error.effect if isinstance(error, UnsupportedError) else None
    return error.code if effect is None else f"{effect}: {error.code}"


def usage(message: str, hint: str = "") -> NoReturn:
    fail(UsageError(message, hint=hint))


def fail(error: KqlxError) -> NoReturn:
    """Prints an error and ends with the status for input that cannot be used."""
    report(error)
    raise SystemExit(Exit.UNUSABLE)
