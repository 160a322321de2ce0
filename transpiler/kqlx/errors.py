"""What can go wrong, as exceptions that say the thing, the place and one way out, and the caret
printer.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NoReturn

from kqlx.hidden_characters import is_harmless
from kqlx.records import dataclass

if TYPE_CHECKING:
    from kqlx.nodes import Span
    from kqlx.notes import Effect, Note


class KqlxError(Exception):
    """The root of all errors of this package that a user can cause.

    ``message`` starts in lower case and has no full stop; ``hint`` is one way out, or "".
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


_MOST = 1_000
_BEGINNING, _END = 650, 300


def condensed(message: str) -> str:
    """A message, or a hint, as it is told: without the middle of one that quotes a value, or lists
    names, of thousands of characters.
    """
    if len(message) <= _MOST:
        return message
    return f"{message[:_BEGINNING]} … {message[-_END:]}"


def unknown(node: NoReturn) -> NoReturn:
    """Refuses a kind of test that is not known here. The type says that there is none: a check of
    types finds what is still to be written for a new kind.
    """
    what = kind_of(node)
    raise UnsupportedError(f"{what} is not supported here", code="construct-not-supported")


def kind_of(node: object) -> str:
    """What messages call a test of a kind that they know no other word for."""
    name = type(node).__name__
    return "a function of values" if name == "FunctionTest" else f"a test of the kind {name}"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text: line and column count from one, the column in code points."""

    line: int
    column: int


def place_of(text: str, offset: int) -> Place:
    """The line and column of an offset (code points). Lines end at LF, CR LF or CR."""
    start = _line_start(text, offset)
    ends = text.count("\n", 0, start) + text.count("\r", 0, start) - text.count("\r\n", 0, start)
    return Place(ends + 1, offset - start + 1)


def _line_start(text: str, offset: int) -> int:
    """Where the line of an offset begins; CR and LF of one end of a line are both in it."""
    if offset and text.startswith("\r\n", offset - 1):
        offset -= 1
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def utf16_offset(text: str, offset: int) -> int:
    """The same offset in UTF-16 units, as editors and Kibana count."""
    return offset + sum(character > "\uffff" for character in text[:offset])


class QuerySyntaxError(KqlxError):
    """The query is not what its ``language`` takes (``kuery``, as rules call Kibana KQL).

    ``offset`` counts code points (``utf16_offset`` UTF-16 units) to the furthest point that could
    be read, where ``found`` stands ("" at the end of the query) instead of one of ``expected``.
    ``code`` is stable.
    """

    def __init__(
        self,
        query: str,
        offset: int,
        *,
        expected: tuple[str, ...] = (),
        found: str = "",
        code: str = "unexpected-text",
        message: str,
        hint: str = "",
        language: str = "kuery",
    ) -> None:
        super().__init__(message, hint=hint)
        self.language = language
        self.query = query
        self.offset = offset
        self.expected = expected
        self.found = found
        self.code = code

    @property
    def utf16_offset(self) -> int:
        return utf16_offset(self.query, self.offset)

    @property
    def line(self) -> int:
        return place_of(self.query, self.offset).line

    @property
    def column(self) -> int:
        return place_of(self.query, self.offset).column

    def __str__(self) -> str:
        width = max(1, len(self.found.splitlines()[0]) if self.found else 1)
        pointed = point(self.query, (self.offset, self.offset + width))
        text = f"{self.message} (line {self.line}, column {self.column})\n{pointed}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


KqlSyntaxError = QuerySyntaxError
"""The name from the time when Kibana KQL was the only language."""


class UnsupportedError(KqlxError):
    """The target cannot say what the query means, or only with a loss that was not accepted.

    ``code`` is that of the reason (``kqlx explain CODE``), ``effect`` the loss, None where there is
    no form at all. ``notes`` are those of the conversion, the reasons among them.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        effect: Effect | None = None,
        notes: tuple[Note, ...] = (),
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.effect = effect
        self.notes = notes


class MappingError(KqlxError):
    """A field or value has no counterpart in the target, or a mapping pack is broken.

    ``code`` is that of the reason, "mapping" for a broken file. ``problems`` are the lines of the
    message where it tells of several.
    """

    code = "mapping"

    def __init__(
        self,
        message: str,
        *,
        code: str = "mapping",
        notes: tuple[Note, ...] = (),
        hint: str = "",
        problems: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.notes = notes
        self.problems = problems


class RuleError(KqlxError):
    """A rule file cannot be used; ``readable`` is False where it could not be read, ``is_rule``
    where it is whole, and something other than a rule.
    """

    code = "rule"

    def __init__(
        self, message: str, *, readable: bool = True, is_rule: bool = True, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.readable = readable
        self.is_rule = is_rule


class UsageError(KqlxError):
    """The call names something that is not there: a target, a format, a data source."""

    code = "usage"


class OutputError(KqlxError):
    """A file or folder that cannot be written, or must not be."""

    code = "output"


def point(text: str, span: Span, *, first_line: int = 1, context: int = 100) -> str:
    """The line of the text that the span starts in, numbered, and carets under the span.

    ``first_line`` is the number of the text's first line in its file. Of a long line ``context``
    characters on each side of the span are shown. Tabs stay tabs and wide characters count twice,
    so that the carets stand right.
    """
    place = place_of(text, span[0])
    begin = span[0] - place.column + 1
    ends = [end for end in (text.find("\n", begin), text.find("\r", begin)) if end >= 0]
    line = _visible(text[begin : min(ends, default=len(text))])
    column = place.column - 1
    left = max(0, column - context)
    shown = line[left : column + context]
    before = line[left:column]
    prefix, suffix = ("…" if left else ""), ("…" if column + context < len(line) else "")
    pad = "".join(c if c == "\t" else " " * _width(c) for c in prefix + before)
    marked = line[column : min(begin + len(line), span[1]) - begin][:context]
    carets = "^" * max(1, sum(_width(c) for c in marked))
    number = str(place.line + first_line - 1)
    margin = " " * len(number)
    return f" {number} | {prefix}{shown}{suffix}\n {margin} | {pad}{carets}"


def _width(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _visible(text: str) -> str:
    """Without controls and hidden marks, so that a terminal obeys none: the pictures of the old
    ones, and U+FFFD for the others, each as wide as one character, and a blank for other blanks.
    """
    if text.isprintable():
        return text
    return "".join(
        _picture(c) if unicodedata.category(c) == "Zs" or not is_harmless(text, i) else c
        for i, c in enumerate(text)
    )


def _picture(character: str) -> str:
    if character < " ":
        return chr(0x2400 + ord(character))
    return " " if unicodedata.category(character) == "Zs" else "\ufffd"
