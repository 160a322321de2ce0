"""The whole program in one screen: read → parse → bind → emit → render."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kqlx.backends import binding_targets, find, targets
from kqlx.backends.base import Emission, Options, Target
from kqlx.backends.options import check_taken, given_options
from kqlx.errors import UnsupportedError, UsageError
from kqlx.frontends.kql import parse, refuse_leading_wildcards
from kqlx.mappings.assumed import assumed_types
from kqlx.mappings.bound import Bound
from kqlx.mappings.choose import Unmapped, bind_each, unbound, with_own_table
from kqlx.mappings.fields import FieldList, read_fields
from kqlx.mappings.known_types import Types
from kqlx.mappings.library import Packs, packs_of
from kqlx.nodes import NOWHERE, Node
from kqlx.notes import ACCEPTABLE, ACCEPTED_BY_DEFAULT, Effect, Note, in_order, worst
from kqlx.rules.constant_fields import refuse_constants
from kqlx.rules.filters import conditions_of, with_conditions
from kqlx.rules.known_types import types_and_remarks
from kqlx.rules.late_events import with_late_events
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.query_only_notes import query_only_notes
from kqlx.rules.threshold import Threshold, threshold_of

if TYPE_CHECKING:
    from pathlib import Path

    from kqlx.settings import Settings


@dataclass(frozen=True, slots=True)
class Conversion:
    """A query in the target's language, and what it says about itself.

    ``query`` is text, or a dict for Elasticsearch; ``text`` what the command line prints (the
    artifact of ``format``, without a final line feed); ``fidelity`` the worst effect of the notes;
    ``source`` the data source, of several all with commas between; ``place`` where
    the (first) mapping pack has its events in the target.
    """

    query: str | dict[str, Any]
    text: str
    notes: tuple[Note, ...]
    source: str | None
    target: str
    format: str
    place: Mapping[str, object] = field(default_factory=dict, compare=False)

    @property
    def fidelity(self) -> Effect:
        return worst(self.notes)


def convert(
    rule: Rule | str,
    to: str = "spl",
    *,
    source: str | None = None,
    mappings: Iterable[str | Path] | str | Path | Packs = (),
    unmapped: Unmapped | None = None,
    accept: Iterable[str] = (),
    strict: bool = False,
    exact: bool = False,
    format: str | None = None,
    leading_wildcards: bool = True,
    node: Node | None = None,
    settings: Settings | None = None,
    fields: FieldList | Mapping[str, str] | str | None = None,
    **options: Any,
) -> Conversion:
    """Converts a rule or the text of a query to one target.

    ``source`` names the data source (None: recognised; "none": all field names stay as they are).
    ``mappings`` are files of packs over or beside the built-in ones, or the packs that
    ``mappings.overlay.load_packs`` made of them. ``unmapped`` says what becomes of fields without a
    counterpart: "error" (the default), "keep" Elastic's name, or leave the test out with a
    "comment" in the text of the query. ``accept`` says which effects
    ("narrower", "different") are let pass besides same, case, coverage and wider ("wider" by name
    lets pass what a target refuses for its noise); ``strict`` lets only same and case pass, and
    what ``accept`` names; ``exact`` asks
    for the form without a difference in letter case. ``leading_wildcards=False`` refuses values
    that begin with a star, as Kibana can be set to. ``node`` is the query's tree, where ``read``
    has made it already. ``settings`` are the user's (``kqlx.settings.load``); none are read unless
    they are given; what is said here goes before them. ``fields`` says the types of fields, before
    what the packs and ECS say of them: a field list, a table name → Elasticsearch type, the name of
    a file with a data view, ``_mapping`` or ``_field_caps``, "ecs", or "none": no types are known.
    ``options`` are those of ``backends.base.Options``, of which each target takes its own.

    Raises KqlSyntaxError, MappingError, UnsupportedError (with the notes) and UsageError.
    """
    target = find(to)
    chosen = _format(target, format)
    given = given_options({"exact": exact, **options})
    check_taken((target,), given)
    if settings is not None:
        unmapped = unmapped or settings.unmapped
        accept = frozenset(accept) or settings.accept
    unmapped = unmapped or "error"
    accept = frozenset(accept)
    packs = find_packs(mappings, settings)
    check_choices(source, unmapped, accept, packs)
    if isinstance(rule, str):
        rule = Rule(name="", query=rule)
    if node is None:
        node = read(rule.query, leading_wildcards)
    types, remarks = types_and_remarks(node, rule, read_fields(fields), source, packs)
    clauses = target.name == "elasticsearch"  # it takes filters as they are
    if not clauses:
        node, _ = with_conditions(node, rule, types)
    binds = target.binds and chosen not in target.ecs_formats
    bounds = (
        _bind(node, rule, target, source, unmapped, types, remarks)
        if binds
        else (Bound(node, types=types),)
    )
    if settings is not None:
        own_table = settings.own_table
        bounds = tuple(
            with_own_table(bound, target.name, own_table(target.name, bound.source))
            for bound in bounds
        )
    bounds = _in_own_tables(bounds, options.get("table"))
    refuse_constants(rule, bounds)
    about = target.left_out or (lambda rule, *_: query_only_notes(rule, clauses=clauses))
    notes: list[Note] = []
    emissions: list[Emission] = []
    every = []
    for bound in bounds:
        own = settings.options(target.name, bound.source) if settings is not None else {}
        if clauses and rule.format != "query":
            own = {"time_zone": "Zulu", **own}  # as Kibana's detection engine says it
        every.append(Options(form=chosen, **{**own, **given}))
    rule = with_late_events(rule, [options.late_events for options in every])
    for bound, chosen_options in zip(bounds, every, strict=True):
        emission = target.emit(bound, chosen_options)
        assumed = assumed_types(bound) if target.assumes_types else ()
        if clauses and isinstance(emission.query, dict):
            emission = replace(emission, query=conditions_of(rule).wrap_query(emission.query))
        if target.complete is not None:
            emission = target.complete(rule, bound, emission, chosen_options)
        apart = [
            note
            for note in about(rule, bound, chosen, accept)
            if not (emission.whole and note.code == "rule-type")
        ]
        if len(bounds) == 1 or target.remarks_above:
            # A whole rule says it in its description.
            reduced = target.remarks_above and chosen == "query"
            beside_it = [note for note in apart if reduced and note.code == "rule-type"]
            emission = _remarked(target, emission, (*beside_it, *bound.notes))
        notes += map(_placed, (*apart, *bound.notes, *assumed, *emission.notes))
        emissions.append(emission)
    _check(in_order(notes), accept, strict, unmapped)
    from kqlx.render import render

    query = _joined(target, [emission.query for emission in emissions])
    if len(bounds) > 1 and not target.remarks_above:
        left = [note for note in notes if note.code == "unmapped-left-out"]
        query = _remarked(target, Emission(query), left).query
    if target.about_length is not None:
        notes += target.about_length(str(query), chosen)
    in_all = in_order(notes)
    text = render(rule, target, query, [*zip(bounds, emissions, strict=True)], chosen)
    sources = ", ".join(dict.fromkeys(b.source for b in bounds if b.source)) or None
    place = bounds[0].place
    return Conversion(query, text, in_all, sources, target.name, chosen, place)


def _in_own_tables(bounds: tuple[Bound, ...], table: str | None) -> tuple[Bound, ...]:
    """Without further parts of a data source whose events are all in one table of the user's."""
    found: dict[tuple[str | None, str], Bound] = {}
    for bound in bounds:
        found.setdefault((bound.source, table or str(bound.place.get("table"))), bound)
    if len(found) == len(bounds):
        return bounds
    return tuple(replace(one, beside_others=len(found) > 1) for one in found.values())


