"""Plain data of a pack, checked, → ``Pack``. The shapes are those of pack.schema.json."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from kqlx.mappings.field_spec import ColumnSpec, FieldSpec, PackNote, When
from kqlx.mappings.json_arrays import NAMED
from kqlx.mappings.pack import Destination, Marks, Pack
from kqlx.notes import Effect
from kqlx.records import replace

if TYPE_CHECKING:  # few packs need it
    from kqlx.mappings.record_spec import JoinedRecords

T = TypeVar("T")


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


def of_data(data: Mapping[str, Any]) -> Pack:
    """The pack of plain data that has been checked."""
    return Pack(
        source=data["source"],
        title=data.get("title", data["source"]),
        recognise=marks(data.get("recognise", {})),
        constants=data.get("constants", {}),
        always_includes=_lists(data.get("always", {})),
        allowed_values=_lists(data.get("only", {})),
        types=data.get("types", {}),
        fixed_spelling=data.get("fixed_spelling", {}),
        repeats={name: _lists(values) for name, values in data.get("repeats", {}).items()},
        lacking=data.get("lacking", {}),
        kinds=tuple(
            (tuple(kind["fields"]), _lists(kind["have"])) for kind in data.get("kinds", ())
        ),
        targets=Lazy(data.get("targets", {}), lambda items: tuple(map(_destination, items))),
    )


def marks(data: Mapping[str, Any]) -> Marks:
    """What stands below ``recognise``."""
    return Marks(
        fields=_lists(data.get("fields", {})),
        exclusive_fields=tuple(data.get("own", ())),
        indices=tuple(data.get("indices", ())),
        implied_by_index={index: _each(held) for index, held in data.get("implied", {}).items()},
        fallback_when=tuple(map(_lists, data.get("assumed", ()))),
        beats=tuple(data.get("beats", ())),
        modules=tuple(data.get("modules", ())),
        codes=tuple(data.get("codes", ())),
        aliases=data.get("aliases", {}),
        rest=tuple(data.get("rest", ())),
        collector=data.get("collector", False),
        categories=tuple(data.get("any", {}).get("categories", ())),
        model_kinds=tuple(data.get("any", {}).get("kinds", ())),
        model_fields=tuple(data.get("any", {}).get("fields", ())),
        stands_for=data.get("any", {}).get("stands_for", {}),
    )


PLACES = ("base", "table", "logsource")
"""The keys that name a destination."""


_BESIDE_PLACES = ("free_text", "json", "connectors")
"""What a target must know of the place beside its name."""


def _destination(data: Mapping[str, Any]) -> Destination:
    return Destination(
        place={key: data[key] for key in (*PLACES, *_BESIDE_PLACES) if key in data},
        fields=Lazy(data.get("fields", {}), _field),
        columns=Lazy(data.get("columns", {}), _column),
        when=_whens(data.get("when", ())),
        never=_lists(data.get("never", {})),
        notes=tuple(map(_note, data.get("notes", ()))),
        unconfirmed=data.get("unconfirmed", {}),
        unread=data.get("unread", {}),
        source=data.get("source", ""),
        filter=data.get("filter", ""),
        kinds=_lists(data.get("kinds", {})),
        other_prefixes=data.get("also", {}),
        events=data.get("events", ""),
        about=tuple(data.get("about", ())),
        together=data.get("together", ""),
        sensor=data.get("sensor", ""),
        contained_tables=data.get("holds", {}),
        null_values=_lists(data.get("absent", {})),
        escaped=data.get("escaped", False),
        signed_files=data.get("signed_files", {}),
        records=_records(data["records"]) if "records" in data else None,
    )


def _records(data: Mapping[str, Any]) -> JoinedRecords:
    from kqlx.mappings.record_spec import JoinedRecords, RecordColumn

    columns = {name: RecordColumn(**said) for name, said in data["columns"].items()}
    lists = {name: tuple(data.get(name, ())) for name in ("shared", "kept")}
    return JoinedRecords(**{**data, **lists, "columns": columns})


_COLUMN_NAMES = {
    "form": "layout",
    "mapped": "ipv4_mapped",
    "named": "words",
    "signs": "characters",
}
"""Keys of a column that ``ColumnSpec`` calls otherwise."""


def _column(data: Mapping[str, Any]) -> ColumnSpec:
    item = {_COLUMN_NAMES.get(key, key): value for key, value in data.items()}
    item |= {name: tuple(data[name]) for name in ("path", "keys") if name in data}
    if "arrays" in data:
        names = [data["arrays"]] if isinstance(data["arrays"], str) else data["arrays"]
        item["arrays"] = tuple(key for name in names for key in NAMED.get(name, (name,)))
    return ColumnSpec(**item)


_FIELD_NAMES = {
    "any": "any_of",
    "where": "value_predicates",
    "fits": "value_patterns",
    "alike": "indistinguishable",
    "begins": "prefixes",
    "joined": "joined_columns",
    "none": "no_counterpart",
    "foreign": "unsupported_characters",
    "foreign_names": "unsupported_in_names",
    "java": "writes_as_java",
    "keys": "columns_of_keys",
    "given": "guard",
    "required": "only_required",
    "part": "value_part",
    "by": "case_field",
    "of": "case_values",
}
"""Keys of a field that ``FieldSpec`` calls otherwise."""


def _field(data: Any) -> FieldSpec:
    if isinstance(data, list):
        *others, last = map(_field, data)
        return replace(last, alternatives=tuple(others))
    if isinstance(data, str):
        return FieldSpec(column=data)
    joined = data.get("joined", ())
    item = {_FIELD_NAMES.get(key, key): value for key, value in data.items()}
    item |= {
        "any_of": tuple(data.get("any", ())),
        "value_patterns": tuple(data.get("fits", ())),
        "prefixes": _lists(data.get("begins", {})),
        "indistinguishable": tuple(map(tuple, data.get("alike", ()))),
        "joined_columns": (joined,) if isinstance(joined, str) else tuple(joined),
        "case_values": tuple(data.get("of", ())),
        "cases": tuple(map(_field, data.get("cases", ()))),
        "when": _whens(data.get("when", ())),
        "unless": _lists(data.get("unless", {})),
    }
    if "note" in data:
        item["note"] = _field_note(data["note"])
    if "notes" in data:
        item["notes"] = {value: _field_note(note) for value, note in data["notes"].items()}
    return FieldSpec(**item)


def _field_note(data: Mapping[str, Any]) -> PackNote:
    return _note({"code": "value-differs", **data})


def _note(data: Mapping[str, Any]) -> PackNote:
    effect = Effect[data["effect"].upper()]
    hint, wholes = data.get("hint", ""), data.get("wholes", False)
    return PackNote(data["code"], effect, data["message"], hint, of_wholes=wholes)


def _whens(data: Any) -> tuple[When, ...]:
    return tuple(map(_lists, [data] if isinstance(data, Mapping) else data))


def _each(data: Mapping[str, str | list[str]]) -> dict[str, tuple[str, ...]]:
    """The same with each value that stands alone in a list."""
    return {name: (one,) if isinstance(one, str) else tuple(one) for name, one in data.items()}


def _lists(data: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in data.items()}
