"""Reads the arguments of ``stats``, ``streamstats`` and ``tstats``: text at a cursor → a node.

https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/streamstats
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/stats
https://help.splunk.com/en/splunk-enterprise/search/spl-search-reference/9.4/search-commands/tstats
"""

from __future__ import annotations

import re

from tests.oracles.spl.cursor import Cursor
from tests.oracles.spl.eval_reader import read_value
from tests.oracles.spl.names import read_name, read_names, read_options
from tests.oracles.spl.nodes import Aggregation, Command, Macro, Stats, Streamstats, Term, Tstats
from tests.oracles.spl.search_reader import read_term

AGGREGATE = re.compile(r"[a-z]+")
AGGREGATES = frozenset(
    {"count", "dc", "min", "max", "values", "earliest", "latest", "first", "last"}
)
DATAMODEL = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?")


def _aggregations(cursor: Cursor) -> tuple[Aggregation, ...]:
    found: list[Aggregation] = []
    while True:
        cursor.skip()
        begin = cursor.at
        comma = bool(found) and cursor.accept(",")
        cursor.skip()
        at = cursor.at
        function = cursor.match(AGGREGATE)
        if function not in AGGREGATES:
            if comma or not found:
                cursor.fail("expected an aggregate function", at)
            cursor.at = begin
            return tuple(found)
        field, expression = "", None
        if cursor.text.startswith("(", cursor.at):
            cursor.at += 1
            if cursor.keyword("eval"):
                cursor.expect("(")
                cursor.skip()
                expression = read_value(cursor)
                cursor.expect(")")
            elif not (function == "count" and cursor.peek() == ")"):
                field = read_name(cursor)
            cursor.expect(")")
        elif function != "count":
            cursor.fail(f"{function} needs a field", at)
        name = read_name(cursor) if cursor.any_case("as") else ""
        if expression is not None and not name:
            cursor.fail(f"{function} of an expression needs a name", at)
        if name and name in [a.name for a in found]:
            cursor.fail(f"{name} is named twice", at)
        found.append(Aggregation(function, field, name, (at, cursor.at), expression))


def _by(cursor: Cursor) -> tuple[str, ...]:
    return read_names(cursor) if cursor.any_case("by") else ()


def read_stats(cursor: Cursor, begin: int) -> Command:
    aggregations = _aggregations(cursor)
    return Stats(aggregations, _by(cursor), (begin, cursor.at))


def read_streamstats(cursor: Cursor, begin: int) -> Command:
    """Page streamstats: a window counts for each group by itself only with ``global=f``."""
    known = {"current": "true|false|t|f", "window": r"\d+", "global": "true|false|t|f"}
    options = dict(read_options(cursor, known))
    aggregations = _aggregations(cursor)
    if any(not aggregation.name for aggregation in aggregations):
        cursor.fail("an aggregate of streamstats needs a name", begin)
    by = _by(cursor)
    window = int(options.get("window", "0"))
    if window and by and options.get("global", "t")[0] != "f":
        cursor.fail("a window over all groups together", begin)
    current = options.get("current", "t")[0] == "t"
    return Streamstats(current, window, aggregations, by, (begin, cursor.at))


def read_tstats(cursor: Cursor, begin: int) -> Command:
    """Page tstats: options, aggregates, ``from datamodel=Model.Dataset``, ``where``, ``by``."""
    known = {
        "summariesonly": "true|false|t|f",
        "allow_old_summaries": "true|false|t|f",
        "prestats": "true|false|t|f",
        "fillnull_value": r".*",
    }
    options = read_options(cursor, known)
    macros: list[Macro] = []
    while cursor.peek() == "`":
        macros.append(cursor.macro())
    aggregations = _aggregations(cursor)
    if not cursor.any_case("from"):
        cursor.fail("expected from")
    cursor.skip()
    if not cursor.accept("datamodel"):
        cursor.fail("expected datamodel=")
    cursor.expect("=")
    cursor.skip()
    datamodel = cursor.match(DATAMODEL)
    if not datamodel:
        cursor.fail("expected a data model")
    condition = _tstats_condition(cursor) if cursor.any_case("where") else None
    by = _by(cursor)
    span = (begin, cursor.at)
    return Tstats(options, tuple(macros), aggregations, datamodel, condition, by, span)


def _tstats_condition(cursor: Cursor) -> Term:
    cursor.stop_words = ("by", "BY")
    term = read_term(cursor)
    cursor.stop_words = ()
    return term
