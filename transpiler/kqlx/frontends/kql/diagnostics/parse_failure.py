"""A query that cannot be read, as the makers of error messages see it: the terminals up to the
place where reading stopped, and the groups that are open there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property

from kqlx.frontends.kql.syntax import QUOTED, SPACES, WORD
from kqlx.frontends.kql.tables import TABLES
from kqlx.frontends.kql.wording import LONGEST_ADVICE
from kqlx.records import dataclass
from kqlx.regexes import late_regex

VALUE = late_regex(rf'{QUOTED}|\([^()":<>{{}}]*\)|{WORD}')
"""One word, quoted text or simple group, as it may follow a colon."""

_SIMPLE_EXPRESSION = late_regex(
    rf"(?:(?:{QUOTED}|{WORD})\s*(?::|[<>]=?)\s*)?"
    rf'(?:{QUOTED}|\((?:[^()"]|"(?:[^"\\]|\\.)*")*\)|{WORD})'
)
"""The same, with a field before it or not."""

_PARENTHESES = late_regex(rf"{QUOTED}|\\.|[()]")

WORDS = late_regex(rf'(?:(?![{SPACES}]+(?i:and|or)[{SPACES}])[^():"{{}}\\])*', re.DOTALL)
"""Words up to the next keyword or sign."""


@dataclass(frozen=True, slots=True)
class Token:
    """A terminal of the grammar in the text; "$INVALID" where none fits, "$END" at the end."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """An open parenthesis or brace: its place, and the field whose values or parts it holds."""

    sign: str
    start: int
    field: str

    @property
    def is_of_values(self) -> bool:
        return self.sign == "(" and self.field != ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, as an error says it; ``hint`` may be ""."""

    code: str
    message: str
    hint: str


class ParseFailure:
    """Where reading stopped: at ``offset``, where one of the terminals in ``expected`` could stand.

    ``found`` is the terminal there, ``preceding`` are those before it.
    """

    def __init__(self, text: str, offset: int, expected: frozenset[str]) -> None:
        self.text = text
        self.offset = offset
        self.expected = expected
        tokens: list[Token] = []
        for token in _tokens(text):
            tokens.append(token)
            if token.start >= offset:
                break
        self.found = tokens.pop()
        self.preceding = tokens

    def kind_before(self, back: int = 1) -> str:
        """The terminal so many places before the failure, or ""."""
        return self.preceding[-back].kind if len(self.preceding) >= back else ""

    def text_before(self, back: int = 1) -> str:
        """Its text, without white space around it, or ""."""
        if len(self.preceding) < back:
            return ""
        token = self.preceding[-back]
        return self.text[token.start : token.end].strip(SPACES)

    @property
    def found_text(self) -> str:
        """The text of the terminal at the failure, without white space around it."""
        return self.text[self.found.start : self.found.end].strip(SPACES)

    @property
    def rest(self) -> str:
        """What follows the terminal at the failure."""
        return self.text[self.found.end : self.found.end + 2 * LONGEST_ADVICE]

    @property
    def next_value(self) -> str:
        """The word, quoted text or simple group after the terminal at the failure, or ""."""
        match = VALUE.match(self.rest.lstrip(SPACES))
        return match[0] if match else ""

    @property
    def next_expression(self) -> str:
        """The expression that begins at the failure, as far as it is simple, or ""."""
        return expression_at(self.text, self.offset)

    @property
    def previous_expression(self) -> str:
        """The expression before the failure, as far as it is simple, or ""."""
        if self.kind_before() in ("UNQUOTED", "QUOTED"):
            if self.kind_before(2) == "_COLON":
                return f"{self.text_before(3)}:{self.text_before()}"
            if self.kind_before(2) == "OPERATOR":
                return f"{self.text_before(3)} {self.text_before(2)} {self.text_before()}"
            return self.text_before()
        if self.kind_before() in ("RPAR", "RBRACE"):
            depth = 0
            for i in range(len(self.preceding) - 1, -1, -1):
                kind = self.preceding[i].kind
                depth += (kind in ("RPAR", "RBRACE")) - (kind in ("LPAR", "_LBRACE"))
                if not depth:
                    if i > 1 and self.preceding[i - 1].kind == "_COLON":
                        i -= 2
                    return self.text[self.preceding[i].start : self.offset].strip()
        return ""

    @property
    def follows_directly(self) -> bool:
        """Whether no white space stands before the failure."""
        return self.offset > 0 and self.text[self.offset - 1] not in SPACES

    @cached_property
    def open_groups(self) -> tuple[Group, ...]:
        """The open groups, the outermost first."""
        stack: list[Group] = []
        for i, token in enumerate(self.preceding):
            if token.kind in ("LPAR", "_LBRACE"):
                field = ""
                if i > 1 and self.preceding[i - 1].kind == "_COLON":
                    name = self.preceding[i - 2]
                    field = self.text[name.start : name.end].strip(SPACES)
                elif stack and stack[-1].is_of_values:
                    field = stack[-1].field
                stack.append(Group(self.text[token.start], token.start, field))
            elif token.kind in ("RPAR", "RBRACE") and stack:
                stack.pop()
        return tuple(stack)

    @property
    def is_in_values(self) -> bool:
        """Whether the failure lies in a group of the values of a field."""
        return bool(self.open_groups) and self.open_groups[-1].is_of_values

    @property
    def follows_value(self) -> bool:
        """Whether the terminal before the failure is a value of some field."""
        return self.kind_before(2) == "_COLON" or self.is_in_values

    @property
    def field(self) -> str:
        """The field of the value before the failure, or ""."""
        if self.kind_before(2) in ("_COLON", "OPERATOR"):
            return self.text_before(3)
        return self.open_groups[-1].field if self.is_in_values else ""


def expression_at(text: str, position: int) -> str:
    """The expression that begins there, after white space, as far as it is simple, or ""."""
    following = text[position : position + 2 * LONGEST_ADVICE].lstrip()
    match = _SIMPLE_EXPRESSION.match(following)
    return match[0] if match else _group_at(following)


def _group_at(text: str) -> str:
    """The parentheses in parentheses that the text begins with, or ""."""
    depth = 0
    for match in _PARENTHESES.finditer(text if text[:1] == "(" else ""):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if not depth:
            return text[: match.end()]
    return ""


@cache
def _lexer() -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in TABLES.terminals))


def _tokens(text: str) -> Iterator[Token]:
    position = len(text) - len(text.lstrip(SPACES))
    while position < len(text):
        match = _lexer().match(text, position)
        if match is None:
            yield Token("$INVALID", position, position + 1)
            return
        if match.lastgroup != "WHITE_SPACE":
            yield Token(str(match.lastgroup), position, match.end())
        position = match.end()
    yield Token("$END", len(text), len(text))
