"""Signs that XML writes in another way, ``&amp;``, in regular expressions of columns that may hold
them as they are, or so.
"""

from __future__ import annotations

from kqlx.mappings.value_spellings import ENTITIES, may_be_in_entity
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern, Token
from kqlx.regular_expressions import Char, Item, choice, from_text

_BEHIND_AMPERSAND = (*[text.removeprefix("&") for text in ENTITIES.values()], "#")


def can_be_in_xml(asked: Pattern, *, bounded: bool = False) -> bool:
    """Whether no part of what stands for a sign in XML can be taken for one of the pattern, and no
    ampersand before a wildcard for the beginning of such. What a pattern begins with is in none
    where it is ``bounded``: where something stands before it that is in none.
    """
    within = asked.tokens[bounded and not asked.begins_open :]
    texts = [token for token in within if isinstance(token, str)]
    if any(map(may_be_in_entity, texts)) or any(map(_ends_in_entity, asked.tokens[:-1])):
        return False
    pairs = zip(asked.tokens, (*asked.tokens, ANY_RUN)[1:], strict=True)
    behind = [after for token, after in pairs if token is ANY_ONE]
    return all(isinstance(text, str) and text[0].lower() not in "aglq#" for text in behind)


def _ends_in_entity(token: Token) -> bool:
    """Whether a text ends with what may go on as another sign."""
    if not isinstance(token, str) or "&" not in token:
        return False
    return _begins_entity(token.rpartition("&")[2], is_open=True)


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
