"""The types of ECS fields, version 9.5 (https://github.com/elastic/ecs, Apache License 2.0)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from kqlx import resources


@cache
def types() -> Mapping[str, str]:
    """Field name → Elasticsearch type, such as ``process.pid`` → ``long``."""
    text = (resources.PACKAGE / "mappings/ecs_types.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found
