"""Rows of Sentinel's own tables in DuckDB, and what a query for these tables finds among them.

The columns and their types are those of ``sentinel_tables.json``. A row names the columns that it
has; the others are empty: an empty text in a string column, which is never null, else null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import duckdb
import duckdb_kql

from kqlx.testing.agreement import Malformed
from tests.oracles import sentinel
from tests.oracles.kusto import TABLES
from tests.oracles.sentinel import (
    ESCAPED,
    IF_EXISTS,
    ROW,
    SQL_TYPES,
    answer,
    as_json,
    make_table,
    rewritten,
)

Rows = Iterable[tuple[int, str, Mapping[str, Any]]]
"""The number of an event, the table that it is in, and its row there."""

_TYPES = {**SQL_TYPES, "guid": "VARCHAR"}
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "guid": (str,),
    "int": (int,),
    "long": (int,),
    "real": (int, float),
    "bool": (bool,),
    "datetime": (str,),
}


class NotExecuted(Exception):
    """DuckDB lacks something that the query needs."""


@cache
def known_tables() -> dict[str, dict[str, str]]:
    """Table → column → Kusto type."""
    found: dict[str, dict[str, str]] = json.loads(TABLES.read_text("utf-8"))
    return found


def matching(query: str, tables: list[str], rows: Rows, joined_by: str = "") -> set[int]:
    """The numbers of the events whose rows come out of a query that reads these tables; of one that
    puts rows together, ``joined_by`` is the last column that these have in common.

    Raises NotExecuted, Malformed for a column that there is not, and ValueError for a row that its
    table cannot hold.
    """
    if joined_by:
        query = query.replace(f", {joined_by}\n", f", {joined_by}, {ROW}\n", 1)
    return {row[ROW] for row in results(f"{query}\n| project {ROW}", tables, rows)}


def results(query: str, tables: list[str], rows: Rows) -> list[dict[str, Any]]:
    """What comes out of the query, a row by names of columns. Raises as ``matching``."""
    union, given = tuple(tables), list(rows)
    columns = _columns_of(union)
    for table in tables:
        _load(table, union, [row for row in given if row[1] == table])
    if ESCAPED.search(query):
        raise NotExecuted("\\u in a literal")
    try:
        return answer(_readable(query, columns))
    except duckdb_kql.KqlUnsupportedError as error:
        what = str(error).split("(")[0].partition(" at ")[0]
        sentinel.NOT_EXECUTED[what] += 1
        raise NotExecuted(what) from None
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise Malformed(str(error)) from None
    except duckdb.Error as error:
        sentinel.NOT_EXECUTED[type(error).__name__] += 1
        raise NotExecuted(str(error)) from None


_LOADED: dict[str, object] = {}
"""What each table of DuckDB's holds."""


def _load(
    table: str, union: tuple[str, ...], rows: list[tuple[int, str, Mapping[str, Any]]]
) -> None:
    """Makes the table with these rows, and the columns of the union, unless it is there."""
    if _LOADED.get(table) == (union, rows):
        return
    columns = _columns_of(union)
    held = [
        [number, *_cells(_in_union(row, table, union), columns, table)] for number, _, row in rows
    ]
    types = {name: _TYPES[kind] for name, kind in columns.items()}
    make_table(table, {ROW: "BIGINT", **types}, held)
    _LOADED[table] = (union, rows)


@cache
def _columns_of(union: tuple[str, ...]) -> dict[str, str]:
    """The columns of a union of tables, and their types, as far as DuckDB can have them."""
    columns = dict(union_of(union).values())
    # DuckDB has no regard to letter case in names, and some tables have two of one name.
    lower = {name.lower(): name for name in reversed(columns)}
    return {name: kind for name, kind in columns.items() if lower[name.lower()] == name}


@cache
def union_of(tables: tuple[str, ...]) -> dict[tuple[str, str], tuple[str, str]]:
    """(table, column) → its name in the union of the tables, and its type. A column of several
    types is there once for each, named after it
    (https://learn.microsoft.com/kusto/query/union-operator?view=microsoft-sentinel).
    """
    known = known_tables()
    every = [(table, name, kind) for table in tables for name, kind in known[table].items()]
    kinds: dict[str, set[str]] = {}
    for _, name, kind in every:
        kinds.setdefault(name, set()).add(kind)
    return {
        (table, name): (name if len(kinds[name]) == 1 else f"{name}_{kind}", kind)
        for table, name, kind in every
    }


def _in_union(row: Mapping[str, Any], table: str, tables: tuple[str, ...]) -> dict[str, Any]:
    """A row of one table with the names that its columns have in the union."""
    names = union_of(tables)
    return {names.get((table, name), (name, ""))[0]: value for name, value in row.items()}


def _readable(query: str, columns: Mapping[str, str]) -> str:
    """The query for DuckDB, with the default in place of each column that no table has."""

    def default(match: Any) -> str:
        name = json.loads(match[1])
        return str(match[0]) if name in columns else str(match[0]).partition(",")[2][:-1].strip()

    return rewritten(IF_EXISTS.sub(default, query))


def _cells(row: Mapping[str, Any], columns: Mapping[str, str], table: str) -> list[Any]:
    if unknown := [name for name in row if name not in columns]:
        raise ValueError(f"{table} has no column {', '.join(unknown)}")
    return [_cell(row.get(name), kind, f"{table}.{name}") for name, kind in columns.items()]


def _cell(value: Any, kind: str, name: str) -> Any:
    """A value as DuckDB holds it; JSON in a column of text may be given as such."""
    if kind == "dynamic":
        return None if value is None else as_json(value)
    if kind == "string" and isinstance(value, dict | list):
        return as_json(value)
    if value is None:
        return "" if kind in ("string", "guid") else None
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "bool"):
        raise ValueError(f"{name} is a column of type {kind}, and {value!r} is none")
    if kind == "datetime":
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return value
