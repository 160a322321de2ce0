"""From a field name to where its values lie in an event and what type they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from kqlx.elastic.date_math import MILLISECOND
from kqlx.elastic.dynamic_type import Dynamic
from kqlx.elastic.field_types import Date, FieldType, Located, Test, any_piece, text_of
from kqlx.elastic.string_types import Caseless, Keyword, Parted, Text
from kqlx.elastic.text_analysis import crossing_pieces
from kqlx.elastic.types import type_named
from kqlx.evaluate.event_fields import Event, Reader, keys_below, reader, values_below
from kqlx.nodes import Pattern
from kqlx.patterns import ANY_RUN
from kqlx.records import dataclass

Predicate = Callable[[Event], bool]
Make = Callable[[FieldType], Test | None]
"""What a query asks of a value, once the type of the field is known."""

_CONTAINERS = ("object", "nested", "flattened")
_KEYWORD = Keyword()
_PARTED = Parted()
_DYNAMIC = Dynamic()
_MULTI_FIELDS: dict[str, FieldType] = {
    "text": Text(),
    "caseless": Caseless(),
    "keyword": _KEYWORD,
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field by name: how to read its values, and their type.

    A multi-field has a second source, its parent's values, used where the event has no key of the
    multi-field's own name.
    """

    read: Reader
    type: FieldType
    parent: Reader | None = None
    parent_type: FieldType = _KEYWORD


class Schema:
    """The types of all fields.

    ``types`` maps field names to Elasticsearch types; ``now`` (nanoseconds since 1970) and ``zone``
    are those of the query's dates. Full names are meant, with the paths of nested groups.
    """

    def __init__(self, types: Mapping[str, str], now: int, zone: tzinfo) -> None:
        self._types = types
        self._dates = {
            "date": Date(MILLISECOND, now, zone),
            "date_nanos": Date(1, now, zone),
        }
        self._multi_fields: dict[str, list[str]] | None = None

    def is_hidden(self, name: str, path: str = "") -> bool:
        """Whether the field lies in a nested object that the query has not entered.

        ``path`` is the one of the nested group, "" outside. Elasticsearch keeps each nested object
        as a document of its own, in which only a nested query looks
        (https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/nested).
        """
        end = len(name)
        while end > len(path):
            if self._types.get(name[:end]) == "nested":
                return True
            end = name.rfind(".", 0, end)
        return False

    def field(self, name: str, prefix: str = "") -> Field:
        """The field ``prefix + name``, read from objects in which it is called ``name``."""
        full = prefix + name
        declared = self._types.get(full)
        if declared == "flattened":
            return Field(lambda event: values_below(event, name), _PARTED)
        if declared in _CONTAINERS:
            return Field(_no_values, _KEYWORD)
        parent, _, last = name.rpartition(".")
        of_parent = self._types.get(prefix + parent)
        if parent and of_parent not in _CONTAINERS and not self.flattened_above(full):
            multi_field = _MULTI_FIELDS.get(last)
            if declared and of_parent:
                kind = self.type_of(full)
                return Field(reader(name), kind, reader(parent), kind)
            if multi_field and not declared:
                return Field(reader(name), _DYNAMIC, reader(parent), multi_field)
        return Field(reader(name), self.type_of(full))

    def declared(self, name: str) -> str | None:
        """The type that is said of the field, None where nobody says one."""
        return self._types.get(name)

    def type_of(self, name: str) -> FieldType:
        """The type of a field that has values of its own."""
        declared = self._types.get(name)
        if declared is None:
            return _PARTED if self.flattened_above(name) else _DYNAMIC
        if declared == "keyword" and name.endswith(".caseless"):
            return _MULTI_FIELDS["caseless"]
        return self._dates.get(declared) or type_named(declared)

    def fields_over(self, name: str) -> list[tuple[str, FieldType]]:
        """All fields that a value which stands under this name belongs to: the field itself, its
        declared multi-fields, and the flattened field around it.
        """
        if self._multi_fields is None:
            self._multi_fields = {}
            for multi in self._types:
                parent = multi.rpartition(".")[0]
                if self._types.get(parent, "object") not in _CONTAINERS:
                    self._multi_fields.setdefault(parent, []).append(multi)
        found: list[tuple[str, FieldType]] = []
        if self._types.get(name) not in ("object", "nested") and not self.flattened_above(name):
            found.append((name, self.type_of(name)))  # Kibana does not know keys of flattened ones
        for multi in self._multi_fields.get(name, ()):
            found.append((multi, self.type_of(multi)))
        end = name.rfind(".")
        while end > 0:
            if self._types.get(name[:end]) == "flattened":
                found.append((name[:end], _PARTED))
            end = name.rfind(".", 0, end)
        return found

    def exists(self, name: str, prefix: str = "") -> Predicate:
        """Whether the field has an indexed value; of an object, whether any field below it has
        (https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-exists-query).
        """
        declared = self._types.get(prefix + name)
        if declared in _CONTAINERS or (declared and isinstance(type_named(declared), Located)):
            return lambda event: bool(values_below(event, name))
        has_value = some_value(self.field(name, prefix), lambda kind: kind.holds)
        if declared or self.flattened_above(prefix + name):
            return has_value
        return lambda event: has_value(event) or bool(values_below(event, name))

    def flattened_above(self, name: str) -> str:
        """The flattened field that the field is a key of, or ""."""
        end = name.rfind(".")
        while end > 0:
            if self._types.get(name[:end]) == "flattened":
                return name[:end]
            end = name.rfind(".", 0, end)
        return ""

    def is_date(self, name: str) -> bool:
        """Whether the field is declared to be a date."""
        return self._types.get(name) in self._dates

    def like_a_key(self, name: str, prefix: str, pattern: Pattern) -> Predicate:
        """Whether the key ``prefix + name`` of a flattened field fits a pattern, as Elasticsearch
        sees it: it keeps each value behind its key, and holds a pattern that is more than the
        beginning of a value against both, whatever the key is.
        """
        above = self.flattened_above(prefix + name)
        root = above.removeprefix(prefix)
        kind = any_piece(_PARTED, pattern, _beginning)
        own = some_value(Field(reader(name), _PARTED), lambda _: kind)
        crossing = [piece.matcher() for piece in crossing_pieces(pattern)]

        def predicate(event: Event) -> bool:
            if own(event):
                return True
            return bool(crossing) and any(
                fit(f"{key}\0{text_of(value)}")
                for key, value in keys_below(event, root)
                for fit in crossing
            )

        return predicate


def _beginning(pattern: Pattern) -> Test | None:
    start = pattern.prefix
    if not start or pattern.tokens != (start, ANY_RUN):
        return None
    return lambda value: text_of(value).startswith(start)


def some_value(field: Field, make: Make) -> Predicate:
    """Whether some value of the field passes the test made for its type."""
    read, test = field.read, make(field.type)
    if field.parent is not None:
        return _own_or_parent(read, test, field.parent, make(field.parent_type))
    if test is None:
        return never

    def predicate(event: Event) -> bool:
        for value in read(event):  # noqa: SIM110 (a generator takes twice the time)
            if test(value):
                return True
        return False

    return predicate


def _own_or_parent(
    own: Reader, test: Test | None, parent: Reader, parent_test: Test | None
) -> Predicate:
    def predicate(event: Event) -> bool:
        found, passes = own(event), test
        if not found:
            found, passes = parent(event), parent_test
        return passes is not None and any([passes(value) for value in found])

    return predicate


def always(event: Event) -> bool:
    return True


def never(event: Event) -> bool:
    return False


def _no_values(event: Event) -> list[Any]:
    return []
