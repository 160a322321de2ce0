"""Tests of a query that a destination has no counterpart for: what becomes of them by the user's
choice, in a tree in which binding has marked them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal as OneOf

from kqlx.errors import MappingError
from kqlx.hints import Argument, Hint
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.known_types import Types
from kqlx.mappings.pack import Destination, Pack
from kqlx.mappings.repeated_tests import without_repeated_tests
from kqlx.nodes import (
    FIELD_TESTS,
    GROUPS,
    Always,
    And,
    Equals,
    FieldTest,
    Never,
    Node,
    Not,
    Or,
    Unmapped,
    has_part,
    simplify,
    walk,
)
from kqlx.notes import Effect, Note, told_together
from kqlx.records import dataclass, replace

UnmappedPolicy = OneOf["error", "keep", "comment"]
"""What becomes of tests without a counterpart: refused, Elastic's name, or left out."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A query bound to one destination, of which it may lack tests.

    ``node`` is the tree in the destination's columns, with an ``Unmapped`` for each test that has
    no counterpart there, which are ``unmapped``, in the order of the query; it is not ``Never``.
    ``filter`` is what holds of all events of the destination. ``notes`` are always reported;
    ``notes_if_kept`` are about parts of the query that are in the result only if tests without a
    counterpart keep Elastic's name. ``absent_values`` are the notes on values that the destination
    never holds. The others are as in ``Bound``.
    """

    node: Node
    filter: Node | None
    columns: Mapping[str, Column]
    pack: Pack
    destination: Destination
    types: Types
    notes: tuple[Note, ...]
    notes_if_kept: tuple[Note, ...] = ()
    absent_values: tuple[Note, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()

    @property
    def lacking(self) -> tuple[Unmapped, ...]:
        """Those of the tests without a counterpart that are no exceptions which may be left out."""
        return tuple([test for test in self.unmapped if not test.excepted])

    @property
    def by_option(self) -> tuple[Note, ...]:
        """The notes on tests that no event meets as shipped."""
        return tuple([note for note in self.notes if note.code == "set-by-option"])

    @property
    def asks_for_every_event(self) -> bool:
        """Whether it is met by all events of a destination that has no others."""
        return self.filter is None and isinstance(self.node, Always)


def apply_unmapped(attempt: Attempt, policy: UnmappedPolicy) -> Bound:
    """The bound tree, without marks. Tests that have no counterpart keep Elastic's names ("keep")
    or are left out ("comment"): they count as true, and below a ``not`` as false, so that no event
    is missed. Raises MappingError, with the notes, if there are any and the policy is "error".
    """
    missing = attempt.unmapped
    if policy == "comment" and not missing:
        return replace(_bound(attempt, attempt.node), notes=attempt.notes)
    if policy == "comment":
        left = simplify(_left_out(attempt.node, negative=False))
        about = [*_left_out_notes(attempt.node, attempt.destination, negative=False)]
        if isinstance(left, Always):
            there = attempt.destination.name
            message = f"nothing of the query is left: it matches every event of {there}"
            about.append(Note("unmapped-left-out", Effect.WIDER, message, leaves_out=True))
        left_out = tuple([note.message for note in about])
        return replace(_bound(attempt, left), notes=(*attempt.notes, *about), left_out=left_out)
    lacking = attempt.lacking if policy == "error" else missing
    if missing and not lacking:
        return _without_exceptions(attempt)
    about = [_note(test, attempt.destination) for test in lacking]
    notes = (*attempt.notes, *attempt.notes_if_kept, *about)
    if policy == "keep" or not missing:
        kept = simplify(_kept(attempt.node)) if missing else attempt.node
        bound = _bound(attempt, kept)
        return replace(bound, notes=notes, unmapped=missing)
    raise MappingError(
        told_together(note.message for note in about),
        code=about[0].code,
        notes=notes,
        hint=Hint(
            "use ",
            Argument("unmapped", "keep"),
            " to keep the Elastic field name, ",
            Argument("unmapped", "comment"),
            " to drop this test, or ",
            Argument("source", "none"),
            " to keep all field names",
        ),
    )


def _without_exceptions(attempt: Attempt) -> Bound:
    """The bound tree without exceptions by fields that have no counterpart, with a note on each."""
    left = simplify(_left_out(attempt.node, negative=False))
    notes = dict.fromkeys(_left_out_exception(test, attempt) for test in attempt.unmapped)
    left_out = tuple([note.message for note in notes])
    return replace(_bound(attempt, left), notes=(*attempt.notes, *notes), left_out=left_out)


def _left_out_exception(test: Unmapped, attempt: Attempt) -> Note:
    """The note on an exception. As shipped, one by an option takes no event away."""
    spec = attempt.destination.field(test.what)
    text = f"{why(test, attempt.destination)}; what the rule excepts by it is found"
    takes_away = spec is None or not spec.by_option
    return Note("exception-left-out", Effect.WIDER, text, leaves_out=takes_away)


def unmapped_tests(node: Node) -> Iterator[Unmapped]:
    """The tests that are marked in a tree, one by one also where a group is marked for them."""
    for part in walk(node):
        if isinstance(part, Unmapped):
            yield from [part] if part.what else unmapped_tests(part.kept)


def mark_group(asked: Node, found: Node, *, negative: bool) -> Node:
    """``found``, to which the group ``asked`` comes at a destination, marked as a whole where
    nothing of it is left without the tests that have no counterpart.
    """
    if not is_left_out_whole(found, negative=negative):
        return found
    return Unmapped(asked, simplify(found), span=asked.span)


def is_left_out_whole(found: Node, *, negative: bool) -> bool:
    """Whether nothing of a tree is left where its marked tests are left out, and something is where
    they are kept.
    """
    if isinstance(found, FIELD_TESTS):
        return False
    if isinstance(found, Unmapped):
        return True
    return has_part(found, Unmapped) and _leaves_nothing(simplify(found), negative)


def is_absorbing(group: Node, *, negative: bool) -> bool:
    """Whether it is a group of which nothing is left where one of its items is left out."""
    return isinstance(group, And if negative else Or)


def _leaves_nothing(node: Node, negative: bool) -> bool:
    """Whether nothing is left of a tree without constants: each marked test is true, and false
    below a ``not``.
    """
    if isinstance(node, GROUPS):
        some = any if is_absorbing(node, negative=negative) else all
        return some(_leaves_nothing(item, negative) for item in node.items)
    if isinstance(node, Not):
        return _leaves_nothing(node.item, not negative)
    return isinstance(node, Unmapped)


def why(test: Unmapped, destination: Destination) -> str:
    """Why a test is marked."""
    reason = f": {test.why}" if test.why else ""
    return f"{test.what} has no counterpart in {destination.name}{reason}"


def _note(test: Unmapped, destination: Destination) -> Note:
    code = "no-counterpart" if test.why else "unmapped-field"
    return Note(code, Effect.UNMAPPED, why(test, destination), test.span)


def _kept(node: Node) -> Node:
    """The tree with what stands for marked parts where names are kept."""
    if isinstance(node, And | Or):
        return replace(node, items=tuple([_kept(item) for item in node.items]))
    if isinstance(node, Not):
        return Not(_kept(node.item), node.span)
    if isinstance(node, Unmapped):
        return node.kept if node.what else _kept(node.kept)
    return node


def _left_out(node: Node, *, negative: bool) -> Node:
    """The tree without its marked parts."""
    if isinstance(node, And | Or):
        items = [_left_out(item, negative=negative) for item in node.items]
        return replace(node, items=tuple(items))
    if isinstance(node, Not):
        return Not(_left_out(node.item, negative=not negative), node.span)
    if isinstance(node, Unmapped):
        return Never(node.span) if negative else Always(node.span)
    return node


def _left_out_notes(node: Node, destination: Destination, *, negative: bool) -> Iterator[Note]:
    """A note on each part that is left out: a test, or a group that is all about one field, and the
    groups of which nothing is left for want of it.
    """
    if isinstance(node, And | Or):
        items = node.items
        if is_absorbing(node, negative=negative):
            # Where one is left out, so are the others.
            items = tuple(item for item in items if _leaves_nothing(item, negative)) or items
        for item in items:
            yield from _left_out_notes(item, destination, negative=negative)
    elif isinstance(node, Not):
        yield from _left_out_notes(node.item, destination, negative=not negative)
    elif isinstance(node, Unmapped):
        if node.what:
            yield _left_out_note(node.asked, why(node, destination))
            return
        if (test := _of_one_field(node)) is not None:
            yield _left_out_note(node.asked, why(test, destination))
            return
        yield from _left_out_notes(node.kept, destination, negative=negative)
        if is_absorbing(node.asked, negative=negative):
            yield _left_out_note(node.asked, "a part of it is left out")


def _of_one_field(group: Unmapped) -> Unmapped | None:
    """The first test of a group that asks for one field alone, which has no counterpart whatever
    its value; None for others.
    """
    tests = [*unmapped_tests(group)]
    names = {test.asked.field.name for test in tests if isinstance(test.asked, FieldTest)}
    whole = {test.what for test in tests} == names and len(names) == 1
    return tests[0] if whole and [test.asked for test in tests] == _tests(group.asked) else None


def _left_out_note(asked: Node, reason: str) -> Note:
    from kqlx.frontends.shown import shown

    text = " ".join(shown(asked).split())
    message = f"left out: {text} - {reason}"
    return Note("unmapped-left-out", Effect.WIDER, message, asked.span, leaves_out=True)


def _tests(node: Node) -> list[Node]:
    return [part for part in walk(node) if not isinstance(part, And | Or | Not)]


def _bound(attempt: Attempt, node: Node) -> Bound:
    """A tree without marks, of the destination's events alone, each column under all its names, and
    no test said twice.
    """
    columns = dict(attempt.columns)
    if attempt.filter is not None:
        node = simplify(And((attempt.filter, node), node.span))
        if attempt.destination.kinds:
            from kqlx.mappings.excluded_values import without_excluded

            kinds = {part.field.name for part in walk(attempt.filter) if isinstance(part, Equals)}
            left = simplify(without_excluded(node, kinds.__contains__))
            node = node if isinstance(left, Never) else left
    if prefixes := attempt.destination.other_prefixes:
        from kqlx.mappings.collector_names import under_both

        node = under_both(node, columns, prefixes)
    return Bound(
        without_repeated_tests(node, columns),
        columns,
        attempt.destination.place,
        attempt.pack.source,
        uses_target_names=True,
        pack=attempt.pack,
        destination=attempt.destination,
        types=attempt.types,
    )
