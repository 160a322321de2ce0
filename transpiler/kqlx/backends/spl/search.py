"""Kibana KQL → Splunk SPL: a ``search``, the source type first, and a ``where`` for what it cannot
say.

In ``search`` OR binds tighter than AND, in ``where`` the other way round, so that every OR stands
in parentheses and nothing rests on precedence. Negation is ``NOT field="value"``, which keeps
events without the field as Kibana does; ``!=`` would drop them
(https://docs.splunk.com/Documentation/Splunk/9.0.2/Search/NOTexpressions).

The search alone must never miss an event: where it cannot say a test it says one that surely
matches more, or below a ``not`` one that matches less. The ``where`` then holds what was widened,
and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kqlx.backends.base import ValueList, gather
from kqlx.backends.spl.backend import SplBackend, is_any_text
from kqlx.backends.spl.checks import Checks
from kqlx.backends.spl.multiple_sources import SourceSearch, WrittenSource
from kqlx.backends.spl.name_value_arrays import pair_fields
from kqlx.backends.spl.search_capability import NULL, SearchCapability, json_text_of
from kqlx.backends.spl.syntax import eval_name, fold, fold_condition, quote, search_name
from kqlx.backends.spl.time_range import time_range
from kqlx.backends.spl.where import WhereWriter
from kqlx.backends.target import Options
from kqlx.backends.text_backend import Group, Text
from kqlx.elastic.addresses import plain_network
from kqlx.elastic.type_names import NUMBERS, TEXTS
from kqlx.errors import UnsupportedError
from kqlx.fragments import Piece
from kqlx.mappings.bound import Bound, Column
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
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
    all_of,
    alternatives,
    any_of,
    conjuncts,
    simplify,
    transform,
    walk,
)
from kqlx.notes import Effect
from kqlx.patterns import Shape
from kqlx.records import dataclass, field, replace

_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

_HOLDERS = (And, Or, Not, Nested)
_TESTS = (Equals, Like, Exists, Compare, Regexp)

_UNQUOTED = NUMBERS | {"boolean"}

MOST_FIELDS = 3
"""So many fields are named by a note."""

TIME_RANGE = (
    "earliest replaces the search's own time range, which then ends now; "
    "days begin in the time zone of whoever searches"
)


@dataclass()
class SearchWriter(SplBackend):
    """Node → terms of ``search``.

    ``is_filter``: a ``where`` says the same tests again, and how it compares letters.
    """

    is_filter: bool = False

    def note_case(self, column: Column, text: str, node: Equals | Like | Regexp) -> None:
        if not self.is_filter:
            super().note_case(column, text, node)

    def all_of(self, node: And) -> Text:
        return Text(" ".join([self.expression(item).text for item in node.items]), Group.AND)

    def any_of(self, node: Or) -> Text:
        asked, missing = self.opened(alternatives(node))
        items = [
            self.in_list(item) if isinstance(item, ValueList) else self.expression(item)
            for item in gather(asked, self.fits_list, self.effective_case)
        ]
        items += missing
        if len(items) == 1:
            return items[0]
        texts = [f"({t.text})" if t.group is Group.AND else t.text for t in items]
        return Text(f"({' OR '.join(texts)})", Group.OR)

    def negate(self, node: Not) -> Text:
        if (missing := self.missing(node)) is not None:
            return missing
        with self.under_not():
            item = self.expression(node.item)
        # An OR already stands in parentheses.
        bare = item.group in (Group.ATOM, Group.OR)
        return Text(f"NOT {item.text}" if bare else f"NOT ({item.text})", Group.NOT)

    def missing(self, node: Not) -> Text | None:
        """That a field of one value is missing, also where texts stand for that, as people search
        for it: ``NOT f=* OR f IN ("", "null")``; of one that is stored under several names that
        each is. None for other tests.
        """
        found = self.fields_missing(node)
        each = []
        for present, tests in found.items():
            name = search_name(self.column(present).name)
            listed = _once([*(self.value(self.column(test), test) for test in tests), quote(NULL)])
            each.append(f"(NOT {name}=* OR {name} IN ({', '.join(listed)}))")
        if not each:
            return None
        return Text(" ".join(each), Group.OR if len(each) == 1 else Group.AND)

    def fields_missing(self, node: Not) -> dict[Exists, list[Equals]]:
        """Of such a test the fields, each with the tests of texts that stand for a missing value;
        none for others.
        """
        first, *others = conjuncts(node.item)
        found: dict[str, tuple[Exists, list[Equals]]] = {}
        for test in alternatives(first):
            if not isinstance(test, Exists) or isinstance(test.field, Pattern):
                return {}
            if not self.search.may_hold_null(self.column(test)):
                return {}
            found[self.column(test).name] = test, []
        absent: list[Node] = []
        for other in others:
            if not isinstance(other, Not):
                return {}
            absent += alternatives(other.item)
        for one in absent:
            if not isinstance(one, Equals) or isinstance(one.field, Pattern):
                return {}
            name = self.column(one).name
            if name not in found:
                return {}
            found[name][1].append(one)
        return {present: tests for present, tests in found.values()} if absent else {}

    def opened(self, items: list[Node]) -> tuple[list[Node], list[Text]]:
        """Alternatives, of which one that a field is missing stands for the texts that mean so,
        among which others of the field may be, and for none at all.
        """
        asked: list[Node] = []
        missing: list[Text] = []
        for item in items:
            found = self.fields_missing(item) if isinstance(item, Not) else {}
            if len(found) != 1 or self.column(present := next(iter(found))).type in _UNQUOTED:
                asked.append(item)
                continue
            (tests,) = found.values()
            null = replace(tests[0], value=Literal(NULL, span=tests[0].value.span))
            asked += [replace(test, field=present.field) for test in (*tests, null)]
            missing.append(Text(f"NOT {search_name(self.column(present).name)}=*", Group.NOT))
        return asked, missing

    def fits_list(self, node: Node) -> bool:
        """Whether the test can share an ``IN``: a pattern cannot that needs a second test."""
        return isinstance(node, Equals) or (isinstance(node, Like) and not self.needs_value(node))

    def needs_value(self, node: Like) -> bool:
        """Whether a missing value may pass for one that the pattern fits."""
        column = self.column(node)
        return (
            column.type not in TEXTS
            and self.search.may_hold_null(column)
            and self.search.matches_null_text(node)
        )

    def in_list(self, values: ValueList) -> Text:
        column = self.bound.column(values.field.name)
        before, each = len(self.pieces), [self.value(column, test) for test in values.tests]
        for test, text in zip(values.tests, each, strict=True):
            self.pieces.append(Piece(text, (test.span,)))
        texts = _once(each)
        if len(texts) == 1:
            made = Text(f"{search_name(column.name)}={texts[0]}")
        else:
            made = Text(f"{search_name(column.name)} IN ({', '.join(texts)})")
        return self.kept(made, before, *values.spans)

    def equals(self, column: Column, node: Equals) -> Text:
        return Text(f"{search_name(column.name)}={self.value(column, node)}")

    def like(self, column: Column, node: Like) -> Text:
        if node.pattern.shape is Shape.ANYTHING:
            return self.present(column)
        test = f"{search_name(column.name)}={self.value(column, node)}"
        if self.needs_value(node):
            return Text(f"{test} {self.present(column).text}", Group.AND)
        return Text(test)

    def value(self, column: Column, node: Equals | Like) -> str:
        """The right side of ``=``."""
        if isinstance(node, Like):
            text = node.pattern.name
        else:
            text = node.value.name
            if column.type in _UNQUOTED:
                return text
            if column.type == "ip":
                return quote(plain_network(text) or text)
        self.note_case(column, text, node)
        return quote(text)

    def exists(self, column: Column, node: Exists) -> Text:
        return self.present(column)

    def present(self, column: Column) -> Text:
        name = search_name(column.name)
        return Text(f"{name}!={quote(NULL)}" if self.search.may_hold_null(column) else f"{name}=*")

    def compare(self, column: Column, node: Compare) -> Text:
        test = f"{search_name(column.name)}{_OPERATORS[node.op]}{node.value.name}"
        if node.op in ("gt", "gte") and self.search.may_hold_null(column):
            # What is no number is compared as text, and "null" comes behind all digits.
            return Text(f"{test} {self.present(column).text}", Group.AND)
        return Text(test)

    def free_text(self, node: FreeText) -> Text:
        return self.always() if is_any_text(node) else Text(self.free_term(node))

    def always(self) -> Text:
        return Text("*")

    def never(self) -> Text:
        return Text("NOT *", Group.NOT)


def search_of(bound: Bound, options: Options, *, keeps_arrival: bool = False) -> WrittenSource:
    """The search for the events of a bound tree. Where it puts records together, ``keeps_arrival``
    asks for the time at which they arrived. Raises UnsupportedError.
    """
    if options.format == "tstats":
        return _tstats(bound, options)
    writer = SearchWriter(bound, options)
    tests = TestWriter(writer, writer.beside(Checks), writer.beside(WhereWriter))
    asked = tests.simplified(bound.node)
    if records := bound.records:
        from kqlx.backends.spl.joined_records import joined_search

        base = base_of(bound, options)
        found = joined_search(tests, asked, records, base, keeps_arrival=keeps_arrival)
    else:
        said = tests.written(conjuncts(asked), base_of(bound, options), _asks_looked_up(bound))
        steps = (
            *_spath_commands(bound, [*said.conditions, *said.late_conditions]),
            *tests.steps(said.conditions),
            *([f"| {fold(['search', *said.late_terms])}"] if said.late_terms else []),
            *(f"| where {fold_condition(text)}" for text in said.late_conditions),
        )
        found = SourceSearch(tuple(said.terms or ["*"]), steps, beginning=said.beginning)
    if extracted := _extracted(bound, "\n".join([*found.terms, *found.steps])):
        lists = [name for name in extracted if "{}" in name]  # what makes events long
        writer.note(
            "extraction-limit",
            Effect.COVERAGE if lists else Effect.SAME,
            "Splunk extracts JSON fields from the first 10,240 characters of an event:"
            f" a longer one may lack {_some_of(lists or extracted)}",
            hint="raise maxchars under [kv] in limits.conf if events are longer",
        )
    pieces = (*writer.pieces, *tests.where.aside, *tests.where.pieces)
    return WrittenSource(found, tuple(writer.finished_notes()), pieces=pieces)


@dataclass(slots=True)
class WrittenTests:
    """Tests that must all hold: the terms of ``search``, the conditions of ``where``, and how far
    the query itself looks back, as ``earliest`` says it among the terms, or "". The ``late`` ones
    ask for what is looked up.
    """

    terms: list[str]
    conditions: list[str] = field(default_factory=list)
    late_terms: list[str] = field(default_factory=list)
    late_conditions: list[str] = field(default_factory=list)
    beginning: str = ""


@dataclass(frozen=True, slots=True)
class TestWriter:
    """What writes tests as terms and conditions; those of one search share their notes."""

    __test__ = False

    writer: SearchWriter
    checks: Checks
    where: WhereWriter

    def simplified(self, node: Node) -> Node:
        """The tree in the terms of flat fields, without tests that others contain."""
        search = self.writer.search
        asked = simplify(transform(node, self.checks.expand))
        if _asks_twice(asked):
            from kqlx.backends.contained_tests import without_contained

            asked = without_contained(asked, search.compares_whole, search.is_one_number)
        return asked

    def written(
        self,
        items: Iterable[Node],
        before: Iterable[str] = (),
        asks: Callable[[Node], bool] | None = None,
    ) -> WrittenTests:
        """The tests, with their terms behind those ``before``; what ``asks`` for something that is
        looked up is apart. Raises UnsupportedError.
        """
        writer, found = self.writer, WrittenTests([*before])
        known, late = {*found.terms}, set[str]()
        for item in items:
            if isinstance(item, Compare) and (times := time_range(item)):
                since, condition = times
                if condition:
                    found.conditions.append(condition)
                    self.where.pieces.append(Piece(condition, (item.span,)))
                if since and found.beginning:
                    what, why = "a second beginning in time", "a search has one"
                    writer.refuse(item.span, what, why, code="time-range")
                if since:
                    found.beginning = since
                    found.terms.append(f"earliest={since}")
                    writer.pieces.append(Piece(found.terms[-1], (item.span,)))
                    writer.note("time-range", Effect.SAME, TIME_RANGE, item.span)
                continue
            exact = self.checks.check(item)
            if asks is not None and asks(item):
                before_lookups = _before_lookups(item, asks, writer)
                found.terms += before_lookups
                known.update(before_lookups)
                self._add(item, exact, found.late_terms, late, found.late_conditions)
            else:
                self._add(item, exact, found.terms, known, found.conditions)
        return found

    def _add(
        self, item: Node, exact: bool, terms: list[str], known: set[str], conditions: list[str]
    ) -> None:
        """A test more; ``exact`` says that ``search`` says all of it. ``known`` has the terms."""
        writer, search = self.writer, self.writer.search
        for part in [item] if exact else _apart(item, search):
            said = exact or search.all_exact(part)
            wide = part if said else simplify(search.widened(part))
            writer.is_filter = not said and search.gains_by_where(part)
            if not isinstance(wide, Always):
                for test in [wide] if said else conjuncts(wide):
                    text = writer.expression(test).text
                    if said or text not in known:
                        terms.append(text)
                        known.add(text)
            if writer.is_filter:
                condition = self.where.condition(_left_to_say(part, search)).text
                if condition != "true()":
                    conditions.append(condition)

    def widened(self, item: Node) -> list[str]:
        """Terms that hold wherever the test does, of one that is written elsewhere."""
        wide = simplify(self.writer.search.widened(item))
        if isinstance(wide, Always):
            return []
        beside = SearchWriter(self.writer.bound, self.writer.options, is_filter=True)
        beside.search = self.writer.search
        return [beside.expression(test).text for test in conjuncts(wide)]

    def steps(self, conditions: Iterable[str]) -> list[str]:
        """The commands for the conditions."""
        return [*self.where.steps, *(f"| where {fold_condition(text)}" for text in conditions)]


def _asks_looked_up(bound: Bound) -> Callable[[Node], bool] | None:
    """Whether a part of the tree asks for what is looked up; None where nothing is."""
    if not bound.lookups:
        return None
    from kqlx.backends.looked_up import asks_looked_up

    return asks_looked_up(bound)


def _before_lookups(item: Node, asks: Callable[[Node], bool], writer: SearchWriter) -> list[str]:
    """What a conjunct asks of the events before anything is looked up for them."""
    from kqlx.backends.looked_up import without_looked_up

    left = simplify(writer.search.widened(without_looked_up(item, asks)))
    if isinstance(left, Always):
        return []
    beside = SearchWriter(writer.bound, writer.options, is_filter=True)
    beside.search = writer.search
    return [beside.expression(one).text for one in conjuncts(left)]


def _asks_twice(node: Node) -> bool:
    """Whether there is a field that several tests ask about which must all hold."""
    if isinstance(node, Not | Nested):
        return _asks_twice(node.item)
    if not isinstance(node, And | Or):
        return False
    if isinstance(node, And):
        each = [_fields(item) for item in node.items]
        if sum(map(len, each)) > len(set[str]().union(*each)):
            return True
    return any(_asks_twice(item) for item in node.items if isinstance(item, _HOLDERS))


def _fields(node: Node) -> set[str]:
    """The names of the fields that it asks about; the values of a list share theirs."""
    if isinstance(node, And | Or):
        named = {id(item.field): item.field for item in node.items if isinstance(item, _TESTS)}
        found = {field.name for field in named.values()}
        return found.union(*[_fields(item) for item in node.items if isinstance(item, _HOLDERS)])
    if isinstance(node, Not | Nested):
        return _fields(node.item)
    return {node.field.name} if isinstance(node, _TESTS) else set()


def _once(texts: Iterable[str]) -> list[str]:
    """The values as they are first written, whatever the letter case of ASCII."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.lower() if text.isascii() else text, text)
    return [*found.values()]


