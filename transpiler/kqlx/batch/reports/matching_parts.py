"""Texts whose parts know what they match in other texts: each piece of the HTML has the names of
all parts that it lies in, outermost first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from kqlx.nodes import Span

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


def name_of(spans: Sequence[Span]) -> str:
    """The name of a part: the same for the same places in the query."""
    return "_".join(f"{start}-{end}" for start, end in spans)


def parts_of_query(groups: Iterable[Sequence[Span]]) -> list[Part]:
    """The parts of the query that make up each group, once."""
    found = {}
    for spans in groups:
        name, size = name_of(spans), sum(end - start for start, end in spans)
        found.update({(span, name): Part(span, name, size) for span in spans})
    return list(found.values())


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
