"""EQL text → the same in canonical lines."""

from __future__ import annotations

from kqlx.frontends.eql.comments import comments_of
from kqlx.frontends.eql.formatter import format_query
from kqlx.frontends.eql.parser import parse_syntax


def format_text(text: str, width: int = 100) -> str:
    """The query in lines of at most ``width`` characters where words allow it; it keeps its
    operators, functions and comments.

    Raises QuerySyntaxError where the text is not EQL.
    """
    query = parse_syntax(text)
    return format_query(query, comments_of(text, query), width)
