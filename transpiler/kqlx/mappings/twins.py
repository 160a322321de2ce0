"""Columns with another name where another collector brought the events: ``data.a`` is ``a``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kqlx.mappings.bound import Column
from kqlx.mappings.pack import FieldSpec
from kqlx.nodes import And, Compare, Equals, Exists, Like, Literal, Node, Not, Or, Pattern

Also = Mapping[str, str]
"""The beginning of names: the other one that they may have."""


def twin(name: str, also: Also) -> str | None:
    """The other name of a column; None where it has none."""
    for start, other in also.items():
        if name.startswith(start):
            return other + name.removeprefix(start)
    return None


def under_both(node: Node, columns: dict[str, Column], also: Also) -> Node:
    """The tree with each test made of either column, of which an event has one at most. The others
    are added to ``columns``.
    """
    if isinstance(node, Not):
        return replace(node, item=under_both(node.item, columns, also))
    if isinstance(node, And):
        return replace(node, items=tuple([under_both(i, columns, also) for i in node.items]))
    if isinstance(node, Or):
        tests = [under_both(item, columns, also) for item in node.items if not _has(item, also)]
        ours = [item for item in node.items if _has(item, also)]
        theirs = [_other(item, columns, also) for item in ours]
        return replace(node, items=(*ours, *theirs, *tests))
    return Or((node, _other(node, columns, also)), node.span) if _has(node, also) else node


def either_column(spec: FieldSpec, also: Also) -> FieldSpec:
    """What becomes of a field, its column under both names."""
    if spec.column is None or spec.where or (other := twin(spec.column, also)) is None:
        return spec
    return replace(spec, column=None, any=(spec.column, other))


def _has(node: Node, also: Also) -> bool:
    """Whether it is a test of a column with another name."""
    if not isinstance(node, Equals | Like | Exists | Compare) or isinstance(node.field, Pattern):
        return False
    return twin(node.field.name, also) is not None


def _other(node: Node, columns: dict[str, Column], also: Also) -> Node:
    assert isinstance(node, Equals | Like | Exists | Compare)
    name = twin(node.field.name, also)
    assert name is not None
    if (column := columns.get(node.field.name)) is not None:
        columns[name] = replace(column, name=twin(column.name, also) or column.name)
    return replace(node, field=Literal(name, span=node.field.span))
