"""Tree in Elastic's names → tree in a destination's, constants folded and values translated.

Which data source and destination it is, ``destinations`` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

from kqlx.elastic.multi_fields import CASELESS, with_case_of_name
from kqlx.errors import unknown
from kqlx.mappings.asserted_values import is_single
from kqlx.mappings.binding import NeverMatchesError, no_mapping
from kqlx.mappings.bound_part import BoundPart, alternatives, reported_items, trees, with_notes
from kqlx.mappings.column_tests import bind_predicate
from kqlx.mappings.field_binder import FieldBinder
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.nested import flattened
from kqlx.mappings.pack import Destination
from kqlx.mappings.reader.pack_data import Lazy
from kqlx.mappings.recognition import asserts_field
from kqlx.mappings.unmapped_tests import (
    Attempt,
    is_left_out_whole,
    mark_group,
    unmapped_tests,
)
from kqlx.nodes import (
    FIELD_TESTS,
    JUNCTIONS,
    Always,
    And,
    CommandLineArgument,
    Equals,
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
    all_of,
    constant_of,
    has_part,
    shared_field,
    simplify,
    walk,
)
from kqlx.notes import Effect, Note, told_together
from kqlx.records import replace

_OF_KINDS = ("event.", "data_stream.", "host.os.", "agent.")
"""How the names of fields begin that say what kind of event it is, and of which sensor."""

_UNTOUCHED = (CommandLineArgument, FreeText, Always, Never, Unmapped)

Asked = TypeVar("Asked", bound=Node)


class Binder(FieldBinder):
    """One attempt: one tree, one destination."""

    def bind(self, node: Node) -> Attempt:
        """The tree in the destination's columns. Raises NeverMatchesError where it can match
        nothing there, and MappingError where nothing is known of the events that it asks for.
        """
        found = self.bind_node(node)
        bound = simplify(found.node)
        if self.has_predicates:
            bound = self.without_excluded(bound, node)
        if self.left_out and self.is_nothing_left(bound, node):
            bound = simplify(all_of([bound, *self.left_out], node.span))
            self.marks += len(self.left_out)
        if has_part(bound, Regexp):
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
            unmapped=tuple(unmapped_tests(bound)) if self.marks else (),
        )

    def is_nothing_left(self, bound: Node, asked: Node) -> bool:
        """Whether a query says no more than of what kind its events are without the tests that were
        left out.
        """
        left_out = {test.what for test in self.left_out}
        return isinstance(bound, Always) or all(
            isinstance(part, FIELD_TESTS)
            and (part.field.name in left_out or part.field.name.startswith(_OF_KINDS))
            for part in walk(asked)
            if not isinstance(part, (*JUNCTIONS, Always))
        )

    def without_excluded(self, bound: Node, asked: Node) -> Node:
        """The tree without values that a predicate of the pack leaves out where others are asked
        for, in the columns of fields that hold one value.
        """
        from kqlx.mappings.excluded_values import without_excluded

        @cache  # few trees ask
        def single() -> set[str | None]:
            names = {part.field.name for part in walk(asked) if isinstance(part, Equals)}
            return {self.destination.text_column(name) for name in names if is_single(name)}

        def has_one(column: str) -> bool:
            return column in single() or self.destination.is_single(column)

        def one_spelling(column: str) -> bool:
            return any(map(self.pack.spells_in_one_way, self.destination.fields_in(column)))

        left = without_excluded(bound, has_one, one_spelling)
        left = left if left is bound else simplify(left)
        if isinstance(left, Never) and not isinstance(bound, Never):
            self.reasons_for_never.append("no event has the values that are asked for together")
        return left

    def collect(self, bind: Callable[[Asked], Node], node: Asked) -> BoundPart:
        """What a part of the query is bound to, with the notes that are made on the way."""
        before = self.notes, self.absent_values
        self.notes, self.absent_values = [], []
        bound, notes = bind(node), tuple(self.notes)
        if notes and any(note.code == "unconfirmed-mapping" for note in notes):
            from kqlx.mappings.unconfirmed_columns import with_absence

            notes = with_absence(notes, node, bound, self.destination.unconfirmed, self.negative)
        found = BoundPart(bound, notes, (), tuple(self.absent_values))
        self.notes, self.absent_values = before
        return found

    def bind_filter(self, node: Node) -> BoundPart | None:
        """What the destination asks of all its events, or of those of the one kind that has what
        every event must have.
        """
        asked = self.destination.filter
        for predicate, fields in self.destination.kinds.items():
            if asserts_field(node, fields):
                asked = predicate
                break
        if not asked:
            return None
        source = self.pack.source
        return self.collect(lambda node: bind_predicate(self, asked, node.span, source), node)

    def resolved_destination(self) -> Destination:
        """The destination as it is for the query: of fields that mean another column with other
        events the one that counts, for what a rule counts and shows beside its tests.
        """
        settled = replace(self.destination, fields=Lazy(self.destination.fields, self.select_spec))
        if not settled.other_prefixes:
            return settled
        from kqlx.mappings.collector_names import with_either_name

        return with_either_name(settled)

    def bind_node(self, node: Node) -> BoundPart:
        """A part of the query, bound, with the notes on it."""
        if isinstance(node, FIELD_TESTS):
            return self.bind_field_test(node)
        if not isinstance(node, JUNCTIONS):
            return self.bind_leaf(node)
        before, marks, required = self.sibling_alternatives, self.marks, self.required
        in_exception, reasons = self.in_exception, len(self.reasons_for_never)
        if not isinstance(node, Not):
            self.sibling_alternatives = node.items if isinstance(node, Or) else ()
        # The values of one field in a list are one test.
        together = isinstance(node, And) or (isinstance(node, Or) and bool(shared_field(node)))
        self.required = required and together
        if isinstance(node, Not):
            self.in_exception = required
        found = self.bind_group(node)
        self.sibling_alternatives, self.required = before, required
        self.in_exception = in_exception
        if self.reasons_for_never[reasons:]:
            deciding = Always if self.negative else Never
            if constant_of(found.node) is not deciding:
                del self.reasons_for_never[reasons:]
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
        if isinstance(node, Or):
            return self.bind_alternatives(node)
        marks = self.marks
        items = self.bind_together(node)
        return self.of_group(node, And(trees(items), node.span), items, marks)

    def of_group(
        self, node: And | Or, made: Node, items: Sequence[BoundPart], marks: int
    ) -> BoundPart:
        """What is made of a group, with the notes on its items; ``marks`` is how many tests were
        marked before it.
        """
        marked = self.marks > marks
        return with_notes(made, reported_items(node, items, negative=self.negative, marked=marked))

    def bind_alternatives(self, node: Or) -> BoundPart:
        """A group of which one item is enough: often the values of one field."""
        name = shared_field(node)
        if name and (tests := self.bind_plain_list(node)) is not None:
            return BoundPart(tests)
        spec = self.destination.field(name) if name else None
        if spec is not None and (guard := self.select_spec(spec).guard):
            return self.bind_guarded(node, name, guard)
        marks = self.marks
        items = [self.bind_node(item) for item in node.items]
        if spec is not None and (grouped := self.group_by_kinds(node, spec, items)):
            return with_notes(grouped, items)
        return self.of_group(node, Or(tuple(alternatives(node, items)), node.span), items, marks)

    def bind_plain_list(self, node: Or) -> Node | None:
        """The tests of a field that is a column and nothing else; None for those of another."""
        tests: list[Node] = []
        for item in node.items:
            if not isinstance(item, FieldTest) or (test := self.bind_plain(item)) is None:
                return None
            tests.append(test)
        return Or(tuple(tests), node.span)

    def bind_guarded(self, node: Or, name: str, predicate: str) -> BoundPart:
        """Several values of one field, beside the predicate that must hold with each."""
        self.guarded_field = name
        items = [self.bind_node(item) for item in node.items]
        self.guarded_field = ""
        guard = self.collect(lambda node: bind_predicate(self, predicate, node.span, name), node)
        tests = Or(trees(items), node.span)
        return with_notes(And((guard.node, tests), node.span), [*items, guard])

    def bind_together(self, node: And) -> list[BoundPart]:
        """The items of a group: what stands beside a test is asserted of it too."""
        before = self.asserted, self.selected
        self.asserted, self.selected = self.groups.asserted_in(node, self.asserted), {}
        items = [self.bind_node(item) for item in node.items]
        self.asserted, self.selected = before
        return items

    def group_by_kinds(self, node: Or, spec: FieldSpec, items: Sequence[BoundPart]) -> Node | None:
        """Several values of a field that is another column by the kind of event: the kinds once,
        each with all values. None for any other group.
        """
        spec = self.select_spec(spec)
        if not spec.case_field or any(case.apart or case.no_counterpart for case in spec.cases):
            return None
        if not all(isinstance(item, Equals | Like) for item in node.items):
            return None
        from kqlx.mappings.kind_tests import group_by_kind

        return group_by_kind(node, trees(items), len(spec.cases))

    def bind_leaf(self, node: Node) -> BoundPart:
        """A test, or a nested group as the tests that it is taken for. A test without a counterpart
        has no other notes; where a part of it has none, the notes on the rest are reported only if
        that part is kept.
        """
        if isinstance(node, FIELD_TESTS):
            return self.bind_field_test(node)
        if isinstance(node, _UNTOUCHED):
            return BoundPart(node)
        if isinstance(node, Nested):
            marks = self.marks
            found = self.bind_nested(node)
            return found if self.marks == marks else self.as_one_test(node, node, found)
        if isinstance(node, Regexp | FunctionTest):
            marks = self.marks
            found = (
                self.collect(self.bind_regexp, node)
                if isinstance(node, Regexp)
                else self.collect(self.bind_functions, node)
            )
            return found if self.marks == marks else self.as_one_test(node, node, found)
        assert not isinstance(node, (*JUNCTIONS, *FIELD_TESTS))
        unknown(node)

    def bind_field_test(self, node: FieldTest) -> BoundPart:
        name = node.field.name
        if name in self.unknown and isinstance(node.field, Literal):
            return BoundPart(self.unmapped(node, name, self.unknown[name]))
        if (made := self.bind_plain(node)) is not None:
            return BoundPart(made)
        marks = self.marks
        test = with_case_of_name(node) if name.endswith(CASELESS) else node
        if isinstance(test.field, Pattern) and self.own_spec(test) is None:
            found = self.bind_name_with_stars(test, test.field)
        else:
            found = self.collect(self.bind_test, test)
        return found if self.marks == marks else self.as_one_test(node, test, found)

    def as_one_test(self, node: Node, test: Node, found: BoundPart) -> BoundPart:
        """What a test in which something has no counterpart is bound to: ``test`` is how it was
        read.
        """
        if isinstance(found.node, Unmapped) and found.node.asked is test:
            return BoundPart(found.node if node is test else replace(found.node, asked=node))
        return (
            found.reported_if_kept()
            if is_left_out_whole(found.node, negative=self.negative)
            else found
        )

    def bind_name_with_stars(self, node: FieldTest, name: Pattern) -> BoundPart:
        """A test of each field that a name with stars fits."""
        from kqlx.mappings.wildcard_names import bind_each_field

        each: list[BoundPart] = []

        def bind_one(test: FieldTest) -> Node:
            each.append(self.bind_leaf(test))
            return each[-1].node

        required, self.required = self.required, False
        found = self.collect(lambda node: bind_each_field(self, node, name, bind_one), node)
        self.required = required
        return with_notes(found.node, [found, *each])

    def bind_nested(self, node: Nested) -> BoundPart:
        """A nested group by its tests, which in the destination different objects may meet."""
        if isinstance(node.path, Pattern):
            return BoundPart(self.unmapped(node, f"a group on {node.path.name}, a wildcard,"))
        message = f"the tests of {node.path.name}:{{ ... }} may be met by different objects"
        message += "; under `not` they are left out" if self.negative else ""
        note = Note("nested-flattened", Effect.WIDER, message, node.span, leaves_out=self.negative)
        if self.negative:
            return BoundPart(Never(node.span), (note,))
        found = self.bind_node(flattened(node))
        return replace(found, notes=(note, *found.notes))
