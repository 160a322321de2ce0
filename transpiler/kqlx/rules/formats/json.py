"""JSON of the detection engine: one rule, an array of rules, or one object after another.

An answer of Kibana's ``_find``, with the rules under ``data``, is read as the array, and so is what
Terraform shows of a plan. Numbers keep what they are; ``NaN`` and its kin, and a key that is given
twice, are refused.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from kqlx import records
from kqlx.errors import place_of
from kqlx.malformed import Refused, after_space, json_value, refuse_constant, too_deep_at
from kqlx.records import dataclass
from kqlx.rules import terraform_plan
from kqlx.rules.kibana_objects import rule_table
from kqlx.rules.source_text import Broken, Entry, Position

SUFFIXES = (".json",)

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'


@dataclass(frozen=True, slots=True)
class GivenTwice:
    """Stands for a value in which an object has a key twice, of which most readers take the last in
    silence.
    """

    key: str


@dataclass(frozen=True, slots=True)
class Resource:
    """The values of a rule in a plan of Terraform's."""

    values: dict[str, Any]


def looks_like(text: str) -> bool:
    return bool(re.match(r"\s*(?:\{|\[\s*[{\]])", text)) and not is_lines(text)


def is_lines(text: str) -> bool:
    """Whether the first line is an object by itself, and more follow."""
    first, _, rest = text.lstrip(" \t\r\n").partition("\n")
    if not first.startswith("{") or not rest.strip():
        return False
    try:
        _, end = load(first)
    except Refused:
        return False
    return not first[end:].strip()


def read(text: str) -> Iterator[Entry | Broken]:
    line, counted = 1, 0
    for number, found in enumerate(_objects(text)):
        if isinstance(found, Broken):
            yield found
            return
        value, start, end, alone = found
        line += text.count("\n", counted, start)
        counted = start
        single = alone and number == 0
        made = entry(value, text, start, end, line)
        if isinstance(made, Entry):
            made = records.replace(made, line=0 if single else line, number=number)
        yield made


def entry(value: Any, text: str, start: int, end: int, line: int) -> Entry | Broken:
    """The object that stands in the text from start to end, and begins on that line."""
    if isinstance(value, GivenTwice):
        return Broken(f"not JSON: the key {value.key} is given twice", line)
    if not isinstance(value, dict | Resource):
        column = start - text.rfind("\n", 0, start)
        return Broken("expected an object", line, column, is_rule=False)

    def find(key: str, value: str) -> Position:
        body = text[start:end]
        strings = list(_strings(body, key, value))
        if not strings:
            return Position()
        at, until = strings[0]
        plain = body[at + 1 : until - 1] == value and len(strings) == 1
        column = start + at + 1 - text.rfind("\n", 0, start + at)
        return Position(line + body.count("\n", 0, at), column if plain else 0)

    if isinstance(value, Resource):
        return Entry(terraform_plan.rule_table(value.values), value.values, line=line, find=find)
    return Entry(rule_table(value), value, line=line, find=find)


def load(text: str, start: int = 0, deep: int | None = None) -> tuple[Any, int]:
    """The value that begins there, or the key that stands twice in it, and where it ends; ``deep``
    as in ``malformed.json_value``. Raises ``malformed.Refused``.
    """
    twice: list[str] = []

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice.append(next(key for key in counts if counts[key] > 1))
        return found

    decoder = json.JSONDecoder(parse_constant=refuse_constant, object_pairs_hook=table)
    value, end = json_value(decoder, text, start, deep)
    return GivenTwice(twice[0]) if twice else value, end


def replace(text: str, number: int, query: str) -> str | None:
    found = [item for item in _objects(text) if not isinstance(item, Broken)]
    value, start, end, _ = found[number]
    if isinstance(value, Resource):
        return None  # Terraform writes it anew, from its own source
    new = replace_string(text[start:end], value, query)
    return None if new is None else text[:start] + new + text[end:]


def replace_string(text: str, value: Any, query: str) -> str | None:
    """The text of one object with another query; proven by reading it."""
    from copy import deepcopy

    wanted = deepcopy(value)
    old = rule_table(wanted)["query"]
    query = query + "\n" if old.endswith("\n") else query
    rule_table(wanted)["query"] = query
    for start, end in _strings(text, "query", old):
        ascii_only = "\\u" in text[start:end] and text[start:end].isascii()
        new = text[:start] + json.dumps(query, ensure_ascii=ascii_only) + text[end:]
        if json.loads(new) == wanted:
            return new
    return None


def _strings(text: str, key: str, value: str) -> Iterator[tuple[int, int]]:
    """Spans of the strings that are the value of a key of this name, in whatever object."""
    for match in re.finditer(rf'"{key}"[ \t\r\n]*:[ \t\r\n]*({_STRING})', text):
        if json.loads(match[1], strict=False) == value:
            yield match.span(1)


def _objects(text: str) -> Iterator[tuple[Any, int, int, bool] | Broken]:
    """Each value with its start and end, and whether it is all that the text holds or ends it."""
    deep = too_deep_at(text, "json")
    at = after_space(text, 0)
    array = text.startswith("[", at)
    at = after_space(text, at + 1) if array else at
    if array and text.startswith("]", at):
        return
    while True:
        start = at
        try:
            value, end = load(text, start, deep)
        except Refused as error:
            yield Broken(error.reason, *_place(text, error.offset))
            return
        at = after_space(text, end)
        if not array and isinstance(value, dict) and _is_answer(value):
            yield from _answered(text, start, deep)
        elif not array and isinstance(value, dict) and (rules := _planned(value)):
            yield from _resources(rules, text, start, end, deep)
        else:
            yield value, start, end, at == len(text) and not array
        if array:
            if text.startswith("]", at) and after_space(text, at + 1) == len(text):
                return
            if not text.startswith(",", at):
                reason = "not JSON: expected a comma or the end of the array"
                yield Broken(reason, *_place(text, at))
                return
            at = after_space(text, at + 1)
        elif at == len(text):
            return


def _is_answer(value: dict[str, Any]) -> bool:
    return isinstance(value.get("data"), list) and "total" in value and "query" not in value


def _answered(text: str, start: int, deep: int) -> Iterator[tuple[Any, int, int, bool]]:
    """The objects of the array under ``data``, each where it stands."""
    match = re.compile(r'"data"[ \t\r\n]*:[ \t\r\n]*\[').search(text, start)
    at = after_space(text, match.end()) if match else len(text)
    while match and not text.startswith("]", at):
        value, end = load(text, at, deep)
        yield value, at, end, False
        at = after_space(text, end)
        at = after_space(text, at + 1) if text.startswith(",", at) else at


def _planned(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [*terraform_plan.resources(value)] if terraform_plan.is_plan(value) else []


def _resources(
    rules: list[dict[str, Any]], text: str, start: int, end: int, deep: int
) -> Iterator[tuple[Resource, int, int, bool]]:
    """The values of resources, each where it stands."""
    values = re.compile(r'"values"[ \t\r\n]*:[ \t\r\n]*(?=\{)')
    at = start
    for rule in rules:
        while match := values.search(text, at, end):
            at = match.end()
            found, until = load(text, at, deep)
            if found == rule:
                yield Resource(rule), at, until, False
                at = until
                break


def _place(text: str, offset: int) -> tuple[int, int]:
    found = place_of(text, offset)
    return found.line, found.column
