"""Files that are written whole, or not at all: reports, baselines."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO
from zlib import crc32

from kqlx.errors import OutputError

_IS_WINDOWS = os.name == "nt"


class WholeFile:
    """A file that gets its name when it is whole; a pipe or a device is written as it is.
    ``option`` is what names it, for messages. Until then it has another name in the same folder;
    what a killed run has left under that one is taken over.

    Raises OutputError where the file cannot be written, at once and not after the run.
    """

    def __init__(self, path: str, option: str) -> None:
        self.path = Path(path)
        self._own: Path | None = None
        self._file: IO[bytes]
        try:
            if self.path.is_dir():
                raise OutputError(f"{path}: a folder", hint=f"give {option} the name of a file")
            if not self.path.exists() or stat.S_ISREG(self.path.stat().st_mode):
                if self.path.is_symlink():
                    self.path = Path(os.path.realpath(self.path))
                self._own, self._file = _beside(self.path)
            else:
                self._file = _opened(self.path)
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
            self._file.flush()
            if self._own is not None and self.path.is_file():
                self._own.chmod(stat.S_IMODE(self.path.stat().st_mode))
            self._at_end(lambda own: own.replace(self.path))
        except OSError as error:
            raise self._error(error) from None

    def discard(self) -> None:
        """Removes what is not whole; of a file that was kept nothing."""
        with suppress(OSError):
            self._at_end(lambda own: own.unlink(missing_ok=True))

    def _at_end(self, act: Callable[[Path], object]) -> None:
        """What is done with the file under its first name, before another run can take that."""
        own, self._own = self._own, None
        try:
            if own is not None and not _IS_WINDOWS:
                act(own)
        finally:
            self._file.close()
        if own is not None and _IS_WINDOWS:  # where an open file keeps its name
            act(own)

    def _error(self, error: OSError | ValueError) -> OutputError:
        reason = error.strerror if isinstance(error, OSError) else None
        is_missing = isinstance(error, FileNotFoundError)
        hint = f"make the folder {self.path.parent} first" if is_missing else ""
        return OutputError(f"{self.path}: cannot be written: {reason or error}", hint=hint)


def _beside(path: Path) -> tuple[Path, IO[bytes]]:
    """A new file in the same folder, which no other run takes as long as it is open."""
    if (found := _taken_over(path)) is not None:
        return found
    own = path.with_name(f".kqlx-{os.urandom(8).hex()}.part")
    return own, own.open("xb")


def _taken_over(path: Path) -> tuple[Path, IO[bytes]] | None:
    """Likewise under the name that is the same in each run; None where another run has it, or the
    system cannot say whether one has.
    """
    try:
        import fcntl
    except ImportError:
        return None
    own = path.with_name(f".kqlx-{crc32(os.fsencode(path.name)):08x}.part")
    try:
        handle = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except OSError:
        return None
    file = os.fdopen(handle, "wb")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), own.lstat()):  # else it has just got its name
            os.ftruncate(handle, 0)
            return own, file
    except OSError:
        pass
    file.close()
    return None


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
