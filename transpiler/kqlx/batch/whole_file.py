"""Files that are written whole, or not at all: reports, baselines."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

from kqlx.errors import OutputError


class WholeFile:
    """A file that gets its name when it is whole; a pipe or a device is written as it is.
    ``option`` is what names it, for messages.

    Raises OutputError where the file cannot be written, at once and not after the run.
    """

    def __init__(self, path: str, option: str) -> None:
        self.path = Path(path)
        self._own: Path | None = None
        try:
            if not self.path.exists() or stat.S_ISREG(self.path.stat().st_mode):
                self._own = self._beside()
            if self.path.is_dir():
                raise OutputError(f"{path}: a folder", hint=f"give {option} the name of a file")
            self._file: IO[bytes] = self._own.open("xb") if self._own else _opened(self.path)
        except (OSError, ValueError) as error:
            raise self._error(error) from None

    def write(self, text: str) -> None:
        """Adds text: UTF-8, of which halves of characters become escapes."""
        try:
            self._file.write(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise self._error(error) from None

    def keep(self) -> None:
        """Gives the file its name."""
        try:
            self._file.close()
            if self._own is not None:
                if self.path.is_file():
                    self._own.chmod(stat.S_IMODE(self.path.stat().st_mode))
                self._own.replace(self.path)
                self._own = None
        except OSError as error:
            raise self._error(error) from None

    def discard(self) -> None:
        """Removes what is not whole; of a file that was kept nothing."""
        with suppress(OSError):
            self._file.close()
        if self._own is not None:
            self._own.unlink(missing_ok=True)

    def _beside(self) -> Path:
        """A name in the folder of the file, or of what a link leads to."""
        self.path = Path(os.path.realpath(self.path)) if self.path.is_symlink() else self.path
        return self.path.with_name(f".kqlx-{os.urandom(8).hex()}.tmp")

    def _error(self, error: OSError | ValueError) -> OutputError:
        reason = error.strerror if isinstance(error, OSError) else None
        return OutputError(f"{self.path}: cannot be written: {reason or error}")


def _opened(path: Path) -> IO[bytes]:
    """A pipe or a device, without the wait for somebody who reads a pipe."""
    try:
        handle = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "a named pipe that nobody reads") from None
        raise
    if hasattr(os, "set_blocking"):
        os.set_blocking(handle, True)
    return os.fdopen(handle, "wb")
