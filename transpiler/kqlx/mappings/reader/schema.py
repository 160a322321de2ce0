"""A small validator for the part of JSON Schema (draft 2020-12) that ``pack.schema.json`` is
written in: plain data → what is wrong with it, each with the path of its keys.

Keywords that are not known here are an error of the schema, so that none is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kqlx.records import dataclass

Path = tuple[str | int, ...]

SPOKEN = frozenset({"$schema", "$id", "$defs", "title", "description"})
"""Keywords that check nothing."""

_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("text", lambda value: isinstance(value, str)),
    "integer": (
        "a whole number",
        lambda value: isinstance(value, int) and value is not True and value is not False,
    ),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "null": ("null", lambda value: value is None),
    "array": ("a list", lambda value: isinstance(value, list)),
    "object": ("a table of keys", lambda value: isinstance(value, dict)),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: the keys, and numbers from zero, that lead there."""

    path: Path
    message: str


def dotted(path: Path) -> str:
    """A path as messages write it: ``targets.spl[0].fields.user.id``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


class Schema:
    """A schema, with what its ``$ref`` lead to."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root

    def problems(self, value: Any) -> Iterator[Problem]:
        """What is wrong with the data."""
        return self._of(value, self.root, ())

    def _of(self, value: Any, schema: Mapping[str, Any], path: Path) -> Iterator[Problem]:
        if "type" in schema and not _is_any(value, schema["type"]):
            yield Problem(path, f"must be {_kinds(schema['type'])}, not {_shown(value)}")
            return
        for keyword, said in schema.items():
            if keyword not in SPOKEN and keyword not in _BESIDE:
                yield from KEYWORDS[keyword](self, value, said, schema, path)

    # The keywords: each takes the value, what the keyword says, its schema and the path.

    def ref(
        self, value: Any, said: str, schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        yield from self._of(value, self._there(said), path)

    def _there(self, reference: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.root
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]
        return found

    def any_of(
        self, value: Any, said: list[Any], schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        """What is wrong by the alternative that is of the value's kind, where there is one."""
        each = [list(self._of(value, item, path)) for item in said]
        if all(each):
            kinds = [self._kind(item) for item in said]
            near = [found for found, kind in zip(each, kinds, strict=True) if _is_any(value, kind)]
            if len(near) == 1:
                yield from near[0]
            else:
                names = [name for kind in kinds for name in ([kind] if kind in _KINDS else kind)]
                yield Problem(path, f"must be {_kinds(names)}, not {_shown(value)}")

    def _kind(self, schema: Mapping[str, Any]) -> Any:
        """The type that a schema asks for; of an enumeration text."""
        if "$ref" in schema:
            return self._kind(self._there(schema["$ref"]))
        return schema.get("type", "string")

    def enum(
        self, value: Any, said: list[Any], schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        if not isinstance(value, str) or value not in said:
            yield Problem(path, f"must be {_either(said)}, not {_shown(value)}")

    def pattern(
        self, value: Any, said: str, schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        if isinstance(value, str) and not re.search(said, value):
            yield Problem(path, f"must be of the form {said}, not {_shown(value)}")

    def min_length(
        self, value: Any, said: int, schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        if isinstance(value, str) and len(value) < said:
            yield Problem(path, "must not be empty")

    def min_items(
        self, value: Any, said: int, schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        if isinstance(value, list) and len(value) < said:
            message = "must not be empty" if said == 1 else f"must have at least {said} items"
            yield Problem(path, message)

    def max_items(
        self, value: Any, said: int, schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        if isinstance(value, list) and len(value) > said:
            yield Problem(path, f"must have at most {said} items")

    def min_properties(
        self, value: Any, said: int, schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        if isinstance(value, dict) and len(value) < said:
            yield Problem(path, "must not be empty")

    def items(
        self, value: Any, said: Mapping[str, Any], schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        if isinstance(value, list):
            for number, item in enumerate(value):
                yield from self._of(item, said, (*path, number))

    def required(
        self, value: Any, said: list[str], schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        for name in said if isinstance(value, dict) else ():
            if name not in value:
                yield Problem(path, f"needs the key {name}")

    def properties(
        self, value: Any, said: Mapping[str, Any], schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        for name, item in value.items() if isinstance(value, dict) else ():
            if name in said:
                yield from self._of(item, said[name], (*path, name))

    def additional(
        self, value: Any, said: Any, schema: Mapping[str, Any], path: Path
    ) -> Iterator[Problem]:
        known = schema.get("properties", {})
        for name, item in value.items() if isinstance(value, dict) else ():
            if not isinstance(name, str):
                yield Problem((*path, str(name)), "keys are text; put quotes around this one")
            elif name in known:
                continue
            elif said is False:
                message = f"unknown key; expected {', '.join(known)}"
                yield Problem((*path, name), message)
            else:
                yield from self._of(item, said, (*path, name))


_BESIDE = frozenset({"type"})  # read where it stands beside others

KEYWORDS: dict[str, Callable[..., Iterator[Problem]]] = {
    "$ref": Schema.ref,
    "additionalProperties": Schema.additional,
    "anyOf": Schema.any_of,
    "enum": Schema.enum,
    "items": Schema.items,
    "maxItems": Schema.max_items,
    "minItems": Schema.min_items,
    "minLength": Schema.min_length,
    "minProperties": Schema.min_properties,
    "pattern": Schema.pattern,
    "properties": Schema.properties,
    "required": Schema.required,
}


def _is_any(value: Any, kinds: str | list[str]) -> bool:
    return any(_KINDS[kind][1](value) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _kinds(kinds: str | list[str]) -> str:
    return _either([_KINDS[k][0] for k in ([kinds] if isinstance(kinds, str) else kinds)])


def _either(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:
        return "a number of too many digits"
    text = {"None": "null", "True": "true", "False": "false"}.get(text, text)
    return text if len(text) <= 60 else f"{text[:59]}…"
