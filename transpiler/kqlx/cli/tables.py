"""Tables of text."""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.hidden_characters import escaped


def print_table(rows: Iterable[Iterable[str]], indent: str = "") -> None:
    """Columns as wide as their widest cell, two blanks apart; the last as wide as it likes."""
    lines = [[escaped(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print(indent + "  ".join(cells).rstrip())
