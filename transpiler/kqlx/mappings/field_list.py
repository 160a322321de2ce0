"""Field lists: what Kibana knows of the fields of an index when it builds a query.

Read from a Kibana data view, an Elasticsearch ``_mapping`` or ``_field_caps`` response, or ECS.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kqlx import named_pipes
from kqlx.elastic import ecs
from kqlx.errors import MappingError, place_of
from kqlx.malformed import TOO_DEEP, Refused, json_document, refuse_constant
from kqlx.nodes import Pattern, Term
from kqlx.records import dataclass

# Elasticsearch types → the type that a data view shows
# (https://www.elastic.co/docs/explore-analyze/find-and-organize/data-views); others keep their
# name.
_NUMBERS = (
    *("long", "integer", "short", "byte", "unsigned_long"),
    *("double", "float", "half_float", "scaled_float"),
)
_STRINGS = ("keyword", "text", "match_only_text", "wildcard", "constant_keyword", "version")
_KINDS = {
    **dict.fromkeys(_NUMBERS, "number"),
    **dict.fromkeys(_STRINGS, "string"),
    "date_nanos": "date",
}

_MAPPING_KEYS = ("mappings", "properties", "runtime")

# What a data view without ``esTypes`` says by its own type alone: a string may be text or keyword.
_BY_KIND = {kind: (kind,) for kind in ("date", "boolean", "ip")} | {"number": ("double",)}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``kind`` is the data view's type (string, number, date, …), ``types``
    Elasticsearch's.

    ``nested_path`` is the path of the nested field that it lies in, or "". A scripted field has a
    ``script`` in the language ``lang``.
    """

    name: str
    kind: str
    types: tuple[str, ...] = ()
    nested_path: str = ""
    script: str | None = None
    lang: str = ""

    @property
    def is_keyword(self) -> bool:
        """Keyword in all indices, and nothing else: only then does Kibana write term
        and wildcard.
        """
        return self.types == ("keyword",)


