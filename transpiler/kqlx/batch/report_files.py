"""The files of ``--report``, and their life together."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from kqlx.batch.whole_file import WholeFile


class ReportFiles:
    """As a context it removes, at its end, the files that did not come to theirs."""

    def __init__(self) -> None:
        self._files: list[WholeFile] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._discard()

    def _open(self, path: str) -> Callable[[str], object]:
        """What takes the text of a file. Raises OutputError for one that cannot be written; then
        none is kept.
        """
        from kqlx.batch.whole_file import WholeFile

        try:
            self._files.append(WholeFile(path, "--report"))
        except BaseException:
            self._discard()
            raise
        return self._files[-1].write

    def _keep(self) -> None:
        """The files are whole. Raises OutputError."""
        for file in self._files:
            file.keep()
        self._files.clear()

    def _discard(self) -> None:
        for file in self._files:
            file.discard()
