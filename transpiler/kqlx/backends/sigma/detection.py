"""Kibana KQL → the log source and detection of a Sigma rule (specification 2.1).

https://github.com/SigmaHQ/sigma-specification. A conjunction of single tests is one map;
alternatives on one field are a list; alternatives of conjunctions are selections joined by ``1
of``; negated parts are filters.

The tree is first put into tests that a selection can say (``approximate``), then laid out as
search identifiers and their condition (``search_identifiers``, ``condition``).
"""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.backends.comments import comment_lines, comments_of
from kqlx.backends.contained_tests import without_contained
from kqlx.backends.plain_groups import plain_groups
from kqlx.backends.sigma.approximate import Approximation
from kqlx.backends.sigma.condition import Condition
from kqlx.backends.sigma.detection_items import DetectionItems
from kqlx.backends.sigma.presence import asked_for, with_nulls
from kqlx.backends.sigma.sequence import kept_sources, with_values
from kqlx.backends.sigma.yaml_style import COMMENT, rule_body
from kqlx.backends.target import Emission, Options, Plan, PlannedSource
from kqlx.mappings.bound import Bound
from kqlx.nodes import (
    Always,
    And,
    Equals,
    Exists,
    Like,
    Literal,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    all_of,
    any_of,
    conjuncts,
    kinds_of,
    simplify,
    with_items,
)
from kqlx.notes import Effect
from kqlx.records import replace
from kqlx.rules.forms import form_of
from kqlx.rules.query_only_notes import rule_type_notes
from kqlx.rules.threshold import Threshold

_GROUPS = (And, Or, Not)

MOST_FIELDS = 3
"""So many fields are named by a note."""


def _flat(node: Node) -> Node:
    """The same with alternatives of alternatives on one level."""
    if isinstance(node, Not):
        return Not(_flat(node.item), node.span)
    if not isinstance(node, And | Or):
        return node
    items = [_flat(item) if isinstance(item, _GROUPS) else item for item in node.items]
    if isinstance(node, And):
        return _joined(node, items)
    apart = [inner for n in items for inner in (n.items if isinstance(n, Or) else (n,))]
    joined = _joined(node, apart)
    return _factored(joined) if isinstance(joined, Or) else joined


MOST_ALTERNATIVES = 50
"""So many groups are looked through for what all of them ask."""


def _factored(node: Or) -> Node:
    """``a and b or a and c`` → ``a and (b or c)``, so that one selection has what all ask."""
    groups = [conjuncts(item) for item in node.items[: MOST_ALTERNATIVES + 1]]
    if len(groups) > MOST_ALTERNATIVES or not all(len(group) > 1 for group in groups):
        return node
    common = [test for test in groups[0] if all(test in group for group in groups[1:])]
    if not common:
        return node
    rests = [all_of([test for test in group if test not in common]) for group in groups]
    if any(isinstance(rest, Always) for rest in rests):
        return all_of(common, node.span)
    alternatives = _flat(any_of(list(dict.fromkeys(rests)), node.span))
    return And((*common, *conjuncts(alternatives)), node.span)


def _joined(node: And | Or, items: Sequence[Node]) -> Node:
    """The items under the node, without repetitions; one alone stands by itself."""
    found: dict[object, Node] = {}
    for item in items:
        found.setdefault(_key(item), item)
    once = tuple(found.values())
    return once[0] if len(once) == 1 else with_items(node, once)


def _key(node: Node) -> object:
    """What is equal for equal nodes; of a value of a field, as in long lists, quickly hashed."""
    if isinstance(node, Like) and isinstance(node.field, Literal):
        return node.field.name, node.pattern.tokens, node.case
    if not isinstance(node, Equals) or isinstance(node.field, Pattern):
        return node
    value = node.value
    return node.field.name, value.value, value.phrase, value.kind, node.case


def emit(plan: Plan) -> Emission:
    """The ``logsource`` and ``detection`` of each source, as YAML. Raises UnsupportedError."""
    sources: list[tuple[PlannedSource, list[str]]] = [(source, []) for source in plan.sources]
    if plan.events is not None:
        sources = kept_sources(plan.events)
    each = [_rule_body(replace(plan, sources=(source,)), needed) for source, needed in sources]
    bodies = tuple(body for body, _ in each)
    notes = tuple(note for _, made in each for note in made.finished_notes())
    pieces = tuple(piece for _, made in each for piece in made.pieces)
    # What a threshold rule counts, and what a sequence is, stands in documents beside it.
    grouped = plan.events is not None or isinstance(form_of(plan.rule), Threshold)
    counts = plan.format == "rule" and grouped
    return Emission("\n---\n".join(bodies), notes, counts, by_source=bodies, pieces=pieces)


def _rule_body(plan: Plan, needed: list[str]) -> tuple[str, Approximation]:
    """One of them, with comments on what is left out, and what has its notes and pieces. Its events
    have a value of the columns that are ``needed``.
    """
    (source,) = plan.sources
    bound, options, rule = source.bound, source.options, plan.rule
    if needed:
        bound = replace(bound, node=with_values(bound, needed))
    backend, node = _approximated(bound, options)
    logsource = bound.place.get("logsource")
    asks_for_existence = Exists in kinds_of(node)
    if asks_for_existence and not _is_text(logsource):
        node = with_nulls(node)
    node = without_contained(_flat(plain_groups(node)), backend.compares_whole)
    fields = asked_for(node) if asks_for_existence else []
    if fields and not _is_text(logsource):
        backend.note(
            "null-exists",
            Effect.WIDER,
            f"Sigma's exists also matches an event in which {_listed(fields)} is null",
        )
    detection = Condition(DetectionItems(backend)).detection(node)
    if asks_for_existence and Exists in kinds_of(node):
        backend.note(
            "back-end-support",
            Effect.SAME,
            "exists is supported by pySigma's back ends for Splunk, Kusto, Lucene and ES|QL, not by"
            " the one for EQL",
        )
    if not isinstance(logsource, dict):
        logsource = {"product": "elastic"}
        backend.note(
            "log-source-unknown",
            Effect.SAME,
            "log source not known; product: elastic stands for events with ECS names",
        )
    # A whole rule says in its description what the rule's type is.
    of_type = [note.message for note in rule_type_notes(rule)] if options.format == "query" else []
    comments = comment_lines(COMMENT, [*of_type, *comments_of(plan)])
    return rule_body(logsource, detection, comments), backend


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
        backend.refuse(
            None, f"a query that matches every event{of}", why, code="matches-every-event"
        )
    if isinstance(node, Never):
        backend.refuse(
            None,
            "a query that can never match",
            "a rule needs something to select",
            code="matches-no-event",
        )
    return backend, node


def _is_text(logsource: object) -> bool:
    """Whether the log is XML or lines of text, which know no null."""
    return isinstance(logsource, dict) and logsource.get("product") in ("windows", "linux")


def _listed(fields: Sequence[str]) -> str:
    shown = ", ".join(fields[:MOST_FIELDS])
    return shown if len(fields) <= MOST_FIELDS else f"{shown} or another field"
