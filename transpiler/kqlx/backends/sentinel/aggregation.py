"""What rules that count or compare share in Sentinel KQL: the values that they group by, and how
the parts of a rule about several data sources come to have them under the same names.

https://learn.microsoft.com/kusto/query/mv-expand-operator?view=microsoft-sentinel,
.../mv-apply-operator and .../make-set-aggregation-function.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from kqlx.backends.counted_fields import about_counted
from kqlx.backends.sentinel.column_access import ELEMENT
from kqlx.backends.sentinel.field_values import values_of
from kqlx.backends.sentinel.multiple_sources import TableQuery
from kqlx.backends.sentinel.result_columns import (
    FieldValues,
    as_column,
    columns_made,
    distinct_count,
    extended,
    plain_name,
)
from kqlx.backends.sentinel.syntax import WIDTH, fold, identifier
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.mappings.field_values import InColumn, resolve
from kqlx.mappings.lookups import way_to_look_up
from kqlx.mappings.value_conditions import why_without_values
from kqlx.notes import Effect, Note
from kqlx.records import replace

TIME = "TimeGenerated"


def required_values(
    bound: Bound, fields: Iterable[str], what: str, together: bool = False
) -> list[FieldValues]:
    """The values of fields, without those that are the same on all events there, unless several
    data sources are looked at ``together``. Where two fields are one column it is there once: no
    two columns of a result have one name.
    """
    found: dict[object, FieldValues] = {}
    for field in fields:
        values = values_of(bound, field, counted=True)
        if values is None:
            raise refused_form(f"a rule that {what} {field}", _why_without(field, bound))
        if values.name or together:
            same = field if together else (values.name, values.expression, values.array)
            found.setdefault(same, _beside_time(values))
    return [*found.values()]


def _why_without(field: str, bound: Bound) -> str:
    if bound.destination is None:
        return "the table has no column with its values"
    spec = bound.destination.field(field)
    why = why_without_values(spec, bound.destination) if spec is not None else ""
    why += way_to_look_up(field, bound.destination, counted=True)
    return f"{bound.destination.name} has no column with its values{f': {why}' if why else ''}"


def _beside_time(values: FieldValues) -> FieldValues:
    """The values under another name than the time of a group's last event."""
    return replace(values, name=plain_name(values.field)) if values.name == TIME else values


def refused_form(what: str, why: str) -> UnsupportedError:
    note = Note("rule-type", Effect.DIFFERENT, f"{what}: {why}")
    return UnsupportedError(f"cannot convert {what}: {why}", code=note.code, notes=(note,))


def made_first(fields: Iterable[FieldValues]) -> tuple[list[str], list[FieldValues]]:
    """The command that makes long expressions columns, and the fields with these."""
    found = [*fields]
    made = extended(values for values in found if values.long)
    return made, [after_union(values) if values.long else values for values in found]


def taken_apart(fields: Iterable[FieldValues], once: bool) -> list[str]:
    """Arrays taken apart, a row for each value, equal ones of an event counted ``once``."""
    lines = []
    for values in fields:
        if values.array:
            each = f"summarize by {identifier(values.name)} = {values.expression}"
            lines.append(f"| mv-apply {ELEMENT} = {values.array} on (\n    {each}\n)")
        elif values.multivalue:
            whole = f"set_union({values.expression}, dynamic([]))" if once else values.expression
            lines.append(fold(f"| mv-expand {values.name} = {whole} to typeof({values.type})"))
    return lines


def gathered(fields: Iterable[FieldValues]) -> tuple[list[str], list[FieldValues]]:
    """Fields whose different values are counted, those of objects gathered into arrays so that the
    events stay as many.
    """
    lines, found = [], []
    for values in fields:
        if values.array:
            name = identifier(f"{values.name}_set")
            # An empty array would leave no event.
            array = f'iff(tostring({values.array}) == "[]", dynamic(null), {values.array})'
            test = replace(values, multivalue=False).present
            each = fold(f"summarize {name} = make_set_if({values.expression}, {test})", " " * 8)
            lines.append(f"| mv-apply {ELEMENT} = {array} on (\n    {each}\n)")
            values = replace(values, stored=name)
        found.append(values)
    return lines, found


