"""The command line: reads arguments, prints, decides nothing.

Results go to standard output and nothing else does; notes, warnings and errors go to standard
error. The exit status is 0 where all was converted, 1 where something was refused or failed, 2 for
wrong usage or input that cannot be read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from kqlx import __version__
from kqlx.errors import KqlSyntaxError, KqlxError, RuleError, UsageError, point
from kqlx.notes import Effect, Note
from kqlx.rules.model import Rule

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Exit(IntEnum):
    CONVERTED = 0
    REFUSED = 1
    UNUSABLE = 2


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"kqlx {__version__}")
        raise typer.Exit


@app.callback()
def kqlx(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Port detection rules in Kibana KQL (kuery) to other SIEMs; say where the meaning changes."""


@app.command()
def targets() -> None:
    """List the targets: name, aliases, formats, language."""
    from kqlx.backends import targets

    for target in targets():
        names = ", ".join([target.name, *target.aliases])
        print(f"{names:24} {', '.join(target.formats):16} {target.title}")


@app.command()
def convert(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...", help="Rule files or folders; - reads a query from standard input."
        ),
    ] = None,
    to: Annotated[
        str, typer.Option("--to", "-t", help="Target, several with commas between, or all.")
    ] = "spl",
    query: Annotated[
        str | None, typer.Option("--query", "-q", help="The text of a query, instead of files.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="Data source, such as o365.audit; none keeps all field names."),
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="Artifact: query, or for Sigma rule. See kqlx targets.")
    ] = None,
    unmapped: Annotated[
        str, typer.Option(help="Fields without a counterpart: error or keep.")
    ] = "error",
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Let an effect pass that is refused otherwise: narrower or different."),
    ] = None,
    strict: Annotated[bool, typer.Option(help="Refuse all but the effects same and case.")] = False,
    exact: Annotated[bool, typer.Option(help="Ask for no difference in letter case.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also print the notes of effect same.")
    ] = False,
) -> None:
    """Convert rules, or a query, and print the results."""
    from kqlx.backends import find
    from kqlx.backends import targets as all_targets
    from kqlx.convert import convert as convert_one

    if unmapped not in ("error", "keep"):
        _usage(f"--unmapped is error or keep, not {unmapped!r}")
    for effect in accept or ():
        if effect not in map(str, Effect):
            _usage(f"--accept takes an effect ({', '.join(map(str, Effect))}), not {effect!r}")
    try:
        names = [name.strip() for name in to.split(",")]
        chosen = list(all_targets()) if to == "all" else [find(name) for name in names]
    except UsageError as error:
        _fail(error)
    status = Exit.CONVERTED
    rules = list(_inputs(paths or [], query))
    several = len(rules) * len(chosen) > 1
    printed = False
    for rule in rules:
        if not isinstance(rule, Rule):
            status = max(status, _report(rule))
            continue
        for target in chosen:
            try:
                result = convert_one(
                    rule,
                    to=target.name,
                    source=source,
                    unmapped="keep" if unmapped == "keep" else "error",
                    accept=accept or (),
                    strict=strict,
                    exact=exact,
                    format=format,
                )
            except UsageError as error:
                _fail(error)
            except KqlxError as error:
                status = max(status, _report(error, rule, target.name))
                continue
            if several:
                print(f"{'' if not printed else chr(10)}# {_label(rule)} -> {target.name}")
            print(result.text, flush=True)
            printed = True
            for note in result.notes:
                if verbose or note.effect is not Effect.SAME:
                    _print_note(note, rule, target.name)
    raise typer.Exit(status)


def _inputs(paths: list[str], query: str | None) -> Iterator[Rule | KqlxError]:
    """The rules to convert, or what is wrong with them."""
    if query is not None:
        if paths:
            _usage("give either files or --query, not both")
        yield Rule(name="", query=query)
        return
    for path in paths or ["-"]:
        if path == "-":
            yield _from_standard_input()
        else:
            yield from _from_path(Path(path))


def _from_standard_input() -> Rule | KqlxError:
    if sys.stdin is None or sys.stdin.isatty():
        print("reading a query from standard input; end it with Ctrl-D", file=sys.stderr)
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return RuleError(f"standard input: not UTF-8 at byte {error.start}", readable=False)
    return Rule(name="", query=text)


def _from_path(path: Path) -> Iterator[Rule | KqlxError]:
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


def _label(rule: Rule) -> str:
    return str(rule.path) if rule.path else "query"


def _place(rule: Rule, span: tuple[int, int] | None) -> str:
    """File, line and column of a part of the query, as editors and terminals make links of."""
    from kqlx.errors import place_of

    if span is None:
        return _label(rule)
    place = place_of(rule.query, span[0])
    column = place.column + (rule.first_column - 1 if place.line == 1 else 0)
    return f"{_label(rule)}:{place.line + rule.first_line - 1}:{column}"


def _print_note(note: Note, rule: Rule, target: str) -> None:
    kind = "note" if note.effect <= Effect.CASE else "warning"
    _say(
        f"{_place(rule, note.span)}: {kind}: {target}: {note.message} [{note.effect}: {note.code}]"
    )
    if note.hint:
        _say(f"  hint: {note.hint}")


def _report(error: KqlxError, rule: Rule | None = None, target: str = "") -> Exit:
    """Prints an error and returns the exit status that it asks for."""
    if isinstance(error, KqlSyntaxError) and rule is not None:
        width = max(1, len(error.found))
        span = (error.offset, error.offset + width)
        _say(f"{_place(rule, span)}: error: {error.message} [{error.code}]")
        _say(point(rule.query, span, first_line=rule.first_line))
    elif rule is not None:
        spans = [note.span for note in getattr(error, "notes", ()) if note.effect > Effect.CASE]
        span_or_none = next((span for span in spans if span), None)
        _say(f"{_place(rule, span_or_none)}: error: {target}: {error.message} [{error.code}]")
        if span_or_none:
            _say(point(rule.query, span_or_none, first_line=rule.first_line))
    else:
        _say(f"error: {error.message}")
    if error.hint:
        _say(f"  hint: {error.hint}")
    unreadable = isinstance(error, RuleError) and not error.readable
    return Exit.UNUSABLE if unreadable else Exit.REFUSED


def _say(text: str) -> None:
    print(text.encode("utf-8", "backslashreplace").decode(), file=sys.stderr)


def _usage(message: str) -> NoReturn:
    _fail(UsageError(message))


def _fail(error: KqlxError) -> NoReturn:
    _say(f"error: {error.message}")
    if error.hint:
        _say(f"  hint: {error.hint}")
    raise typer.Exit(Exit.UNUSABLE)


def _run(command: Callable[[], None]) -> None:
    """Runs the command line with UTF-8 on all streams, and ends in silence when the reader of a
    pipe is gone.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        command()
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain when it flushes at exit; the null device takes what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.REFUSED)


def main() -> None:
    """The entry point of ``kqlx`` and ``python -m kqlx``."""
    _run(app)
