"""Whom and what the earlier events of a sequence are about, which its last event does not have."""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.spl.keys import plain_name
from kqlx.backends.spl.risk_objects import Entity, entities
from kqlx.backends.spl.sequence_keys import StepKeys
from kqlx.backends.spl.sequence_states import Carried, numbers_of
from kqlx.backends.spl.syntax import eval_name
from kqlx.backends.target import PlannedEvents, PlannedStep
from kqlx.records import dataclass
from kqlx.rules.model import Rule
from kqlx.sequences import Sequence


@dataclass(frozen=True, slots=True)
class EarlierEntity:
    """A field that is carried to the results, with its kind and type as in ``Entity``."""

    carried: Carried
    kind: str
    type: str


def of_earlier(
    rule: Rule, events: PlannedEvents, keys: Iterable[StepKeys]
) -> tuple[EarlierEntity, ...]:
    """The fields of earlier steps that the results need beside those of the last event and the
    keys; none of a sample, whose results are no events.
    """
    if not isinstance(events.asked, Sequence):
        return ()
    numbers = [number for number in numbers_of(events.asked).steps if number > 0]
    present = [step for step in events.steps if not step.step.missing]
    known = {entity.name for entity in _entities(rule, present[-1])}
    known |= {value.text for step in keys for source in step.sources for value in source}
    found = []
    for number, step in zip(numbers[:-1], present[:-1], strict=True):
        for entity in _entities(rule, step):
            if entity.name in known or eval_name(entity.name) in known:
                continue
            known.add(entity.name)
            name = f"step{number}_{plain_name(entity.name)}"
            carried = Carried(number, eval_name(entity.name), name)
            found.append(EarlierEntity(carried, entity.kind, entity.type))
    return tuple(found)


def _entities(rule: Rule, step: PlannedStep) -> list[Entity]:
    """Those that are fields of the events as they are."""
    bounds = [source.bound for source in step.sources]
    found = [one for bound in bounds for one in entities(rule, bound, len(bounds) > 1, True)]
    return [entity for entity in found if not entity.step]
