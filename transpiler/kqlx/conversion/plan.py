"""What is to be written: a rule's query with its conditions, bound to where the events are."""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.target import Plan, PlannedEvents, PlannedSource, PlannedStep
from kqlx.conversion.choices import Choices
from kqlx.conversion.reading import Reading
from kqlx.frontends.language import several_events
from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.bound import Bound
from kqlx.mappings.destinations import of_one_sensor, unbound, with_own_table
from kqlx.mappings.elasticsearch_semantics import as_elasticsearch_asks
from kqlx.mappings.known_types import Types
from kqlx.mappings.multiple_sources import bind_each
from kqlx.mappings.pack import Pack
from kqlx.mappings.source_hints import own_indices
from kqlx.mappings.telling_fields import overlap
from kqlx.mappings.type_check import checked
from kqlx.mappings.without_counterpart import why_none
from kqlx.nodes import CommandLineArgument, Node, has_part
from kqlx.notes import Note, of_absent
from kqlx.records import replace
from kqlx.rules.constant_fields import refuse_constants
from kqlx.rules.late_events import with_late_events
from kqlx.rules.model import Rule
from kqlx.sequences import Sample, Sequence, Step


def plan_of(reading: Reading, choices: Choices) -> Plan:
    """Binds the query of a rule. Raises MappingError, UnsupportedError and UsageError."""
    if (asked := reading.several_events) is not None:
        return _plan_of_events(asked, reading, choices)
    sources = _planned_sources(reading, choices)
    return Plan(_rule_of(reading, sources), sources, choices.accept)


def _plan_of_events(asked: Sequence | Sample, reading: Reading, choices: Choices) -> Plan:
    """Binds the steps of a rule. Raises MappingError, UnsupportedError and UsageError."""
    if not choices.target.finds_sequences:
        raise several_events(asked)
    told: set[Note] = set()
    pairs = zip(reading.asked.steps, reading.steps, strict=True)
    each = tuple([_planned(step, its_reading, choices, told) for step, its_reading in pairs])
    has_until = len(each) > len(asked.steps)
    steps, until = (each[:-1], each[-1]) if has_until else (each, None)
    events = PlannedEvents(asked, steps, until, reading.asked.pipes)
    sources = tuple([source for step in each for source in step.sources])
    of_one_sensor(source.bound for source in sources)
    return Plan(_rule_of(reading, sources), sources, choices.accept, events=events)


def _planned(step: Step, reading: Reading, choices: Choices, told: set[Note]) -> PlannedStep:
    """A step, bound by its own reading. What was ``told`` of another is not told again."""
    sources = _planned_sources(reading, choices, is_step=True)
    return PlannedStep(step, tuple([_once(s, told, reading.is_absent) for s in sources]))


def _once(source: PlannedSource, told: set[Note], is_absent: bool) -> PlannedSource:
    found = of_absent(source.bound.notes) if is_absent else source.bound.notes
    notes = tuple([note for note in found if note not in told])
    told.update(notes)
    return replace(source, bound=replace(source.bound, notes=notes))


def _planned_sources(
    reading: Reading, choices: Choices, *, is_step: bool = False
) -> tuple[PlannedSource, ...]:
    """The places of the events with the condition on them, and the options for each; ``is_step``:
    other events are asked for beside them. Raises as ``plan_of``.
    """
    rule = reading.rule
    if choices.target.binds and choices.format.binds:
        bounds = _in_own_tables(_bind(reading, choices, is_step), choices)
    else:
        node = reading.node if choices.target.takes_filters else reading.query.node
        bounds = (_in_elastic_names(node, reading.types, choices),)
    if "?" in rule.query:
        bounds = _with_optional_fields(bounds, reading)
    if not choices.target.matches_arguments and any(map(_asks_for_arguments, bounds)):
        from kqlx.mappings.command_line_arguments import with_patterns

        bounds = tuple(map(with_patterns, bounds))
    if choices.target.checks_types:
        bounds = tuple(map(checked, bounds))
    if rule.type == "new_terms" and choices.target.finds_new_terms:
        from kqlx.backends.counted_fields import in_history

        bounds = tuple(map(in_history, bounds))
    refuse_constants(rule, bounds)
    return tuple(
        PlannedSource(bound, choices.options(bound.source, rule.format)) for bound in bounds
    )


