"""Kusto's pipelines on rows in memory, as far as queries about several events need them: ``union``,
``join``, ``scan``, ``sort`` and the like, written from Microsoft's documentation
(https://learn.microsoft.com/kusto/query/scan-operator?view=microsoft-sentinel, and the pages of the
other operators beside it). What is not known is an error.

Times and spans are whole milliseconds; ``null`` is None, and a string is never null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:\\.|[^"\\])*")|\['(?P<quoted>(?:\\.|[^'\\])*)'\]"""
    r"""|(?P<span>-?\d+(?:ms|[dhms])\b)|(?P<number>\d+)"""
    r"""|(?P<word>[A-Za-z_][\w]*(?:-[a-z]+)?)|(?P<sign>=>|==|!=|<=|>=|=~|[-+<>=(),;:.|*!\[\]]))"""
)
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_HYPHENATED = {"mv-expand", "project-away"}


@dataclass
class _Scope:
    """Where names are looked up: a row, all rows around it, and the states of ``scan``."""

    row: Row
    rows: Sequence[Row] = ()
    number: int = 0
    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


Expression = Callable[[_Scope], Any]


INGESTED = "(ingested)"
"""The column of a table with what ``ingestion_time()`` says."""


def answer(query: str, tables: Mapping[str, list[Row]], now: int = 0) -> list[Row]:
    """The rows that a query finds in these tables; ``ago()`` counts from ``now``."""
    reader = _Reader(query, tables, now)
    rows = reader.pipeline()
    reader.end()
    return rows


