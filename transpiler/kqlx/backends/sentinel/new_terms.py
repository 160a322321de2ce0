"""New terms rules in Sentinel KQL: the first event of each combination of values in the history
window, kept where it is recent.

https://www.elastic.co/docs/solutions/security/detect-and-alert/create-detection-rule
"""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.backends.counted_fields import known_by_others, of_new_terms
from kqlx.backends.sentinel.aggregation import (
    TIME,
    after_union,
    bracket_named,
    made_first,
    per_source_notes,
    present,
    project_common,
    refused_form,
    required_values,
    taken_apart,
    value_notes,
)
from kqlx.backends.sentinel.ingestion_time import COLUMN
from kqlx.backends.sentinel.multiple_sources import WrittenSource
from kqlx.backends.sentinel.result_columns import FieldValues, extended, in_common
from kqlx.backends.sentinel.schedule import LONGEST, Run, span
from kqlx.backends.sentinel.syntax import fold
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, odd_history
from kqlx.rules.query_only_notes import about_window
from kqlx.rules.schedule import schedule_of


def find_new_terms(
    terms: NewTerms,
    rule: Rule,
    bound: Bound,
    written: WrittenSource,
    shown: Sequence[FieldValues],
    run: Run | None,
    sources: Sequence[Bound],
) -> WrittenSource:
    """The query for events with values that were not seen before. ``shown`` are the columns that
    alerts show; ``run`` is that of the rule that it is for, which looks back so far at most;
    ``sources`` are those whose events are looked at together, of which this is one.

    Raises UnsupportedError where a field has no column, or one value on all events.
    """
    together = len(sources) > 1
    fields = required_values(bound, terms.fields, "looks for new values of", together)
    if not fields:
        named = ", ".join(terms.fields)
        raise refused_form(
            f"new terms of {named}", "every event of the destination has the same value"
        )
    window, recent = terms.window, schedule_of(rule).look_back
    if run is not None:
        window, recent = min(window, run.period), run.recent
    time = COLUMN if by_arrival(rule) else TIME
    begins = [] if by_arrival(rule) else [f"| where {TIME} > ago({span(window)})"]
    lines = [*begins, *written.query.steps]
    made, fields = made_first(fields)
    lines += [*made, *taken_apart(fields, once=False)]
    notes = [
        *about_window(rule),
        *_about_history(terms, window, run is not None),
        *of_new_terms(value_notes(fields, bound)),
        *known_by_others(bound, written.notes, terms.fields),
    ]
    if together:
        why = "what is new in one may be known in another"
        notes += per_source_notes(sources, fields, Effect.WIDER, why)
        common = [in_common(values) for values in fields]
        lines += present((in_common(v) for v in fields if v.name), written.query)
        lines.append(project_common("extend", [*common, *shown]))
        fields, shown = [after_union(values) for values in common], ()
    else:
        lines += present(fields, written.query)
    names = {values.name for values in fields} - {values.name for values in bracket_named(fields)}
    by = ", ".join(values.grouped for values in fields)
    firsts = [fold(f"| summarize arg_min({time}, *) by {by}")]
    firsts.append(f"| where {time} > ago({span(recent)})")
    firsts += extended([values for values in shown if values.name not in names])
    return written.with_form(lines, firsts, notes)


def _about_history(terms: NewTerms, window: int, in_rule: bool) -> list[Note]:
    notes = [*odd_history(terms)]
    if not in_rule and window > LONGEST:
        notes.append(
            Note(
                "look-back",
                Effect.SAME,
                f"the query looks back {span(window)}; an analytics rule sees at most"
                f" {span(LONGEST)}",
                hint="run it as a hunting query",
            )
        )
    return notes
