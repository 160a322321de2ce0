"""The command line by typer: ``kqlx convert``, ``fmt``, ``lint``, ``test``, ``explain``,
``targets``, ``fields``, ``sources`` and so on.

Results go to standard output and nothing else does; notes, warnings and errors go to standard
error. The exit status is 0 where all went well, 1 where something was refused or found, 2 for wrong
usage, input that cannot be read or output that cannot be written.
"""

from __future__ import annotations

from typing import Annotated

import typer

from kqlx import __version__
from kqlx.cli import sources
from kqlx.cli.commands import COMMANDS, command
from kqlx.cli.configured import Configured
from kqlx.cli.declared import for_typer

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
    """Port detection rules in Kibana KQL (kuery) to other SIEMs, and say where the meaning
    changes.
    """


for name in COMMANDS:
    app.command(cls=Configured)(for_typer(command(name)))
app.add_typer(sources.sources)
