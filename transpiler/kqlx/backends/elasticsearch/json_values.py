"""Values of rules as JSON: how the templates of Elasticsearch write them."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kqlx.backends.artifact_text import json_text


def as_json(value: Any, margin: int = 0) -> str:
    """Plain JSON, its further lines set in by so many blanks."""
    return json_text(json_value(value)).replace("\n", "\n" + " " * margin)


def json_line(value: Any) -> str:
    """Plain JSON on one line."""
    return json_text(json_value(value), indent=None)


def json_value(value: Any) -> Any:
    """The value with only what JSON has: dates of TOML and YAML, and numbers that are none, as
    texts.
    """
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | Iterator):
        return [json_value(item) for item in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | None) else json.dumps(value, default=str)


FILTERS: dict[str, Callable[..., str]] = {"json": as_json, "json_line": json_line}
