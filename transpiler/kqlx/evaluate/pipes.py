"""The pipes of EQL on what a query finds, one result after the other:
https://www.elastic.co/docs/reference/query-languages/eql/eql-pipe-ref
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

from kqlx.sequences import Pipe

Result = TypeVar("Result")


class Pipes(Generic[Result]):
    """Lets pass what the pipes keep, each of what those before it have kept."""

    def __init__(self, pipes: Iterable[Pipe]) -> None:
        self._pipes: list[_Head[Result] | _Tail[Result]] = [
            _Head(pipe.count) if pipe.name == "head" else _Tail(pipe.count) for pipe in pipes
        ]

    def add(self, found: Iterable[Result]) -> list[Result]:
        """What of new results is kept and is known to be so."""
        return self._from(0, found)

    def end(self) -> list[Result]:
        """What is known to be kept now that no result comes after."""
        found: list[Result] = []
        for place, pipe in enumerate(self._pipes, 1):
            found += self._from(place, pipe.end())
        return found

    def _from(self, first: int, found: Iterable[Result]) -> list[Result]:
        for pipe in self._pipes[first:]:
            found = [one for one in found if pipe.keeps(one)]
        return list(found)


class _Head(Generic[Result]):
    def __init__(self, count: int) -> None:
        self._left = count

    def keeps(self, _: Result) -> bool:
        self._left -= 1
        return self._left >= 0

    def end(self) -> Iterable[Result]:
        return ()


class _Tail(Generic[Result]):
    def __init__(self, count: int) -> None:
        self._last: deque[Result] = deque(maxlen=count)

    def keeps(self, found: Result) -> bool:
        self._last.append(found)
        return False

    def end(self) -> Iterable[Result]:
        return self._last
