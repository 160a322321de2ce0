"""Fields that a search groups by, counts or shows, beside those that it tests: name in ECS → name
in Splunk, with the step that makes it where an event has no such field as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from textwrap import wrap

from kqlx.backends.spl.name_value_arrays import PAIRS, name_regex, pair_fields
from kqlx.backends.spl.search_capability import NULL
from kqlx.backends.spl.syntax import (
    WIDTH,
    eval_name,
    name_problem,
    quote,
    search_name,
)
from kqlx.backends.spl.where import WhereWriter
from kqlx.backends.target import Options
from kqlx.backends.text_backend import Group, about_counted, joined, joined_by_kind
from kqlx.elastic import ecs
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.extraction import captures, cut_at
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.field_values import (
    ByKind,
    Constant,
    Extracted,
    FirstOf,
    InColumn,
    Missing,
    notes_on_values,
    resolve,
)
from kqlx.mappings.pack import Destination
from kqlx.mappings.recognition import asserts_field
from kqlx.mappings.value_conditions import (
    IPV4_IN_IPV6,
    condition,
    conditional_first,
    has_values,
    named_values,
    presence,
    spelt_apart,
)
from kqlx.notes import Effect, Note

FIRST_GROUP = "\\1"
_LISTS = frozenset({"elements", "array", "many"})


@dataclass(frozen=True, slots=True)
class Key:
    """A field of the results. ``name`` is what it is called there, "" for one that is the same on
    all events; ``step`` the command that makes it, "" where events have it. ``null`` is the field
    of the events in which a text may stand for none, JSON's null or those of ``nulls``.
    """

    field: str
    name: str
    step: str = ""
    null: str = ""
    nulls: tuple[str, ...] = (NULL,)

    @property
    def spelt(self) -> str:
        """As ``stats`` and ``lookup`` want it."""
        return search_name(self.name)


@dataclass
class Keys:
    """The keys of a bound tree, with notes on them. One object a conversion.

    ``finer`` is what it means that values are told apart which Elastic's field does not;
    ``together`` asks for names that are the same for all data sources of a rule; ``distinct`` says
    that the different values of a field are counted.
    """

    bound: Bound
    finer: Effect = Effect.WIDER
    together: bool = False
    notes: list[Note] = field(default_factory=list)
    distinct: bool = False

    @property
    def _several(self) -> Effect:
        """What it means that several values of an event count as one: where different values are
        counted an event has one for all of them, and other events others for the same ones.
        """
        return Effect.DIFFERENT if self.distinct else self.finer

    def key(self, name: str) -> Key:
        """The key of an Elastic field. Raises UnsupportedError where Splunk cannot name it; one
        without a counterpart keeps Elastic's name, with a note.
        """
        key = self._own(name)
        if key.name:
            coarser = Effect.WIDER if self.finer is Effect.NARROWER else Effect.NARROWER
            self.notes += about_counted(name, self.bound, coarser)
        if not self.together:
            return key
        made = plain_name(name)
        value = eval_name(key.name) if key.name else quote(self._constant(name))
        if key.null and not asserts_field(self.bound.node, [key.null]):
            # Here, so that what counts them is the same for all data sources.
            value = without_texts(value, key.nulls)
        named = f"| eval {made}={value}" if value != made else ""
        return Key(name, made, "\n".join(filter(None, [key.step, named])))

    def _constant(self, name: str) -> str:
        """The value that a field has on all events of the data source."""
        found = resolve(self.bound, name)
        return found.value if isinstance(found, Constant) else ""

    def _own(self, name: str) -> Key:
        """The key by what the data source itself calls it."""
        destination = self.bound.destination
        if destination is None:
            column = self.bound.column(name)
            if problem := name_problem(column.name):
                raise UnsupportedError(f"cannot count or compare by {name}: {problem}")
            return self._made(name, column, name in ecs.arrays())
        found = resolve(self.bound, name)
        if isinstance(found, Constant):
            return Key(name, "")
        spec = destination.field(name)
        self.notes += notes_on_values(name, spec) if spec is not None else ()
        key = self._of_columns(name, found, spec, destination)
        named = named_values(spec, self.bound, name) if spec is not None else ()
        return self._named(key, named) if named else key

    def _of_columns(
        self,
        name: str,
        found: InColumn | FirstOf | Extracted | ByKind | Missing,
        spec: FieldSpec | None,
        destination: Destination,
    ) -> Key:
        """The key of a field that is in columns, or stands for one."""
        match found:
            case InColumn(column=column):
                if found.in_any_list_position:
                    message = f"values of {name} are taken from any place of the list {column}"
                    self.notes.append(Note("any-list-position", Effect.WIDER, message))
                return self._mapped(name, column, destination)
            case ByKind():
                return self._by_case(name, found.spec)
            case FirstOf() if spec is not None:
                return self._first(name, spec)
            case Extracted(column=column, expressions=parts) if spec is not None:
                if parts and _is_plain(destination, column):
                    return self._taken_out(name, column, parts)
                self._whole_for(name, spec, column)
                return self._mapped(name, column, destination)
            case _:
                why = f": {found.reason}" if isinstance(found, Missing) and found.reason else ""
                message = f"{name} has no counterpart to count or compare by{why}"
                code = "no-counterpart" if why else "unmapped-field"
                self.notes.append(Note(code, Effect.UNMAPPED, message))
                return self._made(name, Column(name), False)

    def _named(self, key: Key, named: Iterable[tuple[str, Bound]]) -> Key:
        """The key of a field some of whose values are told by other columns, or spelt otherwise."""
        made = plain_name(key.field)
        pairs = [f"{self._test(tree)}, {quote(value)}" for value, tree in named]
        # Where a step has made it, the text of none is out of it already.
        others = without_texts(eval_name(key.name), key.nulls if key.null else ())
        pairs.append(f"true(), {others}")
        step = f"| eval {made}=case(\n    {f',{chr(10)}    '.join(pairs)})"
        return Key(key.field, made, "\n".join(filter(None, [key.step, step])))

    def _test(self, tree: Bound) -> str:
        """A condition of ``eval``."""
        test = WhereWriter(tree, Options()).condition(tree.node)
        return f"({test.text})" if test.group is Group.OR else test.text

    def _whole_for(self, name: str, spec: FieldSpec, columns: str) -> None:
        """A note that what is a part of a column is counted by all of it, which may have several of
        such parts.
        """
        stand = "which stand for it" if spec.any_of else "which stands for it"
        within = any(text[:1] == text[-1:] == "*" for text in spec.value_patterns)
        effect = self._several if within else self.finer
        if spec.value_part == "word":
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
        step = f"| eval {made}=if({self._test(tree)}, {eval_name(key.name)}, null())"
        return Key(name, made, "\n".join(filter(None, [key.step, step])))

    def _mapped(self, name: str, column: str, destination: Destination) -> Key:
        like = destination.column(column)
        found = Column(column, layout=like.layout, json=like.json, keys=like.keys)
        if like.layout in PAIRS:
            return self._paired(name, found)
        if like.layout == "words":
            message = f"the words of {column}, each a value of {name}, count as one value"
            self.notes.append(Note("value-differs", self._several, message))
        key = self._made(name, found, "{}" in column or like.layout in _LISTS)
        if key.step:
            return key
        if (whole := self._whole(name, column)) != eval_name(column):
            made = plain_name(name)
            key = Key(name, made, f"| eval {made}={whole}")
        texts = self._texts_for_none(column)
        return replace(key, null=column if texts else "", nulls=texts)

    def _texts_for_none(self, column: str) -> tuple[str, ...]:
        """The texts that stand in a column for no value: those of the pack, and JSON's null."""
        destination = self.bound.destination
        absent = destination.absent_in(column) if destination else ()
        written = destination is not None and destination.column(column).null_text
        return (*absent, NULL) if self._nulls and not written else absent

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
        if self.together or spec is None or captures(spec):
            return None
        apart = spec.column is not None and spelt_apart(self.bound, name, spec.column)
        if not (spec.any_of or spec.case_field or apart):
            return None
        quiet = Keys(self.bound)
        key = quiet.key(name)
        return key if key.step and key.name else None

    def shown(self, name: str) -> Key | None:
        """The key of a field that the results may as well do without; None where there is none."""
        quiet = Keys(self.bound, together=self.together)
        try:
            key = quiet.key(name)
        except UnsupportedError:
            return None
        unmapped = any(note.effect is Effect.UNMAPPED for note in quiet.notes)
        return None if unmapped or not key.name or (key.step and not self.together) else key

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
            return Key(field, made, f"| eval {made}={self._listed(name)}")
        return Key(field, name, null=name if self._nulls else "")

    def _listed(self, name: str) -> str:
        """The values of a list, each once, without those that stand for none."""
        values = eval_name(name)
        if texts := self._texts_for_none(name):
            tests = " AND ".join(f"{values}!={quote(text)}" for text in texts)
            values = f"mvfilter({tests})"
        return f"mvdedup({values})"

    @property
    def _nulls(self) -> bool:
        return bool(self.bound.place.get("json"))

    def _first(self, field: str, spec: FieldSpec) -> Key:
        """The first of several columns that an event has, or of what is taken out of them."""
        made, parts = plain_name(field), captures(spec)
        self.notes.append(joined(field, spec.any_of))
        if not parts and (spec.value_part or spec.value_patterns):
            self._whole_for(field, spec, ", ".join(spec.any_of))
        return Key(field, made, f"| eval {made}={self._coalesced(field, spec, parts)}")

    def _coalesced(self, field: str, spec: FieldSpec, parts: tuple[str, ...]) -> str:
        """The first of several columns of which a text does not stand for none."""
        names = [self._present(field, column, parts) for column in spec.any_of]
        value = f"coalesce({', '.join(names)})"
        if len(value) > WIDTH - 20:
            value = f"coalesce({f',{chr(10)}        '.join(names)})"
        return value

    def _present(self, field: str, column: str, parts: tuple[str, ...]) -> str:
        """What is taken out of a column, or all of it, null where a text stands for none."""
        like = self.bound.destination.column(column) if self.bound.destination else None
        if like is not None and like.layout in PAIRS:
            return self._beside_name(Column(column, layout=like.layout, keys=like.keys))
        if "{}" in column and not parts:
            return self._listed(column)
        if like is not None and like.json and not parts:
            text = like.json if isinstance(like.json, str) else column.partition(".")[0]
            value = f"spath({eval_name(text)}, {quote(column.removeprefix(f'{text}.'))})"
            return without_texts(value, self._texts_for_none(column))
        value = self._part_of(column, parts) if parts else self._whole(field, column)
        return without_texts(value, self._texts_for_none(column))

    def _whole(self, field: str, column: str) -> str:
        """The value of a column, of an address in the one spelling that Elasticsearch has of it."""
        value = eval_name(column)
        like = spelt_apart(self.bound, field, column)
        if like is None:
            return value
        if like.ipv4_mapped:
            value = f"replace({value}, {quote(IPV4_IN_IPV6)}, {quote(FIRST_GROUP)})"
        for word, named in like.words.items():
            value = f"if({eval_name(column)}={quote(word)}, {quote(named)}, {value})"
        return value

    def _is_list(self, column: str) -> bool:
        """Whether an event may have several values of a column."""
        like = self.bound.destination.column(column) if self.bound.destination else None
        return "{}" in column or (like is not None and like.layout in _LISTS)

    def _part_of(self, column: str, expressions: tuple[str, ...], mark: str | None = None) -> str:
        """What the first of the expressions that matches takes out of a column, or what stands
        there before a mark: of a list of each value, for match() and split() are not documented
        for several.
        """
        if mark:
            value = f"mvindex(split({eval_name(column)}, {quote(mark)}), 0)"
        else:
            value = _part_of(column, expressions)
        if not self._is_list(column):
            return value
        value = without_texts(value, self._texts_for_none(column))
        return f"mvdedup(mvmap({eval_name(column)}, {value}))"

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
                value = self._coalesced(field, case, captures(case))
            elif mark or (parts := captures(replace(case, guard=""))):
                value = self._part_of(str(case.column), () if mark else parts, mark)
            elif self._is_list(str(case.column)):
                value = self._listed(str(case.column))
            else:
                value = self._whole(field, str(case.column))
            if case.column:
                absent |= dict.fromkeys(self._texts_for_none(str(case.column)))
            tests = (
                [_is_in(by.column, case.case_values)]
                if case.case_values and by and by.column
                else []
            )
            if beside := condition(case, self.bound, field):
                tests.append(self._test(beside))
            kinds = "\n        AND ".join(tests) or "true()"
            pairs.append(f"{kinds},\n        {value}")
        if spec.case_field:
            self.notes.append(joined_by_kind(field, spec))
        between = ",\n    "
        value = without_texts(f"case(\n    {between.join(pairs)})", absent)
        return Key(field, made, f"| eval {made}={value}")

    def _taken_out(self, field: str, column: str, expressions: tuple[str, ...]) -> Key:
        """A part of a column."""
        made = plain_name(field)
        spec = self.bound.destination.field(field) if self.bound.destination else None
        mark = cut_at(spec) if spec is not None else None
        value = self._part_of(column, expressions, mark)
        if self._is_list(column):
            return Key(field, made, f"| eval {made}={value}")
        nulls = self._texts_for_none(column)
        return Key(field, made, f"| eval {made}={value}", column if nulls else "", nulls)

    def _paired(self, field: str, column: Column) -> Key:
        """The value beside the first name that is the pair's."""
        made = plain_name(column.name)
        return Key(field, made, f"| eval {made}={self._beside_name(column)}")

    def _beside_name(self, column: Column) -> str:
        names, values = (eval_name(name) for name in pair_fields(column))
        whole = rf"\A{name_regex(column)}\z"
        message = (
            f"{column.name} is taken from two lists, the first value whose name stands at its place"
        )
        self.notes.append(Note("pairs-by-position", Effect.SAME, message))
        return f"mvindex({values}, mvfind({names}, {quote(whole)}))"


