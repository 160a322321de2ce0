"""What a saved search says beside its query: when it runs, which alerts it holds back, and what of
the rule is lost.

https://docs.splunk.com/Documentation/Splunk/latest/Admin/Savedsearchesconf
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kqlx.backends.spl_conf import (
    MOST_DESCRIBED,
    MOST_OF_AUTHORS,
    detection_name,
    has_tokens,
    stanza,
)
from kqlx.backends.spl_entities import grouping, suppressed_by
from kqlx.backends.spl_keys import Keys
from kqlx.backends.spl_types import time_modifier
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.attack import in_version_19
from kqlx.rules.left_out import left_out
from kqlx.rules.model import Rule
from kqlx.rules.schedule import schedule_of, seconds

RULE_FORMATS = frozenset({"savedsearches", "escu"})

EVENT_HASH = "event_hash"

_SCORES = {"low": 21, "medium": 47, "high": 73, "critical": 99}
_LEAST = {"low": 21, "medium": 41, "high": 61, "critical": 81}
"""The risk scores from which contentctl takes a detection to be so severe."""

_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
_HOURS = (1, 2, 3, 4, 6, 8, 12)
_CRONS = {
    **{60 * n: f"*/{n} * * * *" if n > 1 else "* * * * *" for n in _MINUTES},
    **{3_600 * n: f"0 */{n} * * *" if n > 1 else "0 * * * *" for n in _HOURS},
    86_400: "0 0 * * *",
    7 * 86_400: "0 0 * * 0",
}
"""Seconds between two runs → cron. Others would not be evenly spaced."""

_NO_PLACE = (
    "severity_mapping",
    "risk_score_mapping",
    "rule_name_override",
    "timeline_title",
    "actions",
    "response_actions",
)
_NO_PLACE_IN_ESCU = ("max_signals", "tags")

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

_SUPPRESSIBLE = re.compile(r"[\w.{}@:/-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Timing:
    """When a search runs and over which time, in Splunk's words."""

    cron: str
    earliest: str
    latest: str = "now"


@dataclass(frozen=True, slots=True)
class Suppression:
    """Alerts with the same values of ``fields`` are one within ``period``, a number of seconds;
    without fields all are. ``step`` is a command that makes a field of them.
    """

    fields: tuple[str, ...]
    period: int
    step: str = ""


def timing(rule: Rule, query: str) -> Timing:
    """The schedule of a rule with this search: as often as the rule, or a little more often."""
    schedule = schedule_of(rule)
    fits = [length for length in _CRONS if length <= max(schedule.interval, 60)]
    own = re.match(r"earliest=(\S+)\s", query)
    earliest = own[1] if own else time_modifier(schedule.look_back)
    if not own and earliest[-1] != "s":
        earliest += "@m"  # when scheduled searches run anyway
    return Timing(_CRONS[max(fits)], earliest)


def suppression(rule: Rule, bound: Bound) -> Suppression | None:
    """How alerts are held back: as the rule says, else so that what two runs find is told once, as
    Kibana does. None where no run looks at what another has seen.
    """
    schedule = schedule_of(rule)
    table = rule.data.get("alert_suppression")
    if isinstance(table, dict) and _suppressed(rule, bound) is not None:
        duration = table.get("duration")
        length = _length(duration) if isinstance(duration, dict) else None
        fields = _suppressed(rule, bound) or ()
        return Suppression(fields, length or schedule.interval)
    if schedule.look_back <= schedule.interval:
        return None
    if by := _grouped(rule, bound):
        return Suppression(by, schedule.look_back)
    if rule.type == "threshold":
        return Suppression((), schedule.look_back)
    step = f"| eval {EVENT_HASH}=md5(_raw)"
    return Suppression((EVENT_HASH,), schedule.look_back, step)


def _suppressed(rule: Rule, bound: Bound) -> tuple[str, ...] | None:
    """The fields of the rule's own suppression in the results; None where one is not there."""
    if rule.type == "threshold":
        return _grouped(rule, bound)
    keys = Keys(bound)
    grouped = {key.field: key.name for key in keys.keys(grouping(rule))}
    names = []
    for field in suppressed_by(rule):
        key = keys.shown(field)
        name = grouped.get(field) or (key.name if key else "")
        if not _SUPPRESSIBLE.fullmatch(name):
            return None
        names.append(name)
    return tuple(dict.fromkeys(names)) or None


