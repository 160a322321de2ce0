"""``.kqlx-manifest.json``: what kqlx wrote into a folder of results, and for which rules.

It keeps for each file its digests, target and format, the rules in it (id, name, and path as seen
from the folder), the worst effect and the codes of the notes.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kqlx.errors import OutputError
from kqlx.records import dataclass
from kqlx.rules.file_search import MANIFEST

VERSION = 2


@dataclass(frozen=True, slots=True)
class RuleReference:
    """A rule whose result is in a file: its path from the folder, "" where it came without one."""

    path: str = ""
    id: str = ""
    name: str = ""

    def __lt__(self, other: RuleReference) -> bool:
        return (self.path, self.id, self.name) < (other.path, other.id, other.name)

    def __str__(self) -> str:
        return self.id or self.name or self.path


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A file that kqlx wrote, or is about to: then ``digests`` has both, in order."""

    digests: tuple[str, ...]
    target: str
    format: str
    rules: tuple[RuleReference, ...] = ()
    fidelity: str = ""
    codes: tuple[str, ...] = ()

    @property
    def holds(self) -> str:
        """What the file is of, for messages."""
        of = str(self.rules[0]) if len(self.rules) == 1 else "several rules"
        return f"{of}, {self.target} {self.format}"

    def data(self) -> dict[str, Any]:
        rules = [{"path": rule.path, "id": rule.id, "name": rule.name} for rule in self.rules]
        return {
            "sha256": list(self.digests),
            "target": self.target,
            "format": self.format,
            "rules": rules,
            "fidelity": self.fidelity,
            "codes": list(self.codes),
        }


def read_manifest(folder: Path, *, force: bool = False) -> dict[str, ManifestEntry]:
    """The entries by the names of files, with slashes. Raises OutputError where the file cannot be
    read, is another's or of a later version; with ``force`` such a one is begun anew.
    """
    path = folder / MANIFEST
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unwritable(path, error) from None
    is_later = False
    try:
        data = json.loads(path.read_bytes()) if stat.S_ISREG(mode) else None
        is_later = _is_later(data)
        if not is_later and (found := _entries(data)) is not None:
            return found
    except OSError as error:
        raise unwritable(path, error) from None
    except (ValueError, RecursionError):
        pass
    if force and not stat.S_ISDIR(mode):
        return {}
    if is_later:
        raise OutputError(
            f"{path}: of a later version of kqlx",
            hint="update kqlx, or convert to another folder; --force creates it anew, and"
            " overwrites files of the same names",
        )
    raise OutputError(
        f"{path}: not a manifest of kqlx, so it cannot tell which files are its own",
        hint="--force creates it anew, and overwrites files of the same names",
    )


def manifest_text(entries: Mapping[str, ManifestEntry]) -> bytes:
    """The same bytes for the same entries: a line a file, so that Git can merge what branches
    wrote of different files.
    """
    lines = [f" {_json(name)}: {_json(entries[name].data())}" for name in sorted(entries)]
    files = ",\n".join(lines)
    text = f'{{"version": {VERSION}, "files": {{\n{files}\n}}}}\n'
    return text.encode("utf-8", "backslashreplace")


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def path_from(folder: Path, path: str) -> str:
    """The path of a rule file as seen from the folder, with slashes; "" stays."""
    if not path:
        return ""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return Path(path).resolve().as_posix()


def unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror or error}")


def _is_later(data: Any) -> bool:
    """Whether a manifest is of a version that this kqlx does not know."""
    version = data.get("version") if isinstance(data, dict) else None
    return isinstance(version, int) and version > VERSION


def _entries(data: Any) -> dict[str, ManifestEntry] | None:
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, dict) or not all(isinstance(entry, dict) for entry in files.values()):
        return None
    if not all(map(_is_below, files)):
        return None
    return {name: _entry(entry) for name, entry in files.items()}


def _is_below(name: str) -> bool:
    """Whether a name is of a file below the folder: one that is not could make --prune remove
    somebody else's.
    """
    parts = name.split("/")
    is_odd = "\\" in name or ":" in name or "\0" in name
    return not is_odd and all(part not in ("", ".", "..") for part in parts)


def _entry(entry: Mapping[str, Any]) -> ManifestEntry:
    """An entry, also one of the first version, whose ``format`` names the target too."""
    digests = entry.get("sha256")
    target, _, format = str(entry.get("format", "")).rpartition(" ")
    rules = entry.get("rules")
    codes = entry.get("codes")
    old = str(entry.get("rule") or "")
    return ManifestEntry(
        tuple(map(str, digests)) if isinstance(digests, list) else (),
        str(entry.get("target", target)),
        format,
        tuple(
            RuleReference(*(str(rule.get(key) or "") for key in ("path", "id", "name")))
            for rule in (rules if isinstance(rules, list) else [{"id": old}] if old else [])
            if isinstance(rule, dict)
        ),
        str(entry.get("fidelity") or ""),
        tuple(map(str, codes)) if isinstance(codes, list) else (),
    )