def number_of_values(values: FieldValues) -> str:
    """The column with the number of different values, which is exact."""
    name = distinct_count(values)
    if values.multivalue:  # of arrays it is the set of their values
        return f"{name} = array_length(make_set({values.stored}))"
    tests = " and ".join(filter(None, [values.present, values.given]))
    return f"{name} = count_distinctif({values.expression}, {tests})"


def where_given(values: FieldValues) -> FieldValues:
    """Values of which those that are none of the field's are empty."""
    if not values.given or values.type != "string":
        return values
    return replace(values, expression=f'iff({values.given}, {values.expression}, "")', given="")


def present(fields: Iterable[FieldValues], query: TableQuery) -> list[str]:
    """A test that events have the fields, unless the query makes it."""
    made = {*query.steps}
    # Of a value of a dynamic column that is a text, and of the text that is made of it.
    made |= {step.replace("isnotempty(", "isnotempty(tostring(") + ")" for step in made}
    tests = [v.present for v in fields if f"| where {v.present}" not in made]
    return [fold(f"| where {' and '.join(tests)}")] if tests else []


def project_common(operator: str, fields: Iterable[FieldValues], *more: str) -> str:
    """``project`` or ``extend`` with the fields under their common names."""
    made: dict[str, str] = {}
    for values in fields:
        if values.multivalue:
            made.setdefault(values.stored, f"{values.stored} = {values.expression}")
        else:
            made.setdefault(values.name, as_column(values) or identifier(values.name))
    return columns_made(operator, [*more, *made.values()])


def after_union(values: FieldValues) -> FieldValues:
    """Values of several data sources where their parts have been put together."""
    return replace(values, expression=identifier(values.name))


def summarized(sums: Sequence[str], grouped: str) -> str:
    """``summarize`` on a line, or a line for each column of a long one."""
    whole = f"| summarize {', '.join(sums)} {grouped}".rstrip()
    if len(whole) <= WIDTH:
        return whole
    lines = [f"{text}," for text in sums[:-1]] + [sums[-1]] + ([grouped] if grouped else [])
    return "\n    ".join(["| summarize", *(fold(line, " " * 8) for line in lines)])


def value_notes(fields: Iterable[FieldValues], bound: Bound, by: Container[str] = ()) -> list[Note]:
    """Notes on the fields themselves. Of those that events are counted ``by`` values that count as
    one are more events of one group, of others fewer values.
    """
    found = [*fields]
    notes = [note for values in found for note in values.notes]
    for values in found:
        coarser = Effect.WIDER if values.field in by else Effect.NARROWER
        notes += about_counted(values.field, bound, coarser) if values.name else ()
    texts = [v.field for v in found if v.name and v.type == "string" and not v.multivalue]
    if texts:
        message = (
            f"{', '.join(dict.fromkeys(texts))}: empty strings are not counted; Kusto does not"
            " distinguish empty from missing"
        )
        notes.append(Note("empty-is-missing", Effect.SAME, message))
    return notes


def per_source_notes(
    bounds: Sequence[Bound], fields: Iterable[FieldValues], effect: Effect, why: str
) -> list[Note]:
    """Of several data sources: where a field has other values in one than in another."""
    names = with_own_values(bounds, fields)
    if not names:
        return []
    message = (
        f"{', '.join(names)}: values differ between the data sources, so each source is counted"
        f" on its own: {why}"
    )
    return [Note("counted-per-source", effect, message)]


def with_own_values(bounds: Sequence[Bound], fields: Iterable[FieldValues]) -> list[str]:
    """The fields that have other values in one data source than in another: not those that are
    counted by a column of one name in all of them, such as the computer's.
    """
    found = dict.fromkeys(values.field for values in fields)
    own = [field for field in found if any(_has_others(bound, field) for bound in bounds)]
    return [field for field in own if len(bounds) == 1 or not _in_one_column(bounds, field)]


def _in_one_column(bounds: Sequence[Bound], field: str) -> bool:
    first, *others = [resolve(bound, field) for bound in bounds]
    return isinstance(first, InColumn) and all(values == first for values in others)


def _has_others(bound: Bound, field: str) -> bool:
    spec = bound.destination.field(field) if bound.destination else None
    return spec is not None and bool(spec.counted_by or spec.values or spec.joined_columns)


def bracket_named(fields: Iterable[FieldValues]) -> list[FieldValues]:
    """Those that keep a name which entities and details cannot have."""
    return [
        values for values in fields if not values.multivalue and values.expression.startswith("['")
    ]
