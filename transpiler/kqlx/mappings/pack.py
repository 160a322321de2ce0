"""Mapping packs: what Elastic did to the events of a data source, and where they live elsewhere.

A pack is one YAML file in ``packs/``. docs/mappings.md describes its keys, ``pack.schema.json``
their shapes. Here they come as plain data that has been checked: those of this package by its tests
and when ``compile_packs`` keeps them as JSON, those of users by ``pack_file``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeVar

from kqlx.mappings.json_arrays import all_known, spellings
from kqlx.mappings.value_parts import Part
from kqlx.notes import Effect

Case = Literal["same", "ignored", "differs"]
Layout = Literal["column", "elements", "array", "many", "path", "pairs", "changes", "words", "xml"]

When = Mapping[str, tuple[str, ...]]
"""By field the values of which a query must assert one; of several such, one must be met."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What a destination's column is like.

    ``type`` is an Elasticsearch type or None for that of the field. ``case`` says whether values
    are spelt in the same letter case as Elastic's (``same``), whether Elastic's own meaning there
    has no regard to case (``ignored``), or whether the destination's spelling may be another
    (``differs``). ``layout`` is ``elements`` for a key of the objects in an array, whose path is
    the column's name without its last part; ``array`` for an array of values, ``many`` for an array
    or a single one; ``pairs`` for the value of the object of that name in an array of objects with
    ``Name`` and ``Value`` (``keys`` where they are called otherwise), which Elastic turns into a
    map; ``path`` for a path on which arrays may lie anywhere; ``changes`` for the value of one key,
    the last part, of such an object with ``Name``, ``NewValue`` and ``OldValue``, where Elastic
    writes ``_`` for the blanks and dots of names. ``path`` are the steps in a dynamic column, where
    a key has a dot in it. ``json`` says that the column holds JSON as text (or names it, where that
    is more than the first part), ``port`` that an address may have a port behind it, ``optional``
    that not every table has the column, ``united`` that tables read as one have it in different
    types, ``empties`` that it may hold an empty text, which Elastic keeps as a value, ``null_text``
    that the text ``null`` is a value of it. ``ipv4_mapped`` says that IPv4 addresses may be written
    there as IPv6 ones, ``::ffff:10.0.0.1``, ``hex`` that numbers are, as ``0x1a4``, ``dwords`` that
    a whole number may stand there as ``DWORD (0x000001a4)``; ``words`` has words that stand there
    for a value, as Elastic's pipeline reads them (``LOCAL`` for ``127.0.0.1``); ``characters``
    single characters of Elastic's values that are others there, ``-`` and ``:`` in the addresses of
    network cards. Of layout ``words`` is a text that is several values with white space between; of
    layout ``xml`` a value of XML as text: that of the element ``Data`` of the name behind the
    column's. ``arrays`` are keys below a column that are known to hold arrays: all that do, or of
    layout ``path`` some; ``below`` is the name that these keys are below.
    """

    type: str | None = None
    case: Case = "same"
    layout: Layout = "column"
    json: bool | str = False
    port: bool = False
    optional: bool = False
    united: bool = False
    ipv4_mapped: bool = False
    hex: bool = False
    empties: bool = False
    dwords: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    characters: Mapping[str, str] = field(default_factory=dict)
    null_text: bool = False
    path: tuple[str, ...] = ()
    keys: tuple[str, str] = ("Name", "Value")
    arrays: tuple[str, ...] = ()
    below: str = ""


@dataclass(frozen=True, slots=True)
class PackNote:
    """A note that every conversion to a destination, or every test of a field, carries."""

    code: str
    effect: Effect
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What becomes of one field: one of column, any_of, value_predicates, fixed, constant or
    no_counterpart decides.

    ``values`` translates values on the way (``others``: what becomes of those that it does not
    name); ``value_predicates`` gives, by value, a predicate in Kibana KQL on the destination's
    columns; ``notes`` has, by value, what a test of it by ``value_predicates`` tells; one that
    other events meet too (wider, different) is left out below a not, so that nothing is missed.
    ``indistinguishable`` are groups of values of ``value_predicates`` that the destination does not
    tell apart. ``fixed`` is the value that every event of the destination has; ``constant`` one
    that it has not, but stands for; ``no_counterpart`` the reason why there is no counterpart
    (beside ``value_predicates``: for other values). ``any_of`` names several columns, some of which
    holds the value. A ``note`` is what every test of the field must tell. ``exists`` says that
    every event has the field, or by a predicate which events have it. ``unsupported_characters``
    are the characters that the destination writes otherwise, so that a value with one of them has
    no counterpart there. ``value_part`` says that the field is a part of what the column holds, in
    which ``separators`` are those of a path. ``guard`` is a predicate in Kibana KQL that must hold
    beside each test of the field. ``value_patterns`` are patterns of the column's values, in which
    ``{}`` stands for the field's: ``{}@*`` where the field is the beginning of an address;
    ``counted_as`` is the regular expression, with one group, that takes the field out of the column
    for a count, where a pattern does not tell where the field ends. ``prefixes`` has, by how the
    field's values begin, how the column's do; ``joined_columns`` are columns one of whose values
    stands behind this one's and a backslash (where there is none, or ``alone`` at any rate, the
    field is this one's by itself), ``unnamed`` what stands behind the last backslash where the
    field's value has nothing there. ``counted_by`` is a column with other values that tells the
    same things apart: it stands for the field where its values are only counted or looked for as
    new. ``alternatives`` are other specs; the first whose ``when`` the query asserts counts, or of
    whose ``unless`` it asserts, for one field, other values alone. ``cases`` are specs for the
    events that have one of the values ``case_values`` in the field ``case_field``; other events
    lack the field, unless a last one without ``case_values`` is for them. Those marked ``apart``
    need no test of ``case_field``, for other events have nothing in their columns. ``below`` says
    that the column's name was made of one that stands for all below it.
    """

    column: str | None = None
    any_of: tuple[str, ...] = ()
    values: Mapping[str, str | int] = field(default_factory=dict)
    others: Literal["keep", "refuse"] = "keep"
    value_predicates: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, PackNote] = field(default_factory=dict)
    exists: bool | str = False
    value_patterns: tuple[str, ...] = ()
    takes: str = ""
    counted_as: str = ""
    indistinguishable: tuple[tuple[str, ...], ...] = ()
    prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    joined_columns: tuple[str, ...] = ()
    alone: bool = False
    unnamed: str = ""
    fixed: str | None = None
    constant: str | None = None
    no_counterpart: str | None = None
    unsupported_characters: str = ""
    guard: str = ""
    note: PackNote | None = None
    value_part: Part | None = None
    separators: str = "\\"
    counted_by: str | None = None
    when: tuple[When, ...] = ()
    unless: When = field(default_factory=dict)
    alternatives: tuple[FieldSpec, ...] = ()
    case_field: str = ""
    cases: tuple[FieldSpec, ...] = ()
    case_values: tuple[str, ...] = ()
    apart: bool = False
    below: bool = False


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
    ``events`` says which of the source's events the destination is for, where there are others.
    ``together`` is a word of destinations between which the events are. ``contained_tables`` has
    other tables whose events this one holds too, each with a predicate on its columns that tells
    them.
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
    events: str = ""
    together: str = ""
    contained_tables: Mapping[str, str] = field(default_factory=dict)
    null_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_prefixes: Mapping[str, str] = field(default_factory=dict)
    escaped: bool = False

    @property
    def name(self) -> str:
        place = next(iter(self.place.values()))
        if isinstance(place, list):
            return ", ".join(map(str, place))
        return place if isinstance(place, str) else "/".join(map(str, place.values()))

    def field(self, name: str) -> FieldSpec | None:
        """What becomes of the field; None where the destination does not say."""
        spec = _named(self.fields, name, _below)
        if spec is None or not spec.below or not spec.column or "table" in self.place:
            return spec
        column = self.column(spec.column, below=True)
        return _with_arrays(spec, column, "base" in self.place) if column.below else spec

    def column(self, name: str, below: bool = False) -> ColumnSpec:
        """What the column is like. Arrays are looked for on the way to one that lies ``below`` what
        the destination names, and no others: what it names in full is as it says.
        """

        def at(spec: ColumnSpec, rest: str) -> ColumnSpec:
            return replace(spec, below=name[: -len(rest) - 1])

        spec = _named(self.columns, name, at) or _PLAIN
        on_the_way = bool(spec.arrays or spec.below) or spec.layout == "path"
        if not on_the_way or (below and (spec.layout == "path" or spec.arrays)):
            return spec
        return replace(
            spec, arrays=(), below="", layout="column" if spec.layout == "path" else spec.layout
        )

    def absent_in(self, column: str) -> tuple[str, ...]:
        """The values that stand in the column for none: by the longest pattern that fits."""
        fit = [pattern for pattern in self.null_values if fnmatchcase(column, pattern)]
        return self.null_values[max(fit, key=len)] if fit else ()