class FieldList:
    """The fields of a data view, in its order. ``alone`` says that nothing else is to be known of
    types: neither what packs say, nor ECS.
    """

    def __init__(
        self,
        fields: Iterable[Field],
        alone: bool = False,
        objects: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.fields = list(fields)
        self.alone = alone
        self.objects = objects

    @cached_property
    def _by_name(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}

    def fitting(self, name: Term, prefix: str = "") -> list[Field]:
        """The fields of this name, behind the prefix; all that fit, for a name with stars."""
        if not isinstance(name, Pattern):
            found = self._by_name.get(prefix + name.name)
            return [found] if found else []
        fit = name.prefixed(prefix).matcher()
        return [field for field in self.fields if fit(field.name)]

    def all_types(self) -> dict[str, tuple[str, ...]]:
        """Name → Elasticsearch types; the paths of nested fields among the names."""
        objects = {name: (type,) for name, type in self.objects.items()}
        objects |= {field.nested_path: ("nested",) for field in self.fields if field.nested_path}
        return objects | {
            field.name: field.types or _BY_KIND.get(field.kind, ())
            for field in self.fields
            if field.types or field.kind in _BY_KIND
        }

    def types(self) -> dict[str, str]:
        """Name → Elasticsearch type, for the evaluator; of several types the first."""
        return {name: types[0] for name, types in self.all_types().items()}


def read_fields(fields: FieldList | Mapping[str, str] | str | None) -> FieldList | None:
    """The field list that an option of this name says. Raises MappingError as ``load``."""
    if isinstance(fields, str):
        return load(fields)
    return fields if fields is None or isinstance(fields, FieldList) else of_types(fields)


def load(path_or_name: str) -> FieldList:
    """The field list of a file, or ECS for the name ``ecs``; for ``none`` one that says that no
    types are known at all.

    Raises MappingError where the file cannot be read, has none of the three shapes or no fields.
    """
    if path_or_name == "ecs":
        return of_types(ecs.types())
    if path_or_name == "none":
        return FieldList((), alone=True)
    path = Path(path_or_name)
    try:
        named_pipes.refuse(path)
        text = path.read_text(encoding="utf-8-sig")
        data = _json(text, path)
    except OSError as error:
        hint = "ecs means the types of ECS, none no types at all"
        raise MappingError(f"{path}: {error.strerror}", hint=hint) from None
    except UnicodeDecodeError as error:
        raise MappingError(f"{path}: not UTF-8 at byte {error.start}") from None
    except Refused as error:
        place = place_of(text, error.offset)
        raise MappingError(f"{path}:{place.line}:{place.column}: {error.reason}") from None
    found = parse(data, str(path))
    if not found.fields:
        hint = "none means no types at all; _field_caps needs the parameter fields=*"
        raise MappingError(f"{path}: no fields in it", hint=hint)
    return found


def _json(text: str, path: Path) -> Any:
    """One JSON value; of an export of saved objects, a line each, the data view."""
    decoder = json.JSONDecoder(parse_constant=refuse_constant)
    try:
        return json_document(decoder, text)
    except Refused:
        try:
            lines = [json_document(decoder, line) for line in text.split("\n") if line.strip()]
        except Refused:
            lines = []
        views = [
            line for line in lines if isinstance(line, dict) and line.get("type") == "index-pattern"
        ]
        if len(views) > 1:
            raise MappingError(f"{path}: {len(views)} data views; expected one") from None
        if not views:
            raise
        return views[0]


def parse(data: Any, place: str = "the field list") -> FieldList:
    """Data view, ``_mapping`` or ``_field_caps`` → field list. Raises MappingError for any other
    shape.
    """
    try:
        if isinstance(data, dict) and isinstance(data.get("attributes"), dict):
            data = data["attributes"]  # a saved object
        if isinstance(data, dict) and isinstance(data.get("data_view"), dict):
            data = data["data_view"]  # an answer of the data views API
        fields = data.get("fields") if isinstance(data, dict) else data
        if isinstance(fields, str):
            fields = json_document(json.JSONDecoder(), fields)
        if isinstance(fields, list):
            return FieldList(_of_data_view(field) for field in fields)
        if isinstance(fields, dict) and "properties" not in data:
            if all(isinstance(v, dict) and "name" in v for v in fields.values()) and fields:
                return FieldList(_of_data_view(field) for field in fields.values())
            return FieldList(_of_capabilities(fields))
        if isinstance(data, dict) and data:
            return FieldList(_of_mappings(data))
    except RecursionError:
        raise MappingError(f"{place}: {TOO_DEEP}") from None
    except (KeyError, TypeError, AttributeError, ValueError):
        pass
    raise MappingError(
        f"{place}: not a list of fields",
        hint="give a Kibana data view, or the response of _mapping or _field_caps",
    )


def of_types(types: Mapping[str, str]) -> FieldList:
    """The field list of a table name → Elasticsearch type; objects are no fields in it. One of
    nothing says that no types are known at all.
    """
    if not types:
        return FieldList((), alone=True)
    objects = {name: type for name, type in types.items() if type in ("object", "nested")}
    nested = {name for name, type in objects.items() if type == "nested"}
    fields = [
        described(name, (type,), _innermost(name, nested))
        for name, type in types.items()
        if name not in objects
    ]
    return FieldList(fields, objects=objects)


def described(name: str, types: tuple[str, ...], nested_path: str = "") -> Field:
    """A field of these Elasticsearch types, as a data view shows it."""
    kinds = {_KINDS.get(type, type) for type in types}
    return Field(name, kinds.pop() if len(kinds) == 1 else "conflict", types, nested_path)


def _of_data_view(data: Mapping[str, Any]) -> Field:
    return Field(
        name=data["name"],
        kind=data.get("type", "string"),
        types=tuple(data.get("esTypes") or ()),
        nested_path=((data.get("subType") or {}).get("nested") or {}).get("path", ""),
        script=data.get("script", "") if data.get("scripted") else None,
        lang=data.get("lang") or "painless",
    )


def _of_capabilities(fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Field]:
    nested = {name for name, by_type in fields.items() if "nested" in by_type}
    for name, by_type in fields.items():
        types = tuple(type for type in by_type if type != "unmapped")
        if not set(types) <= {"object", "nested"}:
            yield described(name, types, _innermost(name, nested))


def _innermost(name: str, nested: set[str]) -> str:
    """The longest nested path that the name lies below."""
    parents = [name[:place] for place, c in enumerate(name) if c == "." and name[:place] in nested]
    return parents[-1] if parents else ""


def _of_mappings(data: Mapping[str, Any]) -> Iterator[Field]:
    """A ``_mapping`` answer of one or more indices; types of one name are put together."""
    alone = any(key in data for key in _MAPPING_KEYS)
    types: dict[str, list[str]] = {}
    paths: dict[str, str] = {}
    for index in [data] if alone else data.values():
        if not any(key in index for key in _MAPPING_KEYS):
            raise ValueError("neither mappings nor properties")
        for name, (type, nested_path) in _of_index(index.get("mappings", index)).items():
            known = types.setdefault(name, [])
            if type not in known:
                known.append(type)
            paths[name] = nested_path
    for name, found in types.items():
        yield described(name, tuple(found), paths[name])


def _of_index(mapping: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Name → type and nested path. A runtime field hides the mapped one of its name, and an alias
    has the type of the field that it names
    (https://www.elastic.co/docs/manage-data/data-store/mapping/runtime-fields).
    """
    aliases: dict[str, str] = {}
    found = {
        name: (type, nested_path)
        for name, type, nested_path in _of_properties(
            mapping.get("properties", {}), "", "", aliases
        )
    }
    for name, spec in mapping.get("runtime", {}).items():
        if spec["type"] == "composite":
            for key, inner in spec.get("fields", {}).items():
                found[f"{name}.{key}"] = (inner["type"], "")
        else:
            found[name] = (spec["type"], "")
    for alias, name in aliases.items():
        if name in found:
            found.setdefault(alias, found[name])
    return found


def _of_properties(
    properties: Mapping[str, Any], prefix: str, nested_path: str, aliases: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    for key, spec in properties.items():
        name = prefix + key
        kind = spec.get("type", "object")
        if kind == "alias":
            aliases[name] = spec["path"]
        elif kind not in ("object", "nested"):
            yield name, kind, nested_path
        inner = name if kind == "nested" else nested_path
        yield from _of_properties(spec.get("properties", {}), f"{name}.", inner, aliases)
        yield from _of_properties(spec.get("fields", {}), f"{name}.", nested_path, aliases)
