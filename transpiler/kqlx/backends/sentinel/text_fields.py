"""What Elasticsearch compares word by word, and values that may stand in any field.

A word of Elasticsearch's (``text_analysis``) that stands in a text also stands there for ``has``,
which looks for a text between characters that are neither letters nor digits; the other way round
that is not so, for Kusto parts ``a_b`` and ``a.b`` and Elasticsearch does not. So ``has`` matches
more, and below a not there is an expression that matches less, where there is one.

Signs such as ``¼`` and Han characters part words for Elasticsearch, and may be letters and digits
for Kusto: a word that one of them touches in the rule's value is looked for with ``contains``. One
that is touched in an event may be missed, which the note says: the documentation had it that terms
are of ASCII alone (https://docs.microsoft.com/en-us/azure/data-explorer/kusto/query/datatypes-string-operators),
and now leaves that open (https://learn.microsoft.com/kusto/query/datatypes-string-operators).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kqlx.backends.phrases import any_phrase, phrases_of
from kqlx.backends.sentinel.boolean import FALSE, TRUE, all_text, any_text
from kqlx.backends.sentinel.column_access import INDEXED, OBJECTS, REGEX, SCAN, Cell
from kqlx.backends.sentinel.syntax import identifier, quote, regex
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.elastic.text_analysis import lower, split_at_spaces, words
from kqlx.nodes import Equals, FreeText, Like, Pattern
from kqlx.notes import Effect
from kqlx.patterns import Shape
from kqlx.records import dataclass
from kqlx.regexes import late_regex

# Characters that part words for Elasticsearch in any surrounding (https://unicode.org/reports/tr29/).
_PARTS_WORDS = r'[\s"()\[\]{}<>|=!?\x23%\x26*+/\\^\x7e@$\x2d]'
MOST_TERMS = 40
"""So many are looked for before a regular expression."""

_LETTERS = late_regex(r"[A-Za-z0-9]+")
_PLAIN_WORD = late_regex(r"[A-Za-z0-9_]+")
_TERM_ENDS = late_regex(r"[A-Za-z0-9](?:.*[A-Za-z0-9])?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TextFields:
    """Tests of text fields, with the notes and the polarity of the ``backend``."""

    backend: TextBackend

    def test(self, cell: Cell, node: Equals | Like) -> Text:
        """A text field with a value or a pattern."""
        if isinstance(node, Like) and cell.form == "column":
            pieces = split_at_spaces(node.pattern)
            if pieces and all(_is_letters(piece) for piece in pieces):
                return any_text([self.fitting(cell, piece) for piece in pieces])
        self.compares_words(cell, node)
        if self.backend.negative:
            # The text of all objects has other values too.
            return FALSE if cell.form in OBJECTS else self.surely(cell, node)
        if phrase := self.phrase(cell, node):
            return self.any_phrase(cell, [phrase])
        if isinstance(node, Like):
            tests = [self.fitting(cell, piece) for piece in split_at_spaces(node.pattern)]
            return any_text(tests)
        found = list(dict.fromkeys(words(node.value.name)))
        text = node.value.name
        if len(found) == 1:
            return self.having(cell, found[0], text)
        if all(_TERM_ENDS.fullmatch(word) and not _is_touched(word, text) for word in found):
            operator = "has_all" if node.value.phrase else "has_any"
            literals = ", ".join(quote(word) for word in found)
            return Text(f"{cell.access} {operator} ({literals})", rank=INDEXED)
        tests = [self.having(cell, word, text) for word in found]
        return all_text(tests) if node.value.phrase else any_text(tests)

    def compares_words(self, cell: Cell, node: Equals | Like) -> None:
        """Notes how a test of words differs."""
        self.backend.note(
            "text-analysis",
            Effect.WIDER,
            f"{cell.column.name} is text: Elasticsearch compares its words, Kusto its terms, which"
            " begin and end elsewhere; a word that touches a letter of another script, as in 中cmd,"
            " may be no term",
            node.span,
        )
        self.backend.folds_oddly(cell.column, node, exact=self.backend.options.exact)

    def phrase(self, cell: Cell, node: Equals | Like) -> tuple[str, ...]:
        """The words that must stand one behind the other in a plain column, two or more; none for
        other tests.
        """
        if cell.form != "column":
            return ()
        return next((phrase for phrase in phrases_of(node) if len(phrase) > 1), ())

    def word(self, cell: Cell, node: Equals | Like) -> str:
        """The one word that a plain column must have, which is a term of Kusto's; "" for other
        tests.
        """
        found = phrases_of(node) if cell.form == "column" else []
        if len(found) != 1 or len(found[0]) != 1:
            return ""
        return found[0][0] if _TERM_ENDS.fullmatch(found[0][0]) else ""

    def any_phrase(self, cell: Cell, phrases: Sequence[tuple[str, ...]]) -> Text:
        """One of the phrases: a regular expression, behind a test for terms where they are few."""
        body = any_phrase(phrases, regex)
        body = f"(?:{body})" if "|" in body else body
        pattern = quote(f"(?i)(?:^|[^a-z0-9_]){body}(?:[^a-z0-9_]|$)")
        test = Text(f"{cell.access} matches regex {pattern}", rank=REGEX)
        each = [[word for word in phrase if _TERM_ENDS.fullmatch(word)] for phrase in phrases]
        if len(each) > MOST_TERMS or not all(each):
            return test
        operator = "has_all" if len(each) == 1 else "has_any"
        found = each[0] if len(each) == 1 else [max(words, key=len) for words in each]
        terms = ", ".join(map(quote, dict.fromkeys(found)))
        return all_text([Text(f"{cell.access} {operator} ({terms})", rank=REGEX), test])

    def having(self, cell: Cell, word: str, text: str) -> Text:
        """One of the words of a text."""
        if _TERM_ENDS.fullmatch(word) and word.isascii() and not _is_touched(word, text):
            return Text(f"{cell.access} has {quote(word)}", rank=INDEXED)
        return Text(f"{cell.access} contains {quote(word)}", rank=SCAN)

    def fitting(self, cell: Cell, piece: Pattern) -> Text:
        """One piece of a pattern: a word, or parts of a word."""
        if not piece.literals:
            return self.any_value(cell)
        if piece.is_text:
            return any_text([self.having(cell, word, piece.text) for word in words(piece.text)])
        return all_text(
            [Text(f"{cell.access} contains {quote(text)}", rank=SCAN) for text in piece.literals]
        )

    def any_value(self, cell: Cell) -> Text:
        return Text(f"isnotempty({cell.raw})", rank=cell.rank)

    def surely(self, cell: Cell, node: Equals | Like) -> Text:
        """A test that holds only where Elasticsearch's does: words parted by what always parts
        them.
        """
        plain: Callable[[str], object] = str.isascii
        if isinstance(node, Like):
            plain = _PLAIN_WORD.fullmatch
            pieces = split_at_spaces(node.pattern)
            between = "[A-Za-z0-9_]*"
        else:
            found = words(node.value.name)
            phrase = Pattern.between_stars(found)
            pieces = [phrase] if node.value.phrase else [Pattern.of(word) for word in found]
            between = f"{_PARTS_WORDS}+"
        alternatives = [
            piece.as_regex(regex, between, any_one="[A-Za-z0-9_]")
            for piece in pieces
            if piece.literals and all(map(plain, piece.literals))
        ]
        if not alternatives:
            return FALSE
        either = "|".join(dict.fromkeys(alternatives))
        either = either if len(alternatives) == 1 else f"(?:{either})"
        pattern = f"(?i)(?:^|{_PARTS_WORDS}){either}(?:{_PARTS_WORDS}|$)"
        return Text(f"{cell.access} matches regex {quote(pattern)}", rank=REGEX)


def _is_touched(word: str, text: str) -> bool:
    """Whether the word stands beside a letter or digit in a text that is not of ASCII alone."""
    if text.isascii():
        return False
    whole = re.escape(word)
    return bool(re.search(rf"[^\W_]{whole}|{whole}[^\W_]", lower(text)))


def _is_letters(piece: Pattern) -> bool:
    """Whether the pattern is ``*letters*``, which stand in a word wherever they stand in a text."""
    return piece.shape is Shape.CONTAINS and bool(_LETTERS.fullmatch(piece.text))


_TERM_OPERATORS = {
    Shape.PREFIX: "hasprefix",
    Shape.SUFFIX: "hassuffix",
    Shape.CONTAINS: "contains",
}


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
        f"a value without a field: Elasticsearch searches all fields, Kusto the terms of {where}",
        node.span,
    )
    test = _term_test(node)
    return any_text([Text(f"{column} {test}", rank=SCAN) for column in columns])


def _term_test(node: FreeText) -> str:
    if not isinstance(node.value, Pattern):
        return f"has {quote(node.value.name)}"
    pattern = node.value
    if operator := _TERM_OPERATORS.get(pattern.shape):
        return f"{operator} {quote(pattern.text)}"
    return f"matches regex {quote('(?is)' + pattern.as_regex(regex))}"
