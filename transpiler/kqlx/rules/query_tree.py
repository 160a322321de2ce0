"""The tree of a rule's query, read in the rule's language."""

from __future__ import annotations

from kqlx.frontends import find_language
from kqlx.frontends.language import ReadingOptions
from kqlx.nodes import Node
from kqlx.rules.model import Rule


def tree_of(rule: Rule, leading_wildcards: bool = True) -> Node:
    """The tree of the rule's query; ``leading_wildcards`` as in ``ReadingOptions``.

    Raises QuerySyntaxError, and UsageError for a language that is not read.
    """
    options = ReadingOptions(leading_wildcards, category_field_of(rule))
    return find_language(rule.language).parse(rule.query, options)


def category_field_of(rule: Rule) -> str:
    """The field that holds the category of events, for rules in EQL."""
    return rule.text("event_category_override") or ReadingOptions().category_field
