"""Comments, and what of a query they stand before or behind."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from re import Pattern as Regex

from kqlx.frontends.eql.syntax_tree import (
    Expression,
    Filter,
    Junction,
    Match,
    Member,
    Negation,
    Query,
    Span,
    Step,
)
from kqlx.frontends.eql.tables import TABLES
from kqlx.records import dataclass, field

Places = dict[int, tuple[tuple[str, ...], tuple[str, ...]]]


@dataclass(frozen=True)
class Comments:
    """Comments by the part of the syntax tree that they belong to: those before it, and those
    behind it on its line.
    """

    by_part: Places = field(default_factory=dict)
    at_beginning: tuple[str, ...] = ()
    at_end: tuple[str, ...] = ()

    def of(self, part: Expression | Step) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Those before the part, and those behind it."""
        return self.by_part.get(id(part), ((), ()))


def comments_of(text: str, query: Query) -> Comments:
    """The comments of a text, which has been read as the query."""
    if "//" not in text and "/*" not in text:
        return Comments()
    found = list(_comments(text))
    # Of several that begin at one place the outermost is the first.
    parts = sorted(_parts(query), key=lambda part: (part[0][0], -part[0][1]))
    if not found:
        return Comments()
    before: dict[int, list[str]] = {}
    behind: dict[int, list[str]] = {}
    at_beginning: list[str] = []
    at_end: list[str] = []
    begins = query.body.span[0]
    for (start, end), shown in found:
        if end <= begins:
            at_beginning.append(shown)
        elif (part := _part_on_line(text, start, end, parts)) is not None:
            behind.setdefault(part, []).append(shown)
        elif (part := next((id for (at, _), id in parts if at >= end), None)) is not None:
            before.setdefault(part, []).append(shown)
        else:
            at_end.append(shown)
    places = {
        id: (tuple(before.get(id, ())), tuple(behind.get(id, ()))) for id in {*before, *behind}
    }
    return Comments(places, tuple(at_beginning), tuple(at_end))


def _part_on_line(text: str, start: int, end: int, parts: list[tuple[Span, int]]) -> int | None:
    """The part that ends on the line of a comment, of which the comment is the end."""
    following = text[end:].lstrip(" \t")
    if following[:1] not in ("\r", "\n"):
        return None
    line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    ending = [(span, id) for span, id in parts if line < span[1] <= start]
    if not ending:
        return None
    (_, last), _ = max(ending, key=lambda part: part[0][1])
    between = text[last:start]
    if between.strip(" \t,") not in ("", "and", "or"):
        return None
    # Of several that end there the outermost: what follows stands behind all of it.
    return min((part for part in ending if part[0][1] == last), key=lambda part: part[0][0])[1]


def _comments(text: str) -> Iterator[tuple[Span, str]]:
    position = 0
    while position < len(text):
        match = _lexer().match(text, position)
        if match is None:
            return
        if match.lastgroup == "COMMENT":
            shown = "\n".join(line.rstrip() for line in match[0].splitlines())
            yield match.span(), shown
        position = match.end()


@cache
def _lexer() -> Regex[str]:
    import re

    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in TABLES.terminals))


def _parts(query: Query) -> Iterator[tuple[Span, int]]:
    """The parts that a comment can belong to: conditions, and values of lists."""
    if isinstance(query.body, Filter):
        yield from _of_condition(query.body.condition)
        return
    steps = [*query.body.steps, *([query.body.until] if query.body.until else [])]
    for step in steps:
        yield step.span, id(step)
        yield from _of_condition(step.filter.condition)


def _of_condition(condition: Expression) -> Iterator[tuple[Span, int]]:
    stack: list[Expression] = [condition]
    while stack:
        part = stack.pop()
        yield part.span, id(part)
        while isinstance(part, Negation):
            part = part.item
        if isinstance(part, Junction):
            stack += part.items
        elif isinstance(part, Match | Member):
            stack += part.values if len(part.values) > 1 or isinstance(part, Member) else ()
