"""A comparison as JSON, which docs/diff.schema.json describes; written as the changes come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kqlx import __version__
from kqlx.backends.artifact_text import json_text
from kqlx.batch.comparison.changes import RuleChange, TargetChange, Told, error_of
from kqlx.batch.comparison.comparison import Totals
from kqlx.batch.outcome import ConversionOutcome, RuleOutcome, Status
from kqlx.batch.reports.records import READ, of_remark
from kqlx.records import dataclass

VERSION = 1
"""Of the format; a later one that takes something away, or means it otherwise, has a higher."""
SCHEMA = "https://github.com/kqlx/kqlx/blob/main/docs/diff.schema.json"


@dataclass(slots=True)
class JsonReport:
    """One document, with each rule on a line of its own. ``old`` and ``new`` are the paths that are
    compared, ``targets`` have their formats.
    """

    write: Callable[[str], object]
    old: str
    new: str
    targets: Sequence[tuple[str, str]]
    count: int = 0

    def take(self, change: RuleChange) -> None:
        self.write(",\n" if self.count else self._head())
        self.write(_json(_of_rule(change)))
        self.count += 1

    def finish(self, totals: Totals, exit_status: int) -> None:
        if not self.count:
            self.write(self._head())
        summary = {
            "old": totals.old,
            "new": totals.new,
            "same": totals.same,
            "changed": totals.changed,
            "kinds": {str(kind): count for kind, count in sorted(totals.kinds.items())},
            "exit_status": exit_status,
        }
        self.write(f'\n],\n"summary": {_json(summary)}\n}}\n')

    def _head(self) -> str:
        fields = {
            "$schema": SCHEMA,
            "version": VERSION,
            "kqlx": __version__,
            "old": self.old,
            "new": self.new,
            "targets": [{"name": name, "format": format} for name, format in self.targets],
        }
        lines = [f"{_json(name)}: {_json(value)},\n" for name, value in fields.items()]
        return "".join(["{\n", *lines, '"rules": [\n'])


def _of_rule(change: RuleChange) -> dict[str, Any]:
    return {
        "kinds": [*map(str, change.kinds)],
        "meaning": [*change.meaning],
        "old": _of_outcome(change.old),
        "new": _of_outcome(change.new),
        "targets": [_of_target(change, made) for made in change.targets],
    }


def _of_outcome(outcome: RuleOutcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    rule = outcome.rule
    return {
        "path": rule.path,
        "line": rule.line,
        "id": rule.id,
        "name": rule.name,
        "query": rule.query,
        "status": READ if outcome.status is Status.CONVERTED else str(outcome.status),
    }


def _of_target(change: RuleChange, made: TargetChange) -> dict[str, Any]:
    return {
        "target": made.target,
        "kinds": [*map(str, made.kinds)],
        "old": _of_conversion(change.old, made.old, made.old_grade),
        "new": _of_conversion(change.new, made.new, made.new_grade),
        "notes_added": [*map(_of_note, made.notes_added)],
        "notes_removed": [*map(_of_note, made.notes_removed)],
    }


def _of_conversion(
    outcome: RuleOutcome | None, made: ConversionOutcome | None, grade: str
) -> dict[str, Any] | None:
    if outcome is None:
        return None
    error = error_of(outcome, made)
    return {
        "grade": grade,
        "text": made.text if made is not None else "",
        "error": None if error is None else of_remark(error),
    }


def _of_note(note: Told) -> dict[str, Any]:
    code, effect = note
    return {"code": code, "effect": effect or None}


def _json(value: Any) -> str:
    return json_text(value, indent=None)
