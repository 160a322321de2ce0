"""Which tests of a query bear on one record of an event that a destination holds as several.

A test of the main record is made before the records are put together. One of another record is made
on the whole event: that a record has no such value does not say that the event has none.
"""

from __future__ import annotations

from collections.abc import Callable

from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import without_spelling
from kqlx.mappings.record_spec import JoinedRecords
from kqlx.nodes import (
    FIELD_TESTS,
    FreeText,
    FunctionTest,
    Literal,
    Nested,
    Node,
    Pattern,
    Regexp,
    conjuncts,
    walk,
)
from kqlx.notes import Effect, Note
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class PartedTests:
    """The tests that must all hold, by what they bear on: columns that all records of an event
    ``share``, its ``main`` record, or the ``whole`` event. Of that are tested the ``columns`` of
    other records, and ``beside`` them some of the main one.
    """

    shared: tuple[Node, ...]
    main: tuple[Node, ...]
    whole: tuple[Node, ...]
    columns: tuple[str, ...]
    beside: tuple[str, ...]


def parted_tests(
    node: Node, records: JoinedRecords, is_sayable: Callable[[Node], bool] = lambda item: True
) -> PartedTests:
    """The tests of a bound tree. One of the main record that is not ``is_sayable`` there is made on
    the whole event. Raises UnsupportedError for one of the whole event that names no column.
    """
    shared, main, whole = list[Node](), list[Node](), list[Node]()
    named: dict[str, None] = {}
    for item in conjuncts(node):
        names = dict.fromkeys(_columns_of(item))
        if names and names.keys() <= {*records.shared}:
            shared.append(item)
        elif not names.keys() & records.columns.keys() and is_sayable(item):
            main.append(item)
        else:
            _refuse_texts(item)
            whole.append(item)
            named |= names
    columns = tuple([name for name in records.columns if name in named])
    beside = tuple([name for name in named if name not in records.columns])
    return PartedTests(tuple(shared), tuple(main), tuple(whole), columns, beside)


def _columns_of(node: Node) -> list[str]:
    """The names of the columns that a part of a query tests."""
    found: list[str] = []
    for part in walk(node):
        if isinstance(part, FunctionTest):
            found += [name.name for name in part.fields]
        elif isinstance(part, (*FIELD_TESTS, Regexp)) and isinstance(part.field, Literal):
            found.append(part.field.name)
    return [without_spelling(name) for name in found]


def _refuse_texts(node: Node) -> None:
    for part in walk(node):
        if isinstance(part, FreeText | Nested) or isinstance(getattr(part, "field", None), Pattern):
            what = "a test without the full name of a field"
            why = "the other tests beside it bear on several records of an event"
            note = Note("construct-not-supported", Effect.DIFFERENT, f"{what}: {why}", part.span)
            raise UnsupportedError(
                f"cannot convert {what}: {why}", code="construct-not-supported", notes=(note,)
            )
