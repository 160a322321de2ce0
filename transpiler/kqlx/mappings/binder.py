"""Tree in Elastic's names → tree in a destination's, constants folded and values translated.

Which data source and destination it is, ``destinations`` decides.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from kqlx.elastic.matching import matches_value
from kqlx.elastic.multi_fields import base_field, with_case_of_name
from kqlx.elastic.type_names import TEXTS
from kqlx.errors import MappingError
from kqlx.mappings.asserted_values import asserted_values, spec_applies, together
from kqlx.mappings.binding import Binding, is_unmapped, no_mapping
from kqlx.mappings.bound import Bound
from kqlx.mappings.collector_names import under_both, with_either_name
from kqlx.mappings.column_tests import bind_predicate, bind_to_column
from kqlx.mappings.event_kinds import narrowed_to_query
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.kind_tests import bind_by_kind, group_by_kind
from kqlx.mappings.known_values import fold_known
from kqlx.mappings.letter_case import without_implied
from kqlx.mappings.nested import flattened, in_any_place
from kqlx.mappings.pack import Destination
from kqlx.mappings.part_tests import bind_affixed, bind_part, bind_path
from kqlx.mappings.reader.builtin import owner_of
from kqlx.mappings.reader.pack_data import Lazy
from kqlx.mappings.value_tests import bind_existence, bind_value_predicates, translate_values
from kqlx.mappings.wildcard_names import bind_each_field
from kqlx.nodes import (
    Always,
    And,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    simplify,
    walk,
    without_repeats,
)
from kqlx.notes import Effect, Note


class Binder(Binding):
    """One attempt: one tree, one destination."""

    def bind(self, node: Node) -> Bound:
        bound = simplify(self.bind_node(node))
        if isinstance(bound, Never):
            why = "; ".join(dict.fromkeys(self.reasons_for_never)) or "every event has such a value"
            notes = tuple(note for note in self.notes if note.effect is not Effect.UNMAPPED)
            if self.required_kinds and not self.destination.when:
                # The source has other events too, of which nothing is known here.
                known = self.destination.events or " and ".join(dict.fromkeys(self.required_kinds))
                raise no_mapping(self.pack, f"{self.destination.name}: {known}", notes)
            raise MappingError(f"never matches in {self.destination.name}: {why}", notes=notes)
        if self.destination.filter:
            own = bind_predicate(self, self.destination.filter, node.span, self.pack.source)
            bound = simplify(And((own, bound), node.span))
        if self.destination.other_prefixes:
            bound = under_both(bound, self.columns, self.destination.other_prefixes)
        # What another test decides needs no counterpart.
        left = {id(leaf) for leaf in walk(bound)}
        gone = {note for note, leaf in self.unmapped_tests if id(leaf) not in left}
        return Bound(
            without_implied(without_repeats(bound, self.dedup_key)),
            self.columns,
            self.destination.place,
            self.pack.source,
            tuple(note for note in self.notes if note not in gone),
            uses_target_names=True,
            pack=self.pack,
            destination=self.resolved_destination(),
            types=self.types,
        )

    def dedup_key(self, node: Node) -> Hashable:
        """What is the same for two tests that ask for the same: quotation marks count in texts."""
        if isinstance(node, Equals) and node.field.name in self.columns:
            column = self.columns[node.field.name]
            if column.type not in TEXTS:
                return column.name, node.value.name, node.case
        return node

    def resolved_destination(self) -> Destination:
        """The destination as it is for the query: of fields that mean another column with other
        events the one that counts, for what a rule counts and shows beside its tests.
        """
        settled = replace(self.destination, fields=Lazy(self.destination.fields, self.select_spec))
        return with_either_name(settled) if settled.other_prefixes else settled

    def select_spec(self, spec: FieldSpec) -> FieldSpec:
        """Of the specs of a field the one that is for the query, with the cases that are left."""
        return narrowed_to_query(
            self.applicable_spec(spec), self.destination, self.asserted, self.applicable_spec
        )

    def applicable_spec(self, spec: FieldSpec) -> FieldSpec:
        return next((one for one in spec.alternatives if spec_applies(self.asserted, one)), spec)

    def bind_node(self, node: Node) -> Node:
        if not isinstance(node, And | Or):
            return self.bind_in_place(node)
        before = self.sibling_alternatives
        self.sibling_alternatives = node.items if isinstance(node, Or) else ()
        found = self.bind_in_place(node)
        self.sibling_alternatives = before
        return found

    def bind_in_place(self, node: Node) -> Node:
        """A node, when it is known what stands beside its parts."""
        if isinstance(node, Or) and (name := self.shared_guard_field(node)):
            spec = self.destination.field(name)
            assert spec is not None
            self.guarded_field = name
            tests = Or(tuple([self.bind_node(item) for item in node.items]), node.span)
            self.guarded_field = ""
            return And((bind_predicate(self, spec.guard, node.span, name), tests), node.span)
        if isinstance(node, And):
            with self.asserting(node):
                return replace(node, items=tuple(self.bind_items(node)))
        if isinstance(node, Or):
            return self.bind_by_kinds(node) or replace(
                node, items=tuple(self.bind_alternatives(node))
            )
        if isinstance(node, Not):
            self.negative = not self.negative
            item = self.bind_node(node.item)
            self.negative = not self.negative
            return Not(item, node.span)
        return self.bind_leaf(node)

    def bind_items(self, node: And | Or) -> list[Node]:
        """The items, bound. Where one decides the group, being never met or always, the others are
        not in the result, and nothing is told of them.
        """
        before = len(self.notes)
        decides = Never if isinstance(node, And) else Always
        made: list[Node] = []
        deciding: list[Note] = []
        decided = False
        for item in node.items:
            start = len(self.notes)
            made.append(self.bind_node(item))
            if isinstance(simplify(made[-1]), decides):
                decided = True
                deciding += self.notes[start:]
        if decided:
            self.notes[before:] = deciding
        return made

    @contextmanager
    def asserting(self, node: And) -> Iterator[None]:
        """What stands beside a test in a group is asserted of it too."""
        before = self.asserted
        self.asserted = together(before, asserted_values(node))
        yield
        self.asserted = before

    def bind_by_kinds(self, node: Or) -> Node | None:
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
        return group_by_kind(node, [self.bind_node(test) for test in tests], len(spec.cases))

    def bind_alternatives(self, node: Or) -> Iterator[Node]:
        """What becomes of the items; the columns that may have one and the same value stand beside
        those of the next, so that a target can gather the values of each.
        """
        for item, made in zip(node.items, self.bind_items(node), strict=True):
            if isinstance(item, FieldTest) and isinstance(made, Or):
                yield from made.items
            else:
                yield made

    def shared_guard_field(self, node: Or) -> str:
        """The field that all tests are of, if a predicate must hold beside each."""
        kinds = FieldTest
        names = {item.field.name if isinstance(item, kinds) else "" for item in node.items}
        name = names.pop() if len(names) == 1 else ""
        spec = self.destination.field(name) if name else None
        return name if spec is not None and spec.guard else ""

    def bind_leaf(self, node: Node) -> Node:
        """A test, bound. Of one without a counterpart nothing else is told."""
        node = with_case_of_name(node) if isinstance(node, FieldTest) else node
        before = len(self.notes)
        found = self.bind_test(node)
        new = self.notes[before:]
        if found is node or any(note.code == "unmapped-left-out" for note in new):
            self.notes[before:] = [note for note in new if is_unmapped(note)]
        return found

    def bind_test(self, node: Node) -> Node:
        if isinstance(node, FreeText | Always | Never):
            return node
        if isinstance(node, Nested):
            return self.bind_nested(node)
        assert isinstance(node, FieldTest)
        name = node.field.name
        # What is said of all fields below a name is not said of a field whose name ends in a star.
        own = self.destination.fields.get(name) if not name.endswith(".*") else None
        if isinstance(node.field, Pattern) and own is None:
            return bind_each_field(self, node, node.field, self.bind_leaf)
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
            once = note.code == "back-end-support"  # of the field, whatever its value
            self.add_note(note.code, note.message, None if once else node.span, note.effect)
        return self.apply_spec(node, spec)

    def bind_nested(self, node: Nested) -> Node:
        """A nested group by its tests, which in the destination different objects may meet."""
        if isinstance(node.path, Pattern):
            return self.unmapped(node, f"a group on {node.path.name}, a wildcard,")
        message = f"the tests of {node.path.name}:{{ ... }} may be met by different objects"
        message += "; below a not they are left out" if self.negative else ""
        self.notes.append(Note("nested-flattened", Effect.WIDER, message, node.span))
        if self.negative:
            return Never(node.span)
        return self.bind_node(flattened(node))

    def spec_in_any_place(self, node: FieldTest) -> FieldSpec | None:
        """Of a field in a numbered place of a list, such as ``targets.0.id``, what the destination
        says of ``targets.*.id``.
        """
        name = node.field.name
        spec = self.destination.fields.get(in_any_place(name))
        if spec is not None and not isinstance(node.field, Pattern):
            message = f"{self.destination.name} is asked for {name} in any place of the list"
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
                why = f"{self.destination.name} writes {found} otherwise"
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
