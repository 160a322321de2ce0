"""What is told of a comparison: on standard output, and in files by their suffixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from types import TracebackType
from typing import Protocol, Self

from kqlx.batch.comparison.changes import RuleChange
from kqlx.batch.comparison.comparison import Totals
from kqlx.batch.comparison.form import Form
from kqlx.batch.whole_file import WholeFile
from kqlx.errors import UsageError

_SUFFIXES = {".json": Form.JSON, ".md": Form.MARKDOWN, ".markdown": Form.MARKDOWN}


class Report(Protocol):
    """``take`` comes once for each change, in order, and ``finish`` once at the end."""

    def take(self, change: RuleChange) -> None: ...

    def finish(self, totals: Totals, exit_status: int) -> None: ...


class Reports:
    """All that is told. As a context it removes, at its end, files that did not come to theirs.

    ``old``, ``new`` and ``targets`` are what is compared; ``say`` takes lines for people, ``print``
    the text of another form. Raises UsageError for a file of another suffix, OutputError for one
    that cannot be written.
    """

    def __init__(
        self,
        old: str,
        new: str,
        targets: Sequence[tuple[str, str]],
        form: Form,
        files: Iterable[str],
        say: Callable[[str], object],
        print: Callable[[str], object],
    ) -> None:
        named = [(path, _form_of(path)) for path in dict.fromkeys(files)]

        def report(form: Form, write: Callable[[str], object]) -> Report:
            from kqlx.batch.comparison.json_report import JsonReport
            from kqlx.batch.comparison.markdown_report import MarkdownReport

            return (
                MarkdownReport(write)
                if form is Form.MARKDOWN
                else JsonReport(write, old, new, targets)
            )

        self._files: list[WholeFile] = []
        self._reports: list[Report] = []
        try:
            for path, of_file in named:
                self._files.append(WholeFile(path, "--report"))
                self._reports.append(report(of_file, self._files[-1].write))
        except BaseException:
            self._discard()
            raise
        if form in (Form.FULL, Form.CONCISE):
            from kqlx.batch.comparison.text_report import TextReport

            self._reports.append(TextReport(say, form is Form.CONCISE))
        else:
            self._reports.append(report(form, print))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._discard()

    def take(self, change: RuleChange) -> None:
        for report in self._reports:
            report.take(change)

    def finish(self, totals: Totals, exit_status: int) -> None:
        """Completes the reports. Raises OutputError where one cannot be written."""
        for report in self._reports:
            report.finish(totals, exit_status)
        for file in self._files:
            file.keep()
        self._files.clear()

    def _discard(self) -> None:
        for file in self._files:
            file.discard()


def _form_of(path: str) -> Form:
    suffix = PurePath(path).suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    raise UsageError(
        f"--report {path}: the suffix of the file names no kind of report",
        hint="it takes .md and .json",
    )
