"""The shape of a rule's table: those keys that are used have the types that Elastic gives them.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from kqlx.errors import RuleError

_STRINGS = ("name", "rule_id", "description", "severity", "license", "type", "language")
_LISTS = ("author", "index", "references", "false_positives", "tags")
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
    checker.tables(rule, "exceptions_list", "rule")
    for threat, place in checker.tables(rule, "threat", "rule"):
        checker.string(threat, "framework", place)
        tactic = checker.table(threat, "tactic", place)
        for key in ("id", "name"):
            checker.string(tactic, key, f"{place}.tactic")
        for technique, technique_place in checker.tables(threat, "technique", place):
            checker.string(technique, "id", technique_place, needed=True)
            for part, part_place in checker.tables(technique, "subtechnique", technique_place):
                checker.string(part, "id", part_place, needed=True)


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

    def table(self, table: Mapping[str, Any], key: str, place: str) -> Mapping[str, Any]:
        value: Mapping[str, Any] = table.get(key, {})
        self._typed(value, dict, f"{place}.{key}")
        return value

    def tables(
        self, table: Mapping[str, Any], key: str, place: str
    ) -> list[tuple[Mapping[str, Any], str]]:
        value = table.get(key, [])
        self._typed(value, list, f"{place}.{key}", "an array of tables")
        for i, item in enumerate(value):
            self._typed(item, dict, f"{place}.{key}[{i}]")
        return [(item, f"{place}.{key}[{i}]") for i, item in enumerate(value)]

    def _typed(self, value: object, kind: type, key: str, wanted: str = "") -> None:
        if not isinstance(value, kind):
            what = _WORDS.get(type(value), "something else")
            raise RuleError(f"{self.where}: {key} must be {wanted or _WORDS[kind]}, not {what}")
