"""What waits on the disk until it is known what it is called, or how the run ended, so that a run
over many rules needs little memory.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterator
from typing import IO

from kqlx.batch.outcome import RuleOutcome
from kqlx.errors import OutputError

_IN_MEMORY = 4_000_000
"""Bytes that are kept in memory before a file is made."""


class _File:
    """A temporary file, which nobody sees and which ends with the process. ``content`` is what it
    holds, in the words of errors.
    """

    def __init__(self, content: str) -> None:
        self._content = content
        self.data: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - see close
        self._end = 0

    def append(self, data: bytes) -> int:
        """Where the data begins. Raises OutputError where there is no room for it."""
        start = self._end
        try:
            self.data.seek(start)
            self.data.write(data)
        except OSError as error:
            message = f"{tempfile.gettempdir()}: cannot be written: {error.strerror or error}"
            hint = f"{self._content} wait there; set TMPDIR to another folder"
            raise OutputError(message, hint=hint) from None
        self._end += len(data)
        return start


class Spool:
    """Texts, each of which can be asked for again."""

    def __init__(self) -> None:
        self._file = _File("results")

    def add(self, text: str) -> Callable[[], str]:
        """Keeps a text; what gives it back. Raises OutputError where there is no room for it."""
        data = text.encode("utf-8", "surrogatepass")
        size, start = len(data), self._file.append(data)

        def read() -> str:
            self._file.data.seek(start)
            return self._file.data.read(size).decode("utf-8", "surrogatepass")

        return read

    def close(self) -> None:
        self._file.data.close()


class OutcomeSpool:
    """Outcomes, which are asked for by their numbers, or all in the order in which they came."""

    def __init__(self) -> None:
        self._file = _File("reports")
        self._starts: list[int] = []

    def add(self, outcome: RuleOutcome) -> int:
        """The number of the outcome, from nought. Raises OutputError where there is no room."""
        data = pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
        self._starts.append(self._file.append(data))
        return len(self._starts) - 1

    def at(self, number: int) -> RuleOutcome:
        """The outcome of this number."""
        self._file.data.seek(self._starts[number])
        found: RuleOutcome = pickle.load(self._file.data)
        return found

    def all(self) -> Iterator[RuleOutcome]:
        """What was added."""
        return map(self.at, range(len(self._starts)))

    def close(self) -> None:
        self._file.data.close()
