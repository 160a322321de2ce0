"""What a user sets once for all conversions: ``kqlx.yml`` in the working folder, or the file in
``$KQLX_CONFIG``.

    to: spl,sentinel               # what kqlx convert makes where --to does not say
    unmapped: comment              # as --unmapped
    accept: [narrower]             # as --accept
    mappings: [own/firewall.yml]   # as --mapping; relative to this file
    late_events: 2d                # as --late-events; below spl or sentinel for one of them
    spl:
      index: security                # searches begin with index=security
      indexes: {o365.audit: m365}    # by data source, before index
      macros:
        o365.audit: o365_management_activity     # by data source, instead of its source type
      late_events: {o365.audit: 3d}  # by data source
    sentinel:
      table: MyEvents                # as --table, for data sources that tables does not name
      tables:
        o365.audit: {OfficeActivity: MyOfficeActivity}   # own tables or functions for the pack's

What an option of the command line says goes before what the file says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from kqlx.errors import MappingError, UsageError
from kqlx.mappings.place_names import name_problem
from kqlx.notes import ACCEPTABLE

if TYPE_CHECKING:
    from kqlx.mappings.pack import Pack
    from kqlx.mappings.pack_library import Packs

FILE = "kqlx.yml"

_LENGTH = re.compile(r"0*[1-9][0-9]{0,8}[smhdw]", re.ASCII)
_TARGETS = re.compile(r"[\w-]+(?: *, *[\w-]+)*")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """``macros``, ``indexes`` and ``tables`` are by data source; macros are without backquotes, a
    table is a name for all of the data source's tables, or the own names by theirs. ``late_events``
    are by target, "" for all, each a length of time or those by data source.

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
    macros: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    tables: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    late_events: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)

    def options(self, target: str, source: str | None) -> dict[str, Any]:
        """The options of a back end that follow from the settings."""
        if target == "sentinel":
            table = self.table if source in (None, "none") else None
            return {"table": table, "late_events": self.how_late(target, source)}
        if target != "spl":
            return {}
        index = self.indexes.get(source or "", self.index)
        macro = self.macros.get(source or "")
        return {"index": index, "macro": macro, "late_events": self.how_late(target, source)}

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
                    near = get_close_matches(source, known, 1)
                    hint = f"; did you mean {near[0]}?" if near else ""
                    yield f"{self.path}: {key}.{source}: there is no such data source{hint}"
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


def load(path: Path | None = None) -> Settings:
    """The settings of a file; by default those of the user, or none where there is no file.

    Raises UsageError, with the file and the key, where the file cannot be read or has a key or
    value that is not known.
    """
    if path is None:
        named = os.environ.get("KQLX_CONFIG")
        path = Path(named) if named else Path(FILE)
        if not named and not path.is_file():
            return Settings()
    from kqlx.mappings.reader.yaml_file import yaml_documents

    try:
        found = [data for data, _ in yaml_documents(path, path.read_text(encoding="utf-8-sig"))]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}") from None
    except MappingError as error:
        raise UsageError(error.message) from None
    if len(found) > 1:
        raise UsageError(f"{path}: must be one document, and there are {len(found)}")
    return _Reader(path).settings(found[0] if found else None)


class _Reader:
    """Plain data → Settings, with the file at hand for messages."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def settings(self, data: Any) -> Settings:
        known = {"to", "unmapped", "accept", "mappings", "late_events", "spl", "sentinel"}
        top = self.table("the file", data, known)
        known = {"index", "indexes", "macros", "late_events"}
        spl = self.table("spl", top.get("spl"), known)
        sentinel = self.table("sentinel", top.get("sentinel"), {"table", "tables", "late_events"})
        index, table = spl.get("index"), sentinel.get("table")
        return Settings(
            path=self.path,
            to=self.to(top.get("to")),
            unmapped=self.one_of("unmapped", top.get("unmapped"), ("error", "keep", "comment")),
            accept=frozenset(
                self.one_of("accept", effect, (*map(str, ACCEPTABLE),)) or ""
                for effect in self.texts("accept", top.get("accept"))
            ),
            mappings=tuple(
                self.path.parent / name for name in self.texts("mappings", top.get("mappings"))
            ),
            late_events={
                target: self.how_late(f"{target}.late_events".lstrip("."), found["late_events"])
                for target, found in (("", top), ("spl", spl), ("sentinel", sentinel))
                if found.get("late_events") is not None
            },
            index=None if index is None else self.name("spl.index", index, "index"),
            indexes=self.names("spl.indexes", spl.get("indexes"), "index"),
            macros=self.names("spl.macros", spl.get("macros"), "macro"),
            table=None if table is None else self.name("sentinel.table", table, "table"),
            tables={
                source: self.names(f"sentinel.tables.{source}", value, "table")
                if isinstance(value, dict)
                else self.name(f"sentinel.tables.{source}", value, "table")
                for source, value in self.table(
                    "sentinel.tables", sentinel.get("tables"), None
                ).items()
            },
        )

    def how_late(self, key: str, value: Any) -> str | dict[str, str]:
        """A length of time, or those by data source."""
        if isinstance(value, dict):
            by_source = self.table(key, value, None).items()
            return {name: str(self.how_late(f"{key}.{name}", item)) for name, item in by_source}
        if not isinstance(value, str) or not _LENGTH.fullmatch(value):
            what = "a length of time such as 1d or 12h"
            raise UsageError(f"{self.path}: {key} must be {what}, not {value!r}")
        return value

    def to(self, value: Any) -> str | None:
        """Targets as --to takes them, or a list of them."""
        if value is None:
            return None
        text = ",".join(map(str, value)) if isinstance(value, list) else value
        if not isinstance(text, str) or not _TARGETS.fullmatch(text):
            raise UsageError(f"{self.path}: to must be names of targets, not {value!r}")
        return text

    def one_of(self, key: str, value: Any, known: tuple[T, ...]) -> T | None:
        if value is None:
            return None
        if value not in known:
            names = ", ".join(map(str, known))
            raise UsageError(f"{self.path}: {key} takes {names}, not {value!r}")
        return known[known.index(value)]

    def texts(self, key: str, value: Any) -> list[str]:
        found = [] if value is None else value if isinstance(value, list) else [value]
        for item in found:
            if not isinstance(item, str) or not item:
                raise UsageError(f"{self.path}: {key} must be a list of texts, not {value!r}")
        return found

    def table(self, key: str, value: Any, known: set[str] | None) -> dict[str, Any]:
        found = {} if value is None else value
        if not isinstance(found, dict):
            raise UsageError(f"{self.path}: {key} must be a table, not {value!r}")
        for name in found:
            if not isinstance(name, str) or (known is not None and name not in known):
                hint = f"it knows {', '.join(sorted(known))}" if known else ""
                raise UsageError(f"{self.path}: {key} has no key {name!r}", hint=hint)
        return found

    def names(self, key: str, value: Any, kind: str) -> dict[str, str]:
        return {
            name: self.name(f"{key}.{name}", item, kind)
            for name, item in self.table(key, value, None).items()
        }

    def name(self, key: str, value: Any, kind: str) -> str:
        if problem := name_problem(kind, value):
            raise UsageError(f"{self.path}: {key} {problem}")
        assert isinstance(value, str)
        return value
