"""Interruptions from outside: Ctrl-C, the end of a terminal, a system that goes down.

What is half done is cleared up on the way out: files are whole, folders free, processes ended.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from kqlx.cli import streams

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is none of Windows


class Interrupted(BaseException):
    """A signal asks the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def heeded() -> Iterator[None]:
    """Ends the program where it is asked to, with the exit status that shells give it: 128 and the
    number of the signal. Signals that it was started to ignore, as by ``nohup``, are.
    """
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        usual = (signal.SIG_DFL, signal.default_int_handler)
        if number is not None and signal.getsignal(number) in usual:
            signal.signal(number, _interrupt)
    try:
        yield
    except Interrupted as error:
        streams.say(f"error: ended by {signal.Signals(error.number).name}")
        streams.discard(sys.stdout)
        sys.exit(128 + error.number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A second one, which wants no clearing up, ends the program at once."""
    for name in _SIGNALS:
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is _interrupt:
            signal.signal(getattr(signal, name), _end)
    raise Interrupted(number)


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)
