"""The command line: one module a command, and what commands share."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point of ``kqlx`` and ``python -m kqlx``."""
    if sys.argv[1:] == ["--version"] and _printed_version():
        return
    from kqlx.cli import interruptions

    with interruptions.heeded():
        from kqlx.cli.app import run

        run()


def _printed_version() -> bool:
    """Whether the version is printed, which needs nothing of what commands need."""
    from kqlx import __version__

    if sys.stdout is None:
        return False  # closed: ``run`` says so, as of one that is full
    try:
        print(f"kqlx {__version__}", flush=True)
    except OSError:
        return False
    return True
