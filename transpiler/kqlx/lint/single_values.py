"""Tests of fields that have one value: two values, or two limits, that no value meets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal

from kqlx.elastic.type_names import NUMBERS
from kqlx.frontends.kql.wording import short
from kqlx.lint.wording import Places, note
from kqlx.nodes import Case, Compare, Equals, Literal, Node, Not
from kqlx.notes import Note
from kqlx.records import dataclass
from kqlx.regexes import late_regex

_EXACT_TYPES = frozenset({"keyword", "constant_keyword", "wildcard", "long", "integer", "boolean"})
_NUMBER = late_regex(r"[-+]?[0-9]{1,40}(?:\.[0-9]{1,40})?")


@dataclass(frozen=True, slots=True)
class SingleValues:
    """``types`` are those of fields by name; ``arrays`` names those that may hold several values.
    A field of which no type is known is passed over.
    """

    types: Mapping[str, str]
    arrays: Collection[str]
    places: Places

    def check_and(self, items: Iterable[Node]) -> Iterator[Note]:
        """The doubts about items of which all must hold: ``f:a and f:b``, ``n > 5 and n < 3``."""
        for test, first in self._two_values(items):
            place = self.places.of(first.span[0])
            message = f"{short(test.field.name)} has one value, and the test at {place} asks for"
            yield note("contradiction", f"{message} another", test.span, 'did you mean "or"?')
        yield from self._bounds(items)

    def check_or(self, items: Iterable[Node]) -> Iterator[Note]:
        """The doubts about items of which one must hold: ``not f:a or not f:b``."""
        negations = {id(item.item): item for item in items if isinstance(item, Not)}
        for test, _ in self._two_values(item.item for item in negations.values()):
            name = short(test.field.name)
            message = f"{name} has one value, so every event matches one of the two"
            yield note("always-true", message, negations[id(test)].span, 'did you mean "and"?')

    def _two_values(self, items: Iterable[Node]) -> Iterator[tuple[Equals, Equals]]:
        """Each test for another value than the first one of its field, and that."""
        asked: dict[str, Equals] = {}
        for item in items:
            if not isinstance(item, Equals) or not isinstance(item.field, Literal):
                continue
            if self._is_single(item.field.name, _EXACT_TYPES):
                first = asked.setdefault(item.field.name, item)
                folds = Case.FOLDED in (first.case, item.case)
                names = [
                    one.value.name.lower() if folds else one.value.name for one in (first, item)
                ]
                if names[0] != names[1]:
                    yield item, first

    def _bounds(self, items: Iterable[Node]) -> Iterator[Note]:
        """``n > 5 and n < 3``, where n is one number."""
        lows: dict[str, tuple[Decimal, bool]] = {}
        highs: dict[str, tuple[Decimal, bool]] = {}
        for item in items:
            if not isinstance(item, Compare) or not isinstance(item.field, Literal):
                continue
            name = item.field.name
            limit = _NUMBER.fullmatch(item.value.name)
            if not self._is_single(name, NUMBERS) or limit is None:
                continue
            is_low, is_open = item.op in ("gt", "gte"), item.op in ("gt", "lt")
            ours, theirs = (lows, highs) if is_low else (highs, lows)
            bound = Decimal(limit[0])
            ours.setdefault(name, (bound, is_open))
            other, other_open = theirs.get(name, (bound, False))
            distance = other - bound if is_low else bound - other
            if distance < 0 or (distance == 0 and name in theirs and (is_open or other_open)):
                message = f"no number is within both bounds of {short(name)}"
                yield note("contradiction", message, item.span, 'did you mean "or"?')

    def _is_single(self, name: str, types: Collection[str]) -> bool:
        """Whether the field is of one of the types, and has one value."""
        return name not in self.arrays and self.types.get(name) in types
