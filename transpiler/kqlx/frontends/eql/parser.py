"""Text → query: ``parse`` for single events, ``parse_query`` for sequences and samples too."""

from __future__ import annotations

from kqlx.errors import UnsupportedError
from kqlx.frontends.eql.builder import build
from kqlx.frontends.eql.events import query_of
from kqlx.frontends.eql.meaning import EVENT_CATEGORY
from kqlx.frontends.eql.refused import Refused
from kqlx.frontends.eql.syntax_tree import Query
from kqlx.frontends.lalr import UnexpectedInput
from kqlx.frontends.language import several_events
from kqlx.nodes import Node
from kqlx.sequences import EventQuery, Sample, Sequence


def parse(text: str, category_field: str = EVENT_CATEGORY) -> Node:
    """The tree of an EQL query on single events; ``category_field`` holds their categories.

    Raises QuerySyntaxError where Elasticsearch refuses the text, with the same offset, and where
    nodes nest deeper than ``syntax.MAX_DEPTH``; UnsupportedError for a sequence or a sample.
    """
    asked = parse_query(text, category_field).asked
    if isinstance(asked, Sequence | Sample):
        raise several_events(asked)
    return asked


def parse_query(text: str, category_field: str = EVENT_CATEGORY) -> EventQuery:
    """Any EQL query. Raises QuerySyntaxError as ``parse``, and UnsupportedError for a regular
    expression that other engines have no form for.
    """
    try:
        return query_of(build(text), category_field)
    except (UnexpectedInput, Refused) as error:
        from kqlx.frontends.eql.diagnostics.messages import syntax_error

        raise syntax_error(text, error) from None


def parse_syntax(text: str) -> Query:
    """The query as it is written, when it is known that it can be read. Raises as the others."""
    try:
        written = build(text)
        query_of(written, EVENT_CATEGORY)
    except (UnexpectedInput, Refused) as error:
        from kqlx.frontends.eql.diagnostics.messages import syntax_error

        raise syntax_error(text, error) from None
    except UnsupportedError:  # it is EQL all the same
        pass
    return written
