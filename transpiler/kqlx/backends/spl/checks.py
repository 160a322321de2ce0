"""What is said of a query for Splunk before it is written: refusals, and notes on what differs."""

from __future__ import annotations

from kqlx import records
from kqlx.backends.spl.backend import SplBackend, is_any_text
from kqlx.backends.spl.name_value_arrays import PAIRS
from kqlx.backends.spl.search_capability import NULL
from kqlx.backends.spl.syntax import characters_problem, name_problem, quote, value_problem
from kqlx.elastic.addresses import is_network
from kqlx.elastic.multi_fields import base_field
from kqlx.elastic.numbers import number_of
from kqlx.elastic.type_names import DATES, NUMBERS, TEXTS
from kqlx.mappings.bound import Column, described
from kqlx.mappings.nested import flattened
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    FunctionTest,
    Like,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    walk,
)
from kqlx.notes import Effect
from kqlx.patterns import ANY_RUN
from kqlx.records import dataclass, replace

_FIELD_TESTS = (Equals, Like, Exists)
"""Those that a flattened field takes for all of its values."""


@dataclass()
class Checks(SplBackend):
    """Looks at the tests of a tree one by one; ``noted`` is what has been said of a column."""

    noted: set[tuple[str, str]] = records.field(default_factory=set)
    flattened: dict[str, bool] = records.field(default_factory=dict)
    """By the name of a field whether its column is flattened."""

    def expand(self, node: Node) -> Node:
        """A test in the terms of flat fields, where that says exactly the same.

        A flattened field stands for all values below it. What lies in nested objects is seen by
        Elasticsearch in a group alone; a group that joins its tests by ``or`` alone needs no
        objects.
        """
        if isinstance(node, Nested):
            plain = not any(
                isinstance(part, And | Not | FreeText | Always) for part in walk(node.item)
            )
            return flattened(node) if plain else node
        if isinstance(node, FreeText) and isinstance(node.value, Pattern):
            return Always(node.span) if node.value.is_lone_star else node
        if not isinstance(node, _FIELD_TESTS) or isinstance(node.field, Pattern):
            return node
        name = node.field.name
        if name not in self.flattened:
            self.flattened[name] = self.column(node).type == "flattened"
        if not self.flattened[name]:
            return node
        below = Pattern.of(f"{self.column(node).name}.", ANY_RUN, span=node.field.span)
        return Or((node, replace(node, field=below)), node.span)

    def check(self, node: Node) -> bool:
        """Refuses what neither step can say, and notes what both say only nearly. Whether
        ``search`` says every test of the node exactly.
        """
        if isinstance(node, And | Or):
            plain = self.search.is_plain
            return all([plain(item) or self.check(item) for item in node.items])
        if isinstance(node, Not):
            with self.under_not():
                return self.check(node.item)
        if self.search.is_plain(node):
            return True
        self.check_leaf(node)
        return self.search.is_exact(node)

    def check_leaf(self, node: Node) -> None:
        """The same of a single test, or of a nested group."""
        if isinstance(node, Nested):
            self.note(
                "nested-flattened",
                Effect.WIDER,
                f"the tests of {node.path.name}:{{ ... }} may be met by different objects",
                node.span,
            )
            self.check(flattened(node))
        elif isinstance(node, FreeText) and is_any_text(node):
            effect = Effect.NARROWER if self.negative else Effect.WIDER
            message = "several stars without a field: Elasticsearch wants a text in some field"
            self.note("free-text", effect, message, node.span)
        elif isinstance(node, FreeText):
            self.note(
                "free-text",
                Effect.DIFFERENT,
                "a value without a field: Elasticsearch searches all fields, Splunk the raw text",
                node.span,
            )
        elif isinstance(node, Equals | Like | Compare) and not isinstance(node.field, Pattern):
            self.check_type(self.column(node), node)
        if isinstance(node, Equals) and self.search.matches_null_text(node):
            message = (
                f"{node.field.name}: Splunk may read a JSON null as the text {NULL}, which the test"
                " asks for"
            )
            self.wider("null-exists", node, message)
        if isinstance(node, Equals | Like | FreeText):
            self.check_characters(node)
        if isinstance(node, FunctionTest):
            self.check_functions(node)
        if isinstance(node, FieldTest | Regexp):
            if isinstance(node.field, Pattern):
                self.check_pattern(node.field, node)
            elif node.field.name not in self.bound.columns and (
                problem := name_problem(self.column(node).name)
            ):
                what = f"a test of the field {node.field.name or quote('')}"
                self.refuse(node.span, what, problem, code="field-name-not-supported")

    def check_functions(self, node: FunctionTest) -> None:
        """Notes what functions of several values cannot tell, and that letter case is ignored."""
        from kqlx.backends.function_calls import notes_on_counts
        from kqlx.backends.repeated_fields import may_have_many

        self.notes.extend(notes_on_counts(node))
        names = [field.name for field in node.fields]
        for name in dict.fromkeys(names):
            column = self.bound.column(name)
            if name not in self.bound.columns and (problem := name_problem(column.name)):
                what = f"a test of the field {name or quote('')}"
                self.refuse(node.span, what, problem, code="field-name-not-supported")
            if names.count(name) > 1 and may_have_many(column):
                message = (
                    f"{name} stands there more than once: Elasticsearch takes any of its values at"
                    " each place, Splunk one at all of them"
                )
                effect = Effect.WIDER if self.negative else Effect.NARROWER
                self.note("approximated", effect, message, node.span)
            if column.case == "differs" and not self.options.exact:
                message = f"{column.name}: the functions ignore letter case"
                self.note("case-folded", Effect.CASE, message, node.span)

    def check_characters(self, node: Equals | Like | FreeText) -> None:
        term = node.pattern if isinstance(node, Like) else node.value
        if problem := value_problem(term.name):
            what = f"a test of the value {term.name}"
            self.refuse(node.span, what, problem, code="construct-not-supported")

    def check_pattern(self, name: Pattern, node: FieldTest) -> None:
        """A name with stars is tested as text, which some of the fields that it fits are not."""
        if problem := characters_problem(name.text):
            what = f"a test of the fields {name.name}"
            self.refuse(node.span, what, problem, code="field-name-not-supported")
        if isinstance(node, Compare):
            what, why = f"a range on the fields {name.name}", "their types may differ"
            self.refuse(node.span, what, why, code="range-not-supported")
        types = self.bound.types
        known = name.matcher()
        for field, type in types.listed().items():
            if not known(field):
                is_key = type == "flattened" and known(f"{field}.x")
                if is_key and any(
                    getattr(part, "field", None) == name for part in walk(self.bound.node)
                ):  # else it is a test of the whole field, in terms of its keys
                    message = (
                        f"{name.name} matches keys of {field}, which is flattened: Elasticsearch"
                        " does not expand wildcards to them"
                    )
                    self.note("name-wildcard", Effect.DIFFERENT, message, node.span)
                    return
                continue
            above = base_field(field)
            if isinstance(node, Exists) and above != field and not known(above):
                message = f"{name.name} also matches {field}, whose values are only in {above}"
                self.note("name-wildcard", Effect.DIFFERENT, message, node.span)
                return
            # The values of a flattened field are in Splunk's fields below it.
            apart = type == "flattened" and not known(f"{field}.x")
            if apart or not self.search.same_as_text(type, node):
                self.note(
                    "name-wildcard",
                    Effect.DIFFERENT,
                    f"{name.name} also matches {field}, of type {type}; all are compared as text",
                    node.span,
                )
                return
        flattened = types.get(name.prefix.removesuffix(".")) == "flattened"
        others = not types.knows_all_names and not flattened
        if others and _may_be_a_number(node):  # the values of a flattened field are texts
            message = (
                f"{name.name} may also match numeric fields of your own; all are compared as text"
            )
            self.note("name-wildcard", Effect.DIFFERENT, message, node.span)

    def note_once(self, code: str, effect: Effect, message: str, node: FieldTest) -> None:
        """A note, once for each column."""
        if (code, message) not in self.noted:
            self.noted.add((code, message))
            self.note(code, effect, message, node.span)

    def check_pair(self, column: Column, node: Equals | Like | Compare) -> None:
        if isinstance(node, Compare):
            if column.type in NUMBERS:
                return
            message = f"{column.name}: where compares the value of the pair only as text"
            self.note("approximated", Effect.WIDER, message, node.span)
            return
        if isinstance(node, Equals) and column.type == "ip" and is_network(node.value.name):
            what = f"a network on {described(column)}"
            why = "the value of a pair is compared as text"
            self.refuse(node.span, what, why, code="network-not-supported")

    def check_type(self, column: Column, node: Equals | Like | Compare) -> None:
        if column.layout in PAIRS:
            self.check_pair(column, node)
            if isinstance(node, Compare):
                return
        if isinstance(node, Compare):
            by_size = node.value.kind == "number"
            if not (self.is_number(column) or by_size):
                why = "Splunk compares as numbers what looks like numbers, Elasticsearch does not"
                what = f"a range on {described(column)}"
                self.refuse(node.span, what, why, code="range-not-supported")
            number = number_of(node.value.name)
            if number is not None and abs(number) > 2**53:
                what = f"{node.value.name} as a limit of {described(column)}"
                why = "Splunk's numbers lose digits beyond 2^53"
                self.refuse(node.span, what, why, code="number-precision")
        elif isinstance(node, Like):
            if node.pattern.begins_open and column.type not in TEXTS:
                message = f"{column.name}: a leading wildcard cannot use Splunk's index and is slow"
                self.note_once("leading-wildcard", Effect.SAME, message, node)
        elif column.type in DATES:
            what = f"a value of {described(column)}"
            self.refuse(
                node.span, what, "Elasticsearch reads it as a time span", code="date-as-value"
            )
        if column.type in TEXTS and not self.search.is_exact(node):
            message = (
                f"{column.name}: a text field; Elasticsearch compares words, Splunk parts of it"
            )
            self.note_once("text-analysis", Effect.WIDER, message, node)
        if column.type in TEXTS and isinstance(node, Equals | Like):
            self.folds_oddly(column, node, exact=self.options.exact)


def _may_be_a_number(node: FieldTest) -> bool:
    """Whether the value or pattern fits the text of some number."""
    if isinstance(node, Like):
        return not set(node.pattern.text) - set("+-.0123456789eE")
    return isinstance(node, Equals) and number_of(node.value.name) is not None
