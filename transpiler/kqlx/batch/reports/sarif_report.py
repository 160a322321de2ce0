"""Reports as SARIF 2.1.0, which code scanning and editors read: a result for each remark, at its
line and column in the rule file.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; what GitHub takes of it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from kqlx import __version__
from kqlx.backends.artifact_text import json_text
from kqlx.batch.outcome import Remark, RuleInfo, RuleOutcome, Severity
from kqlx.batch.reports.code_pages import meaning_of, page_of
from kqlx.batch.reports.report import RunEnd, Subject, Write
from kqlx.notes import Effect
from kqlx.records import dataclass, field
from kqlx.rules.places import FilePlace

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_HOME = "https://github.com/kqlx/kqlx"
_NO_FILES = ("", "query", "standard input")
"""What stands for a path where there is no file."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


@dataclass(slots=True)
class SarifReport:
    """Results are written as they come, and what they refer to at the end. What is the same of many
    rules as a whole, such as what a destination may not hold, is one result, at the first of them,
    unless all is asked for: it is settled once.

    Rules in other languages and files without a rule are no results.
    """

    subject: Subject
    write: Write
    codes: dict[str, Severity] = field(default_factory=dict)
    count: int = 0
    of_many: dict[tuple[str, str, str], _OfMany] = field(default_factory=dict)

    def take(self, outcome: RuleOutcome) -> None:
        for remark in outcome.remarks:
            self._add("", remark, outcome.rule)
        for made in outcome.conversions:
            for remark in made.remarks:
                if self.subject.verbose or not _is_of_many(remark):
                    self._add(made.target, remark, outcome.rule)
                else:
                    key = (made.target, remark.code, remark.message)
                    self.of_many.setdefault(key, _OfMany(remark, outcome.rule)).rules += 1

    def finish(self, end: RunEnd) -> None:
        for (target, *_), kept in self.of_many.items():
            self._add(target, kept.first, kept.rule, kept.rules)
        for target, remark in end.remarks:
            self._add(target, remark, RuleInfo(remark.place.path, remark.place.line))
        if not self.count:
            self._open()
        invocation: dict[str, Any] = {
            "executionSuccessful": end.exit_status < 2,
            "exitCode": end.exit_status,
        }
        if end.hidden:
            told = {"level": "note", "message": {"text": end.told_of_hidden}}
            invocation["toolExecutionNotifications"] = [told]
        driver = {
            "name": "kqlx",
            "version": __version__,
            "semanticVersion": __version__,
            "informationUri": _HOME,
            "rules": [_rule(code, severity) for code, severity in self.codes.items()],
        }
        parts = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
        }
        self.write("\n],\n")
        self.write(",\n".join(f'"{name}": {_json(value)}' for name, value in parts.items()))
        self.write("\n}]\n}\n")

    def _add(self, target: str, remark: Remark, rule: RuleInfo, rules: int = 0) -> None:
        if remark.severity not in _LEVELS or not self.subject.takes(remark):
            return
        known = self.codes.setdefault(remark.code, remark.severity)
        self.codes[remark.code] = max(known, remark.severity, key=[*Severity].index)
        index = [*self.codes].index(remark.code)
        if self.count:
            self.write(",\n")
        else:
            self._open()
        self.count += 1
        self.write(_json(_result(target, remark, rule, index, rules)))

    def _open(self) -> None:
        self.write(f'{{\n"$schema": "{SCHEMA}",\n"version": "2.1.0",\n"runs": [{{\n"results": [\n')


@dataclass(slots=True)
class _OfMany:
    """A remark that is the same of several rules, as the first of them has it."""

    first: Remark
    rule: RuleInfo
    rules: int = 0


def _is_of_many(remark: Remark) -> bool:
    return remark.span is None and remark.effect in (Effect.SAME, Effect.COVERAGE)


def _result(target: str, remark: Remark, rule: RuleInfo, index: int, rules: int) -> dict[str, Any]:
    """``rules`` is of how many it is true as a whole, 0 for what is about this one."""
    properties: dict[str, Any] = {"count": remark.count}
    if target:
        properties["target"] = target
    if remark.effect is not None:
        properties["effect"] = str(remark.effect)
    for name, value in (("ruleId", rule.id), ("ruleName", rule.name)):
        if value and not rules:
            properties[name] = value
    text = _message(target, remark)
    found: dict[str, Any] = {
        "ruleId": remark.code,
        "ruleIndex": index,
        "level": _LEVELS[remark.severity],
        "message": {"text": f"{rules} rules: {text}" if rules > 1 else text},
        "partialFingerprints": {
            "primaryLocationLineHash": _fingerprint(
                target, remark, "" if rules else rule.id or rule.path
            )
        },
        "properties": properties,
    }
    if rules > 1:
        found["occurrenceCount"] = rules
    if remark.place.path not in _NO_FILES:
        found["locations"] = [_location(remark.place)]
    return found


def _message(target: str, remark: Remark) -> str:
    words = [target, remark.place.within, remark.message]
    text = ": ".join(filter(None, words))
    if remark.count > 1:
        text += f" ×{remark.count}"
    if remark.effect is not None:
        text += f" (effect: {remark.effect})"
    if remark.hint:
        text += f"\nhint: {remark.hint}"
    # What would be a link in a message is none here.
    return text.replace("](", "\\](")


def _fingerprint(target: str, remark: Remark, rule: str) -> str:
    """By what a result is the same in the next run, though its line may be another. One line may
    have the same code for several targets, which are several results. ``rule`` tells the rule from
    others, "" for what is the same of many.
    """
    parts = (rule, target, remark.code, remark.message)
    data = "\0".join(parts).encode("utf-8", "backslashreplace")
    return f"{hashlib.sha256(data).hexdigest()[:16]}:1"


def _location(place: FilePlace) -> dict[str, Any]:
    region: dict[str, int] = {"startLine": max(place.line, 1)}
    if place.column:
        region["startColumn"] = place.column
        if place.end_column:
            region |= {"endLine": place.end_line, "endColumn": place.end_column}
    return {"physicalLocation": {"artifactLocation": _artifact(place.path), "region": region}}


def _artifact(path: str) -> dict[str, str]:
    """Relative to the working folder where the file is below it, which is that of the checkout."""
    pure = PurePath(path)
    if pure.is_absolute():
        try:
            pure = pure.relative_to(Path.cwd())
        except ValueError:
            return {"uri": f"file://{_quoted('/' + pure.as_posix().lstrip('/'))}"}
    return {"uri": _quoted(pure.as_posix()), "uriBaseId": "%SRCROOT%"}


def _quoted(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")


def _rule(code: str, severity: Severity) -> dict[str, Any]:
    """What is said of a code."""
    meaning, page = meaning_of(code), page_of(code)
    found: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": meaning},
        "fullDescription": {"text": meaning},
        "help": {"text": f"{meaning}. See {page}."},
        "helpUri": page,
        "defaultConfiguration": {"level": _LEVELS[severity]},
    }
    return found


def _json(value: Any) -> str:
    return json_text(value, indent=None)
