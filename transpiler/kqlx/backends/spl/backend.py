"""What the writers of ``search`` and ``where`` share with the checks before them: the bound tree,
the notes, and what ``search`` can say.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TypeVar

from kqlx.backends.base import LEAVES
from kqlx.backends.spl.search_capability import SearchCapability
from kqlx.backends.spl.syntax import quote
from kqlx.backends.text_backend import TextBackend
from kqlx.elastic.type_names import TEXTS
from kqlx.mappings.bound import Column
from kqlx.nodes import Case, Equals, FreeText, FunctionTest, Like, Pattern, Regexp
from kqlx.notes import Effect
from kqlx.patterns import Shape
from kqlx.records import dataclass

B = TypeVar("B", bound="SplBackend")


@dataclass()
class SplBackend(TextBackend):
    """One object a conversion and a step of the search; ``beside`` makes that of another step."""

    language = "Splunk's search"
    leaves = (*LEAVES, FunctionTest)

    @cached_property
    def search(self) -> SearchCapability:
        """What ``search`` can say of the tree."""
        return SearchCapability(self.bound, self.options.exact)

    def beside(self, kind: type[B]) -> B:
        """Another of the same conversion, with the same notes."""
        made = kind(self.bound, self.options, self.notes, folded=self.folded, is_known=True)
        made.search = self.search
        return made

    def note_case(self, column: Column, text: str, node: Equals | Like | Regexp) -> None:
        """Notes that a test has no regard to letter case, where it is one of whole values and the
        user does not want the other form.
        """
        counts = self.options.exact and node.case is Case.EXACT
        if not counts and column.type not in TEXTS:
            self.ignores_case(column, text, node)

    def free_term(self, node: FreeText) -> str:
        """A value without a field, as a term of ``search``."""
        if not re.sub(r'["*]', "", node.value.name).strip():  # nor is a control character a term
            self.refuse(node.span, "an empty value without a field", code="raw-text")
        value = node.value.name
        if isinstance(node.value, Pattern) and node.value.has_any_one:
            message = "search has no wildcard for one character: * is used instead"
            effect = Effect.NARROWER if self.negative else Effect.WIDER
            self.note("approximated", effect, message, node.span)
            value = node.value.widened_to_stars().name
        return quote(value)


def is_any_text(node: FreeText) -> bool:
    """Whether stars alone stand without a field, more than the one that any event meets."""
    return isinstance(node.value, Pattern) and node.value.shape is Shape.ANYTHING