class _Reader:
    def __init__(self, text: str, tables: Mapping[str, list[Row]], now: int) -> None:
        self.clock = now
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            assert match, text[at : at + 40]
            kind = str(match.lastgroup)
            value = match[kind]
            if kind == "word" and "-" in value and value not in _HYPHENATED:
                value = value.partition("-")[0]
                at = match.start(kind) + len(value)
            else:
                at = match.end()
            self.tokens.append((kind, value))
        self.tokens.append(("end", ""))
        self.at = 0
        self.tables = tables
        self.steps: set[str] = set()

    # Tokens

    def next(self) -> tuple[str, str]:
        self.at += 1
        return self.tokens[self.at - 1]

    def sees(self, *values: str) -> bool:
        kind, value = self.tokens[self.at]
        return kind in ("word", "sign") and value in values

    def takes(self, value: str) -> bool:
        if self.sees(value):
            self.at += 1
            return True
        return False

    def needs(self, *values: str) -> None:
        for value in values:
            assert self.takes(value), (value, self.tokens[self.at - 3 : self.at + 3])

    def name(self) -> str:
        kind, value = self.next()
        assert kind in ("word", "quoted"), (kind, value)
        return value

    def end(self) -> None:
        assert self.tokens[self.at][0] == "end", self.tokens[self.at :]

    # Pipelines

    def pipeline(self) -> list[Row]:
        rows = self.source()
        while self.takes("|"):
            operator = self.next()[1].replace("-", "_")
            rows = getattr(self, f"do_{operator}")(rows)
        return rows

    def source(self) -> list[Row]:
        if not self.takes("union"):
            return self.table()
        self.needs("isfuzzy", "=", "true")
        found = self.table()
        while self.takes(","):
            found = found + self.table()
        types = {name: type(value) for row in found for name, value in row.items() if value}
        empty = {name: "" if kind is str else None for name, kind in types.items()}
        return [{**empty, **row} for row in found]

    def table(self) -> list[Row]:
        if self.takes("("):
            rows = self.pipeline()
            self.needs(")")
            return rows
        return [dict(row) for row in self.tables[self.name()]]

    def do_where(self, rows: list[Row]) -> list[Row]:
        test = self.expression()
        return [row for n, row in enumerate(rows) if test(_Scope(row, rows, n)) is True]

    def do_extend(self, rows: list[Row]) -> list[Row]:
        made = self.assignments()
        return [
            {**row, **{name: value(_Scope(row, rows, n)) for name, value in made}}
            for n, row in enumerate(rows)
        ]

    def do_project(self, rows: list[Row]) -> list[Row]:
        made = self.assignments()
        return [
            {name: value(_Scope(row, rows, n)) for name, value in made}
            for n, row in enumerate(rows)
        ]

    def do_project_away(self, rows: list[Row]) -> list[Row]:
        gone = self.names()
        return [{name: row[name] for name in row if name not in gone} for row in rows]

    def do_sort(self, rows: list[Row]) -> list[Row]:
        self.needs("by")
        found = list(rows)
        order = [self.ordering()]
        while self.takes(","):
            order.append(self.ordering())
        for name, descending in reversed(order):
            found.sort(key=lambda row: _rank(row[name]), reverse=descending)
        return found

    def ordering(self) -> tuple[str, bool]:
        name = self.name()
        assert self.sees("asc", "desc")
        return name, self.next()[1] == "desc"

    def do_top(self, rows: list[Row]) -> list[Row]:
        count = int(self.next()[1])
        return self.do_sort(rows)[:count]

    def do_mv_expand(self, rows: list[Row]) -> list[Row]:
        ((name, values),) = self.assignments()
        self.needs("to", "typeof", "(")
        kind = self.name()
        self.needs(")")
        assert kind == "string"
        found = []
        for n, row in enumerate(rows):
            each = values(_Scope(row, rows, n))
            for one in [None] if each is None else each:
                found.append({**row, name: "" if one is None else str(one)})
        return found

    def do_join(self, rows: list[Row]) -> list[Row]:
        self.needs("kind", "=", "inner")
        others = self.table()
        self.needs("on")
        keys = self.names()
        return [
            {**{(f"{n}1" if n in one else n): value for n, value in other.items()}, **one}
            for one in rows
            for other in others
            if all(one[key] == other[key] for key in keys)
        ]

    def do_summarize(self, rows: list[Row]) -> list[Row]:
        made: list[tuple[str, Callable[[list[Row]], Row]]] = []
        while not self.sees("by"):
            made.append(("", self.aggregation()))
            self.takes(",")
        by = self.assignments() if self.takes("by") else []
        groups: dict[str, tuple[Row, list[Row]]] = {}
        for n, row in enumerate(rows):
            key = {name: value(_Scope(row, rows, n)) for name, value in by}
            groups.setdefault(repr(key), (key, []))[1].append(row)
        found = []
        for key, members in groups.values():
            result = dict(key)
            for _, aggregate in made:
                for name, value in aggregate(members).items():
                    result.setdefault(name, value)
            found.append(result)
        return found

    def aggregation(self) -> Callable[[list[Row]], Row]:
        name = ""
        if self.tokens[self.at + 1][1] == "=":
            name = self.name()
            self.needs("=")
        function = self.name()
        self.needs("(")
        if function in ("take_any", "arg_max") and (self.sees("*") or function == "arg_max"):
            best = None if self.takes("*") else self.name()
            if best is not None:
                self.needs(",", "*")
            self.needs(")")
            return lambda rows: rows[0] if best is None else max(rows, key=lambda row: row[best])
        arguments = [self.expression()]
        while self.takes(","):
            arguments.append(self.expression())
        self.needs(")")
        aggregate = _AGGREGATES[function]

        def made(rows: list[Row]) -> Row:
            each = [[argument(_Scope(row)) for argument in arguments] for row in rows]
            return {name: aggregate(each)}

        return made

    def do_scan(self, rows: list[Row]) -> list[Row]:
        defaults: Row = {}
        if self.takes("declare"):
            self.needs("(")
            while not self.takes(")"):
                name = self.name()
                self.needs(":")
                kind = self.name()
                defaults[name] = "" if kind == "string" else None
                if self.takes("="):
                    defaults[name] = {"false": False}[self.name()]
                self.takes(",")
        self.needs("with", "(")
        ahead, self.steps = self.steps, set()
        at = self.at
        while self.tokens[at] != ("end", ""):
            if self.tokens[at] == ("word", "step"):
                self.steps.add(self.tokens[at + 1][1])
            at += 1
        steps = []
        while self.takes("step"):
            name = self.name()
            shown = True
            if self.takes("output"):
                self.needs("=", "none")
                shown = False
            self.needs(":")
            condition = self.expression()
            made = self.assignments() if self.takes("=>") else []
            self.needs(";")
            steps.append((name, shown, condition, made))
        self.needs(")")
        self.steps = ahead
        return _scanned(rows, steps, defaults)

    # Expressions

    def names(self) -> list[str]:
        found = [self.name()]
        while self.takes(","):
            found.append(self.name())
        return found

    def assignments(self) -> list[tuple[str, Expression]]:
        found = [self.assignment()]
        while self.takes(","):
            found.append(self.assignment())
        return found

    def assignment(self) -> tuple[str, Expression]:
        name = self.tokens[self.at][1]
        if self.tokens[self.at + 1] == ("sign", "="):
            self.at += 2
        return name, self.expression()

    def expression(self) -> Expression:
        items = [self.conjunction()]
        while self.takes("or"):
            items.append(self.conjunction())
        if len(items) == 1:
            return items[0]
        return lambda scope: any(item(scope) is True for item in items)

    def conjunction(self) -> Expression:
        items = [self.comparison()]
        while self.takes("and"):
            items.append(self.comparison())
        if len(items) == 1:
            return items[0]
        return lambda scope: all(item(scope) is True for item in items)

    def comparison(self) -> Expression:
        left = self.sum()
        if self.takes("in"):
            self.needs("(")
            values = [self.sum()]
            while self.takes(","):
                values.append(self.sum())
            self.needs(")")
            return lambda scope: left(scope) in [value(scope) for value in values]
        for sign, test in _COMPARISONS.items():
            if self.takes(sign):
                right = self.sum()
                return _compared(left, right, test)
        return left

    def sum(self) -> Expression:
        left = self.primary()
        while self.sees("+", "-"):
            sign = self.next()[1]
            left = _added(left, self.primary(), -1 if sign == "-" else 1)
        return left

    def primary(self) -> Expression:
        kind, value = self.next()
        if (kind, value) == ("sign", "("):
            inner = self.expression()
            self.needs(")")
            return inner
        if (kind, value) == ("sign", "-"):
            number = self.primary()
            return lambda scope: -number(scope)
        if kind == "string":
            return lambda scope: value[1:-1]
        if kind == "number":
            return lambda scope: int(value)
        if kind == "span":
            found = re.fullmatch(r"(\d+)(\w+)", value)
            assert found
            length = int(found[1]) * _UNITS[found[2]]
            return lambda scope: length
        assert kind in ("word", "quoted"), value
        if kind == "word" and value in ("true", "false"):
            return lambda scope: value == "true"
        if kind == "word" and self.takes("("):
            return self.call(value)
        if kind == "word" and value in self.steps and self.takes("."):
            column = self.name()
            return lambda scope: scope.states[value][column]
        return lambda scope: scope.row[value]

    def call(self, name: str) -> Expression:
        arguments: list[Expression] = []
        if name in ("datetime", "dynamic") and self.takes("null"):
            self.needs(")")
            return lambda scope: None
        if name == "dynamic":
            self.needs("[", "]", ")")
            return lambda scope: []
        while not self.takes(")"):
            arguments.append(self.expression())
            self.takes(",")
        if name == "iff":
            test, one, other = arguments
            return lambda scope: one(scope) if test(scope) is True else other(scope)
        if name == "prev":
            back = arguments[1] if len(arguments) > 1 else lambda scope: 1
            return lambda scope: _before(arguments[0], scope, back(scope))
        if name == "ago":
            return lambda scope: self.clock - arguments[0](scope)
        if name == "ingestion_time":
            return lambda scope: scope.row[INGESTED]
        if name == "pack_all":
            return lambda scope: dict(scope.row)
        function = _FUNCTIONS[name]
        return lambda scope: function(*(argument(scope) for argument in arguments))


