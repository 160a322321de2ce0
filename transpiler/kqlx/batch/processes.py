"""Files converted by several processes, any of which may end at any time: the system ends one that
takes too much memory.

A process is told numbers of files and answers with the outcomes of one after the other, so that it
is known at which file it ended. That one gets a second try in another process, which also does what
the first had still to do. A process of which the run has ended, however that was, ends too: nothing
is at the other end of its pipe.
"""

from __future__ import annotations

import gc
import heapq
import signal
import threading
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from kqlx.batch.converter import Converter
from kqlx.batch.input_files import InputFile, lost, outcomes_of_file
from kqlx.batch.outcome import RuleOutcome
from kqlx.batch.request import Request
from kqlx.records import dataclass, field

_AT_ONCE = 8
"""Files that are handed to a process together; it has this many more to do while it is waited for.
"""

_TRIES = 2

_LOST = "the process that converted it died, and so did a second one"
_WAY_OUT = "it may need more memory than there is; convert it alone to find out"

_ENDED = (EOFError, OSError)
"""What a pipe raises whose other end is gone."""

_Answer = tuple[int, list[RuleOutcome]] | None
"""The number of a file and its outcomes; at first None, when the process is ready for work."""


@dataclass(slots=True)
class _Worker:
    """A process; ``tasks`` are the numbers of the files that it has to do, in order."""

    process: BaseProcess
    pipe: Connection
    tasks: deque[int] = field(default_factory=deque)
    is_ready: bool = False

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


class Processes:
    """As a context it ends the processes at its end."""

    def __init__(self, files: Sequence[InputFile], converter: Converter, count: int) -> None:
        self._files = files
        self._converter = converter
        self._own = {number for number, file in enumerate(files) if file.is_own}
        self._todo = [number for number in range(len(files)) if number not in self._own]  # a heap
        self._tries = [0] * len(files)
        self._done: dict[int, list[RuleOutcome]] = {}
        self._workers: list[_Worker] = []
        self._missing = count
        """Processes that are to be started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.end()

    def outcomes(self, number: int) -> list[RuleOutcome]:
        """Those of a file, which must be asked for in the order of their numbers."""
        if number in self._own:
            return outcomes_of_file(self._files[number], self._converter)
        while number not in self._done:
            self._start()
            if not self._workers:  # the system lets us start none
                return outcomes_of_file(self._files[number], self._converter)
            self._hand_out(number)
            # One process has it, and the others have enough to do until that one answers.
            self._hear(next(each for each in self._workers if number in each.tasks))
        return self._done.pop(number)

    def _start(self) -> None:
        """Starts the processes that are missing, as long as there is work for them."""
        while self._missing and self._todo:
            self._missing -= 1
            with suppress(OSError):
                self._workers.append(_started(self._converter.request, self._files))

    def _hand_out(self, number: int) -> None:
        """Gives work to those that have little of it, and the file of that number to somebody."""
        for worker in sorted(self._workers, key=lambda worker: len(worker.tasks)):
            if self._todo and (len(worker.tasks) <= _AT_ONCE or self._todo[0] == number):
                count = min(_AT_ONCE, len(self._todo))
                numbers = [heapq.heappop(self._todo) for _ in range(count)]
                worker.tasks += numbers
                with suppress(*_ENDED):  # as ``_hear`` will find
                    worker.pipe.send(numbers)

    def _hear(self, worker: _Worker) -> None:
        try:
            answer: _Answer = worker.pipe.recv()
        except _ENDED:
            self._bury(worker)
            return
        if answer is None:
            worker.is_ready = True
        else:
            number, self._done[number] = answer
            worker.tasks.popleft()

    def _bury(self, worker: _Worker) -> None:
        """One that ends before it is ready is not replaced: the next would end too."""
        worker.end()
        self._workers.remove(worker)
        self._missing += worker.is_ready
        for place, number in enumerate(worker.tasks):
            self._tries[number] += worker.is_ready and not place
            if self._tries[number] < _TRIES:
                heapq.heappush(self._todo, number)
            else:
                self._done[number] = [lost(self._files[number], _LOST, _WAY_OUT)]


def _started(request: Request, files: Sequence[InputFile]) -> _Worker:
    """A fresh process: it has the same state on every system, and nothing of what this one has
    open. Raises OSError.
    """
    context = get_context("spawn")
    pipe, other = context.Pipe()
    work = (other, request, files, gc.get_threshold())
    process = context.Process(target=_work, args=work, daemon=True)
    try:
        with _deaf_to_interruptions():
            process.start()
    except BaseException:
        pipe.close()
        raise
    finally:
        other.close()
    return _Worker(process, pipe)


@contextmanager
def _deaf_to_interruptions() -> Iterator[None]:
    """Processes that are started meanwhile are so too: Ctrl-C, which a terminal sends to all, is
    for the one that waits for them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(
    pipe: Connection, request: Request, files: Sequence[InputFile], threshold: tuple[int, int, int]
) -> None:
    """The life of a process, which looks for circles of objects as often as the one that waits."""
    gc.set_threshold(*threshold)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # the one that waits says them
    try:
        converter = Converter(request)
    except Exception:
        return  # of which there is nothing to say that was not said where the first was made
    with suppress(*_ENDED):
        pipe.send(None)
        while True:
            for number in pipe.recv():
                _answer(pipe, number, outcomes_of_file(files[number], converter), files[number])


def _answer(pipe: Connection, number: int, outcomes: list[RuleOutcome], file: InputFile) -> None:
    try:
        pipe.send((number, outcomes))
    except MemoryError:
        pipe.send((number, [lost(file, "not enough memory for this file")]))
