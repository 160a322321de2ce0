"""One run: outcomes go where results go, are told, counted and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from kqlx.backends import find
from kqlx.backends.options import takes
from kqlx.batch.converter import Converter
from kqlx.batch.file_report import FileReport, Kind
from kqlx.batch.gate import Gate
from kqlx.batch.messages import Choice, hidden_notes, is_said, line_of, lines_of
from kqlx.batch.option_names import spelled
from kqlx.batch.outcome import ConversionOutcome, Remark, RuleOutcome, Severity, Status
from kqlx.batch.repeated import Repeated
from kqlx.batch.reports.report import RunEnd
from kqlx.batch.summary import Summary
from kqlx.batch.unused_options import ABOUT
from kqlx.records import dataclass, field
from kqlx.rules.places import FilePlace

if TYPE_CHECKING:
    from kqlx.batch.reports.reports import Reports
    from kqlx.batch.reports.statistics import Statistics

WAITING = "waiting for another run of kqlx that writes to the same folder"

_UNWRITABLE = "cannot be written: "
"""What a reason begins with that is the system's, and may be that of all files."""

_SHOWN = 3
"""Files of which such a reason is told one by one."""


class Sink(Protocol):
    """Takes each rule, and then each of its conversions; ``finish`` writes what is left, and says
    what there is to say: of a file, or of a rule by its target.
    """

    def take_rule(self, outcome: RuleOutcome) -> None: ...

    def take(self, outcome: RuleOutcome, made: ConversionOutcome) -> None: ...

    def finish(self) -> Iterator[FileReport | tuple[str, Remark]]: ...


@dataclass(slots=True)
class Run:
    """``say`` prints a line on what is found; ``warn`` one on what cannot be used: an input, or an
    option. ``statistics`` are told at the end, where they are asked for. ``hidden`` counts the
    notes of a difference that are not told.
    """

    converter: Converter
    sink: Sink | None
    gate: Gate
    choice: Choice
    say: Callable[[str], None]
    warn: Callable[[str], None]
    reports: Reports
    statistics: Statistics | None = None
    repeated: Repeated = field(default_factory=Repeated)
    summary: Summary = field(default_factory=Summary)
    tried: set[str] = field(default_factory=set)
    effective: set[str] = field(default_factory=set)
    files: dict[Kind, int] = field(default_factory=dict)
    unwritten: dict[str, int] = field(default_factory=dict)
    file_reports: list[FileReport] = field(default_factory=list)
    late: list[tuple[str, Remark]] = field(default_factory=list)
    hidden: int = 0

    def take(self, outcome: RuleOutcome) -> None:
        """Each result, followed by what is said of it."""
        if self.sink is not None:
            self.sink.take_rule(outcome)
        self.summary.add(outcome)
        self.reports.take(outcome)
        if self.statistics is not None:
            self.statistics.take(outcome)
        if is_said(outcome, self.choice):
            remarks = self.repeated.without_hints(outcome.remarks, self.choice)
            for line in lines_of("", remarks, self.choice):
                (self.warn if outcome.is_unusable else self.say)(line)
        for made in outcome.conversions:
            self.hidden += sum(self.choice.hides(remark) for remark in made.remarks)
            if self.sink is not None and made.status is Status.CONVERTED:
                self.sink.take(outcome, made)
            if not self.choice.says_once:
                self._say_all(lines_of(made.target, made.remarks, self.choice))
        if self.choice.says_once:
            for targets, left in self.repeated.left(outcome, self.choice):
                self._say_all(lines_of(targets, left, self.choice))
        for target, remark in self.gate.add(outcome):
            self._say_late(target, remark)
        self._watch(outcome)

    def _say_all(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.say(line)

    def _say_late(self, target: str, remark: Remark) -> None:
        if self.reports:
            self.late.append((target, remark))
        self.say(line_of(remark, target))

    def finish(self) -> None:
        """Writes what is left. Raises OutputError where nothing can be written."""
        self._finish_results()
        self._say_all(self.repeated.lines(self.choice))
        recorded = self.gate.finish([target.name for target, _ in self.converter.targets])
        status = self.gate.exit_status
        self.reports.finish(RunEnd(self.summary, status, self.file_reports, self.late, self.hidden))
        for line in self.statistics.lines() if self.statistics is not None else ():
            self.say(line)
        if not self.choice.quiet:
            self._say_end()
            if recorded:
                self.warn(recorded)

    def _finish_results(self) -> None:
        for found in self.sink.finish() if self.sink is not None else ():
            if isinstance(found, FileReport):
                self._report(found)
            else:
                target, remark = found
                self._say_late(target, remark)
                self.gate.has_failed |= remark.severity is Severity.ERROR
        for reason, count in self.unwritten.items():
            if (more := count - _SHOWN) > 0:
                message = f"{more} more {'file' if more == 1 else 'files'}: {reason}"
                self.say(line_of(Remark(Severity.ERROR, "output", message, FilePlace(""))))

    def _say_end(self) -> None:
        for line in unused(self.converter.watched, self.tried, self.effective):
            self.warn(line)
        if self.files and not self.choice.verbose:
            self.say(_counted(self.files))
        if self.hidden:
            self.say(hidden_notes(self.hidden))
        if self.summary.is_of_several:
            self.say(str(self.summary))

    def _report(self, report: FileReport) -> None:
        """What became of a file; of those that are as they should be only the number, unless all
        is asked for.
        """
        self.files[report.kind] = self.files.get(report.kind, 0) + 1
        if self.reports:
            self.file_reports.append(report)
        if report.kind is Kind.NOT_WRITTEN:
            self.gate.is_unusable = True
            if self._is_said_of_many(report):
                return
            place = FilePlace(
                "" if report.reason.startswith(str(report.path)) else str(report.path)
            )
            self.say(line_of(Remark(Severity.ERROR, "output", report.reason, place)))
        elif report.kind in (Kind.STALE, Kind.MISSING, Kind.EDITED):
            self.gate.add_stale()
            why = f": {report.reason}" if report.reason else ""
            self.say(f"{report.path}: {report.kind}{why}")
        elif self.choice.verbose or report.kind is Kind.REMOVED:
            if not self.choice.quiet:
                self.say(f"{report.path}: {report.kind}")
            return
        else:
            return
        if report.hint:
            self.say(f"  hint: {report.hint}")

    def _is_said_of_many(self, report: FileReport) -> bool:
        """Whether a full disk or the like has already been told of some files; the others are
        counted.
        """
        reason = report.reason.removeprefix(f"{report.path}: ")
        if self.choice.verbose or not reason.startswith(_UNWRITABLE):
            return False
        self.unwritten[reason] = self.unwritten.get(reason, 0) + 1
        return self.unwritten[reason] > _SHOWN

    def _watch(self, outcome: RuleOutcome) -> None:
        self.effective |= outcome.effective_options
        for made in outcome.conversions:
            if made.status is Status.CONVERTED:
                target = find(made.target)
                self.tried |= {name for name in self.converter.watched if takes(target, name)}


def unused(given: Mapping[str, Any], tried: Iterable[str], effective: set[str]) -> Iterator[str]:
    """What is said of options that were put to conversions and changed none."""
    for name in given:
        if name in tried and name in ABOUT and name not in effective:
            yield f"warning: {spelled(name)} changes nothing here: {ABOUT[name]}"


def _counted(files: Mapping[Kind, int]) -> str:
    counts = ", ".join(f"{files[kind]} {kind}" for kind in Kind if kind in files)
    return f"files: {counts}"
