"""What a conversion says about itself: where the target differs from Kibana, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

from kqlx.hints import joined
from kqlx.nodes import Span
from kqlx.records import dataclass, field, replace


class Effect(IntEnum):
    """What the target's query does on the same events, from the least to the worst."""

    SAME = 0
    """Matches exactly these events; something was simplified or translated."""
    CASE = 1
    """Differs only in letter case."""
    COVERAGE = 2
    """Matches these events, but the destination may hold none or not all of them."""
    WIDER = 3
    """Also matches other events: more noise, but nothing is missed."""
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
    about, the first of ``count`` such parts. ``leaves_out`` says that a test which takes events
    away is not in the result.
    """

    code: str
    effect: Effect
    message: str
    span: Span | None = None
    hint: str = ""
    count: int = field(default=1, compare=False)
    leaves_out: bool = field(default=False, compare=False)

    @property
    def calls_for_action(self) -> bool:
        """Whether the rule may find other events in the target, or none, unless somebody acts."""
        return self.effect >= Effect.COVERAGE

    @property
    def is_quiet(self) -> bool:
        """Whether it is only of interest to those who ask for all notes."""
        return self.code in _QUIET if self.effect else self.code not in _LOUD


# Notes of a difference that no event shows, if the vendor's documentation is right.
_QUIET = frozenset({"case-of-fixed-values"})

# Notes that claim no difference, but on which the reader should act or decide.
_LOUD = frozenset(
    {
        "actions-kept",
        "actions-left-out",
        "back-end-support",
        "connection-assumed",
        "eql-search",
        "groups-limited",
        "history-window",
        "index-assumed",
        "language-guessed",
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
        "sequence-window",
        "source-assumed",
        "sequence-limits",
        "sequence-ties",
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


_OPPOSITE = {Effect.WIDER: Effect.NARROWER, Effect.NARROWER: Effect.WIDER}


def of_absent(notes: Iterable[Note]) -> Iterator[Note]:
    """Notes on a condition that no event of a sequence may meet: the more meet it, the less is
    found.
    """
    for note in notes:
        yield replace(note, effect=_OPPOSITE.get(note.effect, note.effect))


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
    same: dict[tuple[str, Effect, str, str], list[Note]] = {}
    for note in notes:
        same.setdefault((note.code, note.effect, note.message, note.hint), []).append(note)
    for several in same.values():
        if len(several) > 1:
            several = [*dict.fromkeys(several)]
        if len(several) == 1:
            yield several[0]
        else:
            first = min(several, key=lambda note: note.span or (0, 0))
            yield replace(first, count=len(several))


def _coverage_once(notes: Iterable[Note]) -> list[Note]:
    """One note tells everything that the destinations of a rule may lack."""
    found = [note for note in notes if note.effect is Effect.COVERAGE]
    if len(found) < 2:
        return [*notes]
    hints = joined(note.hint for note in found)
    messages = told_together(note.message for note in found)
    one = Note(found[0].code, Effect.COVERAGE, messages, None, hints)
    return [one, *(note for note in notes if note.effect is not Effect.COVERAGE)]


_MOST_MESSAGES = 12


def told_together(messages: Iterable[str]) -> str:
    """What several notes say, in one message: once each, and of many the first dozen."""
    several = dict.fromkeys(messages)
    clauses = (clause for message in several for clause in message.split("; "))
    each = list(several) if len(several) == 1 else list(dict.fromkeys(clauses))
    others = len(each) - _MOST_MESSAGES
    rest = [f"and {others} other{'s' if others > 1 else ''}"] if others > 0 else []
    return "; ".join([*each[:_MOST_MESSAGES], *rest])


CODES = {
    "actions-kept": "the rule's actions refer to connectors, which must exist",
    "actions-left-out": "the rule's own actions are not in the result",
    "alerts-repeated": "runs overlap, so some events are reported twice",
    "alerts-throttled": "after an alert, alerts for the same values are held back for a time",
    "any-list-position": "an index into a list is ignored: the value may be anywhere in the list",
    "any-product": "events of any product are searched where the destination normalises them",
    "approximated": "the target cannot express a test; one that matches more is used",
    "argument-of-line": "an argument is looked for among the words of the command line",
    "array-on-the-way": "a value inside JSON arrays is found by its key in the arrays' text",
    "attack-version": "the rule's ATT&CK IDs or tactics are those of a newer ATT&CK version",
    "back-end-support": "some tools that read the result do not support a part of it",
    "case-folded": "the target's comparison ignores letter case",
    "case-kept": "the comparison is case-sensitive, but the destination may spell values otherwise",
    "case-of-fixed-values": "the target ignores letter case, in values that have one spelling only",
    "columns-joined": "a field is the first of several columns that has a value",
    "connection-assumed": "the result names a server and a user that stand for your own",
    "constant-folded": "a test has the same result on all events of the source, and is left out",
    "counted-per-source": "a rule's values are counted separately for each data source",
    "counted-twice": "an event that two rules of a correlation find may be counted for each",
    "data-model": "a data model replaces the data source; add-ons decide what it holds",
    "empty-is-missing": "the target cannot distinguish an empty string from a missing field",
    "eql-search": "the result is a request to EQL search, for no Query DSL says what the rule asks",
    "exception-left-out": "what the rule excepts by a field without a counterpart is found",
    "extraction-limit": "the target does not extract all of an event, such as what is long",
    "filters-applied": "filters or exceptions of the rule are in the result",
    "filters-disabled": "a filter is disabled in the rule, and left out",
    "filters-left-out": "filters or exceptions of the rule are not, or only partly, in the result",
    "flattened-keys": "Elasticsearch matches a pattern against all keys of a flattened field",
    "free-text": "a value without a field is searched in other places than in Kibana",
    "grouped-by-substitute": "a column with other values for the same things is counted by",
    "groups-limited": "a search that counts returns a limited number of groups",
    "history-window": "how far back the result looks to tell which values are new",
    "index-assumed": "the rule names no index patterns; Kibana's default is assumed",
    "indicators": "events are compared with other indicators than the rule's",
    "known-by-others": "values that the rule looks for are known by events that it does not find",
    "known-values-only": "a pattern covers only the values that the mapping knows",
    "language-guessed": "the language of a query that names none is told by how it begins",
    "late-events": "the rule selects events by arrival time; how late they may be",
    "leading-wildcard": "a value with a leading wildcard is slow to search in the target",
    "log-source-custom": "SigmaHQ has no such log source; kqlx defines its name",
    "log-source-unknown": "the log source is not known, so the rule names no specific one",
    "look-back": "the rule looks further back than the target allows",
    "looked-up": "what Elastic or its sensor adds to events is looked up beside them in the target",
    "metadata-assumed": "the rule lacks something that the format requires; a default is used",
    "metadata-changed": "a part of the rule's metadata is expressed in the target's own terms",
    "metadata-left-out": "a part of the rule's metadata is not in the result",
    "metadata-not-supported": "a part of the rule that the target's format has no place for",
    "name-wildcard": "a field name with a wildcard matches fields of several types",
    "names-expanded": "a field name with a wildcard is replaced by the known fields that match it",
    "nested-flattened": "tests of one nested object may be met by several objects",
    "nested-outside": "a nested field is tested outside of a group, which never matches",
    "no-counterpart": "a field has no counterpart in the target, for the reason given",
    "no-data-source": "no data source was recognised; field names are kept",
    "null-exists": "a null field counts as existing, or as the text null",
    "optional-field": "a field that no index need have is negated, and nothing is known of it",
    "own-table": "a table of your own replaces those of a data source",
    "pattern-split": "Kibana splits a pattern at spaces, because of the field's type",
    "pipe-left-out": "the query keeps some results of a run (head, tail); the result finds all",
    "place-chosen": "another table or log source was passed over, for the reason given",
    "query-too-long": "the query is longer than the target allows in a rule",
    "read-once": "two tables hold the same events, which are read from one of them only",
    "refused-value": "Elasticsearch rejects the search because of this value, so the rule fails",
    "rule-type": "the rule is more than its query, and the result is the query alone",
    "runs-at-once": "the result is active as soon as it is loaded",
    "schedule": "the rule runs at other times, or looks back differently, in the target",
    "schedule-assumed": "the target cannot read a time setting of the rule; another is used",
    "sensor-substituted": "events of another sensor replace Elastic's",
    "sequence-left-out": "a part of what a rule asks of several events is not in the result",
    "sequence-limits": "a limit of the target may hide sequences among very many events",
    "sequence-order": "the result takes events for steps of a sequence that the rule does not",
    "sequence-repeated": "the result alerts again on events of a sequence that was found",
    "sequence-ties": "events of the same time do not follow one another in a sequence",
    "sequence-window": "the time within which the events of a sequence must be",
    "set-by-option": "the data source has a field only with an option that is off as shipped",
    "several-sources": "the result searches several places, one for each data source",
    "source-assumed": "the query names no data source; it is inferred from the kind of events",
    "source-left-out": "a data source of the rule is not in the result",
    "subsearch-limits": "a part of the search has limits of time and of results",
    "suppression-grouped": "alerts that the rule suppresses are raised, and grouped in the target",
    "suppression-left-out": "the rule's alert suppression is not in the result",
    "table-chosen": "the table replaces the data source, with a difference in meaning",
    "table-coverage": "which events of the data source the destination may lack",
    "table-unknown": "the table is not known; a placeholder name is used",
    "text-analysis": "Elasticsearch compares the field word by word, the target does not",
    "text-length": "characters of a text are counted otherwise than Elasticsearch does",
    "threshold-assumed": "the threshold is invalid or cannot be counted; another is used",
    "threshold-split": "each of the rule's several thresholds alerts on its own",
    "threshold-window": "the time window in which the rule's events are counted",
    "time-range": "the query sets the time range of the search itself",
    "type-assumed": "the type of a field is not known, and is assumed",
    "types-left-out": "the query is written as if no types were known, as requested",
    "unconfirmed-mapping": "no documentation was found that confirms a mapping",
    "unmapped-field": "a field, value or construct has no counterpart in the target",
    "unmapped-left-out": "a test without a counterpart is left out, and a comment says so",
    "value-assumed": "the destination does not store a value; it is assumed on every event",
    "value-differs": "the destination writes the field's values differently",
    "value-never-occurs": "the destination never holds events with this value",
    "value-translated": "the ingest pipeline changed the value; the target's own value is used",
}
"""Every code that a note may have, in plain words; docs/notes.md is generated from them."""