def _apart(node: Node, search: SearchCapability) -> list[Node]:
    """What must hold, of ``not (a or b)`` by itself what ``search`` says as it is."""
    if not isinstance(node, Not) or not isinstance(node.item, Or):
        return [node]
    kinds: dict[bool, list[Node]] = {True: [], False: []}
    for item in node.item.items:
        kinds[search.all_exact(item)].append(item)
    if not all(kinds.values()):
        return [node]
    return [Not(any_of(items, node.item.span), node.span) for items in kinds.values()]


def _left_to_say(node: Node, search: SearchCapability) -> Node:
    """What is to be said of the events that the widened node finds: where one of several
    alternatives alone was widened, of that one only what was, for an event without the others
    meets the rest of it.
    """
    if not isinstance(node, Or):
        return node
    wide = [item for item in node.items if not search.all_exact(item)]
    if len(wide) != 1 or not isinstance(wide[0], And):
        return node
    left = [item for item in wide[0].items if not search.all_exact(item)]
    items = [all_of(left, item.span) if item is wide[0] else item for item in node.items]
    return Or(tuple(items), node.span)


def _tstats(bound: Bound, options: Options) -> WrittenSource:
    """The search over a data model. What its ``where`` cannot say is widened, as in a
    plain search.
    """
    from kqlx.backends.spl.data_model import data_set, write

    if options.exact:
        raise UnsupportedError(
            "a data model is always searched without regard to letter case",
            code="case-not-exact",
        )
    if any(isinstance(part, FreeText) for part in walk(bound.node)):
        raise UnsupportedError(
            "a data model has no raw text, in which to search for a value without a field",
            code="raw-text",
        )
    for part in walk(bound.node):
        if isinstance(part, Regexp | FunctionTest):
            what = "a regular expression" if isinstance(part, Regexp) else "functions of values"
            raise UnsupportedError(f"a data model has no {what} beside it", code="data-model")
    data = data_set(bound.node)
    types = {c.name: c for c in data.columns(bound)}
    writer = SearchWriter(replace(bound, node=data.node, columns=types), options)
    writer.beside(Checks).check(data.node)
    writer.note(
        "data-model",
        Effect.DIFFERENT,
        f"{data.name} holds whatever add-ons tag for it, which may be other events",
    )
    for leaf in walk(data.node):
        if isinstance(leaf, Like) and leaf.pattern.has_any_one:
            message = f"{leaf.field.name}: a data model has * alone: any text may stand for ?"
            writer.note("approximated", Effect.WIDER, message, leaf.span)
    wide = simplify(writer.search.widened(data.node))
    where = "" if isinstance(wide, Always) else fold([writer.expression(wide).text])
    search = SourceSearch((), (write(data, where),))
    return WrittenSource(search, tuple(writer.finished_notes()), pieces=tuple(writer.pieces))


