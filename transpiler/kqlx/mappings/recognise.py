"""Which data sources a query or a rule is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from kqlx.mappings.library import Packs
from kqlx.mappings.pack import FieldSpec, Marks, Pack, When
from kqlx.nodes import And, Equals, Node, Or
from kqlx.notes import Effect, Note

# Patterns of the shippers say nothing of the data source, nor do those of everything.
_BROAD = re.compile(
    r"(?:(?:file|win|audit|packet|heart|metric)beat-|logs-?|apm-|traces-|\.alerts-.*)?\*.*"
)


def recognise(
    node: Node, indices: Iterable[str] = (), packs: Packs | None = None
) -> tuple[tuple[Pack, ...], tuple[Note, ...]]:
    """The packs of the sources that a query asserts, else of the index patterns that the rule
    reads; with a note on the patterns for which there is none.

    ``packs`` are those to choose among, by default those of this package.
    """
    packs = packs or Packs()
    marks = packs.marks()
    asserted = asserted_values(node)
    named = [s for s, m in marks.items() if any(_meets(asserted, *f) for f in m.fields.items())]
    if named:
        return tuple(packs.get(source) for source in named), ()
    own = own_indices(indices)
    found = [s for s, m in marks.items() if any(_overlap(index, m) for index in own)]
    unknown = [index for index in own if not any(_overlap(index, marks[s]) for s in found)]
    notes: tuple[Note, ...] = ()
    if found and unknown:
        message = f"there is no mapping for {', '.join(unknown)}, which the rule reads too"
        notes = (Note("source-left-out", Effect.SAME, message),)
    return tuple(packs.get(source) for source in found), notes


def own_indices(indices: Iterable[str]) -> list[str]:
    """The index patterns that say something of the data source."""
    return [index for index in indices if not _BROAD.fullmatch(index)]


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


def implied_values(pack: Pack, indices: Iterable[str]) -> dict[str, str]:
    """Values that all events have in the index patterns of the pack that a rule reads."""
    marks = pack.recognise
    read = [index for index in indices if _overlap(index, marks)]
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
    return not _BROAD.fullmatch(index) and any(
        fnmatchcase(index, known) or fnmatchcase(known, index) for known in marks.indices
    )
