"""The fields of the Elastic Common Schema: their Elasticsearch types, and which hold lists.

The data are the flat field list of ECS 9.5 (https://github.com/elastic/ecs, Apache License 2.0),
reduced to two files beside this module: ``ecs_types.json``, name → type, multi-fields such as
``process.name.text`` among them, and ``ecs_arrays.json``, the names that ECS normalises to lists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from kqlx import resources


@cache
def types() -> Mapping[str, str]:
    """Field name → Elasticsearch type, such as ``keyword``; read from disk at the first call."""
    found: dict[str, str] = _load("ecs_types.json")
    return MappingProxyType(found)


@cache
def arrays() -> frozenset[str]:
    """The names of the fields that hold lists; read from disk at the first call."""
    return frozenset(_load("ecs_arrays.json"))


def _load(name: str) -> Any:
    return json.loads((resources.PACKAGE / "elastic" / name).read_text(encoding="utf-8"))
