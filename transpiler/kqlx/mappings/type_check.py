"""What the types of columns mean for a bound tree, settled once for all targets: tests that never
match are out of the tree, and of those that are left each has a value that its type can have, spelt
in one way. What Elasticsearch makes of a tree before it is bound is in ``elasticsearch_semantics``.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import is_not

from kqlx.elastic.number_texts import is_rounded, plain_digits, rounding_limit
from kqlx.elastic.numbers import number_of
from kqlx.elastic.refused_tests import refused_by_type
from kqlx.elastic.text_analysis import word_patterns
from kqlx.elastic.type_names import NUMBERS, STRINGS, TEXTS
from kqlx.mappings.assumed_types import assumed_types
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.command_line_arguments import in_patterns
from kqlx.mappings.elasticsearch_semantics import refusal_note, refuse_for
from kqlx.mappings.known_types import field_tests
from kqlx.nodes import (
    FIELD_TESTS,
    GROUPS,
    And,
    CommandLineArgument,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Kind,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Pattern,
    Regexp,
    simplify,
)
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, field, replace

_TELLING = ("number", "boolean", "address")
"""The kinds of values that tell the type of a field."""

_OF_ONE_VALUE = (Equals, Compare)
_OBJECTS = frozenset({"object", "nested"})
_SIGNED_ZEROS = frozenset({"double", "float", "half_float"})


def checked(bound: Bound) -> Bound:
    """The bound tree as the types of its columns take it.

    A test that never matches becomes ``Never``: of a field in nested objects outside of their
    group, of a text for what no word can be. Numbers are plain digits (``1e3`` is ``1000``), and
    one of more digits than Elasticsearch keeps is a range that takes in all that it may be rounded
    to. A note says so, and what types are assumed where none is known.

    Raises UnsupportedError for a value that the type cannot have, and a pattern on a type that has
    none. Targets may take it for granted that these do not come up.
    """
    tests = [*field_tests(bound.node)]
    bound = _typed_by_values(bound, tests)
    check = _Check(bound)
    node = check.tree(bound.node)
    if node is not bound.node:
        bound = replace(bound, node=simplify(node))
        tests = [*field_tests(bound.node)]
    notes = (*bound.notes, *assumed_types(bound, tests), *check.notes)
    return replace(bound, notes=notes) if len(notes) > len(bound.notes) else bound


def checked_test(
    bound: Bound, test: FieldTest, negative: bool, prefix: str = "", inside: str = ""
) -> tuple[Node, list[Note]]:
    """The same of one test, of a field that a name with stars stands for. ``prefix`` stands before
    its name; ``inside`` is the path of the nested group around it, with a dot; ``negative`` says
    that it stands below an odd number of nots.
    """
    check = _Check(bound)
    return check.test(test, prefix, inside, negative), check.notes


def _typed_by_values(bound: Bound, tests: Iterable[tuple[str, FieldTest | Regexp]]) -> Bound:
    """With columns of the type that the language of the query gives to all values that they are
    compared with, where nobody else says one.
    """
    typed: dict[str, list[Literal]] = {}
    for name, test in tests:
        if isinstance(test, _OF_ONE_VALUE) and test.value.kind in _TELLING:
            typed.setdefault(name, [])
    if not typed:
        return bound
    for name, test in tests:
        if name in typed and isinstance(test, Equals | Compare):
            typed[name].append(test.value)
    columns = dict(bound.columns)
    for name, values in typed.items():
        column = bound.column(name)
        if not column.declared and (type := _type_of_values(values)):
            columns[name] = replace(column, type=type)
    return replace(bound, columns=columns)


def _type_of_values(values: Iterable[Literal]) -> str:
    """The type of a field that has all of these values, or ""."""
    kinds = {value.kind for value in values}
    if kinds == {"boolean"}:
        return "boolean"
    if "address" in kinds and kinds <= {"address", "string"}:
        return "ip"
    if kinds != {"number"}:
        return ""
    digits = [plain_digits(value.name) for value in values]
    return "long" if all(each and "." not in each for each in digits) else "double"


@dataclass()
class _Check:
    """One look at a bound tree, and what it has to say of it."""

    bound: Bound
    notes: list[Note] = field(default_factory=list)

    def tree(self, node: Node, path: str = "", negative: bool = False) -> Node:
        """The node, checked; ``path`` is that of the nested group around it, with a dot."""
        if isinstance(node, FIELD_TESTS):
            return self.test(node, path, path, negative)
        if isinstance(node, GROUPS):
            items = tuple([self.tree(item, path, negative) for item in node.items])
            changed = any(map(is_not, items, node.items))
            return replace(node, items=items) if changed else node
        if isinstance(node, Not):
            item = self.tree(node.item, path, not negative)
            return node if item is node.item else replace(node, item=item)
        if isinstance(node, Nested):
            return self.group(node, path, negative)
        if isinstance(node, CommandLineArgument):
            patterns = in_patterns(node)
            made = self.tree(patterns, path, negative)
            return node if made is patterns else made
        return self.regexp(node, path) if isinstance(node, Regexp) else node

    def regexp(self, node: Regexp, prefix: str) -> Node:
        """A regular expression, which strings alone are asked."""
        column = self.bound.column(prefix + node.field.name)
        if self.is_hidden(column, prefix, node):
            return Never(node.span)
        if column.type not in STRINGS:
            message = f"{_name(column)} is of type {column.type}, which has no regular expressions"
            refuse_for(Note("refused-value", Effect.DIFFERENT, message, node.span))
        if column.type in TEXTS:
            message = (
                f"{_name(column)} is of type {column.type}: Elasticsearch compares a regular"
                " expression with its single words, and EQL refuses it"
            )
            refuse_for(Note("refused-value", Effect.DIFFERENT, message, node.span))
        return node

    def group(self, node: Nested, path: str, negative: bool) -> Node:
        if isinstance(node.path, Pattern):
            return node
        item = self.tree(node.item, f"{path}{node.path.name}.", negative)
        if item is node.item:
            return node
        item = simplify(item)
        return Never(node.span) if isinstance(item, Never) else replace(node, item=item)

    def test(self, node: FieldTest, prefix: str, inside: str, negative: bool) -> Node:
        if isinstance(node.field, Pattern):
            return node
        column = self.bound.column(prefix + node.field.name)
        if self.is_hidden(column, inside, node):
            return Never(node.span)
        if isinstance(node, Exists):
            return node
        if column.type == "keyword" and isinstance(node, Equals) and node.value.kind == "untyped":
            return node  # whatever the value is
        if column.type in _OBJECTS:
            message = f"{_name(column)} is an object: only the fields below it have values"
            refuse_for(Note("field-without-values", Effect.DIFFERENT, message, node.span))
        if isinstance(node, Like) or column.type not in NUMBERS:
            self.refuse_what_is_refused(column, node)
        if isinstance(node, Equals | Like) and column.type in TEXTS:
            return self.words(column, node)
        if isinstance(node, Like) or not (type := self.number_type(column, node)):
            return node
        return self.number(column, type, node, negative)

    def refuse_what_is_refused(self, column: Column, node: Equals | Like | Compare) -> None:
        """Refuses what the column's type does: that of the field was asked before, where all
        indices agree on it.
        """
        if refusal := refused_by_type(node, column.type, _name(column)):
            refuse_for(refusal_note(refusal))

    def is_hidden(self, column: Column, inside: str, node: FieldTest | Regexp) -> bool:
        """Whether the field lies in nested objects, which are seen in a group alone."""
        if self.bound.uses_target_names:
            return False
        name = column.name
        hidden = self.bound.nested_path(name, inside)
        if not hidden:
            return False
        message = (
            f"{name}: Elasticsearch only finds it inside {hidden}:{{ ... }}, so the test never"
            " matches"
        )
        self.note("nested-outside", Effect.SAME, message, node)
        return True

    def words(self, column: Column, node: Equals | Like) -> Node:
        if word_patterns(node):
            return node
        message = f"{column.name}: this cannot be a single word, so the test never matches"
        self.note("constant-folded", Effect.SAME, message, node)
        return Never(node.span)

    def number_type(self, column: Column, node: Equals | Compare) -> str:
        """The type by which the value is a number, or "": that of the column; for a range also that
        of the field whose numbers a column holds as texts, and where no type is known.
        """
        if column.type in NUMBERS:
            return column.type
        if isinstance(node, Equals) or node.value.kind == "string":
            return ""
        of_field = self.bound.type(column.field) if column.field else None
        if of_field in NUMBERS:
            return of_field
        unknown = not column.declared and number_of(node.value.name) is not None
        return "number" if unknown else ""

    def number(self, column: Column, type: str, node: Equals | Compare, negative: bool) -> Node:
        digits = plain_digits(node.value.name)
        if digits is None:
            message = f'{_name(column)}: write "{node.value.name}" in plain decimal'
            refuse_for(Note("number-spelling", Effect.DIFFERENT, message, node.span))
        if digits == "-0" and type in _SIGNED_ZEROS:
            message = f"{_name(column)}: Elasticsearch distinguishes -0 from 0, targets do not"
            refuse_for(Note("number-spelling", Effect.DIFFERENT, message, node.span))
        if is_rounded(digits, type):
            return self.rounded(column, digits, type, node, negative)
        kind = "number" if type == "number" else node.value.kind
        return _with_value(node, "0" if digits == "-0" else digits, kind)

    def rounded(
        self, column: Column, digits: str, type: str, node: Equals | Compare, negative: bool
    ) -> Node:
        """A range that takes in all that a number may be rounded to, below a not one that takes in
        nothing of it.
        """
        instead = "dropped under `not`" if negative else "all numbers near it match"
        message = (
            f"{node.value.name} as a value of {column.name}: Elasticsearch rounds numbers with so"
            f" many digits; {instead}"
        )
        self.note("approximated", Effect.WIDER, message, node)
        if isinstance(node, Compare):
            down = (node.op in ("gt", "gte")) is not negative
            return _with_value(node, rounding_limit(digits, type, down=down), node.value.kind)
        if negative:
            return Never(node.span)
        least, most = (rounding_limit(digits, type, down=down) for down in (True, False))
        from_least = Compare(node.field, "gte", replace(node.value, value=least), node.span)
        up_to_most = Compare(node.field, "lte", replace(node.value, value=most), node.span)
        return And((from_least, up_to_most), node.span)

    def note(self, code: str, effect: Effect, message: str, node: Node) -> None:
        self.notes.append(Note(code, effect, message, node.span))


def _with_value(node: Equals | Compare, text: str, kind: Kind) -> Equals | Compare:
    if node.value.name == text and node.value.kind == kind:
        return node
    return replace(node, value=replace(node.value, value=text, kind=kind))


def _name(column: Column) -> str:
    return column.field or column.name
