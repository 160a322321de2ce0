"""What a conversion says about itself: where the target differs from Kibana, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum

from kqlx.hints import joined
from kqlx.nodes import Span


class Effect(IntEnum):
    """What the target's query does on the same events, from the least to the worst."""

    SAME = 0
    """Matches exactly these events; something was folded or translated on the way."""
    CASE = 1
    """Differs in letter case alone."""
    COVERAGE = 2
    """Matches these events, where they are: the destination may hold none or not all of them."""
    WIDER = 3
    """Also matches other events: noise, but nothing is missed."""
    NARROWER = 4
    """Misses some events: a detection gap."""
    DIFFERENT = 5
    """May miss some events and match others."""
    UNMAPPED = 6
    """Names a field that the target does not have."""

    def __str__(self) -> str:
        return self.name.lower()

    @property
    def is_difference(self) -> bool:
        """Whether other events match than in Kibana, of those that both systems hold and letter
        case aside.
        """
        return self > Effect.COVERAGE


ACCEPTED_BY_DEFAULT = frozenset({Effect.SAME, Effect.CASE, Effect.COVERAGE, Effect.WIDER})
ACCEPTABLE = (Effect.COVERAGE, Effect.WIDER, Effect.NARROWER, Effect.DIFFERENT)
"""What a user can accept by name."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a reader of the conversion must know.

    ``code`` is a stable word (docs/notes.md lists them), ``span`` the part of the query that it is
    about, the first of ``count`` such parts.
    """

    code: str
    effect: Effect
    message: str
    span: Span | None = None
    hint: str = ""
    count: int = field(default=1, compare=False)

    @property
    def calls_for_action(self) -> bool:
        """Whether the rule may find other events in the target, or none, unless somebody acts."""
        return self.effect >= Effect.COVERAGE

    @property
    def is_quiet(self) -> bool:
        """Whether it is only of interest to those who ask for all notes."""
        return self.effect is Effect.SAME and self.code not in _LOUD


# Notes that claim no difference, but on which the reader should act or decide.
_LOUD = frozenset(
    {
        "actions-kept",
        "actions-left-out",
        "back-end-support",
        "groups-limited",
        "history-window",
        "index-assumed",
        "late-events",
        "log-source-unknown",
        "look-back",
        "metadata-assumed",
        "metadata-left-out",
        "nested-outside",
        "own-table",
        "pattern-split",
        "query-too-long",
        "runs-at-once",
        "schedule",
        "schedule-assumed",
        "source-assumed",
        "several-sources",
        "source-left-out",
        "suppression-grouped",
        "suppression-left-out",
        "table-unknown",
        "time-range",
        "threshold-assumed",
        "threshold-window",
        "type-assumed",
        "unconfirmed-mapping",
    }
)


def worst(notes: Iterable[Note]) -> Effect:
    """The fidelity of a conversion with these notes; wider and narrower together are different."""
    effects = {note.effect for note in notes}
    if {Effect.WIDER, Effect.NARROWER} <= effects:
        effects.add(Effect.DIFFERENT)
    return max(effects, default=Effect.SAME)


