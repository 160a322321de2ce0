"""Places in rule files: what a message about a part of a query points at."""

from __future__ import annotations

from kqlx.errors import place_of
from kqlx.nodes import NOWHERE, Span
from kqlx.records import dataclass
from kqlx.rules.model import Rule


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A place in a file, or in the text of a query: lines and columns count from one, columns in
    code points, the end exclusive; 0 where it is not known.

    ``within`` says the place within the query in words, where its text does not stand in the file
    as it is; line and column are then those of its key.
    """

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    within: str = ""

    def __str__(self) -> str:
        numbers = (self.line, self.column) if self.column else (self.line,) if self.line else ()
        return ":".join([self.path, *map(str, numbers)])


def file_of(rule: Rule) -> str:
    """The file that the rule is from, or what stands for one."""
    if rule.path is not None:
        return str(rule.path)
    return "query" if rule.format == "query" else "standard input"


def place_of_rule(rule: Rule) -> FilePlace:
    """The rule's file, and its line there where it is one of several."""
    return FilePlace(file_of(rule), rule.line)


def place_in_file(rule: Rule, span: Span | None) -> FilePlace:
    """Where a part of the rule's query stands; without a span the place of the rule."""
    if span is None or span == NOWHERE:
        return place_of_rule(rule)
    start, end = place_of(rule.query, span[0]), place_of(rule.query, span[1])
    if not rule.first_column:
        within = f"line {start.line}, column {start.column} in the query"
        return FilePlace(file_of(rule), rule.first_line, within=within)

    def column(line: int, column: int) -> int:
        return column + (rule.first_column - 1 if line == 1 else rule.indent)

    return FilePlace(
        file_of(rule),
        start.line + rule.first_line - 1,
        column(start.line, start.column),
        end.line + rule.first_line - 1,
        column(end.line, end.column),
    )
