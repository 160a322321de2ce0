"""Indicator match rules: events are looked up in a table of indicators.

https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/lookup
"""

from __future__ import annotations

from kqlx.backends.spl.keys import Key, plain_name
from kqlx.backends.spl.multiple_sources import WrittenSource
from kqlx.backends.spl.result_fields import KeyBuilder
from kqlx.backends.spl.syntax import eval_name, fold, fold_condition, search_name
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.mappings.parts_in_data_models import never_has
from kqlx.notes import Note
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.indicators import effect_of, in_any_case, source_of, unkept_conditions
from kqlx.rules.model import Rule

INDICATORS = "threat_indicators"
"""The lookup that stands for a rule's indicators: its columns are named as Elastic's fields."""


# https://help.splunk.com/en/splunk-enterprise-security-8/api-reference/8.1/deprecated-apis/threat-intelligence-endpoints/threat-intelligence-api-reference_1/servicesdatathreat_intelitemthreat_intel_collection
_HINT = (
    "Enterprise Security has indicators in its collections ip_intel (ip, domain), http_intel (url)"
    " and file_intel (file_hash), which inputlookup reads"
)


def indicator_search(
    rule: Rule, match: IndicatorMatch, bound: Bound, written: WrittenSource
) -> WrittenSource:
    """The search with a lookup for each alternative. Raises UnsupportedError."""
    keys = KeyBuilder(bound)
    alternatives = _asked_of(bound, _alternatives(match))
    lines: list[str] = []
    marks: list[str] = []
    for group in alternatives:
        pairs = [(indicator, _key(keys, field, indicator)) for field, indicator in group]
        lines += [key.step for _, key in pairs if key.step not in lines]
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
    columns = list(dict.fromkeys(i for g in alternatives for _, i in g))
    folded = ", in lower case" if any(map(in_any_case, columns)) else ""
    message = (
        f"the rule's indicators are in {source_of(rule)}; create the lookup {INDICATORS} for them,"
        f" with the columns {', '.join(columns)}{folded}"
    )
    note = Note("indicators", effect_of(rule), message, hint=_HINT)
    # Each spelling is one here.
    about_keys = [n for n in keys.notes if n.code != "case-kept"] if folded else keys.notes
    return written.with_form(lines, (), (*about_keys, note, *unkept_conditions(rule)))


def _asked_of(
    bound: Bound, alternatives: list[list[tuple[str, str]]]
) -> list[list[tuple[str, str]]]:
    """Those that events of the destination may meet, where it says which fields they have."""
    kept = [
        group for group in alternatives if not any(never_has(bound, field) for field, _ in group)
    ]
    return kept or alternatives


def _key(keys: KeyBuilder, field: str, indicator: str) -> Key:
    """The key of a field, in lower case where an indicator may be spelt in any: lookups tell letter
    cases apart.
    """
    key = keys.key(field)
    if not key.name or not in_any_case(indicator):
        return key
    made = f"{plain_name(key.name)}_in_lower_case"
    step = f"| eval {made}=lower({eval_name(key.name)})"
    return Key(field, made, "\n".join(filter(None, [key.step, step])), is_mapped=key.is_mapped)


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
