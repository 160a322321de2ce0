"""Which data sources a query or a rule is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from kqlx.mappings.library import Packs
from kqlx.mappings.pack import FieldSpec, Marks, Pack, When
from kqlx.nodes import And, Compare, Equals, Exists, Like, Nested, Node, Or, Pattern
from kqlx.notes import Effect, Note

# Patterns of the shippers say nothing of the data source, nor do those of everything.
_BROAD = re.compile(
    r"(?:(?:file|winlog|audit|packet|heart|metric)beat-|logs-?|apm-|traces-|\.alerts-.*)?\*.*"
)

_DATA_STREAM = re.compile(r"logs-\w+\.")
"""Indices of one of Elastic's integrations. Others may be aliases, or a retired product's."""

_NAMING = {"event.dataset", "data_stream.dataset", "event.module"}
"""Fields that name a data source, if one of which there is no mapping."""


def recognise(
    node: Node,
    indices: Iterable[str] = (),
    integrations: Iterable[str] = (),
    packs: Packs | None = None,
) -> tuple[tuple[Pack, ...], tuple[Note, ...]]:
    """The packs of the sources that a query names by what it asserts: values, or fields that one
    source alone has; else of the index patterns that the rule reads; with a note on those values
    and patterns for which there is no pack; else of the integrations that it is tagged with
    (``aws``, ``aws.cloudtrail``); else those whose kind of events it asks for, with a note that
    this is an assumption.

    ``packs`` are those to choose among, by default those of this package.
    """
    packs = packs or Packs()
    marks = packs.marks()
    asserted, own = asserted_values(node), own_indices(indices)
    notes: tuple[Note, ...] = ()
    named = [s for s, m in marks.items() if any(_meets(asserted, *f) for f in m.fields.items())]
    if named:
        others = _others(asserted, [packs.get(source) for source in named])
        notes = (_left_out(others, "asks for"),) if others else ()
    else:
        named = [s for s, m in marks.items() if m.own and asserts_field(node, m.own)]
    if not named and own:
        named = [s for s, m in marks.items() if any(_overlap(index, m) for index in own)]
        unknown = [index for index in own if not any(_overlap(index, marks[s]) for s in named)]
        if named and unknown:
            lost = any(_DATA_STREAM.match(index) for index in unknown)
            effect = Effect.NARROWER if lost else Effect.SAME
            notes = (_left_out(unknown, "reads", effect),)
    elif not named:
        tags = (*integrations,)
        named = [s for s in marks if any(s == tag or s.startswith(f"{tag}.") for tag in tags)]
        if not named and not tags and not asserted.keys() & _NAMING:
            named = [s for s, m in marks.items() if asserts(asserted, m.assumed)]
        if named:
            notes = (_assumed(named, tags),)
    return tuple(packs.get(source) for source in named), notes


def _others(asserted: Mapping[str, frozenset[str]], packs: Iterable[Pack]) -> list[str]:
    """What the query names beside the sources of these packs."""
    found: dict[str, None] = {}
    for name in sorted(asserted.keys() & _NAMING):
        known: set[str] = set()
        for pack in packs:
            known |= {pack.constants.get(name, ""), *pack.always.get(name, ())}
            known |= {*(pack.possible(name) or ()), *pack.recognise.fields.get(name, ())}
        found |= dict.fromkeys(sorted(asserted[name] - known))
    return list(found)


def _left_out(names: Iterable[str], verb: str, effect: Effect = Effect.NARROWER) -> Note:
    message = f"there is no mapping for {', '.join(names)}, which the rule {verb} too"
    return Note("source-left-out", effect, message)


def _assumed(sources: Iterable[str], tags: Iterable[str]) -> Note:
    why = f"but the integration ({', '.join(tags)})" if tags else "but the kind of events"
    message = f"nothing names the data source {why}; taken to be {', '.join(sources)}"
    return Note("source-assumed", Effect.SAME, message, hint="name another with --source")


def own_indices(indices: Iterable[str]) -> list[str]:
    """The index patterns that say something of the data source."""
    # Behind a cluster's name; a pattern that begins with a hyphen takes indices away.
    bare = [index.rpartition(":")[2] for index in indices if not index.startswith("-")]
    return [index for index in bare if not _BROAD.fullmatch(index)]


def asserted_values(node: Node) -> dict[str, frozenset[str]]:
    """By field the values of which every matching event has one, as far as the query says."""
    if isinstance(node, Equals):
        return {node.field.name: frozenset({node.value.name})}
    asserted: dict[str, frozenset[str]] = {}
    if isinstance(node, Or):
        each = [asserted_values(item) for item in node.items]
        for name in each[0]:
            if all(name in one for one in each):
                asserted[name] = frozenset().union(*[one[name] for one in each])
    if isinstance(node, And):
        for item in node.items:
            for name, values in asserted_values(item).items():
                asserted[name] = asserted[name] & values if name in asserted else values
    return asserted


def asserts_field(node: Node, names: Iterable[str]) -> bool:
    """Whether every matching event has one of these fields, as far as the query says. A name that
    ends in a star stands for all that begin so.
    """
    match node:
        case Equals() | Like() | Exists() | Compare():
            return not isinstance(node.field, Pattern) and _is_one(node.field.name, names)
        case Nested():
            return _is_one(node.path.name, names)
        case And():
            return any(asserts_field(item, names) for item in node.items)
        case Or():
            return all(asserts_field(item, names) for item in node.items)
        case _:
            return False


def _is_one(name: str, names: Iterable[str]) -> bool:
    return any(name == one or (one[-1] == "*" and name.startswith(one[:-1])) for one in names)


def implied_values(pack: Pack, indices: Iterable[str]) -> dict[str, str]:
    """Values that all events have in the index patterns of the pack that a rule reads."""
    marks = pack.recognise
    read = [index for index in own_indices(indices) if _overlap(index, marks)]
    each = [
        values
        for index in read
        for values in [
            next((v for known, v in marks.implied.items() if fnmatchcase(index, known)), {})
        ]
    ]
    if not each:
        return {}
    return {
        name: value
        for name, value in each[0].items()
        if all(one.get(name) == value for one in each)
    }


def asserts(asserted: Mapping[str, frozenset[str]], whens: Iterable[When]) -> bool:
    """Whether the query asserts, for each field of one of these, one of the allowed values."""
    return any(
        all(
            asserted.get(field) and asserted[field] <= frozenset(values)
            for field, values in w.items()
        )
        for w in whens
    )


def counts(asserted: Mapping[str, frozenset[str]], spec: FieldSpec) -> bool:
    """Whether one of a list of mappings of a field is for the query: it asserts what its ``when``
    says, or of a field of its ``unless`` other values alone.
    """
    apart = spec.unless.items()
    return asserts(asserted, spec.when) or any(
        asserted.get(field) and asserted[field].isdisjoint(values) for field, values in apart
    )


def _meets(asserted: Mapping[str, frozenset[str]], field: str, values: Iterable[str]) -> bool:
    """Whether the query asserts a value of these, perhaps beside others."""
    return bool(asserted.get(field, frozenset()) & frozenset(values))


def _overlap(index: str, marks: Marks) -> bool:
    """Whether a rule's pattern names indices of the data source."""
    return any(fnmatchcase(index, known) or fnmatchcase(known, index) for known in marks.indices)
