"""Whether an event has a value of a field at all; and wider tests for what Kusto cannot say."""

from __future__ import annotations

from kqlx.backends.sentinel.boolean import FALSE, TRUE
from kqlx.backends.sentinel.column_access import OBJECTS, Cell
from kqlx.backends.sentinel.dynamic_arrays import any_element, filled
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.mappings.bound import described
from kqlx.nodes import Compare, Equals, FieldTest, Like
from kqlx.notes import Effect
from kqlx.records import dataclass


def widened(
    backend: TextBackend, message: str, node: Equals | Like | Compare, upper: Text = TRUE
) -> Text:
    """Something that matches more than the test, or below a not something that matches less:
    nothing. The note says why.
    """
    backend.note("approximated", Effect.WIDER, message, node.span)
    return FALSE if backend.negative else upper


def widened_in_array(
    backend: TextBackend, cell: Cell, node: Equals | Like | Compare, upper: Text
) -> Text:
    """The same for a test of values that Kusto cannot compare where they are."""
    message = f"{described(cell.column)}: Kusto cannot compare values within an array"
    return widened(backend, message, node, upper)


_ARRAYS = OBJECTS | {"array", "many"}
"""Forms of columns that hold several values."""


@dataclass(frozen=True, slots=True)
class Existence:
    """Tests of existence, with the notes and the polarity of the ``backend``."""

    backend: TextBackend

    def exists(self, cell: Cell, node: FieldTest) -> Text:
        """That there is a value; ``node`` is the test that asks for one."""
        if cell.form in OBJECTS:
            return any_element(cell)
        if cell.form in ("array", "many") or cell.column.type == "flattened":
            return filled(cell)
        self.note_empties(cell, node)
        test = "isnotempty" if cell.is_string and not cell.keeps_empties else "isnotnull"
        return Text(f"{test}({cell.raw})", rank=cell.rank)

    def missing(self, cell: Cell, node: FieldTest) -> Text | None:
        """The negation of existence, where Kusto has a function of its own."""
        if cell.form in _ARRAYS or cell.column.type == "flattened":
            return None
        self.note_empties(cell, node)
        test = "isempty" if cell.is_string and not cell.keeps_empties else "isnull"
        return Text(f"{test}({cell.raw})", rank=cell.rank)

    def instead(self, cell: Cell, node: Equals | Compare) -> Text:
        """That there is a value, for a test of values within an array."""
        return widened_in_array(self.backend, cell, node, self.exists(cell, node))

    def note_empties(self, cell: Cell, node: FieldTest) -> None:
        """Notes that an empty text, which is a value in Elastic, is none in a column of texts."""
        if cell.column.empties and cell.is_string and not cell.keeps_empties:
            message = (
                f"{cell.column.name} may be an empty string, which Kusto does not distinguish from"
                " a missing value"
            )
            effect = Effect.WIDER if self.backend.negative else Effect.NARROWER
            self.backend.note("empty-is-missing", effect, message, node.span)
