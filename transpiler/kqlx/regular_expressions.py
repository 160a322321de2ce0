"""Regular expressions as Elasticsearch has them, and the same ones for other engines.

The syntax is Lucene's with all its operators
(https://www.elastic.co/docs/reference/query-languages/query-dsl/regexp-syntax); an expression is
held against the whole value, has no anchors, and ``.`` is any character, a line break too. What
Lucene reads otherwise than people mean it (``a||b`` asks for a bar) and what other engines have no
form for (``~ & < > # @``) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kqlx.records import dataclass

MOST_REPEATS = 1000
"""What RE2 repeats at most (https://github.com/google/re2/wiki/Syntax)."""

_OPTIONAL = "~&<#@"
"""The operators that a query of Elasticsearch can switch off, and EQL does not. ``>`` only ends."""

_META = frozenset('.?+*|{}[]()\\^$/#&~-"<>@')
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\v": "\\x0b"}


class RegexpError(ValueError):
    """The expression has no meaning, or none that other engines share. ``position`` counts its
    characters.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Char:
    """One character, which stands for itself."""

    value: str


@dataclass(frozen=True, slots=True)
class CharClass:
    """A character of one of the ranges, each of first and last, or of none of them."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False


ANY_CHAR = CharClass((), negated=True)
"""Any character."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """So many times; ``most`` None: as many as there are."""

    item: Item
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; of none the empty text."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two or more."""

    items: tuple[Item, ...]


Item = Char | CharClass | Repeat | Sequence | Choice

ANY_TEXT = Repeat(ANY_CHAR, 0, None)
"""Any text, the empty one too."""


def parse(text: str) -> Item:
    """The expression as a tree. Raises RegexpError."""
    return _Parser(text).whole()


def from_text(text: str) -> Item:
    """The expression of this text alone."""
    return sequence(*map(Char, text))


def sequence(*items: Item) -> Item:
    """One after the other."""
    return items[0] if len(items) == 1 else Sequence(items)


def choice(*items: Item) -> Item:
    """One of one or more."""
    return items[0] if len(items) == 1 else Choice(items)


def lucene(item: Item) -> str:
    """In Lucene's syntax."""
    return _Writer(_lucene_char, ".").item(item)


def portable(item: Item) -> str:
    """In the syntax that PCRE2, RE2, Rust's ``regex`` and Python's ``re`` share, without anchors.
    It takes for granted that the dot matches line breaks: ``(?s)``.
    """
    return _Writer(_portable_char, ".").item(item)


def searching(item: Item, at_end: str = "$") -> tuple[str, bool]:
    """In that syntax for engines that look for it anywhere in a value, with the anchors that it
    needs; and whether its dot must match line breaks. ``at_end`` is the anchor of the end: the
    ``$`` of PCRE2 and Python stands before a last line break, too.
    """
    items = list(item.items) if isinstance(item, Sequence) else [item]
    start, end = "^", at_end
    dots = items
    if items and items[0] == ANY_TEXT:
        dots = items = items[1:]
        start = ""
    if items and items[-1] == ANY_TEXT:
        dots = items = items[:-1]
        end = ""
    elif items and (before := _ends_with_any_text(items[-1])) is not None:
        items, end = items[:-1], f"(?:{portable(before)}|{at_end})"
        dots = [*items, before]
    rest = Sequence(tuple(items))
    alone = len(items) == 1 and isinstance(items[0], Choice) and (start or end)
    written = f"(?:{portable(rest)})" if alone else portable(rest)
    return start + written + end, any(map(_has_dot, dots))


def _ends_with_any_text(item: Item) -> Item | None:
    """``X`` of ``(X.*)?``, which a search need not read to the end."""
    match item:
        case Repeat(Sequence((*before, last)), 0, 1) if before and last == ANY_TEXT:
            return sequence(*before)
    return None


def _has_dot(item: Item) -> bool:
    match item:
        case Repeat():
            return _has_dot(item.item)
        case Sequence() | Choice():
            return any(map(_has_dot, item.items))
    return item == ANY_CHAR


def compiled(item: Item, *, ignore_case: bool = False) -> re.Pattern[str]:
    """For ``fullmatch``. ``ignore_case`` folds the letters of ASCII, as Elasticsearch does."""
    shown = folded(item) if ignore_case else item
    return re.compile(portable(shown), re.DOTALL)


def folded(item: Item) -> Item:
    """The expression that takes letters of ASCII in both cases. (Elasticsearch 8 takes those of a
    range, ``[a-c]``, as they are.)
    """
    match item:
        case Char():
            return _either_case(item)
        case CharClass():
            more = [each for first, last in item.ranges for each in _other_case(first, last)]
            return CharClass(tuple(dict.fromkeys((*item.ranges, *more))), item.negated)
        case Repeat():
            return Repeat(folded(item.item), item.least, item.most)
        case Sequence():
            return Sequence(tuple(map(folded, item.items)))
        case Choice():
            return Choice(tuple(map(folded, item.items)))


def has_letters(item: Item) -> bool:
    """Whether some letter stands for itself or ends a range, so that letter case may count."""
    match item:
        case Char():
            return item.value.lower() != item.value.upper()
        case CharClass():
            return any(text.lower() != text.upper() for pair in item.ranges for text in pair)
        case Repeat():
            return has_letters(item.item)
        case Sequence() | Choice():
            return any(map(has_letters, item.items))


def texts(item: Item, most: int = 64) -> tuple[str, ...] | None:
    """All texts that match, if there are at most so many, else None."""
    match item:
        case Char():
            return (item.value,)
        case Sequence():
            found: tuple[str, ...] = ("",)
            for each in item.items:
                ends = texts(each, most)
                if ends is None or len(found) * len(ends) > most:
                    return None
                found = tuple([start + end for start in found for end in ends])
            return found
        case Choice():
            each_of = [texts(each, most) for each in item.items]
            if any(one is None for one in each_of):
                return None
            united = tuple(dict.fromkeys(text for one in each_of for text in one or ()))
            return united if len(united) <= most else None
        case Repeat(least=0, most=1):
            once = texts(item.item, most)
            return None if once is None else tuple(dict.fromkeys(("", *once)))
        case _:
            return None


def samples(item: Item) -> list[str]:
    """Some texts that match: with the least and with more repeats, and each alternative."""
    found = [_sample(item, more, turn) for more in (0, 1, 2) for turn in (0, 1)]
    return list(dict.fromkeys(found))


def _sample(item: Item, more: int, turn: int) -> str:
    match item:
        case Char():
            return item.value
        case CharClass():
            return _one_of(item, turn)
        case Repeat():
            times = item.least + more
            times = min(times, item.most) if item.most is not None else times
            return _sample(item.item, more, turn) * times
        case Sequence():
            return "".join([_sample(each, more, turn) for each in item.items])
        case Choice():
            return _sample(item.items[turn % len(item.items)], more, turn)


def _one_of(item: CharClass, turn: int) -> str:
    if not item.negated:
        return item.ranges[turn % len(item.ranges)][turn % 2]
    allowed = (c for c in "x-yZ 0" if not any(a <= c <= b for a, b in item.ranges))
    free = [*allowed, "\u00e4", "\u4e00"]
    return free[turn % len(free)]


def longest_literals(item: Item) -> list[str]:
    """Texts that stand in every value that matches, in their order, each as long as can be."""
    parts = item.items if isinstance(item, Sequence) else (item,)
    found = [""]
    for part in parts:
        if isinstance(part, Char):
            found[-1] += part.value
            continue
        found.append("")
        if isinstance(part, Repeat) and part.least:
            found[-1:] = [*longest_literals(part.item), ""]
        elif isinstance(part, Sequence):
            found[-1:] = [*longest_literals(part), ""]
    return [text for text in found if text]


def _either_case(char: Char) -> Item:
    value = char.value
    if not (value.isascii() and value.isalpha()):
        return char
    return CharClass(((value.upper(),) * 2, (value.lower(),) * 2))


def _other_case(first: str, last: str) -> list[tuple[str, str]]:
    """The letters of ASCII in a range, in their other case."""
    found = []
    for low, high in (("A", "Z"), ("a", "z")):
        start, end = max(first, low), min(last, high)
        if start <= end:
            found.append((start.swapcase(), end.swapcase()))
    return found


def _lucene_char(value: str) -> str:
    return f"\\{value}" if value in _META else value


def _portable_char(value: str) -> str:
    if value in _META and value not in '"<>@&~#-/':
        return f"\\{value}"
    if value in _CONTROLS:
        return _CONTROLS[value]
    return f"\\x{ord(value):02x}" if ord(value) < 32 else value


@dataclass(frozen=True)
class _Writer:
    char: Callable[[str], str]
    any_char: str

    def item(self, item: Item) -> str:
        match item:
            case Char():
                return self.char(item.value)
            case CharClass():
                return self.any_char if item == ANY_CHAR else self.char_class(item)
            case Repeat():
                return self.atom(item.item) + _counted(item.least, item.most)
            case Sequence():
                return "".join(
                    [self.group(each) if isinstance(each, Choice) else self.item(each)
                     for each in item.items]
                ) or self.empty()  # fmt: skip
            case Choice():
                return "|".join([self.item(each) or self.empty() for each in item.items])

    def atom(self, item: Item) -> str:
        """What an operator behind it bears on as a whole."""
        return self.item(item) if isinstance(item, Char | CharClass) else self.group(item)

    def group(self, item: Item) -> str:
        opening = "(" if self.char is _lucene_char else "(?:"
        return f"{opening}{self.item(item)})"

    def empty(self) -> str:
        # Without regard to letter case, Elasticsearch takes () and "" for what no value is.
        return ".{0}" if self.char is _lucene_char else ""

    def char_class(self, item: CharClass) -> str:
        shown = [
            self.in_class(first) + (f"-{self.in_class(last)}" if first != last else "")
            for first, last in item.ranges
        ]
        return f"[{'^' if item.negated else ''}{''.join(shown)}]"

    def in_class(self, value: str) -> str:
        if value in "\\]^-[":
            return f"\\{value}"
        if self.char is _lucene_char:
            return value
        # Two of these join or part classes in some engines.
        return f"\\{value}" if value in "&~|" else self.char(value) if value < " " else value


def _counted(least: int, most: int | None) -> str:
    signs = {(0, None): "*", (1, None): "+", (0, 1): "?"}
    if (least, most) in signs:
        return signs[least, most]
    if most is None:
        return f"{{{least},}}"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


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
            raise self.error(f"a count above {MOST_REPEATS} is more than engines repeat", start)
        return least, most

    def atom(self) -> Item:
        start, sign = self.at, self.next()
        self.at += 1
        if not sign or sign in "?*+{|)":
            shown = f"'{sign}'" if sign else "the end"
            raise self.error(f"something to match is missing before {shown}", start)
        if sign in _OPTIONAL:
            what = f"'{sign}' is an operator here that other engines lack; \\{sign} is the sign"
            raise self.error(what, start)
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
                    raise self.error("a negated shorthand inside [ ] is not supported", at)
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
