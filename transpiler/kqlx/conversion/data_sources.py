"""Which data sources have mapping packs, and which fields of theirs rules use, in every target."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kqlx.backends import binding_targets
from kqlx.mappings.coverage import FieldCount, FieldUse
from kqlx.mappings.pack_library import Packs, packs_of
from kqlx.rules.filters import with_conditions
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.query_tree import tree_of_fields
from kqlx.rules.threshold import threshold_of


class RuleFieldCount(FieldCount):
    """Counts the fields of rules, one rule after the other, for all targets."""

    def __init__(self, packs: Packs | None = None) -> None:
        super().__init__(packs or Packs(), binding_targets())

    def add_rule(self, rule: Rule, source: str | None = None) -> None:
        """Counts the fields of one rule, also those that it counts by.

        ``source`` names the data source, else they are those that the rule is about. Raises
        QuerySyntaxError, and UsageError for a data source that there is not.
        """
        node, _ = with_conditions(tree_of_fields(rule), rule)
        self.add(node, _counted(rule), rule.indices, rule.integrations, source)


def _counted(rule: Rule) -> tuple[str, ...]:
    """The fields beside the query whose values a rule counts, or looks for new ones of."""
    threshold, terms = threshold_of(rule), new_terms_of(rule)
    return (*(threshold.fields if threshold else ()), *(terms.fields if terms else ()))


def field_uses(
    rules: Iterable[Rule], mappings: Iterable[str | Path] = (), source: str | None = None
) -> tuple[FieldUse, ...]:
    """The fields that rules use, and what becomes of each by target.

    ``mappings`` are a user's files of packs. Raises QuerySyntaxError for the first rule that cannot
    be parsed, and MappingError for a wrong file.
    """
    count = RuleFieldCount(packs_of(mappings, binding_targets()))
    for rule in rules:
        count.add_rule(rule, source)
    return count.uses()


def sources(mappings: Iterable[str | Path] = ()) -> tuple[str, ...]:
    """The names of the data sources that have a pack, those of a user's files among them.

    Raises MappingError for a wrong file.
    """
    return packs_of(mappings, binding_targets()).sources()
