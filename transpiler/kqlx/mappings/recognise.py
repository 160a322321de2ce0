"""Which data source a query or a rule is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from kqlx.mappings.pack import Pack, builtin, sources
from kqlx.nodes import And, Equals, Node, Or

# The shippers' own patterns say nothing of the data source.
_SHIPPERS = re.compile(r"(?:file|win|audit|packet|heart|metric)beat-\*")


def recognise(node: Node, indices: Iterable[str] = ()) -> Pack | None:
    """The pack of the source that a query asserts, else of the index patterns that the rule reads.

    None where nothing or more than one is recognised.
    """
    asserted = asserted_values(node)
    packs = [builtin(source) for source in sources()]
    for found in (
        [p for p in packs if any(within(asserted, f, v) for f, v in p.recognise_fields.items())],
        [p for p in packs if _reads_only(indices, p.recognise_indices)],
    ):
        if len(found) == 1:
            return found[0]
    return None


def asserted_values(node: Node) -> dict[str, frozenset[str]]:
    """By field the values of which every matching event has one, as far as the top of
    the tree says.
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


def within(asserted: dict[str, frozenset[str]], field: str, allowed: Iterable[str]) -> bool:
    """Whether the query asserts one of the allowed values of the field."""
    values = asserted.get(field)
    return bool(values) and values is not None and values <= frozenset(allowed)


def _reads_only(indices: Iterable[str], known: Sequence[str]) -> bool:
    own = [index for index in indices if not _SHIPPERS.fullmatch(index)]
    return bool(own) and all(any(fnmatchcase(index, pattern) for pattern in known) for index in own)
