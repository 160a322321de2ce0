"""The tree of a query in Kibana KQL or EQL: what every stage of the program hands to the next.

Nodes are frozen, compare by meaning (spans do not count) and keep the order and the grouping that
the author wrote: ``a and (b and c)`` stays two nodes. Field names are terms too, so that a wildcard
name and the place of the name in the text are kept; after binding they name columns of the target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Any, TypeAlias
from typing import Literal as OneOf

from kqlx import records
from kqlx.patterns import NOWHERE as NOWHERE
from kqlx.patterns import Pattern as Pattern
from kqlx.patterns import Span as Span
from kqlx.records import dataclass, replace

if TYPE_CHECKING:
    from kqlx.regular_expressions import Item

Operator = OneOf["gt", "gte", "lt", "lte"]

Kind = OneOf["untyped", "string", "number", "boolean", "address"]
"""What a language says that a value is. In Kibana KQL and Query DSL all are ``untyped``: the type
of the field decides. A null is no kind but the lack of a value.
"""

Function = OneOf[
    # of texts and numbers
    "length", "substring", "concat", "between", "index_of", "string", "number",
    "add", "subtract", "multiply", "divide", "modulo", "negate",
    # whose value is a Boolean
    "equals", "gt", "gte", "lt", "lte", "like", "regexp", "exists",
    "starts_with", "ends_with", "contains", "cidr_match",
]  # fmt: skip
"""What EQL can make of values (https://www.elastic.co/docs/reference/query-languages/eql/eql-function-ref),
its operators among them; ``elastic.functions`` says what each gives.
"""


class Case(Enum):
    """Whether a letter of a test stands for itself, or for its other case too.

    ``FOLDED`` is ``case_insensitive`` in Query DSL, which folds the letters of ASCII
    (https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-term-query), and what
    a field with a normalizer that lower-cases does to all letters.
    """

    EXACT = "exact"
    FOLDED = "folded"

    __hash__ = object.__hash__  # in half the time of that of its name


@dataclass(frozen=True, slots=True)
class Literal:
    """A value or a field name. Kibana KQL has no numbers: ``5`` is the text "5".

    ``value`` is text with its escapes undone, or True, False or None for an unquoted ``true``,
    ``false`` or ``null``. ``phrase`` says whether the words of a value must stand side by side in
    a field that is compared by words; in Kibana KQL those of a value in quotes must. A number is
    text too, as it is written. ``kind`` says that it is one, or no number for all its digits, for
    fields of which no type is known (``mappings.type_check``); an ``address`` may be a network.

    ``optional`` is said of a field's name: no index need have the field (``?name`` in EQL).

    ``name`` is the text that Elasticsearch sees: ``true`` for the Boolean, ``null`` for the null.
    """

    value: str | bool | None
    phrase: bool = False
    span: Span = records.field(default=NOWHERE, compare=False)
    kind: Kind = records.field(default="untyped", kw_only=True)
    optional: bool = records.field(default=False, compare=False, kw_only=True)

    name: str = records.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        value = self.value
        _set_name(self, value if isinstance(value, str) else _TEXTS[value])


_set_name = vars(Literal)["name"].__set__  # which no one else is let do
_TEXTS = {True: "true", False: "false", None: "null"}


Term = Literal | Pattern


@dataclass(frozen=True, slots=True)
class And:
    """Every item holds. Two or more items."""

    items: tuple[Node, ...]
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one item holds. Two or more items."""

    items: tuple[Node, ...]
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The complement: events without the field match too."""

    item: Node
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Equals:
    """``field:value``; some value of the field equals it."""

    field: Term
    value: Literal
    span: Span = records.field(default=NOWHERE, compare=False)
    case: Case = records.field(default=Case.EXACT, kw_only=True)


@dataclass(frozen=True, slots=True)
class Like:
    """``field:a*b``; some value of the field fits the whole pattern. ``whole`` says that it does so
    in a field of any type, as a ``wildcard`` query asks it and EQL does; Kibana KQL parts patterns
    at their white space on some (``elastic.asked_tests``).
    """

    field: Term
    pattern: Pattern
    span: Span = records.field(default=NOWHERE, compare=False)
    case: Case = records.field(default=Case.EXACT, kw_only=True)
    whole: bool = records.field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Exists:
    """``field:*``; the field has a value."""

    field: Term
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """``field >= value``; some value of the field stands so to it. ``FOLDED`` compares both in
    lower case.
    """

    field: Term
    op: Operator
    value: Literal
    span: Span = records.field(default=NOWHERE, compare=False)
    case: Case = records.field(default=Case.EXACT, kw_only=True)


@dataclass(frozen=True, slots=True)
class Nested:
    """``path:{ item }``; one and the same object of the nested field meets the item.

    The fields of the item are relative to the path, as written.
    """

    path: Term
    item: Node
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class FreeText:
    """A value without a field: it may stand in any field."""

    value: Term
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Always:
    """Every event: the empty query and ``*:*``."""

    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Never:
    """No event. Not to be written in Kibana KQL; binding makes it where a constant contradicts the
    query.
    """

    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A part of a query that a destination has no counterpart for, while it is bound: a test, or a
    group of which nothing is left without such tests. ``mappings.unmapped_tests`` takes the mark
    off again, as the user wants it; no target sees one.

    ``asked`` is the part as the query has it, ``kept`` what stands for it where such tests keep
    Elastic's names, marks in it. Of a test ``what`` names what has no counterpart, and ``why``
    gives the reason where one is known; both are "" for a group. ``excepted`` says that what the
    query excepts by the test may be found.
    """

    asked: Node
    kept: Node
    what: str = ""
    why: str = ""
    span: Span = records.field(default=NOWHERE, compare=False)
    excepted: bool = False


FieldTest = Equals | Like | Exists | Compare


@dataclass(frozen=True, slots=True)
class Regexp:
    """Some value of the field, as a whole, fits the regular expression. Not to be written in Kibana
    KQL; other languages have it (``regexp`` in Query DSL), and binding makes it of some tests.
    """

    field: Literal
    regexp: Item
    span: Span = records.field(default=NOWHERE, compare=False)
    case: Case = records.field(default=Case.EXACT, kw_only=True)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value of a field, as an argument of a function. Where a call has several fields, or one
    twice, each argument stands for a value of its own: all combinations are tried.
    """

    field: Literal
    span: Span = records.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """What a function makes of its arguments. ``case`` is how it compares letters.

    A pattern is an argument of ``like`` alone, a regular expression one of ``regexp``; both are the
    second. All others are values: an argument that a call leaves out is not there.
    """

    function: Function
    arguments: tuple[Operand, ...]
    span: Span = records.field(default=NOWHERE, compare=False)
    case: Case = records.field(default=Case.EXACT, kw_only=True)


Operand: TypeAlias = "FieldValue | Literal | Pattern | Item | Call"


@dataclass(frozen=True, slots=True)
class FunctionTest:
    """Functions of some values of fields make this true: ``length(f) > 5``. The call's function is
    one whose value is a Boolean. Of no value, of an impossible one and of an error a function makes
    none, and what has no value is not true; so events without one of the fields do not match.

    Not to be written in Kibana KQL; EQL has it.
    """

    call: Call
    span: Span = records.field(default=NOWHERE, compare=False)

    @property
    def fields(self) -> tuple[Literal, ...]:
        """The names of the fields, in the order of the text; one that is asked twice is there
        twice.
        """
        return tuple(_fields_in(self.call))

    def with_fields(self, change: Callable[[Literal], Literal]) -> FunctionTest:
        """The same test of other fields, each made of what stands in its place."""
        return FunctionTest(_with_fields(self.call, change), self.span)


def _fields_in(call: Call) -> Iterator[Literal]:
    for argument in call.arguments:
        if isinstance(argument, FieldValue):
            yield argument.field
        elif isinstance(argument, Call):
            yield from _fields_in(argument)


def _with_fields(call: Call, change: Callable[[Literal], Literal]) -> Call:
    made: list[Operand] = []
    for argument in call.arguments:
        if isinstance(argument, FieldValue):
            made.append(FieldValue(change(argument.field), argument.span))
        else:
            made.append(_with_fields(argument, change) if isinstance(argument, Call) else argument)
    return records.replace(call, arguments=tuple(made))


@dataclass(frozen=True, slots=True)
class CommandLineArgument:
    """Some argument of the command line that a column holds as a whole meets the test. Not to be
    written in Kibana KQL; binding makes it of a test of a field of arguments.

    An argument stands between blanks, in quotes, or at an end of the line, which may be in quotes
    as a whole (``line_in_quotes``).
    """

    test: Equals | Like
    line_in_quotes: bool = False
    span: Span = records.field(default=NOWHERE, compare=False)


Node = (
    And
    | Or
    | Not
    | FieldTest
    | Regexp
    | FunctionTest
    | CommandLineArgument
    | Nested
    | FreeText
    | Always
    | Never
    | Unmapped
)

# Tuples, which isinstance() looks through in half the time of a union.
GROUPS = (And, Or)
JUNCTIONS = (And, Or, Not)
HOLDERS = (*JUNCTIONS, Nested, CommandLineArgument)
FIELD_TESTS = (Equals, Like, Exists, Compare)

_OF_JUNCTIONS = frozenset(JUNCTIONS)
"""Types, among which one is found in a third of the time that isinstance() takes."""

_BELOW: Mapping[type, Callable[[Any], tuple[Node, ...]]] = {
    And: attrgetter("items"),
    Or: attrgetter("items"),
    Not: lambda node: (node.item,),
    Nested: lambda node: (node.item,),
    CommandLineArgument: lambda node: (node.test,),
}
"""What is below a node of a type; below others is nothing."""


def case_of(test: FieldTest | Regexp) -> Case:
    """How a test compares letters; the existence of a field is no matter of them."""
    return Case.EXACT if isinstance(test, Exists) else test.case


def with_field(test: FieldTest, field: Literal) -> FieldTest:
    """The same test of another field."""
    if isinstance(test, Equals):  # in half the time of replace()
        return Equals(field, test.value, test.span, case=test.case)
    if isinstance(test, Like):
        return Like(field, test.pattern, test.span, case=test.case, whole=test.whole)
    return replace(test, field=field)


def asked_pattern(test: Equals | Like) -> Pattern:
    """What a value must fit: a value of a test without wildcards is a pattern too."""
    if isinstance(test, Like):
        return test.pattern
    return Pattern.of(test.value.name, span=test.value.span)


def pattern_test(test: FieldTest, pattern: Pattern) -> Equals | Like:
    """The test of the same field, in the same letter case, whether a value fits the pattern, which
    stands where it stands.
    """
    case = case_of(test)
    if pattern.is_text:
        return Equals(test.field, Literal(pattern.text, True, test.span), test.span, case=case)
    if pattern.span != test.span:
        pattern = Pattern(pattern.tokens, test.span)
    whole = isinstance(test, Like) and test.whole
    return Like(test.field, pattern, test.span, case=case, whole=whole)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        if (below := _BELOW.get(type(top))) is not None:
            stack.extend(reversed(below(top)))


def kinds_of(node: Node) -> set[type]:
    """The classes of the node and of all below it, without a step for each test of a long list."""
    found: set[type] = {type(node)}
    left = [node]
    while left:
        top = left.pop()
        if isinstance(top, GROUPS):
            kinds = {*map(type, top.items)}
            found |= kinds
            if not kinds.isdisjoint(HOLDERS):
                left += [item for item in top.items if isinstance(item, HOLDERS)]
        elif isinstance(top, HOLDERS):
            inner = top.test if isinstance(top, CommandLineArgument) else top.item
            found.add(type(inner))
            left.append(inner)
    return found


def has_part(node: Node, kind: type) -> bool:
    """Whether the node or one below it is of a type."""
    stack = [node]
    while stack:
        top = stack.pop()
        if type(top) is kind:
            return True
        if (below := _BELOW.get(type(top))) is not None:
            stack += below(top)
    return False


def conjuncts(node: Node) -> list[Node]:
    """What must hold, one by one: groups of ``and`` within ``and`` are opened."""
    if not isinstance(node, And):
        return [node]
    return [leaf for item in node.items for leaf in conjuncts(item)]


def shared_field(group: And | Or) -> str:
    """The name of the field that all items are tests of, or ""."""
    name = ""
    field: Term | None = None
    for item in group.items:
        if not isinstance(item, FIELD_TESTS):
            return ""
        if item.field is field:  # values of a list have it in common
            continue
        field = item.field
        if name and field.name != name:
            return ""
        name = field.name
    return name


def alternatives(node: Node) -> list[Node]:
    """What may hold, one by one: groups of ``or`` within ``or`` are opened."""
    if not isinstance(node, Or):
        return [node]
    return [leaf for item in node.items for leaf in alternatives(item)]


def all_of(items: Sequence[Node], span: Span = NOWHERE) -> Node:
    """Every item holds; one alone is itself, of none it is ``Always``."""
    if not items:
        return Always(span)
    return items[0] if len(items) == 1 else And(tuple(items), span)


def any_of(items: Sequence[Node], span: Span = NOWHERE) -> Node:
    """At least one item holds; one alone is itself, of none it is ``Never``."""
    if not items:
        return Never(span)
    return items[0] if len(items) == 1 else Or(tuple(items), span)


def transform(node: Node, leaf: Callable[[Node], Node]) -> Node:
    """The same tree with every leaf replaced by ``leaf(node)``; a nested group counts as a leaf."""
    if isinstance(node, GROUPS):
        made = [
            transform(item, leaf) if type(item) in _OF_JUNCTIONS else leaf(item)
            for item in node.items
        ]
        return with_items(node, tuple(made))
    if isinstance(node, Not):
        item = transform(node.item, leaf)
        return node if item is node.item else Not(item, node.span)
    return leaf(node)


def with_items(node: And | Or, items: tuple[Node, ...]) -> And | Or:
    """The group of these items: the same one where they are its own."""
    unchanged = len(items) == len(node.items) and all(map(is_, items, node.items))
    return node if unchanged else type(node)(items, node.span)


def simplify(node: Node) -> Node:
    """The same meaning without ``Always`` and ``Never`` inside, and groups of one joined to what
    holds them.
    """
    if isinstance(node, Not):
        item = simplify(node.item)
        if isinstance(item, Always):
            return Never(node.span)
        if isinstance(item, Not):
            return item.item
        if isinstance(item, Never):
            return Always(node.span)
        return node if item is node.item else Not(item, node.span)
    if not isinstance(node, GROUPS):
        return node
    absorbing, neutral = (Never, Always) if isinstance(node, And) else (Always, Never)
    items = [simplify(item) if type(item) in _OF_JUNCTIONS else item for item in node.items]
    kinds = {*map(type, items)}
    if absorbing in kinds:
        return absorbing(node.span)
    if neutral in kinds:
        items = [item for item in items if type(item) is not neutral]
    if not items:
        return neutral(node.span)
    return items[0] if len(items) == 1 else with_items(node, tuple(items))


def constant_of(node: Node) -> type[Always] | type[Never] | None:
    """What ``simplify`` makes of the node, where that is ``Always`` or ``Never``."""
    if type(node) not in _OF_JUNCTIONS:
        return Always if isinstance(node, Always) else Never if isinstance(node, Never) else None
    if isinstance(node, Not):
        negated = constant_of(node.item)
        return Never if negated is Always else Always if negated is Never else None
    assert isinstance(node, GROUPS)
    absorbing, neutral = (Never, Always) if isinstance(node, And) else (Always, Never)
    is_neutral = True
    for item in node.items:
        found = constant_of(item) if type(item) in _OF_JUNCTIONS else type(item)
        if found is absorbing:
            return absorbing
        is_neutral = is_neutral and found is neutral
    return neutral if is_neutral else None
