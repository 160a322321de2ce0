"""A query that cannot be read, as the makers of error messages see it: the terminals up to the
place where reading stopped, and the groups that are open there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property

from kqlx.frontends.eql.syntax import SPACES
from kqlx.frontends.eql.tables import TABLES
from kqlx.frontends.eql.wording import LONGEST_ADVICE
from kqlx.records import dataclass

NAMES = ("IDENTIFIER", "DOTTED", "QUOTED")
TEXTS = ("STRING", "RAW", "FOREIGN_STRING")
CONSTANTS = (*TEXTS, "INTEGER", "DECIMAL", "BOOLEAN", "NULL")
_CLOSING = {"RPAR": "LPAR", "_CLOSING": "OPENING"}


@dataclass(frozen=True, slots=True)
class Token:
    """A terminal of the grammar in the text; "$INVALID" where none fits, "$END" at the end."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, as an error says it; ``hint`` may be "". ``width`` is that of the part that is
    pointed at, 0: that of the terminal.
    """

    code: str
    message: str
    hint: str = ""
    width: int = 0


class ParseFailure:
    """Where reading stopped: at ``offset``, where one of the terminals in ``expected`` could stand.

    ``found`` is the terminal there, ``preceding`` are those before it, ``following`` some behind.
    """

    def __init__(self, text: str, offset: int, expected: frozenset[str]) -> None:
        self.text = text
        self.offset = offset
        self.expected = expected
        self.preceding: list[Token] = []
        self.following: list[Token] = []
        for token in _tokens(text):
            if token.start < offset:
                self.preceding.append(token)
            else:
                self.following.append(token)
            if len(self.following) > 12 or (self.following and token.kind == "$INVALID"):
                break
        self.found = self.following.pop(0)

    def kind(self, back: int = 1) -> str:
        """The terminal so many places before the failure, or ""."""
        return self.preceding[-back].kind if len(self.preceding) >= back else ""

    def before(self, back: int = 1) -> str:
        """Its text, or ""."""
        return self.of(self.preceding[-back]) if len(self.preceding) >= back else ""

    def of(self, token: Token) -> str:
        """The text of a terminal, without the blanks that it swallows."""
        return self.text[token.start : token.end].rstrip(SPACES)

    @property
    def found_text(self) -> str:
        """The text of the terminal at the failure."""
        return self.of(self.found)

    @property
    def rest(self) -> str:
        """What follows from the failure on."""
        return self.text[self.offset : self.offset + 2 * LONGEST_ADVICE]

    def next(self, place: int = 0) -> str:
        """The text of a terminal behind the failure, or ""."""
        return self.of(self.following[place]) if len(self.following) > place else ""

    def next_kind(self, place: int = 0) -> str:
        return self.following[place].kind if len(self.following) > place else ""

    @cached_property
    def open_groups(self) -> tuple[int, ...]:
        """The places among ``preceding`` of the brackets that are open."""
        stack: list[int] = []
        for i, token in enumerate(self.preceding):
            if token.kind in ("LPAR", "OPENING", "MISSING"):
                stack.append(i)
            elif token.kind in _CLOSING and stack:
                stack.pop()
        return tuple(stack)

    def operand_ending(self, back: int) -> str:
        """The field or the call of a function that ends so many places before the failure, or
        "".
        """
        end = len(self.preceding) - back
        if end < 0:
            return ""
        start = end
        if self.preceding[end].kind == "RPAR":
            depth = 0
            while start >= 0:
                kind = self.preceding[start].kind
                depth += (kind == "RPAR") - (kind == "LPAR")
                if not depth:
                    break
                start -= 1
            start -= 1
            if start < 0 or self.preceding[start].kind not in ("IDENTIFIER", "FOLDING"):
                return ""
        elif self.preceding[end].kind not in NAMES:
            return ""
        while start > 1 and self.preceding[start - 1].kind == "_DOT":
            start -= 2
        if start > 0 and self.preceding[start - 1].kind == "OPTIONAL":
            start -= 1
        return self.text[self.preceding[start].start : self.preceding[end].end]

    @property
    def list_operator(self) -> tuple[str, str, str]:
        """Of the list that is open: the field, the operator, and what stands in it so far; else
        three times "".
        """
        if not self.open_groups:
            return "", "", ""
        place = self.open_groups[-1]
        if self.preceding[place].kind != "LPAR" or place < 2:
            return "", "", ""
        operator = self.preceding[place - 1]
        if operator.kind not in ("MATCH", "IN", "COMPARISON"):
            return "", "", ""
        back = len(self.preceding) - (place - 2)
        inside = self.text[self.preceding[place].end : self.offset]
        return self.operand_ending(back), self.of(operator), inside


def tokens_of(text: str) -> list[Token]:
    """The terminals of a text, comments and blanks left out."""
    return list(_tokens(text))


@cache
def _lexer() -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in TABLES.terminals))


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while position < len(text):
        match = _lexer().match(text, position)
        if match is None:
            yield Token("$INVALID", position, position + 1)
            return
        if match.lastgroup not in ("WHITE_SPACE", "COMMENT"):
            yield Token(str(match.lastgroup), position, match.end())
        position = match.end()
    yield Token("$END", len(text), len(text))
