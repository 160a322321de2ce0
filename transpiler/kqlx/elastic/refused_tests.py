"""What Elasticsearch refuses, once the types of the fields are known, and what to write instead.

A value that a type cannot be (``process.pid:abc``), a pattern on a number or an address, a range or
a regular expression on a key of a flattened field: Elasticsearch answers with an error, not only
for this test but for the whole search, and the rule fails each time it runs. All of it was measured
on Elasticsearch 8.19, with the Query DSL that Kibana writes where it knows the fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC

from kqlx.elastic.field_types import Date, FieldType, Located
from kqlx.elastic.type_names import DATES, NUMBERS, STRINGS
from kqlx.elastic.types import type_named
from kqlx.nodes import (
    And,
    Call,
    Case,
    Compare,
    Equals,
    Exists,
    FieldValue,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    Span,
)
from kqlx.records import dataclass
from kqlx.regexes import late_regex

_SOME_DAY = 1_700_000_000 * 10**9
"""In nanoseconds since 1970. Which day it is makes no difference to what is a date."""

TypeOf = Callable[[str], str | None]
"""From the full name of a field to its Elasticsearch type, None where that is not known."""

_CONTAINERS = frozenset({"object", "nested"})
_WITHOUT_CASE = NUMBERS | DATES | {"ip", "boolean"}
_OF_TEXTS: dict[str, int] = {
    **dict.fromkeys(("length", "substring", "number"), 1),
    **dict.fromkeys(("index_of", "starts_with", "ends_with", "contains"), 2),
    "between": 3,
}
"""How many of their first arguments are texts (EQL's functions of texts, all of which Elasticsearch
verifies before it searches).
"""
_SPELT = {
    "index_of": "indexOf",
    "starts_with": "startsWith",
    "ends_with": "endsWith",
    "contains": "stringContains",
    **{name: name for name in ("length", "substring", "number", "between")},
}
_OCTETS = late_regex(r"((?:\d{1,3}\.){0,2}\d{1,3})\.(?:\*\.){0,2}\*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A test that Elasticsearch refuses: why, and what to write in its place, if that is known."""

    test: Node
    why: str
    hint: str = ""
    instead: Node | None = None

    @property
    def span(self) -> Span:
        """The place of the value, or of the test."""
        value = getattr(self.test, "value", None) or getattr(self.test, "pattern", None)
        return value.span if isinstance(value, Literal | Pattern) else self.test.span


def refusals(node: Node, type_of: TypeOf) -> Iterator[Refusal]:
    """The tests of a tree for which Elasticsearch refuses the search, in the order of the text."""
    yield from _refusals(node, type_of, "")


def _refusals(node: Node, type_of: TypeOf, prefix: str) -> Iterator[Refusal]:
    if isinstance(node, And | Or):
        asked: Literal | Pattern | None = None
        takes_all = False
        for item in node.items:
            if not isinstance(item, Equals):
                yield from _refusals(item, type_of, prefix)
                continue
            if item.field is not asked:  # the values of a list share theirs
                asked = item.field
                named = isinstance(asked, Literal)
                takes_all = named and type_of(prefix + asked.name) in STRINGS
            if takes_all and item.value.value is not None:
                continue
            if found := _refusal(item, type_of, prefix + item.field.name):
                yield found
    elif isinstance(node, Not):
        yield from _refusals(node.item, type_of, prefix)
    elif isinstance(node, Nested):
        path = f"{prefix}{node.path.name}"
        kind = type_of(path)
        if kind is not None and kind != "nested":
            yield Refusal(node, f"{path} is of type {kind}, and not nested")
        yield from _refusals(node.item, type_of, f"{path}.")
    elif isinstance(node, FreeText):
        if isinstance(node.value, Literal) and node.value.value is None:
            yield Refusal(node, "null is not a value to search for")
    elif isinstance(node, Regexp):
        if found := _refused_key(node, type_of, prefix + node.field.name):
            yield found
    elif isinstance(node, FunctionTest):
        for field in node.fields:
            if found := _refused_key(node, type_of, prefix + field.name):
                yield found
                return
        for function, name, kind in _functions_of_others(node.call, type_of, prefix):
            why = f"{prefix}{name} is of type {kind}, and {_SPELT[function]} is for texts"
            yield Refusal(node, why, f"write string({prefix}{name})")
            return
    elif isinstance(node, Equals | Like | Compare):
        found = _refusal(node, type_of, prefix + node.field.name)
        if found is not None:
            yield found


def _refusal(node: Equals | Like | Compare, type_of: TypeOf, name: str) -> Refusal | None:
    kind = None if isinstance(node.field, Pattern) else type_of(name)
    if isinstance(node, Compare) and node.value.value is None:
        return None  # no bound
    if isinstance(node, Equals) and node.value.value is None:
        if kind in DATES:
            return None
        named = node.field.name != "*"  # every event has some field
        missing = Not(Exists(node.field, node.span), node.span) if named else None
        return Refusal(node, "null is not a value to search for", instead=missing)
    if isinstance(node.field, Pattern):
        return None
    if found := _refused_key(node, type_of, name):
        return found
    if kind is None:
        return None
    return _refused_case(node, kind, name) or refused_by_type(node, kind, name)


