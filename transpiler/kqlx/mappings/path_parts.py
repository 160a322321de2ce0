"""Parts of paths as regular expressions of the whole path: the name of a file, its extension, its
directory. They find what the part meets and nothing else, for below a ``not``, where what matches
more loses events.
"""

from __future__ import annotations

from kqlx.mappings.field_spec import Part
from kqlx.mappings.value_spellings import ENTITIES
from kqlx.mappings.xml_signs import signs_of
from kqlx.nodes import Equals, Exists, Like, Literal, Node, Regexp, any_of, asked_pattern, case_of
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern
from kqlx.records import dataclass
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

MOST_RUNS = 3
"""So many stars of a pattern are looked for in a part: a search takes longer with each."""

_SLASH = "/"
"""The separator with which paths begin that have it; those of Windows never do."""


def path_part(
    test: Equals | Like | Exists, part: Part, separators: str, *, in_xml: bool = False
) -> Node | None:
    """The test of a part of the path that a value is; ``Never`` where no part can be so. None of
    what is no part of a path, and where it cannot be said exactly. ``in_xml`` says that signs may
    be written as in XML, where that can be told of the pattern (``xml_signs.can_be_in_xml``).

    Where there are two separators a path has the one that it begins with, or else the other.
    """
    asked = Pattern.of(ANY_RUN) if isinstance(test, Exists) else asked_pattern(test).collapsed()
    runs = sum(token is ANY_RUN for token in asked.tokens)
    if part not in ("name", "extension", "directory") or runs > MOST_RUNS:
        return None
    assert isinstance(test.field, Literal)
    tests: list[Node] = []
    for mark in separators:
        path = _Path(mark, separators.replace(mark, ""), in_xml)
        found = {"name": path.name, "extension": path.extension}.get(part, path.directory)(asked)
        if found is not None:
            tests.append(Regexp(test.field, Sequence(found), test.span, case=case_of(test)))
    return any_of(tests, test.span)


def _ones_first(asked: Pattern) -> Pattern:
    """The pattern with each ? before the star with which it begins."""
    tokens = asked.tokens
    end = next((at for at, t in enumerate(tokens) if isinstance(t, str)), len(tokens))
    first = sorted(tokens[:end], key=lambda token: token is ANY_RUN)
    return Pattern.of(*first, *tokens[end:]).collapsed()


@dataclass(frozen=True, slots=True)
class _Path:
    """Paths with one separator, which no path has that has the ``others``."""

    mark: str
    others: str
    in_xml: bool

    def name(self, asked: Pattern) -> tuple[Item, Item, Item] | None:
        """What stands before the last separator, the name, and nothing."""
        if self._stands_in(asked, self._marks()):
            return None
        if asked.begins_open:
            rest = Pattern(asked.tokens[1:])
            return self._anything(), self._items(rest, self._marks()), Sequence(())
        root = Char(self.mark)
        start = ANY_TEXT if self._is_rooted() else self._anything()
        folders = Repeat(Sequence((start, root)), 0, 1)
        before = Sequence((root, folders)) if self._is_rooted() else folders
        return before, self._items(asked, self._marks()), Sequence(())

    def extension(self, asked: Pattern) -> tuple[Item, Item, Item] | None:
        """What stands before the last dot of the name, with it; the extension, and nothing."""
        if self._stands_in(asked, f".{self._marks()}"):
            return None
        before = sequence(self._anything(), Char("."))
        return before, self._items(asked, f".{self._marks()}"), Sequence(())

    def directory(self, asked: Pattern) -> tuple[Item, Item, Item] | None:
        """Nothing or any text, the directory, and the name behind it."""
        if not self._is_rooted() and self._stands_in(asked, self.others):
            return None
        before: Item = Sequence(())
        rest = asked = _ones_first(asked)
        if asked.begins_open:
            rest = Pattern(asked.tokens[1:])
            before = self._anything()
            if self._is_rooted() and (not rest.tokens or rest.prefix.startswith(self.mark)):
                before = Repeat(before, 0, 1)  # the path may begin with the text itself
        elif self.others and asked.tokens[:1] == (ANY_ONE,):
            rest = Pattern(asked.tokens[1:])
            before = CharClass(((_SLASH, _SLASH),), negated=not self._is_rooted())
        elif self.others and self._is_rooted() is not asked.prefix.startswith(_SLASH):
            return None
        name = Repeat(CharClass(((self.mark, self.mark),), negated=True), 0, None)
        return before, self._items(rest, ""), Sequence((Char(self.mark), name))

    def _marks(self) -> str:
        """What no name has: on Linux a backslash is a letter as any."""
        return self.mark if self._is_rooted() else self.mark + self.others

    def _is_rooted(self) -> bool:
        """Whether it is told by the separator that it begins with."""
        return bool(self.others) and self.mark == _SLASH

    def _anything(self) -> Item:
        """Any text with which such a path can begin."""
        if not self.others:
            return ANY_TEXT
        if self._is_rooted():
            return Sequence((Char(_SLASH), ANY_TEXT))
        first = CharClass(((_SLASH, _SLASH),), negated=True)
        return Repeat(Sequence((first, ANY_TEXT)), 0, 1)

    def _items(self, pattern: Pattern, signs: str) -> Item:
        """The pattern, whose wildcards stand for other signs than these."""
        other = CharClass(tuple((sign, sign) for sign in signs), negated=True)
        run = Repeat(other, 0, None) if signs else ANY_TEXT
        found: list[Item] = []
        tokens = pattern.tokens
        for at, token in enumerate(tokens):
            if isinstance(token, str):
                is_open = at + 1 < len(tokens)
                found += signs_of(token, in_xml=self.in_xml, is_open=is_open)
            elif token is ANY_RUN:
                found.append(run)
            else:
                found.append(
                    choice(*map(from_text, ENTITIES.values()), other) if self.in_xml else other
                )
        return Sequence(tuple(found))

    def _stands_in(self, pattern: Pattern, signs: str) -> bool:
        """Whether one of the signs is in the pattern, so that no part can be so."""
        return any(sign in text for sign in signs for text in pattern.literals)
