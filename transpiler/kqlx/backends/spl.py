"""Kibana KQL → Splunk SPL: a ``search``, the source type first, and a ``where`` for what it cannot
say.

In ``search`` OR binds tighter than AND, in ``where`` the other way round, so that every OR stands
in parentheses and nothing rests on precedence. Negation is ``NOT field="value"``, which keeps
events without the field as Kibana does; ``!=`` would drop them
(https://docs.splunk.com/Documentation/Splunk/9.0.2/Search/NOTexpressions).

The search alone must never miss an event: where it cannot say a test it says one that surely
matches more, or below a ``not`` one that matches less. The ``where`` then holds what was widened,
and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kqlx.backends.base import Emission, Options, Target, ValueList, gather
from kqlx.backends.spl_leaves import DATES, flattened
from kqlx.backends.spl_syntax import fold, fold_condition, quote, search_name
from kqlx.backends.spl_time import time_range
from kqlx.backends.spl_where import Where
from kqlx.backends.text import NUMBERS, TEXTS, Group, Text, described
from kqlx.mappings import ecs
from kqlx.mappings.bound import MULTI_FIELDS, Bound, Column
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    simplify,
    transform,
    walk,
)
from kqlx.notes import Effect

_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

LONG_SEARCH = 10_000
"""Characters. Splunk documents no limit; long lists are better kept in a lookup."""


@dataclass
class _Search(Where):
    """Node → terms of ``search``; the conditions of ``where`` are in the class above."""

    def all_of(self, node: And) -> Text:
        return Text(" ".join([self.expression(item).text for item in node.items]), Group.AND)

    def any_of(self, node: Or) -> Text:
        items = [
            self.in_list(item) if isinstance(item, ValueList) else self.expression(item)
            for item in gather(node.items, lambda item: isinstance(item, Equals | Like))
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

    def in_list(self, values: ValueList) -> Text:
        column = self.bound.column(values.field.name)
        texts = [self.value(column, test) for test in values.tests]
        return Text(f"{search_name(column.name)} IN ({', '.join(dict.fromkeys(texts))})")

    def equals(self, column: Column, node: Equals) -> Text:
        return Text(f"{search_name(column.name)}={self.value(column, node)}")

    def like(self, column: Column, node: Like) -> Text:
        if not any(node.pattern.parts):
            return Text(f"{search_name(column.name)}=*")
        return Text(f"{search_name(column.name)}={self.value(column, node)}")

    def value(self, column: Column, node: Equals | Like) -> str:
        """The right side of ``=``."""
        if isinstance(node, Like):
            self.ignores_case(column, node.pattern.name, node)
            return quote(node.pattern.name)
        if column.type in NUMBERS:
            return self.number(column, node.value, node)
        if column.type == "boolean":
            return "true" if self.boolean(column, node) else "false"
        text = node.value.name
        if column.type == "ip":
            return quote(self.network(text) or text)
        self.ignores_case(column, text, node)
        return quote(text)

    def exists(self, column: Column, node: Exists) -> Text:
        return Text(f"{search_name(column.name)}=*")

    def compare(self, column: Column, node: Compare) -> Text:
        limit = self.number(column, node.value, node)
        return Text(f"{search_name(column.name)}{_OPERATORS[node.op]}{limit}")

    def free_text(self, node: FreeText) -> Text:
        return Text(self.free_term(node))

    def always(self) -> Text:
        return Text("*")

    def never(self) -> Text:
        return Text("NOT *", Group.NOT)

    def ignores_case(self, column: Column, text: str, node: Equals | Like) -> None:  # type: ignore[override]
        if not self.options.exact and column.type not in TEXTS:
            super().ignores_case(column, text, node)

    # The two steps

    def widened(self, node: Node) -> Node:
        """The node with every test that ``search`` cannot say replaced by one that matches more.

        Below an odd number of nots that is one that matches less: none at all.
        """
        if isinstance(node, And | Or):
            items = tuple([self.widened(item) for item in node.items])
            return And(items, node.span) if isinstance(node, And) else Or(items, node.span)
        if isinstance(node, Not):
            with self.under_not():
                return Not(self.widened(node.item), node.span)
        if self.is_exact(node):
            return node
        if self.negative:
            return Never(node.span)
        wide = self.superset(node)
        return wide if wide == node else self.widened(wide) if isinstance(wide, And | Or) else wide

    def all_exact(self, node: Node) -> bool:
        return all(
            self.is_exact(leaf) for leaf in walk(node) if not isinstance(leaf, And | Or | Not)
        )

    def gains_by_where(self, node: Node, negative: bool = False) -> bool:
        """Whether a second step can say more of the node than its widened form does."""
        if isinstance(node, And | Or):
            return any(self.gains_by_where(item, negative) for item in node.items)
        if isinstance(node, Not):
            return self.gains_by_where(node.item, not negative)
        if self.is_exact(node):
            return False
        if isinstance(node, Nested):
            return not negative and self.gains_by_where(self.superset(node))
        if not isinstance(node, Equals | Like) or isinstance(node.field, Pattern):
            return True
        return negative or self.column(node).type not in TEXTS

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
            if field.rpartition(".")[2] in MULTI_FIELDS or self.reads_alike(type, node):
                continue
            if known.fullmatch(field):
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


def emit(bound: Bound, options: Options) -> Emission:
    """The search of a bound tree. Raises UnsupportedError."""
    search = _Search(bound, options)
    terms = _base(bound, options)
    conditions: list[str] = []
    for item in _conjuncts(simplify(transform(bound.node, search.spread))):
        if isinstance(item, Compare) and (times := time_range(item)):
            terms.append(times[0])
            conditions += times[1:] if times[1] else ()
            continue
        search.check(item)
        exact = search.all_exact(item)
        wide = item if exact else simplify(search.widened(item))
        if not isinstance(wide, Always):
            terms.append(search.expression(wide).text)
        if not exact and search.gains_by_where(item):
            condition = search.condition(item).text
            if condition != "true()":
                conditions.append(condition)
    if not terms:
        terms = ["*"]
    lines = [
        fold(terms),
        *search.steps,
        *(f"| where {fold_condition(text)}" for text in conditions),
    ]
    query = "\n".join(lines)
    if len(query) > LONG_SEARCH:
        search.note(
            "query-too-long",
            Effect.SAME,
            f"{len(query):,} characters",
            hint="put long lists of values into a lookup",
        )
    return Emission(query, tuple(search.finished_notes()))


def _base(bound: Bound, options: Options) -> list[str]:
    """What comes first: the index and the macro of the user's settings, else the source type."""
    index = [f"index={search_name(options.index)}"] if options.index else []
    if options.macro:
        return [*index, f"`{options.macro}`"]
    return [*index, str(bound.place["base"])] if "base" in bound.place else index


def _conjuncts(node: Node) -> list[Node]:
    """What must hold, one by one; groups of ``and`` within ``and`` are opened, for each
    may need its own step.
    """
    if not isinstance(node, And):
        return [node]
    return [leaf for item in node.items for leaf in _conjuncts(item)]


TARGET = Target(
    name="spl",
    title="Splunk SPL",
    emit=emit,
    aliases=("splunk",),
    suffix=".spl",
    comment="``` {} ```",
)
