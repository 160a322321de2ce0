"""Signs that XML writes in another way, ``&amp;``, in regular expressions of columns that may hold
them as they are, or so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby

from kqlx.mappings.value_spellings import ENTITIES
from kqlx.regexes import late_regex
from kqlx.regular_expressions import (
    Char,
    CharClass,
    Choice,
    Item,
    Repeat,
    Sequence,
    choice,
    from_text,
)

_BEHIND_AMPERSAND = (*[text.removeprefix("&") for text in ENTITIES.values()], "#")

_SIGNS_OF_NONE = late_regex("[^&;#0-9xamplqutgosXAMPLQUTGOS]")
"""A character that stands in none of these."""


def sign_of(sign: str, *, in_xml: bool) -> Item:
    """A sign, which may be written as in XML."""
    if not in_xml or sign not in ENTITIES:
        return Char(sign)
    return choice(Char(sign), from_text(ENTITIES[sign]))


def signs_of(text: str, *, in_xml: bool, is_open: bool) -> list[Item]:
    """The signs of a text, which may go on if it ``is_open``. In XML an ampersand stands as it is
    only where no other sign begins with it.
    """
    return [
        from_text("&amp;")
        if in_xml and sign == "&" and _begins_entity(text[at:], is_open)
        else sign_of(sign, in_xml=in_xml)
        for at, sign in enumerate(text, start=1)
    ]


def _begins_entity(text: str, is_open: bool) -> bool:
    """Whether an ampersand and the text behind it, which may go on, can be another sign in XML."""
    return any(
        text.startswith(one) or (is_open and one.startswith(text)) for one in _BEHIND_AMPERSAND
    )


def is_alike_in_xml(item: Item) -> bool:
    """Whether an expression matches a text with signs written as in XML where it matches the text:
    it has none of them, counts no characters, and none of its parts can stand in such a sign.
    """
    return _has_no_such_sign(item) and all(map(_SIGNS_OF_NONE.search, _literals(item)))


def _has_no_such_sign(item: Item) -> bool:
    match item:
        case Char(value):
            return value not in ENTITIES
        case Repeat(CharClass((), negated=True), 0, None):
            return True
        case Repeat(inner):
            return _has_no_such_sign(inner)
        case Sequence(items) | Choice(items):
            return all(map(_has_no_such_sign, items))
    return False


def _literals(item: Item) -> Iterator[str]:
    """The texts of an expression, each as long as can be."""
    if isinstance(item, Char):
        yield item.value
    elif isinstance(item, Sequence):
        for is_text, parts in groupby(item.items, lambda part: isinstance(part, Char)):
            if is_text:
                yield "".join(part.value for part in parts if isinstance(part, Char))
            else:
                yield from chain.from_iterable(map(_literals, parts))
    elif isinstance(item, Choice):
        yield from chain.from_iterable(map(_literals, item.items))
    elif isinstance(item, Repeat):
        yield from _literals(item.item)
