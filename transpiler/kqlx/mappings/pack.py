"""Mapping packs: what Elastic did to the events of a data source, and where they live elsewhere.

A pack is one YAML file in ``packs/``. docs/mappings.md describes its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, cast
from zlib import crc32

from kqlx import resources
from kqlx.errors import MappingError, UsageError
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
class Pack:
    """One data source of Elastic's."""

    source: str
    title: str
    recognise_fields: Mapping[str, tuple[str, ...]]
    recognise_indices: tuple[str, ...]
    implied: Mapping[str, Mapping[str, str]]
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
def builtin(source: str) -> Pack:
    """The pack of a data source. Raises UsageError where there is none."""
    path = resources.PACKS / f"{source}.yml"
    if source not in sources():
        known = ", ".join(sources())
        raise UsageError(
            f"no mapping pack for the data source {source!r}",
            hint=f"there are {known}; none keeps all names",
        )
    return load(path)


@cache
def sources() -> tuple[str, ...]:
    """The names of the data sources that have a pack."""
    return tuple(sorted(path.stem for path in resources.PACKS.glob("*.yml")))


def load(path: Path) -> Pack:
    """Reads a pack. Raises MappingError that names the file and the key at fault."""
    text = path.read_text(encoding="utf-8")
    kept = _kept().get(path.stem) if path.parent == resources.PACKS else None
    if kept is not None and kept["digest"] == crc32(text.encode()):
        return _Reader(path).pack(kept["data"])
    return _Reader(path).pack(_of_yaml(path, text))


def _of_yaml(path: Path, text: str) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise MappingError(f"{path}: not YAML: {error}") from None


KEPT = resources.PACKAGE / "mappings/kept_packs.json"
"""The packs as JSON, each with the digest of its YAML: reading YAML costs more than a
conversion.
"""


@cache
def _kept() -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def kept_text() -> str:
    """What ``KEPT`` must hold for the packs as they are; ``make grammar`` writes it."""
    import json

    kept = {}
    for source in sources():
        path = resources.PACKS / f"{source}.yml"
        text = path.read_text(encoding="utf-8")
        data = _of_yaml(path, text)
        data.pop("shared", None)  # anchors, which YAML has put in their places
        kept[source] = {"digest": crc32(text.encode()), "data": data}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"


