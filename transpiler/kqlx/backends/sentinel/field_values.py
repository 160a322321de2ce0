"""Fields beside the query: where a rule's counts, terms, entities and details find their values.

A field that a query only tests may be a predicate or a part of a column; here its values are asked
for, so that it must have a column of its own, or a path in one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kqlx.backends.counted_fields import joined, joined_by_kind
from kqlx.backends.sentinel.column_access import ELEMENT, Cell, Columns, cast, ecs_cell, kusto_type
from kqlx.backends.sentinel.conditions import condition_text
from kqlx.backends.sentinel.result_columns import FieldValues, plain_name, underscored
from kqlx.backends.sentinel.syntax import quote, steps
from kqlx.backends.sentinel.value_expressions import (
    ValueExpressions,
    chosen,
    first_filled,
    taken_out,
)
from kqlx.mappings.bound import Bound
from kqlx.mappings.extraction import cut_at
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.field_values import (
    ByKind,
    Constant,
    Extracted,
    FirstOf,
    InColumn,
    Joined,
    Missing,
    notes_on_values,
    resolve,
)
from kqlx.mappings.pack import Destination
from kqlx.mappings.value_conditions import (
    condition,
    conditional_first,
    has_values,
    named_values,
    presence,
)
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, replace


def values_of(bound: Bound, field: str, counted: bool = False) -> FieldValues | None:
    """Where the values of a field are; None where the table does not have them as such. Those that
    are ``counted`` may be a part of a column.
    """
    if bound.destination is None:
        column = bound.column(field)
        return _in_cell(field, ecs_cell(Columns(bound), column), kusto_type(column.type))
    found = _Finder(bound, bound.destination, field, counted).values()
    spec = bound.destination.field(field)
    named = named_values(spec, bound, field) if spec is not None else ()
    if not named or found is None or not found.name or found.multivalue:
        return found
    # What other columns tell, or what is spelt otherwise there.
    pairs = [text for value, tree in named for text in (condition_text(tree), quote(value))]
    others = found.expression if found.type == "string" else f"tostring({found.expression})"
    name, text = underscored(field), chosen(pairs, others)
    return replace(found, name=name, expression=text, type="string", stored="", long=True)


def single_values(bound: Bound, field: str, grouped_by: Sequence[str]) -> FieldValues | None:
    """The values of a field of which an event has one at most; None for others. Those of the fields
    that a rule groups by may be a part of a column.
    """
    values = values_of(bound, field, counted=field in grouped_by)
    return values if values and values.name and not values.multivalue else None


def counted_only_if(values: FieldValues, bound: Bound) -> FieldValues:
    """The values of a field with the condition that an event has the field, where its column has
    other values too.
    """
    tree = presence(bound, values.field)
    if tree is None or values.multivalue:
        return values
    return replace(values, given=condition_text(tree))


@dataclass(frozen=True)
class _Finder:
    """The search for the values of a field in the columns of a destination."""

    bound: Bound
    destination: Destination
    field: str
    counted: bool

    @property
    def expressions(self) -> ValueExpressions:
        return ValueExpressions(self.bound, self.destination)

    def values(self) -> FieldValues | None:
        spec = self.destination.field(self.field)
        notes = notes_on_values(self.field, spec) if spec is not None else ()
        match resolve(self.bound, self.field):
            case Constant(value=value):
                return FieldValues(self.field, expression=quote(value))
            case ByKind(spec=by_kind):
                return self.by_kind(by_kind)
            case InColumn(column=column):
                return self.in_column(column, notes)
            case FirstOf() as found:
                parts = found.expressions if self.counted else ()
                return self.first_of(found.columns, parts) if parts or not found.is_part else None
            case Extracted(column=column, expressions=parts) if spec is not None:
                return self.extracted(spec, column, parts, notes)
            case Joined() as found:
                return self.joined(found, notes)
            case Extracted() | Missing():
                return None

    def made(
        self, text: str, absent: tuple[str, ...] = (), notes: tuple[Note, ...] = ()
    ) -> FieldValues:
        """Values that a command of its own makes."""
        name = underscored(self.field)
        return FieldValues(self.field, name, text, notes=notes, absent=absent, long=True)

    def in_column(self, name: str, notes: tuple[Note, ...]) -> FieldValues | None:
        if self.destination.column(name).layout == "elements":
            return self.of_objects(name, notes)
        cell = self.expressions.cell(name, self.field)
        if cell is None:
            return None
        if self.expressions.has_arrays_on_the_way(name, self.field):
            message = f"{self.field}: values within arrays are neither counted nor compared"
            notes += (Note("array-on-the-way", Effect.NARROWER, message),)
        if cell.column.layout == "words":
            message = f"{self.field}: its values are words of {name}, which count as one value"
            notes += (Note("value-differs", Effect.DIFFERENT, message),)
        values = _in_cell(self.field, cell, kusto_type(cell.column.type))
        if values.type == "dynamic" and not values.multivalue:
            return None  # summarize takes no key of that type: the value is somewhere within
        absent = self.destination.absent_in(name)
        one = self.expressions.whole(cell, self.field) if cell.is_string else cell.access
        if one != cell.access:
            values = replace(values, name=underscored(self.field), expression=one, long=True)
        return replace(values, notes=notes, absent=absent)

    def extracted(
        self, spec: FieldSpec, column: str, parts: tuple[str, ...], notes: tuple[Note, ...]
    ) -> FieldValues | None:
        """A part of a column: up to a mark, or what the first expression that matches takes out."""
        absent = self.destination.absent_in(column)
        if cut_at(spec):
            text = self.expressions.text(spec, self.field)
            return self.made(text, absent, notes) if text else None
        whole = self.expressions.cell(column, self.field) if parts and self.counted else None
        if whole is None:
            return None
        text = first_filled(taken_out(whole.access, parts))
        return self.made(text, absent, notes)

    def joined(self, found: Joined, notes: tuple[Note, ...]) -> FieldValues | None:
        """One column with another behind a backslash."""
        cells = [self.expressions.cell(name, self.field) for name in (found.column, found.behind)]
        first, behind = [cell.access if cell and cell.is_string else "" for cell in cells]
        if not first or not behind:
            return None
        text = with_rest(first, behind)
        return self.made(text, self.destination.absent_in(found.column), notes)

    def first_of(self, names: tuple[str, ...], parts: tuple[str, ...]) -> FieldValues | None:
        """The first of several columns that an event has, or of what is taken out of them."""
        found = [self.expressions.cell(name, self.field) for name in names]
        cells = [cell for cell in found if cell is not None and cell.form == "column"]
        if len(cells) < len(names) or not all(cell.is_string for cell in cells):
            return None
        notes = (joined(self.field, names),)
        if any(map(self.destination.absent_in, names)):
            spec = self.destination.field(self.field)
            joint = self.expressions.text(spec, self.field) if spec else None
            return self.made(joint, notes=notes) if joint else None
        if parts:
            each = [text for cell in cells for text in taken_out(cell.access, parts)]
        else:
            each = [self.expressions.whole(cell, self.field) for cell in cells]
        spec = self.destination.field(self.field)
        if spec is not None and len(spec.joined_columns) == len(each):
            rest = [self.expressions.cell(column, self.field) for column in spec.joined_columns]
            each = [
                with_rest(one, behind.access) if behind is not None else one
                for one, behind in zip(each, rest, strict=True)
            ]
        name = f"{plain_name(cells[0].column.name)}_or_other"
        first = f"coalesce({', '.join(each)})"
        return FieldValues(self.field, name, first, notes=notes, long=True)

    def by_kind(self, spec: FieldSpec) -> FieldValues | None:
        """A field that is another column by the kind of event, or that some events alone have."""
        by = self.destination.field(spec.case_field) if spec.case_field else None
        kinds = self.expressions.cell(by.column, spec.case_field) if by and by.column else None
        if spec.case_field and kinds is None:
            return None
        pairs: list[str] = []
        notes: tuple[Note, ...] = (joined_by_kind(self.field, spec),) if spec.case_field else ()
        columns: list[str] = []
        others = quote("")
        for case in conditional_first(spec.cases or (spec,)):
            text = self.of_case(case)
            if text is None:
                return None
            notes += notes_on_values(self.field, case)
            columns += filter(None, (case.column, *case.any_of))
            tests = [_is_kind(kinds, case.case_values)] if case.case_values and kinds else []
            if beside := condition(case, self.bound, self.field):
                tests.append(condition_text(beside))
            if tests:
                pairs += [" and ".join(tests), text]
            else:
                others = text
        if not pairs:
            return None
        return self.made(chosen(pairs, others), self.expressions.absent_in(columns), notes)

    def of_case(self, case: FieldSpec) -> str | None:
        """The expression for the field on events of one kind."""
        if case.fixed is not None or not has_values(case):
            return quote(case.fixed or "")
        return self.expressions.text(case, self.field)

    def of_objects(self, name: str, notes: tuple[Note, ...]) -> FieldValues | None:
        """A key of the objects in an array, or of the object in one place of it. None where the key
        lies deeper in the objects, as a column that is only searched may say.
        """
        cell = self.expressions.whole_cell(name, self.field)
        above = self.field.split(".")[:-1]
        place = above.pop() if above and above[-1].isdecimal() else ""
        parent, array = _letters(above[-1] if above else ""), _letters(name.split(".")[-2])
        if any(step.isdecimal() for step in above) or not (parent and parent in array):
            return None
        if _skips(above[:-1], name.split(".")[1:-2]):
            return None
        key, type = steps([name.rpartition(".")[2]]), cell.column.type
        if place:
            text = cast(f"{cell.raw}[{place}]{key}", type)
            return FieldValues(self.field, plain_name(f"{name}_{place}"), text, kusto_type(type))
        return FieldValues(
            self.field,
            plain_name(name),
            cast(f"{ELEMENT}{key}", type),
            kusto_type(type),
            multivalue=True,
            array=cell.raw,
            notes=notes,
        )


def _in_cell(field: str, cell: Cell, type: str) -> FieldValues:
    plain = plain_name(cell.column.name)
    if cell.form in ("array", "many"):
        whole = cell.raw
        if cell.form == "many":
            whole = f'iff(gettype({whole}) == "array", {whole}, pack_array({whole}))'
        return FieldValues(field, f"{plain}_value", whole, type, multivalue=True, stored=cell.raw)
    return FieldValues(field, plain, cell.access, type)


def _is_kind(kinds: Cell, values: Sequence[str]) -> str:
    """A test that an event is of one of these kinds."""
    listed = ", ".join(map(quote, values) if kinds.is_string else values)
    return f"{kinds.access} == {listed}" if len(values) == 1 else f"{kinds.access} in ({listed})"


def _skips(above: Sequence[str], column: Sequence[str]) -> bool:
    """Whether the steps above an array have, right above it, some that the column leaves out."""
    if not above or not column:
        return False
    own, *higher = map(_letters, reversed(above))
    return _letters(column[-1]) not in own and _letters(column[-1]) in higher


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def with_rest(first: str, behind: str) -> str:
    """One value with another one behind a backslash, where there is one."""
    return f"iff(isnotempty({behind}), strcat({first}, {quote(chr(92))}, {behind}), {first})"
