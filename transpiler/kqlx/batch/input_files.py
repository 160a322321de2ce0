"""Paths → the files to read, and what becomes of each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from kqlx.batch.converter import Converter
from kqlx.batch.outcome import Remark, RuleInfo, RuleOutcome, Severity, Status
from kqlx.batch.remarks import without_rule
from kqlx.errors import RuleError
from kqlx.records import dataclass
from kqlx.rules.file_search import rule_files
from kqlx.rules.load import read_file
from kqlx.rules.places import FilePlace


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read; ``is_named`` says that the user named it, and not a folder it is in."""

    path: Path
    is_named: bool

    @property
    def is_own(self) -> bool:
        """Whether it may be one that only the process to which it was named can read, such as the
        pipe that a shell makes for ``<(command)``.
        """
        return self.is_named and not os.path.isfile(self.path)  # noqa: PTH113 - no errors


def find_files(
    paths: Iterable[str], exclude: Sequence[str] = ()
) -> tuple[list[InputFile], list[RuleError], set[str]]:
    """The rule files that the paths stand for, what is wrong with the paths, and what of
    ``exclude`` fits something.
    """
    files: list[InputFile] = []
    errors: list[RuleError] = []
    used: set[str] = set()
    for path in paths:
        try:
            found = rule_files(path, errors, exclude, used)
        except RuleError as error:
            errors.append(error)
            continue
        files += [InputFile(file, file == Path(path)) for file in found]
    return files, errors, used


def outcomes_of_file(file: InputFile, converter: Converter) -> list[RuleOutcome]:
    """What becomes of all that the file holds. A fault costs no other file anything."""
    outcomes: list[RuleOutcome] = []
    try:
        found = read_file(file.path, is_named=file.is_named)
        if file.is_named and not (found.rules or found.skipped or found.errors):
            found.errors.append(RuleError(f"{file.path}: it contains no rule", readable=False))
        outcomes += converter.outcomes(found, str(file.path), is_named=file.is_named)
    except MemoryError:
        outcomes.append(lost(file, "not enough memory for this file"))
    except Exception as fault:
        message = f"kqlx failed on this file: {type(fault).__name__}"
        outcomes.append(lost(file, message, "please report it, with the file if you can"))
    return outcomes


def unread(error: RuleError) -> RuleOutcome:
    """The outcome of a path that leads to no rule."""
    remark = without_rule(error)
    unusable = not error.readable
    return RuleOutcome(RuleInfo(""), Status.FAILED, (remark,), is_unusable=unusable, is_named=True)


def lost(file: InputFile, message: str, hint: str = "") -> RuleOutcome:
    """The outcome of a file that is lost to a fault of ours, or to a want of memory."""
    place = FilePlace(str(file.path))
    remark = Remark(Severity.ERROR, "internal-error", message, place, hint=hint)
    return RuleOutcome(RuleInfo(str(file.path)), Status.FAILED, (remark,), is_named=file.is_named)
