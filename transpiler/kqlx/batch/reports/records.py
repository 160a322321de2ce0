"""Outcomes → plain data for JSON, as docs/report.schema.json describes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from kqlx import __version__
from kqlx.batch.outcome import ConversionOutcome, Remark, RuleOutcome, Status
from kqlx.batch.reports.report import RunEnd, Subject
from kqlx.batch.summary import Summary
from kqlx.notes import Effect
from kqlx.rules.places import FilePlace

if TYPE_CHECKING:
    from kqlx.batch.file_report import FileReport

VERSION = 1
"""Of the format; a later one that takes something away, or means it otherwise, has a higher."""
SCHEMA = "https://github.com/kqlx/kqlx/blob/main/docs/report.schema.json"
READ = "read"
"""The status of a rule that was put to the targets, whatever they made of it."""


def head(subject: Subject) -> dict[str, Any]:
    """What a report begins with."""
    targets = [{"name": name, "format": format} for name, format in subject.targets]
    return {"version": VERSION, "kqlx": __version__, "targets": targets}


def of_rule(outcome: RuleOutcome) -> dict[str, Any]:
    """A rule, or a file without one, with all that is to be said of it."""
    rule = outcome.rule
    return {
        "path": rule.path,
        "line": rule.line,
        "id": rule.id,
        "name": rule.name,
        "type": rule.type,
        "language": rule.language,
        "severity": rule.severity,
        "query": rule.query,
        "status": READ if outcome.status is Status.CONVERTED else str(outcome.status),
        "remarks": [of_remark(remark) for remark in outcome.remarks],
        "conversions": [_of_conversion(made) for made in outcome.conversions],
    }


def of_remark(remark: Remark) -> dict[str, Any]:
    """A note, a finding of lint or an error."""
    return {
        "severity": str(remark.severity),
        "code": remark.code,
        "effect": None if remark.effect is None else str(remark.effect),
        "message": remark.message,
        "hint": remark.hint,
        "count": remark.count,
        "quiet": remark.is_quiet,
        "place": _of_place(remark.place),
        "span": None if remark.span is None else [*remark.span],
    }


def of_end(end: RunEnd) -> dict[str, Any]:
    """What a report ends with."""
    return {
        "summary": {**_of_summary(end.summary), "exit_status": end.exit_status},
        "remarks": [{"target": target, **of_remark(one)} for target, one in end.remarks],
        "files": [_of_file(file) for file in end.files],
    }


def _of_conversion(made: ConversionOutcome) -> dict[str, Any]:
    return {
        "target": made.target,
        "format": made.format,
        "status": str(made.status),
        "fidelity": None if made.fidelity is None else str(made.fidelity),
        "source": made.source,
        "text": made.text,
        "query": made.query,
        "fragments": [
            {"place": [*one.place], "sources": [[*span] for span in one.sources]}
            for one in made.fragments
        ],
        "remarks": [of_remark(remark) for remark in made.remarks],
    }


def _of_place(place: FilePlace) -> dict[str, Any]:
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "within": place.within,
    }


def _of_summary(summary: Summary) -> dict[str, Any]:
    return {
        "rules": summary.rules,
        "failed": summary.failed,
        "unread": summary.unread,
        "without_rule": summary.others,
        "skipped": dict(sorted(summary.skipped.items())),
        "targets": {
            target: {
                **{str(status): counts[status] for status in _ENDS},
                "effects": _effects(summary.effects.get(target, {})),
            }
            for target, counts in summary.statuses.items()
        },
    }


_ENDS = (Status.CONVERTED, Status.REFUSED, Status.FAILED)


def _effects(counts: Mapping[Effect, int]) -> dict[str, int]:
    return {str(effect): counts[effect] for effect in Effect if counts.get(effect)}


def _of_file(file: FileReport) -> dict[str, Any]:
    return {
        "path": PurePath(file.path).as_posix(),
        "state": str(file.kind),
        "reason": file.reason,
        "target": file.target,
        "rules": [{"path": r.path, "id": r.id, "name": r.name} for r in file.rules],
    }