def _part_of(column: str, expressions: tuple[str, ...]) -> str:
    """What the first of the expressions that matches takes out of a column."""
    name, value = eval_name(column), "null()"
    for expression in reversed(expressions):
        if not expression:
            value = name
            continue
        start, end = expression.startswith("^"), expression.endswith("$")
        whole = quote(f"(?is){'' if start else '^.*?'}{expression}{'' if end else '.*$'}")
        taken = f"replace({name}, {whole}, {quote(FIRST_GROUP)})"
        # Where nothing matches, replace() leaves the whole.
        value = taken if value == name else f"if(match({name}, {whole}), {taken}, {value})"
    return value


def _is_in(column: str, values: Iterable[str]) -> str:
    """The condition of ``eval`` that a column has one of the values, on lines of about 100
    columns.
    """
    listed = ", ".join(map(quote, values))
    whole = f"in({eval_name(column)}, {listed})"
    return "\n        ".join(wrap(whole, WIDTH - 8, break_long_words=False, break_on_hyphens=False))


def _is_plain(destination: Destination, column: str) -> bool:
    like = destination.column(column)
    return like.layout not in PAIRS | {"words", "xml", "path"} and not like.json


def without_texts(value: str, texts: Iterable[str]) -> str:
    """The value of an expression, null where it is one of the texts that stand for none."""
    for text in texts:
        value = f"nullif({value}, {quote(text)})"
    return value


def without_null(key: Key) -> Key:
    """The key as a field that an event lacks in which a null of JSON passes for a value."""
    if not key.null:
        return key
    made = plain_name(key.name)
    step = f"| eval {made}={without_texts(eval_name(key.name), key.nulls)}"
    return Key(key.field, made, "\n".join(filter(None, [key.step, step])))


def plain_name(name: str) -> str:
    """A name that every command and every token takes: letters, digits and underscores."""
    made = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "field"
    return made if not made[0].isdigit() else f"field_{made}"
