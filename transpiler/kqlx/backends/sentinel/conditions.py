"""Tree → a condition of Kusto: groups, negations and lists of values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from kqlx.backends.base import LEAVES, NO_FORM, ValueList, gather
from kqlx.backends.sentinel.boolean import FALSE, TRUE, all_text, any_text, not_text
from kqlx.backends.sentinel.column_access import Cell, Columns
from kqlx.backends.sentinel.dynamic_paths import Paths
from kqlx.backends.sentinel.field_tests import FieldTests
from kqlx.backends.sentinel.joined_alternatives import JoinedAlternatives, alternatives
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.nested_groups import NestedGroups, has_objects
from kqlx.backends.sentinel.syntax import WIDTH, fold, terms_within
from kqlx.backends.sentinel.text_fields import free_text
from kqlx.backends.sentinel.wildcard_names import WildcardNames
from kqlx.backends.target import Options
from kqlx.backends.text_backend import Group, Text, TextBackend
from kqlx.elastic.type_names import NUMBERS, TEXTS
from kqlx.mappings.bound import Bound, Column, described
from kqlx.mappings.nested import bare_value_test
from kqlx.nodes import (
    Always,
    And,
    Case,
    CommandLineArgument,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    asked_pattern,
)
from kqlx.records import dataclass, field


@dataclass()
class ConditionWriter(TextBackend):
    """Node → condition. Its collaborators write single tests, groups, and tests by names with
    stars.
    """

    values: NamedValues = field(default_factory=NamedValues)
    terms: dict[str, set[str]] = field(default_factory=dict)
    """By column the terms that tests of the whole query ask for, so far."""
    cells: dict[tuple[str, tuple[str, str] | None, bool], Cell] = field(default_factory=dict)
    """Of the fields of tests, by name, and by what ``columns`` are inside of."""

    language = "Kusto"
    leaves = (*LEAVES, FunctionTest)
    own_case = Case.EXACT

    @cached_property
    def columns(self) -> Columns:
        return Columns(self.bound)

    @cached_property
    def lists(self) -> NamedValues:
        return self.values.beside(lambda: self.columns.used_names)

    @cached_property
    def field_tests(self) -> FieldTests:
        return FieldTests(self, self.lists, self.terms)

    @cached_property
    def paths(self) -> Paths:
        return Paths(self, self.columns, self.field_tests)

    @cached_property
    def groups(self) -> NestedGroups:
        return NestedGroups(self, self.columns, self.expression)

    @cached_property
    def joined(self) -> JoinedAlternatives:
        return JoinedAlternatives(self, self.cell, self.expression, self.terms)

    @cached_property
    def wildcard_names(self) -> WildcardNames:
        return WildcardNames(self, self.columns, self.expression)

    def expression(self, node: Node) -> Text:
        if not isinstance(node, FieldTest):
            return super().expression(node)
        before = len(self.pieces)
        if isinstance(node.field, Pattern):
            made = self.wildcard_names.any_field(node, node.field)
        else:
            made = self.field_test(node)
        return self.kept(made, before, node.span)

    def field_test(self, node: FieldTest) -> Text:
        cell = self.cell(node)
        if cell.key_path is None:
            return self.field_tests.test(cell, node)
        return self.paths.any_test(cell, [node])

    def regexp(self, column: Column, node: Regexp) -> Text:
        cell = self.columns.cell(column)
        known = cell.form in ("column", "array", "many") and cell.key_path is None
        if not known or not cell.is_string or self.is_text(cell.column):
            what = f"a regular expression on {described(column)}"
            self.refuse(node.span, what, "it is no plain column of texts", code=NO_FORM)
        return self.field_tests.patterns.regexp(cell, node)

    def function_test(self, node: FunctionTest) -> Text:
        from kqlx.backends.sentinel.function_tests import condition

        return condition(self, self.columns, node)

    def cell(self, node: FieldTest) -> Cell:
        """Where the values of the test's field are."""
        columns = self.columns
        key = node.field.name, columns.inside, columns.optional
        if (found := self.cells.get(key)) is not None and isinstance(node.field, Literal):
            return found
        column = self.column(node)
        if not column.name:
            what = 'the field name ""'
            self.refuse(node.span, what, "a column has one", code="field-name-not-supported")
        found = self.cells[key] = columns.cell(column)
        return found

    def all_of(self, node: And) -> Text:
        words, rest = self.joined.words(node.items)
        return all_text([*words, *(self.expression(item) for item in rest)])

    def any_of(self, node: Or) -> Text:
        return self.one_of(node.items)

    def argument(self, node: CommandLineArgument) -> Text:
        return self.one_of([node])

    def one_of(self, items: Iterable[Node]) -> Text:
        found, rest = self.joined.arguments(alternatives(items))
        on_paths, rest = self.on_paths(rest)
        fitting, rest = self.joined.patterns(rest)
        phrases, rest = self.joined.phrases(rest)
        values, rest = self.joined.values(rest)
        return any_text(
            [
                *found,
                *on_paths,
                *fitting,
                *phrases,
                *values,
                *(
                    self.value_list(item.tests)
                    if isinstance(item, ValueList)
                    else self.expression(item)
                    for item in gather(rest, self.can_gather, self.effective_case)
                ),
            ]
        )

    def value_list(self, tests: Iterable[Equals | Like], negation: str = "") -> Text:
        """``in``, and for networks the functions that take several."""
        equal = [test for test in tests if isinstance(test, Equals)]
        before = len(self.pieces)
        made = self.field_tests.equality.values(self.cell(equal[0]), equal, negation)
        return self.kept(made, before, *(test.span for test in equal))

    def on_paths(self, items: list[Node]) -> tuple[list[Text], list[Node]]:
        """The tests of values behind a key path, one for each column and letter case, and the
        others of these alternatives.
        """
        if not self.columns.have_key_paths:
            return [], items
        by_column: dict[tuple[str, Case], list[FieldTest]] = {}
        rest: list[Node] = []
        for item in items:
            if isinstance(item, Equals | Like) and self.is_on_path(item):
                by_column.setdefault((item.field.name, self.effective_case(item)), []).append(item)
            else:
                rest.append(item)
        found = []
        for tests in by_column.values():
            before, made = len(self.pieces), self.paths.any_test(self.cell(tests[0]), tests)
            found.append(self.kept(made, before, *(test.span for test in tests)))
        return found, rest

    def asked(self, node: Node) -> None:
        """Takes down the terms that a value has which meets a test of the whole query."""
        if isinstance(node, Equals | Like) and self.joined.is_whole_text(node):
            terms = terms_within(asked_pattern(node))
            self.terms.setdefault(self.cell(node).access, set()).update(terms)

    def compares_whole(self, node: Equals | Like) -> bool:
        """Whether values of the test's column are compared as they are."""
        if isinstance(node.field, Pattern):
            return False
        type = self.column(node).type
        return type not in ("ip", "flattened", "date", *TEXTS) and (
            isinstance(node, Equals) or type not in NUMBERS
        )

    def is_on_path(self, node: Equals | Like) -> bool:
        return isinstance(node.field, Literal) and self.cell(node).key_path is not None

    def can_gather(self, node: Node) -> bool:
        if not isinstance(node, Equals) or isinstance(node.field, Pattern):
            return False
        return self.field_tests.equality.fits_list(self.cell(node), node)

    def negate(self, node: Not) -> Text:
        with self.under_not():
            if (negated := self.negated_operator(node.item)) is not None:
                return negated
            return not_text(self.expression(node.item))

    def negated_operator(self, node: Node) -> Text | None:
        """Kusto's own operator for the negation of a test, all of which keep missing values."""
        if isinstance(node, Exists) and not isinstance(node.field, Pattern):
            return self.field_tests.existence.missing(self.cell(node), node)
        if isinstance(node, Nested) and isinstance(node.item, Always):
            return has_objects(self.groups.array_of(node)[0], "")
        test: Node | ValueList = node
        if isinstance(node, Or):
            gathered = gather(node.items, self.can_gather, self.effective_case)
            test = gathered[0] if len(gathered) == 1 else node
        if isinstance(test, ValueList):
            tests = [item for item in test.tests if isinstance(item, Equals)]
            return self.value_list(tests, "!") if all(map(self.has_negation, tests)) else None
        if isinstance(test, Equals) and self.can_gather(test) and self.has_negation(test):
            return self.value_list([test], "!")
        return None

    def has_negation(self, node: Equals) -> bool:
        return self.field_tests.equality.has_negation(self.cell(node), node)

    def nested(self, node: Nested) -> Text:
        return self.groups.among_others(node)

    def free_text(self, node: FreeText) -> Text:
        if self.columns.inside:
            return self.expression(bare_value_test(node))
        return free_text(node, self)

    def always(self) -> Text:
        return TRUE

    def never(self) -> Text:
        return FALSE

    # The query

    def conjunct(self, node: Node) -> Text:
        """What must hold by itself: where a group is taken apart, ``mv-apply`` and all."""
        if isinstance(node, Nested):
            before = len(self.pieces)
            return self.kept(self.groups.whole_conjunct(node), before, node.span)
        return self.expression(node)

    def line(self, text: Text) -> str:
        """A conjunct behind its bar; of a long disjunction each alternative has a line."""
        if text.text.startswith("mv-apply "):
            return f"| {text.text}"
        if text.group is Group.OR and len(f"| where {text.text}") > WIDTH:
            return "| where " + "\n    or ".join(fold(part, " " * 8) for part in text.alternatives)
        return fold(f"| where {text.text}")


def condition_text(bound: Bound) -> str:
    """The tree as a condition that others can stand beside."""
    text = ConditionWriter(bound, Options()).expression(bound.node)
    return f"({text.text})" if text.group is Group.OR else text.text
