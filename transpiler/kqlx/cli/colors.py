"""Messages in colours, on a terminal: ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM`` count, and
``--color`` before them.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from kqlx.errors import UsageError
from kqlx.hints import did_you_mean
from kqlx.regexes import late_regex

if TYPE_CHECKING:
    from rich.text import Text

CHOICES = ("auto", "always", "never")

_SEVERITY = late_regex(r"(?:^|: )(error|warning|note|info): ")
_CODE = late_regex(r" \[[a-z: -]+\]$")
_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan", "info": "bold"}


def choose(choice: str) -> None:
    """What ``--color`` says, for all that this process prints. Raises UsageError."""
    if choice not in CHOICES:
        hint = did_you_mean(choice, CHOICES)
        raise UsageError(f"--color is auto, always or never, not {choice!r}", hint=hint)
    if choice != "auto":
        os.environ.pop("NO_COLOR" if choice == "always" else "FORCE_COLOR", None)
        os.environ["FORCE_COLOR" if choice == "always" else "NO_COLOR"] = "1"


def are_wanted(stream: TextIO | None = None) -> bool:
    """Whether messages on a stream, by default standard error, are to be coloured."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stderr).isatty() and os.environ.get("TERM", "dumb") != "dumb"


def styled(line: str) -> Text:
    """A line of messages: the place, the severity and the code stand out. Lines that a comparison
    has no longer, or new, are in the colours of diff.
    """
    from rich.text import Text

    text = Text(line)
    if line.startswith("  hint: "):
        text.stylize("green", 2, 7)
    elif line.startswith("    -"):
        text.stylize("red")
    elif line.startswith("    +"):
        text.stylize("green")
    elif found := _SEVERITY.search(line):
        text.stylize("bold", 0, found.start())
        text.stylize(_STYLES[found[1]], *found.span(1))
        if code := _CODE.search(line):
            text.stylize("dim", *code.span())
    return text


def show(line: str, stream: TextIO) -> None:
    """Prints a line in colours."""
    from rich.console import Console

    console = Console(file=stream, force_terminal=True, markup=False, highlight=False, emoji=False)
    console.print(styled(line), soft_wrap=True)
