"""Kibana's export: one JSON object a line, rules first, then exception lists with their items,
connectors, and a summary. A broken line does not stop the others.

Several objects on a line are read one after another, and a file of this name that holds an array,
or objects over several lines, is read as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlx import records
from kqlx.malformed import Refused, after_space
from kqlx.rules.formats import json
from kqlx.rules.source_text import Broken, Entry

SUFFIXES = (".ndjson", ".jsonl", ".json")


def looks_like(text: str) -> bool:
    return json.is_lines(text)


def read(text: str) -> Iterator[Entry | Broken]:
    if _is_one_text(text):
        yield from json.read(text)
        return
    count = 0
    for place, line in enumerate(_lines(text), 1):
        for found in _read_line(line, place):
            if isinstance(found, Entry):
                found = records.replace(found, number=count)
                count += 1
            yield found


def _lines(text: str) -> list[str]:
    return text.split("\n")  # no others: U+2028 may stand in a string


def _is_one_text(text: str) -> bool:
    """Whether the text is an array, or begins with an object that goes on over lines."""
    start = after_space(text, 0)
    if text.startswith("[", start):
        return True
    first, _, rest = text[start:].partition("\n")
    if not rest.strip() or not first.startswith("{"):
        return False
    try:
        _, end = json.load(text, start)
    except Refused:
        return False
    return end > start + len(first)


def _read_line(line: str, place: int) -> Iterator[Entry | Broken]:
    line = line.rstrip("\r")
    start = after_space(line, 0)
    while start < len(line):
        try:
            value, end = json.load(line, start)
        except Refused as error:
            yield Broken(error.reason, place, error.offset + 1)
            return
        yield json.entry(value, line, start, end, place)
        start = after_space(line, end)


def replace(text: str, number: int, query: str) -> str | None:
    if _is_one_text(text):
        return json.replace(text, number, query)
    lines, count = _lines(text), 0
    for place, line in enumerate(lines):
        start = after_space(line, 0)
        while start < len(line.rstrip("\r")):
            try:
                value, end = json.load(line, start)
            except Refused:
                break
            if isinstance(value, dict):
                if count == number:
                    new = json.replace_string(line[start:end], value, query)
                    if new is None:
                        return None
                    lines[place] = line[:start] + new + line[end:]
                    return "\n".join(lines)
                count += 1
            start = after_space(line, end)
    return None