def _placed(note: Note) -> Note:
    """Without a place where it is about a condition that does not stand in the query."""
    return replace(note, span=None) if note.span == NOWHERE else note


def read(query: str, leading_wildcards: bool = True) -> Node:
    """The tree of a query. Raises KqlSyntaxError."""
    node = parse(query)
    if not leading_wildcards:
        refuse_leading_wildcards(query, node)
    return node


def select(to: str, format: str | None = None) -> tuple[Target, ...]:
    """The targets of names with commas between, or "all", each once.

    Raises UsageError for one that there is not, or that cannot be written in the format.
    """
    names = [name.strip() for name in to.split(",")]
    found = [target for name in names for target in (targets() if name == "all" else [find(name)])]
    chosen = tuple({target.name: target for target in found}.values())
    for target in chosen:
        _format(target, format)
    return chosen


def find_packs(
    mappings: Iterable[str | Path] | str | Path | Packs, settings: Settings | None = None
) -> Packs:
    """The packs with those of files over them: of the settings, then of the call."""
    if isinstance(mappings, Packs):
        return mappings
    own = [mappings] if isinstance(mappings, str | os.PathLike) else [*mappings]
    files = [*(settings.mappings if settings is not None else ()), *own]
    return packs_of(files, binding_targets()) if files else Packs()


