"""Where the values of an Elastic field are in a destination, for rules that count, compare or show
them: in a column, in the first of several, in a part of one, by the kind of event, or nowhere.

A test of a field may be said by a predicate or by a pattern; here its values are asked for.
"""

from __future__ import annotations

from kqlx.mappings.bound import Bound
from kqlx.mappings.extraction import Expression, captures
from kqlx.mappings.field_spec import FieldSpec, PackNote
from kqlx.mappings.nested import in_any_place
from kqlx.mappings.pack import Destination, Pack
from kqlx.mappings.value_conditions import has_values, names_columns, why_without_values
from kqlx.notes import Effect, Note
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value on all events of the data source."""

    value: str


@dataclass(frozen=True, slots=True)
class InColumn:
    """The values of one column. ``is_substitute`` says that these are others, which tell the same
    things apart; ``in_any_list_position`` that the field asks for one place of a list, and the
    column has all.
    """

    column: str
    is_substitute: bool = False
    in_any_list_position: bool = False


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The value of the first of several columns that an event has, or the part of it that
    ``expressions`` take out. Where the field ``is_part`` of them and there are none, no expression
    can.
    """

    columns: tuple[str, ...]
    expressions: tuple[Expression, ...] = ()
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Extracted:
    """A part of a column: what the first of the ``expressions`` that matches takes out. Without
    any, no expression can.
    """

    column: str
    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """The values of one column with those of another behind a backslash, where that has one."""

    column: str
    behind: str


@dataclass(frozen=True, slots=True)
class ByKind:
    """Another column by the kind of event: each of the cases of ``spec``; of one without cases the
    field is only on the events that meet its guard.
    """

    spec: FieldSpec


@dataclass(frozen=True, slots=True)
class Missing:
    """Nowhere, for the ``reason`` that the pack gives, "" where it does not know the field."""

    reason: str = ""


FieldValues = Constant | InColumn | FirstOf | Extracted | Joined | ByKind | Missing


def resolve(bound: Bound, field: str) -> FieldValues:
    """Where the values of an Elastic field are in the destination of a bound tree. Where the tree
    keeps Elastic's names, the field is a column.
    """
    if bound.pack is None or bound.destination is None:
        return InColumn(bound.column(field).name)
    return resolve_in(bound.pack, bound.destination, field)


def resolve_in(pack: Pack, destination: Destination, field: str) -> FieldValues:
    """Where the values of an Elastic field are in a destination of a pack."""
    if field in pack.constants:
        return Constant(pack.constants[field])
    named = destination.field(field)
    spec = named or destination.fields.get(in_any_place(field))
    if spec is None:
        return Missing()
    if spec.counted_by is not None and spec.counted_as:
        return Extracted(spec.counted_by, (Expression(spec.counted_as),))
    if spec.counted_by is not None:
        return InColumn(spec.counted_by, is_substitute=True)
    if not (spec.value_part or spec.value_patterns or spec.guard or spec.joined_columns):
        value = spec.constant if spec.fixed is None else spec.fixed
        if value is not None:
            return Constant(value)
        if spec.column is not None:
            return InColumn(spec.column, in_any_list_position=named is None)
    if named is None:
        return Missing()
    by_kind = spec.case_field or (spec.guard and names_columns(spec))
    if by_kind and any(map(has_values, spec.cases or (spec,))):
        return ByKind(spec)
    if spec.any_of:
        is_part = bool(spec.value_part or spec.value_patterns)
        return FirstOf(spec.any_of, captures(spec), is_part)
    if spec.column is not None and len(spec.joined_columns) == 1 and spec.value_part is None:
        return Joined(spec.column, spec.joined_columns[0])
    if spec.column is not None:
        return Extracted(spec.column, captures(spec))
    reason = why_without_values(spec, destination)
    if ".as." in field or ".geo." in field:
        from kqlx.mappings.lookups import way_to_look_up

        reason += way_to_look_up(field, destination, counted=True)
    return Missing(reason)


def is_countable(found: FieldValues) -> bool:
    """Whether a rule that reads several data sources can count by the field."""
    match found:
        case Missing():
            return False
        case Extracted():
            return bool(found.expressions)
        case ByKind():
            return bool(found.spec.cases or found.spec.any_of)
        case Constant() | InColumn() | FirstOf() | Joined():
            return True


def notes_on_values(field: str, spec: FieldSpec) -> tuple[Note, ...]:
    """What is to be said where the values of a field are counted or shown."""
    told = spec.note
    if spec.column is not None and spec.joined_columns and not (spec.guard or spec.value_part):
        message = (
            f"{field} is grouped by {spec.column} and {', '.join(spec.joined_columns)} behind it"
        )
        joint = Note("grouped-by-substitute", Effect.SAME, f"{message}, as they are spelt there")
        return (joint, *(() if told is None else (_said(told),)))
    if spec.counted_by is not None and spec.finer and spec.column is not None:
        return ()  # the note is on the values of the column that is not counted
    if spec.counted_by is not None and not (spec.finer or (told and spec.no_counterpart)):
        message = (
            f"{field} is grouped by {spec.counted_by}, which has other values for the same things"
        )
        return (Note("grouped-by-substitute", Effect.SAME, message),)
    return (_said(told),) if told else ()


def _said(told: PackNote) -> Note:
    return Note(told.code, told.effect, told.message, hint=told.hint)
