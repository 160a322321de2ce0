"""What a report is: it takes each outcome of a run, and is told how the run ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from kqlx.batch.messages import hidden_notes
from kqlx.batch.outcome import Remark, RuleOutcome, Severity
from kqlx.batch.summary import Summary
from kqlx.records import dataclass, field

if TYPE_CHECKING:
    from kqlx.batch.file_report import FileReport

Write = Callable[[str], object]
"""Takes the next piece of a report's text."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about: ``targets`` with their formats, the codes that the user does not want
    to read of (``ignored``), and whether all notes are wanted, of effect same too.
    """

    targets: tuple[tuple[str, str], ...]
    ignored: frozenset[str] = frozenset()
    verbose: bool = False

    def takes(self, remark: Remark) -> bool:
        """Whether the user wants to read it."""
        if remark.severity is Severity.ERROR:
            return True
        return remark.code not in self.ignored and (self.verbose or not remark.is_quiet)


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended. ``remarks`` are those about rules that came up at its end or against a
    baseline, each with its rule's path and its target; ``files`` what became of the files;
    ``hidden`` the number of notes of a difference that only those get who ask for all.
    """

    summary: Summary = field(default_factory=Summary)
    exit_status: int = 0
    files: Sequence[FileReport] = ()
    remarks: Sequence[tuple[str, Remark]] = ()
    hidden: int = 0

    @property
    def told_of_hidden(self) -> str:
        """What reports for people say of those notes, "" where there are none."""
        return hidden_notes(self.hidden) if self.hidden else ""


class Report(Protocol):
    """``take`` comes once for each rule or file, in order, and ``finish`` once at the end."""

    def take(self, outcome: RuleOutcome) -> None: ...

    def finish(self, end: RunEnd) -> None: ...
