"""The alert of a saved search, whatever file it stands in: its search, when it runs, which alerts
it throttles, and the risk and threat objects that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kqlx.backends.spl.conf_file import is_token, without_tokens
from kqlx.backends.spl.grouped_results import FIRST, LAST
from kqlx.backends.spl.metadata import asset_type, risk_score, security_domain, techniques, title_of
from kqlx.backends.spl.multiple_sources import Search, Together
from kqlx.backends.spl.risk_objects import Entity, entities, shared_entities
from kqlx.backends.spl.schedule import Timing, timing
from kqlx.backends.spl.syntax import search_name
from kqlx.backends.spl.throttling import Throttling, throttling
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, replace
from kqlx.rules.forms import form_of
from kqlx.rules.mitre_attack import in_version_19
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms


@dataclass(frozen=True, slots=True)
class Alert:
    """What the formats say alike of a rule's alert.

    ``search`` has what throttling needs; ``finds_new_terms`` says that its results are events with
    values that are new; ``several`` data sources may name what its results are about in other
    fields. ``is_risk_only`` says that it adds to risks and is no finding.
    ``notes`` say where it is not what the rule says.
    """

    title: str
    search: Search
    timing: Timing
    throttling: Throttling
    risks: tuple[Entity, ...]
    threats: tuple[Entity, ...]
    score: int
    techniques: tuple[str, ...]
    domain: str
    asset: str
    several: bool
    finds_new_terms: bool
    is_risk_only: bool
    notes: tuple[Note, ...]

    @property
    def kind(self) -> str:
        """The type of a detection: one without risk objects can only be hunted with."""
        return "TTP" if self.risks else "Hunting"

    @property
    def message(self) -> str:
        """What a risk event says: the name, and whom it is about."""
        named = [f"{e.kind} ${e.name}$" for e in self.risks if is_token(e.name)]
        title = without_tokens(self.title, beside=True)
        return f"{title}{': ' if named else ''}{', '.join(named)}"


@dataclass(frozen=True, slots=True)
class Drilldown:
    """A search that whoever investigates an alert can open, with its time range."""

    name: str
    search: str
    earliest_offset: str = "$info_min_time$"
    latest_offset: str = "$info_max_time$"


def alert(rule: Rule, search: Search, bounds: Sequence[Bound]) -> Alert:
    """The alert of a rule with this search for these data sources."""
    found = {e.name: e for e in shared_entities(search.together)}
    has_risk, several = any(e.is_risk for e in found.values()), len(bounds) > 1
    found |= {e.name: e for b in bounds for e in entities(rule, b, several, has_risk)}
    there = [entity for entity in found.values() if _in_results(search, entity.name)]
    if not any(entity.is_risk for entity in there):  # whose address it is, is not told
        there = [
            replace(e, kind="system", type="system") if e.type == "ip_address" else e for e in there
        ]
    throttled = throttling(rule, bounds, search.together)
    runs = timing(rule, search)
    steps = dict.fromkeys([*(e.step for e in there if e.step), *throttled.made])
    search = search.and_then(*steps)
    risks = tuple(entity for entity in there if entity.is_risk)
    return Alert(
        title_of(rule),
        search.and_then(*_for_throttling(search, throttled)),
        runs,
        throttled,
        risks,
        tuple(entity for entity in there if not entity.is_risk),
        risk_score(rule),
        techniques(rule),
        security_domain(bounds[0]),
        asset_type(bounds[0]),
        len(bounds) > 1,
        isinstance(form_of(rule), NewTerms),
        rule.is_building_block and bool(risks),
        (*runs.notes, *throttled.notes, *_about_techniques(rule), *_about_block(rule, risks)),
    )


def drilldowns(alert: Alert, search: str = "") -> tuple[Drilldown, ...]:
    """A search for the results about the same: none where the search itself has dollar signs,
    which would be taken for tokens. Whoever follows it does so later, when nothing is new any more,
    nor has arrived lately: of terms that are new it finds the events of the run, and it goes by the
    time range of the run alone.
    """
    if alert.search.together is not None:
        return _events_together(alert.search, alert.search.together)
    named = [e for e in alert.risks if is_token(e.name) and e.kind != "other"]
    text = search or alert.search.text
    if alert.finds_new_terms:
        text = alert.search.ungrouped.text_over_any_time
    elif alert.search.says("_index_earliest"):
        text = alert.search.text_over_any_time
    if not named or "$" in text:
        return ()
    whom = " and ".join(f"${e.name}$" for e in named)
    both = " OR " if alert.several else " "
    terms = both.join(f'{search_name(e.name)}="${e.name}$"' for e in named)
    return (Drilldown(f"View the results for {whom}", f"{text}\n| search {terms}"),)


def _events_together(search: Search, together: Together) -> tuple[Drilldown, ...]:
    """A search for the events of a sequence or a sample: those of its steps that have its keys, in
    its time.
    """
    text = search.ungrouped.text_over_any_time
    if "$" in text:
        return ()
    terms = [f'{search_name(name)}="${name}$"' for _, name in together.keys]
    lines = [text, f"| search {' '.join(terms)}" if terms else ""]
    lines.append(f"| where _time>=${FIRST}$ AND _time<=${LAST}$")
    return (Drilldown("View the events together", "\n".join(filter(None, lines))),)


def _in_results(search: Search, name: str) -> bool:
    """Whether the results of a search have the field: grouped ones have what is named there."""
    named = rf"(?<![\w.{{}}]){re.escape(name)}(?![\w.{{}}])"
    if search.together is not None and search.together.keeps_last:
        return True
    return not search.grouping or re.search(named, "\n".join(search.grouping)) is not None


def _for_throttling(search: Search, throttled: Throttling) -> list[str]:
    """What a search needs for its alerts to be held back: contentctl wants each field by which they
    are in the text of the search, where ``fields *`` names it and leaves the results alone.
    """
    if throttled.step:
        return [throttled.step]
    text = search.text
    unnamed = [search_name(field) for field in throttled.fields if field not in text]
    return [f"| fields {', '.join(['*', *unnamed])}"] if unnamed else []


def _about_techniques(rule: Rule) -> Iterator[Note]:
    for remark in in_version_19(rule.tactics).remarks:
        if re.match(r"T\d", remark):
            yield Note("attack-version", Effect.SAME, remark)


def _about_block(rule: Rule, risks: tuple[Entity, ...]) -> Iterator[Note]:
    if rule.is_building_block and not risks:
        message = "the building block becomes a finding: no user or host is known to add risk to"
        yield Note("metadata-changed", Effect.SAME, message)
