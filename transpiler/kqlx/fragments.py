"""Which part of a target's query comes from which part of the source's.

While a target writes, it keeps what it has made of each part of the tree as a ``Piece``, before it
is known where that will stand, on which lines and in which order. ``fragments_of`` looks the pieces
up in the finished text: each within the one that it is a part of, behind its neighbour.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kqlx.nodes import NOWHERE, Span
from kqlx.records import dataclass
from kqlx.regexes import late_regex


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of the target's query, and the parts of the source's that it says, in their order: all
    of them places in a text, in code points. Fragments lie in each other as groups do; several may
    come from one part, and several parts may share a fragment.
    """

    place: Span
    sources: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """What a target made of some parts of the source's query: text, or JSON. ``inner`` are the
    pieces that it was made of, in the order in which they stand there.
    """

    made: Any
    spans: tuple[Span, ...]
    inner: tuple[Piece, ...] = ()


_FOLD = late_regex(r"[ \n]+")
_WORD = late_regex(r"[\w.@{}-]")
_MOST_MISSES = 300
"""So many pieces within one are looked for in vain, or out of order, before the others are let go:
looking for one costs as much as the text is long.
"""


def fragments_of(
    text: str, pieces: Iterable[Piece], written: Callable[[Any], str] = str
) -> tuple[Fragment, ...]:
    """The fragments of a text, in their order, outer ones first. ``written`` makes text of what the
    pieces hold. A piece that does not stand there as it was made has none.
    """
    unfolded = _Unfolded.of(text)
    found: dict[Fragment, None] = {}
    todo = [(tuple(pieces), (0, len(unfolded.text)))]
    while todo:
        inner, region = todo.pop()
        for piece, place in _placed(inner, region, unfolded, written):
            if sources := tuple(sorted({span for span in piece.spans if span != NOWHERE})):
                found[Fragment(unfolded.original(place), sources)] = None
            if piece.inner:
                todo.append((piece.inner, place))
    return tuple(sorted(found, key=lambda one: (one.place[0], -one.place[1], one.sources)))


def _placed(
    pieces: tuple[Piece, ...], region: Span, text: _Unfolded, written: Callable[[Any], str]
) -> Iterator[tuple[Piece, Span]]:
    """The pieces that stand in a region of the text. In place of one that does not, those that it
    was made of are looked for.
    """
    start, end = region
    behind, misses = start, 0
    taken: set[Span] = set()
    left = deque(pieces)
    while left and misses < _MOST_MISSES:
        piece = left.popleft()
        wanted = _FOLD.sub(" ", written(piece.made))
        place = next(text.places(wanted, behind, end), None)
        if place is None:
            misses += 1
            before = [*text.places(wanted, start, min(end, behind + len(wanted)))]
            place = next((one for one in before if one not in taken), next(iter(before), None))
        if place is None:
            left.extendleft(reversed(piece.inner))
            continue
        taken.add(place)
        behind = max(behind, place[1])
        yield piece, place


@dataclass(frozen=True, slots=True)
class _Unfolded:
    """A text with one blank for each run of blanks and line feeds, since lines are folded when all
    else is written. ``runs`` are the places behind the longer ones, here and by how much the
    original is ahead from there on.
    """

    text: str
    runs: tuple[int, ...]
    ahead: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> _Unfolded:
        parts: list[str] = []
        runs, ahead = [0], [0]
        last = length = 0
        for match in _FOLD.finditer(text):
            parts += (text[last : match.start()], " ")
            length += match.start() - last + 1
            last = match.end()
            if last - length != ahead[-1]:
                runs.append(length)
                ahead.append(last - length)
        return cls("".join([*parts, text[last:]]), tuple(runs), tuple(ahead))

    def original(self, place: Span) -> Span:
        """The place in the text as it was. Pieces begin and end with no blank."""
        start, end = place
        return self._original(start), self._original(end - 1) + 1

    def _original(self, place: int) -> int:
        return place + self.ahead[bisect_right(self.runs, place) - 1]

    def places(self, wanted: str, start: int, end: int) -> Iterator[Span]:
        """Where the text has this, not as a part of a longer word or number."""
        at = self.text.find(wanted, start, end) if wanted else -1
        while at >= 0:
            behind = at + len(wanted)
            if not (self._is_within_word(at) or self._is_within_word(behind)):
                yield at, behind
            at = self.text.find(wanted, at + 1, end)

    def _is_within_word(self, place: int) -> bool:
        both = self.text[place - 1 : place + 1] if place else ""
        return len(both) == 2 and all(map(_WORD.match, both))
