"""Queries for events that a table holds as several records: ``summarize`` puts these together, by
the machine and the ID of the event, which is then tested
(https://learn.microsoft.com/kusto/query/summarize-operator?view=microsoft-sentinel).

What bears on the main record alone is said before: of that record it is as true as of the event,
whose row has its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kqlx.backends.looked_up_records import refuse_lookups
from kqlx.backends.sentinel.boolean import FALSE, grouped
from kqlx.backends.sentinel.conditions import ConditionWriter
from kqlx.backends.sentinel.conjuncts import conjuncts_of, names_of_parts, with_names
from kqlx.backends.sentinel.ingestion_time import COLUMN
from kqlx.backends.sentinel.result_columns import columns_made, extend
from kqlx.backends.sentinel.syntax import fold, identifier, quote
from kqlx.backends.text_backend import Group, Text
from kqlx.mappings.joined_records import parted_tests
from kqlx.mappings.record_spec import JoinedRecords, RecordColumn
from kqlx.nodes import Node

_TYPE = "RecordType"
_TIME = "TimeGenerated"


def joined_steps(
    writer: ConditionWriter, node: Node, records: JoinedRecords, *, keeps_arrival: bool
) -> list[str]:
    """The commands behind the table, the conditions on whole events among them. Raises
    UnsupportedError.
    """
    refuse_lookups(writer)
    parted = parted_tests(node, records)
    types = records.types(parted.columns)
    shared, _ = conjuncts_of(writer, parted.shared)
    main, _ = conjuncts_of(writer, parted.main)
    whole, _ = conjuncts_of(writer, parted.whole)
    if FALSE in (*shared, *main, *whole):
        return [writer.line(FALSE)]
    text, named = identifier(records.text), names_of_parts(writer, [*main, *whole])
    made = [f"{name} = {expression}" for expression, name in named.items()]
    main, whole = ([with_names(one, named) for one in texts] for texts in (main, whole))
    conditions = [writer.line(one) for one in whole]
    lines = [
        *map(writer.line, shared),
        f"| where {text} has {quote(records.mark)}",
        *([extend(made)] if made else []),
        *_records(main, text, types),
    ]
    if not types:
        return lines
    taken = {name for name in parted.beside if name.partition(".")[0] == records.text}
    beside = [name for name in parted.beside if name not in {*taken, *records.shared}]
    beside += [name for name in named.values() if any(name in line for line in conditions)]
    return [
        *lines,
        *_taken_out(records, parted.columns),
        columns_made(
            "summarize", [*_put_together(records, parted.columns, types, beside, keeps_arrival)]
        )
        + f"\n    by {', '.join(map(identifier, _keys(records)))}",
        f"| where isnotempty({text})",
        *_first_ones(records, parted.columns),
        *conditions,
    ]


def _records(main: Sequence[Text], text: str, types: Sequence[str]) -> list[str]:
    """The conditions on single records: on the main one, beside which all others of these types are
    kept.
    """
    if not types:
        return [fold(f"| where {one.text}") for one in main]
    listed = ", ".join(quote(f"type={name}") for name in types)
    others = f"{text} has {listed}" if len(types) == 1 else f"{text} has_any ({listed})"
    if not main:
        return []
    within = [fold(grouped(one, Group.OR), " " * 12) for one in main]
    if len(within) == 1:
        return [f"| where {others}\n    or {within[0]}"]
    return [f"| where {others}\n    or (" + "\n        and ".join(within) + ")"]


def _keys(records: JoinedRecords) -> list[str]:
    return [*(name for name in records.shared if name != _TIME), records.name]


def _taken_out(records: JoinedRecords, columns: Sequence[str]) -> Iterator[str]:
    """The commands that take values, and the ID of the event, out of the records' texts."""
    text = identifier(records.text)
    heads = ((records.name, records.event), (_TYPE, records.type))
    yield extend([f"{identifier(name)} = extract({quote(one)}, 1, {text})" for name, one in heads])
    yield f"| where isnotempty({identifier(records.name)})"
    single, read = list[str](), list[str]()
    for name in columns:
        column, own = records.columns[name], identifier(name)
        of_type = f'iff({_TYPE} == {quote(column.of)}, {text}, "")'
        if column.every:
            taken = f"extract_all({quote(column.takes)}, {of_type})"
            yield fold(f"| mv-expand {own} = {taken} to typeof(string)")
        else:
            single.append(f"{own} = extract({quote(column.takes)}, 1, {of_type})")
        if column.hex:
            read.append(f"{own} = {_read(own, column)}")
    if single:
        yield extend(single)
    if read:
        yield extend(read)
    ranked = [
        f"{identifier(name)} = {_ranked(name, records.columns[name], text)}"
        for name in columns
        if records.columns[name].order
    ]
    if ranked:
        yield extend(ranked)


def _read(name: str, column: RecordColumn) -> str:
    """A value without its quotation marks, and out of hexadecimal."""
    of_bytes = f'replace_regex({name}, "([0-9A-F]{{2}})", {quote("%" + chr(92) + "1")})'
    if column.blanks:
        of_bytes = f'replace_string({of_bytes}, "%00", "%20")'
    return f"iff({name} startswith '\"', trim('\"', {name}), url_decode({of_bytes}))"


def _ranked(name: str, column: RecordColumn, text: str) -> str:
    """A value behind its place among those of the records, as text."""
    own = identifier(name)
    number = f"extract({quote(column.order)}, 1, {text})"
    place = [f'substring(strcat("00", {number}), strlen({number}) - 1)']
    if column.last:
        place.insert(0, f'iff({text} matches regex {quote(column.last)}, "1", "0")')
    value = f'iff({own} == {quote(column.null)}, "", {own})' if column.null else own
    return f'iff(isempty({own}), "", strcat({", ".join([*place, value])}))'


def _put_together(
    records: JoinedRecords,
    columns: Sequence[str],
    types: Sequence[str],
    beside: Sequence[str],
    keeps_arrival: bool,
) -> Iterator[str]:
    """What is kept of the records of an event."""
    yield f"{_TIME} = min({_TIME})"
    if keeps_arrival:
        yield f"{COLUMN} = max({COLUMN})"
    listed = ", ".join(map(quote, types))
    of_main = f"{_TYPE} != {listed}" if len(types) == 1 else f"{_TYPE} !in ({listed})"
    for name in (identifier(records.text), *map(identifier, beside)):
        yield f"{name} = take_anyif({name}, {of_main})"
    for name in columns:
        column, own = records.columns[name], identifier(name)
        if column.every or column.order:
            yield f"{own} = make_set_if({own}, isnotempty({own}))"
        else:
            yield f"{own} = take_anyif({own}, isnotempty({own}))"


def _first_ones(records: JoinedRecords, columns: Sequence[str]) -> list[str]:
    """The command that keeps the first one of several values, without its place."""
    made = []
    for name in columns:
        column, own = records.columns[name], identifier(name)
        if column.order:
            behind = len("000") + bool(column.last)
            made.append(f"{own} = substring(tostring(array_sort_asc({own})[0]), {behind})")
    return [extend(made)] if made else []
