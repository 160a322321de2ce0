"""Named pipes in the place of files: reading one waits until somebody writes to it, which may be
never.
"""

from __future__ import annotations

import errno
import os
import stat

_OF_SHELLS = ("/dev/fd/", "/proc/")


def refuse(path: str | os.PathLike[str]) -> None:
    """Raises OSError for a named pipe. Those that a shell makes for ``<(command)`` are none: they
    have a writer.
    """
    is_pipe = stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116 - any path
    if is_pipe and not os.path.realpath(path).startswith(_OF_SHELLS):
        raise OSError(errno.EINVAL, "a named pipe, which may never be written to")
