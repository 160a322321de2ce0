"""The packs of this package, which are kept as JSON: reading YAML costs more than a conversion."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from kqlx import resources
from kqlx.errors import UsageError
from kqlx.hints import did_you_mean
from kqlx.mappings.pack import Marks, Pack
from kqlx.mappings.reader.pack_data import Lazy, marks, of_data
from kqlx.mappings.source_hints import own_names
from kqlx.mappings.telling_fields import TellingFields

_HINT = "kqlx sources lists those there are; none keeps all names"


@cache
def sources() -> tuple[str, ...]:
    """The names of the data sources that have a pack in this package."""
    names = os.listdir(resources.PACKS)  # noqa: PTH208 - faster
    return tuple(sorted(name[:-4] for name in names if name.endswith(".yml")))


@cache
def builtin(source: str) -> Pack:
    """The pack of a data source. Raises UsageError where there is none."""
    if source not in sources():
        raise no_pack(source, sources())
    return of_data(_data_of(source))


def no_pack(source: str, known: tuple[str, ...]) -> UsageError:
    """The error for a data source that has no pack. There are too many to list them: it names the
    nearest, or those that begin with the nearest word (``o356``: o365.audit).
    """
    from difflib import get_close_matches

    word = get_close_matches(source, {name.partition(".")[0] for name in known}, 1)
    of_word = [name for name in known if [name.partition(".")[0]] == word]
    otherwise = f"did you mean {' or '.join(of_word)}?" if of_word else _HINT
    return UsageError(
        f"no mapping pack for the data source {source!r}",
        hint=did_you_mean(source, known, otherwise),
    )


# Packs kept as JSON: reading YAML costs more than a conversion. One file a pack, named after it,
# with a line for what it says of all targets and one for each of them, since most runs ask for one;
# and files for what is asked of all packs. Pack authors who have not run compile_packs yet are
# served from their YAML.

KEPT = resources.PACKAGE / "mappings/compiled"
INDEX = "index.json"
NAMES = "names.txt"


def builtin_data(source: str) -> dict[str, Any]:
    """The pack of a data source as plain data: the kept one, where it is that of the YAML."""
    data = _data_of(source)
    return data | {"targets": dict(data["targets"])} if "targets" in data else data


def _data_of(source: str) -> dict[str, Any]:
    """The same, with what it says of a target read when that is asked for."""
    path = resources.PACKS / f"{source}.yml"
    try:
        first, *lines = (KEPT / f"{source}.json").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return _written_data(path)
    kept = json.loads(first)
    if kept["digest"] != digest(path.read_bytes()):
        return _written_data(path)
    data: dict[str, Any] = kept["data"]
    if lines:
        data["targets"] = Lazy(dict(zip(kept["targets"], lines, strict=True)), json.loads)
    return data


def _written_data(path: Path) -> dict[str, Any]:
    """The pack as its YAML has it."""
    from kqlx.mappings.reader.pack_file import read_data

    return read_data(path)


def kept_text(data: Mapping[str, Any], digest: int) -> str:
    """What is kept of a pack."""
    targets = data.get("targets", {})
    common = {key: value for key, value in data.items() if key != "targets"}
    first = {"digest": digest, "data": common, "targets": sorted(targets)}
    return "".join(map(as_json, [first, *[targets[name] for name in sorted(targets)]]))


def as_json(value: Any) -> str:
    """A line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"


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


@cache
def builtin_telling_fields() -> TellingFields:
    """The same by the fields that the marks are about."""
    return TellingFields(builtin_marks())


def names_in(data: Mapping[str, Any]) -> list[str]:
    """The names of fields in the plain data of a pack."""
    names = {*data.get("recognise", {}).get("fields", {})}
    for key in ("types", "constants", "always", "only"):
        names |= {*data.get(key, {})}
    for destinations in data.get("targets", {}).values():
        for destination in destinations:
            names |= {*destination.get("fields", {})}
    return sorted(names)


@cache
def builtin_names() -> frozenset[str]:
    """The names of fields in all packs, without a look at the packs that are kept."""
    return frozenset(filter(None, _names_text().split("\n")))


@lru_cache(maxsize=10_000)  # rules ask for the same fields again and again
def is_builtin_name(name: str) -> bool:
    """Whether a pack has a field of this name: sooner said than by all names, for a few."""
    return f"\n{name}\n" in _names_text()


@cache
def _names_text() -> str:
    """The names, each in a line, between the ends of lines."""
    sources_kept, _, names = (KEPT / NAMES).read_text(encoding="utf-8").partition("\n")
    of_others = [
        name
        for source in sorted({*sources()} - {*sources_kept.split()})
        for name in names_in(builtin_data(source))
    ]
    return "\n".join(["", *of_others, names])


WINDOWS = frozenset({"windows", "windows_eventlog"})
"""Modules of the logs of Windows, one of which may hold what another one forwards."""


def owner_of(field: str, pack: Pack) -> str:
    """The data source that alone has a field, where it is another than the pack's; else ""."""
    having = builtin_telling_fields().having(field)
    if not having or own_names(field, pack.recognise.exclusive_fields):
        return ""
    marks = builtin_marks()
    of_windows = WINDOWS & {*pack.recognise.modules}
    others = [
        source
        for source in having
        if source != pack.source and not (of_windows and WINDOWS & {*marks[source].modules})
    ]
    return min(others, key=sources().index, default="")


def load(path: Path) -> Pack:
    """The pack of a file. Raises MappingError, with the line and key, for what is wrong with it."""
    from kqlx.mappings.reader.pack_file import read_data

    return of_data(read_data(path))
