"""Values of a column, one or several, as Kusto writes them by the type of the column."""

from __future__ import annotations

from decimal import Decimal

from kqlx.backends.sentinel.boolean import FALSE, TRUE, all_text, any_text
from kqlx.backends.sentinel.column_access import (
    CONTAINERS,
    OBJECTS,
    PLACES,
    SCAN,
    TIME,
    Cell,
)
from kqlx.backends.sentinel.dates import Limits, is_moment, limits, range_test
from kqlx.backends.sentinel.dynamic_arrays import (
    element_fits,
    filled,
    never_null,
    one_of,
    value_below_fits,
)
from kqlx.backends.sentinel.existence import Existence, widened
from kqlx.backends.sentinel.letter_case import ignores_case
from kqlx.backends.sentinel.named_values import NamedValues, list_text
from kqlx.backends.sentinel.syntax import quote
from kqlx.backends.sentinel.text_fields import TextFields
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.elastic.addresses import plain_network
from kqlx.elastic.type_names import DATES, INTEGERS, TEXTS
from kqlx.fragments import Piece
from kqlx.mappings.bound import described
from kqlx.nodes import Compare, Equals, asked_pattern
from kqlx.notes import Effect
from kqlx.patterns import Pattern
from kqlx.records import dataclass

_NOT_LISTED = DATES | CONTAINERS | PLACES | TEXTS

LEAST, MOST = -(2**63), 2**63 - 1
"""Of a column of type long."""
LARGEST_REAL = Decimal("1.7976931348623157e308")


