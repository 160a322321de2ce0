"""The shape of a rule's table: those keys that are used have the types that Elastic gives them.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from typing import Any

from kqlx.errors import RuleError
from kqlx.malformed import UNREADABLE_NUMBER

_STRINGS = (
    "name", "rule_id", "description", "severity", "license", "type", "language", "from", "to",
    "interval", "note", "setup", "timestamp_override", "rule_name_override", "saved_id",
    "data_view_id", "building_block_type", "history_window_start", "threat_query",
    "threat_language", "threat_indicator_path",
)  # fmt: skip
_LISTS = (
    "author", "index", "references", "false_positives", "tags", "new_terms_fields", "threat_index",
)  # fmt: skip
_MOST_BITS = 13_000
"""Of an integer: below 4,300 digits, more than which Python does not print."""

_WORDS: dict[type, str] = {
    bool: "a boolean",
    dict: "a table",
    float: "a float",
    int: "an integer",
    list: "an array",
    str: "a string",
    type(None): "null",
    datetime.date: "a date",
    datetime.datetime: "a date-time",
    datetime.time: "a time",
}


def check(where: str, rule: Mapping[str, Any]) -> None:
    """Raises RuleError that names the place, the key and what must be there. A single string may
    stand for an array of one. ``where`` is the file, with the line of one of several rules.
    """
    checker = _Checker(where)
    for key in _STRINGS:
        checker.string(rule, key, "rule")
    for key in _LISTS:
        checker.strings(rule, key, "rule")
    for key in ("risk_score", "max_signals"):
        checker.number(rule, key, "rule")
    checker.tables(rule, "exceptions_list", "rule")
    checker.strings(checker.table(rule, "threshold", "rule"), "field", "rule.threshold")
    suppression = checker.table(rule, "alert_suppression", "rule")
    checker.strings(suppression, "group_by", "rule.alert_suppression")
    for item, place in checker.tables(rule, "threat_mapping", "rule"):
        for entry, entry_place in checker.tables(item, "entries", place):
            for key in ("field", "value"):
                checker.string(entry, key, entry_place)
    for threat, place in checker.tables(rule, "threat", "rule"):
        checker.string(threat, "framework", place)
        tactic = checker.table(threat, "tactic", place)
        for key in ("id", "name"):
            checker.string(tactic, key, f"{place}.tactic")
        for technique, technique_place in checker.tables(threat, "technique", place):
            checker.string(technique, "id", technique_place, needed=True)
            for part, part_place in checker.tables(technique, "subtechnique", technique_place):
                checker.string(part, "id", part_place, needed=True)


def plain(where: str, table: Mapping[str, Any], name: str = "rule") -> dict[str, Any]:
    """The table as JSON can hold it, since it is JSON that Kibana reads: dates become the texts
    that they are written as. Raises RuleError, with the key, for what JSON has no form for, and for
    integers of more digits than Python prints.
    """
    if _is_plain(table):
        return {**table}
    found = _plain(where, table, name)
    assert isinstance(found, dict)
    return found


def _is_plain(value: Any) -> bool:
    """Whether it is as JSON can hold it, as most are; it may be where this says no."""
    kind = type(value)
    if kind is dict:
        return all([type(key) is str and _is_plain(item) for key, item in value.items()])
    if kind is list:
        return all(map(_is_plain, value))
    if kind is int:
        return bool(value.bit_length() <= _MOST_BITS)
    return kind is str or kind is bool or value is None


def _plain(where: str, value: Any, place: str) -> Any:
    if isinstance(value, dict):
        table = {
            _key(where, key, place): _plain(where, item, f"{place}.{key}")
            for key, item in value.items()
        }
        return value if table == value else table  # most are plain, and need no second place
    if isinstance(value, list):
        items = [_plain(where, item, f"{place}[{i}]") for i, item in enumerate(value)]
        return value if items == value else items
    if isinstance(value, datetime.date | datetime.time):  # a date-time is a date
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise RuleError(f"{where}: {place}: {value} is no number that Kibana takes")
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise RuleError(f"{where}: {place}: {UNREADABLE_NUMBER}")
    if not isinstance(value, str | float | int | None):
        raise RuleError(f"{where}: {place} must be text, a number, a boolean, an array or a table")
    return value


def _key(where: str, key: Any, place: str) -> str:
    """The key as JSON has it: YAML also knows numbers and its like (``on`` is true)."""
    import json

    found = _plain(where, key, f"a key of {place}")
    if isinstance(found, list | dict):
        raise RuleError(f"{where}: a key of {place} must be a string", hint="put it in quotes")
    return found if isinstance(found, str) else json.dumps(found)


class _Checker:
    """The tests of one rule; ``place`` is the dotted name of the table that has the key."""

    def __init__(self, where: str) -> None:
        self.where = where

    def string(
        self, table: Mapping[str, Any], key: str, place: str, *, needed: bool = False
    ) -> None:
        if needed and key not in table:
            raise RuleError(f"{self.where}: {place} has no {key}", hint=f'add {key} = "..."')
        self._typed(table.get(key, ""), str, f"{place}.{key}")

    def strings(self, table: Mapping[str, Any], key: str, place: str) -> None:
        value = table.get(key, "")
        if isinstance(value, str):
            return
        self._typed(value, list, f"{place}.{key}", "an array of strings")
        for i, item in enumerate(value):
            self._typed(item, str, f"{place}.{key}[{i}]")

    def number(self, table: Mapping[str, Any], key: str, place: str) -> None:
        value = table.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            what = _WORDS.get(type(value), "something else")
            raise RuleError(f"{self.where}: {place}.{key} must be a number, not {what}")

    def table(self, table: Mapping[str, Any], key: str, place: str) -> Mapping[str, Any]:
        value: Mapping[str, Any] = table.get(key, {})
        self._typed(value, dict, f"{place}.{key}")
        return value

    def tables(
        self, table: Mapping[str, Any], key: str, place: str
    ) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Each table with its place, when all have been found to be tables."""
        value = table.get(key, [])
        self._typed(value, list, f"{place}.{key}", "an array of tables")
        for i, item in enumerate(value):
            self._typed(item, dict, f"{place}.{key}[{i}]")
        return ((item, f"{place}.{key}[{i}]") for i, item in enumerate(value))

    def _typed(self, value: object, kind: type, key: str, wanted: str = "") -> None:
        if not isinstance(value, kind):
            what = _WORDS.get(type(value), "something else")
            raise RuleError(f"{self.where}: {key} must be {wanted or _WORDS[kind]}, not {what}")
