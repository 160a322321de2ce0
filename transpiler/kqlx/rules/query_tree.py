"""The tree of a rule's query, read in the rule's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kqlx.frontends import find_language
from kqlx.frontends.language import ReadingOptions
from kqlx.nodes import Exists, Node, all_of, any_of
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.sequences import Step


def tree_of(rule: Rule, leading_wildcards: bool = True) -> Node:
    """The tree of the rule's query; ``leading_wildcards`` as in ``ReadingOptions``.

    Raises QuerySyntaxError, and UsageError for a language that is not read.
    """
    options = ReadingOptions(leading_wildcards, category_field_of(rule))
    return find_language(rule.language).parse(rule.query, options)


def trees_of(rule: Rule) -> tuple[Node, ...]:
    """The conditions on single events: the tree of the query, or, of one on several events, those
    of its steps. Raises as ``tree_of``.
    """
    steps = _steps(rule)
    return tuple([step.condition for step in steps]) if steps else (tree_of(rule),)


def tree_of_fields(rule: Rule) -> Node:
    """A tree that names all fields of the query, those among them whose values its steps share.
    Raises as ``tree_of``.
    """
    steps = _steps(rule)
    if not steps:
        return tree_of(rule)
    nodes = [all_of([step.condition, *map(Exists, step.keys)]) for step in steps]
    return any_of(nodes)


def _steps(rule: Rule) -> tuple[Step, ...]:
    language = find_language(rule.language)
    if language.steps is None:
        return ()
    return language.steps(rule.query, ReadingOptions(category_field=category_field_of(rule)))


def category_field_of(rule: Rule) -> str:
    """The field that holds the category of events, for rules in EQL."""
    return rule.text("event_category_override") or ReadingOptions().category_field
