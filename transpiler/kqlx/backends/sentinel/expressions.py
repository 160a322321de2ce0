"""Tree → a condition of Kusto: groups, negations and lists of values."""

from __future__ import annotations

from dataclasses import dataclass

from kqlx.backends.base import ValueList, gather
from kqlx.backends.sentinel.boolean import FALSE, TRUE, all_text, any_text, not_text
from kqlx.backends.sentinel.column_access import REGEX
from kqlx.backends.sentinel.command_line_arguments import arguments_regex, split_arguments
from kqlx.backends.sentinel.nested_groups import Groups, has_objects
from kqlx.backends.sentinel.syntax import WIDTH, fold, quote
from kqlx.backends.target import Options
from kqlx.backends.text_backend import Group, Text
from kqlx.mappings.bound import Bound
from kqlx.nodes import (
    Always,
    And,
    Equals,
    Exists,
    FieldTest,
    Like,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
)
from kqlx.notes import Effect


@dataclass
class Kusto(Groups):
    def expression(self, node: Node) -> Text:
        if isinstance(node, FieldTest):
            if isinstance(node.field, Pattern):
                return self.any_field(node, node.field)
            if self.is_hidden(node):
                return FALSE
        return super().expression(node)

    def is_hidden(self, node: FieldTest) -> bool:
        """Whether the field lies in nested objects, which are seen in a group alone."""
        name = self.column(node).name
        path = self.bound.nested_path(name)
        if self.columns.inside or name in self.bound.columns or path is None:
            return False
        message = f"{name} never holds here: Elasticsearch sees it in {path}:{{ ... }} alone"
        self.note("nested-outside", Effect.SAME, message, node.span)
        return True

    def all_of(self, node: And) -> Text:
        return all_text([self.expression(item) for item in node.items])

    def any_of(self, node: Or) -> Text:
        found, rest = self.arguments(alternatives(node))
        on_paths, rest = self.paths(rest)
        return any_text(
            [
                *found,
                *on_paths,
                *(
                    self.value_list(item) if isinstance(item, ValueList) else self.expression(item)
                    for item in gather(rest, self.can_gather)
                ),
            ]
        )

    def arguments(self, items: list[Node]) -> tuple[list[Text], list[Node]]:
        """The tests for arguments of command lines, a regular expression a column, and the others
        of these alternatives.
        """
        by_column: dict[str, list[Equals | Like]] = {}
        for item in items:
            if isinstance(item, Equals | Like) and self.is_whole_text(item):
                by_column.setdefault(item.field.name, []).append(item)
        texts: list[Text] = []
        said: set[int] = set()
        for tests in by_column.values():
            words, others = split_arguments(tests)
            if words:
                cell = self.columns.cell(self.column(tests[0]))
                flags = "(?i)" if self.folds(cell, tests) else ""
                pattern = quote(flags + arguments_regex(words))
                texts.append(Text(f"{cell.access} matches regex {pattern}", rank=REGEX))
                said |= {id(test) for test in tests} - {id(test) for test in others}
        return texts, [item for item in items if id(item) not in said]

    def is_whole_text(self, node: Equals | Like) -> bool:
        """Whether the test is one of the text in a plain column."""
        if isinstance(node.field, Pattern) or self.is_hidden(node):
            return False
        cell = self.columns.cell(self.column(node))
        plain = cell.form == "column" and cell.is_string and not self.is_text(cell.column)
        return plain and cell.column.type not in ("ip", "flattened")

    def can_gather(self, node: Node) -> bool:
        if not isinstance(node, Equals) or isinstance(node.field, Pattern):
            return False
        name = self.column(node).name
        seen = (
            self.columns.inside
            or name in self.bound.columns
            or self.bound.nested_path(name) is None
        )
        return bool(seen) and self.fits_list(node)

    def negate(self, node: Not) -> Text:
        with self.under_not():
            if (negated := self.negated_operator(node.item)) is not None:
                return negated
            return not_text(self.expression(node.item))

    def negated_operator(self, node: Node) -> Text | None:
        """Kusto's own operator for the negation of a test, all of which keep missing values."""
        if isinstance(node, Exists) and not isinstance(node.field, Pattern):
            return None if self.is_hidden(node) else self.missing(self.column(node), node)
        if isinstance(node, Nested) and isinstance(node.item, Always):
            return has_objects(self.array_of(node)[0], "")
        test: Node | ValueList = node
        if isinstance(node, Or):
            gathered = gather(node.items, self.can_gather)
            test = gathered[0] if len(gathered) == 1 else node
        if isinstance(test, ValueList):
            tests = [item for item in test.tests if isinstance(item, Equals)]
            plain = all(self.has_negation(item) for item in tests)
            return self.value_list(test, "!") if plain else None
        if isinstance(test, Equals) and self.can_gather(test) and self.has_negation(test):
            return self.one_value(self.columns.cell(self.column(test)), [test], "!")
        return None

    def always(self) -> Text:
        return TRUE

    def never(self) -> Text:
        return FALSE

    # The query

    def conjunct(self, node: Node) -> Text:
        """What must hold by itself: where a group is taken apart, ``mv-apply`` and all."""
        return self.whole_group(node) if isinstance(node, Nested) else self.expression(node)

    def line(self, text: Text) -> str:
        """A conjunct behind its bar; of a long disjunction each alternative has a line."""
        if text.text.startswith("mv-apply "):
            return f"| {text.text}"
        if text.group is Group.OR and len(f"| where {text.text}") > WIDTH:
            return "| where " + "\n    or ".join(fold(part, " " * 8) for part in text.alternatives)
        return fold(f"| where {text.text}")


def condition_text(bound: Bound) -> str:
    """The tree as a condition that others can stand beside."""
    text = Kusto(bound, Options()).expression(bound.node)
    return f"({text.text})" if text.group is Group.OR else text.text


def alternatives(node: Or) -> list[Node]:
    """What may hold, one by one; groups of ``or`` within ``or`` are opened."""
    return [
        leaf
        for item in node.items
        for leaf in (alternatives(item) if isinstance(item, Or) else [item])
    ]
