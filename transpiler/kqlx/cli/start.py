"""Where a command begins and ends: the standard streams, and the status of what nobody caught."""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable
from typing import TextIO

from kqlx.cli import plain, streams
from kqlx.cli.common import Exit


def run() -> None:
    """Runs the command that the arguments name."""
    streams.prepare()
    warnings.showwarning = _show_warning
    try:
        try:
            (plain.called(sys.argv[1:]) or _typer())()
        finally:
            gc.freeze()  # else Python looks at all once more to find what could go, at its end
            sys.stdout.flush()
    except BrokenPipeError:  # The reader of the pipe has left.
        streams.discard(sys.stdout)
        sys.exit(Exit.REFUSED)
    except MemoryError:
        streams.say("error: not enough memory")
        streams.discard(sys.stdout)
        sys.exit(Exit.UNUSABLE)
    except OSError as error:
        where = error.filename or "cannot write to standard output"
        streams.say(f"error: {where}: {error.strerror or error}")
        streams.discard(sys.stdout)
        sys.exit(Exit.UNUSABLE)


def _typer() -> Callable[[], object]:
    from kqlx.cli.app import app

    return lambda: app(prog_name="kqlx")


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
