"""A test of a field → a test of columns, by what the pack says of the field in a destination."""

from __future__ import annotations

from kqlx.elastic.matching import matches_value, met_values
from kqlx.elastic.multi_fields import CASELESS, base_field
from kqlx.elastic.type_names import NUMBERS
from kqlx.mappings.asserted_values import spec_applies
from kqlx.mappings.binding import Binding, is_decided
from kqlx.mappings.bound import Column
from kqlx.mappings.column_tests import (
    bind_predicate,
    bind_to_column,
    column_of,
    describe_column,
)
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.known_values import fold_known
from kqlx.mappings.nested import in_any_place
from kqlx.mappings.reader.builtin import owner_of
from kqlx.mappings.value_tests import bind_existence, bind_value_predicates, translate_values
from kqlx.mappings.without_counterpart import why_no_field
from kqlx.nodes import (
    Always,
    And,
    Case,
    Equals,
    Exists,
    FieldTest,
    FunctionTest,
    Like,
    Node,
    Or,
    Pattern,
    Regexp,
    Unmapped,
    all_of,
    any_of,
    case_of,
    with_field,
)
from kqlx.notes import Effect
from kqlx.patterns import ANY_ONE, ANY_RUN, Shape
from kqlx.records import replace

_BETWEEN = frozenset(' ,;|"[]')
"""Signs that may stand between the values of one text."""


