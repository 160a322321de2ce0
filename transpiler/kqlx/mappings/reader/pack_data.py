"""Plain data of a pack, checked, → ``Pack``. The shapes are those of pack.schema.json."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from kqlx.mappings.json_arrays import NAMED
from kqlx.mappings.pack import ColumnSpec, Destination, FieldSpec, Marks, Pack, PackNote, When
from kqlx.notes import Effect

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
        always=_lists(data.get("always", {})),
        only=_lists(data.get("only", {})),
        types=data.get("types", {}),
        targets=Lazy(data.get("targets", {}), lambda items: tuple(map(_destination, items))),
    )


def marks(data: Mapping[str, Any]) -> Marks:
    """What stands below ``recognise``."""
    return Marks(
        fields=_lists(data.get("fields", {})),
        own=tuple(data.get("own", ())),
        indices=tuple(data.get("indices", ())),
        implied=data.get("implied", {}),
        assumed=tuple(map(_lists, data.get("assumed", ()))),
        beats=tuple(data.get("beats", ())),
        modules=tuple(data.get("modules", ())),
        codes=tuple(data.get("codes", ())),
        aliases=data.get("aliases", {}),
    )


PLACES = ("base", "table", "logsource")
"""The keys that name a destination."""


_BESIDE_PLACES = ("free_text", "json", "connectors")
"""What a target must know of the place beside its name."""


def _destination(data: Mapping[str, Any]) -> Destination:
    return Destination(
        place={
            key: data[key] for key in (*PLACES, "free_text", "json", "connectors") if key in data
        },
        fields=Lazy(data.get("fields", {}), _field),
        columns=Lazy(data.get("columns", {}), _column),
        when=_whens(data.get("when", ())),
        never=_lists(data.get("never", {})),
        notes=tuple(map(_note, data.get("notes", ()))),
        unconfirmed=data.get("unconfirmed", {}),
        source=data.get("source", ""),
        filter=data.get("filter", ""),
        also=data.get("also", {}),
        events=data.get("events", ""),
        together=data.get("together", ""),
        holds=data.get("holds", {}),
        absent=_lists(data.get("absent", {})),
        escaped=data.get("escaped", False),
    )


def _column(data: Mapping[str, Any]) -> ColumnSpec:
    lists = {name: tuple(data[name]) for name in ("path", "keys") if name in data}
    if "arrays" in data:
        names = [data["arrays"]] if isinstance(data["arrays"], str) else data["arrays"]
        lists["arrays"] = tuple(key for name in names for key in NAMED.get(name, (name,)))
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
    item["begins"] = _lists(item.get("begins", {}))
    item["alike"] = tuple(map(tuple, item.get("alike", ())))
    joined = item.get("joined", ())
    item["joined"] = (joined,) if isinstance(joined, str) else tuple(joined)
    item["of"] = tuple(item.get("of", ()))
    item["cases"] = tuple(map(_field, item.get("cases", ())))
    item["when"] = _whens(item.get("when", ()))
    item["unless"] = _lists(item.get("unless", {}))
    if "note" in item:
        item["note"] = _field_note(item["note"])
    if "notes" in item:
        item["notes"] = {value: _field_note(note) for value, note in item["notes"].items()}
    return FieldSpec(**item)


def _field_note(data: Mapping[str, str]) -> PackNote:
    return _note({"code": "value-differs", **data})


def _note(data: Mapping[str, str]) -> PackNote:
    return PackNote(**{**data, "effect": Effect[data["effect"].upper()]})  # type: ignore[arg-type]


def _whens(data: Any) -> tuple[When, ...]:
    return tuple(map(_lists, [data] if isinstance(data, Mapping) else data))


def _lists(data: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in data.items()}
