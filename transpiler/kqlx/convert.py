"""The whole program in one screen: read → parse → bind → emit → render."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kqlx.backends import find
from kqlx.backends.base import Options, Target
from kqlx.errors import UnsupportedError, UsageError
from kqlx.frontends.kql import parse, refuse_leading_wildcards
from kqlx.mappings.binder import Unmapped, bind, unbound
from kqlx.mappings.bound import Bound
from kqlx.mappings.pack import builtin
from kqlx.mappings.recognise import recognise
from kqlx.nodes import Node
from kqlx.notes import ACCEPTED_BY_DEFAULT, Effect, Note, in_order, worst
from kqlx.rules.left_out import left_out
from kqlx.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Conversion:
    """A query in the target's language, and what it says about itself.

    ``query`` is text, or a dict for Elasticsearch; ``text`` what the command line prints (the
    artifact of ``format``, without a final line feed); ``fidelity`` the worst effect of the notes.
    """

    query: str | dict[str, Any]
    text: str
    notes: tuple[Note, ...]
    source: str | None
    target: str
    format: str

    @property
    def fidelity(self) -> Effect:
        return worst(self.notes)


def convert(
    rule: Rule | str,
    to: str = "spl",
    *,
    source: str | None = None,
    unmapped: Unmapped = "error",
    accept: Iterable[str] = (),
    strict: bool = False,
    exact: bool = False,
    format: str | None = None,
    leading_wildcards: bool = True,
    **options: Any,
) -> Conversion:
    """Converts a rule or the text of a query to one target.

    ``source`` names the data source (None: recognised; "none": all field names stay as they are).
    ``unmapped`` says what becomes of fields without a counterpart, ``accept`` which effects
    ("narrower", "different") are let pass besides same, case and wider; ``strict`` lets only same
    and case pass; ``exact`` asks for the form without a difference in letter case.
    ``leading_wildcards=False`` refuses values that begin with a star, as Kibana can be set to.
    ``options`` are those of ``backends.base.Options``; ``fields`` may also be a file's name, or
    "ecs".

    Raises KqlSyntaxError, MappingError, UnsupportedError (with the notes) and UsageError.
    """
    target = find(to)
    chosen = _format(target, format)
    if isinstance(rule, str):
        rule = Rule(name="", query=rule)
    node = parse(rule.query)
    if not leading_wildcards:
        refuse_leading_wildcards(rule.query, node)
    bound = _bind(node, rule, target, source, unmapped)
    emission = target.emit(bound, _options(exact=exact, **options))
    notes = in_order((*left_out(rule), *bound.notes, *emission.notes))
    _check(notes, bound, set(accept), strict, unmapped)
    from kqlx.render import render

    text = render(rule, target, emission.query, bound, chosen)
    return Conversion(emission.query, text, notes, bound.source, target.name, chosen)


def _options(**options: Any) -> Options:
    """The options, with the field list read. Raises UsageError for one that there is not."""
    if isinstance(options.get("fields"), str):
        from kqlx.mappings.fields import load

        options["fields"] = load(options["fields"])
    try:
        return Options(**options)
    except TypeError as error:
        raise UsageError(f"convert(): {str(error).partition('() ')[2]}") from None


def _format(target: Target, format: str | None) -> str:
    if format is None:
        return target.formats[0]
    if format not in target.formats:
        raise UsageError(
            f"{target.title} has no format {format!r}", hint=f"it has {', '.join(target.formats)}"
        )
    return format


def _bind(node: Node, rule: Rule, target: Target, source: str | None, unmapped: Unmapped) -> Bound:
    if not target.binds:
        return Bound(node)
    if source == "none":
        return unbound(node, source)
    pack = builtin(source) if source else recognise(node, rule.indices)
    if pack is not None:
        return bind(node, pack, target.name, unmapped)
    if rule.path is not None and unmapped == "error":
        raise UnsupportedError(
            "no data source was recognised, so the fields have no names in the target",
            hint="name it with --source, or keep Elastic's names with --source none",
        )
    return unbound(node, None)


def _check(
    notes: tuple[Note, ...], bound: Bound, accept: set[str], strict: bool, unmapped: Unmapped
) -> None:
    """Raises UnsupportedError for effects that were not accepted."""
    accepted = {Effect.SAME, Effect.CASE} if strict else {*ACCEPTED_BY_DEFAULT}
    accepted |= {effect for effect in Effect if str(effect) in accept}
    if not strict and (unmapped == "keep" or bound.source is None):
        accepted.add(Effect.UNMAPPED)
    refused = [note for note in notes if note.effect not in accepted]
    if refused:
        effect = worst(refused)
        raise UnsupportedError(
            f"the result would be {effect}: {refused[0].message}",
            notes=notes,
            hint="" if strict else f"--accept {effect} converts it all the same",
        )
