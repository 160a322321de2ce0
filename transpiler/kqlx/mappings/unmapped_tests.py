"""Binding that leaves out the tests without a counterpart, and tells each."""

from __future__ import annotations

from dataclasses import replace

from kqlx.frontends.kql.formatter import format_node
from kqlx.mappings.asserted_values import Asserted
from kqlx.mappings.binder import Binder
from kqlx.mappings.bound import Bound
from kqlx.mappings.column_tests import bind_predicate
from kqlx.nodes import (
    Always,
    And,
    FieldTest,
    Literal,
    Never,
    Node,
    Not,
    Or,
    Span,
    simplify,
    walk,
)
from kqlx.notes import Effect, Note


class DroppingBinder(Binder):
    """A binder that takes what has no counterpart to be met: true, and false below a ``not``, so
    that no event is missed.

    ``plain`` is the same query bound as ever: what another test decides is not in it any more, and
    needs no counterpart.
    """

    def __init__(self, plain: Bound, asserted: Asserted) -> None:
        assert plain.pack is not None and plain.destination is not None
        super().__init__(plain.pack, plain.destination, asserted, plain.types)
        self.kept_tests = {_key(test) for test in walk(plain.node) if not _is_group(test)}

    def bind(self, node: Node) -> Bound:
        bound = super().bind(node)
        place = self.destination
        own = bind_predicate(self, place.filter, node.span, "") if place.filter else Always()
        if bound.node != own:
            return bound
        message = f"nothing of the query is left: it matches every event of {place.name}"
        note = Note("unmapped-left-out", Effect.WIDER, message)
        return replace(bound, notes=(*bound.notes, note))

    def bind_node(self, node: Node) -> Node:
        if isinstance(node, And | Or | Not) and (name := self.unknown_field(node)):
            spec = self.destination.field(name)
            return self.unmapped(node, name, spec.no_counterpart or "" if spec else "")
        before = len(self.notes)
        found = super().bind_node(node)
        absorbing = And if self.negative else Or
        if (
            isinstance(node, absorbing)
            and isinstance(simplify(found), type(self.neutral(node)))
            and any(note.code == "unmapped-left-out" for note in self.notes[before:])
        ):
            self.drop(node, "a part of it is left out")
        return found

    def unknown_field(self, node: Node) -> str:
        """The one field, named in full, that all tests of a group are about, where no test of it
        has a counterpart, nor one that the pack can fold; else "".
        """
        names = {
            test.field.name
            if isinstance(test, FieldTest) and isinstance(test.field, Literal)
            else ""
            for test in walk(node)
            if not isinstance(test, And | Or | Not)
        }
        name = names.pop() if len(names) == 1 else ""
        tables = (
            self.pack.constants,
            self.pack.always_includes,
            self.pack.allowed_values,
            self.destination.never,
        )
        if not any(self.is_kept(test) for test in walk(node)):
            return ""
        spec = self.destination.field(name)
        unknown = (
            spec is None or bool(spec.no_counterpart and not spec.value_predicates)
        ) and not any(name in table for table in tables)
        return name if unknown else ""

    def unmapped(self, node: Node, what: str, why: str = "") -> Node:
        if not self.is_kept(node) and not _is_group(node):
            return node
        reason = f": {why}" if why else ""
        self.drop(node, f"{what} has no counterpart in {self.destination.name}{reason}")
        return self.neutral(node)

    def is_kept(self, node: Node) -> bool:
        """Whether the test is still there where the query is bound as ever."""
        return not _is_group(node) and _key(node) in self.kept_tests

    def neutral(self, node: Node) -> Node:
        return Never(node.span) if self.negative else Always(node.span)

    def drop(self, node: Node, why: str) -> None:
        text = " ".join(format_node(node).split())
        message = f"left out: {text} - {why}"
        self.notes.append(Note("unmapped-left-out", Effect.WIDER, message, node.span))


def _is_group(node: Node) -> bool:
    return isinstance(node, And | Or | Not)


def _key(test: Node) -> tuple[Node, Span]:
    """A test at its place: two that say the same are not one."""
    return test, test.span
