"""Regular expressions in Lucene's syntax → trees, as EQL and Query DSL have them.

With all operators of that syntax
(https://www.elastic.co/docs/reference/query-languages/query-dsl/regexp-syntax). What Lucene reads
otherwise than people mean it (``a||b`` asks for a bar) and what other engines have no form for
(``~ & < > # @``) is refused.
"""

from __future__ import annotations

import re

from kqlx.nodes import Case
from kqlx.records import replace
from kqlx.regular_expressions import (
    ANY_CHAR,
    Char,
    CharClass,
    Choice,
    Item,
    Repeat,
    Sequence,
    choice,
    folded,
    from_text,
    sequence,
)

MOST_REPEATS = 1000
"""What RE2 repeats at most (https://github.com/google/re2/wiki/Syntax)."""

_OPTIONAL = "~&<#@"
"""The operators that a query of Elasticsearch can switch off, and EQL does not. ``>`` only ends."""


class RegexpError(ValueError):
    """The expression has no meaning, or none that other engines share. ``position`` counts its
    characters.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class UnsharedRegexpError(RegexpError):
    """Elasticsearch reads the expression; other engines have no form for it."""


def parse(text: str) -> Item:
    """The expression as a tree. Raises RegexpError."""
    return _Parser(text).whole()


def in_case(expression: Item, case: Case) -> tuple[Item, Case]:
    """The expression and how letters are compared in it, so that all who read it agree.
    Elasticsearch folds letters that stand for themselves, but none of a range, ``[a-c]``: where
    there is one, the others are written in both cases.
    """
    if case is Case.FOLDED and _has_letter_range(expression):
        return _folded_but_ranges(expression), Case.EXACT
    return expression, case


def _has_letter_range(item: Item) -> bool:
    match item:
        case CharClass():
            return any(first != last and _has_letters(first, last) for first, last in item.ranges)
        case Repeat():
            return _has_letter_range(item.item)
        case Sequence() | Choice():
            return any(map(_has_letter_range, item.items))
    return False


def _has_letters(first: str, last: str) -> bool:
    return any(max(first, low) <= min(last, high) for low, high in (("A", "Z"), ("a", "z")))


def _folded_but_ranges(item: Item) -> Item:
    match item:
        case CharClass():
            made: list[tuple[str, str]] = []
            for first, last in item.ranges:
                made.append((first, last))
                if first == last and first.isascii() and first.isalpha():
                    made.append((first.swapcase(),) * 2)
            return CharClass(tuple(dict.fromkeys(made)), item.negated)
        case Repeat():
            return replace(item, item=_folded_but_ranges(item.item))
        case Sequence() | Choice():
            return replace(item, items=tuple(map(_folded_but_ranges, item.items)))
    return folded(item)


class _Parser:
    """A reader from left to right, as Lucene's own."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> Item:
        if not self.text:
            return Sequence(())
        made = self.choice()
        if self.at < len(self.text):
            raise self.error("there is no '(' that this ')' closes")
        return made

    def error(self, message: str, at: int | None = None) -> RegexpError:
        return RegexpError(message, self.at if at is None else at)

    def next(self) -> str:
        """The character there, or "" at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, wanted: str) -> bool:
        if wanted and self.text.startswith(wanted, self.at):
            self.at += len(wanted)
            return True
        return False

    def choice(self) -> Item:
        items = [self.sequence()]
        while self.take("|"):
            items.append(self.sequence())
        return choice(*items)

    def sequence(self) -> Item:
        items = [self.repeat()]
        while self.next() and self.next() not in ")|":
            items.append(self.repeat())
        return sequence(*items)

    def repeat(self) -> Item:
        item = self.atom()
        while (sign := self.next()) and sign in "?*+{":
            start = self.at
            self.at += 1
            least, most = self.counts(start) if sign == "{" else _SIGNS[sign]
            item = Repeat(item, least, most)
        return item

    def counts(self, start: int) -> tuple[int, int | None]:
        found = re.compile(r"([0-9]+)(,([0-9]*))?\}").match(self.text, self.at)
        if not found:
            raise self.error("'{' wants a count such as {2}, {2,} or {2,5}; \\{ is the sign", start)
        self.at = found.end()
        least = int(found[1])
        most = least if not found[2] else int(found[3]) if found[3] else None
        if most is not None and most < least:
            raise self.error(f"the count {{{found[0]} ends below its beginning", start)
        if max(least, most or 0) > MOST_REPEATS:
            message = f"a count above {MOST_REPEATS} is more than engines repeat"
            raise UnsharedRegexpError(message, start)
        return least, most

    def atom(self) -> Item:
        start, sign = self.at, self.next()
        self.at += 1
        if not sign or sign in "?*+{|)":
            shown = f"'{sign}'" if sign else "the end"
            raise self.error(f"something to match is missing before {shown}", start)
        if sign in _OPTIONAL:
            what = f"'{sign}' is an operator here that other engines lack; \\{sign} is the sign"
            raise UnsharedRegexpError(what, start)
        if sign == ".":
            return ANY_CHAR
        if sign == "(":
            return self.group(start)
        if sign == "[":
            return self.char_class(start)
        if sign == '"':
            return self.quoted(start)
        return self.escape() if sign == "\\" else Char(sign)

    def group(self, start: int) -> Item:
        if self.take(")"):
            return Sequence(())
        if self.next() == "?":
            raise self.error("'(?' is no operator of Elasticsearch", start)
        item = self.choice()
        if not self.take(")"):
            raise self.error("this '(' is not closed", start)
        return item

    def quoted(self, start: int) -> Item:
        end = self.text.find('"', self.at)
        if end < 0:
            raise self.error("this '\"' is not closed; \\\" is the sign", start)
        text, self.at = self.text[self.at : end], end + 1
        return from_text(text)

    def escape(self) -> Char | CharClass:
        """What follows a backslash."""
        sign = self.next()
        if not sign:
            raise self.error("a backslash at the end escapes nothing", self.at - 1)
        self.at += 1
        if sign.lower() in "dsw":
            return CharClass(_shorthand(sign.lower()), negated=sign.isupper())
        if sign.isascii() and sign.isalpha():
            raise self.error(f"\\{sign} is no escape of Elasticsearch", self.at - 2)
        return Char(sign)

    def char_class(self, start: int) -> CharClass:
        negated = self.take("^")
        ranges: list[tuple[str, str]] = []
        first = True
        while first or self.next() != "]":
            first = False
            if not self.next():
                raise self.error("this '[' is not closed", start)
            at = self.at
            found = self.class_char()
            if isinstance(found, CharClass):
                if found.negated:
                    message = "a negated shorthand inside [ ] is not supported"
                    raise UnsharedRegexpError(message, at)
                ranges += found.ranges
                continue
            last = found.value
            if self.take("-"):
                if self.next() == "]":
                    raise self.error(
                        "this '-' begins a range that does not end; \\- is the sign", at
                    )
                end = self.class_char() if self.next() else None
                if not isinstance(end, Char) or end.value < last:
                    raise self.error("this range ends below its beginning; \\- is the sign", at)
                ranges.append((last, end.value))
            else:
                ranges.append((last, last))
        self.at += 1
        return CharClass(tuple(ranges), negated)

    def class_char(self) -> Char | CharClass:
        if self.take("\\"):
            return self.escape()
        self.at += 1
        return Char(self.text[self.at - 1])


_SIGNS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}


def _shorthand(sign: str) -> tuple[tuple[str, str], ...]:
    return {
        "d": (("0", "9"),),
        "s": ((" ", " "), ("\t", "\t"), ("\n", "\n"), ("\r", "\r")),
        "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    }[sign]
