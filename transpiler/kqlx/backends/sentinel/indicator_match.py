"""Indicator match rules in Sentinel KQL: a join with ``ThreatIntelIndicators``, whose indicators
are not Elastic's.
"""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.backends.sentinel.aggregation import TIME, refused_form, value_notes
from kqlx.backends.sentinel.field_values import values_of
from kqlx.backends.sentinel.multiple_sources import WrittenSource
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.result_columns import FieldValues, extended
from kqlx.backends.sentinel.schedule import Run, span
from kqlx.backends.sentinel.syntax import fold, quote
from kqlx.mappings.bound import Bound
from kqlx.mappings.parts_in_data_models import never_has
from kqlx.notes import Effect, Note
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.indicators import effect_of, source_of, unkept_conditions
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import about_window
from kqlx.rules.schedule import schedule_of

INDICATORS = "ThreatIntelIndicators"

_REGISTRY = "windows-registry-key"
_KEYS_ALONE = (
    "indicators of the registry are of keys (windows-registry-key:key), with the root in full;"
    " STIX has the values of a key apart, and those are not compared"
)

# The beginning of ObservableKey by what follows ``threat.indicator.`` in Elastic's fields: keys are
# STIX object paths, ipv4-addr:value, file:hashes.MD5
# (https://learn.microsoft.com/azure/azure-monitor/reference/tables/threatintelindicators).
_KINDS = {
    "ip": ("ipv4-addr", "ipv6-addr"),
    "url.full": ("url",),
    "url.original": ("url",),
    "url.domain": ("domain-name",),
    "domain": ("domain-name",),
    "file.hash.md5": ("file:hashes",),
    "file.hash.sha1": ("file:hashes",),
    "file.hash.sha256": ("file:hashes",),
    "email.address": ("email-addr",),
    "registry.path": (_REGISTRY,),
}

_FOLDED = ("file:hashes", "domain-name")
"""Kinds of which two spellings that differ in letter case are the same."""


def compare_with_indicators(
    match: IndicatorMatch,
    rule: Rule,
    bound: Bound,
    written: WrittenSource,
    values: NamedValues,
    shown: Sequence[FieldValues],
    run: Run | None,
) -> WrittenSource:
    """The query joined with the indicators of the workspace, which are among the ``values``.
    ``shown`` are the columns that alerts show; ``run`` is that of the rule that it is for.

    Raises UnsupportedError where no field can be compared.
    """
    pairs, lost = _comparisons(match, bound)
    if not pairs:
        reason = "; ".join(lost) or "the rule names no fields to compare"
        raise refused_form("the comparison with indicators", reason)
    kinds = list(dict.fromkeys(kind for _, found in pairs for kind in found))
    keys = " or ".join(f"ObservableKey startswith {quote(kind)}" for kind in kinds)
    recent = run.recent if run else schedule_of(rule).look_back
    each = list(dict.fromkeys(_compared(values, found) for values, found in pairs))
    active = [
        INDICATORS,
        "    | summarize arg_max(TimeGenerated, *) by Id",
        "    | where IsActive and (isnull(ValidUntil) or ValidUntil > now())",
        fold(f"    | where {keys}", " " * 8),
        f"    | project IndicatorId = Id, ObservableKey, {_observable(kinds)}",
    ]
    indicators = values.name("indicators", "\n".join(active))
    lines = [
        *([] if by_arrival(rule) else [f"| where {TIME} > ago({span(recent)})"]),
        *written.query.steps,
        fold(f"| mv-expand Observable = pack_array({', '.join(each)}) to typeof(string)"),
        "| where isnotempty(Observable)",
        f"| join kind=inner {indicators} on $left.Observable == $right.ObservableValue",
        *extended(shown),
    ]
    message = f"the indicators come from {INDICATORS}, not from the rule's own {source_of(rule)}"
    found = [Note("indicators", effect_of(rule), message), *unkept_conditions(rule)]
    found += about_window(rule)
    told = value_notes((compared for compared, _ in pairs), bound)
    folded = {compared.field for compared, of in pairs if of[0] in _FOLDED}
    found += [n for n in told if not (n.code == "case-kept" and n.message.split()[0] in folded)]
    found += [Note("indicators", Effect.NARROWER, text) for text in lost]
    if _REGISTRY in kinds:
        found.append(Note("indicators", Effect.COVERAGE, _KEYS_ALONE))
    return written.with_form(lines, (), found)


def _compared(values: FieldValues, kinds: tuple[str, ...]) -> str:
    """The value of a field as it is compared with indicators of these kinds."""
    return f"tolower({values.expression})" if kinds[0] in _FOLDED else values.expression


def _observable(kinds: Sequence[str]) -> str:
    """What indicators of these kinds are compared by."""
    folded = [kind for kind in kinds if kind in _FOLDED]
    if not folded:
        return "ObservableValue"
    lower = "tolower(ObservableValue)"
    if len(folded) == len(kinds):
        return f"ObservableValue = {lower}"
    these = " or ".join(f"ObservableKey startswith {quote(kind)}" for kind in folded)
    return f"ObservableValue = iff({these}, {lower}, ObservableValue)"


def _comparisons(
    match: IndicatorMatch, bound: Bound
) -> tuple[list[tuple[FieldValues, tuple[str, ...]]], list[str]]:
    """The fields that are compared with kinds of indicators, and what cannot be."""
    pairs: list[tuple[FieldValues, tuple[str, ...]]] = []
    lost: list[str] = []
    for comparisons in match.alternatives:
        named = " and ".join(one.field or "?" for one in comparisons)
        if any(one.negated for one in comparisons):
            lost.append(f"{named} is not compared: the join cannot exclude indicators")
            continue
        if any(never_has(bound, one.field) for one in comparisons):
            continue
        if len(comparisons) != 1 or not comparisons[0].known:
            named = named or "an entry"
            lost.append(f"{named} are not compared: {INDICATORS} has one value in each row")
            continue
        other = comparisons[0].indicator_field
        kinds = _KINDS.get(other.partition("indicator.")[2])
        values = values_of(bound, named)
        if kinds is None:
            lost.append(f"{named} is not compared: {INDICATORS} has no counterpart for {other}")
        elif values is None or not values.name or values.multivalue or values.type != "string":
            lost.append(f"{named} is not compared: no string column of the table has its values")
        else:
            pairs.append((values, kinds))
    return pairs, lost
