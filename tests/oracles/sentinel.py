"""Sentinel as an engine of ``agreement``: Kusto executed on DuckDB (``duckdb-kql``).

The table is one that keeps Elastic's field names, with the columns that the query uses and the
types of ``kqlx.backends.sentinel.column_access``. Beside what ``stored`` assumes:

* a column that is no array holds one value; an event with more cannot be held (``Impossible``);
* a string is never null, and an empty text is a missing one: an event with an empty text in a
  string column cannot be held;
* an array column holds an array, of one for a single value; it has no nulls and is not empty;
* an object keeps neither nulls nor empty lists and objects, and its keys have no dots.

Microsoft's documentation is followed where DuckDB lacks something: functions are added
(``_SHIMS``), and queries rewritten (``rewritten``) in ways that leave their meaning alone. What is
left is not executed, and counted in ``NOT_EXECUTED``. Microsoft's analyser reads each query
(``Sentinel.read`` collects them, ``complaints`` asks it about all).
"""

from __future__ import annotations

import atexit
import ipaddress
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote

import duckdb_kql
from duckdb_kql.translate import functions

from kqlx.backends.sentinel.column_access import kusto_type
from kqlx.elastic import ecs
from kqlx.elastic.field_types import text_of
from kqlx.elastic.type_names import NUMBERS
from kqlx.evaluate.event_fields import all_values, objects, values
from kqlx.testing.agreement import Impossible
from kqlx.testing.edges import NOW
from kqlx.testing.stored import Event
from tests.oracles.kusto import without_parameters

TABLE = "Events"
ROW = "kqlx_row"
NOT_EXECUTED: Counter[str] = Counter()
"""How many queries DuckDB could not run, by the construct."""

SQL_TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "long": "BIGINT",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "dynamic": "JSON",
}
_TOKEN = re.compile(
    r"""(?P<literal>@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:\\.|[^"\\])*")"""
    r"""|(?<![\w\])])\['(?P<bracketed>(?:\\.|[^'\\])*)'\]|'(?:\\.|[^'\\])*'"""
    r"""|(?<![\w.])(?P<plain>[A-Z_]\w*)(?!\s*\()"""
    r"""|\bto(?:int|long|double|bool)\((?P<cast>(?!element\))[a-z]\w*)\)""",
    re.DOTALL,
)
IF_EXISTS = re.compile(r'column_ifexists\(("(?:\\.|[^"\\])*"),\s+(?:""|\w+\(null\))\)')
ESCAPED = re.compile(r"\\u[0-9a-f]{4}")
_OBJECTS = re.compile(r"(?:mv-apply \w+ = |tostring\()\['((?:\\.|[^'\\])*)'\]")
_APPLIED = re.compile(
    r"\| mv-apply (\w+) = (.*?) on \(\n    where (.*?)\n    \| take 1\n\)\n\| project-away \1",
    re.DOTALL,
)


_KEYS = re.compile(
    r"\| mv-apply element = (?:iff\(tostring\(.*\) == \"\[\]\", dynamic\(null\), )?(.*?)\)? on \(\n"
    r"    summarize (by )?(\w+) = (?:make_set_if\()?tostring\(element\.(\w+)\)"
    r"[^\n]*(?:\n {8}[^\n]*)*\n\)",
)


def _keys(match: re.Match[str]) -> str:
    array, by, name, key = match.groups()
    array += ")" if array.count("(") > array.count(")") else ""
    made = f'| extend {name} = object_keys({array}, "{key}")'
    return f"{made}\n| mv-expand {name} to typeof(string)" if by else made


# What DuckDB lacks


def _in_networks(address: str | None, networks: str | None) -> bool | None:
    """``ipv4_is_in_range`` and ``ipv6_is_in_range``, and with a JSON list of networks the ``any``
    forms: null where the address is none.
    """
    if address is None or networks is None:
        return None
    listed = json.loads(networks) if networks.startswith("[") else [networks]
    try:
        number = _number(address)
    except ValueError:
        return None
    return any(_first(net) <= number <= _last(net) for net in listed)


def _in_v4_networks(address: str | None, networks: str | None) -> bool | None:
    return None if address is None or ":" in address else _in_networks(address, networks)


