"""Tree in Elastic's names → tree in the names of a destination, with constants folded and values
translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal as OneOf

from kqlx.errors import MappingError
from kqlx.mappings import ecs
from kqlx.mappings.pack import (
    Case,
    ColumnSpec,
    Destination,
    FieldSpec,
    Form,
    Pack,
    builtin,
    sources,
)
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
    Or,
    Pattern,
    Span,
    simplify,
    transform,
)
from kqlx.notes import Effect, Note, worst

Unmapped = OneOf["error", "keep"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the target, as a test of the bound tree names it.

    ``type`` is the Elasticsearch type of its values; ``case`` and ``form`` as in ColumnSpec;
    ``field`` the Elastic field that it stands for.
    """

    name: str
    type: str = "keyword"
    case: Case = "same"
    form: Form = "column"
    field: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """A tree whose fields are columns of one destination, or, without a place, still Elastic's."""

    node: Node
    columns: Mapping[str, Column] = field(default_factory=dict)
    place: Mapping[str, object] = field(default_factory=dict)
    source: str | None = None
    notes: tuple[Note, ...] = ()

    def column(self, name: str) -> Column:
        """The column of this name; one that is not described has the type that ECS gives it."""
        found = self.columns.get(name)
        return found or Column(name, ecs.types().get(name, "keyword"), field=name)


def recognise(node: Node, indices: Iterable[str] = ()) -> Pack | None:
    """The pack of the data source that a query asserts, else of the index patterns that the rule
    reads.

    None where nothing or more than one is recognised.
    """
    asserted = asserted_values(node)
    packs = [builtin(source) for source in sources()]
    for found in (
        [
            p
            for p in packs
            if any(_within(asserted.get(f), v) for f, v in p.recognise_fields.items())
        ],
        [p for p in packs if _reads_only(indices, p.recognise_indices)],
    ):
        if len(found) == 1:
            return found[0]
    return None


def asserted_values(node: Node) -> dict[str, frozenset[str]]:
    """By field the values of which every matching event has one, as far as the top of the tree says
    so.
    """
    if isinstance(node, Equals):
        return {node.field.name: frozenset({node.value.name})}
    if isinstance(node, Or):
        tests = [item for item in node.items if isinstance(item, Equals)]
        names = {test.field.name for test in tests}
        if len(tests) == len(node.items) and len(names) == 1:
            return {names.pop(): frozenset(test.value.name for test in tests)}
    asserted: dict[str, frozenset[str]] = {}
    if isinstance(node, And):
        for item in node.items:
            for name, values in asserted_values(item).items():
                asserted[name] = asserted[name] & values if name in asserted else values
    return asserted


def _within(values: frozenset[str] | None, allowed: Iterable[str]) -> bool:
    return bool(values) and values is not None and values <= frozenset(allowed)


def _reads_only(indices: Iterable[str], known: Sequence[str]) -> bool:
    """Whether one of the index patterns is the source's own. Patterns of shippers (filebeat-*) say
    nothing.
    """
    own = [index for index in indices if not re.match(r"(file|win|audit|packet)beat-\*$", index)]
    return bool(own) and all(
        any(fnmatchcase(index, k) or index == k for k in known) for index in own
    )


def bind(node: Node, pack: Pack, target: str, unmapped: Unmapped = "error") -> Bound:
    """Binds a tree to the destination of the pack that suits it best.

    That is the first one, of those whose ``when`` the query asserts, else of those without, that
    has every field; else the one that has the most. Raises MappingError where a field or value has
    no counterpart and ``unmapped`` is "error", and where the query can match nothing there.
    """
    destinations = pack.targets.get(target, ())
    if not destinations:
        raise MappingError(
            f"the data source {pack.source} has no mapping for {target}",
            hint="--source none keeps Elastic's field names",
        )
    asserted = asserted_values(node)
    chosen = [d for d in destinations if d.when and _all_within(asserted, d.when)]
    passed_over: list[Note] = []
    attempts: list[Bound] = []
    for destination in chosen + [d for d in destinations if not d.when]:
        attempt = _Binder(pack, destination).bind(node)
        attempts.append(attempt)
        missing = [n for n in attempt.notes if n.effect is Effect.UNMAPPED]
        if not missing:
            return replace(attempt, notes=(*attempt.notes, *passed_over))
        passed_over.append(
            Note(
                "place-chosen",
                Effect.SAME,
                f"{destination.name} was passed over: {missing[0].message}",
                missing[0].span,
            )
        )
    best = min(attempts, key=lambda a: sum(n.effect is Effect.UNMAPPED for n in a.notes))
    missing = [note for note in best.notes if note.effect is Effect.UNMAPPED]
    if unmapped == "error":
        raise MappingError(
            "; ".join(note.message for note in missing),
            notes=best.notes,
            hint="--unmapped keep leaves Elastic's name there; --source none keeps all names",
        )
    return best


def _all_within(asserted: Mapping[str, frozenset[str]], when: Mapping[str, Sequence[str]]) -> bool:
    return all(_within(asserted.get(name), values) for name, values in when.items())


def unbound(node: Node, source: str | None) -> Bound:
    """A tree that keeps Elastic's names, because the user says so or nothing was recognised."""
    if source == "none":
        return Bound(node, source=source)
    note = Note(
        "no-data-source",
        Effect.UNMAPPED,
        "no data source was recognised, so Elastic's field names stay as they are",
        hint="name it with --source, or say --source none if the target holds ECS names",
    )
    return Bound(node, notes=(note,))


