"""Kibana's export: one JSON object a line, rules first, then exception lists with their items,
connectors, and a summary. A broken line does not stop the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from kqlx.malformed import Refused
from kqlx.rules.formats import json
from kqlx.rules.text import Broken, Entry

SUFFIXES = (".ndjson", ".jsonl", ".json")


def looks_like(text: str) -> bool:
    return json.is_lines(text)


def read(text: str) -> Iterator[Entry | Broken]:
    start = 0
    for number, line in enumerate(text.split("\n")):  # no others: U+2028 may stand in a string
        end = start + len(line)
        if line.strip():
            yield _read_line(text, start, end, number)
        start = end + 1


def _read_line(text: str, start: int, end: int, number: int) -> Entry | Broken:
    line = text[start:end].rstrip("\r")
    begin = len(line) - len(line.lstrip(" \t"))
    try:
        value, until = json.load(line, begin)
    except Refused as error:
        return Broken(error.reason, number + 1, error.offset + 1)
    if line[until:].strip():
        return Broken("not JSON: more than one value on a line", number + 1, until + 1)
    found = json.entry(value, line, begin, until, number + 1)
    return dataclasses.replace(found, number=number) if isinstance(found, Entry) else found


def replace(text: str, number: int, query: str) -> str | None:
    lines = text.split("\n")
    line = lines[number]
    new = json.replace_string(line, json.load(line.strip())[0], query)
    return None if new is None else "\n".join([*lines[:number], new, *lines[number + 1 :]])
