"""The commands, in the order of ``kqlx --help``, and where each is: a function of its name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

COMMANDS = {
    "convert": "kqlx.cli.convert",
    "check": "kqlx.cli.check",
    "diff": "kqlx.cli.diff",
    "lint": "kqlx.cli.lint",
    "fmt": "kqlx.cli.fmt",
    "test": "kqlx.cli.test",
    "explain": "kqlx.cli.explain",
    "fields": "kqlx.cli.fields",
    "targets": "kqlx.cli.convert",
    "config": "kqlx.cli.config",
    "init": "kqlx.cli.config",
}

GROUPS = {"sources": "kqlx.cli.source_list"}
"""Those that have commands below them, and what each does without one."""


def command(name: str) -> Callable[..., None]:
    found: Callable[..., None] = getattr(import_module({**COMMANDS, **GROUPS}[name]), name)
    return found
