"""What a saved search says beside its query, and what of the rule is lost.

https://docs.splunk.com/Documentation/Splunk/latest/Admin/Savedsearchesconf
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kqlx.backends.spl.conf_file import (
    MOST_DESCRIBED,
    MOST_OF_AUTHORS,
    detection_name,
    has_tokens,
    stanza,
)
from kqlx.backends.spl.risk_objects import entities
from kqlx.backends.spl.schedule import about_schedule
from kqlx.backends.spl.throttling import about_suppression, carries
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.labels import SCORES, is_technique, label_of
from kqlx.rules.mitre_attack import in_version_19
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import query_only_notes
from kqlx.rules.unconverted_metadata import odd_techniques, other_frameworks, unconverted_keys

RULE_FORMATS = frozenset({"savedsearches", "escu"})

LONG_SEARCH = 10_000
"""Characters. Splunk documents no limit; long lists are better kept in a lookup."""

_LEAST = {"low": 21, "medium": 41, "high": 61, "critical": 81}
"""The risk scores from which contentctl takes a detection to be so severe."""

_SAID = frozenset(
    {
        "author", "building_block_type", "false_positives", "investigation_fields", "license",
        "note", "references", "setup", "timestamp_override",
    }
)  # fmt: skip
_SAID_IN = {"savedsearches": {"max_signals", "tags", "version"}, "escu": {"updated_at"}}

_DOMAINS = (
    (("crowdstrike", "endpoint", "m365_defender", "sentinel_one", "system", "windows"), "endpoint"),
    (("network_traffic", "panw"), "network"),
    (("azure.audit", "azure.identity", "azure.signin", "okta"), "identity"),
    (("google_workspace.login", "google_workspace.saml"), "identity"),
)
_ASSETS = (
    ("aws", "AWS Account"),
    ("azure.activitylogs", "Azure Tenant"),
    ("azure.platformlogs", "Azure AKS Kubernetes cluster"),
    ("azure", "Azure Active Directory"),
    ("gcp", "GCP Account"),
    ("github", "GitHub"),
    ("google_workspace", "GSuite"),
    ("kubernetes", "Kubernetes"),
    ("network_traffic", "Network"),
    ("panw", "Network"),
    ("o365", "O365 Tenant"),
    ("okta", "Okta Tenant"),
    ("windows", "Windows"),
)


def title_of(rule: Rule) -> str:
    """The rule's name on one line; of a bare query the beginning of its text."""
    return label_of(rule, longest_query=80)


def security_domain(bound: Bound) -> str:
    """Enterprise Security's kind of detection, by the data source."""
    source = bound.source or ""
    return next((domain for starts, domain in _DOMAINS if source.startswith(starts)), "threat")


def asset_type(bound: Bound) -> str:
    """contentctl's kind of thing that is attacked, by the data source."""
    return next((a for start, a in _ASSETS if (bound.source or "").startswith(start)), "Endpoint")


def techniques(rule: Rule) -> tuple[str, ...]:
    """The ids of ATT&CK 19; what is no id of a technique is left out."""
    found = in_version_19(rule.tactics).techniques
    return tuple(filter(is_technique, found))


def risk_score(rule: Rule) -> int:
    """From 1 to 100, as risk objects want it; by the severity where the rule names none."""
    score = rule.risk_score
    if isinstance(score, int | float) and score == score:
        return min(max(round(min(max(score, 1), 100)), 1), 100)
    return SCORES.get(rule.severity, 47)


def web_addresses(rule: Rule) -> list[str]:
    """The references that contentctl takes for addresses."""
    form = re.compile(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,4})?(/[!-~]*)?")
    found = [text for text in rule.texts("references") if form.fullmatch(text)]
    return [text for text in dict.fromkeys(found) if len(text) < 2_000]


def in_results(query: str, name: str) -> bool:
    """Whether the results of a search have the field: grouped ones have what is named there."""
    _, grouped, rest = query.partition("\n| stats ")
    named = rf"(?<![\w.{{}}]){re.escape(name)}(?![\w.{{}}])"
    return not grouped or re.search(named, rest) is not None


def about_length(query: str, format: str) -> Iterator[Note]:
    """A note on a search that is hard to keep."""
    if len(query) > LONG_SEARCH:
        message = f"the search has {len(query):,} characters"
        hint = "put long lists of values into a lookup"
        yield Note("query-too-long", Effect.SAME, message, hint=hint)


def about(rule: Rule, bound: Bound, format: str, accept: frozenset[str]) -> Iterator[Note]:
    """Notes on the rule beside its query."""
    if format not in RULE_FORMATS:
        yield from query_only_notes(rule)
        return
    carried = carries(rule, bound)
    yield from query_only_notes(rule, suppresses=carried)
    yield from about_schedule(rule)
    yield from about_suppression(rule, carried)
    found = in_version_19(rule.tactics)
    for remark in found.remarks:
        if re.match(r"T\d", remark):
            yield Note("attack-version", Effect.SAME, remark)
    yield from _about_texts(rule, bound, format)
    more = [f"the tactic {t.name}, without a technique" for t in rule.tactics if not t.techniques]
    said = _SAID | _SAID_IN[format]
    yield from unconverted_keys(
        rule, format, said, [*more, *other_frameworks(rule), *odd_techniques(rule)]
    )
    if rule.is_building_block and not any(entity.is_risk for entity in entities(rule, bound)):
        message = "the building block is a finding: nobody is known whose risk it could add to"
        yield Note("metadata-changed", Effect.SAME, message)


def _about_texts(rule: Rule, bound: Bound, format: str) -> Iterator[Note]:
    """Notes on what cannot be told in the rule's own words."""
    title = title_of(rule)
    tokens = has_tokens(title) or has_tokens(rule.description)
    if format == "escu":
        name = detection_name(title, "…")
        if name != title:
            message = f"the name is {name}, of which names of macros and files can be made"
            yield Note("metadata-changed", Effect.SAME, message)
        told = [level for level, least in _LEAST.items() if risk_score(rule) >= least]
        if rule.severity in _LEAST and told[-1:] != [rule.severity]:
            message = f"contentctl takes the risk score {risk_score(rule)} for the severity, not"
            yield Note("metadata-changed", Effect.SAME, f"{message} {rule.severity}")
        if len(web_addresses(rule)) < len(set(rule.texts("references"))):
            message = "escu has no place for references that are no web addresses"
            yield Note("metadata-left-out", Effect.SAME, message)
        for words, text, most in (
            ("the description", rule.description, MOST_DESCRIBED),
            ("the list of authors", ", ".join(rule.authors), MOST_OF_AUTHORS),
        ):
            if len(text) > most:
                message = f"{words} is cut: it has {len(text):,} characters, and {most:,} fit"
                yield Note("metadata-left-out", Effect.SAME, message)
    elif title not in stanza(title, security_domain(bound), "…"):
        message = "the name of the search is cut, or without characters that it cannot have"
        yield Note("metadata-changed", Effect.SAME, message)
    if tokens or (format != "escu" and has_tokens(rule.investigation_guide)):
        message = "in what alerts say, dollar signs and [[ are written so that they are no tokens"
        yield Note("metadata-changed", Effect.SAME, message)