def _compare_addresses(one: str | None, other: str | None) -> int | None:
    try:
        first, second = _number(one or ""), _number(other or "")
    except ValueError:
        return None
    return (first > second) - (first < second)


def _number(address: str) -> int:
    """An address as IPv6, an IPv4 one mapped into it."""
    at = ipaddress.ip_address(address)
    return int(at) if at.version == 6 else 0xFFFF << 32 | int(at)


def _first(network: str) -> int:
    return _number(str(ipaddress.ip_network(network, strict=False).network_address))


def _last(network: str) -> int:
    found = ipaddress.ip_network(network, strict=False)
    return _first(network) + found.num_addresses - 1


def _object_keys(objects: str | None, key: str | None) -> str:
    """The different texts of a key of the objects in an array."""
    found = json.loads(objects) if objects else []
    texts = [item.get(key) for item in found if isinstance(item, dict)]
    return as_json([*dict.fromkeys(text for text in texts if text)])


def _strcmp(one: str, other: str) -> int:
    return (one > other) - (one < other)


def plain_json(text: str | None) -> str | None:
    """JSON without blanks, as Kusto writes a dynamic value that it has read, or None."""
    try:
        return None if text is None else as_json(json.loads(text))
    except ValueError:
        return None


def as_json(value: Any) -> str:
    """A dynamic value as Kusto writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_SHIMS: dict[str, tuple[Any, str]] = {
    "ipv4_is_in_range": (_in_v4_networks, "BOOLEAN"),
    "ipv4_is_in_any_range": (_in_v4_networks, "BOOLEAN"),
    "ipv6_is_in_range": (_in_networks, "BOOLEAN"),
    "ipv6_is_in_any_range": (_in_networks, "BOOLEAN"),
    "ipv6_compare": (_compare_addresses, "BIGINT"),
    "strcmp": (_strcmp, "BIGINT"),
}


_AGGREGATES = {
    "take_anyif": "coalesce(any_value({0}) FILTER (WHERE {1}), '')",
    "make_set_if": "to_json(coalesce(list_distinct(list({0}) FILTER (WHERE {1})), []))",
}
"""Of texts alone."""


@cache
def connection() -> Any:
    """DuckDB in memory, with the functions that it lacks."""
    made = duckdb_kql.connect()
    made.execute("SET TimeZone='UTC'")
    texts = ["VARCHAR", "VARCHAR"]
    for name, (function, returned) in _SHIMS.items():
        own = f"kqlx_{name}"
        made.create_function(own, function, texts, returned, null_handling="special")
        template = f"{own}(CAST({{0}} AS VARCHAR), CAST({{1}} AS VARCHAR))"
        functions.SCALAR_FUNCTIONS[name] = functions._f(name, "template", template, (2,))
    made.create_function(
        "kqlx_plain_json", plain_json, ["VARCHAR"], "VARCHAR", null_handling="special"
    )
    parse = "TRY_CAST(kqlx_plain_json(CAST({0} AS VARCHAR)) AS JSON)"
    functions.SCALAR_FUNCTIONS["parse_json"] = functions._f("parse_json", "template", parse, (1,))
    made.create_function(
        "kqlx_object_keys", _object_keys, texts, "VARCHAR", null_handling="special"
    )
    keys = "CAST(kqlx_object_keys(CAST({0} AS VARCHAR), CAST({1} AS VARCHAR)) AS JSON)"
    functions.SCALAR_FUNCTIONS["object_keys"] = functions._f("object_keys", "template", keys, (2,))
    functions.SCALAR_FUNCTIONS["set_intersect"] = functions._f(
        "set_intersect",
        "template",
        "to_json(list_intersect(CAST(to_json({0}) AS JSON[]), CAST(to_json({1}) AS JSON[])))",
        (2,),
    )
    made.create_function("kqlx_url_decode", lambda text: unquote(text), ["VARCHAR"], "VARCHAR")
    decode = "kqlx_url_decode(CAST({0} AS VARCHAR))"
    functions.SCALAR_FUNCTIONS["url_decode"] = functions._f("url_decode", "template", decode, (1,))
    for name, template in _AGGREGATES.items():
        functions.AGGREGATE_FUNCTIONS[name] = functions.AggregateSpec(name, template, (2,))
    functions.SCALAR_FUNCTIONS["set_union"] = functions._f(
        "set_union",
        "template",
        "to_json(list_distinct(list_concat(CAST(to_json({0}) AS JSON[]),"
        " CAST(to_json({1}) AS JSON[]))))",
        (2,),
    )
    return made


_COLUMNS: dict[str, list[str]] = {}
"""The tables that there are, with the names of their columns."""


def make_table(name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Makes a table with these columns, by their types in SQL, and rows, or makes it anew."""
    declared = ", ".join(f"{sql_name(column)} {kind}" for column, kind in columns.items())
    connection().execute(f"create or replace table {sql_name(name)} ({declared})")
    if held := list(rows):
        marks = ", ".join("?" * len(columns))
        connection().executemany(f"insert into {sql_name(name)} values ({marks})", held)
    _COLUMNS[name] = list(columns)


