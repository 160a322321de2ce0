"""What the steps to a Sigma detection share: columns, letter case, polarity, notes and refusals."""

from __future__ import annotations

from kqlx.backends.base import LEAVES
from kqlx.backends.sigma.yaml_style import plain_key
from kqlx.backends.text_backend import TextBackend
from kqlx.backends.yaml_text import whole
from kqlx.elastic.type_names import DATES, NUMBERS
from kqlx.mappings.bound import Column
from kqlx.nodes import (
    Case,
    Equals,
    Exists,
    FieldTest,
    FunctionTest,
    Like,
    Literal,
    Never,
    Node,
    Regexp,
)
from kqlx.notes import Effect
from kqlx.records import dataclass, field

ORDERED = NUMBERS | DATES | {"ip", "boolean"}
"""Types whose values are no texts."""


_LONGEST_KEY = 900
"""Characters, modifiers not counted: YAML takes 1,024 before the colon of a key on one line."""


def _name_problem(name: str) -> str:
    """Why no selection can name the field, or ""."""
    if not name:
        return "a selection needs one"
    if "|" in name:
        return "a bar begins a modifier"
    if whole(name) != name:
        return "half of a character is in no file"
    return "YAML takes no key so long" if len(plain_key(name)) > _LONGEST_KEY else ""


@dataclass()
class SigmaBackend(TextBackend):
    """One object a conversion, which the functions on single tests are handed."""

    language = "Sigma"
    leaves = (*LEAVES, FunctionTest)
    named: dict[str, Column] = field(default_factory=dict)
    """By the name of a field its column, where it was asked for before."""

    def column(self, node: FieldTest | Regexp) -> Column:
        name = node.field.name
        if isinstance(node.field, Literal) and name in self.named:
            return self.named[name]
        column = super().column(node)
        if why := _name_problem(column.name):
            self.refuse(
                node.span, f'the field name "{column.name}"', why, code="field-name-not-supported"
            )
        self.named[name] = column
        return column

    @property
    def exact(self) -> bool:
        return self.options.exact

    def case_counts(self, column: Column, node: Equals | Like) -> bool:
        """Whether the user wants letter case to count, and it does in the test."""
        if self.effective_case(node) is not Case.EXACT:
            return False
        text = node.value.name if isinstance(node, Equals) else node.pattern.text
        return self.has_letters(column, text)

    def has_letters(self, column: Column, text: str) -> bool:
        """Whether letters of a value are compared, so that their case may count."""
        folded = column.type in ORDERED or self.is_text(column) or text.lower() == text.upper()
        return not folded

    def compares_whole(self, test: Equals | Like) -> bool:
        """Whether values are compared as they are written: not as numbers or addresses."""
        return self.column(test).type not in ORDERED

    def approximate(self, node: FieldTest, what: str, why: str) -> Node:
        """The existence of the field for a test that cannot be said, below a not nothing."""
        instead = "dropped under `not`" if self.negative else "any value matches"
        self.note("approximated", Effect.WIDER, f"{what}: {why}; {instead}", node.span)
        return Never(node.span) if self.negative else Exists(node.field, node.span)
