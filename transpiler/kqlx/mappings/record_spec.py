"""What a pack says of events that a destination holds as several records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class RecordColumn:
    """A column of the whole event whose values stand in records of one type.

    ``takes`` is a regular expression with one group, the value, in the text of the record; with
    ``every`` each place that it matches has one. ``hex`` says that a value without quotation marks
    is in hexadecimal, ``blanks`` that NUL there stands between words. Where ``order`` takes a
    number out of a record, the lowest one counts alone; records that ``last`` matches come behind
    all others. The text ``null`` is no value.
    """

    of: str
    takes: str
    every: bool = False
    hex: bool = False
    blanks: bool = False
    order: str = ""
    last: str = ""
    null: str = ""


@dataclass(frozen=True, slots=True)
class JoinedRecords:
    """How the records of an event are put together.

    ``text`` is the column with the text of a record; there ``type`` takes out the record's type,
    where no column has it, and ``event`` the ID of the event, called ``name`` in the results;
    ``mark`` is a term of all records. All records of an event have the same values in the columns
    ``shared``. The main record says what happened: one whose type no column is ``of``. ``kept`` are
    columns of it that results show. An ID that ``plain`` matches is one of a record whose values
    are neither in quotation marks nor in hexadecimal.
    """

    text: str
    event: str
    name: str
    shared: tuple[str, ...]
    columns: Mapping[str, RecordColumn]
    type: str = ""
    mark: str = ""
    kept: tuple[str, ...] = ()
    plain: str = ""

    def types(self, names: Iterable[str]) -> tuple[str, ...]:
        """The types of the records that have these columns, each once."""
        wanted = {*names}
        found = [column.of for name, column in self.columns.items() if name in wanted]
        return tuple(dict.fromkeys(found))
