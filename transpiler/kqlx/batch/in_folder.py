"""Results as files of a folder: written, compared with what is there, and what is left there of
rules that make no such file any more.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from kqlx.backends import find
from kqlx.batch.file_report import FileReport, Kind
from kqlx.batch.manifest import RuleReference, path_from
from kqlx.batch.outcome import ConversionOutcome, Remark, RuleOutcome, Severity, Status
from kqlx.batch.printed import renamed_remark
from kqlx.batch.result_folder import File, Folder, Written
from kqlx.batch.result_names import Result, key_of, told_apart, with_own_keys, with_own_names
from kqlx.batch.spool import Spool
from kqlx.errors import OutputError
from kqlx.records import dataclass, field, replace
from kqlx.rules.places import FilePlace


@dataclass()
class InFolder:
    """``is_split`` asks for a folder for each target; ``prune`` that stale files are removed,
    ``check`` that nothing is written. ``folders`` are those that the user named for rules.
    ``waiting`` is called where another run holds the folder.

    Nothing is written before all rules are converted, for their names may depend on one another.
    """

    folder: Folder
    is_split: bool
    targets: Sequence[tuple[str, str]]
    folders: Sequence[str] = ()
    waiting: Callable[[], object] = lambda: None
    prune: bool = False
    check: bool = False
    results: list[Result] = field(default_factory=list)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    spool: Spool = field(default_factory=Spool)

    def take_rule(self, outcome: RuleOutcome) -> None:
        """Keeps what became of the rule, which may have a file of an earlier run."""
        for target, _ in self.targets:
            made = [one.status for one in outcome.conversions if one.target == target]
            key = (outcome.rule.path, target)
            self.seen[key] = self.seen.get(key) or _why_without(*made, outcome.status)

    def take(self, outcome: RuleOutcome, made: ConversionOutcome) -> None:
        """Keeps a result until all are there."""
        format = find(made.target).format(made.format)
        bundle = format.bundle if format is not None else None
        codes = sorted({remark.code for remark in made.remarks})
        for file_name, text in made.parts or ((made.file_name, made.text),):
            result = Result(
                outcome.rule,
                outcome.distinction,
                made.target,
                made.format,
                f"{made.target}/{file_name}" if self.is_split else file_name,
                hashlib.sha256(_bytes(text)).hexdigest(),
                self.spool.add(text),
                bundle,
                key_of(text, bundle),
                str(made.fidelity),
                tuple(codes),
            )
            self.results.append(result)

    def finish(self) -> Iterator[FileReport | tuple[str, Remark]]:
        """Writes, or compares; what is to be said of files, and of rules by their targets.

        Raises OutputError where the folder or its manifest cannot be written.
        """
        try:
            files, remarks = self._files()
            yield from remarks
            of_files = {self.folder.path / file.name: file for file in files}
            for report in self._reports(files):
                file = of_files.get(report.path)
                if file is not None:
                    report = replace(report, target=file.target, rules=file.rules)
                yield report
        finally:
            self.spool.close()

    def _reports(self, files: list[File]) -> Iterator[FileReport]:
        if self.check:
            yield from self._compared(files)
            return
        if not files and not self.folder.path.is_dir():
            return
        with self.folder.held(self.waiting):
            barred = [*self._of_other_runs(files)]
            yield from (report for _, report in barred)
            kept = [file for file in files if file.name not in {name for name, _ in barred}]
            yield from map(_reported, self.folder.write(kept))
            yield from self._left_over(files)

    def _files(self) -> tuple[list[File], list[tuple[str, Remark]]]:
        remarks: list[tuple[str, Remark]] = []
        alone = [result for result in self.results if result.bundle is None]
        files = [_file(result) for result in with_own_names(alone)]
        for name, results in self._bundled().items():
            named, renamed = with_own_keys(results)
            remarks += [(result.target, renamed_remark(result, new)) for result, new in renamed]
            kept, others = told_apart(named)
            remarks += [(result.target, _second(result, first)) for result, first in others]
            files.append(_file_of_all(name, kept))
        return files, remarks

    def _bundled(self) -> dict[str, list[Result]]:
        """By the name of the file that holds them all, in the order of their own names."""
        found: dict[str, list[Result]] = {}
        bundled = [result for result in self.results if result.bundle is not None]
        for result in sorted(bundled, key=lambda result: (result.name, result.digest)):
            assert result.bundle is not None
            folder = f"{result.target}/" if self.is_split else ""
            found.setdefault(folder + result.bundle.name, []).append(result)
        return found

    # What is there already

    def _compared(self, files: Iterable[File]) -> Iterator[FileReport]:
        made = {file.name for file in files}
        for file in sorted(files, key=lambda file: file.name):
            path = self.folder.path / file.name
            state = self.folder.state(file)
            if state == "stale":
                yield FileReport(path, Kind.STALE, "its rule now makes another file")
            elif state == "missing":
                yield FileReport(path, Kind.MISSING)
            elif state:
                yield FileReport(path, Kind.EDITED, "" if state == "edited" else state)
            else:
                yield FileReport(path, Kind.UNCHANGED)
        for name, reason in self._stale(made):
            if self.folder.has(name):
                yield FileReport(self.folder.path / name, Kind.STALE, reason)

    def _left_over(self, files: Iterable[File]) -> Iterator[FileReport]:
        """Files of earlier runs that the rules of this one do not make any more."""
        gone = []
        for name, reason in self._stale({file.name for file in files}):
            path = self.folder.path / name
            if not self.folder.has(name):
                gone.append(name)
            elif not self.prune:
                hint = "--prune removes such files"
                yield FileReport(path, Kind.STALE, reason, hint)
            else:
                removed = self.folder.remove(name)
                if removed.error is None:
                    gone.append(name)
                    yield FileReport(path, Kind.REMOVED, reason)
                else:
                    yield _reported(removed)
        self.folder.forget(gone)

    def _stale(self, made: set[str]) -> Iterator[tuple[str, str]]:
        """The files of the manifest that a rule of this run made and does not make now, or one that
        is gone from the folders of this run; with the reason.
        """
        for name, entry in sorted(self.folder.entries.items()):
            if name in made or (entry.target, entry.format) not in self.targets:
                continue
            reasons = [self._why_stale(rule, entry.target) for rule in entry.rules]
            if entry.rules and all(reasons):
                yield name, reasons[0]

    def _why_stale(self, rule: RuleReference, target: str) -> str:
        """Why a rule has no such file now; "" for one of which this run knows nothing."""
        if not rule.path:
            return ""
        if (why := self._known.get((rule.path, target))) is not None:
            return why or "the file of its rule now has another name"
        below = any(_is_below(rule.path, root) for root in self._roots)
        path = os.path.normpath(self.folder.path / rule.path)
        if not below:
            return ""
        return f"its rule {path} is {'excluded' if os.path.exists(path) else 'gone'}"  # noqa: PTH110 - Path's raises

    @cached_property
    def _known(self) -> dict[tuple[str, str], str]:
        """``seen`` by paths from the folder, as the manifest has them."""
        return {
            (path_from(self.folder.path, path), of): why for (path, of), why in self.seen.items()
        }

    @cached_property
    def _roots(self) -> list[str]:
        return [path_from(self.folder.path, folder) for folder in self.folders]

    def _of_other_runs(self, files: Iterable[File]) -> Iterator[tuple[str, FileReport]]:
        """Files for all rules that hold others, which this run did not read and would lose."""
        for file in files:
            entry = self.folder.entries.get(file.name)
            if entry is None or len(entry.rules) < 2 or self.folder.force:
                continue
            new = {path_from(self.folder.path, rule.path) for rule in file.rules}
            lost = [
                rule
                for rule in entry.rules
                if rule.path and rule.path not in new and not self._why_stale(rule, entry.target)
            ]
            if lost:
                reason = f"it has the results of other rules, which would be lost: {lost[0].path}"
                hint = "convert all rules together, or to another folder; --force overwrites it"
                path = self.folder.path / file.name
                yield file.name, FileReport(path, Kind.NOT_WRITTEN, reason, hint)


def _is_below(path: str, root: str) -> bool:
    if root == ".":
        return not path.startswith("../")
    return path.startswith(f"{root}/")


def _why_without(*states: Status) -> str:
    """Why a rule may have no file, or ""."""
    for status in (Status.REFUSED, Status.FAILED, Status.SKIPPED):
        if status in states:
            what = "broken" if status is Status.FAILED else status
            return f"its rule is now {what}"
    return "its rule file no longer has a rule" if Status.NO_RULE in states else ""


def _file(result: Result) -> File:
    return File(
        result.name,
        result.digest,
        lambda: _bytes(result.read()),
        result.target,
        result.format,
        (_reference(result),),
        result.fidelity,
        result.codes,
    )


def _file_of_all(name: str, results: Sequence[Result]) -> File:
    bundle = results[0].bundle
    assert bundle is not None
    between = bundle.between

    def read() -> bytes:
        text = between.join([result.read() for result in results])
        if between == "\n":  # of a stream of lines each is needed once: two rules may share lists
            text = "\n".join(dict.fromkeys(text.split("\n")))
        return _bytes(text)

    from kqlx.notes import Effect

    worst = max((Effect[result.fidelity.upper()] for result in results), default=Effect.SAME)
    return File(
        name,
        hashlib.sha256(read()).hexdigest(),
        read,
        results[0].target,
        results[0].format,
        tuple(sorted({_reference(result) for result in results})),
        str(worst),
        tuple(sorted({code for result in results for code in result.codes})),
    )


def _reference(result: Result) -> RuleReference:
    rule = result.rule
    return RuleReference(rule.path, rule.id, rule.name)


def _second(result: Result, first: Result) -> Remark:
    assert result.bundle is not None
    return Remark(
        Severity.ERROR,
        "name-taken",
        f"{result.bundle.name} cannot hold a second {result.key}; the first is of"
        f" {first.rule.label}",
        FilePlace(result.rule.path, result.rule.line),
        hint="convert it separately, to another folder",
    )


def _bytes(text: str) -> bytes:
    """As it is printed: in UTF-8, what that lacks as escapes, a line feed at the end."""
    return f"{text}\n".encode("utf-8", "backslashreplace")


def _reported(written: Written) -> FileReport:
    if written.error is not None:
        error: OutputError = written.error
        return FileReport(written.path, Kind.NOT_WRITTEN, error.message, error.hint)
    return FileReport(written.path, Kind.WRITTEN if written.changed else Kind.UNCHANGED)