def _grouped(rule: Rule, bound: Bound) -> tuple[str, ...]:
    names = [key.name for key in Keys(bound).keys(grouping(rule))]
    return tuple(name for name in names if _SUPPRESSIBLE.fullmatch(name))


def _length(duration: dict[str, object]) -> int | None:
    return seconds(f"{duration.get('value')}{duration.get('unit')}")


def title_of(rule: Rule) -> str:
    """The rule's name on one line; of a bare query the beginning of its text."""
    return " ".join(rule.name.split()) or " ".join(rule.query.split())[:80] or "Every event"


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
    return tuple(id for id in found if re.fullmatch(r"T\d{4}(\.\d{3})?", id, re.ASCII))


def risk_score(rule: Rule) -> int:
    """From 1 to 100, as risk objects want it; by the severity where the rule names none."""
    score = rule.data.get("risk_score")
    if isinstance(score, int | float) and score == score:
        return min(max(round(min(max(score, 1), 100)), 1), 100)
    return _SCORES.get(rule.severity, 47)


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


def about(rule: Rule, bound: Bound, format: str, accept: frozenset[str]) -> Iterator[Note]:
    """Notes on the rule beside its query."""
    if format not in RULE_FORMATS:
        yield from left_out(rule)
        return
    carried = _suppressed(rule, bound) is not None
    for note in left_out(rule):
        if note.code != "suppression-left-out" or not carried:
            yield note
    yield from _about_schedule(rule)
    yield from _about_suppression(rule, carried)
    found = in_version_19(rule.tactics)
    for remark in found.remarks:
        if re.match(r"T\d", remark):
            yield Note("attack-version", Effect.SAME, remark)
    names = [key for key in _NO_PLACE if rule.data.get(key)]
    if format == "escu":
        names += [key for key in _NO_PLACE_IN_ESCU if rule.data.get(key)]
    names += [f"the tactic {t.name}, without a technique" for t in rule.tactics if not t.techniques]
    yield from _about_texts(rule, bound, format)
    if override := rule.data.get("timestamp_override"):
        message = f"the time of an event is what Splunk takes for it (_time), and not {override}"
        yield Note("metadata-changed", Effect.SAME, message)
    if names:
        message = f"{format} has no place for {', '.join(names)}"
        yield Note("metadata-left-out", Effect.SAME, message)


def _about_schedule(rule: Rule) -> Iterator[Note]:
    schedule = schedule_of(rule)
    for odd in schedule.odd:
        message = f"{odd} is no span of time that ends now; Kibana's default stands for it"
        yield Note("schedule", Effect.SAME, message)
    cron = timing(rule, "").cron
    if _CRONS.get(schedule.interval) != cron:
        every = _in_words(schedule.interval)
        message = f"no cron runs evenly every {every}; {cron} is the next more often"
        if schedule.interval < 60:
            message = f"the rule runs every {every}, a search at most once a minute"
        yield Note("schedule", Effect.SAME, message)


def _in_words(length: int) -> str:
    return time_modifier(length)[1:]


def _about_suppression(rule: Rule, carried: bool) -> Iterator[Note]:
    table = rule.data.get("alert_suppression")
    if not isinstance(table, dict) or not carried:
        return
    if table.get("missing_fields_strategy") == "doNotSuppress":
        message = "alerts without the fields of suppression are left alone by the rule"
        yield Note("suppression-left-out", Effect.SAME, message)
    if not isinstance(table.get("duration"), dict):
        message = "the rule suppresses within each of its runs; the time between two stands for it"
        yield Note("schedule", Effect.SAME, message)


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
    if tokens or (format != "escu" and has_tokens(f"{rule.data.get('note')}")):
        message = "in what alerts say, dollar signs and [[ are written so that they are no tokens"
        yield Note("metadata-changed", Effect.SAME, message)
