"""What a source language says of itself: its names, and how its queries are read and written.

The description imports nothing heavy; its functions bring parser and formatter in when they are
first called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kqlx.errors import UnsupportedError
from kqlx.records import dataclass

if TYPE_CHECKING:
    from kqlx.codes import Code
    from kqlx.nodes import Node
    from kqlx.notes import Note
    from kqlx.sequences import EventQuery, Sample, Sequence


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What is said beside a query of how to read it; each language takes what concerns it.

    ``leading_wildcards`` is False where values that begin with a star are refused, as Kibana can be
    set to (``query:allowLeadingWildcards``). ``category_field`` is the field of the category that
    an EQL query begins with.
    """

    leading_wildcards: bool = True
    category_field: str = "event.category"


def no_remarks(text: str) -> Iterable[Note]:
    """Of a language whose trees say all."""
    return ()


@dataclass(frozen=True, slots=True)
class Language:
    """A language that rules are written in.

    ``name`` is what rules call it (``kuery``), ``title`` people (Kibana KQL). ``suffixes`` are
    those of files that hold a query and nothing else.

    ``parse`` makes a tree of a query, and raises QuerySyntaxError with words for the user.
    ``format_text`` writes a query canonically, in lines of at most so many characters, and raises
    the same; ``format_node`` makes such a text of a tree, and raises UnsupportedError for one that
    no text stands for. ``suggest`` is the hint to write the first of some texts that can be read
    and shown, or "". ``codes`` are those of its syntax errors, in order. ``remarks`` are notes on
    what a query says beside its tree; it can be read. ``read`` reads queries on several events,
    too, for which ``parse`` raises UnsupportedError; None: there are none such.
    """

    name: str
    title: str
    parse: Callable[[str, ReadingOptions], Node]
    format_text: Callable[[str, int], str]
    format_node: Callable[[Node, int], str]
    suggest: Callable[..., str]
    codes: Callable[[], tuple[Code, ...]]
    suffixes: tuple[str, ...] = ()
    remarks: Callable[[str], Iterable[Note]] = no_remarks
    read: Callable[[str, ReadingOptions], EventQuery] | None = None

    def query(self, text: str, options: ReadingOptions) -> EventQuery:
        """What a query asks, of one event or of several. Raises QuerySyntaxError."""
        if self.read is not None:
            return self.read(text, options)
        from kqlx.sequences import EventQuery

        return EventQuery(self.parse(text, options))


NOT_CONVERTED = "several-events"
"""The code of the refusal of a query that is about several events."""


def several_events(asked: Sequence | Sample) -> UnsupportedError:
    """That a query on several events cannot be said by one on single events."""
    kind = type(asked).__name__.lower()
    steps = "one step" if len(asked.steps) == 1 else f"{len(asked.steps)} steps"
    return UnsupportedError(
        f"the rule is a {kind} of {steps}",
        code=NOT_CONVERTED,
        hint="convert a rule for each of its events, or keep the rule in Elasticsearch",
    )
