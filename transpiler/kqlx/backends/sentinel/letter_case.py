"""Whether a test of Kusto's ignores letter case, with the note where that is a difference."""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.backends.letter_case import effective_case
from kqlx.backends.sentinel.column_access import Cell
from kqlx.backends.text_backend import TextBackend
from kqlx.nodes import Case, Equals, Like, Regexp
from kqlx.notes import Effect
from kqlx.regular_expressions import has_letters, portable


def ignores_case(backend: TextBackend, cell: Cell, tests: Sequence[Equals | Like | Regexp]) -> bool:
    """Whether tests of one column ignore letter case; they all do, or none does."""
    column, wanted = cell.column, backend.options.letter_case
    if effective_case(tests[0], column, wanted, backend.own_case) is Case.EXACT:
        if column.case == "differs":
            message = f"{column.name} may be spelt in another letter case in the destination"
            backend.note("case-kept", Effect.CASE, message, tests[0].span)
        return False
    for test in tests:
        text = _text_of(test)
        backend.ignores_case(column, text, test)
    return True


def _text_of(test: Equals | Like | Regexp) -> str:
    if isinstance(test, Regexp):
        return portable(test.regexp) if has_letters(test.regexp) else ""
    return test.pattern.name if isinstance(test, Like) else test.value.name
