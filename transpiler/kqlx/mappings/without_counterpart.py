"""What no target has: rules that ask for nothing else are refused with the reason.

The index patterns are those of Elastic's rules, the products those of
https://www.elastic.co/docs/solutions/security and https://www.elastic.co/docs/reference/integrations.
"""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.mappings.shippers import shipper
from kqlx.mappings.source_hints import own_indices

_NOT_RECOGNISED = "data source not recognised"
_RULES = "made of the results of its own rules"
_APM = "Elastic APM records the requests of applications that carry its agent"

_REASONS = (
    (".alerts-security.", f"alerts of Elastic Security are {_RULES}"),
    (".ml-anomalies-", "anomalies are results of Elastic's machine learning"),
    ("apm-", _APM),
    ("traces-apm", _APM),
    ("endgame-", "Elastic Endgame has events and alerts in a form of its own"),
    ("logs-cloud_defend.alerts", "alerts of Defend for Containers are results of its own policies"),
    ("logs-cloud_security_posture.", "findings are results of Elastic's own checks"),
    ("logs-elastic_agent", "logs of Elastic Agent are about itself"),
    ("logs-elastic_security.", f"alerts of another Elastic Security are {_RULES}"),
    ("logs-endpoint.actions", "responses of Elastic Defend are asked for in Elastic"),
    ("logs-endpoint.alerts", "alerts of Elastic Defend are verdicts of its own engines"),
    ("logs-google_secops.", f"alerts of Google SecOps are {_RULES}"),
    ("logs-ibm_qradar.", f"offenses of IBM QRadar are {_RULES}"),
    ("logs-microsoft_sentinel.", "alerts of Sentinel are those of rules such as this one would be"),
    (
        "logs-osquery_manager.",
        "results of Osquery Manager are of queries that are asked in Elastic",
    ),
    ("logs-splunk.", "alerts of Splunk are those of searches such as this one would be"),
    ("metrics-endpoint.", "metrics of Elastic Defend are about itself"),
    ("ml_beaconing", "beaconing scores are results of a transform of Elastic's"),
    ("risk-score.", "risk scores are results of Elastic's own engine"),
)
"""How index patterns begin, and why no target has what they hold."""

_OF_FIELDS = (
    ("kibana.alert.", "alerts of Elastic Security have it alone"),
    ("ml_is_dga.", "a model of Elastic's writes it into events as they arrive"),
    ("problemchild.", "a model of Elastic's writes it into events as they arrive"),
    ("threat.enrichments.", "Elastic's indicator match writes it into alerts"),
)
"""How names of fields begin that no product has, and why."""


def why_none(indices: Sequence[str]) -> str | None:
    """Why no target holds what a rule with these index patterns reads; None where one of them is
    not known to be of that kind, or there are none.
    """
    reasons = []
    for pattern in indices:
        name = pattern.rpartition(":")[2]
        reason = next((text for start, text in _REASONS if name.startswith(start)), None)
        if reason is None:
            return None
        reasons.append(reason)
    return reasons[0] if reasons else None


def why_no_field(name: str) -> str:
    """Why no destination has a field of this name; "" where nothing says that none has."""
    return next((text for start, text in _OF_FIELDS if name.startswith(start)), "")


def why_unknown(indices: Sequence[str], named: Sequence[str] = ()) -> str:
    """What is known of what a rule reads that no data source was found for: what it has ``named``
    has no mapping, or its index patterns have none, or may hold anything.
    """
    if why := why_none([f"logs-{name}" for name in named]):
        return f"{named[0]} has no counterpart: {why}"
    read = [index for index in indices if not index.startswith("-") and why_none([index]) is None]
    if unmapped := list(named) or own_indices(read):
        from kqlx.mappings.products import product, with_products

        known = all(map(product, unmapped))
        why = f"there is no mapping for {with_products(unmapped)}"
        return why if known else f"{_NOT_RECOGNISED}: {why}"
    anything = [index for index in read if not shipper(index) or shipper(index) == "filebeat"]
    if not anything:
        return f"{_NOT_RECOGNISED}: cannot map field names"
    first, *others = [*anything, *[index for index in read if index not in anything]]
    more = f" and {len(others)} other index patterns" if len(others) > 1 else ""
    more = f" and {others[0]}" if len(others) == 1 else more
    why = f"{first}{more} may hold the events of any product, and the query does not say which"
    return f"{_NOT_RECOGNISED}: {why}"
