"""What is told of a comparison: on standard output, and in files by their suffixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Protocol

from kqlx.batch.comparison.changes import RuleChange
from kqlx.batch.comparison.comparison import Totals
from kqlx.batch.comparison.form import Form
from kqlx.batch.report_files import ReportFiles
from kqlx.errors import UsageError

_SUFFIXES = {".json": Form.JSON, ".md": Form.MARKDOWN, ".markdown": Form.MARKDOWN}


class Report(Protocol):
    """``take`` comes once for each change, in order, and ``finish`` once at the end."""

    def take(self, change: RuleChange) -> None: ...

    def finish(self, totals: Totals, exit_status: int) -> None: ...


class Reports(ReportFiles):
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
        super().__init__()

        def report(form: Form, write: Callable[[str], object]) -> Report:
            from kqlx.batch.comparison.json_report import JsonReport
            from kqlx.batch.comparison.markdown_report import MarkdownReport

            if form is Form.MARKDOWN:
                return MarkdownReport(write)
            return JsonReport(write, old, new, targets)

        named = [(path, _form_of(path)) for path in dict.fromkeys(files)]
        self._reports = [report(of_file, self._open(path)) for path, of_file in named]
        if form in (Form.FULL, Form.CONCISE):
            from kqlx.batch.comparison.text_report import TextReport

            self._reports.append(TextReport(say, form is Form.CONCISE))
        else:
            self._reports.append(report(form, print))

    def take(self, change: RuleChange) -> None:
        for report in self._reports:
            report.take(change)

    def finish(self, totals: Totals, exit_status: int) -> None:
        """Completes the reports. Raises OutputError where one cannot be written."""
        for report in self._reports:
            report.finish(totals, exit_status)
        self._keep()


def _form_of(path: str) -> Form:
    suffix = PurePath(path).suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    raise UsageError(
        f"--report {path}: no report has this suffix",
        hint="it takes .md and .json",
    )
