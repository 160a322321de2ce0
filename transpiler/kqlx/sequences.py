"""What a query asks of several events together: sequences and samples of EQL.

A sequence is events of the same keys one after another, a sample such events in any order
(https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax).
"""

from __future__ import annotations

from typing import Literal as OneOf

from kqlx import records
from kqlx.nodes import NOWHERE, Exists, Literal, Node, Span, all_of, any_of
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """An event of a sequence or a sample.

    ``condition`` is all that it must meet, the category among it, which ``category`` names ("":
    any). ``keys`` are the fields whose values all events share, those of the whole sequence first;
    each step has as many, and the values of keys at the same place are equal. A key that is not
    ``optional`` must have a value. ``runs`` is how many such events follow one another; a step that
    is ``missing`` is one that there must be none of.
    """

    condition: Node
    category: str = ""
    keys: tuple[Literal, ...] = ()
    runs: int = 1
    missing: bool = False
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """Steps in their order. From the first event to the last there are at most ``max_span``
    milliseconds, None: any time. An event that meets ``until`` ends what is not complete; its step
    has the keys of the others.
    """

    steps: tuple[Step, ...]
    max_span: int | None = None
    until: Step | None = None
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Sample:
    """Steps in any order, with at most one event each."""

    steps: tuple[Step, ...]
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Pipe:
    """What keeps some of the results: the first (``head``) or the last (``tail``) ``count``."""

    name: OneOf["head", "tail"]
    count: int
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class EventQuery:
    """A query of EQL. ``asked`` is the condition on single events, or several events together."""

    asked: Node | Sequence | Sample
    pipes: tuple[Pipe, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of a query on several events, ``until`` last; none of one on single events."""
        if not isinstance(self.asked, Sequence | Sample):
            return ()
        until = self.asked.until if isinstance(self.asked, Sequence) else None
        return self.asked.steps if until is None else (*self.asked.steps, until)

    @property
    def fields_tree(self) -> Node:
        """A tree that names all fields of the query, those among them whose values its steps
        share; the condition itself of a query on single events.
        """
        if not isinstance(self.asked, Sequence | Sample):
            return self.asked
        return any_of([all_of([step.condition, *map(Exists, step.keys)]) for step in self.steps])
