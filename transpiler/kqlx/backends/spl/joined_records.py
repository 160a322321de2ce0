"""Searches for events that Splunk holds as several records: these are put together by ``stats``, by
the machine and the ID of the event, and then tested
(https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/stats).

What bears on the main record alone is said before: of that record it is as true as of the event. A
field of the whole event has the values of all of its records, of which ``search`` asks for any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from kqlx.backends.looked_up_records import refuse_lookups
from kqlx.backends.spl.backend import SplBackend
from kqlx.backends.spl.multiple_sources import SourceSearch
from kqlx.backends.spl.syntax import eval_name, fold, fold_calls, quote, search_name
from kqlx.mappings.joined_records import parted_tests
from kqlx.mappings.record_spec import JoinedRecords, RecordColumn
from kqlx.nodes import Node

_TYPE = "type"
"""The field with the type of a record; of the whole event only with that of its main one."""
_BYTES = "^(?:[0-9A-F]{2})+$"


class Said(Protocol):
    """Tests as terms of ``search`` and conditions of ``where``."""

    @property
    def terms(self) -> list[str]: ...

    @property
    def conditions(self) -> list[str]: ...

    @property
    def beginning(self) -> str: ...


class Tests(Protocol):
    """What writes the tests of a tree: ``search.TestWriter``."""

    @property
    def writer(self) -> SplBackend: ...

    def written(self, items: Iterable[Node], before: Iterable[str] = ()) -> Said: ...

    def widened(self, item: Node) -> list[str]: ...

    def steps(self, conditions: Iterable[str]) -> list[str]: ...


def joined_search(
    tests: Tests,
    node: Node,
    records: JoinedRecords,
    base: Iterable[str],
    *,
    keeps_arrival: bool,
) -> SourceSearch:
    """The search for the events of a tree, behind the terms of the ``base``. Raises
    UnsupportedError.
    """
    refuse_lookups(tests.writer)
    said = tests.writer.search.all_exact
    parted = parted_tests(node, records, said)
    types = records.types(parted.columns)
    shared = tests.written(parted.shared, base)
    main = tests.written(parted.main).terms
    wider = [item for item in parted_tests(node, records).main if not said(item)]
    main += [term for item in wider for term in tests.widened(item) if term not in main]
    whole = tests.written(parted.whole, [f"{_TYPE}=*"])
    if not types:
        steps = tests.steps([*shared.conditions, *whole.conditions])
        terms = (*shared.terms, *main, *whole.terms[1:])
        return SourceSearch(terms, tuple(steps), beginning=shared.beginning)
    of_main = " ".join(main) or f"NOT {_is_one_of(records.types(records.columns))}"
    found = [f"(({of_main})", f"OR {_is_one_of(types)})"]
    steps = [
        *_taken_out(records, parted.columns, types),
        "| " + fold(_stats(records, parted.columns, parted.beside, keeps_arrival)),
        *_first_ones(records, parted.columns),
        "| " + fold(["search", *whole.terms]),
        *tests.steps([*shared.conditions, *whole.conditions]),
    ]
    terms = (*shared.terms, *found)
    return SourceSearch(terms, tuple(steps), beginning=shared.beginning, groups=True)


def _is_one_of(types: Sequence[str]) -> str:
    if len(types) == 1:
        return f"{_TYPE}={quote(types[0])}"
    return f"{_TYPE} IN ({', '.join(map(quote, types))})"


# The values of the whole event


def _taken_out(records: JoinedRecords, columns: Sequence[str], types: Sequence[str]) -> list[str]:
    """The commands that take values, and the ID of the event, out of the records' texts."""
    steps = [_rex(records.text, records.name, records.event)]
    made = []
    for name in columns:
        column = records.columns[name]
        steps.append(_rex(records.text, name, column.takes, every=column.every))
        if column.order:
            steps.append(_rex(records.text, _number(name), column.order))
        value = _read(name, column, records)
        of_type = f"{_TYPE}={quote(column.of)}"
        made.append(f"{name}=if({of_type}, {_ranked(name, value, column, records)}, null())")
    listed = ", ".join(map(quote, types))
    among = f"in({_TYPE}, {listed})" if len(types) > 1 else f"{_TYPE}={listed}"
    made.append(f"{_TYPE}=if({among}, null(), {_TYPE})")
    return [*steps, *(fold_calls(f"| eval {one}") for one in made)]


