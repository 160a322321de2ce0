"""Tree in Elastic's names → tree in a destination's, constants folded and values translated.

Which data source and destination it is, ``choose`` decides.
"""

from __future__ import annotations

import re
from dataclasses import replace

from kqlx.errors import MappingError
from kqlx.mappings import ecs
from kqlx.mappings.bound import INTEGERS, Bound, Column, holds
from kqlx.mappings.pack import Case, Destination, FieldSpec, Pack
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Span,
    simplify,
    transform,
    walk,
)
from kqlx.notes import Effect, Note

_CANONICAL_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


class Binder:
    """One attempt: one tree, one destination."""

    def __init__(self, pack: Pack, destination: Destination) -> None:
        self.pack = pack
        self.destination = destination
        self.columns: dict[str, Column] = {}
        self.negative = False  # below an odd number of nots
        self.impossible: list[str] = []  # why tests were folded to false
        self.missing: list[tuple[Note, Node]] = []
        self.notes: list[Note] = [
            Note(note.code, note.effect, note.message, hint=note.hint) for note in destination.notes
        ]

    def bind(self, node: Node) -> Bound:
        bound = simplify(self.node(node))
        if isinstance(bound, Never):
            why = "; ".join(dict.fromkeys(self.impossible)) or "every event has such a value"
            notes = tuple(note for note in self.notes if note.effect is not Effect.UNMAPPED)
            raise MappingError(
                f"this can never match in {self.destination.name}: {why}", notes=notes
            )
        if self.destination.filter:
            own = self.parse_predicate(self.destination.filter, node.span, self.pack.source)
            bound = simplify(And((own, bound), node.span))
        # What another test decides needs no counterpart.
        left = {id(leaf) for leaf in walk(bound)}
        gone = {note for note, leaf in self.missing if id(leaf) not in left}
        notes = tuple(note for note in self.notes if note not in gone)
        place = self.destination.place
        return Bound(bound, self.columns, place, self.pack.source, notes, renamed=True)

    def node(self, node: Node) -> Node:
        if isinstance(node, And | Or):
            return replace(node, items=tuple([self.node(item) for item in node.items]))
        if isinstance(node, Not):
            self.negative = not self.negative
            item = self.node(node.item)
            self.negative = not self.negative
            return Not(item, node.span)
        return self.leaf(node)

    def leaf(self, node: Node) -> Node:
        if isinstance(node, FreeText | Always | Never):
            return node
        if isinstance(node, Nested):
            return self.unmapped(node, f"the nested group {node.path.name}:{{ ... }}")
        assert isinstance(node, Equals | Like | Exists | Compare)
        name = node.field.name
        if isinstance(node.field, Pattern):
            return self.unmapped(node, f"the field name {name}, a wildcard,")
        if name in self.pack.constants:
            return self.fold(node, self.pack.constants[name], self.pack.title)
        for value in self.pack.always.get(name, ()):
            if not isinstance(node, Compare) and holds(node, value):
                return self.fold(node, value, self.pack.title)
        if isinstance(node, Equals | Like) and name in self.pack.only:
            possible = self.pack.only[name]
            if not any(holds(node, value) for value in possible):
                message = f"{name} of {self.pack.title} is {' or '.join(possible)}"
                self.say("constant-folded", message, node.span)
                return self.constant(False, message, node.span)
        for value in self.destination.never.get(name, ()):
            if not isinstance(node, Exists | Compare) and holds(node, value):
                message = f'{self.destination.name} never holds {name} "{value}"'
                effect = Effect.SAME if self.negative else Effect.NARROWER
                self.notes.append(Note("never-there", effect, message, node.span))
                if isinstance(node, Equals):
                    return self.constant(False, message, node.span)
        spec = self.destination.field(name)
        if spec is None:
            return self.unmapped(node, name)
        if spec.none and not spec.where:
            return self.unmapped(node, name, spec.none)
        if note := spec.note:
            self.say(note.code, note.message, node.span, note.effect)
        return self.mapped(node, spec)

    def mapped(self, node: FieldTest, spec: FieldSpec) -> Node:
        if spec.any:
            each = [replace(spec, column=column, any=()) for column in spec.any]
            return Or(tuple(self.mapped(node, one) for one in each), node.span)
        if spec.fixed is not None:
            return self.fold(node, spec.fixed, self.destination.name)
        if spec.constant is not None:
            return self.assume(node, spec.constant)
        if spec.where:
            return self.predicate(node, spec)
        if spec.values:
            return self.translate(node, spec)
        return self.rename(node, spec)

    # What becomes of a field

    def rename(self, node: FieldTest, spec: FieldSpec, type: str | None = None) -> Node:
        """The test on the column, with Elastic's meaning where the column holds another type."""
        assert spec.column is not None
        name = node.field.name
        of_field = self.pack.type(name) or ecs.types().get(name, "keyword")
        column = self.column(spec.column, type or of_field, name)
        if type is None and column.type in INTEGERS and of_field not in INTEGERS:
            if isinstance(node, Compare | Like):
                return self.unmapped(node, f"{name}, compared as text,")
            if isinstance(node, Equals) and not _CANONICAL_INTEGER.fullmatch(node.value.name):
                message = f'{name} is an integer there, and never "{node.value.name}"'
                self.say("constant-folded", message, node.span)
                return self.constant(False, message, node.span)
        return replace(node, field=Literal(column.name, span=node.field.span))

    def column(self, name: str, type: str, field: str, predicate: bool = False) -> Column:
        """A column; letter case is ignored for what Elastic's pipeline did so, not for
        the field itself.
        """
        spec = self.destination.column(name)
        case: Case = "same" if spec.case == "ignored" and not predicate else spec.case
        column = Column(
            name,
            spec.type or type,
            case,
            spec.form,
            field,
            json=spec.json,
            port=spec.port,
            optional=spec.optional,
        )
        self.columns[name] = column
        if reason := self.destination.unconfirmed.get(name):
            self.say("unconfirmed-mapping", f"{field} as {name} is not confirmed: {reason}", None)
        return column

    def translate(self, node: FieldTest, spec: FieldSpec) -> Node:
        """Values by the table; a pattern stands for all values of the table that fit it."""
        name = node.field.name
        numeric = all(isinstance(value, int) for value in spec.values.values())
        type = "long" if numeric else None
        if isinstance(node, Exists):
            if spec.others == "refuse":
                return self.unmapped(node, f"the existence of {name}")
            return self.rename(node, spec, type)
        if isinstance(node, Compare):
            return self.unmapped(node, f"{name}, compared as text,")
        known = [value for value in spec.values if holds(node, value)]
        tests: list[Node] = []
        for value in known:
            literal = Literal(str(spec.values[value]), True, node.span)
            tests.append(self.rename(Equals(node.field, literal, node.span), spec, type))
            there = f"{spec.column} {spec.values[value]} in {self.destination.name}"
            self.say("value-translated", f'{name} "{value}" is {there}', node.span)
        if spec.others == "keep":
            if not known or isinstance(node, Like):
                tests.append(self.untranslated(node, spec, known))
        elif known and isinstance(node, Like):
            message = f'"{node.pattern.name}" stands for the values of {name} that are known here'
            self.say("known-values-only", message, node.span, Effect.NARROWER)
        if not tests:
            value = node.value.name if isinstance(node, Equals) else node.pattern.name
            return self.unmapped(node, f'the value "{value}" of {name}')
        return tests[0] if len(tests) == 1 else Or(tuple(tests), node.span)

    def untranslated(self, node: Equals | Like, spec: FieldSpec, known: list[str]) -> Node:
        """Values that stay as they are, less the raw ones that the pipeline makes others of."""
        raw = [
            str(there)
            for value, there in spec.values.items()
            if value not in known and holds(node, str(there))
        ]
        if not raw:
            return self.rename(node, spec)
        name = node.field.name
        message = f'{name} is never "{raw[0]}": Elastic renames it'
        self.say("value-translated", message, node.span)
        if isinstance(node, Equals):
            return self.constant(False, message, node.span)
        others = [
            Not(self.rename(Equals(node.field, Literal(r, True), node.span), spec)) for r in raw
        ]
        return And((self.rename(node, spec), *others), node.span)

    def predicate(self, node: FieldTest, spec: FieldSpec) -> Node:
        name = node.field.name
        if isinstance(node, Exists) and spec.exists:
            message = f"{name} is set on every event of {self.pack.title}"
            self.say("constant-folded", message, node.span)
            return Always(node.span)
        known = (
            [] if isinstance(node, Exists | Compare) else [v for v in spec.where if holds(node, v)]
        )
        if not known and spec.column:
            return self.rename(node, spec)
        if not known:
            value = f'the value "{node.value.name}" of ' if isinstance(node, Equals) else ""
            return self.unmapped(node, f"{value}{name}", spec.none or "")
        items: list[Node] = []
        for value in known:
            meaning = spec.where[value]
            there = "true" if meaning == "*:*" else meaning
            message = f'{name} "{value}" is {there} in {self.destination.name}'
            self.say("value-translated", message, node.span)
            items.append(self.parse_predicate(meaning, node.span, name))
        return items[0] if len(items) == 1 else Or(tuple(items), node.span)

    def parse_predicate(self, text: str, span: Span, field: str) -> Node:
        """A pack's predicate, its columns known and its places those of the test it stands for."""
        from kqlx.frontends.kql import parse

        def place(node: Node) -> Node:
            if isinstance(node, Equals | Like | Exists | Compare):
                self.column(node.field.name, "keyword", field, predicate=True)
            return replace(node, span=span)

        return replace(transform(parse(text), place), span=span)

    # Folding and what is said about it

    def fold(self, node: FieldTest, value: str, where: str) -> Node:
        """What is the same on every event of the data source is true or false, and no
        difference.
        """
        true = holds(node, value)
        end = "" if true else ", so this never holds"
        message = f'{node.field.name} is "{value}" on every event of {where}{end}'
        self.say("constant-folded", message, node.span)
        return self.constant(true, message, node.span)

    def assume(self, node: FieldTest, value: str) -> Node:
        """What the destination does not hold, but stands for: a test of it is left out."""
        true = holds(node, value)
        message = (
            f'{node.field.name} is taken to be "{value}" on every event of {self.destination.name}'
        )
        effect = Effect.WIDER if true else Effect.NARROWER
        self.say("constant-assumed", message, node.span, effect)
        return self.constant(true, message, node.span)

    def unmapped(self, node: Node, what: str, why: str = "") -> Node:
        reason = f": {why}" if why else ""
        message = f"{what} has no counterpart in {self.destination.name}{reason}"
        code = "no-counterpart" if why else "unmapped-field"
        self.say(code, message, node.span, Effect.UNMAPPED)
        self.missing.append((self.notes[-1], node))
        return node

    def say(self, code: str, message: str, span: Span | None, effect: Effect = Effect.SAME) -> None:
        """A note; ``effect`` is that of the test itself, which a not turns round."""
        if self.negative and effect in (Effect.WIDER, Effect.NARROWER):
            effect = Effect.NARROWER if effect is Effect.WIDER else Effect.WIDER
        self.notes.append(Note(code, effect, message, span))

    def constant(self, true: bool, message: str, span: Span) -> Node:
        """True or false; the message is kept if it is what may make the query impossible."""
        if true is self.negative:
            self.impossible.append(message)
        return Always(span) if true else Never(span)
