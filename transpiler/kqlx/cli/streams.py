"""The standard streams: UTF-8 whatever the locale, and sure ends where one is closed or full.

Python has None for a stream that was closed before it started, and would print to standard output
what is meant for a standard error of None.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import NoReturn, TextIO

from kqlx.cli import colors
from kqlx.hidden_characters import escaped


class _Closed(io.TextIOBase):
    """Standard output that was closed before we started: an error, but only if it is used."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> NoReturn:
        raise OSError(errno.EBADF, "it is closed")


def prepare() -> None:
    """Makes the standard streams fit to be used, all but a closed standard input."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - open as long as the program
    if sys.stdout is None:
        sys.stdout = _Closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def discard(stream: TextIO) -> None:
    """Sends to nowhere what the stream still holds, which Python would try again at its end."""
    if isinstance(stream, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text: str, stream: TextIO | None = None) -> None:
    """A line on standard error, or on another stream, of which a terminal obeys nothing. That
    nobody can read what is told on standard error changes nothing of the result.
    """
    to = stream or sys.stderr
    try:
        if colors.are_wanted(to):
            colors.show(escaped(text), to)
        else:
            to.write(f"{escaped(text)}\n")  # at once: what interrupts it begins a line
    except OSError:
        if to is not sys.stderr:
            raise
        discard(to)