def _rex(text: str, name: str, expression: str, *, every: bool = False) -> str:
    """https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/rex"""
    field = "" if text == "_raw" else f"field={search_name(text)} "
    return f"| rex {field}{'max_match=0 ' if every else ''}{quote(_with_name(expression, name))}"


def _with_name(expression: str, name: str) -> str:
    """The regular expression with a name for its one group."""
    at = next(_groups(expression))
    return f"{expression[:at]}(?<{name}>{expression[at + 1 :]}"


def _groups(expression: str) -> Iterator[int]:
    """Where the groups with a number begin."""
    at = 0
    in_class = False
    while at < len(expression):
        sign = expression[at]
        if sign == "\\":
            at += 1
        elif in_class:
            in_class = sign != "]"
        elif sign == "[":
            in_class = True
        elif sign == "(" and expression[at + 1 : at + 2] != "?":
            yield at
        at += 1


def _read(name: str, column: RecordColumn, records: JoinedRecords) -> str:
    """A value without its quotation marks, and out of hexadecimal."""
    if not column.hex:
        return name
    of_bytes = f'replace({name}, "(..)", {quote("%" + chr(92) + "1")})'
    if column.blanks:
        of_bytes = f'replace({of_bytes}, "%00", "%20")'
    choices = [
        *((f"match({records.name}, {quote(records.plain)})", name) if records.plain else ()),
        *(f'match({name}, "^\\"")', f'trim({name}, "\\"")'),
        *(f"match({name}, {quote(_BYTES)})", f"urldecode({of_bytes})"),
        *("true()", name),
    ]
    read = f"case({', '.join(choices)})"
    return f"mvmap({name}, {read})" if column.every else read


def _ranked(name: str, value: str, column: RecordColumn, records: JoinedRecords) -> str:
    """A value behind its place among those of the records, as text."""
    if not column.order:
        return value
    place = f'substr("00".{_number(name)}, -3)'
    if column.last:
        last = f"match({eval_name(records.text)}, {quote(column.last)})"
        place = f'if({last}, "1", "0").{place}'
    return f'{place}.":".{value}'


def _number(name: str) -> str:
    return f"{name}_number"


def _stats(
    records: JoinedRecords, columns: Sequence[str], beside: Sequence[str], keeps_arrival: bool
) -> Iterator[str]:
    """The command that puts the records together, in words."""
    yield "stats"
    yield "min(_time) as _time"
    if keeps_arrival:
        yield "max(_indextime) as _indextime"
    shown = dict.fromkeys([_TYPE, *records.kept])
    for name in shown:
        yield f"values({name}) as {name}"
    for name in beside:
        if name not in shown and name not in records.shared:
            of_main = f"eval(if(isnotnull({_TYPE}), {eval_name(name)}, null()))"
            yield f"values({of_main}) as {search_name(name)}"
    for name in columns:
        yield f"{'min' if records.columns[name].order else 'values'}({name}) as {name}"
    by = [*(name for name in records.shared if not name.startswith("_")), records.name]
    yield f"by {', '.join(map(search_name, by))}"


def _first_ones(records: JoinedRecords, columns: Sequence[str]) -> Iterator[str]:
    """The commands that take the place away from before a value."""
    for name in columns:
        column = records.columns[name]
        if column.order:
            value = f"substr({name}, {len('000:') + 1 + bool(column.last)})"
            yield f"| eval {name}=" + (
                f"nullif({value}, {quote(column.null)})" if column.null else value
            )
