"""Kibana KQL → Microsoft Sentinel KQL (Kusto): a table and one ``where`` a conjunct.

Every test is written by the type of its column, since Kusto checks types when it compiles; strings
are never null there, and comparisons with ``<`` are null for a missing value, which ``not`` keeps
(https://learn.microsoft.com/kusto/query/scalar-data-types/null-values?view=microsoft-sentinel).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from kqlx.backends.base import Emission, Options, Target, ValueList, gather
from kqlx.backends.text import INTEGERS, Group, Text, TextBackend, described
from kqlx.mappings.bound import Bound, Column
from kqlx.nodes import And, Compare, Equals, Exists, Like, Node, Not, Or
from kqlx.notes import Effect

_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
# Kusto's keywords and operators, of which nobody has a complete list, are in lower case; brackets
# never hurt.
_PLAIN_NAME = re.compile(r"[A-Z_][A-Za-z0-9_]*")
_REGEX_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$#&~-]")

DEFAULT_TABLE = "Events"
WIDTH = 100
LONGEST_RULE = 10_000
"""Characters (https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview)."""

# What a test costs: an indexed column, a number or a path in a dynamic column, a scan, a regular
# expression.
_INDEXED, _PATH, _SCAN, _REGEX = range(4)


def quote(text: str) -> str:
    """A string literal: verbatim where a backslash stands in it, so that paths stay readable."""
    if "\\" in text and not any(c < " " for c in text):
        return '@"' + text.replace('"', '""') + '"'
    if '"' in text and "'" not in text and not any(c < " " for c in text):
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(c):04x}" if c < " " else c for c in escaped) + '"'


def identifier(name: str) -> str:
    """A name, in brackets where Kusto needs them."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    return "['" + name.replace("\\", "\\\\").replace("'", "\\'") + "']"


