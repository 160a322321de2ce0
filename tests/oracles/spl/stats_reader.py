"""Reads the arguments of ``stats`` and ``tstats``: text at a cursor → ``Stats`` or ``Tstats``.

https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/stats
https://help.splunk.com/en/splunk-enterprise/search/spl-search-reference/9.4/search-commands/tstats
"""

from __future__ import annotations

import re

from tests.oracles.spl.cursor import Cursor
from tests.oracles.spl.names import read_name, read_names, read_options
from tests.oracles.spl.nodes import Aggregation, Command, Macro, Stats, Term, Tstats
from tests.oracles.spl.search_reader import read_term

AGGREGATE = re.compile(r"[a-z]+")
AGGREGATES = frozenset({"count", "dc", "min", "max", "values", "earliest", "latest"})
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
        field = ""
        if cursor.text.startswith("(", cursor.at):
            cursor.at += 1
            if not (function == "count" and cursor.peek() == ")"):
                field = read_name(cursor)
            cursor.expect(")")
        elif function != "count":
            cursor.fail(f"{function} needs a field", at)
        name = read_name(cursor) if cursor.any_case("as") else ""
        if name and name in [a.name for a in found]:
            cursor.fail(f"{name} is named twice", at)
        found.append(Aggregation(function, field, name, (at, cursor.at)))


def _by(cursor: Cursor) -> tuple[str, ...]:
    return read_names(cursor) if cursor.any_case("by") else ()


def read_stats(cursor: Cursor, begin: int) -> Command:
    aggregations = _aggregations(cursor)
    return Stats(aggregations, _by(cursor), (begin, cursor.at))


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
