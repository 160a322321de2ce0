"""Remarks as commands of a workflow, which GitHub shows as annotations of the rule files.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from pathlib import PurePath

from kqlx.batch.messages import Choice, grouped
from kqlx.batch.outcome import Remark, RuleOutcome, Severity
from kqlx.batch.reports.report import RunEnd, Subject, Write
from kqlx.hidden_characters import escaped
from kqlx.records import dataclass

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


@dataclass(slots=True)
class GithubReport:
    """A line for each error and each code of warnings of a conversion; with ``verbose`` for notes
    too. GitHub shows ten of a kind for a step.
    """

    subject: Subject
    write: Write

    def take(self, outcome: RuleOutcome) -> None:
        self._add("", outcome.remarks)
        for made in outcome.conversions:
            self._add(made.target, made.remarks)

    def finish(self, end: RunEnd) -> None:
        for target, remark in end.remarks:
            self._add(target, (remark,))
        for file in end.files:
            if file.kind.is_wrong:
                path = PurePath(file.path).as_posix()
                why = f": {file.reason}" if file.reason else ""
                self.write(f"::error file={_property(path)}::{_data(f'{file.kind}{why}')}\n")

    def _add(self, target: str, remarks: tuple[Remark, ...]) -> None:
        choice = Choice(self.subject.verbose, ignored=self.subject.ignored, grouped=True)
        for several in grouped(remarks, choice):
            count = sum(remark.count for remark in several)
            if several[0].severity in _wanted(self.subject.verbose):
                self.write(_command(target, several[0], count))


def _wanted(verbose: bool) -> tuple[Severity, ...]:
    more = (Severity.NOTE,) if verbose else ()
    return (Severity.ERROR, Severity.WARNING, *more)


def _command(target: str, remark: Remark, count: int) -> str:
    place = remark.place
    named = {"file": PurePath(place.path).as_posix()}
    if place.line:
        named["line"] = str(place.line)
    if place.column and place.end_line:
        named["endLine"] = str(place.end_line)
    if place.column and place.end_line in (0, place.line):
        named["col"] = str(place.column)
        if place.end_column:
            named["endColumn"] = str(max(place.column, place.end_column - 1))
    effect = f" ({remark.effect})" if remark.effect is not None else ""
    named["title"] = f"{f'{target}: ' if target else ''}{remark.code}{effect}"
    text = ": ".join(filter(None, (place.within, remark.message)))
    if count > 1:
        text += f" ×{count}"
    if remark.hint:
        text += f"\nhint: {remark.hint}"
    properties = ",".join(f"{name}={_property(value)}" for name, value in named.items())
    return f"::{_COMMANDS[remark.severity]} {properties}::{_data(text)}\n"


def _data(text: str) -> str:
    """Text as the message of a command, which stays on its line and hides nothing."""
    return escaped(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