@dataclass(frozen=True, slots=True)
class Marks:
    """How a rule names a data source: by values of fields, by fields that it alone has, or by index
    patterns.

    ``implied_by_index`` has, by index pattern, values of fields that all events there have.
    ``beats`` are the Beats that ship the source's events, ``modules`` values of event.module that
    others have too, ``codes`` the numbers of its Windows events (``4688`` or ``4608-4999``),
    ``aliases`` by field and value what other shippers write: a query in Kibana KQL that asks for
    the same in the words of Elastic's integration. Where a rule names no source at all, these hint
    at it, and then the values of one table of ``fallback_when``.
    """

    fields: Mapping[str, tuple[str, ...]]
    exclusive_fields: tuple[str, ...]
    indices: tuple[str, ...]
    implied_by_index: Mapping[str, Mapping[str, str]]
    fallback_when: tuple[When, ...]
    beats: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pack:
    """One data source of Elastic's. ``by_shipper`` says that a rule reads it through the index
    pattern of a Beat alone, which may hold it: where it lacks a field, the others do without it.
    """

    source: str
    title: str
    recognise: Marks
    constants: Mapping[str, str]
    always_includes: Mapping[str, tuple[str, ...]]
    allowed_values: Mapping[str, tuple[str, ...]]
    types: Mapping[str, str]
    targets: Mapping[str, tuple[Destination, ...]]
    by_shipper: bool = False

    def type(self, field: str) -> str | None:
        """The Elasticsearch type of a field, where the pack names it."""
        return _named(self.types, field, lambda type, rest: type)

    def possible(self, field: str) -> tuple[str, ...] | None:
        """The only values that a field of the source can have; None where others can be."""
        return _named(self.allowed_values, field, lambda values, rest: values)


