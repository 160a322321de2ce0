"""Elasticsearch Query DSL × event → does it match: a small reading of the clauses that we write.

The shape of the query (bool, nested, names, values) is read here; what a single test on a field
means is asked of ``kqlx.evaluate``, clause by clause, so that the two can only agree if the shape
is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from kqlx.evaluate.compiler import matches
from kqlx.frontends import lucene
from kqlx.nodes import (
    Always,
    And,
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Operator,
    Or,
    Pattern,
    Regexp,
)
from kqlx.patterns import ANY_ONE, ANY_RUN, Token

Json = Mapping[str, Any]

_OPERATORS: dict[str, Operator] = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}
_RANGE = re.compile(
    r'([\[{])(?:\*|"(?P<low>(?:[^"\\]|\\.)*)") TO (?:\*|"(?P<high>(?:[^"\\]|\\.)*)")(?P<end>[\]}])',
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PIECE = re.compile(r"\\(.)|([*?])|([^\\*?]+)", re.DOTALL)


def case_in(options: Json) -> Case:
    return Case.FOLDED if options.get("case_insensitive") else Case.EXACT


def pattern(text: str) -> Pattern:
    """The text of a query_string or wildcard query, whose escapes are undone."""
    tokens: list[Token] = []
    for escaped, sign, plain in _PIECE.findall(text):
        tokens.append({"*": ANY_RUN, "?": ANY_ONE}[sign] if sign else escaped or plain)
    return Pattern.of(*tokens)


def dsl_matches(
    query: Json, event: Json, types: Mapping[str, str], now: datetime | None = None
) -> bool:
    def holds(clause: Json) -> bool:
        return dsl_matches(clause, event, types, now)

    ((kind, body),) = query.items()
    if kind == "bool":
        assert set(body) <= {"filter", "must", "must_not", "should", "minimum_should_match"}
        must_not = body.get("must_not", [])
        should = body.get("should")
        if should is not None:
            assert body["minimum_should_match"] == 1
        return (
            all(map(holds, body.get("filter", [])))
            and all(map(holds, body.get("must", [])))
            and not any(map(holds, must_not if isinstance(must_not, list) else [must_not]))
            and (not should or any(map(holds, should)))
        )
    return matches(node(kind, body), event, types, now=now)


def node(kind: str, body: Any) -> Node:
    """A single clause as the node that it stands for."""
    if kind == "match_all":
        return Always()
    if kind == "exists":
        return Exists(field_of(body["field"]))
    if kind == "multi_match":
        assert body["lenient"] is True
        value = Literal(body["query"], body["type"] == "phrase")
        if "fields" not in body:
            return FreeText(value)
        (field,) = body["fields"]
        return Equals(field_of(field), value)
    if kind == "query_string":
        if "fields" not in body:
            return FreeText(pattern(body["query"]))
        (field,) = body["fields"]
        if limits := _RANGE.fullmatch(body["query"]):
            low, high = limits["low"], limits["high"]
            assert (low is None) is not (high is None)
            op: Operator = "gte" if limits[1] == "[" else "gt"
            if low is None:
                op = "lte" if limits["end"] == "]" else "lt"
            limit = _ESCAPED.sub(r"\1", low if high is None else high)
            return Compare(field_of(field), op, Literal(limit))
        return Like(field_of(field), pattern(body["query"]))
    if kind == "nested":
        assert body["score_mode"] == "none"
        return Nested(Literal(body["path"]), relative(body["query"], body["path"]))
    ((field, value),) = body.items()
    name = Literal(field)
    match kind:
        case "match":
            return Equals(name, Literal(value))
        case "match_phrase":
            return Equals(name, Literal(value, True))
        case "term":
            return Equals(name, _value(value["value"]), case=case_in(value))
        case "wildcard":
            return Like(name, pattern(value["value"]), case=case_in(value))
        case "regexp":
            return Regexp(name, lucene.parse(value["value"]), case=case_in(value))
        case "range":
            return span(name, value)
        case "terms":
            return Or(tuple(Equals(name, _value(v)) for v in value))
    raise AssertionError(f"a clause that we do not write: {kind}")


def _value(value: Any, *, phrase: bool = True) -> Literal:
    """A value of JSON, of which numbers have a kind of their own."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Literal(json.dumps(value), phrase, kind="number")
    return Literal(value, phrase)


def field_of(name: str) -> Literal | Pattern:
    """A name in a clause that takes names with stars."""
    return Pattern.from_stars(name) if "*" in name else Literal(name)


def span(name: Literal, limits: Json) -> Node:
    limits = {key: value for key, value in limits.items() if key != "time_zone"}
    if set(limits) == {"gte", "lte"} and limits["gte"] == limits["lte"]:
        return Equals(name, _value(limits["gte"], phrase=False))
    if len(limits) == 2:  # of a field with one value
        return And(
            tuple(Compare(name, _OPERATORS[o], _value(v, phrase=False)) for o, v in limits.items())
        )
    ((op, value),) = limits.items()
    return Compare(name, _OPERATORS[op], _value(value, phrase=False))


def relative(query: Json, path: str) -> Node:
    """The query of a nested clause as a node whose names are relative to its path, as
    in Kibana KQL.
    """
    ((kind, body),) = query.items()
    if kind != "bool":
        found = node(kind, body)
        if isinstance(found, Always | FreeText):
            return found
        assert isinstance(found, FieldTest | Nested | Regexp)
        name = found.path if isinstance(found, Nested) else found.field
        assert name.name.startswith(f"{path}.")
        below = name.name.removeprefix(f"{path}.")
        if isinstance(found, Regexp):
            return replace(found, field=Literal(below))
        short = field_of(below)
        if isinstance(found, Nested):
            return replace(found, path=short)
        return replace(found, field=short)
    parts: list[Node] = []
    for clause in [*body.get("filter", []), *body.get("must", [])]:
        parts.append(relative(clause, path))
    must_not = body.get("must_not", [])
    for clause in must_not if isinstance(must_not, list) else [must_not]:
        parts.append(Not(relative(clause, path)))
    if body.get("should"):
        alternatives = [relative(clause, path) for clause in body["should"]]
        parts.append(alternatives[0] if len(alternatives) == 1 else Or(tuple(alternatives)))
    return parts[0] if len(parts) == 1 else And(tuple(parts))
