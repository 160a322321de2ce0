"""Whether a document is a valid Sigma rule: by the JSON schemas of the specification, and by what
they leave open.

The schemas are those of version 2.1 (``schemas/``, with where they are from). They allow further
keys, empty texts and lists, anything within a selection and within a correlation's condition, and
do not look at the order of keys. The schemas below, our own, forbid what we never write of that;
the rest they leave to the official ones.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

KEYS = [
    *("title", "id", "name", "related", "status", "description", "license", "references", "author"),
    *("date", "modified", "tags", "taxonomy", "logsource", "correlation", "detection"),
    *("falsepositives", "level"),
]
"""The order of SigmaHQ's rules."""

_TEXT = {"type": "string", "minLength": 1}
_SOME = {"minItems": 1, "items": _TEXT}

_VALUE = {"type": ["string", "number", "boolean"]}
_MAP = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {
        "pattern": (
            r"^[^|]+(\|re|(\|(startswith|endswith|cased|exists|cidr|fieldref|gte?|lte?)"
            r"|\|contains(\|all)?)*)$"
        )
    },
    "additionalProperties": {
        "anyOf": [_VALUE, {"type": "null"}, {"type": "array", "items": _VALUE, "minItems": 2}]
    },
}
_SELECTION = {
    "anyOf": [
        _MAP,
        {"type": "array", "items": _MAP, "minItems": 2},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}

_HOUSE = {
    "propertyNames": {"enum": KEYS},
    "properties": {
        "title": _TEXT,
        "name": {"pattern": "^[a-z0-9_]+$"},
        "related": {
            "minItems": 1,
            "items": {
                "additionalProperties": False,
                "properties": {"id": {}, "type": {"const": "derived"}},
            },
        },
        "status": {"enum": ["experimental", "deprecated"]},
        "description": _TEXT,
        "license": _TEXT,
        "references": _SOME,
        "author": _TEXT,
        "tags": {"minItems": 1, "items": {"pattern": r"^attack\."}},
        "taxonomy": {"const": "ecs"},
        "logsource": {
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {"category": _TEXT, "product": _TEXT, "service": _TEXT},
        },
        "detection": {
            "minProperties": 2,
            "additionalProperties": False,
            "properties": {"condition": _TEXT},
            "patternProperties": {"^(selection|filter_main|keywords)[a-z0-9_]*$": _SELECTION},
        },
        "correlation": {
            "additionalProperties": False,
            "properties": {
                "type": {"enum": ["event_count", "value_count", "temporal", "temporal_ordered"]},
                "rules": {"type": "array", **_SOME},
                "group-by": {"items": _TEXT},
                "aliases": {
                    "minProperties": 1,
                    "additionalProperties": {"minProperties": 2, "additionalProperties": _TEXT},
                },
                "timespan": {"pattern": "^[1-9][0-9]*[smhd]$"},
                "condition": {
                    "required": ["gte"],
                    "additionalProperties": False,
                    "properties": {"gte": {"type": "integer", "minimum": 1}, "field": _TEXT},
                },
            },
            "if": {"properties": {"type": {"const": "value_count"}}},
            "then": {"properties": {"condition": {"required": ["field"]}}},
            "else": {"properties": {"condition": {"properties": {"field": False}}}},
        },
        "falsepositives": {"type": "array", "minItems": 1},
    },
}

_OURS = Draft202012Validator(_HOUSE)


SCHEMAS = Path(__file__).parents[1] / "schemas"


@cache
def _official(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def is_correlation(document: Any) -> bool:
    return isinstance(document, dict) and "correlation" in document


def official_problems(document: Any) -> list[str]:
    """What the specification's schema says against a document, in words; nothing where it is valid.

    Dates have to be texts.
    """
    kind = "correlation-rules" if is_correlation(document) else "detection-rule"
    errors = _official(f"sigma-{kind}-schema.json").iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in errors]


def problems(document: Any) -> list[str]:
    """The same, and what is against our own rules."""
    found = official_problems(document)
    found += [f"{error.json_path}: {error.message}" for error in _OURS.iter_errors(document)]
    if isinstance(document, dict):
        order = [KEYS.index(key) for key in document if key in KEYS]
        found += ["the keys are out of order"] if order != sorted(order) else []
        if document.get("modified") and document["modified"] <= document.get("date", ""):
            found.append("modified before it was written")
    return found
