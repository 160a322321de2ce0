"""``kqlx.yml`` → ``Settings``, by the kinds of its keys."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqlx.elastic.date_math import time_zone_of
from kqlx.errors import MappingError, UsageError
from kqlx.hints import did_you_mean
from kqlx.mappings.lookup_names import PLACES, networks_problem
from kqlx.mappings.place_names import name_problem
from kqlx.regexes import late_regex
from kqlx.rules.ignored_files import Pattern
from kqlx.settings.keys import KEYS, Key, Kind, section_of
from kqlx.settings.model import FILE, Settings

if TYPE_CHECKING:
    import yaml

_LENGTH = late_regex(r"0*[1-9][0-9]{0,8}[smhdw]", re.ASCII)
_LOOKED_UP = ("networks", "locations")
_TARGETS = late_regex(r"[\w-]+(?: *, *[\w-]+)*")
_NO_FILES = (("fields", "ecs"), ("fields", "none"))
"""Values of keys for paths that name no file."""


def load(path: Path | None = None) -> Settings:
    """The settings of a file; by default those of the file in ``$KQLX_CONFIG`` or of ``kqlx.yml``
    in the working folder, or none where there is no file.

    Raises UsageError, with the file and the key, where the file cannot be read or has a key or
    value that is not known.
    """
    if path is None:
        named = os.environ.get("KQLX_CONFIG")
        path = Path(named) if named else Path(FILE)
        if not named and not path.is_file():
            return Settings()
    data, root = _document(path)
    values = _Reader(path).table("", data, KEYS)
    return _settings(path, values, _lines(root, data) if root is not None else {})


def values_of(path: Path) -> dict[str, Any]:
    """The values of a file by their keys, checked. Raises UsageError as ``load`` does."""
    return _Reader(path).table("", _document(path)[0], KEYS)


def _document(path: Path) -> tuple[Any, yaml.Node | None]:
    from kqlx.mappings.reader.yaml_file import yaml_documents

    try:
        found = [*yaml_documents(path, path.read_text(encoding="utf-8-sig"))]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}") from None
    except MappingError as error:
        raise UsageError(error.message) from None
    if len(found) > 1:
        raise UsageError(f"{path}: has {len(found)} YAML documents, but must have one")
    return found[0] if found else (None, None)


def _settings(path: Path, values: Mapping[str, Any], lines: Mapping[str, int]) -> Settings:
    sections = {name: values.get(name, {}) for name in ("spl", "sentinel", "elasticsearch")}
    others = {name: values[name] for name in values if name not in {key.name for key in KEYS}}
    sections |= others
    spl, sentinel = sections["spl"], sections["sentinel"]
    own = {key.name for key in KEYS if key.is_option}
    late = {"": values, **sections}
    return Settings(
        path=path,
        to=_commas(values.get("to")),
        unmapped=values.get("unmapped"),
        accept=frozenset(values.get("accept", ())),
        mappings=tuple(map(Path, values.get("mappings", ()))),
        index=spl.get("index"),
        indexes=spl.get("indexes", {}),
        macro=spl.get("macro"),
        macros=spl.get("macros", {}),
        table=sentinel.get("table"),
        tables=sentinel.get("tables", {}),
        late_events={
            target: found["late_events"] for target, found in late.items() if "late_events" in found
        },
        others={
            "": _those(values, ("exact", "annotate")),
            "spl": _those(spl, ("new_terms", *_LOOKED_UP)),
            "sentinel": _those(sentinel, ("case", "sequence", "signers", *_LOOKED_UP)),
            "elasticsearch": sections["elasticsearch"],
            **others,
        },
        command_line={name: value for name, value in values.items() if name in own},
        lines=lines,
    )


def _those(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _commas(texts: list[str] | None) -> str | None:
    return None if texts is None else ",".join(texts)


def _lines(root: yaml.Node, data: Any, above: tuple[str, ...] = ()) -> dict[str, int]:
    """The lines of the keys, and of those in sections, by their names with dots between."""
    from kqlx.mappings.reader.yaml_file import line_of

    inner = data
    for step in above:
        inner = inner[step]
    values = {key.name for key in KEYS if key.kind is not Kind.SECTION}
    found: dict[str, int] = {}
    for name in inner:
        if (name not in values) if not above else name == "networks":
            found |= _lines(root, data, (*above, name)) if inner[name] else {}
        else:
            found[".".join((*above, name))] = line_of(root, (*above, name))
    return found


def _section(word: Any) -> Key | None:
    """The section of a target that has none among the keys; None for another word."""
    from kqlx.backends import targets

    options = (target.options for target in targets() if target.name == word)
    return next((section_of(word, taken) for taken in options), None)


class _Reader:
    """Plain data → values by the kinds of their keys, with the file at hand for messages."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def table(self, name: str, data: Any, keys: tuple[Key, ...]) -> dict[str, Any]:
        """The values of keys; one that is null is not there."""
        known = {key.name: key for key in keys}
        found = {}
        for word, value in self.any_table(name or "the file", data).items():
            if not name and word not in known and (section := _section(word)) is not None:
                known[word] = section
            if word not in known:
                hint = did_you_mean(word, known, f"it knows {', '.join(known)}")
                raise UsageError(
                    f"{self.path}: {name or 'the file'} has no key {word!r}", hint=hint
                )
            if value is not None:
                found[word] = self.value(f"{name}.{word}".lstrip("."), known[word], value)
        return found

    def any_table(self, name: str, data: Any) -> dict[Any, Any]:
        found = {} if data is None else data
        if not isinstance(found, dict):
            self.refuse(name, Kind.SECTION, data)
        return found

    def value(self, name: str, key: Key, value: Any) -> Any:
        match key.kind:
            case Kind.SECTION:
                found = self.table(name, value, key.inner)
                return self.networks(name, key, found) if key.name == "networks" else found
            case Kind.NAME:
                return self.name(name, key.of, value)
            case Kind.NAMES:
                return self.by_name(name, value, lambda at, item: self.name(at, key.of, item))
            case Kind.TABLES:
                return self.by_name(name, value, lambda at, item: self.tables(at, key.of, item))
            case Kind.LENGTH:
                return self.how_late(name, value)
            case Kind.SWITCH if isinstance(value, bool):
                return value
            case Kind.NUMBER if (
                isinstance(value, int) and value >= 0 and not isinstance(value, bool)
            ):
                return value
            case Kind.TEXT:
                return self.text(name, key, value)
            case Kind.TEXTS:
                return self.texts(name, key, value)
        return self.refuse(name, key.kind, value)

    def text(self, name: str, key: Key, value: Any) -> str:
        if key.words and value not in key.words:
            raise UsageError(
                f"{self.path}: {name} takes {', '.join(key.words)}, not {value!r}",
                hint=did_you_mean(value, key.words),
            )
        if not isinstance(value, str) or not value:
            self.refuse(name, key.kind, value)
        if key.name == "time_zone":
            try:
                time_zone_of(value)
            except UsageError as error:
                raise UsageError(f"{self.path}: {name}: {error.message}") from None
        return (
            str(self.path.parent / value)
            if key.is_path and (key.name, value) not in _NO_FILES
            else value
        )

    def texts(self, name: str, key: Key, value: Any) -> list[str]:
        items = value if isinstance(value, list) else [value]
        if key.name == "to":
            return [self.target(value, item) for item in items]
        if not all(isinstance(item, str) and item for item in items):
            raise UsageError(f"{self.path}: {name} must be a list of strings, not {value!r}")
        if key.name == "exclude":  # a pattern may have commas
            return [Pattern(item, self.path.parent) for item in items]
        if not key.is_path:
            items = [part.strip() for item in items for part in item.split(",")]
        return [self.text(name, key, item) for item in items]

    def target(self, value: Any, item: Any) -> str:
        """Targets as --to takes them."""
        if not isinstance(item, str) or not _TARGETS.fullmatch(item):
            raise UsageError(f"{self.path}: to must be target names, not {value!r}")
        return item

    def networks(self, name: str, key: Key, found: dict[str, Any]) -> dict[str, Any]:
        places = [inner.name for inner in key.inner if inner.name in PLACES]
        if problem := networks_problem(found, places):
            raise UsageError(f"{self.path}: {name} {problem}")
        return found

    def how_late(self, name: str, value: Any) -> str | dict[str, str]:
        """A length of time, or those by data source."""
        if isinstance(value, dict):
            return self.by_name(name, value, lambda at, item: str(self.how_late(at, item)))
        if not isinstance(value, str) or not _LENGTH.fullmatch(value):
            what = "a duration such as 1d or 12h"
            raise UsageError(f"{self.path}: {name} must be {what}, not {value!r}")
        return value

    def tables(self, name: str, of: str, value: Any) -> str | dict[str, str]:
        if isinstance(value, dict):
            return self.by_name(name, value, lambda at, item: self.name(at, of, item))
        return self.name(name, of, value)

    def by_name(self, name: str, data: Any, read: Callable[[str, Any], Any]) -> dict[str, Any]:
        found = self.any_table(name, data)
        for word in found:
            if not isinstance(word, str):
                raise UsageError(f"{self.path}: {name} has no key {word!r}")
        return {word: read(f"{name}.{word}", item) for word, item in found.items()}

    def name(self, name: str, of: str, value: Any) -> str:
        if problem := name_problem(of, value):
            raise UsageError(f"{self.path}: {name} {problem}")
        return str(value)

    def refuse(self, name: str, kind: Kind, value: Any) -> Any:
        raise UsageError(f"{self.path}: {name} must be {kind}, not {value!r}")
