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
    """Holds the folder for this process; ``waiting`` is called once where another has it.

    The system gives it free when the process ends, however it ends. Where the system or the file
    system knows no such locks nothing is held. Raises OutputError after ten minutes.
    """
    try:
        import fcntl
    except ImportError:  # Windows, which locks no folders
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        end = time.monotonic() + _LONGEST
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno in _UNSUPPORTED:
                    break
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                    raise
            if not told:
                waiting()
                told = True
            if time.monotonic() > end:
                message = f"{folder}: another run of kqlx has held it for ten minutes"
                raise OutputError(message, hint="stop that run and start this one again")
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)
