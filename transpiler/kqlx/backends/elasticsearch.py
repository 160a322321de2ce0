"""Kibana KQL → Elasticsearch Query DSL, the very JSON that Kibana builds.

The forms were measured on Kibana's own code (package es-query, https://github.com/elastic/kibana),
without field types: that is how its detection engine runs rules (an empty field list).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kqlx.backends.base import Backend, Emission, Options, Target
from kqlx.mappings.binder import Bound
from kqlx.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    FreeText,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Term,
)

Json = dict[str, Any]

# What Lucene's query_string syntax gives a meaning to. Kibana leaves AND, OR and NOT alone, and so
# do we.
_RESERVED = re.compile(r'[-+=&|><!(){}\[\]^"~*?:\\/]')


@dataclass
class _Dsl(Backend[Json]):
    """``path`` is the nested path that the expression stands in, with its dot."""

    path: str = ""

    def expression(self, node: Node) -> Json:
        # Kibana works on names as they are, wildcards too, so the columns of the base class have no
        # use here.
        match node:
            case Equals(field, value):
                kind = "match_phrase" if value.quoted else "match"
                return _should({kind: {self._name(field): value.value}})
            case Like(field, pattern):
                return _should(
                    {
                        "query_string": {
                            "fields": [self._name(field)],
                            "query": pattern_text(pattern),
                        }
                    }
                )
            case Exists(field):
                return _should({"exists": {"field": self._exists_name(field)}})
            case Compare(field, op, value):
                return _should({"range": {self._name(field): {op: value.value}}})
            case _:
                return super().expression(node)

    def all_of(self, node: And) -> Json:
        return {"bool": {"filter": [self.expression(item) for item in node.items]}}

    def any_of(self, node: Or) -> Json:
        return _should(*[self.expression(item) for item in node.items])

    def negate(self, node: Not) -> Json:
        return {"bool": {"must_not": self.expression(node.item)}}

    def nested(self, node: Nested) -> Json:
        outer = self.path
        path = self._exists_name(node.path)
        self.path = "" if path is None else f"{self._name(node.path)}."
        query = self.expression(node.item)
        self.path = outer
        return {"nested": {"path": path, "query": query, "score_mode": "none"}}

    def free_text(self, node: FreeText) -> Json:
        value = node.value
        if self.path:  # An accident of Kibana's: the missing name is joined to the path as "null".
            name = Literal(None)
            if isinstance(value, Literal):
                return self.expression(Equals(name, value))
            return self.expression(Exists(name) if value.is_lone_star else Like(name, value))
        if isinstance(value, Pattern):
            return {"query_string": {"query": pattern_text(value)}}
        kind = "phrase" if value.quoted else "best_fields"
        return {"multi_match": {"type": kind, "query": value.value, "lenient": True}}

    def always(self) -> Json:
        return {"match_all": {}}

    def never(self) -> Json:
        return {"match_none": {}}

    def _name(self, field: Term) -> str:
        return self.path + field.name

    def _exists_name(self, field: Term) -> str | bool | None:
        """As a value, not a key: an unquoted ``true`` stays a Boolean there, outside of a path."""
        if self.path or isinstance(field, Pattern):
            return self._name(field)
        return field.value


def pattern_text(pattern: Pattern) -> str:
    """A pattern in the syntax of query_string and wildcard queries, escaped as Kibana does it."""
    return "*".join([_RESERVED.sub(r"\\\g<0>", part) for part in pattern.parts])


def _should(*clauses: Json) -> Json:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def emit(bound: Bound, options: Options) -> Emission:
    """The Query DSL of a tree, as a dict. Every query can be said."""
    dsl = _Dsl(bound, options)
    return Emission(dsl.expression(bound.node))


TARGET = Target(
    name="elasticsearch",
    title="Elasticsearch Query DSL",
    emit=emit,
    aliases=("es",),
    binds=False,
    suffix=".json",
)
