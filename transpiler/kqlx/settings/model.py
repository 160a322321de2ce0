"""The settings of a file, as the library and the command line ask them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kqlx.hints import did_you_mean
from kqlx.records import dataclass, field

if TYPE_CHECKING:
    from kqlx.mappings.pack import Pack
    from kqlx.mappings.pack_library import Packs

FILE = "kqlx.yml"


@dataclass(frozen=True, slots=True)
class Settings:
    """``macros``, ``indexes`` and ``tables`` are by data source; macros are without backquotes, a
    table is a name for all of the data source's tables, or the own names by theirs. ``late_events``
    are by target, "" for all, each a length of time or those by data source. ``others`` are the
    options of a target that are the same for all data sources, by target, "" for all.
    ``command_line`` are defaults of options of the command line, by their names; ``lines`` are
    those of the keys in the file.

    ``path`` is the file, None where there is none; ``to`` and ``unmapped`` are None and ``accept``
    is empty where the file does not say.
    """

    path: Path | None = None
    to: str | None = None
    unmapped: Literal["error", "keep", "comment"] | None = None
    accept: frozenset[str] = frozenset()
    mappings: tuple[Path, ...] = ()
    index: str | None = None
    indexes: Mapping[str, str] = field(default_factory=dict)
    macro: str | None = None
    macros: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    tables: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    late_events: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    command_line: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def options(self, target: str, source: str | None) -> dict[str, Any]:
        """The options that follow from the settings for a target, of which it takes its own."""
        found: dict[str, Any] = {**self.others.get("", {}), **self.others.get(target, {})}
        found["late_events"] = self.how_late(target, source)
        if target == "sentinel" and source in (None, "none"):
            found["table"] = self.table
        if target == "spl":
            found["index"] = self.indexes.get(source or "", self.index)
            found["macro"] = self.macros.get(source or "", self.macro)
        return {name: value for name, value in found.items() if value is not None}

    def how_late(self, target: str, source: str | None) -> str | None:
        """How late events of a data source may arrive: what the file says of the target goes before
        what it says of all.
        """
        for said in (self.late_events.get(target), self.late_events.get("")):
            found = said if isinstance(said, str) or said is None else said.get(source or "")
            if found is not None:
                return found
        return None

    def own_table(self, target: str, source: str | None) -> str | Mapping[str, str] | None:
        """The user's table for those of a data source: one for all, or each by theirs."""
        return self.tables.get(source or "", self.table) if target == "sentinel" else None

    def strangers(self, packs: Packs) -> Iterator[str]:
        """What is set for data sources, or for tables of theirs, that there are not: it counts for
        nothing.
        """
        known = packs.sources()
        named: dict[str, Mapping[str, object]] = {
            "spl.indexes": self.indexes,
            "spl.macros": self.macros,
            "sentinel.tables": self.tables,
        }
        for target, said in self.late_events.items():
            if not isinstance(said, str):
                named[f"{target}.late_events".lstrip(".")] = said
        for key, by_source in named.items():
            for source in by_source:
                if source not in known:
                    hint = did_you_mean(source, known)
                    told = f"unknown data source{hint and f'; {hint}'}"
                    yield f"{self.path}: {key}.{source}: {told}"
        for source, tables in self.tables.items():
            if source in known and not isinstance(tables, str):
                there = _tables(packs.get(source))
                for name in tables:
                    if name not in there:
                        what = f"the data source has no such table; it has {', '.join(there)}"
                        yield f"{self.path}: sentinel.tables.{source}.{name}: {what}"


def _tables(pack: Pack) -> list[str]:
    found: dict[str, None] = {}
    for destination in pack.targets.get("sentinel", ()):
        names = destination.place.get("table")
        found |= dict.fromkeys(names if isinstance(names, list) else [str(names)])
    return list(found)
