"""What the queries match agrees with Kibana, as far as the notes claim.

OpenSearch gives the fields of Elasticsearch their types and compares by them in the same way; what
can go wrong is the syntax. So the engine reads a Lucene query string, by rules of its own, into
tests of fields, and asks ``kqlx`` whether an event meets these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import kqlx
from kqlx.nodes import (
    Always,
    Compare,
    Equals,
    Exists,
    Like,
    Literal,
    Node,
    Not,
    Operator,
    Pattern,
    all_of,
    any_of,
)
from kqlx.testing import NOW, Malformed, check, types_of

TOKEN = re.compile(
    r'\s*("(?:\\.|[^\\"])*"|[\[{]|[\]}]|[():]|(?:\\.|[^\s\\()\[\]{}:"<>])+)', re.DOTALL
)
BOUNDS: Mapping[str, Operator] = {"[": "gte", "{": "gt", "]": "lte", "}": "lt"}


class Reader:
    """A Lucene query string → a tree. Raises Malformed."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        at = 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise Malformed(f"at {at}: {text[at : at + 20]}")
            self.tokens.append(match[1])
            at = match.end()

    def read(self) -> Node:
        node = self.either()
        if self.tokens:
            raise Malformed(f"left over: {self.tokens}")
        return node

    def take(self, *wanted: str) -> str:
        token = self.tokens.pop(0) if self.tokens else ""
        if not token or (wanted and token not in wanted):
            raise Malformed(f"{token or 'the end'} instead of {wanted}")
        return token

    def next_is(self, token: str) -> bool:
        if self.tokens[:1] != [token]:
            return False
        self.tokens.pop(0)
        return True

    def either(self) -> Node:
        items = [self.each()]
        while self.next_is("OR"):
            items.append(self.each())
        return any_of(items)

    def each(self) -> Node:
        items = [self.one()]
        while self.next_is("AND"):
            items.append(self.one())
        return all_of(items)

    def one(self) -> Node:
        if self.next_is("NOT"):
            return Not(self.one())
        if self.next_is("("):
            node = self.either()
            self.take(")")
            return node
        name = self.take()
        self.take(":")
        if name == "*":
            self.take("*")
            return Always()
        if name == "_exists_":
            return Exists(Literal(plain(self.take())))
        field = Literal(plain(name))
        if self.next_is("("):
            tests = [self.test(field)]
            while self.take("OR", ")") == "OR":
                tests.append(self.test(field))
            return any_of(tests)
        return self.test(field)

    def test(self, field: Literal) -> Node:
        token = self.take()
        if token in ("[", "{"):
            low, _, high, end = self.take(), self.take("TO"), self.take(), self.take("]", "}")
            op, value = (BOUNDS[end], high) if low == "*" else (BOUNDS[token], low)
            return Compare(field, op, Literal(plain(value), phrase=True))
        if token.startswith('"'):
            return Equals(field, Literal(plain(token), phrase=True))
        parts = [""]
        for piece in re.findall(r"\\.|[^\\]", token, re.DOTALL):
            parts = [*parts, ""] if piece == "*" else [*parts[:-1], parts[-1] + plain(piece)]
        if len(parts) == 1:
            return Equals(field, Literal(parts[0]))
        return Like(field, Pattern.between_stars(tuple(parts)))


def plain(token: str) -> str:
    """What a token stands for, without quotes and escapes."""
    inner = token[1:-1] if token.startswith('"') else token
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


@cache
def compiled(query: str) -> Callable[[Mapping[str, Any]], bool]:
    node = Reader(query).read()
    return kqlx.compile(node, types_of(node), now=NOW)


class OpenSearch:
    """An ``Engine`` of ``kqlx.testing``."""

    def read(self, query: str) -> None:
        Reader(query).read()

    def holds(self, query: str, event: Mapping[str, Any]) -> bool:
        return compiled(query)(event)


def test_opensearch_agrees_with_kibana() -> None:
    report = check(OpenSearch(), "opensearch")
    assert not report.disagreements, report
    assert report.judged > 500
