"""Mapping packs: what Elastic did to the events of a data source, and where they live elsewhere.

A pack is one YAML file in ``packs/``. docs/mappings.md describes its keys, ``pack.schema.json``
their shapes. Here they come as plain data that has been checked: those of this package by its tests
and when ``write_packs`` keeps them as JSON, those of users by ``pack_file``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from zlib import crc32

from kqlx import resources
from kqlx.errors import UsageError
from kqlx.mappings.parts import Part
from kqlx.notes import Effect

Case = Literal["same", "ignored", "differs"]
Form = Literal["column", "elements", "array", "many", "pairs", "changes"]

When = Mapping[str, tuple[str, ...]]
"""By field the values of which a query must assert one; of several such, one must be met."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What a destination's column is like.

    ``type`` is an Elasticsearch type or None for that of the field. ``case`` says whether values
    are spelt in the same letter case as Elastic's (``same``), whether Elastic's own meaning there
    has no regard to case (``ignored``), or whether the destination's spelling may be another
    (``differs``). ``form`` is ``elements`` for a key of the objects in an array, whose path is the
    column's name without its last part; ``array`` for an array of values, ``many`` for an array or
    a single one; ``pairs`` for the value of the object of that name in an array of objects with
    ``Name`` and ``Value`` (``keys`` where they are called otherwise), which Elastic turns into a
    map; ``changes`` for the value of one key, the last part, of such an object with ``Name``,
    ``NewValue`` and ``OldValue``, where Elastic writes ``_`` for the blanks and dots of names.
    ``path`` are the steps in a dynamic column, where a key has a dot in it. ``json`` says that the
    column holds JSON as text (or names it, where that is more than the first part), ``port`` that
    an address may have a port behind it, ``optional`` that not every table has the column.
    """

    type: str | None = None
    case: Case = "same"
    form: Form = "column"
    json: bool | str = False
    port: bool = False
    optional: bool = False
    path: tuple[str, ...] = ()
    keys: tuple[str, str] = ("Name", "Value")


@dataclass(frozen=True, slots=True)
class PackNote:
    """A note that every conversion to a destination, or every test of a field, carries."""

    code: str
    effect: Effect
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What becomes of one field: one of column, any, where, fixed, constant or none decides.

    ``values`` translates values on the way (``others``: what becomes of those that it does not
    name); ``where`` gives, by value, a predicate in Kibana KQL on the destination's columns;
    ``fixed`` is the value that every event of the destination has; ``constant`` one that it has
    not, but stands for; ``none`` the reason why there is no counterpart (beside ``where``: for
    other values). ``any`` names several columns, some of which holds the value. A ``note`` is what
    every test of the field must tell. ``exists`` says that every event has the field, or by a
    predicate which events have it. ``foreign`` are the characters that the destination writes
    otherwise, so that a value with one of them has no counterpart there. ``part`` says that the
    field is a part of what the column holds, in which ``separators`` are those of a path. ``given``
    is a predicate in Kibana KQL that must hold beside each test of the field. ``fits`` are patterns
    of the column's values, in which ``{}`` stands for the field's: ``{}@*`` where the field is the
    beginning of an address. ``instead`` are other specs; the first whose ``when`` the query asserts
    counts.
    """

    column: str | None = None
    any: tuple[str, ...] = ()
    values: Mapping[str, str | int] = field(default_factory=dict)
    others: Literal["keep", "refuse"] = "keep"
    where: Mapping[str, str] = field(default_factory=dict)
    exists: bool | str = False
    fits: tuple[str, ...] = ()
    fixed: str | None = None
    constant: str | None = None
    none: str | None = None
    foreign: str = ""
    given: str = ""
    note: PackNote | None = None
    part: Part | None = None
    separators: str = "\\"
    when: tuple[When, ...] = ()
    instead: tuple[FieldSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the events of a data source are in a target: a source type, a table, a log source.

    ``place`` is what the target needs to name it: ``{"base": …}``, ``{"table": …}`` (of several
    tables a list), ``{"logsource": {…}}``. Names of fields and columns that end in ``.*`` stand for
    all below them. ``filter`` is a predicate in Kibana KQL on the columns that tells the events of
    the data source from others there.
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

    @property
    def name(self) -> str:
        place = next(iter(self.place.values()))
        if isinstance(place, list):
            return ", ".join(map(str, place))
        return place if isinstance(place, str) else "/".join(map(str, place.values()))

    def field(self, name: str) -> FieldSpec | None:
        """What becomes of the field; None where the destination does not say."""
        return _named(self.fields, name, _below)

    def column(self, name: str) -> ColumnSpec:
        """What the column is like."""
        return _named(self.columns, name, lambda spec, rest: spec) or _PLAIN


@dataclass(frozen=True, slots=True)
class Marks:
    """How a rule names a data source: by values of fields, or by index patterns.

    ``implied`` has, by index pattern, values of fields that all events there have.
    """

    fields: Mapping[str, tuple[str, ...]]
    indices: tuple[str, ...]
    implied: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Pack:
    """One data source of Elastic's."""

    source: str
    title: str
    recognise: Marks
    constants: Mapping[str, str]
    always: Mapping[str, tuple[str, ...]]
    only: Mapping[str, tuple[str, ...]]
    types: Mapping[str, str]
    targets: Mapping[str, tuple[Destination, ...]]

    def type(self, field: str) -> str | None:
        """The Elasticsearch type of a field, where the pack names it."""
        return _named(self.types, field, lambda type, rest: type)

    def possible(self, field: str) -> tuple[str, ...] | None:
        """The only values that a field of the source can have; None where others can be."""
        return _named(self.only, field, lambda values, rest: values)


class Lazy(Mapping[str, T]):
    """A mapping whose values are made of plain data when they are first asked for: of a pack's
    hundreds of fields a query names a few.
    """

    __slots__ = ("_data", "_made", "_make")

    def __init__(self, data: Mapping[str, Any], make: Callable[[Any], T]) -> None:
        self._data = data
        self._make = make
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._made:
            self._made[name] = self._make(self._data[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


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


def _below(spec: FieldSpec, rest: str) -> FieldSpec:
    """Of a field below a prefix, the columns below theirs."""
    return replace(
        spec,
        column=_filled(spec.column, rest) if spec.column else spec.column,
        any=tuple(_filled(column, rest) for column in spec.any),
    )


def _filled(column: str, rest: str) -> str:
    return column[:-1] + rest if column == "*" or column.endswith(".*") else column


@cache
def sources() -> tuple[str, ...]:
    """The names of the data sources that have a pack in this package."""
    return tuple(sorted(path.stem for path in resources.PACKS.glob("*.yml")))


@cache
def builtin(source: str) -> Pack:
    """The pack of a data source. Raises UsageError where there is none."""
    if source not in sources():
        raise no_pack(source, sources())
    return of_data(builtin_data(source))


def no_pack(source: str, known: tuple[str, ...]) -> UsageError:
    """The error for a data source that has no pack."""
    return UsageError(
        f"no mapping pack for the data source {source!r}",
        hint=f"there are {', '.join(known)}; none keeps all names",
    )


# Packs kept as JSON: reading YAML costs more than a conversion. One file a pack, named after it,
# and one for what is asked of all of them. Pack authors who have not run write_packs yet are served
# from their YAML.

KEPT = resources.PACKAGE / "mappings/kept"
INDEX = "index.json"


def builtin_data(source: str) -> dict[str, Any]:
    """The pack of a data source as plain data: the kept one, where it is that of the YAML."""
    path = resources.PACKS / f"{source}.yml"
    found: dict[str, Any]
    try:
        kept = json.loads((KEPT / f"{source}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        kept = None
    if kept is not None and kept["digest"] == digest(path.read_bytes()):
        found = kept["data"]
    else:
        from kqlx.mappings.pack_file import read_data

        found = read_data(path)
    return found


def digest(text: bytes) -> int:
    """What tells one text of a pack from another, whatever its line ends."""
    return crc32(text.replace(b"\r\n", b"\n"))


@cache
def builtin_marks() -> Mapping[str, Marks]:
    """By data source how rules name it, without a look at the packs that are kept."""
    index = json.loads((KEPT / INDEX).read_text(encoding="utf-8"))
    return {
        source: marks(index[source]) if source in index else builtin(source).recognise
        for source in sources()
    }


def load(path: Path) -> Pack:
    """The pack of a file. Raises MappingError, with the line and key, for what is wrong with it."""
    from kqlx.mappings.pack_file import read_data

    return of_data(read_data(path))


# Plain data → Pack. The shapes are those of pack.schema.json.


def of_data(data: Mapping[str, Any]) -> Pack:
    """The pack of plain data that has been checked."""
    return Pack(
        source=data["source"],
        title=data.get("title", data["source"]),
        recognise=marks(data.get("recognise", {})),
        constants=data.get("constants", {}),
        always=_lists(data.get("always", {})),
        only=_lists(data.get("only", {})),
        types=data.get("types", {}),
        targets=Lazy(data.get("targets", {}), lambda items: tuple(map(_destination, items))),
    )


def marks(data: Mapping[str, Any]) -> Marks:
    """What stands below ``recognise``."""
    return Marks(
        fields=_lists(data.get("fields", {})),
        indices=tuple(data.get("indices", ())),
        implied=data.get("implied", {}),
    )


PLACES = ("base", "table", "logsource")
"""The keys that name a destination."""


def _destination(data: Mapping[str, Any]) -> Destination:
    return Destination(
        place={key: data[key] for key in (*PLACES, "free_text") if key in data},
        fields=Lazy(data.get("fields", {}), _field),
        columns=Lazy(data.get("columns", {}), _column),
        when=_whens(data.get("when", ())),
        never=_lists(data.get("never", {})),
        notes=tuple(map(_note, data.get("notes", ()))),
        unconfirmed=data.get("unconfirmed", {}),
        source=data.get("source", ""),
        filter=data.get("filter", ""),
    )


def _column(data: Mapping[str, Any]) -> ColumnSpec:
    lists = {name: tuple(data[name]) for name in ("path", "keys") if name in data}
    return ColumnSpec(**{**data, **lists})


def _field(data: Any) -> FieldSpec:
    if isinstance(data, list):
        *others, last = map(_field, data)
        return replace(last, instead=tuple(others))
    if isinstance(data, str):
        return FieldSpec(column=data)
    item = dict(data)
    item["any"] = tuple(item.get("any", ()))
    item["fits"] = tuple(item.get("fits", ()))
    item["when"] = _whens(item.get("when", ()))
    if "note" in item:
        item["note"] = _note({"code": "value-differs", **item["note"]})
    return FieldSpec(**item)


def _note(data: Mapping[str, str]) -> PackNote:
    return PackNote(**{**data, "effect": Effect[data["effect"].upper()]})  # type: ignore[arg-type]


def _whens(data: Any) -> tuple[When, ...]:
    return tuple(map(_lists, [data] if isinstance(data, Mapping) else data))


def _lists(data: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in data.items()}
