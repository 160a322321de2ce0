"""Tree in Elastic's names → tree in a destination's, constants folded and values translated.

Which data source and destination it is, ``destinations`` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from kqlx.elastic.matching import matches_value
from kqlx.elastic.multi_fields import base_field, with_case_of_name
from kqlx.errors import unknown
from kqlx.mappings.asserted_values import spec_applies
from kqlx.mappings.binding import Binding, NeverMatchesError, no_mapping
from kqlx.mappings.bound import Column
from kqlx.mappings.bound_part import BoundPart, alternatives, reported_items, trees, with_notes
from kqlx.mappings.collector_names import with_either_name
from kqlx.mappings.column_tests import bind_predicate, bind_to_column
from kqlx.mappings.event_kinds import narrowed_to_query
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.kind_tests import bind_by_kind, group_by_kind
from kqlx.mappings.known_values import fold_known
from kqlx.mappings.nested import flattened, in_any_place
from kqlx.mappings.pack import Destination
from kqlx.mappings.part_tests import bind_affixed, bind_part, bind_path
from kqlx.mappings.plain_columns import plain_column
from kqlx.mappings.reader.builtin import owner_of
from kqlx.mappings.reader.pack_data import Lazy
from kqlx.mappings.unmapped_tests import (
    Attempt,
    is_left_out_whole,
    mark_group,
)
from kqlx.mappings.value_tests import bind_existence, bind_value_predicates, translate_values
from kqlx.mappings.wildcard_names import bind_each_field
from kqlx.nodes import (
    JUNCTIONS,
    Always,
    And,
    CommandLineArgument,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    Unmapped,
    simplify,
    walk,
)
from kqlx.notes import Effect, Note, told_together
from kqlx.records import replace

_UNTOUCHED = (CommandLineArgument, FreeText, Always, Never, Unmapped)

Asked = TypeVar("Asked", bound=Node)


class Binder(Binding):
    """One attempt: one tree, one destination."""

    def bind(self, node: Node) -> Attempt:
        """The tree in the destination's columns. Raises NeverMatchesError where it can match
        nothing there, and MappingError where nothing is known of the events that it asks for.
        """
        found = self.bind_node(node)
        bound = simplify(found.node)
        if any(isinstance(part, Regexp) for part in walk(bound)):
            from kqlx.mappings.joined_regexps import joined_regexps

            bound = joined_regexps(bound)
        notes = [Note(n.code, n.effect, n.message, hint=n.hint) for n in self.destination.notes]
        notes += found.notes
        if isinstance(bound, Never):
            why = told_together(self.reasons_for_never) or "every event has such a value"
            if self.required_kinds and not self.destination.when:
                # The source has other events too, of which nothing is known here.
                known = self.destination.events or " and ".join(dict.fromkeys(self.required_kinds))
                raise no_mapping(self.pack, f"{self.destination.name}: {known}", notes)
            message = f"never matches in {self.destination.name}: {why}"
            raise NeverMatchesError(message, code="matches-no-event", notes=tuple(notes))
        own = self.bind_filter(node)
        return Attempt(
            node=bound,
            filter=own.node if own is not None else None,
            columns=self.columns,
            pack=self.pack,
            destination=self.resolved_destination(),
            types=self.types,
            notes=(*notes, *own.notes) if own is not None else tuple(notes),
            notes_if_kept=found.notes_if_kept,
            absent_values=found.absent_values,
        )

    def collect(self, bind: Callable[[Asked], Node], node: Asked) -> BoundPart:
        """What a part of the query is bound to, with the notes that are made on the way."""
        before = self.notes, self.absent_values
        self.notes, self.absent_values = [], []
        found = BoundPart(bind(node), tuple(self.notes), (), tuple(self.absent_values))
        self.notes, self.absent_values = before
        return found

    def bind_filter(self, node: Node) -> BoundPart | None:
        """What the destination asks of all its events."""
        if not (asked := self.destination.filter):
            return None
        source = self.pack.source
        return self.collect(lambda node: bind_predicate(self, asked, node.span, source), node)

    def resolved_destination(self) -> Destination:
        """The destination as it is for the query: of fields that mean another column with other
        events the one that counts, for what a rule counts and shows beside its tests.
        """
        settled = replace(self.destination, fields=Lazy(self.destination.fields, self.select_spec))
        return with_either_name(settled) if settled.other_prefixes else settled

    def select_spec(self, spec: FieldSpec) -> FieldSpec:
        """Of the specs of a field the one that is for the query, with the cases that are left."""
        if not spec.alternatives and not spec.cases:
            return spec
        found = self.selected.get(id(spec))
        if found is None:
            found = narrowed_to_query(
                self.applicable_spec(spec), self.destination, self.asserted, self.applicable_spec
            )
            self.selected[id(spec)] = found
        return found

    def applicable_spec(self, spec: FieldSpec) -> FieldSpec:
        return next((one for one in spec.alternatives if spec_applies(self.asserted, one)), spec)

    def bind_node(self, node: Node) -> BoundPart:
        """A part of the query, bound, with the notes on it."""
        if not isinstance(node, JUNCTIONS):
            return self.bind_leaf(node)
        before, marks = self.sibling_alternatives, self.marks
        if not isinstance(node, Not):
            self.sibling_alternatives = node.items if isinstance(node, Or) else ()
        found = self.bind_group(node)
        self.sibling_alternatives = before
        if self.marks == marks:
            return found
        marked = mark_group(node, found.node, negative=self.negative)
        return found if marked is found.node else replace(found, node=marked)

    def bind_group(self, node: And | Or | Not) -> BoundPart:
        """A group, when it is known what stands beside its items."""
        if isinstance(node, Not):
            self.negative = not self.negative
            item = self.bind_node(node.item)
            self.negative = not self.negative
            return replace(item, node=Not(item.node, node.span))
        if isinstance(node, Or) and (name := self.shared_guard_field(node)):
            return self.bind_guarded(node, name)
        made: Node
        marks = self.marks
        if isinstance(node, And):
            items = self.bind_together(node)
            made = And(trees(items), node.span)
        else:
            items = [self.bind_node(item) for item in node.items]
            if grouped := self.group_by_kinds(node, items):
                return with_notes(grouped, items)
            made = Or(tuple(alternatives(node, items)), node.span)
        marked = self.marks > marks
        return with_notes(made, reported_items(node, items, negative=self.negative, marked=marked))

    def bind_guarded(self, node: Or, name: str) -> BoundPart:
        """Several values of one field, beside the predicate that must hold with each."""
        spec = self.destination.field(name)
        assert spec is not None
        self.guarded_field = name
        items = [self.bind_node(item) for item in node.items]
        self.guarded_field = ""
        guard = self.collect(lambda node: bind_predicate(self, spec.guard, node.span, name), node)
        tests = Or(trees(items), node.span)
        return with_notes(And((guard.node, tests), node.span), [*items, guard])

    def bind_together(self, node: And) -> list[BoundPart]:
        """The items of a group: what stands beside a test is asserted of it too."""
        before = self.asserted, self.selected
        self.asserted, self.selected = self.groups.asserted_in(node, self.asserted), {}
        items = [self.bind_node(item) for item in node.items]
        self.asserted, self.selected = before
        return items

    def group_by_kinds(self, node: Or, items: Sequence[BoundPart]) -> Node | None:
        """Several values of a field that is another column by the kind of event: the kinds once,
        each with all values. None for any other group.
        """
        tests = [item for item in node.items if isinstance(item, Equals | Like)]
        names = {test.field.name for test in tests if isinstance(test.field, Literal)}
        if len(tests) < len(node.items) or len(names) != 1:
            return None
        spec = self.destination.field(*names)
        spec = self.select_spec(spec) if spec is not None else None
        if (
            spec is None
            or not spec.case_field
            or any(case.apart or case.no_counterpart for case in spec.cases)
        ):
            return None
        return group_by_kind(node, trees(items), len(spec.cases))

    def shared_guard_field(self, node: Or) -> str:
        """The field that all tests are of, if a predicate must hold beside each."""
        kinds = FieldTest
        names = {item.field.name if isinstance(item, kinds) else "" for item in node.items}
        name = names.pop() if len(names) == 1 else ""
        spec = self.destination.field(name) if name else None
        return name if spec is not None and spec.guard else ""

    def bind_leaf(self, node: Node) -> BoundPart:
        """A test, or a nested group as the tests that it is taken for. A test without a counterpart
        has no other notes; where a part of it has none, the notes on the rest are reported only if
        that part is kept.
        """
        if isinstance(node, Equals) and (made := self.bind_plain(node)) is not None:
            return BoundPart(made)
        if isinstance(node, _UNTOUCHED):
            return BoundPart(node)
        assert not isinstance(node, JUNCTIONS)
        if isinstance(node, Regexp):
            return self.collect(self.bind_regexp, node)
        if isinstance(node, FunctionTest):
            return self.collect(self.bind_functions, node)
        if not isinstance(node, FieldTest | Nested):
            unknown(node)
        marks = self.marks
        test = node if isinstance(node, Nested) else with_case_of_name(node)
        found = self.bind_nested(test) if isinstance(test, Nested) else self.bind_field_test(test)
        if self.marks == marks:
            return found
        if isinstance(found.node, Unmapped) and found.node.asked is test:
            return BoundPart(replace(found.node, asked=node))
        return (
            found.reported_if_kept()
            if is_left_out_whole(found.node, negative=self.negative)
            else found
        )

    def bind_plain(self, node: Equals) -> Equals | None:
        """A test of a field that is a column and nothing else, where another one has described the
        column before. None for any other test.
        """
        if not isinstance(node.field, Literal):
            return None
        name = node.field.name
        if name not in self.plain:
            self.plain[name] = plain_column(self, name)
        column = self.plain[name]
        if column is None or self.columns.get(column.name) is not column:
            return None
        asked, field = self.plain_field
        if asked is not node.field:  # the tests of a list have it in common
            field = Literal(column.name, span=node.field.span)
            self.plain_field = node.field, field
        return Equals(field, node.value, node.span, case=node.case)

    def bind_regexp(self, node: Regexp) -> Node:
        """A regular expression of a field that is a column and nothing else."""
        column = plain_column(self, node.field.name)
        if column is None:
            what = f"{node.field.name}, tested by a regular expression,"
            return self.unmapped(node, what)
        self.columns.setdefault(column.name, column)
        return replace(node, field=Literal(column.name, span=node.field.span))

    def bind_functions(self, node: FunctionTest) -> Node:
        """Functions of fields that are a column each and nothing else."""
        columns: dict[str, Column] = {}
        for name in dict.fromkeys(field.name for field in node.fields):
            column = plain_column(self, name, integers=True)
            if column is None:
                return self.unmapped(node, f"{name}, of which a function is asked,")
            columns[name] = column
        for column in columns.values():
            self.columns.setdefault(column.name, column)
        return node.with_fields(lambda field: replace(field, value=columns[field.name].name))

    def bind_field_test(self, node: FieldTest) -> BoundPart:
        if isinstance(node.field, Pattern) and self.own_spec(node) is None:
            return self.bind_name_with_stars(node, node.field)
        return self.collect(self.bind_test, node)

    def own_spec(self, node: FieldTest) -> FieldSpec | None:
        """What the pack says of a name itself, stars and all. What it says of all fields below a
        name is not said of a field whose name ends in a star.
        """
        name = node.field.name
        return self.destination.fields.get(name) if not name.endswith(".*") else None

    def bind_name_with_stars(self, node: FieldTest, name: Pattern) -> BoundPart:
        """A test of each field that a name with stars fits."""
        each: list[BoundPart] = []

        def bind_one(test: FieldTest) -> Node:
            each.append(self.bind_leaf(test))
            return each[-1].node

        found = self.collect(lambda node: bind_each_field(self, node, name, bind_one), node)
        return with_notes(found.node, [found, *each])

    def bind_test(self, node: FieldTest) -> Node:
        """A test of a field by its full name."""
        name = node.field.name
        if (decided := fold_known(self, node)) is not None:
            return decided
        spec = (
            self.destination.field(name)
            or self.destination.field(base_field(name))
            or self.spec_in_any_place(node)
        )
        if spec is None and (owner := owner_of(name, self.pack)):
            message = f"{name} is a field of {owner}, never set on events of {self.pack.title}"
            self.add_note("constant-folded", message, node.span)
            return self.constant(False, message, node.span)
        if spec is None:
            return self.unmapped(node, name)
        spec = self.select_spec(spec)
        known = isinstance(node, Exists) and isinstance(spec.exists, str)
        if spec.no_counterpart and not spec.value_predicates and not known:
            return self.unmapped(node, name, spec.no_counterpart)
        changed = spec.column and self.destination.column(spec.column).layout == "changes"
        if changed and name.rpartition(".")[2].lower() not in ("newvalue", "oldvalue"):
            return self.unmapped(node, name, "only its old and its new value are compared")
        if (note := spec.note) and not (isinstance(node, Exists) and spec.exists is True):
            span = node.span if note.is_of_test else None
            self.add_note(note.code, note.message, span, note.effect)
        return self.apply_spec(node, spec)

    def bind_nested(self, node: Nested) -> BoundPart:
        """A nested group by its tests, which in the destination different objects may meet."""
        if isinstance(node.path, Pattern):
            return BoundPart(self.unmapped(node, f"a group on {node.path.name}, a wildcard,"))
        message = f"the tests of {node.path.name}:{{ ... }} may be met by different objects"
        message += "; under `not` they are left out" if self.negative else ""
        note = Note("nested-flattened", Effect.WIDER, message, node.span)
        if self.negative:
            return BoundPart(Never(node.span), (note,))
        found = self.bind_node(flattened(node))
        return replace(found, notes=(note, *found.notes))

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

    def apply_spec(self, node: FieldTest, spec: FieldSpec) -> Node:
        if spec.case_field:
            return bind_by_kind(self, node, spec, self.apply_spec)
        if isinstance(node, Exists) and isinstance(spec.exists, str):
            return bind_existence(self, node, spec)
        if isinstance(node, Equals | Like):
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
            return bind_path(self, node, spec)
        if spec.value_part:
            return bind_part(self, node, spec, spec.value_part)
        return bind_to_column(self, node, spec)
