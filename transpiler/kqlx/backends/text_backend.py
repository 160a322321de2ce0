"""What the targets share that write text: grouping, types, polarity, letter case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from functools import cached_property
from typing import ClassVar

from kqlx.backends.base import Backend
from kqlx.backends.letter_case import effective_case
from kqlx.elastic.multi_fields import CASELESS
from kqlx.elastic.text_analysis import odd_letters
from kqlx.elastic.type_names import NUMBERS, TEXTS
from kqlx.fragments import Piece
from kqlx.mappings.assumed_types import listed
from kqlx.mappings.bound import Column
from kqlx.mappings.type_check import checked_test
from kqlx.nodes import Case, Compare, Equals, FieldTest, Like, Node, Pattern, Regexp, Term
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, field


class Group(Enum):
    """What holds a text together, and so whether it needs parentheses within another."""

    ATOM = "atom"
    NOT = "not"
    AND = "and"
    OR = "or"

    __hash__ = object.__hash__  # in half the time of that of its name


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the target's text.

    ``rank``: the lower, the cheaper to test, for targets that sort. ``alternatives``: those of an
    OR.
    """

    text: str
    group: Group = Group.ATOM
    rank: int = 0
    alternatives: tuple[str, ...] = ()


_WITHOUT_LETTERS = NUMBERS | {"boolean", "ip", "date"}
"""Types in whose values letter case is no matter."""


@dataclass()
class TextBackend(Backend[Text]):
    """``negative`` is True below an odd number of nots, where what matches more makes the query
    match less. ``folded`` has, by ``negative``, the columns whose letter case is ignored, and
    whether their values have one spelling only, with the first test of each.
    """

    negative: bool = False
    folded: dict[bool, dict[tuple[str, bool], FieldTest | Regexp]] = field(
        default_factory=lambda: {False: {}, True: {}}
    )

    case_of_field: tuple[Term, Case] | None = None
    """How letters were compared in the last test that does not say so, by its field."""

    aside: list[Piece] = field(default_factory=list)
    """Pieces that stand by themselves before the condition, such as lists with a name."""

    language = "the target"
    knows_case = True
    constants = ("true", "false", "true()", "false()")
    own_case: ClassVar[Case] = Case.FOLDED
    """How the language compares letters where nobody asks for the other way."""

    @contextmanager
    def under_not(self) -> Iterator[None]:
        self.negative = not self.negative
        yield
        self.negative = not self.negative

    def is_number(self, column: Column) -> bool:
        return column.type in NUMBERS

    def is_text(self, column: Column) -> bool:
        return column.type in TEXTS

    def checked(self, node: FieldTest, prefix: str = "", inside: str = "") -> Node:
        """The test of a field that a name with stars stands for, by the field's type, with its
        notes (``type_check.checked_test``). Raises UnsupportedError.
        """
        made, notes = checked_test(self.bound, node, self.negative, prefix, inside)
        self.notes += notes
        return made

    def wider(self, code: str, node: FieldTest, message: str) -> None:
        """Notes that a test matches more than Kibana's; below a not the query misses events."""
        self.note(code, Effect.NARROWER if self.negative else Effect.WIDER, message, node.span)

    def effective_case(self, test: Equals | Like | Compare) -> Case:
        """How the target compares the letters of a test."""
        if test.case is Case.FOLDED:
            return Case.FOLDED
        if (wanted := self.wanted_case) is not None:
            return wanted
        if self.case_of_field is None or test.field is not self.case_of_field[0]:
            named = isinstance(test.field, Pattern)
            column = Column(test.field.name) if named else self.column(test)
            self.case_of_field = test.field, effective_case(test, column, wanted, self.own_case)
        return self.case_of_field[1]

    @cached_property
    def wanted_case(self) -> Case | None:
        """How the user wants letters compared where the query says EXACT; None: no matter."""
        return self.options.letter_case

    def ignores_case(self, column: Column, text: str, node: Equals | Like | Regexp) -> None:
        """Notes that a test has no regard to letter case, where Elasticsearch has."""
        if column.type in _WITHOUT_LETTERS:
            return
        pack = self.bound.pack
        is_whole = isinstance(node, Equals)  # a part of one value may be one of another in capitals
        is_fixed = is_whole and pack is not None and pack.spells_in_one_way(column.field)
        known = (column.name, is_fixed) in self.folded[self.negative]
        if (known and node.case is Case.EXACT) or text.lower() == text.upper():
            return
        if node.case is Case.FOLDED:
            self.folds_ascii(column, text, node)
            return
        if self.options.exact:
            what = f"the letter case of {column.name}"
            self.refuse(node.span, what, f"{self.language} ignores it", code="case-not-exact")
        self.folded[self.negative][column.name, is_fixed] = node

    def folds_ascii(self, column: Column, text: str, node: Equals | Like | Regexp) -> None:
        """Notes that other letters than those of ASCII are folded too, which Elasticsearch does not
        do but in fields that it lower-cases itself.
        """
        letters = "".join(dict.fromkeys(c for c in text if not c.isascii() and c.swapcase() != c))
        if not letters or column.field.endswith(CASELESS):
            return
        if self.options.exact:
            what = f"the letters {letters} in any case in {column.name}"
            why = "Elasticsearch folds only ASCII letters"
            self.refuse(node.span, what, why, code="case-not-exact")
        message = (
            f"{letters} in {column.name}: Elasticsearch folds only ASCII letters, and"
            f" {self.language} may fold others too"
        )
        self.note("case-folded", Effect.CASE, message, node.span)

    def analysed(self, column: Column, node: FieldTest) -> None:
        """Notes that Elasticsearch splits a text field into words, which the target does not."""
        self.note(
            "text-analysis",
            Effect.DIFFERENT,
            f"{column.name} is text: Elasticsearch compares words, {self.language} does not",
            node.span,
        )

    def folds_oddly(self, column: Column, node: Equals | Like, *, exact: bool) -> None:
        """Notes that letters of a word may not be found in their other case, or others for them."""
        letters = odd_letters(node.value.name if isinstance(node, Equals) else node.pattern.name)
        if not letters:
            return
        if exact:
            what = f"the letters {letters} in words of {column.name}"
            why = "systems do not agree on their other case"
            self.refuse(node.span, what, why, code="case-not-exact")
        message = (
            f"{letters} in {column.name}: systems do not agree on the other case of such letters"
        )
        self.note("case-folded", Effect.CASE, message, node.span)

    def finished_notes(self) -> list[Note]:
        """The notes, and for each polarity those on letter case, which name the columns."""
        for negative, tests in self.folded.items():
            told = {name: test for (name, is_fixed), test in tests.items() if not is_fixed}
            more = "; under `not` it therefore excludes more events" if negative else ""
            self._fold_note("case-folded", told, more)
            fixed = {name: test for (name, _), test in tests.items() if name not in told}
            self._fold_note("case-of-fixed-values", fixed, "; each value there has one spelling")
        return self.notes

    def _fold_note(self, code: str, tests: Mapping[str, FieldTest | Regexp], more: str) -> None:
        if tests:
            message = f"{listed(tests)}: {self.language} ignores letter case{more}"
            self.note(code, Effect.CASE, message, next(iter(tests.values())).span)
