"""The text of a query, and nothing else; the language is told by the name of the file."""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.frontends import languages
from kqlx.rules.source_text import Broken, Entry, Position

SUFFIXES = (*(suffix for language in languages() for suffix in language.suffixes), ".txt")


def looks_like(text: str) -> bool:
    return True


def read(text: str) -> Iterator[Entry | Broken]:
    yield Entry({"query": text}, {}, find=lambda key, value: Position(1, 1))


def replace(text: str, number: int, query: str) -> str | None:
    body = text.strip(" \t\r\n")
    start = text.index(body)
    line_feed = "\r\n" if "\r\n" in text else "\n"
    return text[:start] + query.replace("\n", line_feed) + text[start + len(body) :]
