"""Reads what the arguments of commands are made of: field names, lists of them, options."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.oracles.spl.cursor import Cursor

FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.{}/-]*")
FIELD_OR_STARS = re.compile(r"[A-Za-z_*][A-Za-z0-9_.{}/*-]*")
OPTION = re.compile(r"([A-Za-z_]+)[ \t]*=")
OPTION_VALUE = re.compile(r"[A-Za-z0-9_.@:+{}-]+")
KEYWORDS = frozenset({"AS", "BY", "OUTPUT", "OUTPUTNEW", "WHERE", "FROM"})


def read_name(cursor: Cursor, *, stars: bool = False) -> str:
    """A field name, bare or in double quotes."""
    next_one = cursor.peek()
    begin = cursor.at
    if next_one == '"':
        name = cursor.quoted()
        if not name.strip() or set(name) & set("\\|`" if stars else "\\|`*"):
            cursor.fail("not a field name", begin)
        return name
    if next_one == "'":
        cursor.fail("a field name takes double quotes here")
    name = cursor.match(FIELD_OR_STARS if stars else FIELD) or ""
    if not name:
        cursor.fail("expected a field name")
    if name.upper() in KEYWORDS:
        cursor.fail(f"{name} is out of place", begin)
    return name


def read_names(cursor: Cursor, *, stars: bool = False) -> tuple[str, ...]:
    """At least one name; commas between them are optional, but not two nor a last one."""
    names = [read_name(cursor, stars=stars)]
    while not cursor.at_end():
        if not cursor.accept(",") and cursor.text[cursor.at - 1] not in ' \t\r\n"`':
            cursor.fail("expected a space or a comma")
        names.append(read_name(cursor, stars=stars))
    return tuple(names)


def read_options(cursor: Cursor, known: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """``name=value`` pairs; ``known`` maps each name to the pattern of its values."""
    options: dict[str, str] = {}
    while True:
        cursor.skip()
        begin = cursor.at
        found = OPTION.match(cursor.text, begin)
        if not found:
            return tuple(options.items())
        name = found.group(1)
        if name not in known:
            cursor.fail(f"unknown option {name}", begin)
        if name in options:
            cursor.fail(f"option {name} is given twice", begin)
        cursor.at = found.end()
        quoted = cursor.peek() == '"'
        value = cursor.quoted() if quoted else cursor.match(OPTION_VALUE)
        if value is None or not re.fullmatch(known[name], value):
            cursor.fail(f"not a value of {name}", found.end())
        options[name] = value
