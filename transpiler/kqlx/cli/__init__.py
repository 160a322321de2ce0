"""The command line: one module a command, and what commands share."""

from __future__ import annotations


def main() -> None:
    """The entry point of ``kqlx`` and ``python -m kqlx``."""
    from kqlx.cli.app import run

    run()
