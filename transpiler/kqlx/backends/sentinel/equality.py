"""Values of a column, one or several, as Kusto writes them by the type of the column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from kqlx.backends.base import ValueList
from kqlx.backends.sentinel.boolean import FALSE, TRUE, all_text, any_text
from kqlx.backends.sentinel.column_access import (
    CONTAINERS,
    OBJECTS,
    PLACES,
    SCAN,
    TIME,
    Cell,
    Columns,
)
from kqlx.backends.sentinel.dates import Limits, is_moment, limits, range_test
from kqlx.backends.sentinel.dynamic_arrays import (
    element_fits,
    filled,
    never_null,
    one_of,
    value_below_fits,
)
from kqlx.backends.sentinel.named_lists import NamedLists
from kqlx.backends.sentinel.syntax import quote
from kqlx.backends.sentinel.text_fields import TextFields
from kqlx.backends.text_backend import Text, TextBackend, described
from kqlx.elastic.addresses import network as span_of
from kqlx.elastic.type_names import DATES, INTEGERS
from kqlx.mappings.bound import Column
from kqlx.nodes import Compare, Equals, Exists, FieldTest, Like, Literal
from kqlx.notes import Effect

LEAST, MOST = -(2**63), 2**63 - 1
"""Of a column of type long."""
LARGEST_REAL = Decimal("1.7976931348623157e308")


@dataclass
class Equality(TextBackend):
    """Tests for values; long lists of them are among ``lists``."""

    language = "Kusto"

    @cached_property
    def columns(self) -> Columns:
        return Columns(self.bound)

    @cached_property
    def text_fields(self) -> TextFields:
        return TextFields(self)

    def widened(self, message: str, node: Equals | Like | Compare, upper: Text = TRUE) -> Text:
        """Something that matches more than the test, or below a not something that matches less:
        nothing.
        """
        self.note("approximated", Effect.WIDER, message, node.span)
        return FALSE if self.negative else upper

    @cached_property
    def lists(self) -> NamedLists:
        return NamedLists(self.columns.used_names)

    def equals(self, column: Column, node: Equals) -> Text:
        if node.value.value is None:
            self.null_value(node)
        cell = self.columns.cell(column)
        kind = cell.column.type
        self.refuse_valueless(cell, node)
        if cell.form == "elements" and kind in INTEGERS | {"boolean"}:
            digits = self.scalar(cell, node)
            return element_fits(cell, (digits,), folds=False) if digits else FALSE
        if self.is_untyped_in_array(cell):
            return self.existence_instead(cell, node)
        if kind in DATES:
            return self.date_equals(cell, node)
        if cell.is_string and kind != "ip" and self.is_text(cell.column):
            return self.text_fields.test(cell, node)
        if cell.is_string and kind != "ip" and node.value.name == "":
            return self.empty(cell, node)
        if kind == "flattened":
            return value_below_fits(cell, (node.value.name,), folds=self.folds(cell, [node]))
        if cell.form in OBJECTS:
            return element_fits(cell, (node.value.name,), folds=self.folds(cell, [node]))
        return self.one_value(cell, [node], "")

    def fits_list(self, node: object) -> bool:
        """Whether the test may be written together with others of the field."""
        if not isinstance(node, Equals) or not isinstance(node.field, Literal):
            return False
        if node.value.value is None:
            return False
        cell = self.columns.cell(self.column(node))
        if cell.form in OBJECTS or cell.column.type in DATES | CONTAINERS | PLACES:
            return False
        if self.is_untyped_in_array(cell):
            return False
        return not self.is_text(cell.column) and node.value.name != ""

    def value_list(self, values: ValueList, negation: str = "") -> Text:
        """``in``, and for networks the functions that take several."""
        tests = [test for test in values.tests if isinstance(test, Equals)]
        cell = self.columns.cell(self.column(tests[0]))
        if cell.column.type == "ip":
            return self.addresses(cell, tests, negation)
        return self.one_value(cell, tests, negation)

    def has_negation(self, node: Equals) -> bool:
        """Whether Kusto has an operator for "none of these", which keeps missing values."""
        cell = self.columns.cell(self.column(node))
        return cell.form == "column" and not (cell.column.type == "ip" and _is_network(node))

    def one_value(self, cell: Cell, tests: list[Equals], negation: str) -> Text:
        """One or several values of a column, none of them a network."""
        if cell.column.type == "ip":
            return self.addresses(cell, tests, negation)
        if cell.form in ("array", "many"):
            folds = self.folds(cell, tests)
            return one_of(
                cell,
                [test.value.name for test in tests],
                self.lists,
                folds=folds,
                negative=self.negative,
            )
        if cell.is_string:
            literals = [quote(test.value.name) for test in tests]
            folds = self.folds(cell, tests)
        else:
            literals, folds = [found for t in tests if (found := self.scalar(cell, t))], False
        if not literals:
            return TRUE if negation else FALSE
        return self.listing(cell, list(dict.fromkeys(literals)), negation, folds)

    def listing(self, cell: Cell, literals: list[str], negation: str, folds: bool) -> Text:
        if len(literals) == 1:
            same = ("!~" if negation else "=~") if folds else ("!=" if negation else "==")
            return Text(f"{cell.access} {same} {literals[0]}", rank=cell.rank)
        listed = self.lists.named(cell.column.name, literals) or ", ".join(literals)
        tilde = "~" if folds else ""
        return Text(f"{cell.access} {negation}in{tilde} ({listed})", rank=cell.rank)

    def scalar(self, cell: Cell, node: Equals) -> str:
        """A number or Boolean as a literal, "" for one that no value of the type can be."""
        if cell.column.type == "boolean":
            return "true" if self.boolean(cell.column, node) else "false"
        digits = self.number(cell.column, node.value, node)
        self.refuse_rounded(cell.column, digits, node)
        number = Decimal(digits)
        if cell.column.type in INTEGERS:
            return digits if LEAST <= number <= MOST and number == int(number) else ""
        return real(digits) if abs(number) <= LARGEST_REAL else ""

    def addresses(self, cell: Cell, tests: list[Equals], negation: str = "") -> Text:
        """Addresses and networks. One IPv6 address has many spellings, so that it is a network
        too.
        """
        plain: list[str] = []
        networks: dict[str, list[str]] = {"4": [], "6": []}
        for test in tests:
            text = test.value.name
            if span_of(text) is None:
                what = f'"{text}" as a value of {described(cell.column)}'
                self.refuse(test.span, what, "it is neither an address nor a network")
            found = self.network(text) or text
            if "/" in found:
                networks["6" if ":" in found else "4"].append(quote(found))
            else:
                plain.append(found)
        if cell.form in ("array", "many"):
            return self.listed_addresses(cell, plain, networks, tests[0])
        texts = []
        if plain:
            texts.append(self.listing(cell, [quote(text) for text in plain], negation, False))
        for version, listed in networks.items():
            if listed:
                one = len(listed) == 1
                nets = listed[0] if one else f"dynamic([{', '.join(listed)}])"
                name = f"ipv{version}_is_in_{'range' if one else 'any_range'}"
                test_text = never_null(f"{name}({cell.access}, {nets})", self.negative)
                texts.append(Text(test_text, rank=SCAN))
        return any_text(texts)

    def listed_addresses(
        self, cell: Cell, plain: list[str], networks: dict[str, list[str]], node: Equals
    ) -> Text:
        texts = (
            [one_of(cell, plain, self.lists, folds=False, negative=self.negative)] if plain else []
        )
        if networks["4"] or networks["6"]:
            message = f"{cell.column.name} is an array, for which Kusto has no test of networks"
            upper = filled(cell)
            if not networks["6"]:
                upper = Text(f'tostring({cell.raw}) contains "."', rank=SCAN)
            texts.append(self.widened(message, node, upper))
        return any_text(texts)

    def date_equals(self, cell: Cell, node: Equals) -> Text:
        span = self.date(cell, node)
        if is_moment(span):
            return Text(f"bin({cell.access}, 1ms) == bin({span[0]}, 1ms)", rank=TIME)
        tests = [
            range_test(cell.access, "gte", span),
            range_test(cell.access, "lte", span),
        ]
        known = [test for test in tests if test != "true"]
        if "false" in known:
            return FALSE
        return all_text([Text(never_null(test, self.negative), rank=TIME) for test in known])

    def date(self, cell: Cell, node: Equals | Compare) -> Limits:
        span = limits(node.value.name)
        if span is None:
            what = f'"{node.value.name}" as a value of {described(cell.column)}'
            self.refuse(node.span, what, "it is no date that Kusto can be given")
        return span

    def empty(self, cell: Cell, node: Equals) -> Text:
        if cell.form in OBJECTS:
            return element_fits(cell, ("",), folds=False)
        if cell.keeps_empties:
            texts = [f"isnotnull({cell.raw})", f'{cell.access} == ""']
            return all_text([Text(text, rank=cell.rank) for text in texts])
        message = f"Kusto cannot tell an empty {cell.column.name} from a missing one"
        self.note("empty-is-missing", Effect.WIDER, message, node.span)
        if self.negative:
            return FALSE
        if cell.form in ("array", "many"):
            # Kusto can tell it there, but an array of one empty text is also written as one.
            texts = [f'tostring({cell.raw}) == ""', f"tostring({cell.raw}) contains_cs '\"\"'"]
            return any_text([Text(text, rank=SCAN) for text in texts])
        return Text(f"isempty({cell.raw})", rank=cell.rank)

    def is_untyped_in_array(self, cell: Cell) -> bool:
        """Whether the values stand in an array without being texts: JSON spells them otherwise."""
        within = cell.form in OBJECTS and cell.column.type == "ip"
        return within or (cell.form != "column" and not cell.is_string)

    def existence_instead(self, cell: Cell, node: Equals | Compare) -> Text:
        message = f"Kusto cannot compare the values of {described(cell.column)}, within an array"
        column = self.column(node)
        return self.widened(message, node, self.exists(column, Exists(node.field, node.span)))

    # Patterns

    def refuse_valueless(self, cell: Cell, node: FieldTest) -> None:
        """Refuses a value of what has none of its own."""
        if cell.column.type in PLACES | {"object", "nested"}:
            why = "Elasticsearch finds nothing by it"
            self.refuse(node.span, f"a value of {described(cell.column)}", why)

    def folds(self, cell: Cell, tests: Sequence[Equals | Like]) -> bool:
        """Whether letter case is ignored, with the note where that is a difference."""
        case = cell.column.case
        wanted = "sensitive" if self.options.exact else self.options.case
        if case == "ignored":
            return True
        if wanted == "sensitive":
            if case == "differs":
                name = cell.column.name
                message = f"{name} may be spelt in another letter case there"
                self.note("case-kept", Effect.CASE, message, tests[0].span)
            return False
        if case == "same" and wanted is None:
            return False
        for test in tests:
            text = test.pattern.name if isinstance(test, Like) else test.value.name
            self.ignores_case(cell.column, text, test)
        return True


def real(digits: str) -> str:
    """A number for a column of type real: a whole one too long for a long needs its point."""
    return digits if "." in digits or len(digits) <= 18 else f"{digits}.0"


def _is_network(node: Equals) -> bool:
    return "/" in node.value.name or ":" in node.value.name
