"""The text of a query in Kibana KQL, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.rules.source_text import Broken, Entry, Position

SUFFIXES = (".kql", ".kuery", ".txt")


def looks_like(text: str) -> bool:
    return True


def read(text: str) -> Iterator[Entry | Broken]:
    yield Entry({"query": text}, {}, find=lambda key, value: Position(1, 1))


def replace(text: str, number: int, query: str) -> str | None:
    body = text.strip(" \t\r\n")
    start = text.index(body)
    line_feed = "\r\n" if "\r\n" in text else "\n"
    return text[:start] + query.replace("\n", line_feed) + text[start + len(body) :]
