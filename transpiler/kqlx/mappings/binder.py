"""Tree in Elastic's names → tree in a destination's, constants folded and values translated.

Which data source and destination it is, ``destinations`` decides.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from kqlx.elastic.multi_fields import base_field
from kqlx.elastic.patterns import fits
from kqlx.elastic.type_names import TEXTS
from kqlx.errors import MappingError
from kqlx.mappings.asserted_values import asserted_values, counts, together
from kqlx.mappings.binding import Binding, is_unmapped
from kqlx.mappings.bound import Bound, holds
from kqlx.mappings.collector_names import both, under_both
from kqlx.mappings.column_tests import bind_predicate, bind_to_column
from kqlx.mappings.event_kinds import either, narrowed
from kqlx.mappings.nested import flattened, in_any_place
from kqlx.mappings.pack import Destination, FieldSpec, Pack
from kqlx.mappings.part_tests import bind_affixed, bind_part, bind_path
from kqlx.mappings.reader.builtin import owner_of
from kqlx.mappings.reader.pack_data import Lazy
from kqlx.mappings.value_tests import bind_existence, bind_value_predicates, translate_values
from kqlx.mappings.wildcard_names import MOST_NAMES, bind_each_field
from kqlx.nodes import (
    Always,
    And,
    Compare,
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


def no_mapping(pack: Pack, known: str, notes: Iterable[Note] = ()) -> MappingError:
    """The error for events of a data source that no destination is for."""
    message = f"no mapping is known for these events of {pack.source}; those that are known are in"
    message += f" {known}"
    note = Note("unmapped-field", Effect.UNMAPPED, message)
    return MappingError(message, notes=(*notes, note), hint="a mapping of your own may name them")


class Binder(Binding):
    """One attempt: one tree, one destination."""

    def bind(self, node: Node) -> Bound:
        bound = simplify(self.node(node))
        if isinstance(bound, Never):
            why = "; ".join(dict.fromkeys(self.impossible)) or "every event has such a value"
            notes = tuple(note for note in self.notes if note.effect is not Effect.UNMAPPED)
            if self.kinds and not self.destination.when:
                # The source has other events too, of which nothing is known here.
                known = self.destination.events or " and ".join(dict.fromkeys(self.kinds))
                raise no_mapping(self.pack, f"{self.destination.name}: {known}", notes)
            raise MappingError(f"never matches in {self.destination.name}: {why}", notes=notes)
        if self.destination.filter:
            own = bind_predicate(self, self.destination.filter, node.span, self.pack.source)
            bound = simplify(And((own, bound), node.span))
        if self.destination.other_prefixes:
            bound = under_both(bound, self.columns, self.destination.other_prefixes)
        # What another test decides needs no counterpart.
        left = {id(leaf) for leaf in walk(bound)}
        gone = {note for note, leaf in self.missing if id(leaf) not in left}
        return Bound(
            without_repeats(bound, self.meaning),
            self.columns,
            self.destination.place,
            self.pack.source,
            tuple(note for note in self.notes if note not in gone),
            uses_target_names=True,
            pack=self.pack,
            destination=self.settled(),
            types=self.types,
        )

    def meaning(self, node: Node) -> Hashable:
        """What is the same for two tests that ask for the same: quotation marks count in texts."""
        if isinstance(node, Equals) and node.field.name in self.columns:
            column = self.columns[node.field.name]
            if column.type not in TEXTS:
                return column.name, node.value.name
        return node

    def settled(self) -> Destination:
        """The destination as it is for the query: of fields that mean another column with other
        events the one that counts, for what a rule counts and shows beside its tests.
        """
        settled = replace(self.destination, fields=Lazy(self.destination.fields, self.chosen))
        return both(settled) if settled.other_prefixes else settled

    def chosen(self, spec: FieldSpec) -> FieldSpec:
        """Of the specs of a field the one that is for the query, with the cases that are left."""
        return narrowed(self.first(spec), self.destination, self.asserted, self.first)

    def first(self, spec: FieldSpec) -> FieldSpec:
        return next((one for one in spec.alternatives if counts(self.asserted, one)), spec)

    def node(self, node: Node) -> Node:
        if not isinstance(node, And | Or):
            return self.one(node)
        before = self.alternatives_beside
        self.alternatives_beside = node.items if isinstance(node, Or) else ()
        found = self.one(node)
        self.alternatives_beside = before
        return found

    def one(self, node: Node) -> Node:
        """A node, when it is known what stands beside its parts."""
        if isinstance(node, Or) and (name := self.said_once(node)):
            spec = self.destination.field(name)
            assert spec is not None
            self.given = name
            tests = Or(tuple([self.node(item) for item in node.items]), node.span)
            self.given = ""
            return And((bind_predicate(self, spec.guard, node.span, name), tests), node.span)
        if isinstance(node, And):
            with self.asserting(node):
                return replace(node, items=tuple(self.items(node)))
        if isinstance(node, Or):
            return self.by_cases(node) or replace(node, items=tuple(self.alternatives(node)))
        if isinstance(node, Not):
            self.negative = not self.negative
            item = self.node(node.item)
            self.negative = not self.negative
            return Not(item, node.span)
        return self.leaf(node)

    def items(self, node: And | Or) -> list[Node]:
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
            made.append(self.node(item))
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

    def by_cases(self, node: Or) -> Node | None:
        """Several values of a field that is another column by the kind of event: the kinds once,
        each with all values. None for any other group.
        """
        tests = [item for item in node.items if isinstance(item, Equals | Like)]
        names = {test.field.name for test in tests if isinstance(test.field, Literal)}
        if len(tests) < len(node.items) or len(names) != 1:
            return None
        spec = self.destination.field(*names)
        spec = self.chosen(spec) if spec is not None else None
        if (
            spec is None
            or not spec.case_field
            or any(case.apart or case.no_counterpart for case in spec.cases)
        ):
            return None
        made = [self.node(test) for test in tests]
        cases = [_kinds_and_test(one) for one in made]
        if any(len(case) != len(spec.cases) for case in cases):
            return replace(node, items=tuple(made))
        grouped = [
            And((each[0][0], Or(tuple(test for _, test in each), node.span)), node.span)
            for each in zip(*cases, strict=True)
        ]
        return either(grouped, node.span)

    def alternatives(self, node: Or) -> Iterator[Node]:
        """What becomes of the items; the columns that may have one and the same value stand beside
        those of the next, so that a target can gather the values of each.
        """
        for item, made in zip(node.items, self.items(node), strict=True):
            if isinstance(item, FieldTest) and isinstance(made, Or):
                yield from made.items
            else:
                yield made

    def said_once(self, node: Or) -> str:
        """The field that all tests are of, if a predicate must hold beside each."""
        kinds = FieldTest
        names = {item.field.name if isinstance(item, kinds) else "" for item in node.items}
        name = names.pop() if len(names) == 1 else ""
        spec = self.destination.field(name) if name else None
        return name if spec is not None and spec.guard else ""

    def leaf(self, node: Node) -> Node:
        """A test, bound. Of one without a counterpart nothing else is told."""
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
            return self.group(node)
        assert isinstance(node, FieldTest)
        name = node.field.name
        # What is said of all fields below a name is not said of a field whose name ends in a star.
        own = self.destination.fields.get(name) if not name.endswith(".*") else None
        if isinstance(node.field, Pattern) and own is None:
            return bind_each_field(self, node, node.field, self.leaf)
        base = base_field(name)
        if base in self.pack.constants:
            return self.fold(node, self.pack.constants[base], self.pack.title)
        for value in self.pack.always_includes.get(base, ()):
            if not isinstance(node, Compare) and holds(node, value):
                return self.fold(node, value, self.pack.title)
        possible = self.pack.possible(base)
        tested = isinstance(node, Equals | Like) or not possible
        if possible is not None and tested and not any(holds(node, value) for value in possible):
            values = " or ".join(possible) or "never set"
            if len(possible) > MOST_NAMES and isinstance(node, Equals | Like):
                asked = node.value if isinstance(node, Equals) else node.pattern
                values = f'never "{asked.name}", but one of {len(possible)} other values'
            message = f"{name} of {self.pack.title} is {values}"
            self.say("constant-folded", message, node.span if possible else None)
            return self.constant(False, message, node.span)
        for value in self.destination.never.get(base, ()):
            if (
                "*" in value
                and isinstance(node, Equals)
                and fits(value.split("*"))(node.value.name)
            ):
                value = node.value.name
            if not isinstance(node, Exists | Compare) and holds(node, value):
                message = f'{self.destination.name} never holds {name} "{value}"'
                effect = Effect.SAME if self.negative else Effect.NARROWER
                self.notes.append(Note("value-never-occurs", effect, message, node.span))
                if isinstance(node, Equals):
                    if self.destination.events and not self.negative:
                        self.kinds.append(self.destination.events)
                    return self.constant(False, message, node.span)
        spec = (
            self.destination.field(name)
            or self.destination.field(base_field(name))
            or self.in_any_place(node)
        )
        if spec is None and (owner := owner_of(name, self.pack)):
            message = f"{name} is a field of {owner}, never set on events of {self.pack.title}"
            self.say("constant-folded", message, node.span)
            return self.constant(False, message, node.span)
        if spec is None:
            return self.unmapped(node, name)
        spec = self.chosen(spec)
        known = isinstance(node, Exists) and isinstance(spec.exists, str)
        if spec.no_counterpart and not spec.value_predicates and not known:
            return self.unmapped(node, name, spec.no_counterpart)
        changed = spec.column and self.destination.column(spec.column).layout == "changes"
        if changed and name.rpartition(".")[2].lower() not in ("newvalue", "oldvalue"):
            return self.unmapped(node, name, "only its old and its new value are compared")
        if (note := spec.note) and not (isinstance(node, Exists) and spec.exists is True):
            once = note.code == "back-end-support"  # of the field, whatever its value
            self.say(note.code, note.message, None if once else node.span, note.effect)
        return self.mapped(node, spec)

    def group(self, node: Nested) -> Node:
        """A nested group by its tests, which in the destination different objects may meet."""
        if isinstance(node.path, Pattern):
            return self.unmapped(node, f"a group on {node.path.name}, a wildcard,")
        message = f"the tests of {node.path.name}:{{ ... }} may be met by different objects"
        message += "; below a not they are left out" if self.negative else ""
        self.notes.append(Note("nested-flattened", Effect.WIDER, message, node.span))
        if self.negative:
            return Never(node.span)
        return self.node(flattened(node))

    def in_any_place(self, node: FieldTest) -> FieldSpec | None:
        """Of a field in a numbered place of a list, such as ``targets.0.id``, what the destination
        says of ``targets.*.id``.
        """
        name = node.field.name
        spec = self.destination.fields.get(in_any_place(name))
        if spec is not None and not isinstance(node.field, Pattern):
            message = f"{self.destination.name} is asked for {name} in any place of the list"
            self.say("any-list-position", message, node.span, Effect.WIDER)
        return spec

    def by_case(self, node: FieldTest, spec: FieldSpec) -> Node:
        """A field that is another column by the kind of event."""
        name = node.field.name
        by = self.destination.field(spec.case_field)
        assert by is not None
        if not spec.cases:
            message = f"{name} is set on none of the events that the query asks for"
            self.say("constant-folded", message, node.span)
            return self.constant(False, message, node.span)
        tests: list[Node] = []
        for case in spec.cases:
            if case.no_counterpart and not case.value_predicates:
                return self.unmapped(node, name, case.no_counterpart)
            test = self.mapped(node, case)
            if note := case.note:
                self.say(note.code, note.message, node.span, note.effect)
            if not case.apart:
                of = case.case_values or [
                    kind for other in spec.cases for kind in other.case_values
                ]
                kinds = [Equals(Literal(spec.case_field), Literal(kind), node.span) for kind in of]
                guard = either([self.mapped(kind, by) for kind in kinds], node.span)
                test = And((guard if case.case_values else Not(guard, node.span), test), node.span)
            tests.append(test)
        columns = dict.fromkeys(c for case in spec.cases for c in (case.column, *case.any_of) if c)
        if len(columns) > 1:
            message = f"{name} is {' or '.join(columns)}, by {spec.case_field}"
            self.say("value-translated", message, None)
        return either(tests, node.span)

    def mapped(self, node: FieldTest, spec: FieldSpec) -> Node:
        if spec.case_field:
            return self.by_case(node, spec)
        if isinstance(node, Exists) and isinstance(spec.exists, str):
            return bind_existence(self, node, spec)
        if isinstance(node, Equals | Like):
            asked = node.value if isinstance(node, Equals) else node.pattern
            if found := next((c for c in asked.name if c in spec.unsupported_characters), None):
                why = f"{self.destination.name} writes {found} otherwise"
                return self.unmapped(node, f'the value "{asked.name}" of {node.field.name}', why)
        if spec.guard and self.given != node.field.name:
            beside = bind_predicate(self, spec.guard, node.span, node.field.name)
            return And((beside, self.mapped(node, replace(spec, guard=""))), node.span)
        if spec.any_of:
            each = [replace(spec, column=column, any_of=()) for column in spec.any_of]
            return Or(tuple(self.mapped(node, one) for one in each), node.span)
        if spec.value_patterns and not spec.value_predicates:
            return bind_affixed(self, node, spec)
        if spec.fixed is not None:
            if holds(node, spec.fixed) is self.negative:
                self.kinds.append(f'{node.field.name} is "{spec.fixed}"')
            return self.fold(node, spec.fixed, self.destination.name)
        if spec.constant is not None:
            return self.assume(node, spec.constant)
        if spec.value_predicates:
            return bind_value_predicates(self, node, spec)
        if spec.values:
            return translate_values(self, node, spec)
        if spec.prefixes or spec.joined_columns:
            return bind_path(self, node, spec)
        if spec.value_part:
            return bind_part(self, node, spec, spec.value_part)
        return bind_to_column(self, node, spec)


def _kinds_and_test(node: Node) -> list[tuple[Node, Node]]:
    """The cases that ``by_case`` made of a test: which kinds of events, and the test of those."""
    cases = node.items if isinstance(node, Or) else (node,)
    return [
        (case.items[0], case.items[1])
        for case in cases
        if isinstance(case, And) and len(case.items) == 2
    ]