@dataclass
class _Kusto(TextBackend):
    language = "Kusto"

    def all_of(self, node: And) -> Text:
        items = [self.expression(item) for item in node.items]
        texts = [f"({t.text})" if t.group is Group.OR else t.text for t in items]
        return Text(" and ".join(texts), Group.AND, max(item.rank for item in items))

    def any_of(self, node: Or) -> Text:
        items = [
            self.value_list(item) if isinstance(item, ValueList) else self.expression(item)
            for item in gather(node.items, self.fits_list)
        ]
        if len(items) == 1:
            return items[0]
        texts = [f"({t.text})" if t.group is Group.AND else t.text for t in items]
        rank = max(item.rank for item in items)
        return Text(" or ".join(texts), Group.OR, rank, tuple(texts))

    def negate(self, node: Not) -> Text:
        with self.under_not():
            if (negated := self.negated_operator(node.item)) is not None:
                return negated
            item = self.expression(node.item)
        return Text(f"not({item.text})", Group.ATOM, item.rank)

    def negated_operator(self, node: Node) -> Text | None:
        """Kusto's own operator for the negation of a test, all of which keep missing values."""
        if isinstance(node, Exists):
            return self.missing(self.column(node))
        test: Node | ValueList = node
        if isinstance(node, Or):
            gathered = gather(node.items, self.fits_list)
            test = gathered[0] if len(gathered) == 1 else node
        if isinstance(test, ValueList):
            return self.value_list(test, "!")
        if isinstance(test, Equals) and self.fits_list(test):
            return self.equality(self.column(test), test, "!")
        return None

    def fits_list(self, node: Node) -> bool:
        if not isinstance(node, Equals):
            return False
        column = self.column(node)
        empty = node.value.name == "" and self.is_string(column)
        network = column.type == "ip" and self.network(node.value.name)
        boolean = column.type in ("boolean", "date", "date_nanos")
        elements = column.form == "elements"
        return not (self.is_text(column) or empty or network or boolean or elements)

    def value_list(self, values: ValueList, negation: str = "") -> Text:
        column = self.bound.column(values.field.name)
        tests = [test for test in values.tests if isinstance(test, Equals)]
        literals = ", ".join([self.literal(column, test) for test in tests])
        tilde = "~" if self.is_string(column) and column.case != "same" else ""
        return Text(
            f"{self.access(column)} {negation}in{tilde} ({literals})", rank=self.rank(column)
        )

    def equality(self, column: Column, node: Equals, negation: str = "") -> Text:
        literal = self.literal(column, node)
        same = "!=" if negation else "=="
        folded = "!~" if negation else "=~"
        operator = folded if self.is_string(column) and column.case != "same" else same
        return Text(f"{self.access(column)} {operator} {literal}", rank=self.rank(column))

    def equals(self, column: Column, node: Equals) -> Text:
        if node.value.value is None:
            self.null_value(node)
        if column.form == "elements":
            return self.element(column, node, node.value.name, closed=True)
        self.no_date(column, node)
        access = self.access(column)
        if column.type == "boolean":
            truth = "true" if self.boolean(column, node) else "false"
            return Text(f"{access} == {truth}", rank=self.rank(column))
        if column.type == "ip" and (network := self.network(node.value.name)):
            version = "6" if ":" in network else "4"
            test = f"ipv{version}_is_in_range({access}, {quote(network)})"
            return Text(self.never_null(test), rank=_SCAN)
        if self.is_text(column):
            return self.words(column, node)
        if self.is_string(column) and node.value.name == "":
            self.wider(
                "empty-is-missing",
                node,
                f"Kusto cannot tell an empty {column.name} from a missing one",
            )
            return Text(f"isempty({access})", rank=self.rank(column))
        return self.equality(column, node)

    def like(self, column: Column, node: Like) -> Text:
        parts = node.pattern.parts
        if column.form == "elements":
            if len(parts) == 2 and parts[1] == "":
                return self.element(column, node, parts[0], closed=False)
            self.refuse(node.span, f"this pattern on {column.name}, a key of objects in an array")
        if not self.is_string(column) or column.type in ("ip", "date"):
            self.refuse(node.span, f"a wildcard on {described(column)}")
        if self.is_text(column):
            self.analysed(column, node)
        self.note_case(column, node.pattern.name, node)
        access = self.access(column)
        cased = "_cs" if column.case == "same" else ""
        if not any(parts):
            return self.exists(column, Exists(node.field, node.span))
        if len(parts) == 2 and parts[1] == "":
            return Text(f"{access} startswith{cased} {quote(parts[0])}", rank=_PATH)
        if len(parts) == 2 and parts[0] == "":
            return Text(f"{access} endswith{cased} {quote(parts[1])}", rank=_SCAN)
        if len(parts) == 3 and parts[0] == parts[2] == "":
            return Text(f"{access} contains{cased} {quote(parts[1])}", rank=_SCAN)
        flags = "(?s)" if cased else "(?is)"
        regex = ".*".join([_REGEX_SPECIAL.sub(r"\\\g<0>", part) for part in parts])
        return Text(f"{access} matches regex {quote(f'{flags}^{regex}$')}", rank=_REGEX)

    def exists(self, column: Column, node: Exists) -> Text:
        if column.form == "elements":
            return self.any_element(column, "contains_cs")
        test = "isnotempty" if self.is_string(column) else "isnotnull"
        return Text(f"{test}({self.raw(column)})", rank=self.rank(column))

    def missing(self, column: Column) -> Text:
        if column.form == "elements":
            return self.any_element(column, "!contains_cs")
        test = "isempty" if self.is_string(column) else "isnull"
        return Text(f"{test}({self.raw(column)})", rank=self.rank(column))

    def any_element(self, column: Column, operator: str) -> Text:
        """Whether some object of the array has the key, by its JSON text."""
        path, _, key = column.name.rpartition(".")
        needle = quote(f"{json.dumps(key)}:")
        return Text(f"tostring({self.path(path)}) {operator} {needle}", rank=_SCAN)

    def compare(self, column: Column, node: Compare) -> Text:
        if not self.is_number(column):
            self.refuse(
                node.span,
                f"a range on {described(column)}",
                "Kusto compares numbers and times only",
            )
        test = (
            f"{self.access(column)} {_OPERATORS[node.op]} {self.number(column, node.value, node)}"
        )
        return Text(self.never_null(test), rank=_PATH)

    def words(self, column: Column, node: Equals) -> Text:
        """A text field, which Elasticsearch compares word by word."""
        self.analysed(column, node)
        access = self.access(column)
        if node.value.quoted or len(node.value.name.split()) < 2:
            return Text(f"{access} has {quote(node.value.name)}", rank=_PATH)
        words = ", ".join([quote(word) for word in node.value.name.split()])
        return Text(f"{access} has_any ({words})", rank=_PATH)

    def element(self, column: Column, node: Equals | Like, value: str, *, closed: bool) -> Text:
        """A key of some object in an array, by its JSON text, which tostring() writes without
        blanks.
        """
        path, _, key = column.name.rpartition(".")
        text = json.dumps(value, ensure_ascii=False)
        if "\\" in text:
            self.refuse(node.span, f"this value of {column.name}", "its JSON text has escapes")
        needle = f"{json.dumps(key)}:{text if closed else text[:-1]}"
        self.note_case(column, value, node)
        cased = "_cs" if column.case == "same" else ""
        return Text(f"tostring({self.path(path)}) contains{cased} {quote(needle)}", rank=_SCAN)

    def literal(self, column: Column, node: Equals) -> str:
        if self.is_number(column):
            return self.number(column, node.value, node)
        self.note_case(column, node.value.name, node)
        return quote(node.value.name)

    def note_case(self, column: Column, text: str, node: Equals | Like) -> None:
        if column.case == "differs":
            self.ignores_case(column, text, node)

    def never_null(self, test: str) -> str:
        """Null, of a missing value, is dropped by where, but under a not it must count as false."""
        return f"coalesce({test}, false)" if self.negative else test

    def access(self, column: Column) -> str:
        """The column's value in its own type: a path in a dynamic column is cast."""
        raw = self.raw(column)
        if not self.is_path(column):
            return raw
        if column.type in INTEGERS:
            return f"{'toint' if column.type == 'integer' else 'tolong'}({raw})"
        if self.is_number(column):
            return f"todouble({raw})"
        return f"tobool({raw})" if column.type == "boolean" else f"tostring({raw})"

    def raw(self, column: Column) -> str:
        return self.path(column.name) if self.bound.place else identifier(column.name)

    def path(self, name: str) -> str:
        first, *rest = name.split(".")
        steps = [f".{n}" if _PLAIN_NAME.fullmatch(n) else f"[{quote(n)}]" for n in rest]
        return identifier(first) + "".join(steps)

    def is_path(self, column: Column) -> bool:
        return bool(self.bound.place) and "." in column.name

    def is_string(self, column: Column) -> bool:
        return not self.is_number(column) and column.type not in ("boolean", "date")

    def rank(self, column: Column) -> int:
        return _PATH if self.is_path(column) or not self.is_string(column) else _INDEXED

    def folded_lines(self, text: Text) -> str:
        """A conjunct, a long disjunction with one alternative a line."""
        if text.group is Group.OR and len(text.text) > WIDTH:
            return "\n    or ".join(text.alternatives)
        return text.text

    def always(self) -> Text:
        return Text("true")

    def never(self) -> Text:
        return Text("false")


