"""One run at a time writes into a folder of results."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kqlx.errors import OutputError

_LONGEST = 600.0
"""Seconds that a run waits for another; a run writes within seconds, so this one hangs."""

_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF)


@contextmanager
def locked(folder: Path, waiting: Callable[[], object]) -> Iterator[None]:
    """Makes the folder where there is none, and holds it for this process; ``waiting`` is called
    once where another has it. One that is removed while this waits is made anew.

    The system gives it free when the process ends, however it ends. Where the system or the file
    system knows no such locks nothing is held. Raises OutputError after ten minutes, and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl  # noqa: F401 - whether there is one
    except ImportError:  # Windows, which locks no folders
        yield
        return
    end = time.monotonic() + _LONGEST
    told = False

    def wait() -> None:
        nonlocal told
        if not told:
            waiting()
            told = True
        if time.monotonic() > end:
            message = f"{folder}: another run of kqlx has held it for ten minutes"
            raise OutputError(message, hint="stop that run and start this one again")
        time.sleep(0.05)

    while True:
        handle = os.open(folder, os.O_RDONLY)
        try:
            _lock(handle, wait)
            if _is_there(folder, handle):
                yield
                return
        finally:
            os.close(handle)
        folder.mkdir(parents=True, exist_ok=True)


def _lock(handle: int, wait: Callable[[], object]) -> None:
    """Locks the folder; ``wait`` is called as long as another process has it."""
    import fcntl

    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                return
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                raise
        wait()


def _is_there(folder: Path, handle: int) -> bool:
    """Whether the folder of this path is the one that is open, and was not removed meanwhile."""
    try:
        return os.path.samestat(folder.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
