"""Regular expressions as Elasticsearch has them, and the same ones for other engines.

They are trees of what Lucene and other engines share
(https://www.elastic.co/docs/reference/query-languages/query-dsl/regexp-syntax); an expression is
held against the whole value, has no anchors, and ``.`` is any character, a line break too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from kqlx.records import dataclass

_META = frozenset('.?+*|{}[]()\\^$/#&~-"<>@')
_PORTABLE_META = _META - frozenset('"<>@&~#-/')
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\v": "\\x0b"}


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


@dataclass(frozen=True, slots=True, keeps_hash=True)
class Sequence:
    """One after the other; of none the empty text."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, keeps_hash=True)
class Choice:
    """One of two or more."""

    items: tuple[Item, ...]


Item = Char | CharClass | Repeat | Sequence | Choice

ANY_TEXT = Repeat(ANY_CHAR, 0, None)
"""Any text, the empty one too."""


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
    return _Writer(_lucene_char).item(item)


@lru_cache(maxsize=2048)
def portable(item: Item) -> str:
    """In the syntax that PCRE2, RE2, Rust's ``regex`` and Python's ``re`` share, without anchors.
    It takes for granted that the dot matches line breaks: ``(?s)``.
    """
    return _Writer(_portable_char).item(item)


@lru_cache(maxsize=2048)
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
    elif len(items) > 1 and (behind := _begins_with_any_text(items[0])) is not None:
        items, start = items[1:], f"(?:^|{portable(behind)})"
        dots = [behind, *items]
    if items and items[-1] == ANY_TEXT:
        dots = items = items[:-1]
        end = ""
    elif items and (before := _ends_with_any_text(items[-1])) is not None:
        items, end = items[:-1], f"(?:{portable(before)}|{at_end})"
        dots = [*dots[:-1], before]
    return start + portable(Sequence(tuple(items))) + end, any(map(_has_dot, dots))


def _ends_with_any_text(item: Item) -> Item | None:
    """``X`` of ``(X.*)?``, which a search need not read to the end."""
    match item:
        case Repeat(Sequence((*before, last)), 0, 1) if before and last == ANY_TEXT:
            return sequence(*before)
    return None


def _begins_with_any_text(item: Item) -> Item | None:
    """``X`` of ``(.*X)?``, likewise at the beginning."""
    match item:
        case Repeat(Sequence((first, *behind)), 0, 1) if behind and first == ANY_TEXT:
            return sequence(*behind)
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
    if value in _PORTABLE_META:
        return f"\\{value}"
    if value >= " ":
        return value
    return _CONTROLS.get(value) or f"\\x{ord(value):02x}"


@dataclass(frozen=True)
class _Writer:
    char: Callable[[str], str]

    def item(self, item: Item) -> str:
        match item:
            case Char():
                return self.char(item.value)
            case CharClass():
                return "." if item == ANY_CHAR else self.char_class(item)
            case Repeat():
                return self.atom(item.item) + _counted(item.least, item.most)
            case Sequence():
                return "".join([self.part(each) for each in item.items]) or self.empty()
            case Choice():
                return "|".join([self.item(each) or self.empty() for each in item.items])

    def part(self, item: Item) -> str:
        """What stands beside others; most are single characters."""
        if isinstance(item, Char):
            return self.char(item.value)
        return self.group(item) if isinstance(item, Choice) else self.item(item)

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
