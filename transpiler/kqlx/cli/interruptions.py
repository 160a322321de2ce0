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

_USUAL = (signal.SIG_DFL, signal.default_int_handler)


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
    before = {number: signal.getsignal(number) for number in _numbers()}
    taken = [number for number, handler in before.items() if handler in _USUAL]
    for number in taken:
        signal.signal(number, _interrupt)
    try:
        yield
    except Interrupted as error:
        streams.say(f"error: stopped by {signal.Signals(error.number).name}")
        streams.discard(sys.stdout)
        sys.exit(128 + error.number)
    finally:
        for number in taken:
            if signal.getsignal(number) is _interrupt:  # else it is about to end
                signal.signal(number, before[number])


def _numbers() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is none of Windows
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A second one, which wants no clearing up, ends the program at once."""
    for each in _numbers():
        if signal.getsignal(each) is _interrupt:
            signal.signal(each, _end)
    raise Interrupted(number)


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)
