"""What the types of Elastic's rules ask for beyond the query, in Sentinel KQL.

* threshold: ``summarize … by … | where EventCount >= n``
* new terms: the first event of each combination of values in the history window, kept where it is
  recent
* indicator match: a join with ``ThreatIntelIndicators``, whose indicators are not Elastic's

Events without one of the fields count for nothing, as in Elasticsearch; each value of an array
counts by itself (https://www.elastic.co/docs/solutions/security/detect-and-alert).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kqlx.backends.base import Emission, Options
from kqlx.backends.sentinel_fields import Values, extend, extended, values_of
from kqlx.backends.sentinel_outputs import counted_name, outputs
from kqlx.backends.sentinel_schedule import LONGEST, RULE_FORMATS, run_of, span
from kqlx.backends.sentinel_syntax import WIDTH, fold, quote
from kqlx.backends.sentinel_union import without_lists
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.left_out import about_window
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, new_terms_of
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold, threshold_of

TIME = "TimeGenerated"
INDICATORS = "ThreatIntelIndicators"

# The beginning of ObservableKey by what follows ``threat.indicator.`` in Elastic's fields: keys are
# STIX object paths, ipv4-addr:value, file:hashes.MD5
# (https://learn.microsoft.com/azure/azure-monitor/reference/tables/threatintelindicators).
_KINDS = {
    "ip": ("ipv4-addr", "ipv6-addr"),
    "url.full": ("url",),
    "url.original": ("url",),
    "url.domain": ("domain-name",),
    "domain": ("domain-name",),
    "file.hash.md5": ("file:hashes",),
    "file.hash.sha1": ("file:hashes",),
    "file.hash.sha256": ("file:hashes",),
    "email.address": ("email-addr",),
}


def complete(rule: Rule, bound: Bound, emission: Emission, options: Options) -> Emission:
    """The query with what the rule's type adds to it, and in the formats of rules with the columns
    that entities and details name.

    Raises UnsupportedError where a field that is counted or compared has no column.
    """
    in_rule = options.form in RULE_FORMATS
    found = outputs(rule, bound) if in_rule else None
    completed = _by_type(rule, bound, emission, found.columns if found else (), in_rule)
    if found is None or not found.common:
        return completed
    # Where two tables have columns of one name and two types, union would rename them.
    texts = [f"{name} = tostring({column})" for name, column in found.common.items()]
    return replace(completed, query=f"{completed.query}\n{extend(texts)}")


def _by_type(
    rule: Rule, bound: Bound, emission: Emission, shown: Sequence[Values], in_rule: bool
) -> Emission:
    if threshold := threshold_of(rule):
        return _counted(threshold, rule, bound, emission, shown, in_rule)
    if terms := new_terms_of(rule):
        return _new(terms, rule, bound, emission, shown, in_rule)
    if rule.type == "threat_match":
        return _compared(rule, bound, emission, shown, in_rule)
    return replace(emission, query="\n".join([str(emission.query), *extended(shown)]))


def _counted(
    threshold: Threshold,
    rule: Rule,
    bound: Bound,
    emission: Emission,
    shown: Sequence[Values],
    in_rule: bool,
) -> Emission:
    by = _needed(bound, threshold.by, "counts by")
    counted = [
        (_needed(bound, [field], "counts values of"), least) for field, least in threshold.distinct
    ]
    lines = [str(emission.query), *_apart(by, once=True), *_present(by)]
    names = {values.name for values in by}
    latest = [values for values in shown if values.name not in names]
    lines += extended(latest)
    sums = ["EventCount = count()"]
    tests = [f"EventCount >= {threshold.least}"]
    for found, least in counted:
        if not found:  # the same on all events
            tests += [] if least <= 1 else ["false"]
            continue
        (values,) = found
        if values.several:
            message = f"the values of {values.field} are arrays, and Kusto counts none within them"
            raise _refused(f"a count of {values.field}", message)
        name = counted_name(values)
        sums.append(f"{name} = count_distinctif({values.text}, {values.present})")
        tests.append(f"{name} >= {least}")
    sums.append(f"StartTime = min({TIME})")
    times = [values.name for values in latest if values.name != TIME]
    sums.append(f"arg_max({TIME}, {', '.join(times)})" if times else f"{TIME} = max({TIME})")
    grouped = f"by {', '.join(values.grouped for values in by)}" if by else ""
    lines.append(_summarized(sums, grouped))
    lines += [f"| where {' and '.join(tests)}", *extended(_bracketed(by) if in_rule else ())]
    notes = [*about_window(rule), *([] if in_rule else [_window_note(rule)])]
    notes += _told([*by, *(values for found, _ in counted for values in found)])
    if threshold.least > 1 or counted:
        notes += _apart_note(bound, Effect.NARROWER, "what they have together may be enough")
    return _whole(emission, lines, notes)


def _summarized(sums: Sequence[str], grouped: str) -> str:
    """``summarize`` on a line, or a line for each column of a long one."""
    whole = f"| summarize {', '.join(sums)} {grouped}".rstrip()
    if len(whole) <= WIDTH:
        return whole
    lines = [f"{text}," for text in sums[:-1]] + [sums[-1]] + ([grouped] if grouped else [])
    return "\n    ".join(["| summarize", *(fold(line, " " * 8) for line in lines)])


def _told(fields: Iterable[Values]) -> list[Note]:
    return [note for values in fields for note in values.notes]


def _apart_note(bound: Bound, effect: Effect, why: str) -> list[Note]:
    if not bound.beside_others:
        return []
    return [Note("counted-apart", effect, f"each data source is counted by itself: {why}")]


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
    fields = _needed(bound, terms.fields, "looks for new values of")
    if not fields:
        named = ", ".join(terms.fields)
        raise _refused(f"new terms of {named}", "it is the same on all events there")
    window, recent = terms.window, schedule_of(rule).look_back
    if in_rule:
        window, recent = min(window, LONGEST), run_of(rule).recent
    lists, head, body = without_lists(str(emission.query))
    lines = [f"{lists}{head}", f"| where {TIME} > ago({span(window)})", *([body] if body else [])]
    lines += [*_apart(fields, once=False), *_present(fields)]
    names = {values.name for values in fields} - {values.name for values in _bracketed(fields)}
    by = ", ".join(values.grouped for values in fields)
    lines.append(fold(f"| summarize arg_min({TIME}, *) by {by}"))
    lines.append(f"| where {TIME} > ago({span(recent)})")
    lines += extended([values for values in shown if values.name not in names])
    notes = [*about_window(rule)]
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
    notes += _told(fields)
    notes += _apart_note(bound, Effect.WIDER, "a value may be known in another")
    return _whole(emission, lines, notes)


def _compared(
    rule: Rule, bound: Bound, emission: Emission, shown: Sequence[Values], in_rule: bool
) -> Emission:
    pairs, lost = _mapped(rule, bound)
    if not pairs:
        reason = "; ".join(lost) or "the rule names no fields"
        raise _refused("the comparison with indicators", reason)
    kinds = list(dict.fromkeys(kind for _, found in pairs for kind in found))
    keys = " or ".join(f"ObservableKey startswith {quote(kind)}" for kind in kinds)
    lists, head, body = without_lists(str(emission.query))
    recent = run_of(rule).recent if in_rule else schedule_of(rule).look_back
    each = list(dict.fromkeys(values.text for values, _ in pairs))
    lines = [
        f"{lists}let indicators = {INDICATORS}",
        "    | summarize arg_max(TimeGenerated, *) by Id",
        "    | where IsActive and (isnull(ValidUntil) or ValidUntil > now())",
        fold(f"    | where {keys}", " " * 8),
        "    | project IndicatorId = Id, ObservableKey, ObservableValue;",
        head,
        f"| where {TIME} > ago({span(recent)})",
        *([body] if body else []),
        fold(f"| mv-expand Observable = pack_array({', '.join(each)}) to typeof(string)"),
        "| where isnotempty(Observable)",
        "| join kind=inner indicators on $left.Observable == $right.ObservableValue",
        *extended(shown),
    ]
    message = (
        f"the indicators are those of {INDICATORS}, not those that the rule's own query finds in"
        f" {', '.join(rule.texts('threat_index')) or 'its indices'}"
    )
    found = [Note("indicators", Effect.DIFFERENT, message), *about_window(rule)]
    found += _told(values for values, _ in pairs)
    found += [Note("indicators", Effect.NARROWER, text) for text in lost]
    return _whole(emission, lines, found)


def _mapped(rule: Rule, bound: Bound) -> tuple[list[tuple[Values, tuple[str, ...]]], list[str]]:
    """The fields that are compared with kinds of indicators, and what cannot be."""
    pairs: list[tuple[Values, tuple[str, ...]]] = []
    lost: list[str] = []
    mapping = rule.data.get("threat_mapping")
    for item in mapping if isinstance(mapping, list) else []:
        entries = item.get("entries") if isinstance(item, dict) else None
        entries = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
        named = " and ".join(str(entry.get("field", "?")) for entry in entries)
        if len(entries) != 1 or entries[0].get("negate"):
            lost.append(f"{named or 'an entry'} is compared with one indicator in several ways")
            continue
        other = str(entries[0].get("value", ""))
        kinds = _KINDS.get(other.partition("indicator.")[2])
        values = values_of(bound, named)
        if kinds is None:
            lost.append(f"{named} is not compared: no kind of indicator stands for {other}")
        elif values is None or not values.name or values.several or values.type != "string":
            lost.append(f"{named} is not compared: the table has no column of texts for it")
        else:
            pairs.append((values, kinds))
    return pairs, lost


def _needed(bound: Bound, fields: Iterable[str], what: str) -> list[Values]:
    """The values of fields, without those that are the same on all events there."""
    found = []
    for field in fields:
        values = values_of(bound, field, counted=True)
        if values is None:
            name = bound.destination.name if bound.destination else "the table"
            raise _refused(f"a rule that {what} {field}", f"{name} has no column of its values")
        if values.name:
            found.append(values)
    return found


def _refused(what: str, why: str) -> UnsupportedError:
    note = Note("rule-type", Effect.DIFFERENT, f"{what}: {why}")
    return UnsupportedError(f"cannot convert {what}: {why}", notes=(note,))


def _apart(fields: Iterable[Values], once: bool) -> list[str]:
    """Arrays taken apart, a row for each value, equal ones counted ``once``."""
    lines = []
    for values in fields:
        if values.several:
            whole = f"set_union({values.text}, dynamic([]))" if once else values.text
            lines.append(fold(f"| mv-expand {values.name} = {whole} to typeof({values.type})"))
    return lines


def _present(fields: Sequence[Values]) -> list[str]:
    return [fold(f"| where {' and '.join(v.present for v in fields)}")] if fields else []


def _bracketed(fields: Iterable[Values]) -> list[Values]:
    """Those that keep a name which entities and details cannot have."""
    return [values for values in fields if not values.several and values.text.startswith("['")]


def _whole(emission: Emission, lines: Sequence[str], notes: Sequence[Note]) -> Emission:
    return Emission("\n".join(lines), (*emission.notes, *notes), whole=True)