def base_of(bound: Bound, options: Options) -> list[str]:
    """What comes first: the index and the macro of the user's settings, else the source type."""
    index = [f"index={search_name(options.index)}"] if options.index else []
    if options.macro:
        return [*index, f"`{options.macro}`"]
    return [*index, str(bound.place["base"])] if "base" in bound.place else index


def _extracted(bound: Bound, query: str) -> list[str]:
    """The fields of a search that Splunk extracts by itself from JSON
    (maxchars of [kv], https://docs.splunk.com/Documentation/Splunk/latest/Admin/Limitsconf).
    """
    named = {name for column in bound.columns.values() for name in pair_fields(column)}
    if not bound.place.get("json"):
        named = {name for name in named if "{}" in name}
    for lookup in bound.lookups:
        named -= lookup.columns.keys()
    return sorted(name for name in named - {"_raw", "_time"} if name in query)


def _some_of(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_FIELDS])
    return shown if len(names) <= MOST_FIELDS else f"{shown} or another field"


def _spath_commands(bound: Bound, conditions: list[str]) -> list[str]:
    """The commands that take apart columns which hold JSON as text
    (https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Spath).
    """
    steps = []
    for name, column in bound.columns.items():
        if column.json and any(eval_name(name) in condition for condition in conditions):
            text = json_text_of(column)
            path = name.removeprefix(f"{text}.")
            steps.append(f"| spath input={quote(text)} path={quote(path)} output={quote(name)}")
    return steps
