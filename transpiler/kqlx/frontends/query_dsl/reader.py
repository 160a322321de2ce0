"""A clause of Elasticsearch's Query DSL → tree: what filters beside a query are written in.

What the tree cannot say is never guessed. The caller says on which side the result may err: as one
that matches *more* events than the clause (what stands for a part that cannot be said is then
``Always``), or as one that matches *fewer* (``Never``), which is what a clause under a negation
needs. Remarks tell where that was made use of, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import combinations
from math import comb
from typing import Any

from kqlx.frontends.query_dsl.field_clauses import FieldClauses
from kqlx.frontends.query_dsl.fields import Fields
from kqlx.frontends.query_dsl.values import (
    Inexpressible,
    clauses,
    minimum,
    refuse,
)
from kqlx.nodes import (
    Always,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    all_of,
    any_of,
    simplify,
)
from kqlx.records import dataclass, field

_MOST = 100  # levels, and groups that a minimum of matches is spelled out as


@dataclass(frozen=True, slots=True)
class Remark:
    """Where the tree is not the clause but errs on its side, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A tree and the remarks on it, each once; it means what the clause means if there are none."""

    node: Node
    remarks: tuple[Remark, ...]


def read(
    clause: Any,
    types: Mapping[str, str],
    arrays: Collection[str] = (),
    *,
    wider: bool = True,
) -> Reading:
    """``types`` maps field names to Elasticsearch types; ``arrays`` are the names of those that may
    hold several values, and so may fields without a type. ``wider`` says on which side to err.
    """
    reader = _Reader(Fields(types, arrays))
    node = simplify(reader.tree(clause, wider))
    return Reading(node, tuple(map(Remark, dict.fromkeys(reader.reasons))))


@dataclass()
class _Reader:
    """Groups of clauses; those on one field are read by ``FieldClauses``."""

    fields: Fields
    reasons: list[str] = field(default_factory=list)
    depth: int = 0

    def tree(self, clause: Any, wider: bool) -> Node:
        self.depth += 1
        try:
            return self.clause(clause, wider)
        except Inexpressible as error:
            self.reasons.append(str(error))
            return Always() if wider else Never()
        finally:
            self.depth -= 1

    def clause(self, clause: Any, wider: bool) -> Node:
        if self.depth > _MOST:
            refuse("it nests too deeply")
        if not isinstance(clause, Mapping) or len(clause) != 1:
            refuse("it is not one clause of Query DSL")
        ((kind, body),) = clause.items()
        name = f"{kind}_clause"
        of_field = getattr(FieldClauses(self.fields, self.reasons), name, None)
        read: Callable[[Any, bool], Node] | None = getattr(self, name, of_field)
        if read is None or not isinstance(body, Mapping):
            refuse(_WHY.get(kind, f"it is a {kind} query"))
        return read(body, wider)

    # Groups

    def bool_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        known = {"must", "filter", "should", "must_not", "minimum_should_match", "boost", "_name"}
        if set(body) - known:
            refuse(f"bool with {', '.join(sorted(set(body) - known))}")
        needed = [*clauses(body, "must"), *clauses(body, "filter")]
        should = clauses(body, "should")
        least = minimum(body.get("minimum_should_match"), len(should), 0 if needed else 1)
        items = [self.tree(clause, wider) for clause in needed]
        if least > len(should):
            items.append(Never() if should else Always())
        elif least > 0:
            if comb(len(should), least) > _MOST and least > 1:
                refuse(f"{least} of {len(should)} clauses must match")
            options = [self.tree(clause, wider) for clause in should]
            items.append(any_of([all_of(list(some)) for some in combinations(options, least)]))
        items += [Not(self.tree(clause, not wider)) for clause in clauses(body, "must_not")]
        return all_of(items)

    def constant_score_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        return self.tree(body.get("filter"), wider)

    def nested_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        path = body.get("path")
        if not isinstance(path, str):
            refuse("a nested clause without a path")
        name = Literal(self.fields.short(path))
        outer, self.fields = self.fields, self.fields.within(path)
        try:
            return Nested(name, simplify(self.tree(body.get("query"), wider)))
        finally:
            self.fields = outer

    def match_all_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        return Always()

    def match_none_clause(self, body: Mapping[str, Any], wider: bool) -> Node:
        return Never()


_WHY = {
    "query_string": "it is a Lucene query",
    "simple_query_string": "it is a Lucene query",
    "script": "it is a script",
}
