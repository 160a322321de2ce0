"""Kibana KQL → the log source and detection of a Sigma rule (specification 2.1).

https://github.com/SigmaHQ/sigma-specification. A conjunction of single tests is one map;
alternatives on one field are a list; alternatives of conjunctions are selections joined by ``1
of``; negated parts are filters.

The tree is first put into tests that a selection can say (``approximate``), then laid out as
search identifiers and their condition (``search_identifiers``, ``condition``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kqlx.backends.sigma.approximate import Approximation
from kqlx.backends.sigma.condition import Condition
from kqlx.backends.sigma.detection_items import DetectionItems
from kqlx.backends.sigma.presence import asked_for, with_nulls
from kqlx.backends.sigma.yaml_style import rule_body
from kqlx.backends.target import Emission, Options
from kqlx.mappings.bound import Bound
from kqlx.nodes import Always, And, Exists, Never, Node, Not, Or, simplify, walk
from kqlx.notes import Effect

MOST_FIELDS = 3
"""So many fields are named by a note."""


def _flat(node: Node) -> Node:
    """The same with alternatives of alternatives on one level."""
    if isinstance(node, Not):
        return Not(_flat(node.item), node.span)
    if not isinstance(node, And | Or):
        return node
    items = [_flat(item) for item in node.items]
    if isinstance(node, And):
        return _joined(node, items)
    apart = [inner for n in items for inner in (n.items if isinstance(n, Or) else (n,))]
    return _joined(node, apart)


def _joined(node: And | Or, items: Sequence[Node]) -> Node:
    """The items under the node, without repetitions; one alone stands by itself."""
    once = tuple(dict.fromkeys(items))
    return once[0] if len(once) == 1 else replace(node, items=once)


def emit(bound: Bound, options: Options) -> Emission:
    """The ``logsource`` and ``detection`` of a bound tree, as YAML. Raises UnsupportedError."""
    backend, node = _approximated(bound, options)
    logsource = bound.place.get("logsource")
    if not _is_text(logsource):
        node = with_nulls(node)
    node = _flat(node)
    if (fields := asked_for(node)) and not _is_text(logsource):
        backend.note(
            "null-exists",
            Effect.WIDER,
            f"Sigma's exists also matches an event in which {_listed(fields)} is null",
        )
    detection = Condition(DetectionItems(backend)).detection(node)
    if any(isinstance(test, Exists) for test in walk(node)):
        backend.note(
            "back-end-support",
            Effect.SAME,
            "exists is refused by pySigma's EQL back end, and taken by those for Splunk, Kusto,"
            " Lucene and ES|QL",
        )
    if not isinstance(logsource, dict):
        logsource = {"product": "elastic"}
        backend.note(
            "log-source-unknown",
            Effect.SAME,
            "no log source is known, so product: elastic stands for events with ECS names",
        )
    query = rule_body(logsource, detection)
    return Emission(query, tuple(backend.finished_notes()))


def _approximated(bound: Bound, options: Options) -> tuple[Approximation, Node]:
    """The tree in tests that a selection can say, and what has made it. Raises UnsupportedError
    where nothing is left to select by, or everything.
    """
    backend = Approximation(bound, options)
    node = simplify(backend.sayable(bound.node))
    if isinstance(node, Always) and not isinstance(bound.node, Always):
        backend = Approximation(bound, options, expanding=True)
        node = simplify(backend.sayable(bound.node))
    if isinstance(node, Always):
        left_out = [note for note in backend.notes if note.effect is Effect.WIDER]
        why = left_out[0].message if left_out else "a rule needs something to select"
        of = f" of {bound.destination.name}" if bound.destination is not None else ""
        backend.refuse(None, f"a query that matches every event{of}", why)
    if isinstance(node, Never):
        backend.refuse(None, "a query that can never match", "a rule needs something to select")
    return backend, node


def _is_text(logsource: object) -> bool:
    """Whether the log is XML or lines of text, which know no null."""
    return isinstance(logsource, dict) and logsource.get("product") in ("windows", "linux")


def _listed(fields: Sequence[str]) -> str:
    shown = ", ".join(fields[:MOST_FIELDS])
    return shown if len(fields) <= MOST_FIELDS else f"{shown} or another field"
