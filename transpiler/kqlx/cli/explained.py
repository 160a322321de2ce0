"""A conversion as the tree of its query: below each test what the target has for it, and what is to
be said of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kqlx.errors import condensed
from kqlx.hidden_characters import escaped
from kqlx.nodes import And, Nested, Node, Not, Or, Span, Term
from kqlx.notes import Note
from kqlx.sequences import EventQuery, Sample, Sequence, Step

if TYPE_CHECKING:
    from kqlx.fragments import Fragment

LONGEST = 100


def explained(
    query: str,
    asked: EventQuery,
    text: str,
    fragments: tuple[Fragment, ...],
    notes: tuple[Note, ...],
) -> Iterator[str]:
    """The lines of the tree of a query, or of those of its steps. ``text`` is that of the target
    with its ``fragments``, "" where there is none; notes without a place come last.
    """
    left = list(notes)

    def said(span: Span, inner: list[Span]) -> Iterator[str]:
        """The notes whose place is in this part, and in no smaller one."""
        for note in [note for note in left if note.span and _within(note.span, span)]:
            if not any(_within(note.span or span, one) for one in inner):
                left.remove(note)
                yield _told(note)

    def lines(node: Node, margin: str) -> Iterator[str]:
        items = [] if _is_list(node) else _items(node)
        deeper = margin + "  "
        if items:
            yield f"{margin}{_name(node)}"
            notes_here = [*said(node.span, [item.span for item in items])]
        else:
            yield shortened(f"{margin}{_line(query, node.span)}")
            for place in _outermost(fragments, node.span):
                yield shortened(f"{deeper}→ {_line(text, place)}")
            notes_here = [*said(node.span, [])]
        yield from (f"{deeper}{escaped(one)}" for one in notes_here)
        for item in items:
            yield from lines(item, deeper)

    several = asked.asked
    if not isinstance(several, Sequence | Sample):
        yield from lines(several, "")
    else:
        yield shortened(_line(query, (several.span[0], several.steps[0].span[0])))
        for title, step in named_steps(several):
            yield shortened(f"  {escaped(title)}")
            yield from lines(step.condition, "    ")
            yield from (f"    {escaped(one)}" for one in said(step.span, []))
    yield from (escaped(_told(note)) for note in left)


def named_steps(asked: Sequence | Sample) -> Iterator[tuple[str, Step]]:
    """The steps of a query on several events, with what they are called."""
    for number, step in enumerate(asked.steps, 1):
        runs = f", {step.runs} times" if step.runs > 1 else ", missing" if step.missing else ""
        yield f"step {number}{runs}{_keys(step)}", step
    if isinstance(asked, Sequence) and asked.until is not None:
        yield f"until{_keys(asked.until)}", asked.until


def _keys(step: Step) -> str:
    names = ", ".join(f"{'?' if key.optional else ''}{key.name}" for key in step.keys)
    return f", by {names}" if names else ""


def _told(note: Note) -> str:
    return f"{note.effect}: {condensed(note.message)} [{note.code}]"


def shortened(line: str) -> str:
    """The line as far as it fits on a screen."""
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _items(node: Node) -> list[Node]:
    if isinstance(node, And | Or):
        return [*node.items]
    return [node.item] if isinstance(node, Not | Nested) else []


def _name(node: Node) -> str:
    if isinstance(node, Nested):
        return escaped(f"{node.path.name}: one object")
    return type(node).__name__.lower()


def _is_list(node: Node) -> bool:
    """Whether a group is of values of one field, as it stands in the query."""
    fields: list[Term | None] = [getattr(item, "field", None) for item in _items(node)]
    places = {field.span if field is not None else None for field in fields}
    return isinstance(node, And | Or) and len(places) == 1 and None not in places


def _within(inner: Span, outer: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _outermost(fragments: tuple[Fragment, ...], span: Span) -> list[Span]:
    """The places of what says nothing but this part, else the smallest that says it too."""
    own = [f.place for f in fragments if all(_within(source, span) for source in f.sources)]
    if own:
        return [p for p in dict.fromkeys(own) if not any(p != o and _within(p, o) for o in own)]
    shared = [f.place for f in fragments if any(_within(span, source) for source in f.sources)]
    return sorted(shared, key=lambda place: place[1] - place[0])[:1]


def _line(text: str, place: Span) -> str:
    return escaped(" ".join(text[slice(*place)].split()))
