"""The command line: ``kqlx convert``, ``check``, ``fmt``, ``lint``, ``test``, ``explain``,
``targets``, ``fields``, ``sources``.

Results go to standard output and nothing else does; notes, warnings and errors go to standard
error. The exit status is 0 where all went well, 1 where something was refused or found, 2 for wrong
usage, input that cannot be read or output that cannot be written.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, TextIO

import typer

from kqlx import __version__
from kqlx.cli import check, config, convert, explain, fmt, lint, sources, streams, test
from kqlx.cli.common import Exit
from kqlx.cli.configured import Configured

app = typer.Typer(
    add_completion=True,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


COMMANDS = (
    convert.convert,
    check.check,
    fmt.fmt,
    lint.lint,
    test.test,
    explain.explain,
    convert.targets,
    sources.fields,
    config.config,
    config.init,
)
for command in COMMANDS:
    app.command(cls=Configured)(command)
app.add_typer(sources.sources)


def run() -> None:
    """Runs the command that the arguments name, to its exit status."""
    streams.prepare()
    warnings.showwarning = _show_warning
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # The reader of the pipe has left.
        streams.discard(sys.stdout)
        sys.exit(Exit.REFUSED)
    except MemoryError:
        streams.say("error: there is not enough memory")
        streams.discard(sys.stdout)
        sys.exit(Exit.UNUSABLE)
    except OSError as error:
        where = error.filename or "cannot write to standard output"
        streams.say(f"error: {where}: {error.strerror or error}")
        streams.discard(sys.stdout)
        sys.exit(Exit.UNUSABLE)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Prints what is no part of the result, such as a target that cannot be loaded."""
    streams.say(f"warning: {message}")
