"""Kibana KQL → Splunk SPL: one ``search``, the source type first.

In ``search`` OR binds tighter than AND, so every OR stands in parentheses and nothing rests on
precedence
(https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/search-commands/search).
Negation is ``NOT field="value"``, which keeps events without the field as Kibana does; ``!=`` would
drop them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kqlx.backends.base import Emission, Options, Target, ValueList, gather
from kqlx.backends.text import Group, Text, TextBackend, described
from kqlx.mappings.binder import Bound, Column
from kqlx.nodes import And, Compare, Equals, Exists, Like, Node, Not, Or

_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_BARE_NAME = re.compile(r"[A-Za-z0-9_.{}]+")
WIDTH = 100


def quote(text: str) -> str:
    """A value in double quotes. A star stays a wildcard: SPL's search has no escape for it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def field_name(name: str) -> str:
    """A field's name as ``search`` wants it: in double quotes where it is not plain."""
    return name if _BARE_NAME.fullmatch(name) else quote(name)


@dataclass
class _Search(TextBackend):
    language = "Splunk's search"

    def all_of(self, node: And) -> Text:
        return Text(" ".join(self.expression(item).text for item in node.items), Group.AND)

    def any_of(self, node: Or) -> Text:
        items = [
            self.value_list(item) if isinstance(item, ValueList) else self.expression(item)
            for item in gather(node.items, self.fits_list)
        ]
        if len(items) == 1:
            return items[0]
        texts = [f"({t.text})" if t.group is Group.AND else t.text for t in items]
        return Text(f"({' OR '.join(texts)})", Group.OR)

    def negate(self, node: Not) -> Text:
        with self.under_not():
            item = self.expression(node.item)
        # An OR already stands in parentheses.
        bare = item.group in (Group.ATOM, Group.OR)
        return Text(f"NOT {item.text}" if bare else f"NOT ({item.text})", Group.NOT)

    def fits_list(self, node: Node) -> bool:
        if not isinstance(node, Equals | Like):
            return False
        column = self.column(node)
        return not self.is_text(column) and (isinstance(node, Equals) or not self.is_number(column))

    def value_list(self, values: ValueList) -> Text:
        column = self.bound.column(values.field.name)
        texts = ", ".join(
            [
                self.value(column, test) if isinstance(test, Equals) else self.pattern(column, test)
                for test in values.tests
            ]
        )
        return Text(f"{field_name(column.name)} IN ({texts})")

    def equals(self, column: Column, node: Equals) -> Text:
        if self.is_text(column):
            return self.words(column, node)
        return Text(f"{field_name(column.name)}={self.value(column, node)}")

    def like(self, column: Column, node: Like) -> Text:
        return Text(f"{field_name(column.name)}={self.pattern(column, node)}")

    def exists(self, column: Column, node: Exists) -> Text:
        return Text(f"{field_name(column.name)}=*")

    def compare(self, column: Column, node: Compare) -> Text:
        if not self.is_number(column):
            self.refuse(
                node.span,
                f"a range on {described(column)}",
                "Splunk compares as numbers what looks like numbers, Elasticsearch does not",
            )
        number = self.number(column, node.value, node)
        return Text(f"{field_name(column.name)}{_OPERATORS[node.op]}{number}")

    def value(self, column: Column, node: Equals) -> str:
        """The right side of a comparison with this value."""
        if self.is_number(column):
            return self.number(column, node.value, node)
        if node.value.value is None:
            self.null_value(node)
        text = node.value.name
        if column.type == "boolean":
            return text
        if column.type != "ip" and "/" in text and self.is_network(text):
            self.wider(
                "network-on-text",
                node,
                f"{column.name} is text, and Splunk reads {text} as a network",
            )
        if "*" in text:
            self.literal_star(column, node)
        self.ignores_case(column, text, node)
        return quote(text)

    def pattern(self, column: Column, node: Like) -> str:
        if self.is_number(column) or column.type in ("ip", "date", "boolean"):
            self.refuse(node.span, f"a wildcard on {described(column)}")
        if self.is_text(column):
            self.analysed(column, node)
        if any("*" in part for part in node.pattern.parts):
            self.literal_star(column, node)
        self.ignores_case(column, node.pattern.name, node)
        return quote(node.pattern.name)

    def literal_star(self, column: Column, node: Equals | Like) -> None:
        self.wider(
            "literal-star",
            node,
            f"a star in a value of {column.name} is a wildcard in Splunk's search",
        )

    def words(self, column: Column, node: Equals) -> Text:
        """A text field, which Elasticsearch compares word by word."""
        self.analysed(column, node)
        phrases = [node.value.name] if node.value.quoted else node.value.name.split()
        terms = [f"{field_name(column.name)}={quote(f'*{phrase}*')}" for phrase in phrases or [""]]
        return Text(terms[0]) if len(terms) == 1 else Text(f"({' OR '.join(terms)})", Group.OR)

    def always(self) -> Text:
        return Text("*")

    def never(self) -> Text:
        return Text("NOT *", Group.NOT)


def emit(bound: Bound, options: Options) -> Emission:
    """The search of a bound tree, folded at about 100 columns. Raises UnsupportedError."""
    search = _Search(bound, options)
    items = bound.node.items if isinstance(bound.node, And) else (bound.node,)
    terms = [str(bound.place["base"])] if "base" in bound.place else []
    terms += [search.expression(item).text for item in items]
    return Emission(_fold(terms), tuple(search.finished_notes()))


def _fold(terms: list[str]) -> str:
    lines = [terms[0]]
    for term in terms[1:]:
        if len(lines[-1]) + 1 + len(term) <= WIDTH:
            lines[-1] += f" {term}"
        else:
            lines.append(f"    {term}")
    return "\n".join(lines)


TARGET = Target(
    name="spl",
    title="Splunk SPL",
    emit=emit,
    aliases=("splunk",),
    suffix=".spl",
    comment="``` {} ```",
)
