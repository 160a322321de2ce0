"""Paths → outcomes, file by file in the order of the paths, in one process or in several.

The outcomes are the same whatever the number of processes, and come as soon as they are made; of
results that wait for their turn no more than a few files are held.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from kqlx.batch.converter import Converter
from kqlx.batch.outcome import RuleInfo, RuleOutcome, Status
from kqlx.batch.remarks import without_rule
from kqlx.batch.request import Request
from kqlx.errors import RuleError
from kqlx.rules.file_search import rule_files
from kqlx.rules.load import read_file

if TYPE_CHECKING:
    from concurrent.futures import Future


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read; ``is_named`` says that the user named it, and not a folder it is in."""

    path: Path
    is_named: bool


def find_files(
    paths: Iterable[str], exclude: Sequence[str] = ()
) -> tuple[list[InputFile], list[RuleError]]:
    """The rule files that the paths stand for, and what is wrong with the paths."""
    files: list[InputFile] = []
    errors: list[RuleError] = []
    for path in paths:
        try:
            found = rule_files(path, errors, exclude)
        except RuleError as error:
            errors.append(error)
            continue
        files += [InputFile(file, file == Path(path)) for file in found]
    return files, errors


def outcomes_of_files(
    files: Sequence[InputFile], converter: Converter, jobs: int = 1
) -> Iterator[tuple[InputFile, list[RuleOutcome]]]:
    """What becomes of each file, in their order; ``jobs`` is the number of processes."""
    if jobs <= 1 or len(files) < 2:
        for file in files:
            yield file, [*_of_file(file, converter)]
        return
    yield from _in_processes(files, converter.request, min(jobs, len(files)))


def unread(error: RuleError) -> RuleOutcome:
    """The outcome of a path that leads to no rule."""
    remark = without_rule(error)
    unusable = not error.readable
    return RuleOutcome(RuleInfo(""), Status.FAILED, (remark,), is_unusable=unusable, is_named=True)


def _of_file(file: InputFile, converter: Converter) -> Iterator[RuleOutcome]:
    found = read_file(file.path, is_named=file.is_named)
    if file.is_named and not (found.rules or found.skipped or found.errors):
        found.errors.append(RuleError(f"{file.path}: it contains no rule", readable=False))
    return converter.outcomes(found, str(file.path), is_named=file.is_named)


_FILES_A_TASK = 8
_TASKS_AHEAD = 4
"""So many tasks a process may be handed out before the results of the first are taken."""


def _in_processes(
    files: Sequence[InputFile], request: Request, jobs: int
) -> Iterator[tuple[InputFile, list[RuleOutcome]]]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    data = pickle.dumps(request)
    tasks = [files[i : i + _FILES_A_TASK] for i in range(0, len(files), _FILES_A_TASK)]
    # A fresh process has the same state on every system, and none of what this one has open.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: deque[tuple[Sequence[InputFile], Future[list[list[RuleOutcome]]]]] = deque()
        todo = iter(tasks)
        try:
            while True:
                while len(waiting) < jobs * _TASKS_AHEAD and (task := next(todo, None)):
                    waiting.append((task, pool.submit(_run, data, task)))
                if not waiting:
                    return
                task, future = waiting.popleft()
                yield from zip(task, future.result(), strict=True)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@lru_cache(maxsize=1)
def _converter(request: bytes) -> Converter:
    """That of a process which works for a run: made once."""
    return Converter(pickle.loads(request))


def _run(request: bytes, files: Sequence[InputFile]) -> list[list[RuleOutcome]]:
    return [[*_of_file(file, _converter(request))] for file in files]
