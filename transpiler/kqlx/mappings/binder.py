"""Tree in Elastic's names → tree in a destination's, constants folded and values translated.

Which data source and destination it is, ``choose`` decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from kqlx.errors import MappingError
from kqlx.mappings import ecs
from kqlx.mappings.bound import INTEGERS, MULTI_FIELDS, Bound, Column, holds
from kqlx.mappings.pack import Case, Destination, FieldSpec, Pack
from kqlx.mappings.parts import Part, in_whole
from kqlx.mappings.recognise import asserts
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

_NUMBER = re.compile(r"\.[0-9]+(?=\.|$)")
# Types whose tests are written in a way of their own: a column has one type in a query.
_OWN_SYNTAX = frozenset({"ip", "boolean", "date"}) | INTEGERS
_CANONICAL_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


class Binder:
    """One attempt: one tree, one destination."""

    def __init__(
        self, pack: Pack, destination: Destination, asserted: Mapping[str, frozenset[str]]
    ) -> None:
        self.pack = pack
        self.destination = destination
        self.asserted = asserted
        self.columns: dict[str, Column] = {}
        self.negative = False  # below an odd number of nots
        self.impossible: list[str] = []  # why tests were folded to false
        self.missing: list[tuple[Note, Node]] = []
        self.given = ""  # the field whose predicate is said already
        self.notes: list[Note] = [
            Note(note.code, note.effect, note.message, hint=note.hint) for note in destination.notes
        ]

    def bind(self, node: Node) -> Bound:
        bound = simplify(self.node(node))
        if isinstance(bound, Never):
            why = "; ".join(dict.fromkeys(self.impossible))
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
        return Bound(
            bound,
            self.columns,
            self.destination.place,
            self.pack.source,
            tuple(note for note in self.notes if note not in gone),
            renamed=True,
            pack=self.pack,
            destination=self.destination,
        )

    def node(self, node: Node) -> Node:
        if isinstance(node, Or) and (name := self.said_once(node)):
            spec = self.destination.field(name)
            assert spec is not None
            self.given = name
            tests = Or(tuple([self.node(item) for item in node.items]), node.span)
            self.given = ""
            return And((self.parse_predicate(spec.given, node.span, name), tests), node.span)
        if isinstance(node, And | Or):
            return replace(node, items=tuple([self.node(item) for item in node.items]))
        if isinstance(node, Not):
            self.negative = not self.negative
            item = self.node(node.item)
            self.negative = not self.negative
            return Not(item, node.span)
        return self.leaf(node)

    def said_once(self, node: Or) -> str:
        """The field that all tests are of, if a predicate must hold beside each."""
        kinds = Equals | Like | Exists | Compare
        names = {item.field.name if isinstance(item, kinds) else "" for item in node.items}
        name = names.pop() if len(names) == 1 else ""
        spec = self.destination.field(name) if name else None
        return name if spec is not None and spec.given else ""

    def leaf(self, node: Node) -> Node:
        if isinstance(node, FreeText | Always | Never):
            return node
        if isinstance(node, Nested):
            return self.unmapped(node, f"the nested group {node.path.name}:{{ ... }}")
        assert isinstance(node, Equals | Like | Exists | Compare)
        name = node.field.name
        if isinstance(node.field, Pattern) and self.destination.fields.get(name) is None:
            return self.unmapped(node, f"the field name {name}, a wildcard,")
        if name in self.pack.constants:
            return self.fold(node, self.pack.constants[name], self.pack.title)
        for value in self.pack.always.get(name, ()):
            if not isinstance(node, Compare) and holds(node, value):
                return self.fold(node, value, self.pack.title)
        possible = self.pack.possible(name)
        tested = isinstance(node, Equals | Like) or not possible
        if possible is not None and tested and not any(holds(node, value) for value in possible):
            values = " or ".join(possible) or "never set"
            message = f"{name} of {self.pack.title} is {values}"
            self.say("constant-folded", message, node.span if possible else None)
            return self.constant(False, message, node.span)
        for value in self.destination.never.get(name, ()):
            if not isinstance(node, Exists | Compare) and holds(node, value):
                message = f'{self.destination.name} never holds {name} "{value}"'
                effect = Effect.SAME if self.negative else Effect.NARROWER
                self.notes.append(Note("never-there", effect, message, node.span))
                if isinstance(node, Equals):
                    return self.constant(False, message, node.span)
        spec = (
            self.destination.field(name)
            or self.destination.field(_without_reading(name))
            or self.in_any_place(node)
        )
        if spec is None:
            return self.unmapped(node, name)
        spec = next((one for one in spec.instead if asserts(self.asserted, one.when)), spec)
        known = isinstance(node, Exists) and isinstance(spec.exists, str)
        if spec.none and not spec.where and not known:
            return self.unmapped(node, name, spec.none)
        if (note := spec.note) and not (isinstance(node, Exists) and spec.exists is True):
            self.say(note.code, note.message, node.span, note.effect)
        return self.mapped(node, spec)

    def in_any_place(self, node: FieldTest) -> FieldSpec | None:
        """Of a field in a numbered place of a list, such as ``targets.0.id``, what the destination
        says of ``targets.*.id``.
        """
        name = node.field.name
        spec = self.destination.fields.get(_NUMBER.sub(".*", name))
        if spec is not None and not isinstance(node.field, Pattern):
            message = f"{self.destination.name} is asked for {name} in any place of the list"
            self.say("any-place", message, node.span, Effect.WIDER)
        return spec

    def mapped(self, node: FieldTest, spec: FieldSpec) -> Node:
        if isinstance(node, Exists) and isinstance(spec.exists, str):
            return self.presence(node, spec)
        if isinstance(node, Equals | Like):
            value = node.value.name if isinstance(node, Equals) else "".join(node.pattern.parts)
            if found := next((c for c in value if c in spec.foreign), None):
                why = f"{self.destination.name} writes {found} otherwise"
                return self.unmapped(node, f'the value "{value}" of {node.field.name}', why)
        if spec.any:
            each = [replace(spec, column=column, any=()) for column in spec.any]
            return Or(tuple(self.mapped(node, one) for one in each), node.span)
        if spec.fits:
            return self.fit(node, spec)
        if spec.fixed is not None:
            return self.fold(node, spec.fixed, self.destination.name)
        if spec.given and self.given != node.field.name:
            beside = self.parse_predicate(spec.given, node.span, node.field.name)
            return And((beside, self.mapped(node, replace(spec, given=""))), node.span)
        if spec.constant is not None:
            return self.assume(node, spec.constant)
        if spec.where:
            return self.predicate(node, spec)
        if spec.values:
            return self.translate(node, spec)
        if spec.part:
            return self.part(node, spec, spec.part)
        return self.rename(node, spec)

    # What becomes of a field

    def fit(self, node: FieldTest, spec: FieldSpec) -> Node:
        """The test on a column that holds more than the field does."""
        if isinstance(node, Compare):
            return self.unmapped(node, f"{node.field.name}, compared as text,")
        inner: tuple[str, ...] = ("", "")
        if isinstance(node, Equals):
            inner = (node.value.name,)
        elif isinstance(node, Like):
            inner = node.pattern.parts
        patterns = []
        for text in spec.fits:
            before, _, after = text.partition("{}")
            patterns.append(_joined(before.split("*"), _joined(inner, after.split("*"))))
        needed = [one for one in patterns if not any(_covers(other, one) for other in patterns)]
        message = f"{node.field.name} is part of {spec.column} in {self.destination.name}"
        if isinstance(node, Like):
            self.say("approximated", f"{message}; a star may reach beyond it", None, Effect.WIDER)
        else:
            self.say("value-translated", message, None)
        tests = [self.rename(_test_of(node, parts), replace(spec, fits=())) for parts in needed]
        return tests[0] if len(tests) == 1 else Or(tuple(tests), node.span)

    def rename(self, node: FieldTest, spec: FieldSpec, type: str | None = None) -> Node:
        """The test on the column, with Elastic's meaning where the column holds another type."""
        assert spec.column is not None
        name = node.field.name
        of_field = self.pack.type(name) or ecs.types().get(name, "keyword")
        before = self.columns.get(spec.column)
        column = self.column(spec.column, type or of_field, name)
        if before and before.type != column.type and {before.type, column.type} & _OWN_SYNTAX:
            return self.unmapped(
                node, f"{name} beside {before.field}, which is in the same column,"
            )
        if type is None and column.type in INTEGERS and of_field not in INTEGERS:
            if isinstance(node, Compare | Like):
                return self.unmapped(node, f"{name}, compared as text,")
            if isinstance(node, Equals) and not _CANONICAL_INTEGER.fullmatch(node.value.name):
                message = f'{name} is an integer there, and never "{node.value.name}"'
                self.say("constant-folded", message, node.span)
                return self.constant(False, message, node.span)
        return replace(node, field=Literal(column.name, span=node.field.span))

    def part(self, node: FieldTest, spec: FieldSpec, part: Part) -> Node:
        """A test of a part of what the column holds."""
        name = node.field.name
        whole = in_whole(node, part, spec.separators)
        if whole is None:
            return self.unmapped(node, f"{name}, compared as text,")
        test, wider = whole
        if wider:
            kind = "word" if part == "word" else "part"
            message = f"{name} is looked for as a {kind} of {spec.column}"
            self.say("approximated", message, None, Effect.WIDER)

        def rename(item: Node) -> Node:
            return self.rename(item, spec) if isinstance(item, Equals | Like | Exists) else item

        return transform(test, rename)

    def column(self, name: str, type: str, field: str, predicate: bool = False) -> Column:
        """A column; letter case is ignored for what Elastic's pipeline did so, not for
        the field itself.
        """
        spec = self.destination.column(name)
        case: Case = "same" if spec.case == "ignored" and not predicate else spec.case
        if field.endswith(".caseless") and case == "same":
            case = "ignored"
        if name in self.columns and self.columns[name].case != case:
            case = "differs"  # two readings of one column
        column = Column(
            name,
            spec.type or type,
            case,
            spec.form,
            field,
            json=spec.json,
            port=spec.port,
            optional=spec.optional,
            path=spec.path,
            keys=spec.keys,
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

    def presence(self, node: FieldTest, spec: FieldSpec) -> Node:
        """Which events have the field, where that is more than a value in the column."""
        name, meaning = node.field.name, str(spec.exists)
        message = f"that {name} exists is {meaning} in {self.destination.name}"
        self.say("value-translated", message, node.span)
        of_field = self.pack.type(name) or ecs.types().get(name, "keyword")
        types = {spec.column: of_field} if spec.column else {}
        return self.parse_predicate(meaning, node.span, name, types)

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

    def parse_predicate(
        self, text: str, span: Span, field: str, types: Mapping[str, str] = MappingProxyType({})
    ) -> Node:
        """A pack's predicate, its columns known and its places those of the test it stands for.

        ``types`` are the Elasticsearch types of columns that are not keywords.
        """
        from kqlx.frontends.kql import parse

        def place(node: Node) -> Node:
            if isinstance(node, Equals | Like | Exists | Compare):
                name = node.field.name
                self.column(name, types.get(name, "keyword"), field, predicate=True)
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


def _without_reading(name: str) -> str:
    """The name of a multi-field's field; other names as they are."""
    parent, _, last = name.rpartition(".")
    return parent if last in MULTI_FIELDS else name


def _joined(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Two patterns as one, by their parts."""
    return (*first[:-1], first[-1] + second[0], *second[1:])


def _covers(pattern: Sequence[str], other: Sequence[str]) -> bool:
    """Whether another pattern only asks for more behind the star in which this one ends."""
    ends = len(pattern) > 1 and not pattern[-1]
    return ends and pattern != other and other[: len(pattern) - 1] == pattern[:-1]


def _test_of(node: FieldTest, parts: tuple[str, ...]) -> FieldTest:
    """The test whether the field fits a pattern of these parts."""
    if len(parts) == 1:
        return Equals(node.field, Literal(parts[0], True, node.span), node.span)
    return Like(node.field, Pattern(parts, node.span), node.span)
