"""What is said of a query for Splunk before it is written: refusals, and notes on what differs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kqlx.backends.spl_leaves import DATES, flattened
from kqlx.backends.spl_where import Where
from kqlx.backends.text import NUMBERS, TEXTS, described
from kqlx.mappings import ecs
from kqlx.mappings.bound import Column
from kqlx.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
)
from kqlx.notes import Effect


@dataclass
class Remarks(Where):
    """Looks at the tests of a tree one by one."""

    def check(self, node: Node) -> None:
        """Refuses what neither step can say, and notes what both say only nearly."""
        if isinstance(node, And | Or):
            for item in node.items:
                self.check(item)
        elif isinstance(node, Not):
            self.check(node.item)
        elif isinstance(node, Nested):
            self.note(
                "nested-flattened",
                Effect.WIDER,
                f"the tests of {node.path.name}:{{ ... }} may be met by different objects",
                node.span,
            )
            self.check(flattened(node))
        elif isinstance(node, FreeText):
            self.note(
                "free-text",
                Effect.DIFFERENT,
                "a value without a field: Kibana looks in all fields, Splunk in the raw text",
                node.span,
            )
        elif isinstance(node, Equals | Like | Compare) and not isinstance(node.field, Pattern):
            self.check_type(self.column(node), node)
        if isinstance(node, Equals | Like | Exists | Compare) and isinstance(node.field, Pattern):
            self.check_pattern(node.field, node)

    def check_pattern(self, name: Pattern, node: FieldTest) -> None:
        """A name with stars is tested as text, which some of the fields that it fits are not."""
        if isinstance(node, Compare):
            self.refuse(node.span, f"a range on the fields {name.name}", "their types may differ")
        known = re.compile(".*".join(map(re.escape, name.parts)), re.DOTALL)
        for field, type in ecs.types().items():
            if not self.reads_alike(type, node) and known.fullmatch(field):
                self.note(
                    "name-wildcard",
                    Effect.DIFFERENT,
                    f"{name.name} also fits {field}, of type {type}, and all are compared as text",
                    node.span,
                )
                return

    def check_type(self, column: Column, node: Equals | Like | Compare) -> None:
        if isinstance(node, Equals) and node.value.value is None:
            self.null_value(node)
        if isinstance(node, Compare):
            if not self.is_number(column) and column.declared:
                why = "Splunk compares as numbers what looks like numbers, Elasticsearch does not"
                self.refuse(node.span, f"a range on {described(column)}", why)
            self.number(column, node.value, node)
            if not self.is_number(column):
                self.note(
                    "type-assumed",
                    Effect.SAME,
                    f"{column.name} is taken for a number: no type of it is known",
                    node.span,
                )
        elif isinstance(node, Like):
            if column.type in NUMBERS | DATES | {"ip", "boolean"}:
                why = "Elasticsearch finds nothing by it"
                self.refuse(node.span, f"a wildcard on {described(column)}", why)
            if node.pattern.parts[0] == "" and column.type not in TEXTS:
                self.note(
                    "leading-wildcard",
                    Effect.SAME,
                    f"a value of {column.name} begins with a star: Splunk's index is of no use",
                    node.span,
                )
        else:
            self.no_date(column, node)
        if column.type in TEXTS and not self.is_exact(node):
            self.note(
                "text-analysis",
                Effect.WIDER,
                f"{column.name} is text: Elasticsearch compares words, Splunk parts of the value",
                node.span,
            )
