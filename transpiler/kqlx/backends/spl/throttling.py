"""Which alerts a saved search holds back, by throttling: what the rule suppresses, else what an
earlier run has told already.

https://help.splunk.com/en/splunk-enterprise/alert-and-respond/alerting-manual/10.0/manage-alert-trigger-conditions-and-throttling/throttle-alerts
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kqlx.backends.spl.grouped_results import FIRST
from kqlx.backends.spl.keys import Key
from kqlx.backends.spl.multiple_sources import Together
from kqlx.backends.spl.risk_objects import key_builder
from kqlx.backends.spl.schedule import run_every
from kqlx.backends.spl.syntax import eval_name, fold
from kqlx.backends.spl.time_range import time_modifier
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, replace
from kqlx.regexes import late_regex
from kqlx.rules.forms import form_of, grouped_by, groups_events
from kqlx.rules.model import Rule
from kqlx.rules.schedule import schedule_of
from kqlx.rules.suppression import suppressed_by, suppression_of
from kqlx.rules.threshold import Threshold

EVENT_HASH = "event_hash"
GROUP_HASH = "group_hash"

_SUPPRESSIBLE = late_regex(r"[\w.{}@:/-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Throttling:
    """Alerts with the same values of ``fields`` are one within ``period``, a number of seconds; no
    fields: none is held back. ``made`` are commands that make those that are of several columns,
    ``step`` one that makes a field of them all. ``is_own`` says that this is what the rule itself
    suppresses. ``notes`` say where alerts are not held back as Kibana does it.
    """

    fields: tuple[str, ...] = ()
    period: int = 0
    step: str = ""
    made: tuple[str, ...] = ()
    is_own: bool = False
    notes: tuple[Note, ...] = ()


def throttling(rule: Rule, bounds: Sequence[Bound], together: Together | None = None) -> Throttling:
    """How alerts are held back: as the rule says, else so that what two runs find is told once, as
    Kibana does. They are not where no run looks at what another has seen. ``together`` is there
    where the results are sequences or samples.
    """
    length = suppression_length(rule)
    several = len(bounds) > 1
    keys = [_suppressed(rule, bound, several, together) for bound in bounds] if length else [None]
    own = [each for each in keys if each is not None]
    is_own = len(own) == len(keys)
    notes = tuple(_notes(rule, is_own))
    if is_own:
        made = tuple(dict.fromkeys(key.step for each in own for key in each if key.step))
        found = _by([tuple(key.name for key in each) for each in own], length)
        return replace(found, made=made, is_own=True, notes=notes)
    length = overlap_of(rule)
    if not length:
        return Throttling(notes=notes)
    if groups_events(rule):
        return replace(
            _by([_grouped(rule, bound, several) for bound in bounds], length), notes=notes
        )
    if together is not None:
        return replace(_of_events(together, length), notes=notes)
    return Throttling((EVENT_HASH,), length, f"| eval {EVENT_HASH}=md5(_raw)", notes=notes)


def _of_events(together: Together, length: int) -> Throttling:
    """One alert for a sequence, by what its events share and the last of them; for a sample by what
    they share.
    """
    names = tuple(name for _, name in together.keys)
    if not together.keeps_last:
        return _by([names], length)
    values = [*names, FIRST, "_raw"]
    hashed = fold([f"| eval {EVENT_HASH}=md5({values[0]}", *(f'."|".{v}' for v in values[1:])])
    return Throttling((EVENT_HASH,), length, f"{hashed})")


def suppression_length(rule: Rule) -> int:
    """How long the rule itself suppresses alerts, in seconds; within a run, until the next one. 0
    where it suppresses none.
    """
    suppression = suppression_of(rule)
    if suppression is None:
        return 0
    return suppression.duration or schedule_of(rule).interval


def overlap_of(rule: Rule) -> int:
    """How far a run looks back where that is at what an earlier one has seen, else 0."""
    look_back = schedule_of(rule).look_back
    return look_back if look_back > run_every(rule) else 0


def _notes(rule: Rule, is_own: bool) -> Iterator[Note]:
    """Where alerts are not held back as Kibana does it."""
    overlap = overlap_of(rule)
    suppression = suppression_of(rule)
    if not is_own or suppression is None:
        if overlap and isinstance(form_of(rule), Threshold):
            message = (
                f"after an alert, the next for the same values comes at least {_words(overlap)}"
                " later; Kibana alerts as soon as further events reach the threshold by themselves"
            )
            yield Note("alerts-throttled", Effect.SAME, message)
        return
    if suppression.spares_missing:
        message = "the rule does not suppress alerts that lack its suppression fields"
        yield Note("suppression-left-out", Effect.SAME, message)
    if not suppression.given:
        message = "the rule suppresses within each run; alerts are throttled until the next one"
        yield Note("schedule", Effect.SAME, message)
    if suppression_length(rule) < overlap:
        message = (
            f"alerts are throttled for {_words(suppression_length(rule))}, and each run looks back"
            f" {_words(overlap)}: it repeats alerts of earlier runs"
        )
        yield Note("alerts-repeated", Effect.SAME, message)


def _suppressed(
    rule: Rule, bound: Bound, several: bool, together: Together | None
) -> tuple[Key, ...] | None:
    """The fields of the rule's own suppression in the results, in its order; None where one is not
    there. One that is made of several columns is there where there are not ``several`` data sources
    and the results are single events.
    """
    if isinstance(form_of(rule), Threshold):
        return tuple(replace(key, step="") for key in _keys(rule, bound, several))
    keys = key_builder(rule, bound, several)
    grouped = {key.field: key for key in keys.keys(grouped_by(rule))}
    if together is not None:
        grouped = {field: Key(field, name) for field, name in together.keys}
    made = not several and not groups_events(rule)
    found = []
    for field in suppressed_by(rule):
        key = grouped.get(field) or keys.visible(field)
        if key is not None:
            found.append(replace(key, step=""))
        elif made and (key := keys.joined(field)):
            found.append(key)
        else:
            return None
    return tuple(found) or None


def _keys(rule: Rule, bound: Bound, several: bool) -> tuple[Key, ...]:
    return key_builder(rule, bound, several).keys(grouped_by(rule))


def _grouped(rule: Rule, bound: Bound, several: bool) -> tuple[str, ...]:
    return tuple(key.name for key in _keys(rule, bound, several))


def _by(named: Sequence[tuple[str, ...]], period: int) -> Throttling:
    """By fields that have these names in the results for each of several data sources."""
    names = named[0]
    if not names:  # contentctl wants a field
        return Throttling((GROUP_HASH,), period, f'| eval {GROUP_HASH}="all"')
    if len(set(named)) == 1 and all(map(_SUPPRESSIBLE.fullmatch, names)):
        return Throttling(tuple(dict.fromkeys(names)), period)
    values = []
    for same in zip(*named, strict=True):
        texts = [f'mvjoin({eval_name(name)}, ",")' for name in dict.fromkeys(same)]
        values.append(f'coalesce({", ".join(texts)}, "")')
    hashed = fold([f"| eval {GROUP_HASH}=md5({values[0]}", *(f'."|".{v}' for v in values[1:])])
    return Throttling((GROUP_HASH,), period, f"{hashed})")


def _words(length: int) -> str:
    return time_modifier(length)[1:]
