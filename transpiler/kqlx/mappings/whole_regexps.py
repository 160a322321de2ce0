"""Regular expressions of a field as those of the text that the field is a part of, or that writes
some of its signs otherwise.
"""

from __future__ import annotations

from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.value_spellings import ENTITIES, may_be_in_entity
from kqlx.notes import Effect
from kqlx.patterns import Pattern
from kqlx.regular_expressions import (
    ANY_TEXT,
    Char,
    CharClass,
    Choice,
    Item,
    Repeat,
    Sequence,
    choice,
    from_text,
    sequence,
)

_BOUNDS = CharClass(((" ", " "), ("\t", "\t"), ('"', '"')))
"""What stands between the arguments of a command line."""
_IN_ENTITIES = frozenset("".join(ENTITIES.values()) + "".join(ENTITIES.values()).upper())


def in_part(regexp: Item, spec: FieldSpec, *, negative: bool) -> tuple[Item, Effect] | None:
    """The expression of all that the column of a field holds, and what is found beside; None where
    there is none, or below a ``negative`` not none that finds nothing beside.
    """
    if spec.value_patterns:
        return None if spec.value_part or spec.takes else _in_patterns(regexp, spec.value_patterns)
    marks = spec.separators
    match spec.value_part:
        case "name" if len(marks) == 1:
            before = Repeat(Sequence((ANY_TEXT, Char(marks))), 0, 1)
            found = without(regexp, marks)
            return None if found is None else (sequence(before, found), Effect.SAME)
        case "extension" if len(marks) == 1:
            found = without(regexp, f".{marks}")
            return None if found is None else (sequence(ANY_TEXT, Char("."), found), Effect.SAME)
        case "before" if len(marks) == 1:
            found = without(regexp, marks)
            behind = Repeat(Sequence((Char(marks), ANY_TEXT)), 0, 1)
            return None if found is None else (sequence(found, behind), Effect.SAME)
        case "word" if not negative:
            return _among_words(regexp), Effect.WIDER
    return None


def _among_words(regexp: Item) -> Item:
    """The expression between the bounds of a word; it may go on over others."""
    items = list(regexp.items) if isinstance(regexp, Sequence) else [regexp]
    before = Repeat(Sequence((ANY_TEXT, _BOUNDS)), 0, 1)
    after = Repeat(Sequence((_BOUNDS, ANY_TEXT)), 0, 1)
    start = [] if items and items[0] == ANY_TEXT else [before]
    end = [] if items and items[-1] == ANY_TEXT else [after]
    return sequence(*start, *items, *end)


def _in_patterns(regexp: Item, patterns: tuple[str, ...]) -> tuple[Item, Effect] | None:
    """What stands in the place of ``{}`` in one of some patterns without stars."""
    if any("*" in pattern for pattern in patterns):
        return None
    each = []
    for pattern in patterns:
        before, _, after = pattern.partition("{}")
        ends = (Pattern.from_stars(end).text for end in (before, after))
        left, right = (from_text(end) if end else Sequence(()) for end in ends)
        each.append(regexp if pattern == "{}" else sequence(left, regexp, right))
    return choice(*each), Effect.SAME


def without(item: Item, signs: str) -> Item | None:
    """The expression where it fits a text without these signs; None where it fits none such."""
    match item:
        case Char():
            return None if item.value in signs else item
        case CharClass(negated=True):
            more = [(sign, sign) for sign in signs if not _is_in(sign, item)]
            return CharClass((*item.ranges, *more), negated=True)
        case CharClass():
            ranges = [part for first, last in item.ranges for part in _parted(first, last, signs)]
            return CharClass(tuple(ranges)) if ranges else None
        case Repeat():
            inner = without(item.item, signs)
            if inner is None:
                return None if item.least else Sequence(())
            return Repeat(inner, item.least, item.most)
        case Choice():
            left = [found for one in item.items if (found := without(one, signs)) is not None]
            return choice(*left) if left else None
        case Sequence():
            items = [without(one, signs) for one in item.items]
            known = [one for one in items if one is not None]
            return Sequence(tuple(known)) if len(known) == len(items) else None


def _is_in(sign: str, item: CharClass) -> bool:
    return any(first <= sign <= last for first, last in item.ranges)


def _parted(first: str, last: str, signs: str) -> list[tuple[str, str]]:
    """A range without the signs."""
    ranges = [(ord(first), ord(last))]
    for sign in map(ord, signs):
        ends = [
            (start, end)
            for low, high in ranges
            for start, end in ((low, min(high, sign - 1)), (max(low, sign + 1), high))
        ]
        ranges = [(start, end) for start, end in dict.fromkeys(ends) if start <= end]
    return [(chr(start), chr(end)) for start, end in ranges]


_OF_NUMBERS = "0123456789abcdefABCDEF DQWORdqwor()x-"
"""The signs of whole numbers, and of ``DWORD (0x000001a4)``."""


def is_no_number(item: Item) -> bool:
    """Whether no whole number fits it, in whatever way it is written."""
    match item:
        case Char():
            return item.value not in _OF_NUMBERS
        case CharClass():
            return not any(_is_in(sign, item) is not item.negated for sign in _OF_NUMBERS)
        case Repeat():
            return item.least > 0 and is_no_number(item.item)
        case Choice():
            return all(map(is_no_number, item.items))
        case Sequence():
            return any(map(is_no_number, item.items))


def is_same_in_xml(item: Item) -> bool:
    """Whether what a regular expression fits is the same where signs are written as in XML: it
    names none of them, nothing that is in ``&amp;`` and the like, and does not count characters.
    """
    match item:
        case Char():
            return item.value not in _IN_ENTITIES
        case CharClass():
            return not item.negated and not any(_is_in(sign, item) for sign in _IN_ENTITIES)
        case Repeat(item=CharClass(negated=True) as one, least=0 | 1, most=None):
            return is_same_in_xml(CharClass(one.ranges))
        case Repeat():
            return is_same_in_xml(item.item)
        case Choice():
            return all(map(is_same_in_xml, item.items))
        case Sequence():
            return all(map(_is_same_part, _texts_together(item)))


def _texts_together(item: Sequence) -> list[Item | str]:
    """The items of a sequence, with characters side by side as one text."""
    parts: list[Item | str] = []
    for one in item.items:
        before = parts[-1] if parts else None
        if isinstance(one, Char) and isinstance(before, str):
            parts[-1] = before + one.value
        else:
            parts.append(one.value if isinstance(one, Char) else one)
    return parts


def _is_same_part(part: Item | str) -> bool:
    if not isinstance(part, str):
        return is_same_in_xml(part)
    return ENTITIES.keys().isdisjoint(part) and not may_be_in_entity(part)