def check_choices(
    source: str | None, unmapped: str, accept: Iterable[str], packs: Packs | None = None
) -> None:
    """Raises UsageError for what is wrong whatever the query is."""
    if source not in (None, "none"):
        (packs or Packs()).get(source)
    if unmapped not in ("error", "keep", "comment"):
        raise UsageError(f"unmapped is error, keep or comment, not {unmapped!r}")
    for effect in sorted(accept):
        if effect not in map(str, ACCEPTABLE):
            raise UsageError(f"accept takes coverage, wider, narrower or different, not {effect!r}")


def _format(target: Target, format: str | None) -> str:
    if format is None:
        return target.formats[0]
    if format not in target.formats:
        raise UsageError(
            f"{target.title} has no format {format!r}", hint=f"it has {', '.join(target.formats)}"
        )
    return format


def _joined(target: Target, queries: list[Any]) -> str | dict[str, Any]:
    """The queries for several data sources as one. Raises UnsupportedError where the target has no
    form for it.
    """
    if len(queries) == 1:
        found: str | dict[str, Any] = queries[0]
        return found
    if target.join is None:
        raise UnsupportedError(
            f"the query is about several data sources, and {target.title} has no form for that",
            hint="name one with --source",
        )
    return target.join(queries)


def _remarked(target: Target, emission: Emission, notes: Iterable[Note]) -> Emission:
    """With comments in its text on the tests that were left out, and on a rule that is its query
    alone.
    """
    codes = ("unmapped-left-out", "rule-type")
    remarks = [note.message for note in notes if note.code in codes]
    if not remarks or not isinstance(emission.query, str):
        return emission
    from kqlx.render import with_remarks

    return replace(emission, query=with_remarks(target, emission.query, remarks))


def _bind(
    node: Node,
    rule: Rule,
    target: Target,
    source: str | None,
    unmapped: Unmapped,
    types: Types,
    remarks: tuple[Note, ...],
) -> tuple[Bound, ...]:
    if source == "none":
        return (unbound(node, source, types),)
    counting = threshold_of(rule) or (new_terms_of(rule) if target.finds_new_terms else None)
    counted = counting.fields if counting else ()
    present = counting.by if isinstance(counting, Threshold) else counted
    if types.packs:
        first, *others = bind_each(
            node, types.packs, target.name, unmapped, rule.indices, counted, types, present
        )
        return (replace(first, notes=(*remarks, *first.notes)), *others)
    if unmapped != "keep":
        message = "no data source was recognised, so the fields have no names in the target"
        raise UnsupportedError(
            message,
            notes=(Note("no-data-source", Effect.UNMAPPED, message),),
            hint="name it with --source, or keep Elastic's names with --source none",
        )
    return (unbound(node, None, types),)


def _check(
    notes: tuple[Note, ...],
    accept: frozenset[str],
    strict: bool,
    unmapped: Unmapped,
) -> None:
    """Raises UnsupportedError for effects that were not accepted."""
    accepted = {Effect.SAME, Effect.CASE} if strict else {*ACCEPTED_BY_DEFAULT}
    accepted |= {effect for effect in Effect if str(effect) in accept}
    if not strict and unmapped == "keep":
        accepted.add(Effect.UNMAPPED)
    asked_for = set() if strict else {"types-left-out"}
    refused = [n for n in notes if n.effect not in accepted and n.code not in asked_for]
    if refused:
        effect = worst(refused)
        raise UnsupportedError(
            f"the result would be {effect}: {refused[0].message}",
            notes=notes,
            hint="" if strict else _way_out(effect),
        )


def _way_out(effect: Effect) -> str:
    if effect is Effect.UNMAPPED:
        return "--unmapped keep leaves Elastic's name there"
    return f"--accept {effect} converts it all the same"
