"""What stands beside a rule's query and decides with it: filters and exceptions.

Filters are as Kibana's package ``kbn-es-query`` reads them: one that is disabled is none, one that
is negated excludes, a combined one holds others. Exceptions exclude what meets all entries of one
of them (https://www.elastic.co/docs/solutions/security/detect-and-alert/rule-exceptions). What the
tree cannot say is left out so that the result finds more than the rule, never less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kqlx.elastic import ecs
from kqlx.nodes import Always, And, Node, Not, simplify
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, field, replace
from kqlx.rules.kibana_objects import list_key
from kqlx.rules.model import Rule
from kqlx.sequences import EventQuery, Sample, Sequence, Step


@dataclass(frozen=True, slots=True)
class Condition:
    """A clause of Query DSL that events must meet, or must not where it is negated.

    ``kind`` and ``name`` are how messages call it: filter 2, exception "scanners".
    """

    clause: Mapping[str, Any]
    negated: bool
    kind: str
    name: str


@dataclass(slots=True)
class RuleConditions:
    """The conditions beside a query, and notes on what is none of them."""

    conditions: list[Condition] = field(default_factory=list)
    notes: _Notes = field(default_factory=lambda: _Notes())

    def wrap_query(self, query: dict[str, Any]) -> dict[str, Any]:
        """A query in Query DSL together with the conditions, as Kibana joins them."""
        if not self.conditions:
            return query
        needed = [item.clause for item in self.conditions if not item.negated]
        excluded = [item.clause for item in self.conditions if item.negated]
        group: dict[str, Any] = {"filter": [query, *needed]}
        return {"bool": {**group, "must_not": excluded} if excluded else group}


def conditions_of(rule: Rule) -> RuleConditions:
    """The conditions of a rule, exactly, and notes on what cannot be one."""
    found = RuleConditions()
    filters = rule.data.get("filters") or []
    for number, item in enumerate(filters if isinstance(filters, list) else [filters], 1):
        _add_filter(found, item, str(number))
    for entry in rule.exception_lists:
        items = rule.exceptions.get(list_key(entry))
        if items is None:
            name = f'"{entry.get("list_id", "?")}"'
            why = "the file does not hold its items"
            found.notes.note("filters-left-out", Effect.WIDER, "exception list", name, _LEFT, why)
        for item in items or ():
            _add_exception(found, item)
    return found


def with_conditions(
    query: Node, rule: Rule, types: Mapping[str, str] | None = None
) -> tuple[Node, tuple[Note, ...]]:
    """The tree of a rule's query and of the conditions beside it, and notes on these. ``types`` are
    the Elasticsearch types of fields, by default those of ECS.

    It matches all that the rule matches.
    """
    found = conditions_of(rule)
    if found.conditions and types is None:
        types = ecs.types()
    nodes = [_node(item, found.notes, types or {}) for item in found.conditions]
    items = [node for node in nodes if not isinstance(node, Always)]
    if items:
        own = query.items if isinstance(query, And) else (query,)
        query = And((*own, *items))
    return query, found.notes.made()


def with_conditions_on_events(
    query: EventQuery, rule: Rule, types: Mapping[str, str] | None = None
) -> tuple[EventQuery, tuple[Note, ...]]:
    """What a rule's query asks together with the conditions beside it, which hold for each event by
    itself, and notes on these. ``types`` as for ``with_conditions``.
    """
    asked = query.asked
    if not isinstance(asked, Sequence | Sample):
        node, notes = with_conditions(asked, rule, types)
        return replace(query, asked=node), notes
    _, notes = with_conditions(Always(), rule, types)

    def joined(step: Step) -> Step:
        return replace(step, condition=with_conditions(step.condition, rule, types)[0])

    steps = tuple(map(joined, asked.steps))
    if isinstance(asked, Sample):
        return replace(query, asked=replace(asked, steps=steps)), notes
    until = joined(asked.until) if asked.until is not None else None
    return replace(query, asked=replace(asked, steps=steps, until=until)), notes


_LEFT = "is not converted"
_IN_PART = "is converted in part"


def _node(item: Condition, notes: _Notes, types: Mapping[str, str]) -> Node:
    from kqlx.frontends.query_dsl import reader as query_dsl

    reading = query_dsl.read(item.clause, types, ecs.arrays(), wider=not item.negated)
    node = simplify(Not(reading.node)) if item.negated else reading.node
    nothing = isinstance(node, Always)
    for remark in reading.remarks:
        how = _LEFT if nothing else _IN_PART
        notes.note("filters-left-out", Effect.WIDER, item.kind, item.name, how, remark.reason)
    if not nothing:
        notes.note("filters-applied", Effect.SAME, item.kind, item.name, "is in the result")
    return node


def _add_filter(found: RuleConditions, item: Any, name: str) -> None:
    meta = item.get("meta") if isinstance(item, dict) else None
    meta = meta if isinstance(meta, dict) else {}
    if meta.get("alias"):
        name = f'{name} "{meta["alias"]}"'
    if meta.get("disabled"):
        how = "is disabled in the rule, and left out"
        found.notes.note("filters-disabled", Effect.SAME, "filter", name, how)
        return
    clause = _clause(item)
    negated = meta.get("negate", False)
    if clause is None or not isinstance(negated, bool):
        why = "it has no query" if clause is None else "meta.negate is neither true nor false"
        found.notes.note("filters-left-out", Effect.WIDER, "filter", name, _LEFT, why)
        return
    found.conditions.append(Condition(clause, negated, "filter", name))


def _clause(item: Any) -> Mapping[str, Any] | None:
    """The clause of a filter, negation left aside, or None where it has none. Older filters have it
    beside ``meta`` instead of under ``query``.
    """
    if not isinstance(item, dict):
        return None
    meta = item.get("meta")
    if isinstance(meta, dict) and meta.get("type") == "combined":
        return _combined(meta)
    clause = item.get("query") or {k: v for k, v in item.items() if k not in ("meta", "$state")}
    if not isinstance(clause, dict) or not clause.get(next(iter(clause), "")):
        return clause if clause in ({"match_all": {}}, {"match_none": {}}) else None
    match = clause.get("match")
    if isinstance(match, dict) and len(match) == 1:
        ((name, options),) = match.items()
        if isinstance(options, dict) and options.get("type") == "phrase":
            rest = {key: value for key, value in options.items() if key != "type"}
            return {"match_phrase": {name: rest}}
    return clause


def _combined(meta: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A filter of filters. Of alternatives one that is disabled lets everything pass."""
    groups: list[dict[str, Any]] = []
    params = meta.get("params")
    for param in params if isinstance(params, list) else [None]:
        inner = param.get("meta") if isinstance(param, dict) else None
        inner = inner if isinstance(inner, dict) else {}
        clause = _clause(param)
        negated = inner.get("negate", False)
        if inner.get("disabled"):
            groups.append({"match_all": {}})
        elif clause is None or not isinstance(negated, bool):
            return None
        else:
            groups.append({"bool": {"must_not" if negated else "filter": [clause]}})
    if meta.get("relation") == "AND":
        return {"bool": {"filter": groups}}
    return {"bool": {"should": groups, "minimum_should_match": 1}}


def _add_exception(found: RuleConditions, item: Mapping[str, Any]) -> None:
    from kqlx.rules.exceptions import NotConverted, clause_of

    name = f'"{item.get("name") or item.get("item_id") or "?"}"'
    try:
        clause = clause_of(item)
    except NotConverted as error:
        found.notes.note("filters-left-out", Effect.WIDER, "exception", name, _LEFT, str(error))
        return
    found.conditions.append(Condition(clause, True, "exception", name))


class _Notes:
    """Notes on several things, those that say the same joined to one."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, Effect, str, str, str], list[str]] = {}

    def note(
        self, code: str, effect: Effect, kind: str, name: str, how: str, why: str = ""
    ) -> None:
        self.names.setdefault((code, effect, kind, how, why), []).append(name)

    def made(self) -> tuple[Note, ...]:
        return tuple(self._made())

    def _made(self) -> Iterator[Note]:
        for (code, effect, kind, how, why), names in self.names.items():
            if len(names) > 1:
                kind = f"{kind}s"
                how = how.replace("is ", "are ", 1)
            listed = ", ".join(dict.fromkeys(names))
            yield Note(code, effect, f"{kind} {listed} {how}{f': {why}' if why else ''}")
