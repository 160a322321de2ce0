"""The files of ``--report``, and their life together."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kqlx.errors import OutputError
from kqlx.regexes import late_regex

if TYPE_CHECKING:
    from kqlx.batch.whole_file import WholeFile

_OWN = late_regex(
    rb'\s*\{\s*(?:"\$schema": "https://github\.com/kqlx/|"path": "|"version": \d+, "kqlx")'
)
"""How the reports begin that are JSON."""

_HEAD = 200
"""Bytes within which that is seen."""


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
            _refuse_other(path)
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


def _refuse_other(path: str) -> None:
    """Raises OutputError for a file of JSON that is no report, such as a rule."""
    if not path.lower().endswith((".json", ".jsonl", ".ndjson")) or not os.path.isfile(path):  # noqa: PTH113 - Path's raises
        return
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - beside isfile
            head = file.read(_HEAD)
    except OSError:
        return  # ``WholeFile`` says it
    if head.strip() and not _OWN.match(head):
        hint = "remove the file, or give --report another name"
        raise OutputError(f"{path}: not replaced: it is not a report of kqlx", hint=hint)
