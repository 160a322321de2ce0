"""What the types of Elastic's rules ask for beyond the query, in Sentinel KQL.

* threshold: ``summarize … by … | where EventCount >= n``
* new terms: the first event of each combination of values in the history window, kept where it is
  recent
* indicator match: ``sentinel_indicators``

Events without one of the fields count for nothing, as in Elasticsearch; each value of an array
counts by itself (https://www.elastic.co/docs/solutions/security/detect-and-alert). What several
data sources have is counted together: each part of the query names the fields alike, and what
follows, the same for all, ``sentinel_union`` puts behind their union.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kqlx.backends.sentinel.aggregation import (
    TIME,
    apart,
    bracketed,
    commonly,
    gathered,
    made_first,
    needed,
    number_of_values,
    present,
    refused,
    so_named,
    summarized,
    taken_apart,
    told,
    where_given,
    whole,
)
from kqlx.backends.sentinel.entities import counted_name, outputs
from kqlx.backends.sentinel.indicator_match import compared
from kqlx.backends.sentinel.ingestion_time import COLUMN, about_arrival, arrived, by_table
from kqlx.backends.sentinel.multiple_sources import without_lists
from kqlx.backends.sentinel.result_columns import (
    Values,
    counted_only_if,
    extend,
    extended,
    in_common,
)
from kqlx.backends.sentinel.schedule import LONGEST, RULE_FORMATS, run_of, span
from kqlx.backends.sentinel.syntax import fold
from kqlx.backends.target import Emission, Options
from kqlx.backends.text_backend import of_new_terms
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.forms import form_of
from kqlx.rules.indicator_match import IndicatorMatch
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, new_terms_of
from kqlx.rules.query_only_notes import about_window
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold, threshold_of


def complete(rule: Rule, bound: Bound, emission: Emission, options: Options) -> Emission:
    """The query with what the rule's type adds to it, and in the formats of rules with the columns
    that entities and details name.

    Raises UnsupportedError where a field that is counted or compared has no column.
    """
    in_rule = options.format in RULE_FORMATS
    found = outputs(rule, bound) if in_rule else None
    notes = (*emission.notes, *about_arrival(rule, bound, options))
    query = _with_steps(str(emission.query), arrived(rule, bound, options))
    emission = replace(emission, query=query, notes=notes)
    completed = _by_type(rule, bound, emission, found.columns if found else (), in_rule)
    if not bound.one_of_several_sources:  # else their union comes first
        completed = replace(completed, query=by_table(str(completed.query)))
    if found is None or not found.common:
        return completed
    # Where two tables have columns of one name and two types, union would rename them.
    texts = [f"{name} = tostring({column})" for name, column in found.common.items()]
    return replace(completed, query=f"{completed.query}\n{extend(texts)}")


def _with_steps(query: str, steps: Sequence[str]) -> str:
    """The query with steps right behind its tables."""
    lists, head, body = without_lists(query)
    return lists + "\n".join([head, *steps, *([body] if body else [])])


def _by_type(
    rule: Rule, bound: Bound, emission: Emission, shown: Sequence[Values], in_rule: bool
) -> Emission:
    if threshold := threshold_of(rule):
        return _counted(threshold, rule, bound, emission, shown, in_rule)
    if terms := new_terms_of(rule):
        return _new(terms, rule, bound, emission, shown, in_rule)
    if isinstance(form_of(rule), IndicatorMatch):
        return compared(rule, bound, emission, shown, in_rule)
    return replace(emission, query="\n".join([str(emission.query), *extended(shown)]))


def _counted(
    threshold: Threshold,
    rule: Rule,
    bound: Bound,
    emission: Emission,
    shown: Sequence[Values],
    in_rule: bool,
) -> Emission:
    together = bound.one_of_several_sources
    by = needed(bound, threshold.by, "counts by", together)
    distinct = [name for name, _ in threshold.distinct]
    own = needed(bound, distinct, "counts values of", together)
    steps, counted = gathered(counted_only_if(values, bound) for values in own)
    said = in_rule or by_arrival(rule)
    notes = [*about_window(rule), *([] if said else [_window_note(rule)])]
    notes += told([*by, *counted], bound, threshold.by)
    if together and (threshold.least > 1 or counted):
        why = "what they have together may be enough"
        notes += apart(bound, [*by, *counted], Effect.NARROWER, why)
    made, columns = made_first([*by, *counted])
    by, counted = columns[: len(by)], columns[len(by) :]
    lines = [str(emission.query), *made, *taken_apart(by, once=True), *steps]
    names = {values.name for values in by}
    latest = [] if together else [values for values in shown if values.name not in names]
    if together:
        common = [in_common(values) for values in by]
        lines += present((in_common(v) for v in by if v.name), lines[0])
        among = [in_common(where_given(values), whole=True) for values in counted]
        lines.append(commonly("project", [*common, *among, *shown], TIME))
        by, counted = [so_named(v) for v in common], [so_named(v) for v in among]
    else:
        lines += [*present(by, lines[0]), *extended(latest)]
    sums = ["EventCount = count()", *map(number_of_values, counted), f"StartTime = min({TIME})"]
    times = ["*"] if together and in_rule else [v.name for v in latest if v.name != TIME]
    sums.append(f"arg_max({TIME}, {', '.join(times)})" if times else f"{TIME} = max({TIME})")
    grouped = f"by {', '.join(values.grouped for values in by)}" if by else ""
    named = {values.field: counted_name(values) for values in counted}
    tests = [f"EventCount >= {threshold.least}"]
    # A field that is not among the named ones is the same on all events: its one value is enough.
    tests += [f"{named[f]} >= {least}" for f, least in threshold.distinct if f in named]
    lines += [summarized(sums, grouped), f"| where {' and '.join(tests)}"]
    lines += extended(bracketed(by) if in_rule and not together else ())
    return whole(emission, lines, notes)


def _window_note(rule: Rule) -> Note:
    back = span(schedule_of(rule).look_back)
    return Note(
        "threshold-window",
        Effect.SAME,
        f"events are counted over the time range of the query: set it to {back}, the look-back of"
        " the rule",
    )


def _new(
    terms: NewTerms,
    rule: Rule,
    bound: Bound,
    emission: Emission,
    shown: Sequence[Values],
    in_rule: bool,
) -> Emission:
    together = bound.one_of_several_sources
    fields = needed(bound, terms.fields, "looks for new values of", together)
    if not fields:
        named = ", ".join(terms.fields)
        raise refused(f"new terms of {named}", "it is the same on all events there")
    window, recent = terms.window, schedule_of(rule).look_back
    if in_rule:
        window, recent = min(window, LONGEST), run_of(rule).recent
    time = COLUMN if by_arrival(rule) else TIME
    lists, head, body = without_lists(str(emission.query))
    begins = [] if by_arrival(rule) else [f"| where {TIME} > ago({span(window)})"]
    lines = [f"{lists}{head}", *begins, *([body] if body else [])]
    made, fields = made_first(fields)
    lines += [*made, *taken_apart(fields, once=False)]
    notes = [
        *about_window(rule),
        *_about_history(terms, window, in_rule),
        *of_new_terms(told(fields, bound)),
    ]
    if together:
        notes += apart(bound, fields, Effect.WIDER, "a value may be known in another")
        common = [in_common(values) for values in fields]
        lines += present((in_common(v) for v in fields if v.name), body)
        lines.append(commonly("extend", [*common, *shown]))
        fields, shown = [so_named(values) for values in common], ()
    else:
        lines += present(fields, body)
    names = {values.name for values in fields} - {values.name for values in bracketed(fields)}
    by = ", ".join(values.grouped for values in fields)
    lines.append(fold(f"| summarize arg_min({time}, *) by {by}"))
    lines.append(f"| where {time} > ago({span(recent)})")
    lines += extended([values for values in shown if values.name not in names])
    return whole(emission, lines, notes)


def _about_history(terms: NewTerms, window: int, in_rule: bool) -> list[Note]:
    notes = []
    if terms.odd:
        message = f"the history window begins at {terms.odd}, for which {span(terms.window)} stand"
        notes.append(Note("schedule", Effect.DIFFERENT, message))
    if not in_rule and window > LONGEST:
        notes.append(
            Note(
                "look-back",
                Effect.SAME,
                f"the query looks back {span(window)}, and as an analytics rule it would see"
                f" {span(LONGEST)} at most",
                hint="run it as a hunting query",
            )
        )
    return notes
