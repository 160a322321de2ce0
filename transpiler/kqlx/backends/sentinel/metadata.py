"""What an analytics rule of Sentinel cannot hold of a rule, or tells in its own terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kqlx.backends.sentinel.description import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    title,
    whole_description,
)
from kqlx.backends.sentinel.entities import MOST_DETAILS, outputs, suppressed
from kqlx.backends.sentinel.schedule import (
    LONGEST,
    RULE_FORMATS,
    about_overlap,
    about_run,
    grouping_time,
    span,
    suppressed_for,
)
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.forms import form_of
from kqlx.rules.labels import is_technique
from kqlx.rules.mitre_attack import before_version_19
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import query_only_notes
from kqlx.rules.schedule import schedule_of
from kqlx.rules.suppression import suppression_of
from kqlx.rules.threshold import Threshold
from kqlx.rules.unconverted_metadata import other_frameworks, unconverted_keys

MOST_ALERTS = 150
"""In one run of a rule (https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview)."""

SEVERITIES = {"low": "Low", "medium": "Medium", "high": "High", "critical": "High"}
UNKNOWN_SEVERITY = "Medium"

_TACTICS = {
    "TA0001": "InitialAccess",
    "TA0002": "Execution",
    "TA0003": "Persistence",
    "TA0004": "PrivilegeEscalation",
    "TA0005": "DefenseEvasion",
    "TA0112": "DefenseEvasion",
    "TA0006": "CredentialAccess",
    "TA0007": "Discovery",
    "TA0008": "LateralMovement",
    "TA0009": "Collection",
    "TA0010": "Exfiltration",
    "TA0011": "CommandAndControl",
    "TA0040": "Impact",
    "TA0042": "ResourceDevelopment",
    "TA0043": "Reconnaissance",
}


# Keys of a rule that an analytics rule has no place for, in words.
_NO_PLACE = {
    "actions": "actions",
    "response_actions": "response actions",
    "risk_score_mapping": "risk scores from fields",
    "severity_mapping": "severities from fields",
    "timeline_id": "the timeline template",
    "throttle": "the throttling of actions",
}

_SAID = frozenset(
    {
        "author", "building_block_type", "false_positives", "investigation_fields", "license",
        "max_signals", "note", "references", "rule_name_override", "setup", "tags",
        "timestamp_override",
    }
)  # fmt: skip


LONGEST_RULE = 10_000
"""Characters (https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview)."""


@dataclass(frozen=True, slots=True)
class Attack:
    """Tactics and techniques as Sentinel names them, and in words what was changed on the way."""

    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    remarks: tuple[str, ...]


def attack_of(rule: Rule) -> Attack:
    """The rule's tactics and techniques, in the versions of ATT&CK before 19, which Sentinel
    knows.
    """
    tactics: list[str] = []
    techniques: list[str] = []
    remarks: list[str] = []
    for tactic in rule.tactics:
        name = _TACTICS.get(tactic.id)
        if name is None:
            remarks.append(f"{tactic.name or tactic.id or 'a tactic'} is no tactic that it knows")
            continue
        tactics.append(name)
        if name == "DefenseEvasion" and tactic.name != "Defense Evasion":
            remarks.append(f"{tactic.name} is a part of DefenseEvasion")
        for id in tactic.techniques:
            before = before_version_19(id)
            if before != id:
                remarks.append(f"{id} is {before} in earlier versions of ATT&CK")
            if is_technique(before):
                techniques.append(before)
            else:
                remarks.append(f"{id} is no id of a technique")
    return Attack(tuple(dict.fromkeys(tactics)), tuple(dict.fromkeys(techniques)), tuple(remarks))


def about_length(query: str, format: str) -> Iterator[Note]:
    """A note on a query that no analytics rule takes. Raises UnsupportedError where it is to be in
    one.
    """
    length = len(query.encode("utf-16-le", "surrogatepass")) // 2
    if length <= LONGEST_RULE:
        return
    note = Note(
        "query-too-long",
        Effect.SAME,
        f"the query has {length:,} characters; an analytics rule takes {LONGEST_RULE:,}",
        hint="put long lists of values into a watchlist",
    )
    if format in RULE_FORMATS:
        raise UnsupportedError(
            note.message,
            notes=(note,),
            hint=f"{note.hint}; --format query converts it for a hunting query",
        )
    yield note


def about(rule: Rule, bound: Bound, format: str, accept: frozenset[str]) -> Iterator[Note]:
    """Notes on the rule beside its query."""
    in_rule = format in RULE_FORMATS
    for note in query_only_notes(rule):
        if not (in_rule and note.code == "suppression-left-out"):
            yield note
    schedule = schedule_of(rule)
    if schedule.look_back > LONGEST and not (in_rule and isinstance(form_of(rule), Threshold)):
        days = schedule.look_back / 86_400
        yield Note(
            "look-back",
            Effect.SAME,
            f"the rule looks back {days:g} days, and an analytics rule {LONGEST // 86_400} at most",
            hint="run it as a hunting query, or over a summary of earlier events",
        )
    if in_rule:
        yield from about_run(rule, schedule)
        yield from about_overlap(rule)
        yield from _about_alerts(rule)
        yield from _about_grouping(rule, bound)
        yield from _about_shown(rule, bound)
        yield from _about_the_rest(rule, format)


def _about_alerts(rule: Rule) -> Iterator[Note]:
    severity = rule.severity
    if severity == "critical":
        message = "the severity critical is High, the highest that Sentinel has"
        yield Note("metadata-changed", Effect.SAME, message)
    elif severity not in SEVERITIES:
        said = f"the severity {severity}" if severity else "a rule without a severity"
        yield Note("metadata-changed", Effect.SAME, f"{said} is {UNKNOWN_SEVERITY}")
    most = rule.data.get("max_signals")
    if isinstance(most, int) and most > MOST_ALERTS:
        message = f"the rule raises up to {most} alerts a run, and Sentinel {MOST_ALERTS}"
        yield Note("metadata-changed", Effect.SAME, message)
    for remark in attack_of(rule).remarks:
        yield Note("attack-version", Effect.SAME, remark)


def _about_grouping(rule: Rule, bound: Bound) -> Iterator[Note]:
    suppression = suppression_of(rule)
    if suppression is None:
        return
    wanted = suppressed(rule)
    by = f" with the same {', '.join(wanted)}" if wanted else ""
    message = (
        f"Kibana suppresses repeated alerts{by}; Sentinel raises them all, and puts those of"
        f" {span(grouping_time(rule))} into one incident"
    )
    yield Note("suppression-grouped", Effect.SAME, message)
    shown = outputs(rule, bound).fields.values()
    if lost := [field for field in wanted if field not in shown]:
        instead = "all entities" if len(lost) == len(wanted) else "the others"
        message = f"alerts are not grouped by {', '.join(lost)}, but by {instead}"
        yield Note("suppression-left-out", Effect.SAME, message)
    if suppression.spares_missing:
        message = "the rule leaves alerts without these fields alone, Sentinel may group them"
        yield Note("suppression-left-out", Effect.SAME, message)
    if suppressed_for(rule) != grouping_time(rule):
        long = suppressed_for(rule)
        what = f"alerts of {span(long)}" if long else "alerts of one run"
        message = f"Kibana suppresses {what}; Sentinel groups those of {span(grouping_time(rule))}"
        yield Note("schedule", Effect.SAME, message)


def _about_shown(rule: Rule, bound: Bound) -> Iterator[Note]:
    shown = outputs(rule, bound)
    if shown.lost:
        yield Note(
            "metadata-left-out",
            Effect.SAME,
            f"alerts do not show {', '.join(shown.lost)}: there is no column of their values, or"
            f" there are {MOST_DETAILS} details already",
        )
    if not shown.entities:
        message = "no entity is known of the alerts: the table has no column that names one"
        yield Note("metadata-left-out", Effect.SAME, message, hint="add entityMappings")
    if rule.data.get("rule_name_override") and not shown.name:
        message = f"alerts are not named after {rule.data['rule_name_override']}"
        yield Note("metadata-left-out", Effect.SAME, message)


def _about_the_rest(rule: Rule, format: str) -> Iterator[Note]:
    for key, words in _NO_PLACE.items():
        if rule.data.get(key):
            yield Note("metadata-left-out", Effect.SAME, f"Sentinel has no place for {words}")
    yield from unconverted_keys(rule, "Sentinel", {*_NO_PLACE, *_SAID}, other_frameworks(rule))
    if format == "arm" and rule.texts("tags"):
        message = "an ARM resource of a rule has no tags; the description names them"
        yield Note("metadata-changed", Effect.SAME, message)
    for words, text, most in (
        ("the name", title(rule), LONGEST_NAME),
        (
            "the description, with all that is told there,",
            whole_description(rule),
            LONGEST_DESCRIPTION,
        ),
    ):
        if len(text) > most:
            message = f"{words} is cut: it has {len(text):,} characters, and {most:,} fit"
            yield Note("metadata-left-out", Effect.SAME, message)
    if rule.data.get("building_block_type"):
        message = "a building block raises alerts without incidents"
        yield Note("metadata-changed", Effect.SAME, message)
