"""Whether a test of Kusto's ignores letter case, with the note where that is a difference."""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.backends.sentinel.column_access import Cell
from kqlx.backends.text_backend import TextBackend
from kqlx.nodes import Equals, Like
from kqlx.notes import Effect


def ignores_case(backend: TextBackend, cell: Cell, tests: Sequence[Equals | Like]) -> bool:
    """Whether tests of one column ignore letter case: by the column, and by what the user wants."""
    case = cell.column.case
    wanted = "sensitive" if backend.options.exact else backend.options.case
    if case == "ignored":
        return True
    if wanted == "sensitive":
        if case == "differs":
            name = cell.column.name
            message = f"{name} may be spelt in another letter case there"
            backend.note("case-kept", Effect.CASE, message, tests[0].span)
        return False
    if case == "same" and wanted is None:
        return False
    for test in tests:
        text = test.pattern.name if isinstance(test, Like) else test.value.name
        backend.ignores_case(cell.column, text, test)
    return True