class FieldBinder(Binding):
    """What an attempt makes of one test."""

    def select_spec(self, spec: FieldSpec) -> FieldSpec:
        """Of the specs of a field the one that is for the query, with the cases that are left."""
        if not spec.alternatives and not spec.cases:
            return spec
        found = self.selected.get(id(spec))
        if found is None:
            from kqlx.mappings.event_kinds import narrowed_to_query

            found = narrowed_to_query(
                self.applicable_spec(spec), self.destination, self.asserted, self.applicable_spec
            )
            self.selected[id(spec)] = found
        return found

    def applicable_spec(self, spec: FieldSpec) -> FieldSpec:
        return next((one for one in spec.alternatives if spec_applies(self.asserted, one)), spec)

    def bind_plain(self, node: FieldTest) -> FieldTest | None:
        """A test of a field that is a column and nothing else; None for any other test."""
        asked = node.field
        if isinstance(asked, Pattern):
            return None
        name = asked.name
        if name not in self.plain:
            self.plain[name] = plain_column(self, name)
        column = self.plain[name]
        if column is None or self.columns.setdefault(column.name, column) is not column:
            return None
        return with_field(node, self.column_name(asked, column.name))

    def bind_regexp(self, node: Regexp) -> Node:
        """A regular expression of the values of a field."""
        column = plain_column(self, node.field.name)
        if column is None:
            from kqlx.mappings.whole_values import bind_regexp

            return bind_regexp(self, self, node)
        self.columns.setdefault(column.name, column)
        return replace(node, field=self.column_name(node.field, column.name))

    def bind_functions(self, node: FunctionTest) -> Node:
        """Functions of the values of fields."""
        columns: dict[str, Column] = {}
        for name in dict.fromkeys(field.name for field in node.fields):
            column = plain_column(self, name, integers=True)
            if column is None:
                from kqlx.mappings.whole_values import bind_functions

                return bind_functions(self, self, node)
            columns[name] = column
        for column in columns.values():
            self.columns.setdefault(column.name, column)
        return node.with_fields(lambda field: replace(field, value=columns[field.name].name))

    def own_spec(self, node: FieldTest) -> FieldSpec | None:
        """What the pack says of a name itself, stars and all. What it says of all fields below a
        name is not said of a field whose name ends in a star.
        """
        name = node.field.name
        return self.destination.fields.get(name) if not name.endswith(".*") else None

    def bind_test(self, node: FieldTest) -> Node:
        """A test of a field by its full name."""
        if (decided := fold_known(self, node)) is not None:
            return decided
        if (spec := self.spec_of(node)) is None:
            return self.bind_missing(node)
        spec = self.select_spec(spec)
        if (absent := self.bind_absent(node, node.field.name, spec)) is not None:
            return absent
        if spec.only_required:
            return self.bind_required(node, spec)
        if spec.excepted and self.in_exception and not self.has_predicate(node, spec):
            return self.bind_excepted(node, _what(node, spec), spec)
        return self.bind_by_spec(node, spec)

    def has_predicate(self, node: FieldTest, spec: FieldSpec) -> bool:
        """Whether the destination tells some of the values that are asked for."""
        return isinstance(node, Equals | Like) and bool(met_values(node, spec.value_predicates))

    def bind_required(self, node: FieldTest, spec: FieldSpec) -> Node:
        """A test that the destination cannot tell and whose events it has among others: it is left
        out, with a note, where every event of the query must meet it, and has no counterpart
        elsewhere.
        """
        name = node.field.name
        if not self.required:
            return self.unmapped(node, name, spec.no_counterpart or "")
        if isinstance(node, Like) and {ANY_RUN} <= set(node.pattern.tokens) <= {ANY_RUN, ANY_ONE}:
            node = Exists(node.field, node.span)
        found = self.bind_by_spec(node, spec)
        if isinstance(found, Always):
            self.left_out.append(Unmapped(node, node, name, spec.no_counterpart or "", node.span))
        return found

    def bind_absent(self, node: Node, name: str, spec: FieldSpec) -> Node | None:
        """A test of a field that no event has, or only with an option that is off as shipped; None
        for any other. What a query excepts by an option is found. Where other data sources are
        asked too, no event meets another test; a query of this one alone is for events that have
        the field.
        """
        if spec.unset:
            message = f"{name} is never set on events that {self.destination.name} stands for"
            self.add_note("constant-folded", message, None)
            return self.constant(False, message, node.span)
        if not spec.by_option:
            return None
        if self.pack.is_one_of_several and not self.negative:
            message = f"{name} is set only with {spec.by_option}, which is off as shipped"
            self.add_note("set-by-option", message, node.span, Effect.COVERAGE)
            return self.constant(False, message, node.span)
        why = f"{spec.no_counterpart}, and Elastic has it only with {spec.by_option}"
        if self.negative:
            return self.bind_excepted(node, name, replace(spec, no_counterpart=why))
        return self.unmapped(node, name, why)

    def bind_excepted(self, node: Node, name: str, spec: FieldSpec) -> Node:
        """A test that the destination cannot tell, in an exception of the query's, which may be
        left out.
        """
        why = spec.no_counterpart or ""
        self.left_out.append(Unmapped(node, node, name, why, node.span))
        self.marks += 1
        return Unmapped(node, node, name, why, node.span, excepted=True)

    def bind_by_spec(self, node: FieldTest, spec: FieldSpec) -> Node:
        """A test of a field, when it is known which of its entries is for the query."""
        name = node.field.name
        known = isinstance(node, Exists) and isinstance(spec.exists, str)
        if spec.no_counterpart and not spec.value_predicates and not known:
            return self.unmapped(node, name, spec.no_counterpart + self.way_to_look_up(name))
        changed = spec.column and self.destination.column(spec.column).layout == "changes"
        if changed and name.rpartition(".")[2].lower() not in ("newvalue", "oldvalue"):
            return self.unmapped(node, name, "only its old and its new value are compared")
        asks_whether = isinstance(node, Exists) and (spec.exists is True or (known and spec.column))
        if (note := spec.note) and not asks_whether and not (note.of_wholes and _is_within(node)):
            span = node.span if note.is_of_test else None
            self.add_note(note.code, note.message, span, note.effect)
        return self.apply_spec(node, spec)

    def way_to_look_up(self, name: str) -> str:
        """How the user says that a field is to be looked up, for the reason why there is none."""
        if ".as." not in name and ".geo." not in name:
            return ""
        from kqlx.mappings.lookups import way_to_look_up

        return way_to_look_up(name, self.destination)

    def spec_of(self, node: FieldTest) -> FieldSpec | None:
        """What the destination says of a field; None where it does not say."""
        name = node.field.name
        if name in self.missing:
            return None
        spec = (
            self.destination.field(name)
            or self.destination.field(base_field(name))
            or self.spec_in_any_place(node)
        )
        if spec is None:
            self.missing[name] = owner_of(name, self.pack)
        return spec

    def bind_missing(self, node: FieldTest) -> Node:
        """A test of a field that the destination does not name."""
        name = node.field.name
        if not (owner := self.missing[name]):
            why = why_no_field(name)
            if self.known_values[name] is None and not name.endswith(CASELESS):
                self.unknown[name] = why
            return self.unmapped(node, name, why)
        message = f"{name} is a field of {owner}, never set on events of {self.pack.title}"
        self.add_note("constant-folded", message, node.span)
        return self.constant(False, message, node.span)

    def spec_in_any_place(self, node: FieldTest) -> FieldSpec | None:
        """Of a field in a numbered place of a list, such as ``targets.0.id``, what the destination
        says of ``targets.*.id``.
        """
        name = node.field.name
        spec = self.destination.fields.get(in_any_place(name))
        if spec is not None and not isinstance(node.field, Pattern):
            message = f"{self.destination.name} is searched for {name} at any position of the list"
            self.add_note("any-list-position", message, node.span, Effect.WIDER)
        return spec

    def in_json(self, node: Equals | Like, spec: FieldSpec) -> Node:
        """The test of an object that Elastic has as Java writes it, and the column as JSON."""
        from kqlx.mappings.map_texts import in_json

        assert spec.column is not None
        parts = in_json(node, spec.column, spec.columns_of_keys)
        for name in {test.field.name for tests in parts for test in tests}:
            describe_column(self, name, "keyword", node.field.name)
        keys = {test.field.name for tests in parts for test in tests} - {spec.column}
        if keys and case_of(node) is not Case.EXACT:
            named = ", ".join(sorted(keys))
            message = f"{named}: the key is looked for in the letter case in which it is written"
            self.add_note("case-kept", message, node.span, Effect.CASE)
        if len(parts) > 1:
            message = f"{node.field.name}: the parts of a pattern are looked for in any order"
            self.add_note("approximated", message, node.span, Effect.WIDER)
        return all_of([any_of(tests, node.span) for tests in parts], node.span)

    def apply_spec(self, node: FieldTest, spec: FieldSpec) -> Node:
        if spec.case_field:
            from kqlx.mappings.kind_tests import bind_by_kind

            return bind_by_kind(self, node, spec, self.apply_spec)
        if isinstance(node, Exists) and isinstance(spec.exists, str):
            return bind_existence(self, node, spec)
        if spec.writes_as_java and isinstance(node, Equals | Like):
            from kqlx.mappings.map_texts import can_be_in_json

            if can_be_in_json(node):
                return self.in_json(node, spec)
        if spec.unsupported_characters and isinstance(node, Equals | Like):
            asked = node.value if isinstance(node, Equals) else node.pattern
            if found := next((c for c in asked.name if c in spec.unsupported_characters), None):
                written = "a space" if found == " " else found
                why = f"{self.destination.name} spells {written} differently"
                return self.unmapped(node, f'the value "{asked.name}" of {node.field.name}', why)
        if spec.guard and self.guarded_field != node.field.name:
            beside = bind_predicate(self, spec.guard, node.span, node.field.name)
            return And((beside, self.apply_spec(node, replace(spec, guard=""))), node.span)
        if spec.any_of:
            each = [replace(spec, column=column, any_of=()) for column in spec.any_of]
            return Or(tuple(self.apply_spec(node, one) for one in each), node.span)
        if spec.value_patterns and not spec.value_predicates:
            from kqlx.mappings.part_tests import bind_affixed

            return bind_affixed(self, node, spec)
        if spec.fixed is not None:
            if matches_value(node, spec.fixed) is self.negative:
                self.required_kinds.append(f'{node.field.name} is "{spec.fixed}"')
            return self.fold_constant(node, spec.fixed, self.destination.name)
        if spec.constant is not None:
            return self.assume_constant(node, spec.constant)
        if spec.value_predicates:
            return bind_value_predicates(self, node, spec)
        if spec.values:
            return translate_values(self, node, spec)
        if spec.prefixes or spec.joined_columns:
            from kqlx.mappings.part_tests import bind_path

            return bind_path(self, node, spec)
        if spec.value_part:
            from kqlx.mappings.part_tests import bind_part

            return bind_part(self, node, spec, spec.value_part)
        return bind_to_column(self, node, spec)


def _what(node: FieldTest, spec: FieldSpec) -> str:
    """What of a field has no counterpart: a value of it, where others have one."""
    name = node.field.name
    if not spec.value_predicates or not isinstance(node, Equals | Like):
        return name
    asked = node.value if isinstance(node, Equals) else node.pattern
    return f'the value "{asked.name}" of {name}'


def _is_within(node: FieldTest) -> bool:
    """Whether a text of several values meets the test where one of these does, and only there."""
    if isinstance(node, Like) and node.pattern.shape is Shape.CONTAINS:
        return not _BETWEEN.intersection(node.pattern.text)
    return isinstance(node, Exists)


def plain_column(binding: Binding, name: str, *, integers: bool = False) -> Column | None:
    """The column of a field that is a column and nothing else, with any value; None for any other,
    whose tests are looked at one by one: a value of ``integers`` may have to be spelt anew.
    """
    pack = binding.pack
    there = binding.destination.plain_column(name)
    if there is None or is_decided(pack, name):
        return None
    column = column_of(binding, there, binding.type_of(name), name)
    return None if column.type in NUMBERS and not integers else column
