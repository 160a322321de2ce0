"""``kqlx.yml`` as a JSON schema, by which editors complete and check it."""

from __future__ import annotations

from typing import Any

from kqlx.backends.target import Options
from kqlx.records import fields
from kqlx.settings.keys import KEYS, Key, Kind, section_of

ADDRESS = "https://raw.githubusercontent.com/kqlx/kqlx/main/docs/kqlx.schema.json"


def schema() -> dict[str, Any]:
    """The schema; docs/kqlx.schema.json is made of it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ADDRESS,
        "title": "kqlx.yml",
        "description": "what a user of kqlx sets once for all conversions",
        "type": ["object", "null"],
        "properties": {key.name: _property(key) for key in KEYS},
        "additionalProperties": {
            "description": "for a target of another package only: the options that it takes",
            "type": ["object", "null"],
            "properties": {
                inner.name: _property(inner)
                for inner in section_of("", {field.name for field in fields(Options)}).inner
            },
            "additionalProperties": False,
        },
    }


def _property(key: Key) -> dict[str, Any]:
    found = _value(key)
    return {"description": key.meaning, **found}


def _value(key: Key) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    if key.words and key.kind is Kind.TEXT:
        text = {"enum": [*key.words]}
    names = {"type": "object", "additionalProperties": text}
    match key.kind:
        case Kind.SWITCH:
            return {"type": ["boolean", "null"]}
        case Kind.NUMBER:
            return {"type": ["integer", "null"], "minimum": 0}
        case Kind.TEXTS:
            one = {"enum": [*key.words]} if key.words else text
            return {"anyOf": [text, {"type": "array", "items": one}, {"type": "null"}]}
        case Kind.NAMES:
            return {**names, "type": ["object", "null"]}
        case Kind.TABLES:
            return {"type": ["object", "null"], "additionalProperties": {"anyOf": [text, names]}}
        case Kind.LENGTH:
            length = {"type": "string", "pattern": "^0*[1-9][0-9]{0,8}[smhdw]$"}
            by_source = {"type": "object", "additionalProperties": length}
            return {"anyOf": [length, by_source, {"type": "null"}]}
        case Kind.SECTION:
            return {
                "type": ["object", "null"],
                "properties": {inner.name: _property(inner) for inner in key.inner},
                "additionalProperties": False,
            }
    return {"anyOf": [text, {"type": "null"}]}