def _scanned(
    rows: Iterable[Row],
    steps: Sequence[tuple[str, bool, Expression, list[tuple[str, Expression]]]],
    defaults: Row,
) -> list[Row]:
    """``scan``, by its two checks. The state of a step has the rows of all steps up to it."""
    columns = {name for row in rows for name in row}
    types = {n: type(row[n]) for row in rows for n in row if row[n] is not None}
    empty = {n: "" if types.get(n) is str else None for n in columns} | defaults
    states: list[dict[str, Row]] = [{} for _ in steps]
    found = []
    for row in rows:
        for place in range(len(steps) - 1, -1, -1):
            name, shown, condition, made = steps[place]

            def scope(state: Mapping[str, Row], row: Row = row) -> _Scope:
                known = {step[0]: state.get(step[0], empty) for step in steps}
                return _Scope(row, states=known)

            before = states[place - 1] if place else {}
            if before and condition(scope(before)) is True:
                states[place], states[place - 1] = before, {}
            elif (states[place] or place == 0) and condition(scope(states[place])) is True:
                pass
            else:
                continue
            here = scope(states[place])
            extended = {**row, **defaults, **{column: value(here) for column, value in made}}
            states[place] = {**states[place], name: extended}
            if shown:
                found.append(extended)
    return found


def _rank(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def _before(value: Expression, scope: _Scope, back: int) -> Any:
    number = scope.number - back
    if number < 0:
        return "" if isinstance(value(scope), str) else None
    return value(_Scope(scope.rows[number], scope.rows, number))


def _compared(left: Expression, right: Expression, test: Callable[[Any, Any], bool]) -> Expression:
    def compare(scope: _Scope) -> bool | None:
        one, other = left(scope), right(scope)
        return None if one is None or other is None else test(one, other)

    return compare


def _added(left: Expression, right: Expression, sign: int) -> Expression:
    def add(scope: _Scope) -> Any:
        one, other = left(scope), right(scope)
        return None if one is None or other is None else one + sign * other

    return add


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "not": lambda value: None if value is None else not value,
    "isnull": lambda value: value is None,
    "isnotnull": lambda value: value is not None,
    "isnotempty": lambda value: value not in (None, ""),
    "coalesce": lambda *values: next((v for v in values if v not in (None, "")), None),
    "max_of": lambda *values: max((v for v in values if v is not None), default=None),
    "tostring": lambda value: "" if value is None else str(value),
    "gettype": lambda value: "array" if isinstance(value, list) else "string",
    "pack_array": lambda *values: list(values),
    "set_union": lambda one, other: [*dict.fromkeys([*(one or []), *other])],
    "set_has_element": lambda values, one: isinstance(values, list) and one in values,
    "binary_and": lambda one, other: one & other,
}


def _all_or(rows: list[list[Any]]) -> int:
    bits = 0
    for (value,) in rows:
        bits |= value
    return bits


_AGGREGATES: dict[str, Callable[[list[list[Any]]], Any]] = {
    "min": lambda rows: min(row[0] for row in rows),
    "max": lambda rows: max(row[0] for row in rows),
    "take_any": lambda rows: rows[0][0],
    "take_anyif": lambda rows: next((row[0] for row in rows if row[1] is True), None),
    "countif": lambda rows: sum(row[0] is True for row in rows),
    "binary_all_or": _all_or,
}
