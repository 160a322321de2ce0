"""Single tests of a field on the column, or the path in one, that has its values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from kqlx.backends.sentinel.column_access import Cell
from kqlx.backends.sentinel.equality import Equality
from kqlx.backends.sentinel.existence import Existence
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.patterns import Patterns
from kqlx.backends.sentinel.ranges import Ranges
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.nodes import Compare, Equals, Exists, FieldTest, Like
from kqlx.records import dataclass, field


@dataclass(frozen=True)
class FieldTests:
    """Tests on a cell without a key path, with the notes and the polarity of the ``backend``. Long
    lists of values are among ``lists``.
    """

    backend: TextBackend
    lists: NamedValues
    terms: Mapping[str, Collection[str]] = field(default_factory=dict)

    @cached_property
    def existence(self) -> Existence:
        return Existence(self.backend)

    @cached_property
    def patterns(self) -> Patterns:
        return Patterns(self.backend, self.existence, self.terms)

    @cached_property
    def equality(self) -> Equality:
        return Equality(self.backend, self.existence, self.lists)

    def test(self, cell: Cell, node: FieldTest) -> Text:
        match node:
            case Equals():
                return self.equality.equals(cell, node)
            case Like():
                return self.patterns.like(cell, node)
            case Exists():
                return self.existence.exists(cell, node)
            case Compare():
                return Ranges(self.backend, self.equality, self.existence).compare(cell, node)
