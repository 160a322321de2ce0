"""A detection of contentctl 5, the builder of Splunk's security content: a YAML file.

https://github.com/splunk/contentctl
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kqlx.backends.artifact_text import cut, own_id
from kqlx.backends.spl.alert import Alert, Drilldown, alert, drilldowns
from kqlx.backends.spl.conf_file import (
    MOST_DESCRIBED,
    MOST_OF_AUTHORS,
    TOKENS_REPLACED,
    detection_name,
    filter_macro,
    has_tokens,
    origin,
    without_tokens,
)
from kqlx.backends.spl.metadata import unconverted
from kqlx.backends.spl.multiple_sources import Search
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.labels import one_line
from kqlx.rules.model import Rule

FORMAT = "escu"

_HANDLED = frozenset({"updated_at"})
_SEVERE_FROM = {"low": 21, "medium": 41, "high": 61, "critical": 81}
"""The risk scores from which contentctl takes a detection to be so severe."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What the template prints, in the order of the file.

    ``explanation`` is "" without an investigation guide, ``finding_fields`` are empty where the
    alert is no finding. ``notes`` say what of the rule is not so there.
    """

    name: str
    id: str
    date: str
    author: str
    type: str
    description: str
    explanation: str
    search: str
    how_to_implement: str
    known_false_positives: str
    references: tuple[str, ...]
    drilldowns: tuple[Drilldown, ...]
    alert: Alert
    finding_fields: tuple[str, ...]
    techniques: tuple[str, ...]
    notes: tuple[Note, ...]


def detection(rule: Rule, search: Search, bounds: Sequence[Bound]) -> Detection:
    """The detection of a rule with this search for these data sources; its notes do not depend on
    the search.
    """
    found = alert(rule, search, bounds)
    name = detection_name(found.title, own_id(rule, "spl")[:8])
    description = without_tokens(rule.description) or without_tokens(found.title)
    risks = tuple(risk.name for risk in found.risks)
    return Detection(
        name=name,
        id=own_id(rule, "spl"),
        date=_date(rule),
        author=cut(", ".join(map(one_line, rule.authors)), MOST_OF_AUTHORS) or "unknown",
        type="Anomaly" if found.is_risk_only else found.kind,
        description=cut(description, MOST_DESCRIBED),
        explanation=rule.investigation_guide,
        search=f"{found.search.text}\n| `{filter_macro(name)}`",
        how_to_implement=_implementation(rule, bounds),
        known_false_positives=_false_positives(rule),
        references=_web_addresses(rule),
        drilldowns=drilldowns(found, "%original_detection_search%"),
        alert=found,
        finding_fields=() if found.is_risk_only else risks,
        techniques=_most_specific(found.techniques),
        notes=(*_notes(rule, found), *found.notes),
    )


def _date(rule: Rule) -> str:
    """The day of the last change, for which the first of 1970 stands where none is known."""
    for text in rule.dates:
        if match := re.match(r"(\d{4})[-/](0[1-9]|1[0-2])[-/](0[1-9]|1\d|2[0-8])", text):
            return "-".join(match.groups())
    return "1970-01-01"


def _implementation(rule: Rule, bounds: Sequence[Bound]) -> str:
    """What the search needs: the events where it looks, which another sensor may have brought."""
    named = (bound.destination.name for bound in bounds if bound.destination is not None)
    places = " and ".join(dict.fromkeys(named))
    needs = (
        f"The search needs the events of {places}, with the fields that their add-on extracts."
        if places
        else "The search needs events with the field names of Elastic."
    )
    return "\n\n".join(filter(None, [needs, rule.setup, origin(rule)]))


def _false_positives(rule: Rule) -> str:
    """The reasons, a line each; contentctl wants four characters at least."""
    told = "\n".join(map(one_line, rule.texts("false_positives"))).strip()
    return told if len(told) >= 4 else f"Known: {told}" if told else "None are known."


def _web_addresses(rule: Rule) -> tuple[str, ...]:
    """The references that contentctl takes for addresses."""
    form = re.compile(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,4})?(/[!-~]*)?")
    found = [text for text in rule.texts("references") if form.fullmatch(text)]
    return tuple(text for text in dict.fromkeys(found) if len(text) < 2_000)


def _most_specific(techniques: tuple[str, ...]) -> tuple[str, ...]:
    """Without those of which a sub-technique is named, which contentctl does not take."""
    return tuple(
        id for id in techniques if not any(other.startswith(f"{id}.") for other in techniques)
    )


def _notes(rule: Rule, found: Alert) -> Iterator[Note]:
    name = detection_name(found.title, "…")
    if name != found.title:
        message = f"the name is changed to {name}, which also names a file and a macro"
        yield Note("metadata-changed", Effect.SAME, message)
    told = [level for level, least in _SEVERE_FROM.items() if found.score >= least]
    if rule.severity in _SEVERE_FROM and told[-1:] != [rule.severity]:
        message = f"contentctl derives the severity from the risk score {found.score}; the rule's"
        yield Note("metadata-changed", Effect.SAME, f"{message} severity is {rule.severity}")
    if len(_web_addresses(rule)) < len(set(rule.texts("references"))):
        message = "escu has no place for references that are not web addresses"
        yield Note("metadata-left-out", Effect.SAME, message)
    for words, text, most in (
        ("the description", rule.description, MOST_DESCRIBED),
        ("the list of authors", ", ".join(rule.authors), MOST_OF_AUTHORS),
    ):
        if len(text) > most:
            message = f"{words} is cut to {most:,} of its {len(text):,} characters"
            yield Note("metadata-left-out", Effect.SAME, message)
    if has_tokens(found.title) or has_tokens(rule.description):
        yield TOKENS_REPLACED
    yield from unconverted(rule, FORMAT, _HANDLED)
