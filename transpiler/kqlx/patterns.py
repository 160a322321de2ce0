"""Patterns: texts with wildcards, as tokens. ``*`` stands for any text, ``?`` for one character.

Kibana KQL has ``*`` alone (https://www.elastic.co/docs/reference/query-languages/kql); the wildcard
query of Elasticsearch has both, held against the whole value
(https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-wildcard-query).
A character is a code point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

from kqlx import records
from kqlx.records import dataclass

Span = tuple[int, int]
"""Start and end in the query text, in code points, end exclusive."""

NOWHERE: Span = (0, 0)


class Wildcard(Enum):
    """What stands in a pattern for text that is not named."""

    ANY_RUN = "*"
    """Any text, the empty one too."""
    ANY_ONE = "?"
    """Any one character."""

    __hash__ = object.__hash__  # in half the time of that of its name


ANY_RUN: Final = Wildcard.ANY_RUN
ANY_ONE: Final = Wildcard.ANY_ONE

Token = str | Wildcard

_ATOMIC = "(?>"
"""Begins an atomic group, in expressions for other engines: ``re`` reads none here."""

_STAR_MARK, _ONE_MARK = "\0", "\1"
"""Characters for wildcards: one that a star alone fits, and one that ? fits too."""

Escape = Callable[[str], str]


class Shape(Enum):
    """What a pattern asks of a text."""

    EXACT = "exact"
    """To be its only literal, or empty: there is no wildcard."""
    ANYTHING = "anything"
    """Nothing: there are stars alone."""
    PREFIX = "prefix"
    SUFFIX = "suffix"
    CONTAINS = "contains"
    """To begin with, to end with, to contain its only literal."""
    OTHER = "other"


_SHAPES: dict[tuple[Token | type, ...], Shape] = {
    (): Shape.EXACT,
    (str,): Shape.EXACT,
    (ANY_RUN,): Shape.ANYTHING,
    (str, ANY_RUN): Shape.PREFIX,
    (ANY_RUN, str): Shape.SUFFIX,
    (ANY_RUN, str, ANY_RUN): Shape.CONTAINS,
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Literal texts and wildcards in turn: ``a*b`` is ``("a", ANY_RUN, "b")``.

    A text is never empty and never stands beside another one; ``Pattern.of`` joins texts and drops
    empty ones. Raises ValueError otherwise.
    """

    tokens: tuple[Token, ...]
    span: Span = records.field(default=NOWHERE, compare=False)

    def __post_init__(self) -> None:
        previous: Token = ANY_RUN
        for token in self.tokens:
            if token == "" or (isinstance(token, str) and isinstance(previous, str)):
                raise ValueError("texts of a pattern are empty or side by side: use Pattern.of")
            previous = token

    @classmethod
    def of(cls, *tokens: Token, span: Span = NOWHERE) -> Pattern:
        """The pattern of these tokens, with texts that stand side by side as one."""
        joined: list[Token] = []
        for token in tokens:
            if isinstance(token, str) and joined and isinstance(joined[-1], str):
                joined[-1] += token
            elif token != "":
                joined.append(token)
        return cls(tuple(joined), span)

    @classmethod
    def between_stars(cls, texts: Iterable[str], span: Span = NOWHERE) -> Pattern:
        """The pattern with a star between one text and the next; of one text that text."""
        tokens: list[Token] = []
        for text in texts:
            tokens += [ANY_RUN, text]
        return cls.of(*tokens[1:], span=span)

    @classmethod
    def from_stars(cls, text: str, span: Span = NOWHERE) -> Pattern:
        """The pattern of a text in which every ``*`` is a star and nothing else a wildcard."""
        return cls.between_stars(text.split("*"), span)

    @property
    def name(self) -> str:
        """The text with plain wildcards, as Kibana uses it where a pattern has no meaning."""
        return "".join([t if isinstance(t, str) else t.value for t in self.tokens])

    # What it is

    @property
    def is_text(self) -> bool:
        """Whether it has no wildcard, so that one text alone fits."""
        return not self.tokens or (len(self.tokens) == 1 and isinstance(self.tokens[0], str))

    @property
    def is_lone_star(self) -> bool:
        return self.tokens == (ANY_RUN,)

    @property
    def has_any_one(self) -> bool:
        return ANY_ONE in self.tokens

    @property
    def shape(self) -> Shape:
        """Several stars in a row count as one."""
        if found := _SHAPES.get(self._kinds):
            return found
        return _SHAPES.get(self.collapsed()._kinds, Shape.OTHER)

    @property
    def _kinds(self) -> tuple[Token | type, ...]:
        return tuple([str if isinstance(token, str) else token for token in self.tokens])

    @property
    def begins_open(self) -> bool:
        """Whether any text may stand at its beginning."""
        return self.tokens[:1] == (ANY_RUN,)

    @property
    def ends_open(self) -> bool:
        """Whether any text may stand at its end."""
        return self.tokens[-1:] == (ANY_RUN,)

    # Its texts

    @property
    def literals(self) -> tuple[str, ...]:
        """The texts between its wildcards; none of them is empty."""
        return tuple([token for token in self.tokens if isinstance(token, str)])

    @property
    def text(self) -> str:
        """Its texts, one behind the other: the only one of a shape that has one."""
        return "".join(self.literals)

    @property
    def prefix(self) -> str:
        """The text before its first wildcard, or ""."""
        first = self.tokens[0] if self.tokens else ""
        return first if isinstance(first, str) else ""

    @property
    def suffix(self) -> str:
        """The text behind its last wildcard, or ""."""
        last = self.tokens[-1] if self.tokens else ""
        return last if isinstance(last, str) else ""

    # Other patterns made of it

    def map_literals(self, change: Callable[[str], str]) -> Pattern:
        """The pattern with each of its texts changed."""
        changed = tuple([change(t) if isinstance(t, str) else t for t in self.tokens])
        return self if changed == self.tokens else Pattern.of(*changed, span=self.span)

    def collapsed(self) -> Pattern:
        """The pattern with each run of stars as one."""
        pairs = zip(self.tokens, (None, *self.tokens), strict=False)
        kept = [token for token, before in pairs if token is not ANY_RUN or before is not ANY_RUN]
        return self if len(kept) == len(self.tokens) else Pattern(tuple(kept), self.span)

    def without_outer_stars(self) -> Pattern:
        """The pattern without the stars at its ends."""
        start, end = 0, len(self.tokens)
        while start < end and self.tokens[start] is ANY_RUN:
            start += 1
        while start < end and self.tokens[end - 1] is ANY_RUN:
            end -= 1
        return Pattern(self.tokens[start:end], self.span)

    def widened_to_stars(self) -> Pattern:
        """The pattern with a star for each ``?``, without two in a row: it fits what this one does,
        and more. One without ``?`` is itself.
        """
        if not self.has_any_one:
            return self
        starred = [ANY_RUN if token is ANY_ONE else token for token in self.tokens]
        return Pattern(tuple(starred), self.span).collapsed()

    def within(self) -> Pattern:
        """The pattern of a text that has such a one anywhere in it."""
        return Pattern((ANY_RUN, *self.tokens, ANY_RUN), self.span).collapsed()

    def prefixed(self, text: str) -> Pattern:
        """The pattern of this text with what the pattern fits behind it."""
        return Pattern.of(text, *self.tokens, span=self.span)

    def split(self, separator: re.Pattern[str]) -> list[Pattern]:
        """The patterns between what the separator, which has no groups, matches in its texts.

        Empty ones are left out.
        """
        pieces: list[list[Token]] = [[]]
        for token in self.tokens:
            if isinstance(token, Wildcard):
                pieces[-1].append(token)
                continue
            first, *others = separator.split(token)
            pieces[-1].append(first)
            pieces += [[other] for other in others]
        made = [Pattern.of(*piece, span=self.span) for piece in pieces]
        return [piece for piece in made if piece.tokens]

    # What it fits

    def as_regex(self, escape: Escape, any_run: str = ".*", any_one: str = ".") -> str:
        """The pattern as a regular expression, without anchors. ``escape`` makes one of a text."""
        each = {ANY_RUN: any_run, ANY_ONE: any_one}
        return "".join([escape(t) if isinstance(t, str) else each[t] for t in self.tokens])

    def as_atomic_regex(self, escape: Escape, any_run: str = ".*", any_one: str = ".") -> str:
        """The same for engines that backtrack, such as PCRE, in linear time: what stands between
        stars is taken where it first fits. To take it later would never help what follows, so it is
        in an atomic group; the last text needs none, since nothing behind it can fail.
        """
        each = [
            "".join([any_one if text is None else escape(text) for text in segment])
            for segment in self._between_stars()
        ]
        if len(each) < 3:
            return any_run.join(each)
        first, *middle, last = each
        end = any_run + last if last else f"{any_run}{middle.pop()}{any_run}"
        return "".join([first, *[f"{_ATOMIC}{any_run}?{text})" for text in middle], end])

    def fits(self, text: str) -> bool:
        """Whether the whole text fits."""
        return self.matcher()(text)

    def matcher(self) -> Callable[[str], bool]:
        """``fits`` for many texts. The time is linear in the text, whatever the number of stars."""
        from kqlx.pattern_matching import matcher

        return matcher(self._between_stars())

    def covers(self, other: Pattern) -> bool:
        """Whether every text that fits the other pattern surely fits this one."""
        return self.coverer()(other.marked)

    def coverer(self) -> Callable[[str], bool]:
        """``covers`` for many patterns, each as ``marked``."""
        from kqlx.pattern_matching import matcher

        return matcher(self._between_stars(), any_one=f"[^{_STAR_MARK}]")

    def _between_stars(self) -> list[list[str | None]]:
        """What stands between the stars: texts, and None for ``?``."""
        found: list[list[str | None]] = [[]]
        for token in self.collapsed().tokens:
            if token is ANY_RUN:
                found.append([])
            else:
                found[-1].append(token if isinstance(token, str) else None)
        return found

    @property
    def marked(self) -> str:
        """The text with a character for each wildcard which only such a one surely fits."""
        return self.as_regex(str, _STAR_MARK, _ONE_MARK)
