"""Fields that functions of one test name more than once: each place may have another value."""

from __future__ import annotations

from kqlx.elastic import ecs
from kqlx.mappings.bound import Column


def may_have_many(column: Column) -> bool:
    """Whether a field may have several values: ECS has it as a list, or does not have it."""
    name = column.field or column.name
    return name in ecs.arrays() or name not in ecs.types()