class _Reader:
    """Plain data → Pack, with the path of keys at hand for messages."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pack(self, data: Any) -> Pack:
        top = self.keys(
            data,
            "",
            {
                *("source", "title", "recognise", "constants", "always", "only", "types"),
                *("shared", "targets"),
            },
        )
        recognise = self.keys(
            top.get("recognise", {}), "recognise", {"fields", "indices", "implied"}
        )
        implied = self.keys(recognise.get("implied", {}), "recognise.implied")
        return Pack(
            source=self.typed(top.get("source"), str, "source"),
            title=self.typed(top.get("title", ""), str, "title"),
            recognise_fields=self.lists(recognise.get("fields", {}), "recognise.fields"),
            recognise_indices=tuple(recognise.get("indices", ())),
            implied={
                pattern: self.keys(values, f"recognise.implied.{pattern}")
                for pattern, values in implied.items()
            },
            constants=dict(self.keys(top.get("constants", {}), "constants")),
            always=self.lists(top.get("always", {}), "always"),
            only=self.lists(top.get("only", {}), "only"),
            types=dict(self.keys(top.get("types", {}), "types")),
            targets={
                target: tuple(
                    self.destination(item, f"targets.{target}[{i}]") for i, item in enumerate(items)
                )
                for target, items in self.keys(top.get("targets", {}), "targets").items()
            },
        )

    def destination(self, data: Any, key: str) -> Destination:
        known = {"source", "when", "never", "notes", "fields", "columns", "unconfirmed", "filter"}
        item = self.keys(data, key)
        columns = self.keys(item.get("columns", {}), f"{key}.columns")
        fields = self.keys(item.get("fields", {}), f"{key}.fields")
        return Destination(
            place={name: value for name, value in item.items() if name not in known},
            fields={
                name: self.field(value, f"{key}.fields.{name}") for name, value in fields.items()
            },
            columns={
                name: self.column(value, f"{key}.columns.{name}") for name, value in columns.items()
            },
            when=self.whens(item.get("when", ()), f"{key}.when"),
            never=self.lists(item.get("never", {}), f"{key}.never"),
            notes=tuple(self.note(note, f"{key}.notes") for note in item.get("notes", ())),
            unconfirmed=self.keys(item.get("unconfirmed", {}), f"{key}.unconfirmed"),
            source=item.get("source", ""),
            filter=self.typed(item.get("filter", ""), str, f"{key}.filter"),
        )

    def column(self, data: Any, key: str) -> ColumnSpec:
        known = {"type", "case", "form", "json", "port", "optional", "path", "keys"}
        item = self.keys(data, key, known)
        lists: dict[str, Any] = {
            name: tuple(self.typed(item[name], list, f"{key}.{name}"))
            for name in ("path", "keys")
            if name in item
        }
        return ColumnSpec(**(item | lists))

    def field(self, data: Any, key: str) -> FieldSpec:
        if isinstance(data, list):
            *others, last = [self.field(item, f"{key}[{i}]") for i, item in enumerate(data)]
            return replace(last, instead=tuple(others))
        if isinstance(data, str):
            return FieldSpec(column=data)
        known = {
            *("column", "any", "values", "others", "where", "exists", "fits", "fixed", "foreign"),
            *("constant", "none", "note", "given", "part", "separators", "when"),
        }
        item = dict(self.keys(data, key, known))
        item["when"] = self.whens(item.get("when", ()), f"{key}.when")
        if "fits" in item:
            item["fits"] = tuple(self.typed(item["fits"], list, f"{key}.fits"))
        if "any" in item:
            item["any"] = tuple(self.typed(item["any"], list, f"{key}.any"))
        if "note" in item:
            note = {"code": "value-differs", **self.keys(item["note"], f"{key}.note")}
            item["note"] = self.note(note, f"{key}.note")
        spec = FieldSpec(**item)
        told = (spec.column, spec.any, spec.where, spec.fixed, spec.constant, spec.none)
        if not any(told):
            raise self.error(key, "says neither column, any, where, fixed, constant nor none")
        return spec

    def note(self, data: Any, key: str) -> PackNote:
        item = dict(self.keys(data, key, {"code", "effect", "message", "hint"}))
        try:
            effect = Effect[item.pop("effect").upper()]
        except KeyError:
            raise self.error(key, "has no effect, or one that is not known") from None
        return PackNote(effect=effect, **item)

    def whens(self, data: Any, key: str) -> tuple[When, ...]:
        each = [data] if isinstance(data, dict) else data
        return tuple(self.lists(item, f"{key}[{i}]") for i, item in enumerate(each))

    def lists(self, data: Any, key: str) -> dict[str, tuple[str, ...]]:
        return {
            name: tuple(self.typed(value, list, f"{key}.{name}"))
            for name, value in self.keys(data, key).items()
        }

    def keys(self, data: Any, key: str, known: set[str] | None = None) -> dict[str, Any]:
        found = cast(dict[str, Any], self.typed(data, dict, key))
        for name in found:
            if known is not None and name not in known:
                raise self.error(
                    key, f"does not know the key {name!r}; it knows {', '.join(sorted(known))}"
                )
        return found

    def typed(self, value: Any, kind: type[T], key: str) -> T:
        if not isinstance(value, kind):
            raise self.error(key, f"must be a {kind.__name__}, not {value!r}")
        return value

    def error(self, key: str, problem: str) -> MappingError:
        return MappingError(f"{self.path}: {key or 'the pack'} {problem}")
