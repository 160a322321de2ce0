"""What binding makes: a tree in the names of a destination, and what its columns are like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kqlx.elastic.multi_fields import MULTI_FIELDS
from kqlx.mappings.field_spec import ColumnCase, Layout
from kqlx.mappings.known_types import Types
from kqlx.mappings.pack import Destination, Lookup, Pack
from kqlx.nodes import Node, Unmapped
from kqlx.notes import Note
from kqlx.records import dataclass, field

if TYPE_CHECKING:  # few packs need it
    from kqlx.mappings.record_spec import JoinedRecords

AS_TEXT = " as text"
"""Behind the name of a column in a test of its text, whatever its type is."""
FIRST_RUN = " first run"
"""Behind the name of a column in a test of the first run of signs of a class in it."""
DECODED = " decoded"
"""Behind the name of a column of XML in a test of a value with signs that are escaped there."""

OF_TYPE = " of type "
"""Behind the name of a column, and before a type, in a test that reads it otherwise than others."""


def without_spelling(name: str) -> str:
    """The name of the column that a test of its text, or of its decoded text, is about."""
    plain = name.removesuffix(AS_TEXT).removesuffix(DECODED).removesuffix(FIRST_RUN)
    return plain.partition(OF_TYPE)[0]


@dataclass(frozen=True, slots=True)
class Pair:
    """In the array ``path``, of the object called ``name``, the value of ``key``."""

    path: str
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the target, as a test of the bound tree names it.

    ``type`` is the Elasticsearch type of its values; ``case``, ``layout``, ``json``, ``port``,
    ``optional``, ``united``, ``empties``, ``null_text``, ``path``, ``keys``, ``arrays``,
    ``below`` and ``extract`` as in ColumnSpec; ``field`` the Elastic field that it stands for.
    Where no type is ``declared``, keyword is a guess. ``null_values`` stand there for none;
    ``escaped`` says that signs as in XML are to be read for what they stand for. ``run`` is a class
    of signs, as in a regular expression: not the text is meant but the first run of these in it.
    """

    name: str
    type: str = "keyword"
    case: ColumnCase = "same"
    layout: Layout = "column"
    field: str = ""
    declared: bool = True
    json: bool | str = False
    port: bool = False
    optional: bool = False
    united: bool = False
    empties: bool = False
    null_text: bool = False
    path: tuple[str, ...] = ()
    keys: tuple[str, str] = ("Name", "Value")
    null_values: tuple[str, ...] = ()
    escaped: bool = False
    arrays: tuple[str, ...] = ()
    below: str = ""
    run: str = ""
    extract: str = ""

    @property
    def pair(self) -> Pair:
        """What a column of form pairs or changes stands for."""
        path, _, last = self.name.rpartition(".")
        if self.layout != "changes":
            return Pair(path, last, "Value")
        path, _, name = path.rpartition(".")
        return Pair(path, name, last)


def described(column: Column) -> str:
    """A column for messages: the field that the user wrote, with its type."""
    return f"{column.field or column.name}, a field of type {column.type}"


@dataclass(frozen=True, slots=True)
class Bound:
    """A tree whose fields are columns of one destination, or, unless it ``uses_target_names``,
    still Elastic's fields. ``pack`` and ``destination`` are what it was bound by; ``types`` are
    those of fields in Elasticsearch, as far as they are known. ``unmapped`` are the tests that keep
    Elastic's names because the destination has no counterpart for them, ``left_out`` says in a line
    each which were left out.
    """

    node: Node
    columns: Mapping[str, Column] = field(default_factory=dict)
    place: Mapping[str, object] = field(default_factory=dict)
    source: str | None = None
    notes: tuple[Note, ...] = ()
    uses_target_names: bool = False
    pack: Pack | None = None
    destination: Destination | None = None
    types: Types = field(default_factory=Types, compare=False)
    unmapped: tuple[Unmapped, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """What is looked up beside the events."""
        return self.destination.lookups if self.destination is not None else ()

    @property
    def records(self) -> JoinedRecords | None:
        """How the records of an event are put together; None where each event is one."""
        return self.destination.records if self.destination is not None else None

    def type(self, name: str) -> str | None:
        """The Elasticsearch type of Elastic's field, as far as it is known."""
        return self.types.get(name)

    def nested_path(self, name: str, inside: str = "") -> str:
        """The field of type nested that a field is, or lies below, or ""; one beneath the group
        whose path, with a dot, is ``inside``.
        """
        end = name.find(".", len(inside))
        while end > 0:
            if self.types.get(name[:end]) == "nested":
                return name[:end]
            end = name.find(".", end + 1)
        return name if self.types.get(name) == "nested" else ""

    def column(self, name: str) -> Column:
        """The column of this name; one that is not described has the type of Elastic's field."""
        if name in self.columns:
            return self.columns[name]
        parent, _, last = name.rpartition(".")
        if last in MULTI_FIELDS and parent and not self.types.stands_alone(name, parent):
            # A second reading of the same values, which other systems do not keep.
            return Column(parent, MULTI_FIELDS[last], field=name)
        known = self.type(name)
        return Column(name, known or "keyword", field=name, declared=known is not None)
