"""What other shippers of the same events write (Beats, Security Onion): a tree in their words → in
those of Elastic's integration, which packs are written in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache, partial

from kqlx.elastic.matching import matches_value
from kqlx.elastic.multi_fields import CASELESS, with_case_of_name
from kqlx.mappings.asserted_values import Asserted, asserted_values, spelt
from kqlx.mappings.pack import Pack
from kqlx.mappings.predicates import predicate_at
from kqlx.mappings.shippers import shipper
from kqlx.mappings.source_hints import bare
from kqlx.mappings.telling_fields import overlap
from kqlx.nodes import Always, Equals, Like, Node, Pattern, transform, walk
from kqlx.notes import Effect, Note

_VALUE_TESTS = (Equals, Like)
_OF_SHIPPERS = ("_index", "agent.type", "event.module")
"""The fields in which shippers name a data source, beside those of its own."""


def named_fields(node: Node) -> frozenset[str]:
    """The names of the fields of whose values a tree has tests."""
    tests = (part for part in walk(node) if isinstance(part, _VALUE_TESTS))
    return frozenset([test.field.name.removesuffix(CASELESS) for test in tests])


def in_elastic_values(
    node: Node, pack: Pack, named: Collection[str]
) -> tuple[Node, tuple[Note, ...]]:
    """The tree with each value of another shipper as what it stands for, and a note on each. A
    value that names the data source is true of all its events, where the query asserts it.
    ``named`` are its ``named_fields``.
    """
    marks = pack.recognise
    speaking = {*_OF_SHIPPERS, *marks.aliases, *marks.fields}
    if speaking.isdisjoint(named):
        return node, ()
    notes: dict[Note, None] = {}
    asserted = cache(partial(asserted_values, node))  # few queries name a shipper

    def own(test: Node) -> Node:
        if not isinstance(test, _VALUE_TESTS) or isinstance(test.field, Pattern):
            return test
        name = test.field.name.removesuffix(CASELESS)
        if name not in speaking:
            return test
        test = with_case_of_name(test)
        said = test.value.name if isinstance(test, Equals) else test.pattern.name
        known = pack.recognise.aliases.get(name, {})
        meaning = next((known[value] for value in known if _is_named(test, value)), "")
        if not meaning and _names_source(test, name, said, pack, asserted):
            meaning = "*:*"
        if not meaning:
            return test
        there = "true of every event" if meaning == "*:*" else meaning
        message = f'{name} "{said}" is a value of another shipper; in {pack.source} it is {there}'
        notes[Note("value-translated", Effect.SAME, message, test.span)] = None
        return _parsed(meaning, test)

    return transform(node, own), tuple(notes)


def _is_named(test: Equals | Like, value: str) -> bool:
    """Whether the test names the value itself; a pattern that it fits does not."""
    return isinstance(test, Equals) and matches_value(test, value)


def _names_source(
    test: Equals | Like, name: str, said: str, pack: Pack, asserted: Callable[[], Asserted]
) -> bool:
    """Whether a test is of a shipper's name for the data source: no column is asked for it."""
    marks = pack.recognise
    if name == "_index":
        return shipper(bare(said)) in marks.beats or overlap(bare(said), marks)
    shared = {"agent.type": marks.beats, "event.module": marks.modules}.get(name, ())
    known = (*marks.fields.get(name, ()), *shared)
    said = next((value for value in known if _is_named(test, value)), said)
    differs = pack.constants.get(name, said) != said or name in ("fileset.name", "agent.type")
    if said not in known or not differs:
        return False
    return any(said in spelt(values, [said]) for values in asserted().get(name, ()))


def _parsed(meaning: str, test: Equals | Like) -> Node:
    if meaning == "*:*":
        return Always(test.span)
    return predicate_at(meaning, test.span)
