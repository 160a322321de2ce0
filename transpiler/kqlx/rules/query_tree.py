"""What a rule's query asks, read in the rule's language."""

from __future__ import annotations

from kqlx.frontends import find_language
from kqlx.frontends.language import ReadingOptions
from kqlx.nodes import Node
from kqlx.rules.model import Rule
from kqlx.sequences import EventQuery


def query_of(rule: Rule, leading_wildcards: bool = True) -> EventQuery:
    """What the rule's query asks; ``leading_wildcards`` as in ``ReadingOptions``.

    Raises QuerySyntaxError, and UsageError for a language that is not read.
    """
    options = ReadingOptions(leading_wildcards, category_field_of(rule))
    return find_language(rule.language).query(rule.query, options)


def asks_for_several_events(rule: Rule) -> bool:
    """Whether the rule's query, which can be read, is a sequence or a sample. Raises as
    ``query_of``.
    """
    language = find_language(rule.language)
    return language.read is not None and bool(query_of(rule).steps)


def tree_of_fields(rule: Rule) -> Node:
    """A tree that names all fields of the query, those among them whose values its steps share.
    Raises as ``query_of``.
    """
    return query_of(rule).fields_tree


def category_field_of(rule: Rule) -> str:
    """The field that holds the category of events, for rules in EQL."""
    return rule.text("event_category_override") or ReadingOptions().category_field
