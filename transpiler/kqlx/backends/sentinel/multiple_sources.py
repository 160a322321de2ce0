"""Queries in their parts: the rows of each data source's tables, and what is made of all together.

Rows of several data sources are a ``union`` of named tables
(https://learn.microsoft.com/kusto/query/union-operator?view=microsoft-sentinel): side by side where
their tests are the same, else each with its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.syntax import WIDTH, identifier
from kqlx.errors import UnsupportedError
from kqlx.fragments import Piece
from kqlx.hints import Argument, Hint
from kqlx.notes import Note
from kqlx.records import dataclass, field, replace

UNION = "union isfuzzy=true"
"""A table that a workspace lacks is passed over; else a rule that names it could not be created
(https://github.com/Azure/Azure-Sentinel/issues/4007)."""

_INDENT = 4


def tables(named: object) -> tuple[str, ...]:
    """The names of one table, or of several with the same columns, as Kusto spells them."""
    each = named if isinstance(named, list) else [named]
    return tuple(identifier(str(name)) for name in each)


@dataclass(frozen=True, slots=True)
class TableQuery:
    """The rows of tables with the same columns.

    ``of_each`` are the commands that stand behind each table by itself, before the rows are put
    together; ``steps`` those on all of their rows.
    """

    tables: tuple[str, ...]
    steps: tuple[str, ...] = ()
    of_each: tuple[str, ...] = ()

    def text(self, indent: int = 0) -> str:
        """The query, for a place that is indented by so many columns."""
        return "\n".join([*self._rows(indent), *self.steps])

    def _rows(self, indent: int) -> list[str]:
        if len(self.tables) == 1:
            return [self.tables[0], *self.of_each]
        if not self.of_each:
            return [f"{UNION} {', '.join(self.tables)}"]
        margin = " " * _INDENT
        parts = []
        for name in self.tables:
            part = f"{margin}({' '.join([name, *self.of_each])})"
            if len(part) + indent > WIDTH:
                part = f"\n{margin}".join([f"{margin}({name}", *self.of_each]) + ")"
            parts.append(part)
        return [UNION, ",\n".join(parts)]


def union(queries: Sequence[TableQuery]) -> str:
    """The rows that any of the queries finds."""
    first = queries[0]
    if all((query.of_each, query.steps) == (first.of_each, first.steps) for query in queries):
        names = dict.fromkeys(name for query in queries for name in query.tables)
        return replace(first, tables=tuple(names)).text()
    texts = [query.text(_INDENT).replace("\n", "\n" + " " * _INDENT) for query in queries]
    return f"{UNION}\n" + ",\n".join(f"    ({text})" for text in texts)


@dataclass(frozen=True, slots=True)
class WrittenSource:
    """What a plan asks of one data source: its rows, and the commands that would follow on them and
    on those of others, from ``summarize`` on; ``covers_rule_type`` and ``pieces`` as in
    ``Emission``.
    """

    query: TableQuery
    notes: tuple[Note, ...]
    together: tuple[str, ...] = ()
    covers_rule_type: bool = False
    pieces: tuple[Piece, ...] = field(default=(), compare=False, repr=False)

    def with_form(
        self, steps: Iterable[str], together: Iterable[str], notes: Iterable[Note]
    ) -> WrittenSource:
        """With what the type of the rule asks for: all commands on its rows, those that it has
        among them, and the commands on all rows together.
        """
        query = replace(self.query, steps=tuple(steps))
        return WrittenSource(query, (*self.notes, *notes), tuple(together), True, self.pieces)

    def with_steps(self, *steps: str) -> WrittenSource:
        """With further commands on its rows."""
        query = replace(self.query, steps=(*self.query.steps, *steps))
        return replace(self, query=query)


def whole_query(each: Sequence[WrittenSource], values: NamedValues, comments: Sequence[str]) -> str:
    """One query for all of them, below the definitions of named values. Raises UnsupportedError
    where they do not count the same.
    """
    if len({written.together for written in each}) > 1:
        raise UnsupportedError(
            "cannot convert a rule that counts for several data sources in different ways",
            code="sources-not-joined",
            hint=Hint("name one with ", Argument("source")),
        )
    rows = union([written.query for written in each])
    return "\n".join([*comments, *values.definitions(), rows, *each[0].together])
