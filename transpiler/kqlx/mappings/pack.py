"""Mapping packs: what Elastic did to the events of a data source, and where they live elsewhere.

A pack is one YAML file in ``packs/``. docs/mappings.md describes its keys, ``pack.schema.json``
their shapes. Here they come as plain data that has been checked: those of this package by its tests
and when ``compile_packs`` keeps them as JSON, those of users by ``pack_file``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from kqlx.elastic.multi_fields import base_field
from kqlx.elastic.type_names import DATES, NUMBERS
from kqlx.mappings.field_spec import ColumnSpec, FieldSpec, PackNote, When
from kqlx.mappings.json_arrays import WHOLE_RECORD, all_known, spellings
from kqlx.notes import Effect
from kqlx.records import dataclass, field, replace

if TYPE_CHECKING:  # few packs need it
    from kqlx.mappings.record_spec import JoinedRecords

T = TypeVar("T")

FLATTENED = "flattened"

_beside_column = attrgetter(*(name for name in FieldSpec.__match_args__ if name != "column"))
_NOTHING = _beside_column(FieldSpec())


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is looked up beside the events (``mappings.lookups``): of a file by its hash in the
    column ``key``, of an address by the field of Elastic's that it is. ``of`` is the beginning of
    the fields that it is about, ``columns`` has by name of a column that is made of it what it is
    called there, and ``named`` the names of the user's own table; ``message`` is what a conversion
    must tell of it.
    """

    kind: Literal["certificates", "networks", "locations"]
    of: str
    key: str
    columns: Mapping[str, str]
    message: str
    named: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the events of a data source are in a target: a source type, a table, a log source.

    ``place`` is what the target needs to name it: ``{"base": …}``, ``{"table": …}`` (of several
    tables a list), ``{"logsource": {…}}``. Names of fields and columns that end in ``.*`` stand for
    all below them. ``filter`` is a predicate in Kibana KQL on the columns that tells the events of
    the data source from others there. ``other_prefixes`` has the other beginnings that names of
    columns may have, where another collector brought the events. ``null_values`` has, by patterns
    of columns' names, the values that stand there for none, which Elastic's pipeline drops;
    ``escaped`` says that ``&``, ``<``, ``>`` and quotation marks may be as in XML, ``&amp;``.
    ``kinds`` has by predicates that may stand for ``filter`` the fields that no other events have.
    ``about`` names fields: the destination is also for queries of which each event must have one.
    ``events`` says which of the source's events the destination is for, where there are others.
    ``together`` is a word of destinations between which the events are, or the field by which they
    are divided. ``sensor`` names the one whose events these are, where others of the pack are of
    another. ``contained_tables`` has other tables whose events this one holds too: by data
    source that has events there, a predicate on this one's columns that tells them.
    ``signed_files`` has, by the beginning of the fields of a file's signature, the column with its
    SHA-1, by which Defender's table of certificates knows it; ``lookups`` are what the user asks
    for of what stands beside the events. ``records`` says how the records of an event are put
    together, where it is several. ``unread`` has by columns the values that are not extracted.
    """

    place: Mapping[str, Any]
    fields: Mapping[str, FieldSpec]
    columns: Mapping[str, ColumnSpec]
    when: tuple[When, ...]
    never: Mapping[str, tuple[str, ...]]
    notes: tuple[PackNote, ...]
    unconfirmed: Mapping[str, str]
    source: str
    filter: str = ""
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    events: str = ""
    together: str = ""
    sensor: str = ""
    contained_tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    null_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_prefixes: Mapping[str, str] = field(default_factory=dict)
    escaped: bool = False
    signed_files: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    lookups: tuple[Lookup, ...] = ()
    about: tuple[str, ...] = ()
    records: JoinedRecords | None = None
    _fields: dict[str, FieldSpec | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _columns: dict[tuple[str, bool], ColumnSpec] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _absent: dict[str, tuple[str, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _plain: dict[str, str | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _single: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        place = next(iter(self.place.values()))
        if isinstance(place, list):
            return ", ".join(map(str, place))
        return place if isinstance(place, str) else "/".join(map(str, place.values()))

    def field(self, name: str) -> FieldSpec | None:
        """What becomes of the field; None where the destination does not say."""
        if name not in self._fields:
            self._fields[name] = self._find_field(name)
        return self._fields[name]

    def _find_field(self, name: str) -> FieldSpec | None:
        spec = _named(self.fields, name, _below)
        if spec is None or not spec.below or not spec.column or "table" in self.place:
            return spec
        column = self.column(spec.column, below=True)
        return _with_arrays(spec, column, "base" in self.place) if column.below else spec

    def column(self, name: str, below: bool = False) -> ColumnSpec:
        """What the column is like. Arrays are looked for on the way to one that lies ``below`` what
        the destination names, and no others: what it names in full is as it says.
        """
        found = self._columns.get((name, below))
        if found is None:
            found = self._columns[name, below] = self._find_column(name, below)
        return found

    def plain_column(self, name: str) -> str | None:
        """The column of a field that is this and nothing else there, with all values as Elastic has
        them; None for any other.
        """
        if name not in self._plain:
            self._plain[name] = self._find_plain_column(name)
        return self._plain[name]

    def _find_plain_column(self, name: str) -> str | None:
        column = self.text_column(name)
        told = column in self.unconfirmed or (column and self.absent_in(column))
        return None if told else column

    def text_column(self, name: str) -> str | None:
        """The same, where its mapping may be unconfirmed, and some of its values stand for none."""
        spec = self.field(name)
        if spec is None or spec.column is None or base_field(name) != name:
            return None
        if _beside_column(spec) != _NOTHING or self.never.get(name) or self.escaped:
            return None
        return None if self.spells_anew(spec.column) else spec.column

    def spells_anew(self, column: str) -> bool:
        """Whether the column has some values in another form than Elastic."""
        like = self.column(column)
        signs = like.characters or like.words or like.ipv4_mapped or like.hex or like.dwords
        return bool(signs) or like.layout in ("words", "xml", "changes", "line")

    def is_single(self, column: str) -> bool:
        """Whether a column holds one value at most: that of a field of which ECS has no lists."""
        from kqlx.mappings.asserted_values import is_single as holds_one_value

        if column not in self._single:
            like = self.column(column).layout == "column" and "{}" not in column
            self._single[column] = like and any(map(holds_one_value, self.fields_in(column)))
        return self._single[column]

    def fields_in(self, column: str) -> list[str]:
        """The fields that are this column."""
        return [name for name, spec in self.fields.items() if spec.column == column]

    def _find_column(self, name: str, below: bool) -> ColumnSpec:

        def at(spec: ColumnSpec, rest: str) -> ColumnSpec:
            path = tuple(rest if step == "*" else step for step in spec.path)
            return replace(spec, path=path, below=name[: -len(rest) - 1] or WHOLE_RECORD)

        spec = _named(self.columns, name, at) or _PLAIN
        on_the_way = bool(spec.arrays or spec.below) or spec.layout == "path"
        if not on_the_way or (below and (spec.layout == "path" or spec.arrays)):
            return spec
        return replace(
            spec, arrays=(), below="", layout="column" if spec.layout == "path" else spec.layout
        )

    def absent_in(self, column: str) -> tuple[str, ...]:
        """The values that stand in the column for none: by the longest pattern that fits. A table
        has no texts in a column of numbers or times.
        """
        if not self.null_values or ("table" in self.place and self._has_no_text(column)):
            return ()
        found = self._absent.get(column)
        if found is None:
            fit = [pattern for pattern in self.null_values if fnmatchcase(column, pattern)]
            found = self.null_values[max(fit, key=len)] if fit else ()
            self._absent[column] = found
        return found

    def _has_no_text(self, column: str) -> bool:
        """Whether it is a column of numbers or times by the pack; one in JSON may have texts."""
        kind = self.columns[column].type if column in self.columns else None
        return column == "TimeGenerated" or ("." not in column and kind in NUMBERS | DATES)


@dataclass(frozen=True, slots=True)
class KnownValues:
    """What a pack says of the values that a field has in the data source: the one that all events
    have, those that all have among others, the only ones that can be (None where others can); and
    those that a destination never holds.
    """

    constant: str | None
    always: tuple[str, ...]
    possible: Mapping[str, None] | None
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """How a rule names a data source: by values of fields, by fields that it alone has, or by index
    patterns.

    ``implied_by_index`` has, by index pattern, values of fields of which all events there have one.
    ``beats`` are the Beats that ship the source's events, ``modules`` values of event.module that
    others have too, ``codes`` the numbers of its Windows events (``4688`` or ``4608-4999``),
    ``aliases`` by field and value what other shippers write: a query in Kibana KQL that asks for
    the same in the words of Elastic's integration. Where a rule names no source at all, these hint
    at it, and then the values of one table of ``fallback_when``. ``rest`` are fields of which each
    value that no source is named by names this one. A ``collector`` holds what other sources sent:
    its events are theirs. Of a data model of destinations, which holds the events of any product,
    ``categories`` are values of event.category that these have, ``model_kinds`` values of
    event.kind that those of other data models lack, ``model_fields`` the fields that they may have,
    and ``stands_for`` has, by index pattern, why its events are searched in place of those there,
    where a rule reads no others.
    """

    fields: Mapping[str, tuple[str, ...]]
    exclusive_fields: tuple[str, ...]
    indices: tuple[str, ...]
    implied_by_index: Mapping[str, When]
    fallback_when: tuple[When, ...]
    beats: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rest: tuple[str, ...] = ()
    collector: bool = False
    categories: tuple[str, ...] = ()
    model_kinds: tuple[str, ...] = ()
    model_fields: tuple[str, ...] = ()
    stands_for: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_data_model(self) -> bool:
        """Whether it is about events of any product."""
        return bool(self.categories or self.model_fields)


@dataclass(frozen=True, slots=True)
class Pack:
    """One data source of Elastic's. ``by_shipper`` says that a rule reads it through the index
    pattern of a Beat alone, which may hold it: where it lacks a field, the others do without it.
    ``fixed_spelling`` has, by field, where its vendor says which values there are, each of which it
    spells in one way. ``repeats`` has, by field and value, other values of the field: an event with
    the value repeats one of those, in what rules ask about.
    ``kinds`` are fields, each with values that all events have which have one of them. ``lacking``
    has, by target, why its events are nowhere there. ``is_one_of_several`` says that the rule asks
    other data sources too. ``codes_beside``
    are the numbers of Windows events that others have at which a rule looks beside a collector.
    """

    source: str
    title: str
    recognise: Marks
    constants: Mapping[str, str]
    always_includes: Mapping[str, tuple[str, ...]]
    allowed_values: Mapping[str, tuple[str, ...]]
    types: Mapping[str, str]
    targets: Mapping[str, tuple[Destination, ...]]
    fixed_spelling: Mapping[str, str] = field(default_factory=dict)
    repeats: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    kinds: tuple[tuple[tuple[str, ...], When], ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)
    by_shipper: bool = False
    is_one_of_several: bool = False
    codes_beside: tuple[str, ...] = ()
    _fixed: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)
    _types: dict[str, str | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _possible: dict[str, tuple[str, ...] | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def type(self, field: str) -> str | None:
        """The Elasticsearch type of a field, where the pack names it; a key of a flattened field is
        no field of its own, whatever is said of all names.
        """
        if field not in self._types:
            self._types[field] = self._find_type(field)
        return self._types[field]

    def _find_type(self, field: str) -> str | None:
        found = _named(self.types, field, lambda type, rest: type)
        if found is None or field in self.types or FLATTENED not in self.types.values():
            return found
        ends = (at for at, sign in enumerate(field) if sign == ".")
        below = any(self.types.get(field[:end]) == FLATTENED for end in ends)
        return None if below else found

    def spells_in_one_way(self, field: str) -> bool:
        """Whether no two values of a field differ in letter case alone."""
        found = self._fixed.get(field)
        if found is None:
            said = _named(self.fixed_spelling, field, lambda said, rest: said)
            found = self._fixed[field] = said is not None
        return found

    def known_values(self, field: str, destination: Destination) -> KnownValues | None:
        """What is said of the values of a field; None where nothing is."""
        possible = self.possible(field)
        constant, always = self.constants.get(field), self.always_includes.get(field, ())
        never = destination.never.get(field, ())
        if constant is None and possible is None and not always and not never:
            return None
        each = None if possible is None else dict.fromkeys(possible)
        return KnownValues(constant, always, each, never)

    def possible(self, field: str) -> tuple[str, ...] | None:
        """The only values that a field of the source can have; None where others can be."""
        if field not in self._possible:
            found = _named(self.allowed_values, field, lambda values, rest: values)
            self._possible[field] = found
        return self._possible[field]


_PLAIN = ColumnSpec()


_MOST_PARTS = 50
"""So deep may lie what a pack says of all fields below a name: far deeper than Elasticsearch takes
objects, and far from where a name of a thousand parts takes long.
"""


def _named(specs: Mapping[str, T], name: str, below: Callable[[T, str], T]) -> T | None:
    """What is said of the name itself, else of the nearest ``prefix.*`` that it lies below, or of
    all by ``*``.
    """
    if (found := specs.get(name)) is not None:
        return found
    end = len(name)
    if name.count(".") > _MOST_PARTS:
        end = len(".".join(name.split(".", _MOST_PARTS)[:_MOST_PARTS])) + 1
    while (end := name.rfind(".", 0, end)) > 0:
        if (found := specs.get(f"{name[:end]}.*")) is not None:
            return below(found, name[end + 1 :])
    return below(found, name) if (found := specs.get(WHOLE_RECORD)) is not None else None


def _with_arrays(spec: FieldSpec, column: ColumnSpec, braces: bool) -> FieldSpec:
    """A field below which arrays lie, for a target that has no paths: by all its names, with
    ``braces`` behind what holds an array, or with a word on them.
    """
    name = spec.column or ""
    known = column.layout != "path" or all_known(name.split("."), column.arrays)
    names, complete = spellings(name, column.arrays, "" if known else column.below)
    if not braces:
        if known and names[0] == name:
            return spec
        return replace(spec, note=spec.note or _lists_note(name, names[0], known))
    if not complete:
        message = (
            f"{name}: where its path has lists is not known, and not all possibilities are tried"
        )
        note = PackNote("approximated", Effect.NARROWER, message, "name the column in a mapping")
        spec = replace(spec, note=spec.note or note)
    if len(names) == 1:
        return replace(spec, column=names[0], below=False)
    return replace(spec, column=None, any_of=names, below=False)


def _lists_note(name: str, spelt: str, known: bool) -> PackNote:
    may = "lies" if known else "may lie"
    message = f"{name} {may} in a list, which Sigma's names do not show: the back end must know"
    if known:
        message += f" (Splunk calls it {spelt})"
    return PackNote("back-end-support", Effect.SAME, message, is_of_test=False)


def _below(spec: FieldSpec, rest: str) -> FieldSpec:
    """Of a field below a prefix, the columns below theirs."""
    if any(sign in rest for sign in spec.unsupported_in_names):
        signs = " ".join(spec.unsupported_in_names)
        return FieldSpec(no_counterpart=f"the destination writes {signs} of such names otherwise")
    return replace(
        spec,
        below=bool(spec.column) and _filled(spec.column or "", rest) != spec.column,
        column=_filled(spec.column, rest) if spec.column else spec.column,
        any_of=tuple(_filled(column, rest) for column in spec.any_of),
    )


def _filled(column: str, rest: str) -> str:
    return column[:-1] + rest if column == "*" or column.endswith(".*") else column
