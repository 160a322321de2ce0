"""A progress bar on a terminal; nothing where standard error is a file or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TextIO, TypeVar

from kqlx.cli import colors
from kqlx.cli.streams import say
from kqlx.hidden_characters import escaped

T = TypeVar("T")

FEW = 10
"""Of so few files a bar would say nothing."""


class Progress:
    """``say`` writes lines to ``stream``, ``warn`` to standard error; above the bar where they are
    on its terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._say = partial(say, stream=stream)
        self.say: Callable[[str], None] = self._say
        self.warn: Callable[[str], None] = say

    def over(self, items: Iterable[T], total: int, quiet: bool) -> Iterator[T]:
        """The items, counted on the terminal."""
        if quiet or total < FEW or not sys.stderr.isatty():
            yield from items
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        columns = (BarColumn(), MofNCompleteColumn(), "files", TimeRemainingColumn())
        with Bar(
            *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
        ) as bar:
            task = bar.add_task("", total=total)

            def above(line: str) -> None:
                text = colors.styled(escaped(line)) if colors.are_wanted() else escaped(line)
                console.print(text, soft_wrap=True)

            self.warn = above
            if self.stream.isatty():
                self.say = above
            try:
                for item in items:
                    yield item
                    bar.advance(task)
            finally:
                self.say, self.warn = self._say, say
