"""What packs say as a query in Kibana KQL: which events a value stands for, or a table holds."""

from __future__ import annotations

from functools import lru_cache

from kqlx.nodes import Node


@lru_cache(maxsize=2048)
def read_predicate(text: str) -> Node:
    """The tree of a pack's predicate, read once in a process. Raises QuerySyntaxError."""
    from kqlx.frontends.kql.parser import parse

    return parse(text)
