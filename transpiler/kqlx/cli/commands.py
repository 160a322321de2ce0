"""The commands, in the order of ``kqlx --help``, and where each is: a function of its name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

COMMANDS = {
    "convert": "kqlx.cli.convert",
    "check": "kqlx.cli.check",
    "fmt": "kqlx.cli.fmt",
    "lint": "kqlx.cli.lint",
    "test": "kqlx.cli.test",
    "explain": "kqlx.cli.explain",
    "targets": "kqlx.cli.convert",
    "fields": "kqlx.cli.sources",
    "config": "kqlx.cli.config",
    "init": "kqlx.cli.config",
}


def command(name: str) -> Callable[..., None]:
    found: Callable[..., None] = getattr(import_module(COMMANDS[name]), name)
    return found
