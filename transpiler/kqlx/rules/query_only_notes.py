"""What of a rule its query alone does not say: notes for every conversion of the query, and those
for one whose result does not do what the rule's type does.
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.frontends import known_language
from kqlx.hints import Argument, Hint
from kqlx.nodes import Always
from kqlx.notes import Effect, Note
from kqlx.rules.filters import conditions_of, with_conditions
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.schedule import schedule_of, spelt
from kqlx.rules.suppression import Suppression, suppression_of
from kqlx.rules.threshold import odd_counts, uncounted

GUESSED = 'the query is read as EQL, for it begins with a category and "where"'
GUESS_HINT = Hint(Argument("language", "kuery"), " reads it as Kibana KQL")


def query_only_notes(
    rule: Rule, *, clauses: bool = False, suppresses: bool = False, has_pipes: bool = False
) -> Iterator[Note]:
    """Notes on counts of the rule, on filters and exceptions beside its query, and on suppression.

    ``clauses`` says that filters are taken over as they are, in Query DSL, and not into the tree;
    ``suppresses`` that the result suppresses alerts as the rule does; ``has_pipes`` that it keeps
    as many results as the pipes of the query do.
    """
    about_language = _about_language(rule)
    if has_pipes:
        about_language = (note for note in about_language if note.code != "pipe-left-out")
    yield from about_language
    yield from _about_counts(rule)
    yield from conditions_of(rule).notes.made() if clauses else with_conditions(Always(), rule)[1]
    if not suppresses and (suppression := suppression_of(rule)) is not None:
        yield Note(
            "suppression-left-out",
            Effect.SAME,
            f"the rule suppresses repeated alerts{_details(suppression)}, which the query does not",
        )


def about_window(rule: Rule) -> Iterator[Note]:
    """Notes on a window that is no span of time before now, of rules that count or compare events
    within it.
    """
    schedule = schedule_of(rule)
    for odd in schedule.odd_window:
        message = (
            f"{odd} is not a plain time span before now; using the last"
            f" {spelt(schedule.look_back)} as the rule's window"
        )
        yield Note("schedule", Effect.DIFFERENT, message)


def reduced(rule: Rule) -> str:
    """What the rule alerts on, where that is less than every event that its query finds; "" for
    rules of single events. Saved queries are such.
    """
    if rule.type == "threshold":
        threshold = rule.data.get("threshold")
        threshold = threshold if isinstance(threshold, dict) else {}
        fields = threshold.get("field") or []
        by = ", ".join(map(str, fields if isinstance(fields, list) else [fields]))
        return f"at {threshold.get('value', '?')} events{f' for each {by}' if by else ''}"
    if rule.type == "new_terms":
        terms = new_terms_of(rule)
        if terms is None:
            return "on values that were not seen before"
        values = "combinations of values" if len(terms.fields) > 1 else "values"
        before = f"in the last {spelt(terms.window)}"
        return f"on {values} of {', '.join(terms.fields)} that were not seen {before}"
    if rule.type == "threat_match":
        return "on events that match an indicator"
    return ""


def rule_type_notes(rule: Rule) -> Iterator[Note]:
    """What the rule's type does beyond its query, for a result that is the query alone."""
    if alerts := reduced(rule):
        effect = Effect.DIFFERENT if rule.type == "threat_match" else Effect.WIDER
        message = f"the rule alerts {alerts}; the query alone returns every match"
        yield Note("rule-type", effect, message)
    elif rule.type == "saved_query" and rule.data.get("saved_id"):
        yield Note(
            "rule-type",
            Effect.DIFFERENT,
            f'the rule runs the saved query "{rule.data["saved_id"]}", which may have changed',
        )


def _about_language(rule: Rule) -> Iterator[Note]:
    """What is said in a rule's language beside the tree, and how it is known which one it is."""
    if rule.guessed:
        yield Note("language-guessed", Effect.SAME, GUESSED, None, GUESS_HINT)
    if (language := known_language(rule.language)) is not None and rule.query.strip():
        yield from language.remarks(rule.query)


def _about_counts(rule: Rule) -> Iterator[Note]:
    if others := uncounted(rule):
        message = f"Kibana counts the values of the first field only, not of {', '.join(others)}"
        yield Note("threshold-assumed", Effect.SAME, message)
    if odd := odd_counts(rule):
        message = f"not a positive integer: {', '.join(odd)}; using 1"
        yield Note("threshold-assumed", Effect.DIFFERENT, message)


def _details(suppression: Suppression) -> str:
    """By which fields, over which time, and what of events without the fields."""
    words = [f" by {', '.join(suppression.by)}"] if suppression.by else []
    if suppression.given:
        words.append(f" for {suppression.given}")
    if suppression.spares_missing:
        words.append(", except for events without these fields")
    return "".join(words)