def in_order(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Without repetitions: notes that differ by their places alone are one, and so is what
    destinations may lack. The worst come first, then those that are about what comes first.
    """
    unique = _coverage_once([*_once(notes)])
    return tuple(sorted(unique, key=lambda note: (-note.effect, note.span or (0, 0), note.code)))


def _once(notes: Iterable[Note]) -> Iterator[Note]:
    """The notes that say the same as one, with the first of their places."""
    same: dict[tuple[str, Effect, str, str], dict[Note, None]] = {}
    for note in notes:
        same.setdefault((note.code, note.effect, note.message, note.hint), {})[note] = None
    for several in same.values():
        first = min(several, key=lambda note: note.span or (0, 0))
        yield replace(first, count=len(several)) if len(several) > 1 else first


def _coverage_once(notes: Iterable[Note]) -> list[Note]:
    """One note tells everything that the destinations of a rule may lack."""
    found = [note for note in notes if note.effect is Effect.COVERAGE]
    if len(found) < 2:
        return [*notes]
    hints = joined(note.hint for note in found)
    messages = "; ".join(dict.fromkeys(note.message for note in found))
    one = Note(found[0].code, Effect.COVERAGE, messages, None, hints)
    return [one, *(note for note in notes if note.effect is not Effect.COVERAGE)]


CODES = {
    "actions-kept": "the rule's actions name connectors that must be there",
    "actions-left-out": "the rule's own actions are not in the result",
    "alerts-repeated": "runs look back over each other, and tell some events twice",
    "alerts-throttled": "after an alert, further ones about the same are held back for a time",
    "any-list-position": "a numbered place in a list is looked for in any place of it",
    "approximated": "the target cannot say a test; one that matches more stands for it",
    "array-on-the-way": "a value in arrays of JSON is looked for by its key in their text",
    "attack-version": "the rule's ATT&CK ids and tactics are those of a later version",
    "back-end-support": "some tools that read the result refuse a part of it",
    "case-folded": "the target's comparison has no regard to letter case",
    "case-kept": "letter case counts where the destination may spell values otherwise",
    "columns-joined": "the first of several columns stands for a field",
    "constant-folded": "the test is the same on every event of the data source, so it is left out",
    "counted-per-source": "what a rule counts or compares is counted per data source",
    "data-model": "a data model stands for the data source, filled as add-ons see fit",
    "empty-is-missing": "the target cannot tell an empty text from a missing field",
    "extraction-limit": "a limit of the target may hide fields of long events",
    "filters-applied": "filters or exceptions beside the query are in the result",
    "filters-disabled": "a filter beside the query is disabled, and left out",
    "filters-left-out": "filters or exceptions beside the query are not in the result, or in part",
    "flattened-keys": "Elasticsearch matches a pattern against all keys of a flattened field",
    "free-text": "a value without a field is looked for in other places than in Kibana",
    "grouped-by-substitute": "a column with other values stands for a field that is counted by",
    "groups-limited": "a search that counts looks at so many groups and no more",
    "history-window": "how far back the result knows which terms were seen",
    "index-assumed": "the rule names no index patterns, so Kibana's default stands for them",
    "indicators": "the indicators that events are compared with are others than the rule's",
    "known-values-only": "a pattern stands for the values that the mapping knows",
    "late-events": "the rule goes by when events arrived; how late those are that the result sees",
    "leading-wildcard": "a value that begins with a star is slow to find in the target",
    "log-source-custom": "SigmaHQ has no such log source; its name is this program's",
    "log-source-unknown": "no log source is known, so the rule names none in particular",
    "look-back": "the rule looks further back than one of the target can",
    "metadata-assumed": "the rule lacks what the format asks for, so something stands for it",
    "metadata-changed": "a part of the rule beside its query is told in the target's own terms",
    "metadata-left-out": "what the rule says beside its query has no place in the result",
    "metadata-not-supported": "what a rule of the target's language, by its nature, does not say",
    "name-wildcard": "a field name with a wildcard fits fields of several types",
    "names-expanded": "a field name with a wildcard stands for the fields that are known",
    "nested-flattened": "tests of one nested object may be met by several",
    "nested-outside": "a field of nested objects is tested outside its group, which never matches",
    "no-counterpart": "a field that the target does not have, and the mapping says why",
    "no-data-source": "nothing says which data source the query is about; names are kept",
    "null-exists": "a field that is null is taken to exist, or to be the text null",
    "own-table": "a table of the user's stands for those of a data source",
    "pairs-by-position": "names and values stand in two lists, put together by their places",
    "pattern-split": "Kibana splits a pattern at spaces, by the type of the field",
    "place-chosen": "another table or log source was passed over, with the reason",
    "query-too-long": "the query is longer than the target takes in a rule",
    "read-once": "a table holds what another one has, and is not asked for it again",
    "refused-value": "Elasticsearch refuses the search for this value, and the rule fails",
    "rule-type": "the rule is more than its query, and the result is the query alone",
    "runs-at-once": "the result is at work as soon as it is loaded",
    "schedule": "when the rule runs, or how far it looks back, is not the same in the target",
    "schedule-assumed": "a time of the rule is none that the target reads; another stands for it",
    "sensor-substituted": "events of another sensor stand for Elastic's",
    "several-sources": "the result looks in several places, one for each data source",
    "source-assumed": "nothing names a data source; it is guessed from the kind of events",
    "source-left-out": "a data source that the rule reads is not in the result",
    "suppression-grouped": "what the rule suppresses is raised, and grouped in the target",
    "suppression-left-out": "suppression of alerts is not in the result",
    "table-chosen": "the table stands for the data source with a difference in meaning",
    "table-coverage": "what of the data source the destination may lack",
    "table-unknown": "no table is known, so a name stands for it",
    "text-analysis": "Elasticsearch compares the field word by word, the target does not",
    "threshold-assumed": "what the rule counts is other than it says, or not what can be counted",
    "threshold-split": "each of several thresholds of the rule alerts by itself",
    "threshold-window": "over which time the rule's events are counted",
    "time-range": "the time range of the search is set by the query itself",
    "type-assumed": "the type of a field is not known, and was guessed",
    "types-left-out": "the query is written as if no types were known, as the user asks for",
    "unconfirmed-mapping": "a mapping for which no documentation was found",
    "unmapped-field": "a field, value or construct without a counterpart in the target",
    "unmapped-left-out": "a test without a counterpart is left out, and a comment tells it",
    "value-assumed": "the destination stands for a value that it does not hold",
    "value-differs": "the destination writes the values of a field in another way",
    "value-never-occurs": "the destination never holds events with this value",
    "value-translated": "the ingest pipeline changed the value; the target's own is used",
}
"""Every code that a note may have, in plain words; docs/notes.md is made of them."""
