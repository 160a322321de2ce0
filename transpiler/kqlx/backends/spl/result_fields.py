"""Fields that a search groups by, counts or shows, beside those that it tests: name in ECS → name
in Splunk, with the step that makes it where an event has no such field as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from kqlx.backends.counted_fields import about_counted, joined, joined_by_kind
from kqlx.backends.spl.keys import Key, plain_name, without_null
from kqlx.backends.spl.name_value_arrays import PAIRS, objects_steps
from kqlx.backends.spl.search_capability import NULL
from kqlx.backends.spl.syntax import (
    eval_name,
    name_problem,
    quote,
)
from kqlx.backends.spl.value_expressions import ValueExpressions, first_value, is_in, without_texts
from kqlx.elastic import ecs
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.extraction import Expression, captures, cut_at
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
from kqlx.mappings.recognition import asserts_field
from kqlx.mappings.value_conditions import (
    condition,
    conditional_first,
    has_values,
    named_values,
    presence,
    spelt_apart,
)
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, field, replace


@dataclass()
class KeyBuilder:
    """The keys of a bound tree, with notes on them. One object a conversion.

    ``finer`` is what it means that values are told apart which Elastic's field does not;
    ``common_names`` asks for names that are the same for all data sources of a rule; ``distinct``
    says that the different values of a field are counted.
    """

    bound: Bound
    finer: Effect = Effect.WIDER
    common_names: bool = False
    notes: list[Note] = field(default_factory=list)
    distinct: bool = False

    @property
    def _several(self) -> Effect:
        """What it means that several values of an event count as one: where different values are
        counted an event has one for all of them, and other events others for the same ones.
        """
        return Effect.DIFFERENT if self.distinct else self.finer

    @cached_property
    def _values(self) -> ValueExpressions:
        return ValueExpressions(self.bound)

    def key(self, name: str) -> Key:
        """The key of an Elastic field. Raises UnsupportedError where Splunk cannot name it; one
        without a counterpart keeps Elastic's name, with a note.
        """
        own = self._own(name)
        if own.name:
            coarser = Effect.WIDER if self.finer is Effect.NARROWER else Effect.NARROWER
            self.notes += about_counted(name, self.bound, coarser)
        return self._in_results(name, own)

    def _in_results(self, name: str, key: Key) -> Key:
        """The key of a field under the name that it has in the results."""
        if not self.common_names:
            return key
        made = plain_name(name)
        value = eval_name(key.name) if key.name else quote(self._constant(name))
        if key.null_column and not asserts_field(self.bound.node, [key.null_column]):
            # Here, so that what counts them is the same for all data sources.
            value = without_texts(value, key.null_texts)
        named = f"| eval {made}={value}" if value != made else ""
        step = "\n".join(filter(None, [key.step, named]))
        return Key(name, made, step, is_mapped=key.is_mapped)

    def _constant(self, name: str) -> str:
        """The value that a field has on all events of the data source."""
        found = resolve(self.bound, name)
        return found.value if isinstance(found, Constant) else ""

    def _own(self, name: str) -> Key:
        """The key by what the data source itself calls it."""
        destination = self.bound.destination
        if destination is None:
            column = self.bound.column(name)
            _refuse_odd(column.name)
            return self._made(name, column, name in ecs.arrays())
        found = resolve(self.bound, name)
        if isinstance(found, Constant):
            return Key(name, "")
        spec = destination.field(name)
        self.notes += notes_on_values(name, spec) if spec is not None else ()
        key = self._of_columns(name, found, spec, destination)
        named = named_values(spec, self.bound, name) if spec is not None else ()
        return replace(self._named(key, named), is_mapped=key.is_mapped) if named else key

    def _of_columns(
        self,
        name: str,
        found: InColumn | FirstOf | Extracted | Joined | ByKind | Missing,
        spec: FieldSpec | None,
        destination: Destination,
    ) -> Key:
        """The key of a field that is in columns, or stands for one."""
        match found:
            case InColumn(column=column):
                if found.in_any_list_position:
                    message = f"{name}: values are taken from any position of the list {column}"
                    self.notes.append(Note("any-list-position", Effect.WIDER, message))
                return self._mapped(name, column, destination)
            case ByKind():
                return self._by_case(name, found.spec)
            case FirstOf() if spec is not None:
                return self._first(name, spec)
            case Extracted(column=column, expressions=parts) if spec is not None:
                in_pair = self._values.pair(column) is not None
                if parts and (in_pair or _is_plain(destination, column)):
                    return self._taken_out(name, column, parts)
                self._whole_for(name, spec, column)
                return self._mapped(name, column, destination)
            case Joined() if all(_is_plain(destination, c) for c in (found.column, found.behind)):
                return self._joint(name, found)
            case _:
                why = f": {found.reason}" if isinstance(found, Missing) and found.reason else ""
                message = f"{name} has no counterpart to count or compare by{why}"
                code = "no-counterpart" if why else "unmapped-field"
                self.notes.append(Note(code, Effect.UNMAPPED, message))
                _refuse_odd(name)
                return replace(self._made(name, Column(name), False), is_mapped=False)

    def _joint(self, name: str, found: Joined) -> Key:
        """The key of a field that is one column with another behind a backslash."""
        first, behind = eval_name(found.column), eval_name(found.behind)
        both = f"{first}.{quote(chr(92))}.{behind}"  # null, where one of them is
        made = plain_name(name)
        return Key(name, made, f"| eval {made}=coalesce({both}, {first})")

    def _named(self, key: Key, named: Iterable[tuple[str, Bound]]) -> Key:
        """The key of a field some of whose values are told by other columns, or spelt otherwise."""
        made = plain_name(key.field)
        pairs = [f"{self._values.condition(tree)}, {quote(value)}" for value, tree in named]
        # Where a step has made it, the text of none is out of it already.
        others = without_texts(eval_name(key.name), key.null_texts if key.null_column else ())
        pairs.append(f"true(), {others}")
        step = f"| eval {made}=case(\n    {f',{chr(10)}    '.join(pairs)})"
        return Key(key.field, made, "\n".join(filter(None, [key.step, step])))

    def _whole_for(self, name: str, spec: FieldSpec, columns: str) -> None:
        """A note that what is a part of a column is counted by all of it, which may have several of
        such parts.
        """
        stand = "which stand for it" if spec.any_of else "which stands for it"
        within = any(text[:1] == text[-1:] == "*" for text in spec.value_patterns)
        effect = self._several if within else self.finer
        if spec.value_part in ("word", "count"):
            effect = Effect.DIFFERENT
        message = f"{name} is a part of {columns}, {stand}"
        self.notes.append(Note("value-differs", effect, message))

    def counted(self, name: str) -> Key:
        """The key of a field whose different values are counted: of events that lack the field it
        has none, whatever its column has.
        """
        self.distinct = True
        key = self.key(name)
        tree = presence(self.bound, name)
        if not key.name or tree is None:
            return without_null(key)
        key = without_null(key)
        made = plain_name(name)
        step = f"| eval {made}=if({self._values.condition(tree)}, {eval_name(key.name)}, null())"
        return Key(name, made, "\n".join(filter(None, [key.step, step])))

    def _mapped(self, name: str, column: str, destination: Destination) -> Key:
        like = destination.column(column)
        found = Column(column, layout=like.layout, json=like.json, keys=like.keys)
        if like.layout in PAIRS:
            return self._paired(name, found)
        if like.layout == "words":
            message = f"{name}: the words of {column}, each one of its values, count as one value"
            self.notes.append(Note("value-differs", self._several, message))
        key = self._made(name, found, self._values.is_list(column))
        if key.step:
            return key
        if (whole := self._values.whole(name, column)) != eval_name(column):
            made = plain_name(name)
            key = Key(name, made, f"| eval {made}={whole}")
        texts = self._values.null_texts(column)
        return replace(key, null_column=column if texts else "", null_texts=texts)

    def keys(self, names: Iterable[str]) -> tuple[Key, ...]:
        """The keys of fields, those left out that are the same on all events; each name once."""
        found = {key.name: key for key in map(self.key, names) if key.name}
        return tuple(found.values())

    def joined(self, name: str) -> Key | None:
        """The key of a field that the results may as well do without, where it is one of several
        columns; None for others.
        """
        destination = self.bound.destination
        spec = destination.field(name) if destination is not None else None
        if self.common_names or spec is None or captures(spec):
            return None
        apart = spec.column is not None and spelt_apart(self.bound, name, spec.column)
        if not (spec.any_of or spec.case_field or apart):
            return None
        quiet = KeyBuilder(self.bound)
        key = quiet._in_results(name, quiet._own(name))
        return key if key.step and key.name else None

    def visible(self, name: str) -> Key | None:
        """The key of a field that the results may as well do without; None where there is none."""
        quiet = KeyBuilder(self.bound, common_names=self.common_names)
        try:
            key = quiet._in_results(name, quiet._own(name))
        except UnsupportedError:
            return None
        has_step = key.step and not self.common_names
        return key if key.is_mapped and key.name and not has_step else None

    def _made(self, field: str, column: Column, is_list: bool) -> Key:
        name = column.name
        if column.json:
            text = column.json if isinstance(column.json, str) else name.partition(".")[0]
            path = name.removeprefix(f"{text}.")
            made = plain_name(name)
            step = f"| spath input={quote(text)} path={quote(path)} output={made}"
            return Key(field, made, f"{step}\n| eval {made}=mvfilter({made}!={quote(NULL)})")
        if is_list:
            # stats counts an event as often as its list has the value; Elasticsearch once.
            made = plain_name(name)
            return Key(field, made, f"| eval {made}={self._values.listed(name)}")
        return Key(field, name, null_column=name if self.bound.place.get("json") else "")

    def _first(self, field: str, spec: FieldSpec) -> Key:
        """The first of several columns that an event has, or of what is taken out of them."""
        made, parts = plain_name(field), captures(spec)
        self.notes.append(joined(field, spec.any_of))
        if not parts and (spec.value_part or spec.value_patterns):
            self._whole_for(field, spec, ", ".join(spec.any_of))
        step = f"| eval {made}={self._first_of(field, spec, parts)}"
        return Key(field, made, self._with_objects(step, spec.any_of))

    def _by_case(self, field: str, spec: FieldSpec) -> Key:
        """A field that is another column by the kind of event, or that some events alone have."""
        destination = self.bound.destination
        assert destination is not None
        by = destination.field(spec.case_field) if spec.case_field else None
        made, pairs = plain_name(field), []
        absent: dict[str, None] = {}
        for case in conditional_first(spec.cases or (spec,)):
            if case.note is not None:
                remark = case.note
                self.notes.append(Note(remark.code, remark.effect, remark.message))
            mark = cut_at(replace(case, guard=""))
            if not has_values(case):
                value = "null()"
            elif case.fixed is not None:
                value = quote(case.fixed)
            elif case.any_of:
                value = self._first_of(field, case, captures(case))
            elif case.joined_columns and case.column:
                both = replace(case, any_of=(case.column,))
                value = self._first_of(field, both, captures(both))
            elif mark or (parts := captures(replace(case, guard=""))):
                value = self._values.part(str(case.column), () if mark else parts, mark)
            elif self._values.is_list(str(case.column)):
                value = self._values.listed(str(case.column))
            else:
                value = self._values.whole(field, str(case.column))
            if case.column:
                absent |= dict.fromkeys(self._values.null_texts(str(case.column)))
            tests = (
                [is_in(by.column, case.case_values)]
                if case.case_values and by and by.column
                else []
            )
            if beside := condition(case, self.bound, field):
                tests.append(self._values.condition(beside))
            kinds = "\n        AND ".join(tests) or "true()"
            pairs.append(f"{kinds},\n        {value}")
        if spec.case_field:
            self.notes.append(joined_by_kind(field, spec))
        between = ",\n    "
        value = without_texts(f"case(\n    {between.join(pairs)})", absent)
        read = [
            name for case in spec.cases or (spec,) for name in (case.column, *case.any_of) if name
        ]
        return Key(field, made, self._with_objects(f"| eval {made}={value}", read))

    def _taken_out(self, field: str, column: str, expressions: tuple[Expression, ...]) -> Key:
        """A part of a column."""
        made = plain_name(field)
        spec = self.bound.destination.field(field) if self.bound.destination else None
        mark = cut_at(spec) if spec is not None else None
        if (pair := self._values.pair(column)) is not None:
            value = without_texts(first_value(pair), self._values.null_texts(column))
            part = self._values.part(made, expressions, mark)
            steps = f"| eval {made}={value}\n| eval {made}={part}"
            return Key(field, made, self._with_objects(steps, [column]))
        value = self._values.part(column, expressions, mark)
        if self._values.is_list(column):
            return Key(field, made, f"| eval {made}={value}")
        nulls = self._values.null_texts(column)
        return Key(field, made, f"| eval {made}={value}", column if nulls else "", nulls)

    def _paired(self, field: str, column: Column) -> Key:
        """The value of the first object that is that of the pair."""
        made = plain_name(column.name)
        value = without_texts(first_value(column), self._values.null_texts(column.name))
        return Key(field, made, self._with_objects(f"| eval {made}={value}", [column.name]))

    def _with_objects(self, step: str, names: Iterable[str]) -> str:
        """A command, behind those that make fields of the objects which it reads."""
        columns = filter(None, map(self._values.pair, names))
        return "\n".join([*objects_steps(columns, [step]), step])

    def _first_of(self, field: str, spec: FieldSpec, parts: tuple[Expression, ...]) -> str:
        return self._values.first_of(field, spec, parts)


_MADE_UP = PAIRS | {"words", "xml", "path"}
"""Forms of columns that are no fields by themselves."""


def _is_plain(destination: Destination, column: str) -> bool:
    like = destination.column(column)
    return like.layout not in _MADE_UP and not like.json


def _refuse_odd(name: str) -> None:
    """Raises UnsupportedError for a name that Splunk cannot spell."""
    if problem := name_problem(name):
        raise UnsupportedError(
            f"cannot count or compare by {name}: {problem}", code="field-name-not-supported"
        )