_PLAIN = ColumnSpec()


def _named(specs: Mapping[str, T], name: str, below: Callable[[T, str], T]) -> T | None:
    """What is said of the name itself, else of the nearest ``prefix.*`` that it lies below."""
    if (found := specs.get(name)) is not None:
        return found
    end = len(name)
    while (end := name.rfind(".", 0, end)) > 0:
        if (found := specs.get(f"{name[:end]}.*")) is not None:
            return below(found, name[end + 1 :])
    return None


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
        message = f"where lists lie on the way to {name} is not known, and not all ways are tried"
        note = PackNote("approximated", Effect.NARROWER, message, "name the column in a mapping")
        spec = replace(spec, note=spec.note or note)
    if len(names) == 1:
        return replace(spec, column=names[0], below=False)
    return replace(spec, column=None, any_of=names, below=False)


def _lists_note(name: str, spelt: str, known: bool) -> PackNote:
    may = "lies" if known else "may lie"
    message = f"{name} {may} in a list, of which Sigma's names tell nothing: its back end must know"
    if known:
        message += f" (Splunk calls it {spelt})"
    return PackNote("back-end-support", Effect.SAME, message)


def _below(spec: FieldSpec, rest: str) -> FieldSpec:
    """Of a field below a prefix, the columns below theirs."""
    return replace(
        spec,
        below=bool(spec.column) and _filled(spec.column or "", rest) != spec.column,
        column=_filled(spec.column, rest) if spec.column else spec.column,
        any_of=tuple(_filled(column, rest) for column in spec.any_of),
    )


def _filled(column: str, rest: str) -> str:
    return column[:-1] + rest if column == "*" or column.endswith(".*") else column
