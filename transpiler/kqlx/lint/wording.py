"""How the checks of ``kqlx.lint`` make their notes, and show a test in the language of a query."""

from __future__ import annotations

import re
from bisect import bisect_right

from kqlx.errors import UnsupportedError
from kqlx.frontends.kql import LANGUAGE as KUERY
from kqlx.frontends.language import Language
from kqlx.nodes import Exists, Node, Operator, Span, Term
from kqlx.notes import Effect, Note


def note(code: str, message: str, span: Span, hint: str = "") -> Note:
    """A doubt about the part of the query that the span covers."""
    return Note(code, Effect.SAME, message, span, hint)


def spelled(node: Node, language: Language = KUERY) -> str:
    """The node on one line, or "" where it has no spelling."""
    try:
        return language.format_node(node, 1_000_000)
    except UnsupportedError:
        return ""


def suggest_node(node: Node, language: Language = KUERY) -> str:
    """The hint to write the node, or "" where it is too long or has no spelling."""
    return language.suggest(spelled(node, language))


_INCLUSIVE: dict[Operator, Operator] = {"gt": "gte", "lt": "lte"}


def inclusive(operator: Operator) -> Operator:
    """The operator with an equals sign."""
    return _INCLUSIVE.get(operator, operator)


def name_of(field: Term) -> str:
    """A field name as Kibana KQL."""
    return spelled(Exists(field)).removesuffix(":*")


class Places:
    """Lines and columns of one text, each found in logarithmic time."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def of(self, offset: int) -> str:
        line = bisect_right(self._starts, offset)
        return f"line {line}, column {offset - self._starts[line - 1] + 1}"
