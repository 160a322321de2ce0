"""What a rule asks, whatever the target: read once, however many targets it is converted to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from kqlx.conversion.choices import find_packs
from kqlx.frontends import KUERY
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.asserted_values import AnyCase, asserted_values
from kqlx.mappings.field_list import FieldList, read_fields
from kqlx.mappings.pack_library import Packs
from kqlx.nodes import Node
from kqlx.rules.filters import with_conditions
from kqlx.rules.known_types import types_and_remarks
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.query_tree import query_of
from kqlx.rules.threshold import Threshold, threshold_of
from kqlx.sequences import EventQuery, Sample, Sequence, Step

if TYPE_CHECKING:
    from pathlib import Path

    from kqlx.settings import Settings


_OF_HOST = frozenset({"host.id", "host.name", "host.hostname", "agent.id"})
"""Fields whose values say which host it is."""


class Reading:
    """A rule with the tree of its query, what is known of its fields, and its data sources.

    ``source`` is the data source that the user names, ``packs`` are those to choose among. Of a
    query on several events, ``asked``, the tree names all fields; each of its steps is read by
    itself.
    """

    def __init__(
        self,
        rule: Rule,
        asked: Node | EventQuery,
        source: str | None,
        packs: Packs,
        fields: FieldList | None,
    ) -> None:
        events = asked if isinstance(asked, EventQuery) else EventQuery(asked)
        self.rule = rule
        self.asked = events
        self.node = events.fields_tree
        self.source = source
        self.packs = packs
        self.fields = fields
        self.types, self.remarks = types_and_remarks(self.node, rule, fields, source, packs)
        counting = threshold_of(rule) or new_terms_of(rule)
        self.counted = counting.fields if counting else ()
        """The fields whose values the rule counts, compares or, in a step, shares with others."""
        self.present = counting.by if isinstance(counting, Threshold) else self.counted
        """Those of them that an event must have."""
        self.systems = rule.systems
        """The operating systems that the events are of, as far as it is said; () means any."""
        self.is_absent = False
        """Whether the events undo what others make, as those of ``until`` and missing ones do."""

    @property
    def several_events(self) -> Sequence | Sample | None:
        """What the query asks of several events; None: it is on single ones."""
        asked = self.asked.asked
        return asked if isinstance(asked, Sequence | Sample) else None

    @cached_property
    def steps(self) -> tuple[Reading, ...]:
        """The rule with the condition of each step for its query, that of ``until`` last. Each has
        the data sources that its condition names, else those of the whole query.
        """
        present = len(self.several_events.steps) if self.several_events is not None else 0
        return tuple(
            [
                self._of_step(step, step.missing or number >= present)
                for number, step in enumerate(self.asked.steps)
            ]
        )

    def _of_step(self, step: Step, is_absent: bool) -> Reading:
        reading = Reading(self.rule, step.condition, self.source, self.packs, self.fields)
        if not reading.types.packs:
            reading.types = self.types
        reading.counted = tuple(dict.fromkeys(key.name for key in step.keys))
        reading.present = tuple(dict.fromkeys(k.name for k in step.keys if not k.optional))
        reading.systems = self.systems or self._system_of_host(step)
        reading.is_absent = is_absent
        return reading

    def _system_of_host(self, step: Step) -> tuple[str, ...]:
        """The operating systems that a step of the same host asks for, and this one does not."""
        hosts = {key.name for key in step.keys} & _OF_HOST
        others = self.several_events.steps if self.several_events is not None else ()
        for other in others:
            if not other.missing and hosts & {key.name for key in other.keys}:
                for values in asserted_values(other.condition).get("host.os.type", ()):
                    texts = [one.text if isinstance(one, AnyCase) else one for one in values]
                    return tuple(sorted(texts))
        return ()

    @cached_property
    def query(self) -> AskedQuery:
        """The tree with the conditions beside the query, for the destinations of packs."""
        node, _ = with_conditions(self.node, self.rule, self.types)
        return AskedQuery(node, self.types)


def read(
    rule: Rule | str,
    *,
    source: str | None = None,
    mappings: Iterable[str | Path] | str | Path | Packs = (),
    leading_wildcards: bool = True,
    node: Node | EventQuery | None = None,
    settings: Settings | None = None,
    fields: FieldList | Mapping[str, str] | str | None = None,
    language: str = KUERY,
) -> Reading:
    """A rule or the text of a query, read for ``convert`` to several targets. The options are those
    of ``convert`` that say how a rule is read.

    Raises QuerySyntaxError, MappingError and UsageError.
    """
    if isinstance(rule, str):
        rule = Rule(name="", query=rule, language=language)
    packs = find_packs(mappings, settings)
    if node is None:
        node = query_of(rule, leading_wildcards)
    return Reading(rule, node, source, packs, read_fields(fields))
