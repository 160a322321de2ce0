"""Query DSL → an equivalent smaller one, for queries that only filter (scores do not count).

``bool`` clauses of one are unwrapped, those of the same kind within each other joined, and ``term``
clauses of one field become ``terms``.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def compact(query: Json) -> Json:
    """The same documents, with fewer words."""
    if "nested" in query:
        nested = query["nested"]
        return {"nested": {**nested, "query": compact(nested["query"])}}
    if "bool" not in query:
        return query
    body = query["bool"]
    must_not = body.get("must_not")
    if must_not is not None:
        return _negation(compact(must_not))
    if "should" in body:
        return _disjunction([compact(clause) for clause in body["should"]])
    return _conjunction([compact(clause) for clause in body.get("filter") or body["must"]])


def _negation(clause: Json) -> Json:
    """``must_not`` takes a list of which none may hold, so alternatives need no bool of
    their own.
    """
    parts = _kind(clause)
    if "must_not" in parts and len(parts) == 1 and len(parts["must_not"]) == 1:
        only: Json = parts["must_not"][0]
        return only
    if set(parts) == {"should"}:
        return {"bool": {"must_not": parts["should"]}}
    return {"bool": {"must_not": [clause]}}


def _disjunction(clauses: list[Json]) -> Json:
    if not clauses:  # Elasticsearch takes a bool without clauses for match_all, and so must we.
        return {"bool": {"should": [], "minimum_should_match": 1}}
    flat: list[Json] = []
    for clause in clauses:
        parts = _kind(clause)
        flat += parts["should"] if set(parts) == {"should"} else [clause]
    flat = _gather_terms(flat)
    if len(flat) == 1:
        return flat[0]
    return {"bool": {"should": flat, "minimum_should_match": 1}}


def _conjunction(clauses: list[Json]) -> Json:
    """Filters of filters in one list, and what must not hold beside it."""
    filters: list[Json] = []
    must_not: list[Json] = []
    for clause in clauses:
        parts = _kind(clause)
        if parts and set(parts) <= {"filter", "must_not"}:
            filters += parts.get("filter", [])
            must_not += parts.get("must_not", [])
        else:
            filters.append(clause)
    if len(filters) == 1 and not must_not:
        return filters[0]
    body: Json = {}
    if filters:
        body["filter"] = filters
    if must_not:
        body["must_not"] = must_not
    return {"bool": body}


def _kind(clause: Json) -> Json:
    """The lists of a compacted bool by name; empty for any other clause, and for a bool
    of nothing.
    """
    body = clause.get("bool")
    if not body or body.get("should") == []:
        return {}
    return {name: value for name, value in body.items() if name != "minimum_should_match"}


def _gather_terms(clauses: list[Json]) -> list[Json]:
    """``term`` clauses of one field, where the first stood, as ``terms``; options keep
    them apart.
    """
    values: dict[str, dict[str, None]] = {}  # each value once, in order
    result: list[Json | str] = []
    for clause in clauses:
        field, value = _plain_term(clause)
        if field is None:
            result.append(clause)
            continue
        if field not in values:
            values[field] = {}
            result.append(field)
        values[field][value] = None
    return [item if isinstance(item, dict) else _terms(item, list(values[item])) for item in result]


def _plain_term(clause: Json) -> tuple[str | None, str]:
    if set(clause) != {"term"}:
        return None, ""
    ((field, body),) = clause["term"].items()
    if set(body) != {"value"} or not isinstance(body["value"], str):
        return None, ""
    return field, body["value"]


def _terms(field: str, values: list[str]) -> Json:
    if len(values) == 1:
        return {"term": {field: {"value": values[0]}}}
    return {"terms": {field: values}}
