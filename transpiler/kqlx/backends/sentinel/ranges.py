"""Ranges: comparisons with ``<`` and ``>``, as Kusto writes them by the type of the column.

They are null for a missing value, as conversions and the functions for addresses are, which
``where`` drops, but which ``not`` keeps null
(https://learn.microsoft.com/kusto/query/scalar-data-types/null-values?view=microsoft-sentinel).
"""

from __future__ import annotations

from decimal import Decimal

from kqlx.backends.sentinel.boolean import FALSE, all_text
from kqlx.backends.sentinel.column_access import (
    PATH,
    SCAN,
    TIME,
    Cell,
    cast,
)
from kqlx.backends.sentinel.dates import OPERATORS, range_test
from kqlx.backends.sentinel.dynamic_arrays import (
    never_null,
)
from kqlx.backends.sentinel.equality import (
    LARGEST_REAL,
    LEAST,
    MOST,
    Equality,
    real,
)
from kqlx.backends.sentinel.existence import Existence, widened
from kqlx.backends.sentinel.syntax import quote
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.elastic.field_types import COMPARISONS
from kqlx.elastic.type_names import DATES, INTEGERS, NUMBERS
from kqlx.mappings.bound import described
from kqlx.nodes import Case, Compare
from kqlx.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Ranges:
    """Comparisons with ``<`` and ``>``, with the notes and the polarity of the ``backend``."""

    backend: TextBackend
    equality: Equality
    existence: Existence

    def compare(self, cell: Cell, node: Compare) -> Text:
        if cell.is_untyped_in_array:
            return self.existence.instead(cell, node)
        stored, cell = cell, self.as_number(cell)
        kind = cell.column.type
        if kind in DATES:
            test = range_test(cell.access, node.op, self.equality.date(cell, node))
            if test in ("true", "false"):
                return FALSE if test == "false" else self.existence.exists(stored, node)
            return Text(never_null(test, self.backend.negative), rank=TIME)
        if kind in NUMBERS and cell.form == "column":
            return self.number_range(cell, node)
        if kind == "boolean" and cell.form == "column":
            return self.boolean_range(cell, node)
        if kind == "flattened" or cell.form != "column" or self.backend.is_text(cell.column):
            message = f"{described(cell.column)}: Kusto cannot compare its values with < and >"
            return widened(self.backend, message, node, self.existence.exists(stored, node))
        operator = OPERATORS[node.op]
        if kind == "ip":
            test = f"ipv6_compare({cell.access}, {quote(node.value.name)}) {operator} 0"
            return Text(never_null(test, self.backend.negative), rank=SCAN)
        if node.value.kind == "number":
            test = f"todouble({cell.raw}) {operator} {real(node.value.name)}"
            return Text(never_null(test, self.backend.negative), rank=SCAN)
        access, bound = cell.access, node.value.name
        if node.case is Case.FOLDED:
            access, bound = f"tolower({access})", bound.lower()
        stands = Text(f"strcmp({access}, {quote(bound)}) {operator} 0", rank=SCAN)
        if node.op in ("gt", "gte") and node.value.name:
            return stands
        return all_text([self.existence.exists(stored, node), stands])

    def as_number(self, cell: Cell) -> Cell:
        """The cell, read as a number where a column of texts holds the numbers of a field: as texts
        "9" comes behind "1024".
        """
        known = self.backend.bound.type(cell.column.field) if cell.column.field else None
        if known not in NUMBERS or not cell.is_string or cell.form != "column":
            return cell
        access = cast(cell.access, known)
        return replace(
            cell, column=replace(cell.column, type=known), raw=access, access=access, rank=SCAN
        )

    def number_range(self, cell: Cell, node: Compare) -> Text:
        digits = node.value.name
        number = Decimal(digits)
        whole = cell.column.type in INTEGERS
        least, most = (LEAST, MOST) if whole else (-LARGEST_REAL, LARGEST_REAL)
        if not least <= number <= most:
            if (number > most) is (node.op in ("gt", "gte")):
                return FALSE
            return Text(f"isnotnull({cell.raw})", rank=PATH)
        digits = digits if whole else real(digits)
        test = f"{cell.access} {OPERATORS[node.op]} {digits}"
        return Text(never_null(test, self.backend.negative), rank=PATH)

    def boolean_range(self, cell: Cell, node: Compare) -> Text:
        """False comes before true."""
        stands, limit = COMPARISONS[node.op], node.value.name == "true"
        met = [value for value in (False, True) if stands(value, limit)]
        if len(met) == 2:
            return self.existence.exists(cell, node)
        return Text(f"{cell.access} == {str(met[0]).lower()}", rank=PATH) if met else FALSE
