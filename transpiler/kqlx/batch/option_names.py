"""Arguments of ``kqlx.convert`` as options of the command line."""

from __future__ import annotations

from kqlx.errors import condensed
from kqlx.hints import Argument, worded


def flag(argument: Argument) -> str:
    """An argument as an option, with its value if it has one."""
    option = f"--{argument.name.replace('_', '-')}"
    return f"{option} {argument.value}" if argument.value else option


def with_flags(hint: str) -> str:
    """A hint whose arguments are options of the command line."""
    return worded(hint, flag)


def hint_line(hint: str) -> str:
    """The line of a hint below its message, as far as it can be read."""
    return f"  hint: {condensed(with_flags(hint))}"


def spelled(name: str) -> str:
    """The name of an argument as that of an option."""
    return flag(Argument(name))