def _asks_for_arguments(bound: Bound) -> bool:
    return has_part(bound.node, CommandLineArgument)


def _rule_of(reading: Reading, sources: Iterable[PlannedSource]) -> Rule:
    """The rule with what the user says of late events."""
    return with_late_events(reading.rule, [source.options.late_events for source in sources])


def _with_optional_fields(bounds: tuple[Bound, ...], reading: Reading) -> tuple[Bound, ...]:
    """With the notes on fields that the query says no index need have."""
    from kqlx.mappings.optional_fields import optional_field_notes

    first, *others = bounds
    found = optional_field_notes(reading.node, reading.types)
    return (replace(first, notes=(*first.notes, *found)), *others)


def _bind(reading: Reading, choices: Choices, is_step: bool) -> tuple[Bound, ...]:
    rule, types, target = reading.rule, reading.types, choices.target
    node = reading.node if target.takes_filters else reading.query.node
    if choices.source == "none":
        return (unbound(node, choices.source, types),)
    is_counted = target.finds_new_terms or rule.type != "new_terms"
    counted, present = (reading.counted, reading.present) if is_counted else ((), ())
    if types.packs and not (choices.source is None and _reads_others(rule, types.packs)):
        packs = _with_lookups(rule, types.packs, choices)
        query = AskedQuery(node, types) if target.takes_filters else reading.query
        bounds = bind_each(
            query,
            packs,
            target.name,
            choices.unmapped,
            rule.indices,
            counted,
            present,
            reading.systems,
            is_step=is_step,
        )
        if any(bound.lookups for bound in bounds):
            from kqlx.mappings.lookups import without_unasked

            bounds = tuple(without_unasked(bound, counted) for bound in bounds)
        first, *others = bounds
        return (replace(first, notes=(*reading.remarks, *first.notes)), *others)
    if choices.unmapped != "keep":
        from kqlx.conversion.unknown_source import unknown_source

        raise unknown_source(reading)
    return (unbound(node, None, types),)


def _reads_others(rule: Rule, packs: Iterable[Pack]) -> bool:
    """Whether all that a rule reads is known to have no counterpart, whatever its query names."""
    if why_none(rule.indices) is None:
        return False
    if marks := {pack.source: pack.recognise for pack in packs if pack.recognise.stands_for}:
        from kqlx.mappings.data_models import standing_for

        if standing_for(rule.indices, marks):
            return False
    read = own_indices(rule.indices)
    return not any(overlap(index, pack.recognise) for pack in packs for index in read)


def _with_lookups(rule: Rule, packs: tuple[Pack, ...], choices: Choices) -> tuple[Pack, ...]:
    """The packs with what the user asks to have looked up beside their events."""
    options = choices.options(None, rule.format)
    if not (options.signers or options.networks or options.locations):
        return packs
    from kqlx.mappings.lookups import Asked, with_lookups

    asked = Asked(options.signers is not None, options.networks, options.locations)
    return tuple(with_lookups(pack, choices.target.name, asked) for pack in packs)


def _in_elastic_names(node: Node, types: Types, choices: Choices) -> Bound:
    if not choices.target.checks_types:
        return Bound(node, types=types)
    node, notes = as_elasticsearch_asks(node, types.type_asked)
    return Bound(node, notes=notes, types=types)


def _in_own_tables(bounds: tuple[Bound, ...], choices: Choices) -> tuple[Bound, ...]:
    """On the tables of the user's, without further parts of a data source whose events are all in
    one of them.
    """
    if choices.settings is not None:
        name, own_table = choices.target.name, choices.settings.own_table
        bounds = tuple(
            with_own_table(bound, name, own_table(name, bound.source)) for bound in bounds
        )
    table = choices.given.get("table")
    found: dict[tuple[str | None, str], Bound] = {}
    for bound in bounds:
        found.setdefault(
            (bound.source, table or str(bound.place.get("table") or bound.place)), bound
        )
    return tuple(found.values())
