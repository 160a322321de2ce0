"""Fields beside the query: where a rule's counts, terms, entities and details find their values.

A field that a query only tests may be a predicate or a part of a column; here its values are asked
for, so that it must have a column of its own, or a path in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kqlx.backends.sentinel.column_access import (
    ELEMENT,
    OBJECTS,
    Cell,
    Columns,
    cast,
    ecs_cell,
    kusto_type,
)
from kqlx.backends.sentinel.expressions import condition_text
from kqlx.backends.sentinel.syntax import WIDTH, fold, identifier, quote, steps
from kqlx.backends.text_backend import joined, joined_by_kind
from kqlx.elastic import ecs
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.extraction import captures, cut_at
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.field_values import constant_value, name_of_values
from kqlx.mappings.value_conditions import (
    IPV4_IN_IPV6,
    condition,
    conditional_first,
    has_values,
    named_values,
    names_columns,
    presence,
    spelt_apart,
)
from kqlx.notes import Effect, Note

FIRST_GROUP = "\\1"

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldValues:
    """The values of a field: the expression for them, and its Kusto type.

    ``name`` is a plain name for them in the result; "" says that the field is the same on all
    events, and ``expression`` is then that value. ``multivalue`` says that an event may have more
    than one: ``expression`` is then an array, and ``stored`` what events have, which may also be a
    single value. ``array`` is one of objects, each of which has its value in ``expression`` as the
    key of ``ELEMENT``. ``notes`` are what those must tell who count or compare them. ``absent`` are
    texts that stand for no value. ``long`` says that a command of its own should make them first.
    ``given`` is a condition without which a value is none of the field's.
    """

    field: str
    name: str = ""
    expression: str = ""
    type: str = "string"
    multivalue: bool = False
    stored: str = ""
    array: str = ""
    notes: tuple[Note, ...] = ()
    absent: tuple[str, ...] = ()
    long: bool = False
    given: str = ""

    @property
    def is_column(self) -> bool:
        """Whether the result has them under that name as it is."""
        return self.expression in (self.name, f"['{self.name}']")

    @property
    def present(self) -> str:
        """A test that an event has a value, after the array was taken apart."""
        if self.multivalue:
            return f"isnotempty({self.name})"
        if self.type != "string":
            return f"isnotnull({self.expression})"
        if not self.absent:
            return f"isnotempty({self.expression})"
        return f"{self.expression} !in ({', '.join(map(quote, ('', *self.absent)))})"

    @property
    def grouped(self) -> str:
        """The values behind ``by``."""
        if self.multivalue:
            return self.name
        plain = self.is_column or self.expression.startswith("['")
        return self.expression if plain else f"{self.name} = {self.expression}"


def values_of(bound: Bound, field: str, counted: bool = False) -> FieldValues | None:
    """Where the values of a field are; None where the table does not have them as such. Those that
    are ``counted`` may be a part of a column.
    """
    found = _in_columns(bound, field, counted)
    spec = bound.destination.field(field) if bound.destination is not None else None
    named = named_values(spec, bound, field) if spec is not None else ()
    if not named or found is None or not found.name or found.multivalue:
        return found
    # What other columns tell, or what is spelt otherwise there.
    pairs = [text for value, tree in named for text in (condition_text(tree), quote(value))]
    others = found.expression if found.type == "string" else f"tostring({found.expression})"
    text = f"{'case' if pairs[2:] else 'iff'}({', '.join([*pairs, others])})"
    return replace(found, name=_words(field), expression=text, type="string", stored="", long=True)


def single_values(bound: Bound, field: str, grouped_by: Sequence[str]) -> FieldValues | None:
    """The values of a field of which an event has one at most; None for others. Those of the fields
    that a rule groups by may be a part of a column.
    """
    values = values_of(bound, field, counted=field in grouped_by)
    return values if values and values.name and not values.multivalue else None


def distinct_count(values: FieldValues) -> str:
    """The column with the number of different values."""
    return f"{values.name}_count"


def _in_columns(bound: Bound, field: str, counted: bool) -> FieldValues | None:
    columns = Columns(bound)
    if bound.pack is None or bound.destination is None:
        column = bound.column(field)
        return _values(field, ecs_cell(columns, column), kusto_type(column.type))
    spec = bound.destination.field(field)
    notes = _notes(field, spec) if spec is not None else ()
    if spec is not None and (spec.case_field or (spec.guard and names_columns(spec))):
        if not any(map(has_values, spec.cases or (spec,))):
            return None
        return _by_case(spec, field, bound, columns)
    if spec is not None and spec.column and cut_at(spec):
        text = _text_of(spec, field, bound, columns)
        absent = bound.destination.absent_in(spec.column)
        made = FieldValues(field, _words(field), text or "", notes=notes, absent=absent, long=True)
        return made if text else None
    parts = captures(spec) if counted and spec is not None else ()
    if (
        spec is not None
        and spec.any_of
        and (parts or not (spec.value_part or spec.value_patterns or spec.guard))
    ):
        return _first_of(spec.any_of, field, bound, columns, parts)
    name = name_of_values(bound.pack, bound.destination, field)
    if name is None and spec is not None and spec.column and parts:
        whole = _cell(spec.column, field, bound, columns)
        absent = bound.destination.absent_in(spec.column)
        taken = _taken_out(field, whole, parts) if whole else None
        return replace(taken, notes=notes, absent=absent) if taken else None
    if name is None:
        return None
    if not name:
        return FieldValues(
            field, expression=quote(constant_value(bound.pack, bound.destination, field) or "")
        )
    if bound.destination.column(name).layout == "elements":
        return _of_objects(field, name, bound, columns, notes)
    cell = _cell(name, field, bound, columns)
    if cell is None:
        return None
    notes = (*notes, *_beside_arrays(name, field, bound, columns))
    if cell.column.layout == "words":
        message = f"the words of {name}, each a value of {field}, count as one value"
        notes += (Note("value-differs", Effect.DIFFERENT, message),)
    values = _values(field, cell, kusto_type(cell.column.type))
    if values.type == "dynamic" and not values.multivalue:
        return None  # summarize takes no key of that type: the value is somewhere within
    one = _in_one_spelling(cell.access, name, field, bound) if cell.is_string else cell.access
    if one != cell.access:
        values = replace(values, name=_words(field), expression=one, long=True)
    return replace(values, notes=notes, absent=bound.destination.absent_in(name))


def counted_only_if(values: FieldValues, bound: Bound) -> FieldValues:
    """The values of a field with the condition that an event has the field, where its column has
    other values too.
    """
    tree = presence(bound, values.field)
    if tree is None or values.multivalue:
        return values
    return replace(values, given=condition_text(tree))


def _of_objects(
    field: str, name: str, bound: Bound, columns: Columns, notes: tuple[Note, ...]
) -> FieldValues | None:
    """A key of the objects in an array, or of the object in one place of it. None where the key
    lies deeper in the objects, as a column that is only searched may say.
    """
    column = _column(name, field, bound)
    cell = columns.pack_cell(column)
    above = field.split(".")[:-1]
    place = above.pop() if above and above[-1].isdecimal() else ""
    parent, array = _letters(above[-1] if above else ""), _letters(name.split(".")[-2])
    if any(step.isdecimal() for step in above) or not (parent and parent in array):
        return None
    if _skips(above[:-1], name.split(".")[1:-2]):
        return None
    key = steps([name.rpartition(".")[2]])
    if place:
        text = cast(f"{cell.raw}[{place}]{key}", column.type)
        return FieldValues(field, plain_name(f"{name}_{place}"), text, kusto_type(column.type))
    return FieldValues(
        field,
        plain_name(name),
        cast(f"{ELEMENT}{key}", column.type),
        kusto_type(column.type),
        multivalue=True,
        array=cell.raw,
        notes=notes,
    )


def _skips(above: Sequence[str], column: Sequence[str]) -> bool:
    """Whether the steps above an array have, right above it, some that the column leaves out."""
    if not above or not column:
        return False
    own, *higher = map(_letters, reversed(above))
    return _letters(column[-1]) not in own and _letters(column[-1]) in higher


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _notes(field: str, spec: FieldSpec) -> tuple[Note, ...]:
    if spec.counted_by is not None:
        message = f"{field} is told apart by {spec.counted_by}, whose values are others"
        return (Note("grouped-by-substitute", Effect.SAME, message),)
    told = spec.note
    return (Note(told.code, told.effect, told.message, hint=told.hint),) if told else ()


def _taken_out(field: str, whole: Cell, expressions: tuple[str, ...]) -> FieldValues:
    """The part of a column that the first of the expressions that matches takes out."""
    each = _extracts(whole, expressions)
    text = each[0] if len(each) == 1 else f"coalesce({', '.join(each)})"
    return FieldValues(field, _words(field), text)


def _words(field: str) -> str:
    return "_".join(re.findall(r"[A-Za-z0-9]+", field))


def _by_case(spec: FieldSpec, field: str, bound: Bound, columns: Columns) -> FieldValues | None:
    """A field that is another column by the kind of event, or that some events alone have."""
    assert bound.destination is not None
    by = bound.destination.field(spec.case_field) if spec.case_field else None
    kinds = _cell(by.column, spec.case_field, bound, columns) if by and by.column else None
    if spec.case_field and kinds is None:
        return None
    pairs: list[str] = []
    notes: list[Note] = []
    absent: dict[str, None] = {}
    others = quote("")
    for case in conditional_first(spec.cases or (spec,)):
        if case.fixed is not None or not has_values(case):
            text: str | None = quote(case.fixed or "")
        else:
            text = _text_of(case, field, bound, columns)
        if text is None:
            return None
        notes += _notes(field, case)
        for name in (case.column, *case.any_of):
            absent |= dict.fromkeys(bound.destination.absent_in(name) if name else ())
        tests = []
        if case.case_values and kinds is not None:
            listed = ", ".join(
                case.case_values if not kinds.is_string else map(quote, case.case_values)
            )
            one = len(case.case_values) == 1
            tests = [f"{kinds.access} == {listed}" if one else f"{kinds.access} in ({listed})"]
        if beside := condition(case, bound, field):
            tests.append(condition_text(beside))
        if not tests:
            others = text
            continue
        pairs += [" and ".join(tests), text]
    if not pairs:
        return None
    text = f"{'case' if pairs[2:] else 'iff'}({', '.join([*pairs, others])})"
    told = (joined_by_kind(field, spec), *notes) if spec.case_field else tuple(notes)
    return FieldValues(field, _words(field), text, notes=told, absent=(*absent,), long=True)


def _text_of(spec: FieldSpec, field: str, bound: Bound, columns: Columns) -> str | None:
    """The expression for a field that is a column of texts, the first of several that has more than
    a text that stands for none, or a part.
    """
    assert bound.destination is not None
    spec = replace(spec, guard="")
    each = []
    for name in spec.any_of or filter(None, [spec.column]):
        cell = _cell(name, field, bound, columns)
        if cell is None or cell.form != "column":
            return None
        text = cell.access if cell.is_string else f"tostring({cell.access})"
        text = _in_one_spelling(text, name, field, bound)
        if (absent := bound.destination.absent_in(name)) and spec.any_of:
            same = f"== {quote(absent[0])}" if len(absent) == 1 else f"in ({_quoted(absent)})"
            text = f'iff({text} {same}, "", {text})'
        if mark := cut_at(spec):
            text = f"tostring(split({text}, {quote(mark)})[0])"
        elif spec.value_part or spec.value_patterns or spec.joined_columns:
            parts = captures(spec)
            if not parts:
                return None
            found = [
                f"extract({quote(f'(?is){part}')}, 1, {text})" if part else text for part in parts
            ]
            text = found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"
        each.append(text)
    if not each:
        return None
    return each[0] if len(each) == 1 else f"coalesce({', '.join(each)})"


def _in_one_spelling(text: str, column: str, field: str, bound: Bound) -> str:
    """The value of a column, of an address in the one spelling that Elasticsearch has of it."""
    like = spelt_apart(bound, field, column)
    if like is None:
        return text
    one = text
    if like.ipv4_mapped:
        one = f"replace_regex({one}, {quote(IPV4_IN_IPV6)}, {quote(FIRST_GROUP)})"
    for word, named in like.words.items():
        one = f"iff({text} == {quote(word)}, {quote(named)}, {one})"
    return one


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join(map(quote, texts))


def _extracts(whole: Cell, expressions: tuple[str, ...]) -> list[str]:
    return [
        f"extract({quote(f'(?is){expression}')}, 1, {whole.access})" if expression else whole.access
        for expression in expressions
    ]


def _cell(name: str, field: str, bound: Bound, columns: Columns) -> Cell | None:
    """The cell of a column of the pack; None for what is scattered in an array of objects."""
    column = _column(name, field, bound)
    if column.layout in OBJECTS - {"path"}:
        return None
    cell = columns.pack_cell(column)
    if cell.way is None:
        return cell
    if not cell.way.plain:
        return None
    return columns.pack_cell(replace(column, layout="column", below=""))


def _beside_arrays(name: str, field: str, bound: Bound, columns: Columns) -> tuple[Note, ...]:
    """That values in arrays which may lie on the way are not seen."""
    column = _column(name, field, bound)
    if column.layout != "path" or columns.pack_cell(column).way is None:
        return ()
    message = f"values of {field} are not counted or compared where an array lies on the way"
    return (Note("array-on-the-way", Effect.NARROWER, message),)


def _column(name: str, field: str, bound: Bound) -> Column:
    assert bound.pack is not None and bound.destination is not None
    of_field = bound.destination.field(field)
    spec = bound.destination.column(name, of_field is not None and of_field.below)
    return Column(
        name,
        spec.type or bound.type(field) or "keyword",
        layout=spec.layout,
        field=field,
        json=spec.json,
        port=spec.port,
        optional=spec.optional,
        united=spec.united,
        path=spec.path,
        keys=spec.keys,
        escaped=spec.layout == "xml",
        arrays=spec.arrays,
        below=spec.below,
    )


def _first_of(
    names: tuple[str, ...], field: str, bound: Bound, columns: Columns, parts: tuple[str, ...]
) -> FieldValues | None:
    """The first of several columns that an event has, or of what is taken out of them."""
    found = [_cell(name, field, bound, columns) for name in names]
    cells = [cell for cell in found if cell is not None and cell.form == "column"]
    if len(cells) < len(names) or not all(cell.is_string for cell in cells):
        return None
    told = joined(field, names)
    wholes = [_in_one_spelling(c.access, c.column.name, field, bound) for c in cells]
    each = [text for c in cells for text in _extracts(c, parts)] if parts else wholes
    if any(map(bound.destination.absent_in, names)) if bound.destination else False:
        spec = bound.destination.field(field) if bound.destination else None
        joint = _text_of(spec, field, bound, columns) if spec else None
        return FieldValues(field, _words(field), joint, notes=(told,), long=True) if joint else None
    text = f"coalesce({', '.join(each)})"
    first = _values(field, cells[0], "string")
    return FieldValues(field, f"{first.name}_or_other", text, notes=(told,))


def _values(field: str, cell: Cell, type: str) -> FieldValues:
    plain = plain_name(cell.column.name)
    if cell.form in ("array", "many"):
        whole = cell.raw
        if cell.form == "many":
            whole = f'iff(gettype({whole}) == "array", {whole}, pack_array({whole}))'
        return FieldValues(field, f"{plain}_value", whole, type, multivalue=True, stored=cell.raw)
    return FieldValues(field, plain, cell.access, type)


def plain_name(name: str) -> str:
    """A name that needs no brackets in entities and details."""
    plain = name if _PLAIN.fullmatch(name) else re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    return plain if _PLAIN.fullmatch(plain) else f"Field_{plain}"


def in_common(values: FieldValues, whole: bool = False) -> FieldValues:
    """The values, of an array those that were taken apart or the ``whole``, under the name and of
    the type that they have for all data sources of a rule: ``union`` would rename columns of one
    name and two types.
    """
    if whole and values.multivalue:
        name = plain_name(values.field)
        return replace(values, name=name, expression=values.stored, stored=f"{name}_set")
    type = ecs.types().get(values.field, "keyword")
    type = "keyword" if kusto_type(type) == "dynamic" else type
    text = identifier(values.name) if values.multivalue else values.expression
    same = values.type == kusto_type(type)
    return replace(
        values,
        name=plain_name(values.field),
        expression=text if same else cast(text, type),
        type=kusto_type(type),
        multivalue=False,
    )


def as_column(values: FieldValues) -> str:
    """``extend`` text that gives the values a plain name; "" where they have it."""
    same = values.expression in (values.name, identifier(values.name))
    return "" if same else f"{values.name} = {values.expression}"


def extended(shown: Iterable[FieldValues]) -> list[str]:
    """The command that gives values plain names, where they have none."""
    made = [text for values in shown if (text := as_column(values))]
    return [extend(made)] if made else []


def extend(made: Sequence[str]) -> str:
    """``extend`` on a line, or a line for each column of a long one."""
    return columns_made("extend", made)


def columns_made(operator: str, made: Sequence[str]) -> str:
    whole = f"| {operator} {', '.join(made)}"
    if len(whole) <= WIDTH:
        return whole
    return f"| {operator}\n    " + ",\n    ".join(fold(text, " " * 8) for text in made)