def emit(bound: Bound, options: Options) -> Emission:
    """The query of a bound tree: the cheap conjuncts first. Raises UnsupportedError."""
    kusto = _Kusto(bound, options)
    items = bound.node.items if isinstance(bound.node, And) else (bound.node,)
    conjuncts = sorted((kusto.expression(item) for item in items), key=lambda text: text.rank)
    if "table" not in bound.place:
        message = f"no table is known, so {DEFAULT_TABLE} stands for one with columns of ECS names"
        kusto.note("table-unknown", Effect.SAME, message)
    table = str(bound.place.get("table", DEFAULT_TABLE))
    lines = [identifier(table), *(f"| where {kusto.folded_lines(text)}" for text in conjuncts)]
    query = "\n".join(lines)
    if len(query) > LONGEST_RULE:
        kusto.note(
            "query-too-long",
            Effect.SAME,
            f"{len(query):,} characters, and an analytics rule takes {LONGEST_RULE:,}",
            hint="put long lists of values into a watchlist",
        )
    return Emission(query, tuple(kusto.finished_notes()))


TARGET = Target(
    name="sentinel",
    title="Microsoft Sentinel KQL (Kusto)",
    emit=emit,
    aliases=("kusto",),
    suffix=".kql",
    comment="// {}",
)