def answer(query: str) -> list[dict[str, Any]]:
    """What comes out of a query that DuckDB can read (``rewritten``), a row by names of columns."""
    found = connection().execute(duckdb_kql.to_sql(query, schema=_COLUMNS))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def rewritten(query: str) -> str:
    """The query for DuckDB: ``now()`` is that of the tests; columns that may be missing are there;
    different values are counted by ``dcountif``, which is exact in DuckDB; an array is taken apart
    by ``mv-expand``, which gives a row for each object that passes, where ``mv-apply`` with
    ``take 1`` keeps one; the different texts of a key of objects come from a function.
    """
    now = f"datetime({NOW.isoformat().replace('+00:00', 'Z')})"
    query = without_parameters(query, filtered=True)
    query = re.sub(r"ago\((\w+)\)", rf"({now} - \1)", query).replace("now()", now)
    query = query.replace("count_distinctif(", "dcountif(")
    query = IF_EXISTS.sub(lambda match: f"['{json.loads(match[1])}']", query)
    query = _KEYS.sub(_keys, query)
    return _APPLIED.sub(r"| mv-expand \1 = \2\n| where \3", query)


# Tables and rows


def columns_of(query: str) -> dict[str, str]:
    """The columns that a query names, with their Kusto types."""
    lists = set(re.findall(r"^let (\w+) = ", query, re.MULTILINE))
    found = dict.fromkeys(json.loads(name) for name in IF_EXISTS.findall(query))
    for match in _TOKEN.finditer(query):
        name = match["plain"] or match["bracketed"] or match["cast"]
        if name and name != TABLE and name not in lists:
            found[re.sub(r"\\(.)", r"\1", name)] = None
    groups = {re.sub(r"\\(.)", r"\1", name) for name in _OBJECTS.findall(query)}
    # What a text is made of is an object, unless a function of EQL asks for the text of a number.
    groups -= {name for name in groups if ecs.types().get(name) in NUMBERS}
    return {name: "dynamic" if name in groups else _type(name) for name in found}


def _type(name: str) -> str:
    kind = kusto_type(ecs.types().get(name, "keyword"))
    return "dynamic" if kind == "string" and name in ecs.arrays() else kind


def row(event: Event, columns: Mapping[str, str]) -> list[Any]:
    """The event in these columns. Raises Impossible where they cannot hold it."""
    return [_value(event, name, kind) for name, kind in columns.items()]


def _value(event: Event, name: str, kind: str) -> Any:
    declared = ecs.types().get(name, "nested")
    if kind == "dynamic" and declared in ("nested", "flattened", "object"):
        # An object without values is one all the same.
        cleaned = [_clean(inner) for inner in objects(event, name)]
        found: list[Any] = [inner or {} for inner in cleaned if inner or declared == "nested"]
        plain = values(event, name)
        if declared == "nested":
            return as_json(found) if found else None
        if len(found) > 1 or (found and plain):
            raise Impossible("a flattened field is one object here")
        held = found[0] if found else plain
        return as_json(held) if held else None
    found = values(event, name)
    if kind == "dynamic":
        texts = [text_of(value) for value in found]
        return as_json(texts) if texts else None
    if len(found) > 1:
        raise Impossible(f"{name} is a column of one value")
    if kind == "string":
        text = text_of(found[0]) if found else ""
        if found and not text:
            raise Impossible(f"an empty {name} is a missing one")
        if "\0" in text:
            raise Impossible("DuckDB has no such texts")
        return text
    return found[0] if found else None


