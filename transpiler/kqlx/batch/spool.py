"""Texts that wait on the disk until it is known what they are called, so that a run over many rules
needs little memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import BinaryIO, cast

from kqlx.errors import OutputError

_IN_MEMORY = 4_000_000
"""Bytes that are kept in memory before a file is made."""


class Spool:
    """Texts in one temporary file, which nobody sees and which ends with the process."""

    def __init__(self) -> None:
        self._file = cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115
        self._end = 0

    def add(self, text: str) -> Callable[[], str]:
        """Keeps a text; what gives it back. Raises OutputError where there is no room for it."""
        data = text.encode("utf-8", "surrogatepass")
        start = self._end
        try:
            self._file.seek(start)
            self._file.write(data)
        except OSError as error:
            message = f"{tempfile.gettempdir()}: cannot be written: {error.strerror or error}"
            raise OutputError(message, hint="results wait there; TMPDIR names another") from None
        self._end += len(data)

        def read() -> str:
            self._file.seek(start)
            return self._file.read(len(data)).decode("utf-8", "surrogatepass")

        return read

    def close(self) -> None:
        self._file.close()
