"""Arguments as Elastic's pipeline of the Security log parts a command line: at white space outside
of quotation marks, each of which begins or ends quoted text, whatever stands before it. They keep
their marks, so that ``"C:\\a b.exe"`` is an argument with them, and none begins ``C:\\a b``.
"""

from __future__ import annotations

from functools import cache, lru_cache

from kqlx.mappings.argument_regexps import MOST_RUNS
from kqlx.mappings.value_spellings import ENTITIES
from kqlx.mappings.xml_signs import sign_of, signs_of
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern, Token
from kqlx.regular_expressions import (
    ANY_TEXT,
    Char,
    CharClass,
    Item,
    Repeat,
    Sequence,
    choice,
    from_text,
    sequence,
)

_BLANKS = ((" ", " "), ("\t", "\r"))
_MOST_WAYS = 8
"""So many ways through a pattern, of text in quotation marks and outside, are looked for."""

Ways = list[tuple[bool, tuple[Item, ...]]]
"""How an argument may go on: whether its text is in quotation marks by then, and the expression."""


@lru_cache(maxsize=2048)
def verbatim(pattern: Pattern, *, in_xml: bool) -> tuple[bool, Item | None]:
    """Whether an argument can be such at all, and the lines with one. None where a search for it
    would take long, or take a part of what XML writes for one character for a character.
    """
    tokens = pattern.collapsed().tokens
    if in_xml and ANY_RUN in tokens and ANY_ONE in tokens[tokens.index(ANY_RUN) :]:
        return True, None
    ends_open = bool(tokens) and tokens[-1] is ANY_RUN
    within = tokens[:-1] if ends_open else tokens
    ways: Ways = [(False, ())]
    for at, token in enumerate(within):
        is_open = at + 1 < len(tokens)
        ways = [way for before in ways for way in _behind(before, token, is_open, in_xml)]
        if len(ways) > _MOST_WAYS:
            return True, None
    if not ways:
        return False, None
    if sum(token is ANY_RUN for token in within) > MOST_RUNS:
        return True, None
    behind = Repeat(Sequence((CharClass(_BLANKS), ANY_TEXT)), 0, 1)
    if not ends_open and any(in_quotes for in_quotes, _ in ways):
        # What nothing closes goes on to the end of the line.
        each = [Sequence(items if marks else (*items, behind)) for marks, items in ways]
        return True, Sequence((_before(in_xml), choice(*each)))
    forms = [sequence(*items) for _, items in ways]
    return True, Sequence((_before(in_xml), choice(*forms), ANY_TEXT if ends_open else behind))


def _behind(
    before: tuple[bool, tuple[Item, ...]], token: Token, is_open: bool, in_xml: bool
) -> Ways:
    """The ways on by a part of the pattern."""
    in_quotes, items = before
    if isinstance(token, str):
        for sign in token:
            if sign.isspace() and not in_quotes:
                return []
            in_quotes ^= sign == '"'
        return [(in_quotes, (*items, *signs_of(token, in_xml=in_xml, is_open=is_open)))]
    mark = sign_of('"', in_xml=in_xml)
    if token is not ANY_RUN:  # taken for no mark
        one = choice(*_one(in_xml, () if in_quotes else _BLANKS))
        return [(in_quotes, (*items, one))]
    outside, inside = _text(in_xml, _BLANKS, quoted=True), _text(in_xml)
    if in_quotes:
        other = (*items, inside, mark, outside)
        return [(True, (*other, mark, inside)), (True, (*items, inside)), (False, other)]
    return [(False, (*items, outside)), (True, (*items, outside, mark, inside))]


@cache
def _before(in_xml: bool) -> Item:
    """What stands before an argument: quotation marks in pairs, and a blank."""
    blank: Item = CharClass(_BLANKS)
    if in_xml:  # an ampersand that begins no sign
        blank = Sequence((Repeat(Char("&"), 0, 1), blank))
    return Repeat(Sequence((_text(in_xml, quoted=True), blank)), 0, 1)


@cache
def _text(in_xml: bool, signs: tuple[tuple[str, str], ...] = (), *, quoted: bool = False) -> Item:
    """Any number of characters but these and quotation marks, with ``quoted`` also texts in such:
    written so that a search never looks at one twice.
    """
    plain, *others = _plain(in_xml, signs)
    if quoted:
        mark = sign_of('"', in_xml=in_xml)
        others.append(Sequence((mark, _text(in_xml), mark)))
    several = Repeat(plain, 0, None)
    if not others:
        return several
    return Sequence((several, Repeat(Sequence((choice(*others), several)), 0, None)))


def _one(in_xml: bool, signs: tuple[tuple[str, str], ...]) -> list[Item]:
    """One sign but these and a quotation mark, which XML may write as several. An ampersand that
    stands there as it is may be the beginning of a mark.
    """
    marks = (*signs, ('"', '"'))
    if not in_xml:
        return [CharClass(marks, negated=True)]
    written = [from_text(text) for sign, text in ENTITIES.items() if sign != '"']
    return [*written, CharClass((*marks, ("&", "&")), negated=True)]


def _plain(in_xml: bool, signs: tuple[tuple[str, str], ...]) -> list[Item]:
    """A character but these and quotation marks; in XML ``&q`` begins such a mark alone."""
    marks = (*signs, ('"', '"'))
    if not in_xml:
        return [CharClass(marks, negated=True)]
    none_of_a_mark = CharClass((*marks, ("q", "q")), negated=True)
    plain = CharClass((*marks, ("&", "&")), negated=True)
    return [plain, sequence(from_text("&"), none_of_a_mark)]
