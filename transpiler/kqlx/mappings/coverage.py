"""What the mapping packs know of the fields that rules use, and of each data source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Literal as OneOf

from kqlx.elastic.multi_fields import base_field
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.nested import field_tests, in_any_place
from kqlx.mappings.pack import Destination, Pack
from kqlx.mappings.pack_library import Packs
from kqlx.mappings.recognition import recognise
from kqlx.mappings.source_hints import own_indices
from kqlx.nodes import Node, Pattern
from kqlx.records import dataclass, field

Kind = OneOf["mapped", "folded", "none", "unmapped"]


@dataclass(frozen=True, slots=True)
class State:
    """What becomes of a field in a target.

    ``mapped``: a column or predicate stands for it; ``folded``: tests of it are true or false on
    all events, or left out; ``none``: there is no counterpart, for the ``reason``; ``unmapped``:
    the pack does not say, and ``near`` are the most similar names that it knows.
    """

    kind: Kind
    reason: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A field that rules of one data source use (None: of those where none is recognised).

    ``rules`` counts the rules; ``states`` has what becomes of it by target, and is empty without a
    data source. ``indices`` are the index patterns that those rules read.
    """

    source: str | None
    name: str
    rules: int
    states: Mapping[str, State] = field(default_factory=dict)
    indices: tuple[str, ...] = ()

    @property
    def is_unmapped(self) -> bool:
        """Whether some target lacks the field, and no pack says why."""
        return self.source is None or any(s.kind == "unmapped" for s in self.states.values())


class FieldCount:
    """Counts the fields of queries, one query after the other; ``targets`` are the names of those
    that packs have destinations in.
    """

    def __init__(self, packs: Packs, targets: Collection[str]) -> None:
        self.packs = packs
        self.targets = tuple(targets)
        self.counts: dict[tuple[str, str], int] = {}
        self.indices: dict[str, dict[str, None]] = {}

    def add(
        self,
        node: Node,
        counted: Iterable[str] = (),
        indices: Iterable[str] = (),
        integrations: Iterable[str] = (),
        source: str | None = None,
    ) -> None:
        """Counts the fields of one query, and the fields that its rule counts by.

        ``indices`` and ``integrations`` are those of the rule. ``source`` names the data source,
        else they are those that the query is about. Raises UsageError for a data source that there
        is not.
        """
        indices = tuple(indices)
        found, _ = (
            ((self.packs.get(source),), ())
            if source
            else recognise(node, indices, integrations, self.packs)
        )
        names = {*field_names(node), *counted}
        for name in [pack.source for pack in found] or [""]:
            self.indices.setdefault(name, {}).update(dict.fromkeys(own_indices(indices)))
            for field_name in names:
                key = (name, field_name)
                self.counts[key] = self.counts.get(key, 0) + 1

    def uses(self) -> tuple[FieldUse, ...]:
        """The fields, those of most rules first; those without a data source last."""
        found = []
        for (source, name), count in self.counts.items():
            states: dict[str, State] = {}
            if source:
                pack = self.packs.get(source)
                states = {t: state(pack, t, name) for t in self.targets}
            indices = tuple(self.indices[source])
            found.append(FieldUse(source or None, name, count, states, indices))
        return tuple(
            sorted(found, key=lambda u: (u.source is None, u.source or "", -u.rules, u.name))
        )


def field_names(node: Node) -> Iterator[str]:
    """The names of the fields that a query tests, those in nested groups in full."""
    for name, test in field_tests(node):
        if not (isinstance(test.field, Pattern) and test.field.is_lone_star):
            yield name


def state(pack: Pack, target: str, name: str) -> State:
    """What becomes of a field of a data source in a target."""
    if name in pack.constants:
        return State("folded", f'"{pack.constants[name]}" on every event')
    if pack.possible(name) == ():
        return State("folded", "no event has it")
    destinations = pack.targets.get(target, ())
    if not destinations:
        return State("unmapped", f"the pack has no mapping for {target}")
    told = [spec for d in destinations if (spec := _told(d, name)) is not None]
    specs = [each for spec in told for each in (*spec.alternatives, *spec.cases, spec)]
    if any(spec.column or spec.any_of or spec.value_predicates for spec in specs):
        return State("mapped")
    if any(spec.fixed is not None or spec.constant is not None for spec in specs):
        return State("folded", "the same on every event of the destination")
    if any(spec.unset for spec in specs):
        return State("folded", "no event of the destination's kind has it")
    if name in pack.always_includes:
        return State(
            "folded", f"on every event {', '.join(pack.always_includes[name])} among others"
        )
    if reasons := [spec.no_counterpart for spec in specs if spec.no_counterpart]:
        return State("none", reasons[0])
    if "*" in name:
        return State("unmapped", "a field name with a wildcard")
    return State("unmapped", near=tuple(get_close_matches(name, known_names(pack, target))))


def _told(destination: Destination, name: str) -> FieldSpec | None:
    """What the destination says of a field, as the binder looks it up."""
    return (
        destination.field(name)
        or destination.field(base_field(name))
        or destination.fields.get(in_any_place(name))
    )


def known_names(pack: Pack, target: str) -> list[str]:
    """The fields that the pack says something of, for a target."""
    names = {*pack.constants, *pack.always_includes}
    for destination in pack.targets.get(target, ()):
        names |= {*mapped_names(destination)}
    return sorted(names)


def mapped_names(destination: Destination) -> list[str]:
    """The fields that have a counterpart at a destination."""
    return [
        name
        for name, spec in destination.fields.items()
        if any(
            each.value_predicates or not (each.no_counterpart or each.unset)
            for each in (*spec.alternatives, spec)
        )
    ]


def kind(spec: FieldSpec, destination: Destination) -> str:
    """In a few words how a field is told at a destination."""
    if spec.no_counterpart and not spec.value_predicates:
        told_apart = f"; counted by {spec.counted_by}" if spec.counted_by else ""
        by_option = f"; set only with {spec.by_option}" if spec.by_option else ""
        return f"none: {spec.no_counterpart}{told_apart}{by_option}"
    if spec.unset:
        return "never set"
    if spec.fixed is not None:
        return f'"{spec.fixed}" on every event'
    if spec.constant is not None:
        return f'assumed to be "{spec.constant}"'
    column = destination.column(spec.column or (spec.any_of[0] if spec.any_of else ""))
    words = [column.type or "", "" if column.layout == "column" else column.layout]
    words += [
        f"{len(spec.values)} values translated" if spec.values else "",
        "other values refused" if spec.others == "refuse" else "",
        "predicates" if spec.value_predicates else "",
        f"other values none: {spec.no_counterpart}" if spec.no_counterpart else "",
        "set on every event" if spec.exists else "",
        "JSON as text" if column.json else "",
        "perhaps with a port" if column.port else "",
        "not in every table" if column.optional else "",
        "" if column.case == "same" else f"case {column.case}",
        "unconfirmed" if spec.column in destination.unconfirmed else "",
    ]
    return ", ".join(filter(None, words))