class _Binder:
    """One attempt: one tree, one destination."""

    def __init__(self, pack: Pack, destination: Destination) -> None:
        self.pack = pack
        self.destination = destination
        self.columns: dict[str, Column] = {}
        self.notes: list[Note] = [
            Note(note.code, note.effect, note.message, hint=note.hint) for note in destination.notes
        ]

    def bind(self, node: Node) -> Bound:
        bound = simplify(transform(node, self.leaf))
        if isinstance(bound, Never) and worst(self.notes) is not Effect.UNMAPPED:
            reasons = [n.message for n in self.notes if n.code == "constant-folded"]
            raise MappingError(
                f"this rule can never match in {self.destination.name}: {'; '.join(reasons)}",
                notes=tuple(self.notes),
            )
        return Bound(
            bound, self.columns, self.destination.place, self.pack.source, tuple(self.notes)
        )

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
        if isinstance(node, Equals | Like | Exists):
            for value in self.pack.always.get(name, ()):
                if holds(node, value):
                    return self.fold(node, value, self.pack.title)
        spec = self.destination.fields.get(name)
        if spec is None:
            return self.unmapped(node, name)
        if spec.none:
            return self.unmapped(node, name, spec.none)
        if spec.constant is not None:
            return self.fold(node, spec.constant, self.destination.name, "is taken to be")
        if spec.where:
            return self.predicate(node, spec)
        if spec.values:
            return self.translate(node, spec)
        return self.rename(node, spec)

    def rename(self, node: FieldTest, spec: FieldSpec, type: str | None = None) -> FieldTest:
        assert spec.column is not None
        name = node.field.name
        of_field = self.pack.types.get(name) or ecs.types().get(name, "keyword")
        column = self.column(spec.column, type or of_field, name)
        return replace(node, field=Literal(column.name, span=node.field.span))

    def column(self, name: str, type: str, field: str) -> Column:
        spec = self.destination.columns.get(name, ColumnSpec())
        column = Column(name, spec.type or type, spec.case, spec.form, field)
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
            return self.rename(node, spec, type)
        if isinstance(node, Compare):
            return self.unmapped(node, f"{name}, compared as text,")
        known = [value for value in spec.values if holds(node, value)]
        tests: list[Node] = []
        for value in known:
            literal = Literal(str(spec.values[value]), True, node.span)
            test = self.rename(Equals(node.field, literal, node.span), spec, type)
            tests.append(test)
            there = f"{test.field.name} {spec.values[value]} in {self.destination.name}"
            self.say("value-translated", f'{name} "{value}" is {there}', node.span)
        if spec.others == "keep" and (not known or isinstance(node, Like)):
            tests.append(self.rename(node, spec, type))
        if not tests:
            value = node.value.name if isinstance(node, Equals) else node.pattern.name
            return self.unmapped(node, f'the value "{value}" of {name}')
        return tests[0] if len(tests) == 1 else Or(tuple(tests), node.span)

    def predicate(self, node: FieldTest, spec: FieldSpec) -> Node:
        name = node.field.name
        if isinstance(node, Exists) and spec.exists:
            self.say(
                "constant-folded", f"{name} is set on every event of {self.pack.title}", node.span
            )
            return Always(node.span)
        if isinstance(node, Exists | Compare):
            return self.unmapped(node, name)
        known = [value for value in spec.where if holds(node, value)]
        if not known:
            value = node.value.name if isinstance(node, Equals) else node.pattern.name
            return self.unmapped(node, f'the value "{value}" of {name}')
        items: list[Node] = []
        for value in known:
            self.say(
                "value-translated",
                f'{name} "{value}" is {spec.where[value]} in {self.destination.name}',
                node.span,
            )
            items.append(self.parse_predicate(spec.where[value], node.span, name))
        return items[0] if len(items) == 1 else Or(tuple(items), node.span)

    def parse_predicate(self, text: str, span: Span, field: str) -> Node:
        """A pack's predicate, its columns made known and its places those of the test that it
        stands for.
        """
        from kqlx.frontends.kql import parse

        def place(node: Node) -> Node:
            if isinstance(node, Equals | Like | Exists | Compare):
                self.column(node.field.name, "keyword", field)
            return replace(node, span=span)

        node = transform(parse(text), place)
        return replace(node, span=span)

    def fold(self, node: FieldTest, value: str, where: str, how: str = "is") -> Node:
        true = holds(node, value)
        name = node.field.name
        end = "" if true else ", so this never holds"
        self.say(
            "constant-folded", f'{name} {how} "{value}" on every event of {where}{end}', node.span
        )
        return Always(node.span) if true else Never(node.span)

    def unmapped(self, node: Node, what: str, why: str = "") -> Node:
        reason = f": {why}" if why else ""
        message = f"{what} has no counterpart in {self.destination.name}{reason}"
        self.notes.append(Note("unmapped-field", Effect.UNMAPPED, message, node.span))
        return node

    def say(self, code: str, message: str, span: Span | None) -> None:
        self.notes.append(Note(code, Effect.SAME, message, span))


def holds(test: FieldTest, value: str) -> bool:
    """Whether a keyword field with this one value meets the test."""
    match test:
        case Equals():
            return test.value.name == value
        case Like():
            pattern = ".*".join(map(re.escape, test.pattern.parts))
            return re.fullmatch(pattern, value, re.DOTALL) is not None
        case Exists():
            return True
        case Compare():
            ours, theirs = value.encode(), test.value.name.encode()
            return {
                "gt": ours > theirs,
                "gte": ours >= theirs,
                "lt": ours < theirs,
                "lte": ours <= theirs,
            }[test.op]
