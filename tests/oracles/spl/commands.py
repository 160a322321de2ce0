"""Reads the arguments of each command: text at a cursor, after the name → ``Command``.

One function a command; the addresses stand with them. All under
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/ unless said.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.oracles.spl.cursor import Cursor
from tests.oracles.spl.eval_reader import check_regex, read_condition, read_value
from tests.oracles.spl.foreach import read_foreach
from tests.oracles.spl.names import FIELD, OPTION, read_name, read_names, read_options
from tests.oracles.spl.nodes import (
    Command,
    Eval,
    Fields,
    Lookup,
    Regex,
    Rename,
    Rex,
    Search,
    Simple,
    Sort,
    Where,
)
from tests.oracles.spl.regexes import translate
from tests.oracles.spl.search_reader import read_term
from tests.oracles.spl.stats_reader import read_stats, read_streamstats, read_tstats

TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
INTEGER = re.compile(r"[0-9]{1,9}")


def read_search(cursor: Cursor, begin: int) -> Command:
    if cursor.at_end():
        cursor.fail("search needs a term")
    return Search(read_term(cursor), (begin, cursor.at))


def read_where(cursor: Cursor, begin: int) -> Command:
    cursor.skip()
    return Where(read_condition(cursor), (begin, cursor.at))


def read_regex(cursor: Cursor, begin: int) -> Command:
    """``regex [field=|field!=] "pattern"``; the field is _raw unless named (page regex)."""
    field, negated = "_raw", False
    if cursor.peek() != '"' or re.compile(r'"[^"\\]*"[ \t]*!?=').match(cursor.text, cursor.at):
        field = read_name(cursor)
        negated = cursor.accept("!")
        cursor.expect("=")
    if cursor.peek() != '"':
        cursor.fail("regex needs its pattern in double quotes")
    at = cursor.at
    inside = cursor.quoted()
    pattern = "".join(c for c, _ in cursor.unescape(inside, {'"': '"', "\\": "\\"}, at + 1))
    check_regex(cursor, pattern, at)
    return Regex(field, negated, pattern, (begin, cursor.at))


def read_rex(cursor: Cursor, begin: int) -> Command:
    """Page rex: without sed mode, with groups that are named."""
    options = dict(read_options(cursor, {"field": r"\S+", "max_match": r"\d+"}))
    if cursor.peek() != '"':
        cursor.fail("rex needs its pattern in double quotes")
    at = cursor.at
    inside = cursor.quoted()
    pattern = "".join(c for c, _ in cursor.unescape(inside, {'"': '"', "\\": "\\"}, at + 1))
    check_regex(cursor, pattern, at)
    if not translate(pattern).groupindex:
        cursor.fail("rex needs a group with a name", at)
    most = int(options.get("max_match", "1"))
    return Rex(options.get("field", "_raw"), pattern, most, (begin, cursor.at))


def read_eval(cursor: Cursor, begin: int) -> Command:
    assignments = []
    while True:
        cursor.skip()
        if cursor.peek() in ("'", '"'):
            cursor.doubt("quoted-target", "a name in quotes left of = in eval", cursor.at)
            quote = cursor.text[cursor.at]
            end = cursor.text.find(quote, cursor.at + 1)
            if end < 0:
                cursor.fail("quote is not closed")
            name = cursor.text[cursor.at + 1 : end]
            cursor.at = end + 1
        else:
            name = cursor.match(FIELD) or cursor.fail("expected a field name")
        if cursor.peek() == "=" and cursor.text.startswith("==", cursor.at):
            cursor.fail("expected one =")
        cursor.expect("=")
        cursor.skip()
        assignments.append((name, read_value(cursor)))
        if not cursor.accept(","):
            return Eval(tuple(assignments), (begin, cursor.at))


def read_fields(cursor: Cursor, begin: int) -> Command:
    keep = not cursor.accept("-")
    if keep:
        cursor.accept("+")
    return Fields("fields", read_names(cursor, stars=True), keep, (begin, cursor.at))


def read_table(cursor: Cursor, begin: int) -> Command:
    return Fields("table", read_names(cursor, stars=True), True, (begin, cursor.at))


def read_lookup(cursor: Cursor, begin: int) -> Command:
    """Page lookup: a table, fields with ``as``, then OUTPUT or OUTPUTNEW with fields."""
    cursor.skip()
    table = cursor.match(TABLE_NAME)
    if not table:
        cursor.fail("expected a lookup table")
    inputs = _pairs(cursor, optional=True)
    mode = "OUTPUTNEW" if cursor.keyword("OUTPUTNEW") else ""
    mode = mode or ("OUTPUT" if cursor.keyword("OUTPUT") else "")
    outputs = _pairs(cursor, optional=True) if mode else ()
    return Lookup(table, inputs, mode, outputs, (begin, cursor.at))


def read_inputlookup(cursor: Cursor, begin: int) -> Command:
    """Behind a pipe its rows are put to the events, by ``append`` (page inputlookup)."""
    options = read_options(cursor, {"append": "true|t"})
    if not options:
        cursor.fail("inputlookup behind a pipe needs append=true", begin)
    return Simple("inputlookup", options, (_table(cursor),), (begin, cursor.at))


def read_outputlookup(cursor: Cursor, begin: int) -> Command:
    return Simple("outputlookup", (), (_table(cursor),), (begin, cursor.at))


def _table(cursor: Cursor) -> str:
    cursor.skip()
    return cursor.match(TABLE_NAME) or cursor.fail("expected a lookup table")


def _pairs(cursor: Cursor, *, optional: bool = False) -> tuple[tuple[str, str], ...]:
    """``a as b, c`` → (("a", "b"), ("c", "c")); a bare name only where ``optional``."""
    pairs: list[tuple[str, str]] = []
    while True:
        name = read_name(cursor, stars=not optional)
        if cursor.any_case("as"):
            pairs.append((name, read_name(cursor, stars=not optional)))
        elif optional:
            pairs.append((name, name))
        else:
            cursor.fail("expected as")
        if cursor.at_end() or re.compile(r"OUTPUT(NEW)?\b").match(cursor.text, cursor.at):
            return tuple(pairs)
        cursor.accept(",")


def read_rename(cursor: Cursor, begin: int) -> Command:
    pairs = _pairs(cursor)
    for old, new in pairs:
        if old.count("*") != new.count("*"):
            cursor.fail("as many stars before as after", begin)
    return Rename(pairs, (begin, cursor.at))


def read_head(cursor: Cursor, begin: int) -> Command:
    cursor.skip()
    count = cursor.match(INTEGER)
    if not count:
        cursor.fail("expected a number")
    return Simple("head", (), (count,), (begin, cursor.at))


def read_sort(cursor: Cursor, begin: int) -> Command:
    """Page sort: without 0 it keeps the first 10,000."""
    cursor.skip()
    if cursor.match(INTEGER) != "0":
        cursor.fail("sort without 0 drops events", begin)
    fields = []
    while not cursor.at_end():
        descending = cursor.accept("-")
        if not descending:
            cursor.accept("+")
        fields.append((read_name(cursor), descending))
    if not fields:
        cursor.fail("expected a field")
    return Sort(tuple(fields), (begin, cursor.at))


def read_reverse(cursor: Cursor, begin: int) -> Command:
    return Simple("reverse", (), (), (begin, cursor.at))


def read_tail(cursor: Cursor, begin: int) -> Command:
    cursor.skip()
    count = cursor.match(INTEGER)
    if not count:
        cursor.fail("expected a number")
    return Simple("tail", (), (count,), (begin, cursor.at))


def read_dedup(cursor: Cursor, begin: int) -> Command:
    cursor.skip()
    count = cursor.match(INTEGER)
    if count and int(count) == 0:
        cursor.fail("dedup 0 keeps nothing", begin)
    names = [read_name(cursor)]
    while not cursor.at_end() and not OPTION.match(cursor.text, cursor.at):
        cursor.accept(",")
        names.append(read_name(cursor))
    options = read_options(cursor, {"keepempty": "true|false|t|f"})
    options = (("count", count or "1"), *options)
    return Simple("dedup", options, tuple(names), (begin, cursor.at))


def read_mvexpand(cursor: Cursor, begin: int) -> Command:
    name = read_name(cursor)
    options = read_options(cursor, {"limit": r"\d+"})
    return Simple("mvexpand", options, (name,), (begin, cursor.at))


def read_spath(cursor: Cursor, begin: int) -> Command:
    path = r"[^\s*|]+"
    options = read_options(cursor, {"input": r"\S+", "output": r"\S+", "path": path})
    return Simple("spath", options, (), (begin, cursor.at))


def read_fillnull(cursor: Cursor, begin: int) -> Command:
    options = read_options(cursor, {"value": r".*"})
    names = () if cursor.at_end() else read_names(cursor)
    return Simple("fillnull", options, names, (begin, cursor.at))


def read_iplocation(cursor: Cursor, begin: int) -> Command:
    options = read_options(cursor, {"prefix": r"\w+", "allfields": "true|false", "lang": r"\w+"})
    name = read_name(cursor)
    return Simple("iplocation", options, (name,), (begin, cursor.at))


COMMANDS: dict[str, Callable[[Cursor, int], Command]] = {
    "search": read_search,
    "where": read_where,
    "regex": read_regex,
    "rex": read_rex,
    "eval": read_eval,
    "foreach": read_foreach,
    "fields": read_fields,
    "table": read_table,
    "stats": read_stats,
    "streamstats": read_streamstats,
    "sort": read_sort,
    "reverse": read_reverse,
    "tail": read_tail,
    "lookup": read_lookup,
    "inputlookup": read_inputlookup,
    "outputlookup": read_outputlookup,
    "rename": read_rename,
    "head": read_head,
    "dedup": read_dedup,
    "mvexpand": read_mvexpand,
    "spath": read_spath,
    "fillnull": read_fillnull,
    "iplocation": read_iplocation,
}
GENERATING: dict[str, Callable[[Cursor, int], Command]] = {"tstats": read_tstats}
