"""A strict model of Sigma's documents as JSON schemas, our own, made after the specification 2.1
(https://github.com/SigmaHQ/sigma-specification, specification/ and sigmahq/).

It is narrower than the official schemas, which allow further keys and leave the shape of a
detection open: a document that is valid here is valid there.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

_TEXT = {"type": "string", "minLength": 1}
_UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
_DATE = {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"}
_TITLE = {"type": "string", "minLength": 1, "maxLength": 256}
_TEXTS = {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True}

_VALUE = {"type": ["string", "number", "boolean"]}
_MAP = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {
        "pattern": r"^[^|]+(\|(contains|startswith|endswith|cased|exists|cidr|gte?|lte?))*$"
    },
    "additionalProperties": {"anyOf": [_VALUE, {"type": "array", "items": _VALUE, "minItems": 2}]},
}
_SELECTION = {
    "anyOf": [
        _MAP,
        {"type": "array", "items": _MAP, "minItems": 2},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}
_NAME = "^(selection|filter_main|keywords)[a-z0-9_]*$"

_SHARED: dict[str, Any] = {
    "title": _TITLE,
    "id": _UUID,
    "related": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["id", "type"],
            "additionalProperties": False,
            "properties": {"id": _UUID, "type": {"const": "derived"}},
        },
    },
    "status": {"enum": ["experimental", "deprecated"]},
    "description": {"type": "string", "minLength": 1, "maxLength": 65535},
    "license": _TEXT,
    "references": _TEXTS,
    "author": _TEXT,
    "date": _DATE,
    "modified": _DATE,
    "tags": {**_TEXTS, "items": {"type": "string", "pattern": r"^attack\.[a-z0-9.-]+$"}},
    "taxonomy": {"const": "ecs"},
    "falsepositives": {**_TEXTS, "items": {"type": "string", "minLength": 2}},
    "level": {"enum": ["informational", "low", "medium", "high", "critical"]},
}

_RULE = {
    "type": "object",
    "required": ["title", "logsource", "detection"],
    "additionalProperties": False,
    "properties": {
        **_SHARED,
        "name": {"type": "string", "pattern": "^[a-z0-9_]+$", "maxLength": 256},
        "logsource": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {"category": _TEXT, "product": _TEXT, "service": _TEXT},
        },
        "detection": {
            "type": "object",
            "required": ["condition"],
            "minProperties": 2,
            "additionalProperties": False,
            "properties": {"condition": _TEXT},
            "patternProperties": {_NAME: _SELECTION},
        },
    },
}

_CORRELATION = {
    "type": "object",
    "required": ["title", "correlation"],
    "additionalProperties": False,
    "properties": {
        **_SHARED,
        "correlation": {
            "type": "object",
            "required": ["type", "rules", "group-by", "timespan", "condition"],
            "additionalProperties": False,
            "properties": {
                "type": {"enum": ["event_count", "value_count"]},
                "rules": _TEXTS,
                "group-by": {"type": "array", "items": _TEXT, "uniqueItems": True},
                "timespan": {"type": "string", "pattern": "^[1-9][0-9]*[smhd]$"},
                "condition": {
                    "type": "object",
                    "required": ["gte"],
                    "additionalProperties": False,
                    "properties": {"gte": {"type": "integer", "minimum": 1}, "field": _TEXT},
                },
            },
            "if": {"properties": {"type": {"const": "value_count"}}},
            "then": {"properties": {"condition": {"required": ["field"]}}},
            "else": {"properties": {"condition": {"properties": {"field": False}}}},
        },
    },
}

_VALIDATORS = {
    "detection": Draft202012Validator(_RULE),
    "correlation": Draft202012Validator(_CORRELATION),
}

KEYS = [
    *("title", "id", "name", "related", "status", "description", "license", "references", "author"),
    *("date", "modified", "tags", "taxonomy", "logsource", "correlation", "detection"),
    *("falsepositives", "level"),
]
"""The order of SigmaHQ's rules."""


def problems(document: Any) -> list[str]:
    """What is wrong with a document, in words; none for a valid one."""
    kind = (
        "correlation" if isinstance(document, dict) and "correlation" in document else "detection"
    )
    found = [error.message for error in _VALIDATORS[kind].iter_errors(document)]
    if isinstance(document, dict):
        order = [KEYS.index(key) for key in document if key in KEYS]
        found += ["the keys are out of order"] if order != sorted(order) else []
        if document.get("modified") and document["modified"] <= document.get("date", ""):
            found.append("modified before it was written")
    return found
