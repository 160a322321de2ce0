"""Kibana KQL → Splunk SPL: a ``search``, the source type first, and a ``where`` for what it cannot
say.

The search alone must never miss an event: where it cannot say a test it says one that surely
matches more, or below a ``not`` one that matches less. The ``where`` then holds what was widened,
and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from kqlx.backends.spl.checks import Checks
from kqlx.backends.spl.multiple_sources import SourceSearch, WrittenSource
from kqlx.backends.spl.name_value_arrays import PAIRS, json_text_of, objects_steps, pair_fields
from kqlx.backends.spl.search_capability import SearchCapability
from kqlx.backends.spl.search_terms import SearchWriter
from kqlx.backends.spl.syntax import eval_name, fold, fold_condition, quote, search_name
from kqlx.backends.spl.time_range import time_range
from kqlx.backends.target import Options
from kqlx.fragments import Piece
from kqlx.mappings.bound import Bound
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    Like,
    Nested,
    Node,
    Not,
    Or,
    Regexp,
    all_of,
    any_of,
    conjuncts,
    simplify,
    transform,
)
from kqlx.notes import Effect
from kqlx.records import dataclass, field

if TYPE_CHECKING:
    from kqlx.backends.spl.where import WhereWriter

_HOLDERS = (And, Or, Not, Nested)
_TESTS = (Equals, Like, Exists, Compare, Regexp)

MOST_FIELDS = 3
"""So many fields are named by a note."""

TIME_RANGE = (
    "earliest replaces the search's own time range, which then ends now; "
    "days begin in the time zone of whoever searches"
)


def search_of(bound: Bound, options: Options, *, keeps_arrival: bool = False) -> WrittenSource:
    """The search for the events of a bound tree. Where it puts records together, ``keeps_arrival``
    asks for the time at which they arrived. Raises UnsupportedError.
    """
    if options.format == "tstats":
        from kqlx.backends.spl.data_model import search_in_data_model

        return search_in_data_model(bound, options)
    writer = SearchWriter(bound, options)
    tests = TestWriter(writer, writer.beside(Checks))
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
    return WrittenSource(found, tuple(writer.finished_notes()), pieces=tests.pieces)


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


@dataclass(frozen=True)
class TestWriter:
    """What writes tests as terms and conditions; those of one search share their notes."""

    __test__ = False

    writer: SearchWriter
    checks: Checks

    @cached_property
    def where(self) -> WhereWriter:
        """What writes conditions of ``where``, which few queries need."""
        from kqlx.backends.spl.where import WhereWriter

        return self.writer.beside(WhereWriter)

    @property
    def _where_if_used(self) -> WhereWriter | None:
        return vars(self).get("where")

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What was written, with the parts of the query that it is for."""
        where = self._where_if_used
        return (*self.writer.pieces, *(() if where is None else (*where.aside, *where.pieces)))

    def simplified(self, node: Node) -> Node:
        """The tree in the terms of flat fields, without tests that others contain."""
        search = self.writer.search
        asked = simplify(transform(node, self.checks.expand))
        if _asks_twice(asked):
            from kqlx.backends.contained_tests import without_contained

            asked = without_contained(asked, search.compares_whole, search.is_one_number)
        if _has_groups(asked):
            from kqlx.backends.plain_groups import plain_groups

            asked = plain_groups(asked, search.list_of)
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
        where = self._where_if_used
        before = [] if where is None else where.steps
        return [*before, *(f"| where {fold_condition(text)}" for text in conditions)]


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


def _has_groups(node: Node) -> bool:
    """Whether groups are in groups, or several tests are negated."""
    if isinstance(node, Not):
        return isinstance(node.item, And | Or)
    if not isinstance(node, And | Or):
        return False
    negated = [item for item in node.items if isinstance(item, Not)]
    return len(negated) > 1 or any(isinstance(item, And | Or) for item in node.items)


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
    steps = objects_steps(bound.columns.values(), conditions)
    for name, column in bound.columns.items():
        if column.layout in PAIRS:
            continue
        if column.json and any(eval_name(name) in condition for condition in conditions):
            text = json_text_of(column)
            path = name.removeprefix(f"{text}.")
            steps.append(f"| spath input={quote(text)} path={quote(path)} output={quote(name)}")
    return steps
