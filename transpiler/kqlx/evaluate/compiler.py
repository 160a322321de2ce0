"""Kibana KQL × event → does it match: Kibana's meaning in Python, against which all else is tested.

A query means what Kibana and Elasticsearch together make of it. What is settled here:

- a test holds if any value of the field passes it, so ``f:(a and b)`` and ``n > 5 and n < 9`` may
  be met by two values; ``not`` is the complement, so events without the field match it;
- what a test means depends on the type of the field (``field_types``). A field that no mapping
  declares is a keyword, a Boolean or a number, as its value is;
- where Elasticsearch refuses a search (``f:null``, a number field asked for ``abc``, a star on an
  address), the part refused matches nothing;
- ``path:{ ... }`` holds if one object under the path meets all of it. A single object counts as
  one, and the path need not be declared nested. A bare value in a group is a test of the field
  ``path.null``, as in Kibana. Outside groups the fields of objects that *are* declared nested
  cannot be seen;
- a name with stars stands for all fields of the event that fit, stars matching dots too: Kibana
  expands it so where it knows the fields. Without them Elasticsearch looks for the name as it is
  written, and finds nothing;
- a bare value is looked for in all fields, each by its type. A bare pattern is split at its white
  space, one piece is enough; the lone star matches every event;
- where Kibana asks by ``query_string``, a pattern is split so on a field too (``field_types``);
- the keys of a flattened field are keywords, but no names with stars reach them, an object below a
  key is no value of it, a range of one bound is refused, and a pattern other than the beginning of
  a value is held against the keys too (``Schema.like_a_key``);
- ``field > null`` has no bound, and asks whether the field exists; ``date:null`` likewise;
- ``x.text``, ``x.caseless`` and ``x.keyword``, and multi-fields that the types declare, have the
  values of ``x`` where the event has no such key;
- a test without regard to letter case (``Case.FOLDED``, ``case_insensitive`` in Query DSL) folds
  the letters of ASCII, on values with letter case; its pattern is held against the whole value;
- a pattern of EQL (``Like.whole``) is held against the whole value, whatever the type;
- functions of values (``FunctionTest``) are tried on every combination of the fields' values, and
  have no value where a field has none;
- a regular expression (``regexp`` in Query DSL) is held against the whole value, of a text field
  against each word; on other types than strings it is refused;
- Lucene's operator words (``AND``, ``OR``, ``NOT``) in a pattern are words like others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from kqlx.elastic import date_math
from kqlx.elastic.text_analysis import pieces_of
from kqlx.errors import UnsupportedError, unknown
from kqlx.evaluate.event_fields import Event, all_values
from kqlx.evaluate.function_tests import function_test
from kqlx.evaluate.predicates import Lift, all_hold, any_holds, lifted_into, negated, remembered
from kqlx.evaluate.schema import Make, Predicate, Schema, always, never, some_value
from kqlx.evaluate.value_tests import (
    compare,
    equals_any,
    in_case,
    like,
    like_or_equal,
    regexp,
    whole,
)
from kqlx.mappings.command_line_arguments import in_patterns
from kqlx.mappings.field_list import FieldList
from kqlx.mappings.known_types import Types, types_for
from kqlx.mappings.nested import bare_value_test
from kqlx.nodes import (
    Always,
    And,
    Case,
    CommandLineArgument,
    Compare,
    Equals,
    Exists,
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
    Term,
    Unmapped,
)

_MOST_NAMES = 10_000
"""How many field names a test of all fields remembers."""


def compile(
    query: str | Node,
    types: Mapping[str, str] | FieldList | str | None = None,
    *,
    source: str | None = None,
    now: datetime | None = None,
    time_zone: str = "UTC",
    language: str = "kuery",
) -> Predicate:
    """A function that says whether an event matches.

    ``query`` is a text in the ``language`` (as rules call it), or its tree; ``types`` maps full
    field names to Elasticsearch types (``{"source.ip": "ip"}``), or is a field list or the name of
    one, as ``fields`` of ``convert``; an empty table says that no types are known. Fields that it
    does not name have the types that the mapping pack of the data source says, and after it ECS.
    ``source`` names the data source; None: it is recognised as for a conversion, "none": no pack
    counts. ``now`` is the time of date math (UTC unless it says otherwise), by default the time of
    this call, and ``time_zone`` an offset or IANA name for dates in the query that name none.

    Events are what ``json.loads`` makes of an object, in any spelling (see ``event_fields``); the
    function raises nothing on them. Raises QuerySyntaxError, MappingError (no field list),
    UsageError (no such data source, or no such time zone) and UnsupportedError for a query on
    several events (``sequences.find_sequences``).
    """
    tree = _tree(query, language)
    return _Compiler(types_for(tree, types, source), now, time_zone).predicate(tree)


def matches(
    query: str | Node,
    event: Event,
    types: Mapping[str, str] | FieldList | str | None = None,
    *,
    source: str | None = None,
    now: datetime | None = None,
    time_zone: str = "UTC",
    language: str = "kuery",
) -> bool:
    """Whether the event matches; for many events ``compile`` once. Arguments as there."""
    return compile(query, types, source=source, now=now, time_zone=time_zone, language=language)(
        event
    )


def explain(
    query: str | Node,
    event: Event,
    types: Mapping[str, str] | FieldList | str | None = None,
    *,
    source: str | None = None,
    now: datetime | None = None,
    time_zone: str = "UTC",
    language: str = "kuery",
) -> list[tuple[Node, bool]]:
    """Each node of the query with its own result on the event, in the order of the text.

    A node within a nested group is true if some object of the group meets this node alone; the
    group may still be false, for it needs one object that meets all. Arguments as for ``compile``.
    """
    tree = _tree(query, language)
    compiler = _Remembering(types_for(tree, types, source), now, time_zone)
    return [(node, test(event)) for node, test in compiler.each(tree)]


def _tree(query: str | Node, language: str) -> Node:
    if not isinstance(query, str):
        return query
    from kqlx.frontends import parse
    from kqlx.frontends.language import NOT_CONVERTED

    try:
        return parse(query, language=language)
    except UnsupportedError as error:
        if error.code != NOT_CONVERTED:
            raise
        hint = "find them in a stream of events with find_sequences"
        raise UnsupportedError(error.message, code=error.code, hint=hint) from None


class _Compiler:
    def __init__(self, types: Types, now: datetime | None, time_zone: str) -> None:
        at = time.time_ns() if now is None else date_math.instant_of(now)
        self.schema = Schema(types, at, date_math.time_zone_of(time_zone))

    def predicate(self, node: Node, path: str = "") -> Predicate:
        """The test of a node; ``path`` is the full one of the group around it, "" outside."""
        match node:
            case And():
                return all_hold([self.predicate(item, path) for item in node.items])
            case Or():
                return self._or(node, path)
            case Not():
                return negated(self.predicate(node.item, path))
            case Nested():
                return self._nested(node, path)
            case FreeText() if path:
                return self.predicate(bare_value_test(node), path)
            case FreeText():
                return self._free_text(node.value)
            case Equals():
                if node.value.value is None:
                    return self._null(node.field, path)
                return self._field(node.field, path, equals_any((node.value,), node.case))
            case Like():
                if isinstance(node.field, Literal) and self._is_key(node.field, path):
                    if node.whole:
                        return never  # refused
                    if node.case is Case.EXACT:
                        return self.schema.like_a_key(node.field.name, _prefix(path), node.pattern)
                asked = whole(node.pattern) if node.whole else like(node.pattern)
                return self._field(node.field, path, in_case(node.case, asked))
            case Compare():
                if node.value.value is None:  # no bound
                    return self._exists(node.field, path)
                if isinstance(node.field, Literal) and self._is_key(node.field, path):
                    return never  # refused: it wants both bounds
                return self._field(node.field, path, in_case(node.case, compare(node)))
            case Exists():
                return self._exists(node.field, path)
            case Regexp():
                if isinstance(node.field, Literal) and self._is_key(node.field, path):
                    return never  # refused
                return self._field(node.field, path, in_case(node.case, regexp(node.regexp)))
            case FunctionTest():
                return function_test(node, self.schema, _prefix(path), path)
            case CommandLineArgument():
                return self.predicate(in_patterns(node), path)
            case Always():
                return always
            case Never():
                return never
            case Unmapped():
                return self.predicate(node.asked, path)
            case _:
                unknown(node)

    def each(self, node: Node) -> Iterator[tuple[Node, Predicate]]:
        """The nodes with their tests on the whole event, in the order of the text."""
        stack: list[tuple[Node, str, Lift]] = [(node, "", lambda test: test)]
        while stack:
            node, path, lift = stack.pop()
            yield node, lift(self.predicate(node, path))
            if isinstance(node, And | Or):
                stack.extend((item, path, lift) for item in reversed(node.items))
            elif isinstance(node, Not):
                stack.append((node.item, path, lift))
            elif isinstance(node, Nested):
                inner = _prefix(path) + node.path.name
                stack.append((node.item, inner, lifted_into(node.path.name, lift)))

    def _or(self, node: Or, path: str) -> Predicate:
        """Values of one field are tested together: a long list costs one look-up."""
        values: dict[tuple[str, Case], list[Literal]] = {}
        tests: list[Predicate] = []
        for item in node.items:
            if (
                isinstance(item, Equals)
                and isinstance(item.field, Literal)
                and item.value.value is not None
            ):
                values.setdefault((item.field.name, item.case), []).append(item.value)
            else:
                tests.append(self.predicate(item, path))
        for (name, case), wanted in values.items():
            tests.append(self._field(Literal(name), path, equals_any(tuple(wanted), case)))
        return any_holds(tests)

    def _nested(self, node: Nested, path: str) -> Predicate:
        if not isinstance(node.path, Literal) or node.path.value is None:
            return never
        return lifted_into(node.path.name, lambda test: test)(
            self.predicate(node.item, _prefix(path) + node.path.name)
        )

    def _field(self, field: Term, path: str, make: Make) -> Predicate:
        prefix = _prefix(path)
        if isinstance(field, Pattern):
            return self._any_field(prefix, field.matcher(), make)
        if self.schema.is_hidden(prefix + field.name, path):
            return never
        return some_value(self.schema.field(field.name, prefix), make)

    def _is_key(self, field: Literal, path: str) -> bool:
        """Whether the field is a key of a flattened one."""
        return self.schema.flattened_above(_prefix(path) + field.name) != ""

    def _null(self, field: Term, path: str) -> Predicate:
        """``field:null``, which is refused, except that of a date Kibana makes a range without
        bounds.
        """
        prefix = _prefix(path)
        if isinstance(field, Literal) and self.schema.is_date(prefix + field.name):
            return self._exists(field, path)
        return never

    def _exists(self, field: Term, path: str) -> Predicate:
        prefix = _prefix(path)
        if isinstance(field, Pattern):
            return self._any_field(prefix, field.matcher(), lambda kind: kind.holds)
        if self.schema.is_hidden(prefix + field.name, path):
            return never
        return self.schema.exists(field.name, prefix)

    def _free_text(self, value: Term) -> Predicate:
        if isinstance(value, Literal):
            if value.value is None:
                return never
            return self._any_field("", None, lambda kind: kind.any_of((value,)))
        pieces = pieces_of(value)
        if any(piece.is_lone_star for piece in pieces):
            return always
        return any_holds([self._any_field("", None, like_or_equal(p)) for p in pieces])

    def _any_field(self, prefix: str, fit: Callable[[str], bool] | None, make: Make) -> Predicate:
        """Whether a value passes in some field: one whose name, without the prefix, fits, or, with
        no ``fit``, any outside nested objects.
        """
        tests: dict[str, list[Callable[[object], bool]]] = {}

        def tests_of(name: str) -> list[Callable[[object], bool]]:
            found = [
                test
                for full, kind in self.schema.fields_over(prefix + name)
                if (fit(full[len(prefix) :]) if fit else not self.schema.is_hidden(full))
                and (test := make(kind))
            ]
            if len(tests) >= _MOST_NAMES:
                tests.clear()
            tests[name] = found
            return found

        def predicate(event: Event) -> bool:
            for name, value in all_values(event):
                known = tests.get(name)
                for test in tests_of(name) if known is None else known:
                    if test(value):
                        return True
            return False

        return predicate


class _Remembering(_Compiler):
    """Each test is made once, and asked once about an event or an object in it."""

    def __init__(self, types: Types, now: datetime | None, time_zone: str) -> None:
        super().__init__(types, now, time_zone)
        self._tests: dict[tuple[int, str], tuple[Node, Predicate]] = {}

    def predicate(self, node: Node, path: str = "") -> Predicate:
        key = (id(node), path)
        if key not in self._tests:  # the node is kept, so that no other one gets its id
            self._tests[key] = node, remembered(super().predicate(node, path))
        return self._tests[key][1]


def _prefix(path: str) -> str:
    return path + "." if path else ""
