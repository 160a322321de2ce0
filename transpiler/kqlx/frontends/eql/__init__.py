"""EQL, as Elasticsearch has it: ``parser`` makes a tree of a text, ``formatter`` a text of a
tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kqlx.frontends.language import Language, ReadingOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kqlx.codes import Code
    from kqlx.nodes import Node
    from kqlx.notes import Note
    from kqlx.sequences import EventQuery


def _parse(text: str, options: ReadingOptions) -> Node:
    from kqlx.frontends.eql.parser import parse

    return parse(text, options.category_field)


def _format_text(text: str, width: int) -> str:
    from kqlx.frontends.eql.reformat import format_text

    return format_text(text, width)


def _format_node(node: Node, width: int) -> str:
    from kqlx.frontends.eql.formatter import format_condition

    return format_condition(node, width)


def _suggest(*texts: str) -> str:
    from kqlx.frontends.eql.wording import suggest

    return suggest(*texts)


def _codes() -> tuple[Code, ...]:
    from kqlx.frontends.eql.diagnostics.codes import CODES

    return CODES


def _read(text: str, options: ReadingOptions) -> EventQuery:
    from kqlx.frontends.eql.parser import parse_query

    return parse_query(text, options.category_field)


def _remarks(text: str) -> Iterable[Note]:
    if "|" not in text:
        return ()
    from kqlx.frontends.eql.pipes import remarks

    return remarks(text)


LANGUAGE = Language(
    name="eql",
    title="EQL",
    parse=_parse,
    format_text=_format_text,
    format_node=_format_node,
    suggest=_suggest,
    codes=_codes,
    suffixes=(".eql",),
    remarks=_remarks,
    read=_read,
)
