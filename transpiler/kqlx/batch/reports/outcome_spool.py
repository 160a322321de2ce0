"""Outcomes that wait on the disk until it is known how the run ended, for reports that begin with
that.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from typing import IO

from kqlx.batch.outcome import RuleOutcome
from kqlx.errors import OutputError

_IN_MEMORY = 4_000_000
"""Bytes that are kept in memory before a file is made."""


class OutcomeSpool:
    """Outcomes in a temporary file, which nobody sees and which ends with the process."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self.count = 0

    def add(self, outcome: RuleOutcome) -> None:
        """Raises OutputError where there is no room for it."""
        try:
            pickle.dump(outcome, self._file, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            message = f"{tempfile.gettempdir()}: cannot be written: {error.strerror or error}"
            raise OutputError(message, hint="reports wait there; TMPDIR names another") from None
        self.count += 1

    def all(self) -> Iterator[RuleOutcome]:
        """What was added, in order; nothing more can be added."""
        self._file.seek(0)
        for _ in range(self.count):
            yield pickle.load(self._file)

    def close(self) -> None:
        self._file.close()
