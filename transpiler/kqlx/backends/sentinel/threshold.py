"""Threshold rules in Sentinel KQL: ``summarize … by … | where EventCount >= n``.

Events without one of the fields count for nothing, as in Elasticsearch; each value of an array
counts by itself
(https://www.elastic.co/docs/solutions/security/detect-and-alert/create-detection-rule).
"""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.backends.sentinel.aggregation import (
    TIME,
    after_union,
    bracket_named,
    gathered,
    made_first,
    number_of_values,
    per_source_notes,
    present,
    project_common,
    required_values,
    summarized,
    taken_apart,
    value_notes,
    where_given,
)
from kqlx.backends.sentinel.field_values import counted_only_if
from kqlx.backends.sentinel.multiple_sources import WrittenSource
from kqlx.backends.sentinel.result_columns import FieldValues, distinct_count, extended, in_common
from kqlx.backends.sentinel.schedule import span
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import about_window
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold


def count_events(
    threshold: Threshold,
    rule: Rule,
    bound: Bound,
    written: WrittenSource,
    shown: Sequence[FieldValues],
    in_rule: bool,
    sources: Sequence[Bound],
) -> WrittenSource:
    """The query with the counts that the rule asks for. ``shown`` are the columns that alerts show;
    ``in_rule`` says that it is for an analytics rule, which has a period of its own; ``sources``
    are those whose events are counted together, of which this is one.

    Raises UnsupportedError where a field that is counted has no column.
    """
    together = len(sources) > 1
    by = required_values(bound, threshold.by, "counts by", together)
    distinct = [name for name, _ in threshold.distinct]
    own = required_values(bound, distinct, "counts values of", together)
    steps, counted = gathered(counted_only_if(values, bound) for values in own)
    said = in_rule or by_arrival(rule)
    notes = [*about_window(rule), *([] if said else [_window_note(rule)])]
    notes += value_notes([*by, *counted], bound, threshold.by)
    if together and (threshold.least > 1 or counted):
        why = "together they may reach the threshold"
        notes += per_source_notes(sources, [*by, *counted], Effect.NARROWER, why)
    made, columns = made_first([*by, *counted])
    by, counted = columns[: len(by)], columns[len(by) :]
    query = written.query
    lines = [*query.steps, *made, *taken_apart(by, once=True), *steps]
    names = {values.name for values in by}
    latest = [] if together else [values for values in shown if values.name not in names]
    if together:
        common = [in_common(values) for values in by]
        lines += present((in_common(v) for v in by if v.name), query)
        among = [in_common(where_given(values), whole=True) for values in counted]
        lines.append(project_common("project", [*common, *among, *shown], TIME))
        by, counted = [after_union(v) for v in common], [after_union(v) for v in among]
    else:
        lines += [*present(by, query), *extended(latest)]
    # Some tables have a column of that name.
    start = "FirstTime" if "StartTime" in {v.name for v in (*by, *latest)} else "StartTime"
    sums = ["EventCount = count()", *map(number_of_values, counted), f"{start} = min({TIME})"]
    times = ["*"] if together and in_rule else [v.name for v in latest if v.name != TIME]
    sums.append(f"arg_max({TIME}, {', '.join(times)})" if times else f"{TIME} = max({TIME})")
    grouped = f"by {', '.join(values.grouped for values in by)}" if by else ""
    named = {values.field: distinct_count(values) for values in counted}
    tests = [f"EventCount >= {threshold.least}"]
    # A field that is not among the named ones is the same on all events: its one value is enough.
    tests += [f"{named[f]} >= {least}" for f, least in threshold.distinct if f in named]
    counts = [summarized(sums, grouped), f"| where {' and '.join(tests)}"]
    counts += extended(bracket_named(by) if in_rule and not together else ())
    return written.with_form(lines, counts, notes)


def _window_note(rule: Rule) -> Note:
    back = span(schedule_of(rule).look_back)
    return Note(
        "threshold-window",
        Effect.SAME,
        f"events are counted over the query's time range: set it to {back}, the rule's look-back",
    )
