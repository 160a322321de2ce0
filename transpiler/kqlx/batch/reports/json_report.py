"""Reports as JSON: one document, or a line for each rule; written as the outcomes come."""

from __future__ import annotations

from typing import Any

from kqlx.backends.artifact_text import json_text
from kqlx.batch.outcome import RuleOutcome
from kqlx.batch.reports.records import SCHEMA, head, of_end, of_rule
from kqlx.batch.reports.report import RunEnd, Subject, Write
from kqlx.records import dataclass


@dataclass(slots=True)
class JsonReport:
    """One document, with each rule on a line of its own."""

    subject: Subject
    write: Write
    count: int = 0

    def take(self, outcome: RuleOutcome) -> None:
        self._between()
        self.write(_json(of_rule(outcome)))
        self.count += 1

    def finish(self, end: RunEnd) -> None:
        if not self.count:
            self._open()
        parts = [f'"{name}": {_lines(value)}' for name, value in of_end(end).items()]
        self.write("\n],\n" + ",\n".join(parts) + "\n}\n")

    def _between(self) -> None:
        if self.count:
            self.write(",\n")
        else:
            self._open()

    def _open(self) -> None:
        fields = {"$schema": SCHEMA, **head(self.subject)}
        self.write("{\n")
        self.write("".join(f"{_json(name)}: {_json(value)},\n" for name, value in fields.items()))
        self.write('"rules": [\n')


@dataclass(slots=True)
class JsonLinesReport:
    """A line for each rule, and one at the end, which has ``summary``."""

    subject: Subject
    write: Write

    def take(self, outcome: RuleOutcome) -> None:
        self.write(f"{_json(of_rule(outcome))}\n")

    def finish(self, end: RunEnd) -> None:
        self.write(f"{_json({**head(self.subject), **of_end(end)})}\n")


def _lines(value: Any) -> str:
    """A list with a line for each of its items; something else on one line."""
    if not isinstance(value, list) or not value:
        return _json(value)
    return "[\n" + ",\n".join(map(_json, value)) + "\n]"


def _json(value: Any) -> str:
    return json_text(value, indent=None)
