"""Text of a search → ``Pipeline``. The first command is ``search``, said or implied, or one that
generates events and stands behind a pipe:
https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/search-commands/search
"""

from __future__ import annotations

import re

from tests.oracles.spl.commands import COMMANDS, GENERATING
from tests.oracles.spl.cursor import Cursor
from tests.oracles.spl.names import read_options
from tests.oracles.spl.nodes import (
    Append,
    Command,
    Eval,
    Fields,
    Foreach,
    Lookup,
    Macro,
    Multisearch,
    Pipeline,
    Regex,
    Rename,
    Search,
    Simple,
    Where,
)
from tests.oracles.spl.search_reader import COMPARATOR

COMMAND_NAME = re.compile(r"[A-Za-z_]+")


def parse_search(text: str, *, strict: bool = True) -> Pipeline:
    """Read a whole search.

    ``strict`` refuses operator words in lower case too, which Splunk would look for as words.
    Raises SplSyntaxError with the offset of the place.
    """
    cursor = Cursor(text, strict=strict)
    if cursor.peek() == "":
        cursor.fail("empty search")
    commands: list[Command] = []
    if not cursor.accept("|"):
        commands.append(_read_first(cursor))
    else:
        commands.append(_read_command(cursor, generating=True))
    commands += _read_rest(cursor)
    for command in commands:
        if isinstance(command, Foreach):  # what it repeats must be well formed too
            parse_commands(command.template.replace("<<FIELD>>", "x"))
    return Pipeline(text, tuple(commands), tuple(cursor.doubts))


def _read_multisearch(cursor: Cursor, begin: int) -> Command:
    """Page multisearch: two searches or more in brackets, of commands that stream."""
    parts = []
    while cursor.accept("["):
        start = cursor.at
        part = _read_subsearch(cursor)
        if not all(isinstance(one, _STREAMING) for one in part.commands):
            cursor.fail("a command that does not stream", start)
        parts.append(part)
    if len(parts) < 2:
        cursor.fail("multisearch needs two searches", begin)
    return Multisearch(tuple(parts), (begin, cursor.at))


def _read_append(cursor: Cursor, begin: int) -> Command:
    """Page append: options, and a search in brackets."""
    read_options(cursor, {"maxtime": r"\d+", "maxout": r"\d+", "extendtimerange": "true|false"})
    cursor.expect("[")
    return Append(_read_subsearch(cursor), (begin, cursor.at))


def _read_subsearch(cursor: Cursor) -> Pipeline:
    """Behind a bracket a search, to the end of the brackets."""
    start = cursor.at
    while (next_one := cursor.peek()) not in ("]", ""):
        if next_one == '"':
            cursor.quoted()
        elif next_one == "[":
            cursor.fail("brackets in brackets")
        else:
            cursor.at += 1
    inside = cursor.text[start : cursor.at].strip()
    cursor.expect("]")
    if not inside.startswith("search "):
        cursor.fail("expected search", start)
    part = parse_search(inside, strict=cursor.strict)
    cursor.doubts += part.doubtful
    return part


_STREAMING = (Search, Where, Eval, Regex, Fields, Rename, Simple, Macro, Foreach, Lookup)


def parse_commands(text: str) -> Pipeline:
    """Read what may stand behind a pipe, as in the definition of a macro."""
    cursor = Cursor(text)
    commands = [_read_command(cursor), *_read_rest(cursor)]
    return Pipeline(text, tuple(commands), tuple(cursor.doubts))


def _read_rest(cursor: Cursor) -> list[Command]:
    commands: list[Command] = []
    while cursor.peek() == "|":
        cursor.at += 1
        commands.append(_read_command(cursor))
    if cursor.peek():
        cursor.fail("unexpected text")
    return commands


def _read_first(cursor: Cursor) -> Command:
    cursor.skip()
    begin = cursor.at
    name = cursor.match(COMMAND_NAME)
    spaced = cursor.at_end() or cursor.text[cursor.at - 1] in " \t\r\n`"
    if name in COMMANDS and spaced and not COMPARATOR.match(cursor.text, cursor.at):
        if name != "search":
            cursor.fail(f"{name} comes first without a pipe", begin)
    else:
        cursor.at = begin
    return _end(cursor, COMMANDS["search"](cursor, begin))


def _read_command(cursor: Cursor, *, generating: bool = False) -> Command:
    if cursor.at_end():
        cursor.fail("expected a command")
    begin = cursor.at
    if cursor.peek() == "`":
        return _end(cursor, cursor.macro())
    name = cursor.match(COMMAND_NAME)
    generators = {**GENERATING, "multisearch": _read_multisearch}
    readers = generators if generating else {**COMMANDS, "append": _read_append}
    if name not in readers:
        known = name in {**COMMANDS, **generators, "append": None}
        cursor.fail(f"{name} is out of place" if known else "unknown command", begin)
    following = cursor.text[cursor.at : cursor.at + 1]
    if following and following not in ' \t\r\n`|("[':
        cursor.fail(f"expected a space after {name}")
    return _end(cursor, readers[name](cursor, begin))


def _end(cursor: Cursor, command: Command) -> Command:
    if not cursor.at_end():
        cursor.fail("unexpected text")
    return command
