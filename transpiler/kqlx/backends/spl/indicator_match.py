"""Indicator match rules: events are looked up in a table of indicators.

https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/lookup
"""

from __future__ import annotations

from kqlx.backends.spl.multiple_sources import WrittenSource
from kqlx.backends.spl.result_fields import KeyBuilder
from kqlx.backends.spl.syntax import fold, fold_condition, search_name
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.model import Rule

INDICATORS = "threat_indicators"
"""The lookup that stands for a rule's indicators: its columns are named as Elastic's fields."""


def indicator_search(
    rule: Rule, match: IndicatorMatch, bound: Bound, written: WrittenSource
) -> WrittenSource:
    """The search with a lookup for each alternative. Raises UnsupportedError."""
    keys = KeyBuilder(bound)
    alternatives = _alternatives(match)
    lines: list[str] = []
    marks: list[str] = []
    for group in alternatives:
        pairs = [(indicator, keys.key(field)) for field, indicator in group]
        lines += [key.step for _, key in pairs]
        told = [(indicator, key) for indicator, key in pairs if key.name]
        if not told:
            raise UnsupportedError(
                f"cannot compare {group[0][0]} with indicators: it is the same on every event"
                " of the destination",
                code="constant-folded",
            )
        mark = f"indicator_{len(marks) + 1}"
        inputs = [f"{search_name(indicator)} as {key.spelt}" for indicator, key in told]
        output = f"OUTPUT {search_name(told[0][0])} as {mark}"
        lines.append("| " + fold(["lookup", INDICATORS, *inputs, output]))
        marks.append(f"isnotnull({mark})")
    if not marks:
        raise UnsupportedError(
            "the rule does not say which fields are compared with indicators",
            code="indicator-mapping",
        )
    lines.append(f"| where {fold_condition(' OR '.join(marks))}")
    named = ", ".join(rule.texts("threat_index")) or "an index of its own"
    message = (
        f"the rule's indicators are in {named}; create the lookup {INDICATORS} for them, with the"
        f" columns {', '.join(dict.fromkeys(i for g in alternatives for _, i in g))}"
    )
    note = Note("indicators", Effect.DIFFERENT, message)
    return written.with_form(lines, (), (*keys.notes, note))


def _alternatives(match: IndicatorMatch) -> list[list[tuple[str, str]]]:
    """The alternatives of ``threat_mapping``, each of pairs that must all be met: the event's field
    and the indicator's. Raises UnsupportedError for what a lookup cannot say.
    """
    groups = []
    for comparisons in match.alternatives:
        if not all(one.known for one in comparisons):
            raise UnsupportedError(
                "an entry of threat_mapping has an unknown form", code="indicator-mapping"
            )
        if any(one.negated for one in comparisons):
            raise UnsupportedError(
                "a lookup cannot express an indicator that must not match", code="indicator-mapping"
            )
        if comparisons:
            groups.append([(one.field, one.indicator_field) for one in comparisons])
    return groups
