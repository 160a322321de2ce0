"""Does what a target's query matches agree with Kibana, as far as the conversion's notes claim?

Whatever the target, the law is the same. Kibana's answer on an event is known only between two
bounds, for a conversion may say that letter case counts for less; an answer beyond the bounds has
to be announced:

| notes of effect | the target may |
|---|---|
| none, or ``same`` | nothing: both answers are equal |
| ``case`` | answer as if the letter case of some tests did not count |
| ``wider`` | match more, case aside |
| ``narrower`` | match less, case aside |
| ``different``, ``unmapped`` | do either |

Notes are taken together: one that is wider and one that is narrower allow both. A target plugs in
by an ``Engine``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import kqlx
from kqlx.frontends.shown import language_of, shown
from kqlx.nodes import (
    Exists,
    Literal,
    Node,
    transform,
)
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.testing.bounds import Bounds, Kibana, types_of
from kqlx.testing.stored import Event, as_stored

ACCEPTED = ("narrower", "different")


class Malformed(Exception):
    """The target's own reader refuses the query, or would not see it emitted."""


class Unsettled(Exception):
    """Whether the target matches hangs on something that its documentation leaves open."""


class Impossible(Exception):
    """The target could not hold such an event, so there is nothing to compare."""


class Engine(Protocol):
    """How a target is judged: its reader, and its answer on one event (as ``as_stored`` makes
    it).
    """

    def read(self, query: str) -> None:
        """Raises Malformed with the reason."""

    def holds(self, query: str, event: Event) -> bool:
        """Whether the event comes out. Raises Unsettled or Impossible with the reason."""


@runtime_checkable
class Batch(Protocol):
    """An engine that takes less time for many events at once."""

    def answer_all(self, query: str, events: Sequence[Event]) -> None:
        """Prepares the answers of ``holds`` on these events, as ``as_stored`` makes them."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the notes of a conversion allow."""

    folded: bool
    may_add: bool
    may_miss: bool

    @classmethod
    def of(cls, notes: Iterable[Note]) -> Claim:
        effects = {note.effect for note in notes}
        anything = bool(effects & {Effect.DIFFERENT, Effect.UNMAPPED})
        return cls(
            Effect.CASE in effects,
            anything or Effect.WIDER in effects,
            anything or Effect.NARROWER in effects,
        )

    @property
    def allows_all(self) -> bool:
        return self.may_add and self.may_miss

    def broken_by(self, answer: bool, bounds: Bounds) -> str:
        """What an answer does that is not announced, or ""; ``bounds`` are Kibana's answers."""
        least, most = bounds
        if answer and not most and not self.may_add:
            return "matches, and Kibana does not"
        if not answer and least and not self.may_miss:
            return "does not match, and Kibana does"
        return ""


@dataclass(frozen=True, slots=True)
class Query:
    """A conversion at hand, with what judges it."""

    node: Node
    text: str
    notes: tuple[Note, ...]
    types: Mapping[str, str]
    kibana: Kibana
    engine: Engine

    def asked(self, events: Iterable[Event]) -> list[Event]:
        """The events as stored, about which the engine has been asked if it likes many at once."""
        stored = [as_stored(event, self.types) for event in events]
        if isinstance(self.engine, Batch):
            self.engine.answer_all(self.text, stored)
        return stored

    def disagreement(self, event: Event) -> str:
        """What the target does on the event that no note announces, or "". The event is stored
        first, see ``stored``.
        """
        event = as_stored(event, self.types)
        claim = Claim.of(self.notes)
        least, most = self.kibana.bounds(event, folded=claim.folded)
        try:
            answer = self.engine.holds(self.text, event)
        except Impossible:
            return ""
        except Unsettled as open_question:
            return "" if claim.allows_all else self._report(event, f"unsettled: {open_question}")
        broken = claim.broken_by(answer, (least, most))
        return self._report(event, broken) if broken else ""

    def difference(self, event: Event) -> Effect | None:
        """The effect that a difference on this event is one of: case, wider or narrower; None
        where there is none.
        """
        event = as_stored(event, self.types)
        try:
            answer = self.engine.holds(self.text, event)
        except (Impossible, Unsettled):
            return None
        if answer == self.kibana.exact(event):
            return None
        least, most = self.kibana.bounds(event, folded=True)
        if least <= answer <= most:
            return Effect.CASE
        return Effect.WIDER if answer else Effect.NARROWER

    def _report(self, event: Event, what: str) -> str:
        notes = ", ".join(f"{note.code} ({note.effect})" for note in self.notes) or "no notes"
        return (
            f"{what}\n  query: {_short(shown(self.node))}\n"
            f"  target:     {_short(self.text)}\n"
            f"  event:      {json.dumps(event, ensure_ascii=False)}\n  notes:      {notes}"
        )


def _short(text: str, most: int = 1500) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} […] {text[-most // 2 :]}"


def convert(
    query: str | Node,
    engine: Engine,
    to: str,
    *,
    exact: bool = False,
    language: str = "kuery",
) -> Query:
    """Converts a query under its own field names with all effects accepted; ``language`` is that of
    a text. What is JSON is handed to the engine as text.

    Raises UnsupportedError and MappingError as ``kqlx.convert``, and Malformed for a query that
    the target's reader refuses.
    """
    node = kqlx.parse(query, language=language) if isinstance(query, str) else query
    text = query if isinstance(query, str) else shown(query)
    conversion = plain_conversion(query, to, exact=exact, language=language)
    written = conversion.query if isinstance(conversion.query, str) else conversion.text
    try:
        engine.read(written)
    except Malformed as error:
        raise Malformed(f"{error}\n  query: {text}\n  target: {written}") from None
    types = types_of(node)
    kibana = Kibana(node, types)
    return Query(node, written, conversion.notes, types, kibana, engine)


def plain_conversion(
    query: str | Node, to: str, *, exact: bool = False, language: str = "kuery"
) -> kqlx.Conversion:
    """The conversion of a query that keeps its field names and accepts every effect; ``language``
    is that of a text. A tree that its language has no text for is converted as it is, others by
    their text.
    """
    text = query if isinstance(query, str) else shown(query)
    if not isinstance(query, str):
        language = language_of(query).name
    node = None if isinstance(query, str) or _read(text, language) == query else query
    return kqlx.convert(
        text,
        to,
        source="none",
        accept=ACCEPTED,
        unmapped="keep",
        exact=exact,
        node=node,
        language=language,
    )


def _read(text: str, language: str) -> Node | None:
    """What the text is read as, or None where it is none of the language."""
    try:
        return kqlx.parse(text, language=language)
    except kqlx.QuerySyntaxError:
        return None


REFUSALS = (kqlx.UnsupportedError, kqlx.MappingError)


def without_refused(node: Node, to: str, *, exact: bool = False) -> Node:
    """The tree with each test that the target refuses by itself replaced by one that it can say,
    so that large trees are judged too.
    """

    def leaf(item: Node) -> Node:
        try:
            plain_conversion(item, to, exact=exact)
        except REFUSALS:
            return Exists(Literal("event.action"))
        return item

    return transform(node, leaf)
