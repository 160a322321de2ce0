"""Texts whose parts know what they match in other texts: each piece of the HTML has the names of
all parts that it lies in, outermost first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from kqlx.nodes import Span
from kqlx.records import dataclass, field

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Part:
    """A named place in a text. ``size`` is that of all places of the name in the query: the smaller
    is the inner one.
    """

    place: Span
    name: str
    size: int


@dataclass(slots=True)
class PartNames:
    """Short names for groups of places in a query, the same for the same places."""

    known: dict[tuple[Span, ...], str] = field(default_factory=dict)

    def of(self, spans: Sequence[Span]) -> str:
        return self.known.setdefault(tuple(spans), str(len(self.known)))

    def parts(self, spans: Sequence[Span], places: Iterable[Span]) -> Iterator[Part]:
        """The places, in the query or another text, of what these parts of the query are."""
        name, size = self.of(spans), sum(end - start for start, end in spans)
        yield from (Part(place, name, size) for place in places)

    def parts_of_query(self) -> list[Part]:
        """The places in the query of all that has a name."""
        return [part for spans in self.known for part in self.parts(spans, spans)]


def marked(text: str, parts: Iterable[Part]) -> Markup:
    """The text as HTML, with ``data-parts`` on each of its pieces."""
    from markupsafe import Markup, escape

    opened: dict[int, list[Part]] = {}
    closed: dict[int, list[Part]] = {}
    for part in parts:
        start, end = part.place
        if 0 <= start < end <= len(text):
            opened.setdefault(start, []).append(part)
            closed.setdefault(end, []).append(part)
    cuts = sorted({0, len(text), *opened, *closed})
    text = shown(text)
    active: dict[tuple[Span, str], Part] = {}
    html: list[str] = []
    for start, end in pairwise(cuts):
        for part in closed.get(start, ()):
            active.pop((part.place, part.name), None)
        for part in opened.get(start, ()):
            active[part.place, part.name] = part
        piece = escape(text[start:end])
        if active:
            order = sorted(active.values(), key=lambda part: (-part.size, part.name))
            names = " ".join(dict.fromkeys(part.name for part in order))
            piece = Markup('<span data-parts="{}">{}</span>').format(names, piece)
        html.append(piece)
    return Markup("").join(html)


def shown(text: str) -> str:
    """Text with a mark for each character that cannot be seen, such as one that turns the direction
    of writing.
    """
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
