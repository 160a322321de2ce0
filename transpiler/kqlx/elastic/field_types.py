"""What the field types of Elasticsearch have in common: which of its indexed values a test matches;
and the types of Booleans, dates and places. Others: ``string_types``, ``numbers``, ``addresses``.

Each type is given the parts of a test once, when a query is compiled, and returns a function on one
value of an event, or None where no value can match. None too where Elasticsearch refuses the search
(a number field asked for ``abc``, an address field with a star), which the ``refuses`` methods
tell: a search that fails finds no event.

Kibana asks for patterns by ``query_string``, except on a field that is a keyword and nothing else:
a pattern is split there at its white space, and one piece is enough. That goes for ``wildcard``,
``constant_keyword``, ``version`` and ``flattened`` too (``string_types.Parted``).

Types are taken as mapped without parameters of their own: no ``ignore_above``, ``null_value`` or
normalizer, ``coerce`` on, default date format, standard analyzer. The range types (``ip_range``,
``integer_range``, ...) and all types not listed here are treated as keyword, ``scaled_float`` as
double, and ``version`` compares as text.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kqlx.elastic.text_analysis import pieces_of
from kqlx.nodes import Literal, Operator, Pattern

if TYPE_CHECKING:
    from kqlx.regular_expressions import Item

Test = Callable[[Any], bool]
"""Of one value of a field, never None, a list or an object."""

COMPARISONS: dict[Operator, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def text_of(value: Any) -> str:
    """The JSON text of a value, as a keyword field indexes it: ``true``, ``5``, ``0.5``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return json.dumps(value)
    if isinstance(value, int):  # Python refuses to print very long numbers, Decimal does not
        return str(value) if value.bit_length() < 4096 else format(Decimal(value), "f")
    return str(value)


def asked_text(literal: Literal) -> str:
    """The text that a value of a query is for a field of texts: a number of a language that has
    numbers is written as Java writes it, ``1000.0`` for ``1e3``.
    """
    if literal.kind != "number":
        return literal.name
    from kqlx.elastic.literal_values import number_in, shown

    number = number_in(literal.name)
    return literal.name if number is None else shown(number)


class FieldType:
    """What all types have in common: nothing matches, every value is a value, and nothing is
    refused.
    """

    takes_patterns = True
    """Whether a pattern may have a star; else the lone one alone is not refused."""
    takes_any_case = True
    """Whether a value may be asked for without regard to letter case; else that is refused."""

    def refuses(self, literal: Literal) -> bool:
        """Whether Elasticsearch refuses a search for this value, whatever is joined to it."""
        return False

    def refuses_bound(self, literal: Literal) -> bool:
        """The same of ``field >= literal``."""
        return self.refuses(literal)

    def refuses_pattern(self, pattern: Pattern) -> bool:
        """The same of ``field:a*b``, not the lone star."""
        if self.takes_patterns:
            return False
        return any(
            self.refuses(Literal(piece.text)) if piece.is_text else not piece.is_lone_star
            for piece in pieces_of(pattern)
        )

    def holds(self, value: Any) -> bool:
        """Whether the field has an indexed value when this stands in the event."""
        return True

    def folded(self) -> FieldType:
        """The type as a test asks it that has no regard to letter case; one whose values have no
        letter case, or are compared without regard to it, is the same.
        """
        return self

    def whole(self) -> FieldType:
        """The type as a pattern asks it that is held against the whole value (``Like.whole``)."""
        return self

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        """``field:(a or b or c)``, one literal or more."""
        return None

    def like(self, pattern: Pattern) -> Test | None:
        """``field:a*b``, not the lone star."""
        return None

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        """``field >= bound``."""
        return None

    def regexp(self, expression: Item) -> Test | None:
        """The query ``regexp``, which strings alone can be asked."""
        return None


