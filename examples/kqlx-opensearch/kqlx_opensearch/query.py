"""Tree → Lucene query string, as OpenSearch's ``query_string`` reads it
(https://docs.opensearch.org/latest/query-dsl/full-text/query-string/).
"""

from __future__ import annotations

import re

from kqlx.backends.base import Backend, ValueList, gather
from kqlx.backends.target import Emission, Plan
from kqlx.mappings.bound import Column
from kqlx.nodes import And, Compare, Equals, Exists, FieldTest, Like, Node, Not, Or

TEXTS = {"text", "match_only_text"}
WORDS = {"keyword", "constant_keyword", "wildcard"}
OTHERS = {
    *("boolean", "ip", "date", "date_nanos", "byte", "short", "integer", "long", "unsigned_long"),
    *("half_float", "float", "double", "scaled_float"),
}
RANGES = {"gt": "{{{} TO *]", "gte": "[{} TO *]", "lt": "[* TO {}}}", "lte": "[* TO {}]"}


class LuceneQuery(Backend[str]):
    """One conversion. Groups carry their parentheses, so that no precedence is relied on."""

    def all_of(self, node: And) -> str:
        return f"({' AND '.join(map(self.expression, node.items))})"

    def any_of(self, node: Or) -> str:
        items = gather(node.items, lambda item: isinstance(item, Equals))
        return self._either(items)

    def negate(self, node: Not) -> str:
        return f"(*:* AND NOT {self.expression(node.item)})"

    def equals(self, column: Column, node: Equals) -> str:
        return f"{self._field(column, node)}:{self._value(column, node)}"

    def like(self, column: Column, node: Like) -> str:
        field = self._field(column, node)
        if re.search("[<>]", node.pattern.name):
            why = "Lucene cannot escape these signs"
            self.refuse(node.span, "a wildcard beside < or >", why, code="lucene-sign")
        pattern = node.pattern.as_regex(escaped, any_run="*", any_one="?")
        return f"{field}:{pattern}"

    def exists(self, column: Column, node: Exists) -> str:
        return f"_exists_:{self._field(column, node)}"

    def compare(self, column: Column, node: Compare) -> str:
        return f"{self._field(column, node)}:{RANGES[node.op].format(quoted(node.value.name))}"

    def always(self) -> str:
        return "*:*"

    def never(self) -> str:
        return "(*:* AND NOT *:*)"

    def _either(self, items: list[Node | ValueList]) -> str:
        each = [self._list(i) if isinstance(i, ValueList) else self.expression(i) for i in items]
        return each[0] if len(each) == 1 else f"({' OR '.join(each)})"

    def _list(self, values: ValueList) -> str:
        tests = [test for test in values.tests if isinstance(test, Equals)]
        column = self.column(tests[0])
        each = " OR ".join(self._value(column, test) for test in tests)
        return f"{self._field(column, tests[0])}:({each})"

    def _field(self, column: Column, node: FieldTest) -> str:
        """The field's name; of a multi-field its own, for OpenSearch indexes it too."""
        if column.type not in TEXTS | WORDS | OTHERS:
            what = f"a field of type {column.type}"
            self.refuse(node.span, what, "OpenSearch has none such", code="unknown-type")
        return escaped(node.field.name)

    def _value(self, column: Column, node: Equals) -> str:
        """The value in quotes, which make a phrase of it where the field's texts are analysed."""
        value = node.value.name
        one_word = value.isascii() and value.isalnum()
        if column.type in TEXTS and not (node.value.phrase or one_word):
            what = f"{node.field.name}:{value}, any of several words"
            why, hint = "a quoted value is a phrase", "put it in quotes"
            self.refuse(node.span, what, why, hint, code="any-word")
        return quoted(value)


def quoted(text: str) -> str:
    """A text between quotes. Braces are escaped as well: a monitor is a Mustache template."""
    return '"' + re.sub(r'[\\"{]', r"\\\g<0>", text) + '"'


def escaped(text: str) -> str:
    """A text outside quotes: each sign with a meaning, and white space, behind a backslash."""
    return re.sub(r"(?=[^\w.@]|^(?:AND|OR|NOT|TO)$)", r"\\", text)


def emit(plan: Plan) -> Emission:
    """The query of a plan. Raises UnsupportedError for what Lucene has no form for."""
    source = plan.only_source("OpenSearch")
    backend = LuceneQuery(source.bound, source.options)
    query = backend.expression(source.bound.node)
    if source.options.index:
        query = f"(_index:{source.options.index} AND {query})"
    return Emission(query, tuple(backend.notes), pieces=tuple(backend.pieces))
