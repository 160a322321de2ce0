"""Columns with another name where another collector brought the events: ``data.a`` is ``a``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from kqlx.mappings.bound import Column
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.pack import Destination
from kqlx.nodes import (
    And,
    CommandLineArgument,
    Equals,
    FieldTest,
    FunctionTest,
    Like,
    Literal,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
)
from kqlx.records import dataclass, fields, replace

Test = TypeVar("Test", Equals | Like, FieldTest | Regexp)

Also = Mapping[str, str]
"""The beginning of names: the other one that they may have."""


def other_name(name: str, also: Also) -> str | None:
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


@dataclass(frozen=True, slots=True)
class EitherNameDestination(Destination):
    """A destination whose fields are looked for in their columns under either name."""

    def field(self, name: str) -> FieldSpec | None:
        spec = Destination.field(self, name)
        return either_column(spec, self.other_prefixes) if spec is not None else None


def with_either_name(destination: Destination) -> EitherNameDestination:
    return EitherNameDestination(
        **{each.name: getattr(destination, each.name) for each in fields(Destination) if each.init}
    )


def either_column(spec: FieldSpec, also: Also) -> FieldSpec:
    """What becomes of a field, its columns under both names."""
    if spec.value_predicates:
        return spec
    columns = (spec.column,) if spec.column is not None else spec.any_of
    others = [other for column in columns if (other := other_name(column, also)) is not None]
    return replace(spec, column=None, any_of=(*columns, *others)) if others else spec


def _has(node: Node, also: Also) -> bool:
    """Whether it is a test of a column with another name."""
    if isinstance(node, CommandLineArgument):
        return _has(node.test, also)
    if isinstance(node, FunctionTest):
        return any(other_name(field.name, also) is not None for field in node.fields)
    if not isinstance(node, FieldTest | Regexp) or isinstance(node.field, Pattern):
        return False
    return other_name(node.field.name, also) is not None


def _other(node: Node, columns: dict[str, Column], also: Also) -> Node:
    if isinstance(node, CommandLineArgument):
        return replace(node, test=_renamed(node.test, columns, also))
    if isinstance(node, FunctionTest):
        # All columns of an event have their names from one collector.
        return node.with_fields(lambda field: _renamed_field(field, columns, also))
    assert isinstance(node, FieldTest | Regexp)
    return _renamed(node, columns, also)


def _renamed(test: Test, columns: dict[str, Column], also: Also) -> Test:
    assert isinstance(test.field, Literal)
    return replace(test, field=_renamed_field(test.field, columns, also))


def _renamed_field(field: Literal, columns: dict[str, Column], also: Also) -> Literal:
    name = other_name(field.name, also)
    if name is None:
        return field
    if (column := columns.get(field.name)) is not None:
        columns[name] = replace(column, name=other_name(column.name, also) or column.name)
    return Literal(name, span=field.span)
