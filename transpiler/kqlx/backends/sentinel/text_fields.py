"""What Elasticsearch compares word by word, and values that may stand in any field.

A word of Elasticsearch's (``text_analysis``) that stands in a text also stands there for ``has``,
which looks for a text between characters that are neither letters nor digits; the other way round
that is not so, for Kusto parts ``a_b`` and ``a.b`` and Elasticsearch does not. So ``has`` matches
more, and below a not there is an expression that matches less, where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from kqlx.backends.sentinel.boolean import FALSE, TRUE, all_text, any_text
from kqlx.backends.sentinel.column_access import INDEXED, OBJECTS, REGEX, SCAN, Cell
from kqlx.backends.sentinel.syntax import identifier, quote, regex
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.elastic.text_analysis import split_at_spaces, words
from kqlx.nodes import Equals, FreeText, Like, Pattern
from kqlx.notes import Effect

# Characters that part words for Elasticsearch in any surrounding (https://unicode.org/reports/tr29/).
_PARTS_WORDS = r'[\s"()\[\]{}<>|=!?\x23%\x26*+/\\^\x7e@$\x2d]'
_LETTERS = re.compile(r"[A-Za-z0-9]+")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_]+")
_TERM_ENDS = re.compile(r"[A-Za-z0-9](?:.*[A-Za-z0-9])?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TextFields:
    """Tests of text fields, with the notes and the polarity of the ``backend``."""

    backend: TextBackend

    def test(self, cell: Cell, node: Equals | Like) -> Text:
        """A text field with a value or a pattern."""
        if isinstance(node, Equals) and not words(node.value.name):
            return FALSE  # for Elasticsearch too
        if isinstance(node, Like) and cell.form == "column":
            pieces = split_at_spaces(node.pattern.parts)
            if pieces and all(_is_letters(piece) for piece in pieces):
                return any_text([self.fitting(cell, piece) for piece in pieces])
        self.backend.note(
            "text-analysis",
            Effect.WIDER,
            f"{cell.column.name} is text: Elasticsearch compares words, Kusto terms of the value",
            node.span,
        )
        self.backend.folds_oddly(cell.column, node, exact=self.backend.options.exact)
        if self.backend.negative:
            # The text of all objects has other values too.
            return FALSE if cell.form in OBJECTS else self.surely(cell, node)
        if isinstance(node, Like):
            tests = [self.fitting(cell, parts) for parts in split_at_spaces(node.pattern.parts)]
            return any_text(tests) if tests else FALSE
        found = list(dict.fromkeys(words(node.value.name)))
        if len(found) == 1:
            return self.having(cell, found[0])
        if all(_TERM_ENDS.fullmatch(word) for word in found):
            operator = "has_all" if node.value.quoted else "has_any"
            literals = ", ".join(quote(word) for word in found)
            return Text(f"{cell.access} {operator} ({literals})", rank=INDEXED)
        tests = [self.having(cell, word) for word in found]
        return all_text(tests) if node.value.quoted else any_text(tests)

    def having(self, cell: Cell, word: str) -> Text:
        if _TERM_ENDS.fullmatch(word) and word.isascii():
            return Text(f"{cell.access} has {quote(word)}", rank=INDEXED)
        return Text(f"{cell.access} contains {quote(word)}", rank=SCAN)

    def fitting(self, cell: Cell, parts: tuple[str, ...]) -> Text:
        """One piece of a pattern: a word, or parts of a word."""
        literals = [part for part in parts if part]
        if not literals:
            return self.any_value(cell)
        if len(parts) == 1:
            return any_text([self.having(cell, word) for word in words(parts[0])])
        return all_text(
            [Text(f"{cell.access} contains {quote(part)}", rank=SCAN) for part in literals]
        )

    def any_value(self, cell: Cell) -> Text:
        return Text(f"isnotempty({cell.raw})", rank=cell.rank)

    def surely(self, cell: Cell, node: Equals | Like) -> Text:
        """A test that holds only where Elasticsearch's does: words parted by what always parts
        them.
        """
        pieces: list[tuple[str, ...]]
        plain: Callable[[str], object] = str.isascii
        if isinstance(node, Like):
            plain = _PLAIN_WORD.fullmatch
            pieces = split_at_spaces(node.pattern.parts)
            between = "[A-Za-z0-9_]*"
        else:
            found = words(node.value.name)
            pieces = [tuple(found)] if node.value.quoted else [(word,) for word in found]
            between = f"{_PARTS_WORDS}+"
        alternatives = [
            between.join(map(regex, parts))
            for parts in pieces
            if any(parts) and all(plain(part) for part in parts if part)
        ]
        if not alternatives:
            return FALSE
        either = "|".join(dict.fromkeys(alternatives))
        pattern = f"(?i)(?:^|{_PARTS_WORDS})(?:{either})(?:{_PARTS_WORDS}|$)"
        return Text(f"{cell.access} matches regex {quote(pattern)}", rank=REGEX)


def _is_letters(parts: tuple[str, ...]) -> bool:
    """Whether the pattern is ``*letters*``, which stand in a word wherever they stand in a text."""
    return len(parts) == 3 and not parts[0] + parts[2] and bool(_LETTERS.fullmatch(parts[1]))


def free_text(node: FreeText, backend: TextBackend) -> Text:
    """A value without a field: the columns that the pack names, or the whole row."""
    if isinstance(node.value, Pattern) and node.value.is_lone_star:
        return TRUE
    named = backend.bound.place.get("free_text")
    columns = [identifier(str(name)) for name in named] if isinstance(named, list) else ["*"]
    where = "any column" if columns == ["*"] else ", ".join(columns)
    backend.note(
        "free-text",
        Effect.DIFFERENT,
        f"a value without a field: Kibana looks in all fields, this in the terms of {where}",
        node.span,
    )
    test = _term_test(node)
    return any_text([Text(f"{column} {test}", rank=SCAN) for column in columns])


def _term_test(node: FreeText) -> str:
    if not isinstance(node.value, Pattern):
        return f"has {quote(node.value.name)}"
    parts = node.value.parts
    if len(parts) == 2 and not parts[1]:
        return f"hasprefix {quote(parts[0])}"
    if len(parts) == 2 and not parts[0]:
        return f"hassuffix {quote(parts[1])}"
    if len(parts) == 3 and not parts[0] and not parts[2]:
        return f"contains {quote(parts[1])}"
    return f"matches regex {quote('(?is)' + '.*'.join(map(regex, parts)))}"
