"""The command line: one module a command, and what commands share."""

from __future__ import annotations

import gc
import os
import sys

_WIDTH = 80
"""Of the stored help, which is typer's, in ``help/``; it fills no more on wider terminals."""

_STANDARD_OUTPUT = 1

_OBJECTS = 100_000
"""So many new ones are looked at together for those that only hold each other. Loading all that a
rule needs and converting it makes fewer; to look at them would take a tenth of the time.
"""


def main() -> None:
    """The entry point of ``kqlx`` and ``python -m kqlx``."""
    if (text := _known_text(sys.argv[1:])) and _is_printed(text):
        return
    gc.set_threshold(_OBJECTS)
    from kqlx.cli import interruptions

    with interruptions.heeded():
        from kqlx.cli.start import run

        run()


def _known_text(words: list[str]) -> str:
    """What is printed for these words whatever else is the case, and needs nothing of what
    commands need; nothing if it depends.
    """
    if words == ["--version"]:
        from kqlx import __version__

        return f"kqlx {__version__}\n"
    if words and words[-1] in ("--help", "-h") and _columns() >= _WIDTH:
        return _help(words[:-1])
    return ""


def _help(commands: list[str]) -> str:
    """The stored help of a command, by its name and those above it; nothing if there is none."""
    if not all(word.isalpha() and word.islower() for word in commands):
        return ""
    name = "-".join(["kqlx", *commands])
    try:
        with open(os.path.join(os.path.dirname(__file__), "help", f"{name}.txt"), "rb") as file:  # noqa: PTH118, PTH120, PTH123 - pathlib costs more than the rest
            return file.read().decode()
    except OSError:
        return ""


def _columns() -> int:
    """As ``shutil.get_terminal_size`` has it."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(_STANDARD_OUTPUT).columns or _WIDTH
    except OSError:
        return _WIDTH


def _is_printed(text: str) -> bool:
    """Whether it can be: ``run`` says so of a standard output that is closed or full."""
    if sys.stdout is None:
        return False
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, ValueError):
        return False
    return True
