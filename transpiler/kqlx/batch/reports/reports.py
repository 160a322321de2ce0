"""All reports of a run: which there are by the names of their files, and their life together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from kqlx.batch.outcome import RuleOutcome
from kqlx.batch.output_format import OutputFormat
from kqlx.batch.report_files import ReportFiles
from kqlx.batch.reports.report import Report, RunEnd, Subject, Write
from kqlx.errors import UsageError

_SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".sarif": "sarif",
}


class Reports(ReportFiles):
    """The reports of a run. As a context it removes, at its end, those that did not come to theirs.

    ``paths`` are files, whose suffixes say what they hold; ``format`` is what ``print`` gets.
    Raises UsageError for another suffix, OutputError for a file that cannot be written.
    """

    def __init__(
        self,
        subject: Subject,
        paths: Iterable[str] = (),
        format: OutputFormat = OutputFormat.FULL,
        print: Write | None = None,
    ) -> None:
        super().__init__()
        named = [(path, _format_of(path)) for path in dict.fromkeys(paths)]
        self._reports = [_report(name, subject, self._open(path)) for path, name in named]
        if print is not None and not format.is_for_people:
            self._reports.append(_report(str(format), subject, print))

    def __bool__(self) -> bool:
        return bool(self._reports)

    def take(self, outcome: RuleOutcome) -> None:
        for report in self._reports:
            report.take(outcome)

    def finish(self, end: RunEnd) -> None:
        """Completes the reports. Raises OutputError where one cannot be written."""
        for report in self._reports:
            report.finish(end)
        self._keep()


def wants_fragments(paths: Iterable[str], format: OutputFormat = OutputFormat.FULL) -> bool:
    """Whether a report, in one of the files or in what is printed, tells which parts of queries
    match. Raises UsageError.
    """
    return bool({"html", "json", "jsonl"} & {str(format), *map(_format_of, paths)})


def _format_of(path: str) -> str:
    suffix = PurePath(path).suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    from difflib import get_close_matches

    near = get_close_matches(suffix, _SUFFIXES, 1)
    hint = f"did you mean {near[0]}?" if near else "it takes .html, .md, .json, .jsonl and .sarif"
    raise UsageError(f"--report {path}: no report has this suffix", hint=hint)


def _report(name: str, subject: Subject, write: Write) -> Report:
    if name == "html":
        from kqlx.batch.reports.html_report import HtmlReport

        return HtmlReport(subject, write)
    if name == "markdown":
        from kqlx.batch.reports.markdown_report import MarkdownReport

        return MarkdownReport(subject, write)
    if name == "sarif":
        from kqlx.batch.reports.sarif_report import SarifReport

        return SarifReport(subject, write)
    if name == "github":
        from kqlx.batch.reports.github_report import GithubReport

        return GithubReport(subject, write)
    from kqlx.batch.reports.json_report import JsonLinesReport, JsonReport

    return JsonReport(subject, write) if name == "json" else JsonLinesReport(subject, write)