def _clean(value: Any) -> Any:
    """An object as the table holds it; None for one without values."""
    if isinstance(value, Mapping):
        made: dict[str, Any] = {}
        for key, item in value.items():
            *above, last = key.split(".")
            here = made
            for part in above:
                here = here.setdefault(part, {})
                if not isinstance(here, dict):
                    raise Impossible("a value and an object under one key")
            if (cleaned := _clean(item)) is not None:
                if last in here:
                    raise Impossible("one key twice")
                here[last] = cleaned
        return made or None
    if isinstance(value, list | tuple):
        items = [cleaned for item in value if (cleaned := _clean(item)) is not None]
        if len(items) > 1:
            raise Impossible("a key of an object has one value here")
        return items[0] if items else None
    if value == "":
        raise Impossible("an empty text of a dynamic column is a missing one")
    return value


class Sentinel:
    """The target ``sentinel``."""

    name = "sentinel"

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, bool | str]] = {}
        self.queries: dict[str, dict[str, str]] = {}
        self.unknown: set[str] = set()

    def read(self, query: str) -> None:
        """Keeps the query for Microsoft's analyser (``complaints``), which takes many at once."""
        self.queries[query] = columns_of(query)

    def complaints(self) -> list[str]:
        """What the analyser has to say about the queries read since the last time."""
        from tests.oracles.kusto import analyse

        queries, self.queries = self.queries, {}
        schema: dict[str, str] = {}
        for columns in queries.values():
            schema.update(columns)
        schema["TimeGenerated"] = "datetime"
        found = analyse(list(queries), {TABLE: schema})
        return [
            f"{complaint}\n{query}"
            for query, complaints in zip(queries, found, strict=True)
            for complaint in complaints
            if "an analytics rule takes 10,000" not in complaint
        ]

    def complaints_if_any(self) -> list[str]:
        """The analyser's complaints; none where it is not installed."""
        return self.complaints() if shutil.which("node") else []

    def answer_all(self, query: str, events: Sequence[Event]) -> None:
        answers = self.answers[query] = {}
        columns = columns_of(query)
        rows: list[list[Any]] = []
        keys: list[str] = []
        for event in events:
            key = _key(event)
            try:
                if next(all_values(event), None) is None:
                    raise Impossible("a row has a value")
                rows.append([len(keys), *row(event, columns)])
                keys.append(key)
            except Impossible as error:
                answers[key] = str(error)
        try:
            if ESCAPED.search(query):
                raise duckdb_kql.KqlUnsupportedError("\\u in a literal")
            found = execute(query, columns, rows) if rows else set()
        except duckdb_kql.KqlUnsupportedError as error:
            NOT_EXECUTED[str(error).split("(")[0].partition(" at ")[0]] += 1
            self.unknown.add(query)
            answers.update(dict.fromkeys(keys, "not executed"))
            return
        answers.update({key: number in found for number, key in enumerate(keys)})

    def holds(self, query: str, event: Event) -> bool:
        if _key(event) not in self.answers.get(query, {}):
            self.answer_all(query, [event])
        answer = self.answers[query][_key(event)]
        if isinstance(answer, str):
            raise Impossible(answer)
        return answer


def execute(query: str, columns: Mapping[str, str], rows: Iterable[list[Any]]) -> set[int]:
    """The numbers of the rows (their first values) that come out."""
    types = {ROW: "BIGINT", **{name: SQL_TYPES[kind] for name, kind in columns.items()}}
    make_table(TABLE, types, rows)
    return {found[ROW] for found in answer(f"{rewritten(query)}\n| project {ROW}")}


def sql_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _key(event: Event) -> str:
    return json.dumps(event, sort_keys=True)


atexit.register(connection.cache_clear)
SENTINEL = Sentinel()


def not_executed(query: str) -> bool:
    """Whether DuckDB was asked about the query and could not run it."""
    return query in SENTINEL.unknown
