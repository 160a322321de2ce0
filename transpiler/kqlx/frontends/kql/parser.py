"""Text → tree: ``parse``, and what of a tree a setting of Kibana refuses."""

from __future__ import annotations

from kqlx.frontends.kql.reader import TooDeep, read
from kqlx.frontends.lalr import UnexpectedInput
from kqlx.nodes import Like, Node, Pattern, walk


def parse(text: str) -> Node:
    """The tree of a Kibana KQL query.

    Raises QuerySyntaxError where Kibana refuses the text, with the same offset, and where nodes
    nest deeper than ``syntax.MAX_DEPTH``.
    """
    try:
        return read(text)
    except UnexpectedInput as error:
        from kqlx.frontends.kql.diagnostics.messages import syntax_error

        raise syntax_error(text, error) from None
    except TooDeep as error:
        from kqlx.frontends.kql.diagnostics.messages import too_deep

        raise too_deep(text, error.offset) from None


def refuse_leading_wildcards(text: str, node: Node) -> None:
    """Raises QuerySyntaxError for a value that begins with a star and is not the lone star.

    Kibana's setting ``query:allowLeadingWildcards``, when off; field names and ranges are not
    looked at.
    """
    for part in walk(node):
        value = part.pattern if isinstance(part, Like) else getattr(part, "value", None)
        if isinstance(value, Pattern) and value.begins_open and not value.is_lone_star:
            from kqlx.frontends.kql.diagnostics.messages import leading_wildcard

            raise leading_wildcard(text, value)