@dataclass(frozen=True, slots=True)
class Equality:
    """Tests for values, with the notes and the polarity of the ``backend``. Long lists of values
    are among ``lists``.
    """

    backend: TextBackend
    existence: Existence
    lists: NamedValues

    def equals(self, cell: Cell, node: Equals) -> Text:
        kind = cell.column.type
        if cell.form == "elements" and (kind in INTEGERS or kind == "boolean"):
            digits = self.scalar(cell, node)
            return element_fits(cell, Pattern.of(digits), folds=False) if digits else FALSE
        if cell.is_untyped_in_array:
            return self.existence.instead(cell, node)
        if kind in DATES:
            return self.date_equals(cell, node)
        if self.backend.is_text(cell.column):
            return TextFields(self.backend).test(cell, node)
        if node.value.name == "" and kind != "ip" and cell.is_string:
            return self.empty(cell, node)
        if kind == "flattened":
            folds = ignores_case(self.backend, cell, [node])
            return value_below_fits(cell, asked_pattern(node), folds=folds)
        if cell.form in OBJECTS:
            folds = ignores_case(self.backend, cell, [node])
            return element_fits(cell, asked_pattern(node), folds=folds)
        return self.values(cell, [node])

    def fits_list(self, cell: Cell, node: Equals) -> bool:
        """Whether the test may be written together with others of the field."""
        if cell.form in OBJECTS or cell.column.type in _NOT_LISTED or cell.is_untyped_in_array:
            return False
        return node.value.name != ""

    def has_negation(self, cell: Cell, node: Equals) -> bool:
        """Whether Kusto has an operator for "none of these", which keeps missing values."""
        return cell.form == "column" and not (cell.column.type == "ip" and _is_network(node))

    def values(self, cell: Cell, tests: list[Equals], negation: str = "") -> Text:
        """One or several values of a column: ``==`` or ``in``, and functions for networks."""
        if cell.column.type == "ip":
            return self.addresses(cell, tests, negation)
        if cell.form in ("array", "many"):
            folds = ignores_case(self.backend, cell, tests)
            return one_of(
                cell,
                [test.value.name for test in tests],
                self.lists,
                folds=folds,
                negative=self.backend.negative,
            )
        if cell.is_string:
            literals = [quote(test.value.name) for test in tests]
            folds = ignores_case(self.backend, cell, tests)
        else:
            literals, folds = [found for t in tests if (found := self.scalar(cell, t))], False
        if not literals:
            return TRUE if negation else FALSE
        self.keep_each(cell, tests, literals)
        return self.listing(cell, list(dict.fromkeys(literals)), negation, folds)

    def keep_each(self, cell: Cell, tests: list[Equals], literals: list[str]) -> None:
        """Keeps each of several values as a piece, where they stand: in their list."""
        if len(tests) != len(literals) or len(tests) < 2:
            return
        spans = tuple(test.span for test in tests)
        pieces = tuple(Piece(text, (span,)) for text, span in zip(literals, spans, strict=True))
        once = list(dict.fromkeys(literals))
        if self.lists.list_name(cell.column.name, once):
            self.backend.aside.append(Piece(list_text(once), spans, pieces))
        else:
            self.backend.pieces += pieces

    def listing(self, cell: Cell, literals: list[str], negation: str, folds: bool) -> Text:
        if len(literals) == 1:
            same = ("!~" if negation else "=~") if folds else ("!=" if negation else "==")
            return Text(f"{cell.access} {same} {literals[0]}", rank=cell.rank)
        listed = self.lists.list_name(cell.column.name, literals) or ", ".join(literals)
        tilde = "~" if folds else ""
        return Text(f"{cell.access} {negation}in{tilde} ({listed})", rank=cell.rank)

    def scalar(self, cell: Cell, node: Equals) -> str:
        """A number or Boolean as a literal, "" for one that no value of the type can be."""
        if cell.column.type == "boolean":
            return node.value.name
        digits = node.value.name
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
            found = plain_network(text) or text
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
                test_text = never_null(f"{name}({cell.access}, {nets})", self.backend.negative)
                texts.append(Text(test_text, rank=SCAN))
        return any_text(texts)

    def listed_addresses(
        self, cell: Cell, plain: list[str], networks: dict[str, list[str]], node: Equals
    ) -> Text:
        texts = (
            [one_of(cell, plain, self.lists, folds=False, negative=self.backend.negative)]
            if plain
            else []
        )
        if networks["4"] or networks["6"]:
            message = f"{described(cell.column)}: Kusto cannot test an array for a network"
            upper = filled(cell)
            if not networks["6"]:
                upper = Text(f'tostring({cell.raw}) contains "."', rank=SCAN)
            texts.append(widened(self.backend, message, node, upper))
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
        return all_text(
            [Text(never_null(test, self.backend.negative), rank=TIME) for test in known]
        )

    def date(self, cell: Cell, node: Equals | Compare) -> Limits:
        span = limits(node.value.name)
        if span is None:
            what = f'"{node.value.name}" as a value of {described(cell.column)}'
            why = "Kusto cannot express this date"
            self.backend.refuse(node.span, what, why, code="date-not-supported")
        return span

    def empty(self, cell: Cell, node: Equals) -> Text:
        if cell.form in OBJECTS:
            return element_fits(cell, Pattern.of(), folds=False)
        if cell.keeps_empties:
            texts = [f"isnotnull({cell.raw})", f'{cell.access} == ""']
            return all_text([Text(text, rank=cell.rank) for text in texts])
        message = (
            f"{cell.column.name}: Kusto does not distinguish an empty string from a missing value"
        )
        self.backend.note("empty-is-missing", Effect.WIDER, message, node.span)
        if self.backend.negative:
            return FALSE
        if cell.form in ("array", "many"):
            # Kusto can tell it there, but an array of one empty text is also written as one.
            texts = [f'tostring({cell.raw}) == ""', f"tostring({cell.raw}) contains_cs '\"\"'"]
            return any_text([Text(text, rank=SCAN) for text in texts])
        return Text(f"isempty({cell.raw})", rank=cell.rank)


def real(digits: str) -> str:
    """A number for a column of type real: a whole one too long for a long needs its point."""
    return digits if "." in digits or len(digits) <= 18 else f"{digits}.0"


def _is_network(node: Equals) -> bool:
    return "/" in node.value.name or ":" in node.value.name
