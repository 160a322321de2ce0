"""What a Sigma detection can say of a whole query: values without a field, nested groups and names
with stars in the terms of single tests (``approximate_tests``).
"""

from __future__ import annotations

from kqlx.backends.sigma.approximate_tests import regexp_test, sayable_test
from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.backends.sigma.function_tests import function_test
from kqlx.backends.sigma.line_keywords import keyword_test
from kqlx.backends.sigma.named_values import NAMED, named_value
from kqlx.errors import unknown
from kqlx.mappings.bound import Column
from kqlx.mappings.command_line_arguments import in_patterns
from kqlx.mappings.nested import one_object_is_enough, with_full_names, without_negations
from kqlx.mappings.wildcard_names import fields_matching
from kqlx.nodes import (
    Always,
    And,
    CommandLineArgument,
    Compare,
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
    all_of,
    any_of,
    simplify,
    with_items,
)
from kqlx.notes import Effect
from kqlx.patterns import ANY_RUN
from kqlx.records import dataclass, replace

MOST_NAMES = 40
"""So many fields may stand for one name with a star; more make no rule that anybody reads."""


@dataclass()
class Approximation(SigmaBackend):
    """Replaces what no selection can say, so that what is left can be said as it is.

    ``expanding``: a field's name with a star stands for the known names that fit it, also where
    that matches less. ``inside``: the path of the nested group around a test, with a dot.
    """

    expanding: bool = False
    inside: str = ""

    def sayable(self, node: Node) -> Node:
        """The node in tests that selections can say: one that matches as much or more, or, below
        an odd number of nots, as much or less. Adds a note for each difference.

        Raises UnsupportedError for what Elasticsearch would refuse too, or can never find.
        """
        match node:  # the most frequent first
            case Equals() | Like() | Exists() | Compare():
                if isinstance(node.field, Pattern):
                    return self.any_field(node, node.field)
                return self.field_test(self.column(node), node)
            case And() | Or():
                return with_items(node, tuple([self.sayable(item) for item in node.items]))
            case Not():
                with self.under_not():
                    item = self.sayable(node.item)
                    return node if item is node.item else Not(item, node.span)
            case Nested():
                return self.flattened(node)
            case CommandLineArgument():
                return self.sayable(in_patterns(node))
            case FreeText():
                return self.anywhere(node)
            case Regexp():
                column = self.column(node)
                if column.layout in NAMED:
                    return self.of_pair(column, node)
                return regexp_test(self, column, node)
            case FunctionTest():
                made = function_test(self, node)
                return made if isinstance(made, FunctionTest) else self.sayable(made)
            case Always() | Never() | Unmapped():
                return node
            case _:
                unknown(node)

    def field_test(self, column: Column, node: FieldTest) -> Node:
        if column.layout in NAMED:
            return self.of_pair(column, node)
        if column.layout == "line":
            return keyword_test(self, column, node)
        if column.type == "flattened":
            keys = Pattern.of(f"{column.name}.", ANY_RUN, span=node.field.span)
            return self.any_field(node, keys)
        return sayable_test(self, column, node)

    def of_pair(self, column: Column, node: FieldTest | Regexp) -> Node:
        """A test of the value of a name, in what selections can say."""
        made = named_value(self, column, node)
        if not isinstance(made, And):
            return made
        name, value = made.items
        assert isinstance(name, FieldTest) and isinstance(value, FieldTest | Regexp)
        tests = [sayable_test(self, replace(column, name=name.field.name), name)]
        of_values = replace(column, name=value.field.name)
        if isinstance(value, Regexp):
            tests.append(regexp_test(self, of_values, value))
        else:
            tests.append(sayable_test(self, of_values, value))
        return all_of(tests, node.span)

    def anywhere(self, node: FreeText) -> Node:
        """A value without a field, as a keyword: back ends look for those in their own way."""
        if isinstance(node.value, Pattern) and node.value.is_lone_star:
            self.note("free-text", Effect.WIDER, "an event without any field matches too")
            return Never(node.span) if self.negative else Always(node.span)
        self.note(
            "free-text",
            Effect.DIFFERENT,
            "a value without a field: Elasticsearch searches all fields, Sigma's keywords the log"
            " message, as each back end understands it",
            node.span,
        )
        return node

    def flattened(self, node: Nested) -> Node:
        """A group's tests on their full names: the same where there is one test, or any of some.

        Otherwise the tests may be met by different objects. Then those below a not say nothing of
        an object that meets the others, and are left out; and below a not the group is.
        """
        path = node.path.name
        item = simplify(with_full_names(node.item, path))
        if isinstance(item, Always):
            return self.any_object(node)
        if isinstance(item, Never) or one_object_is_enough(item):
            return self.inner(item, path)
        left_out = ""
        if self.negative:
            left_out = "; under `not` they are dropped"
        elif without_negations(item) != item:
            left_out = ", so those under `not` are dropped"
        self.note(
            "nested-flattened",
            Effect.WIDER,
            f"the tests of {path}:{{ ... }} may be met by different objects{left_out}",
            node.span,
        )
        return Never(node.span) if self.negative else self.inner(without_negations(item), path)

    def inner(self, item: Node, path: str) -> Node:
        """What ``sayable`` makes of the item of a group, with the full names of its fields."""
        around, self.inside = self.inside, f"{path}."
        made = self.sayable(item)
        self.inside = around
        return made

    def any_object(self, node: Nested) -> Node:
        """A group that any object meets, were it empty: it is left out, or any field that ECS knows
        in such objects will do.
        """
        path = node.path
        name = Pattern.of(f"{path.name}.", ANY_RUN, span=path.span)
        if known := self.known_fields(Exists(name, node.span), name, f"{path.name}."):
            return self.inner(known, path.name)
        return self.left_out(
            node, f"{path.name}:{{ ... }} matches any object, which Sigma cannot test"
        )

    def any_field(self, node: FieldTest, name: Pattern) -> Node:
        """A test of all fields that a name with stars fits: it is left out, or is one of those
        that ECS knows.
        """
        if known := self.known_fields(node, name, self.inside):
            return self.sayable(known)
        why = f"{name.name}: a wildcard in a field name, which Sigma cannot express"
        return self.left_out(node, why)

    def known_fields(self, node: FieldTest, name: Pattern, inside: str) -> Node | None:
        """The test of any field that the name fits, with a note, where that may stand for the test:
        below a not, and where nothing else is left to say. Without a list of the user's there may
        be others than those that are known.
        """
        if not (self.negative or self.expanding):
            return None
        types = self.bound.types
        fields = fields_matching(name, node, types.listed())
        # A selection has no test of all keys of a flattened field.
        known = [Literal(f, span=name.span) for f in fields if types[f] != "flattened"]
        if not 0 < len(known) <= MOST_NAMES:
            return None
        effect = Effect.WIDER if self.negative else Effect.NARROWER
        self.note(
            "names-expanded",
            Effect.SAME if types.knows_all_names and len(known) == len(fields) else effect,
            f"{name.name} is replaced by the {len(known)} known fields that match it",
            node.span,
        )
        tests = [self.checked(replace(node, field=field), inside=inside) for field in known]
        return any_of(tests, node.span)

    def left_out(self, node: FieldTest | Nested, why: str) -> Node:
        """What matches every event, or below a not none, in place of a test."""
        self.note("approximated", Effect.WIDER, f"{why}; the test is dropped", node.span)
        return Never(node.span) if self.negative else Always(node.span)