def _refused_case(node: Equals | Like | Compare, kind: str, name: str) -> Refusal | None:
    """Why Elasticsearch refuses a test without regard to letter case: of what is no text."""
    if not isinstance(node, Equals) or node.case is Case.EXACT or kind not in _WITHOUT_CASE:
        return None
    why = f"{name} is of type {kind}, which has no tests without regard to letter case"
    return Refusal(node, why, instead=Equals(node.field, node.value, node.span))


def _functions_of_others(
    call: Call, type_of: TypeOf, prefix: str
) -> Iterator[tuple[str, str, str]]:
    """The functions of texts that are asked of fields which hold none, with field and type."""
    for place, argument in enumerate(call.arguments):
        if isinstance(argument, Call):
            yield from _functions_of_others(argument, type_of, prefix)
        elif isinstance(argument, FieldValue):
            kind = type_of(prefix + argument.field.name)
            takes_text = call.function in _OF_TEXTS and place < _OF_TEXTS[call.function]
            if takes_text and kind in _WITHOUT_CASE:
                yield call.function, argument.field.name, kind


def _refused_key(
    node: Compare | Equals | Like | Regexp | FunctionTest, type_of: TypeOf, name: str
) -> Refusal | None:
    """Why Elasticsearch refuses a test of a key of a flattened field, or None for what it takes
    and for other fields.
    """
    match node:
        case Compare():
            what = "ranges"
        case Regexp():
            what = "regular expressions"
        case FunctionTest():
            what = "functions"
        case Like() if node.whole:
            what = "wildcards in EQL"
        case _:
            return None
    if type_of(name) is not None or not below_flattened(name, type_of):
        return None
    return Refusal(node, f"{name} is a key of a flattened field, which takes no {what}")


def refused_by_type(node: Equals | Like | Compare, kind: str, name: str) -> Refusal | None:
    """Why Elasticsearch refuses a test of a field of this type and name, or None. The value is not
    null.
    """
    if kind in _CONTAINERS:
        return None
    if isinstance(node, Equals) and node.value.kind == "address" and kind != "ip":
        return Refusal(node, f"{name} is of type {kind}, and no address")
    if kind == "keyword":  # which takes everything else, and is the type of most fields
        return None
    read = _reader(kind)
    if not _is_refused(read, node):
        return None
    value = node.pattern.name if isinstance(node, Like) else node.value.name
    what = f"{name} is of type {kind}"
    if isinstance(read, Located):
        return Refusal(node, f"{what}, and can only be tested for existence")
    if isinstance(node, Like):
        why = f'{what}, which takes no wildcards, and "{value}" has one'
        return Refusal(node, why, *_instead_of_pattern(node, kind, value))
    if isinstance(node, Compare) and not read.refuses(node.value):
        out_of_range = "a network" if kind == "ip" else "out of range"
        return Refusal(node, f'{what}, and the bound "{value}" is {out_of_range}')
    why = f'{what}, and "{value}" is {_NOT[_family(kind)]}'
    return Refusal(node, why, *_instead_of_pattern(node, kind, value))


_NOT = {
    "ip": "neither an address nor a network",
    "date": "not a date",
    "boolean": "neither true nor false",
    "number": "not a number",
}


def _family(kind: str) -> str:
    return "date" if kind in DATES else kind if kind in _NOT else "number"


def _instead_of_pattern(
    node: Equals | Like | Compare, kind: str, value: str
) -> tuple[str, Node | None]:
    """A hint, and a test, where the value has stars."""
    octets = _OCTETS.fullmatch(value)
    if kind == "ip" and octets and not isinstance(node, Compare):
        numbers = octets[1].split(".")
        network = ".".join([*numbers, *["0"] * (4 - len(numbers))])
        return "", Equals(node.field, Literal(f"{network}/{8 * len(numbers)}"), node.span)
    if "*" not in value:
        return "", None
    ways = {"ip": "name networks, such as 10.0.0.0/8", "date": "compare it with >= and <"}
    ways |= {"boolean": "test for true or false"}
    return ways.get(_family(kind), "compare it with >= and <="), None


def _is_refused(kind: FieldType, node: Equals | Like | Compare) -> bool:
    if isinstance(node, Like):
        return kind.refuses_pattern(node.pattern)
    if isinstance(node, Compare):
        return kind.refuses_bound(node.value)
    return kind.refuses(node.value)


def _reader(kind: str) -> FieldType:
    if kind in DATES:
        return Date(1 if kind == "date_nanos" else 10**6, now=_SOME_DAY, zone=UTC)
    return type_named(kind)


def below_flattened(name: str, type_of: TypeOf) -> str:
    end = name.rfind(".")
    while end > 0:
        if type_of(name[:end]) == "flattened":
            return name[:end]
        end = name.rfind(".", 0, end)
    return ""