def any_piece(
    kind: FieldType, pattern: Pattern, fitting: Callable[[Pattern], Test | None] | None = None
) -> Test | None:
    """One of the pieces into which white space parts a pattern: the lone star asks for any value,
    one with wildcards is put to ``fitting``, others are values. None where one of them is refused,
    or has wildcards and there is nothing to put it to.
    """
    tests: list[Test | None] = []
    for piece in pieces_of(pattern):
        if piece.is_lone_star:
            tests.append(kind.holds)
        elif not piece.is_text:
            if fitting is None:
                return None
            tests.append(fitting(piece))
        else:
            if kind.refuses(Literal(piece.text)):
                return None
            tests.append(kind.any_of((Literal(piece.text),)))
    return any_test([test for test in tests if test])


def any_test(tests: Sequence[Test]) -> Test | None:
    """One of the tests; None where there are none."""
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda value: any([test(value) for test in tests])


class Boolean(FieldType):
    """True and false, also written as texts; in events the empty text is false
    (https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/boolean). False comes
    before true.
    """

    takes_patterns = False
    takes_any_case = False

    def refuses(self, literal: Literal) -> bool:
        return literal.name not in ("true", "false")

    def like(self, pattern: Pattern) -> Test | None:
        return any_piece(self, pattern)

    def holds(self, value: Any) -> bool:
        return self.read(value) is not None

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        names = {literal.name for literal in wanted} & {"true", "false"}
        found = [name == "true" for name in names]
        return (lambda value: self.read(value) in found) if found else None

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        if bound.name not in ("true", "false"):
            return None
        stands, limit = COMPARISONS[op], bound.name == "true"
        return lambda value: (found := self.read(value)) is not None and stands(found, limit)

    @staticmethod
    def read(value: Any) -> bool | None:
        if isinstance(value, bool):
            return value
        return (
            {"true": True, "false": False, "": False}.get(value) if isinstance(value, str) else None
        )


class Date(FieldType):
    """Instants, in milliseconds, or nanoseconds for ``date_nanos``. A value equals all that its
    text covers (https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/date; see
    ``date_math.instant`` for what that is). ``now`` is an instant, ``zone`` that of the query.
    """

    takes_patterns = False
    takes_any_case = False

    def refuses(self, literal: Literal) -> bool:
        return self._bound(literal, False) is None

    def like(self, pattern: Pattern) -> Test | None:
        return any_piece(self, pattern)

    def __init__(self, unit: int, now: int, zone: tzinfo = UTC) -> None:
        self.unit = unit  # in nanoseconds
        self.now = now
        self.zone = zone

    def holds(self, value: Any) -> bool:
        return self.read(value) is not None

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        spans = [
            (first, last)
            for literal in wanted
            if (first := self._bound(literal, False)) is not None
            and (last := self._bound(literal, True)) is not None
        ]
        if not spans:
            return None

        def within(value: Any) -> bool:
            at = self.read(value)
            return at is not None and any([first <= at <= last for first, last in spans])

        return within

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        limit = self._bound(bound, op in ("gt", "lte"))
        if limit is None:
            return None
        stands = COMPARISONS[op]
        return lambda value: (at := self.read(value)) is not None and stands(at, limit)

    def read(self, value: Any) -> int | None:
        """Numbers are read as their text, as Elasticsearch does: 2024 is a year."""
        if isinstance(value, bool):
            return None
        from kqlx.elastic.date_math import instant

        at = instant(text_of(value))
        return None if at is None else at // self.unit

    def _bound(self, literal: Literal, round_up: bool) -> int | None:
        from kqlx.elastic.date_math import instant

        at = instant(literal.name, round_up=round_up, now=self.now, zone=self.zone)
        if at is None or (self.unit == 1 and not 0 <= at < 2**63):  # date_nanos: 1970 to 2262
            return None
        return at // self.unit


class Located(FieldType):
    """``geo_point`` and the other types of places: Kibana KQL can only ask whether there is one."""

    takes_patterns = False
    takes_any_case = False

    def refuses(self, literal: Literal) -> bool:
        return True
