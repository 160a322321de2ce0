"""The whole program in one screen: read → plan → write → judge → render."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Unpack

from kqlx.backends import find
from kqlx.conversion.choices import GivenOptions, choose
from kqlx.conversion.judgement import judge
from kqlx.conversion.plan import plan_of
from kqlx.conversion.reading import Reading, read
from kqlx.conversion.writing import with_comments, with_length_notes, write
from kqlx.fragments import Fragment, Piece, fragments_of
from kqlx.frontends import KUERY
from kqlx.mappings.field_list import FieldList
from kqlx.mappings.pack_library import Packs
from kqlx.mappings.unmapped_tests import UnmappedPolicy
from kqlx.nodes import Node
from kqlx.notes import Effect, Note, in_order, worst
from kqlx.records import dataclass, field
from kqlx.rules.model import Rule
from kqlx.sequences import EventQuery

if TYPE_CHECKING:
    from pathlib import Path

    from kqlx.render import ResultText
    from kqlx.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Conversion:
    """A query in the target's language, and what it says about itself.

    ``query`` is text, or a dict for Elasticsearch; ``text`` what the command line prints (the
    artifact of ``format``, without a final line feed); ``fidelity`` the worst effect of the notes;
    ``source`` the data source, of several all with commas between; ``place`` where
    the (first) mapping pack has its events in the target. ``pieces`` are what ``fragments`` is made
    of, ``trees`` what the query was written from: for each data source one, in the target's names.
    ``parts`` are the texts of the files that the result is, where it is several.
    """

    query: str | dict[str, Any]
    text: str
    notes: tuple[Note, ...]
    source: str | None
    target: str
    format: str
    place: Mapping[str, object] = field(default_factory=dict, compare=False)
    pieces: tuple[Piece, ...] = field(default=(), compare=False, repr=False)
    trees: tuple[Node, ...] = field(default=(), compare=False, repr=False)
    parts: tuple[ResultText, ...] = field(default=(), compare=False, repr=False)

    @property
    def fidelity(self) -> Effect:
        return worst(self.notes)

    @property
    def query_text(self) -> str:
        """The query as text: for Elasticsearch its JSON."""
        return self.query if isinstance(self.query, str) else _json_text(self.query)

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """Which parts of ``query_text`` come from which parts of the rule's query. Worked out
        whenever it is asked for.
        """
        from kqlx.backends.comments import without_comments

        if not isinstance(self.query, str):
            return fragments_of(self.query_text, self.pieces, _json_text)
        return fragments_of(without_comments(find(self.target), self.query), self.pieces)


def convert(
    rule: Rule | str | Reading,
    to: str = "spl",
    *,
    source: str | None = None,
    mappings: Iterable[str | Path] | str | Path | Packs = (),
    unmapped: UnmappedPolicy | None = None,
    accept: Iterable[str] | str = (),
    strict: bool = False,
    format: str | None = None,
    leading_wildcards: bool = True,
    node: Node | EventQuery | None = None,
    settings: Settings | None = None,
    fields: FieldList | Mapping[str, str] | str | None = None,
    language: str = KUERY,
    **options: Unpack[GivenOptions],
) -> Conversion:
    """Converts a rule or the text of a query to one target, or what ``read`` has made of it for
    several: then ``source``, ``mappings``, ``leading_wildcards``, ``node``, ``fields`` and
    ``language`` are those of the reading.

    ``source`` names the data source (None: recognised; "none": all field names stay as they are).
    ``mappings`` are files of packs over or beside the built-in ones, or the packs that
    ``packs_of`` made of them. ``unmapped`` says what becomes of fields without a
    counterpart: "error" (the default), "keep" Elastic's name, or leave the test out with a
    "comment" in the text of the query. ``accept`` says which effects ("narrower", "different"), one
    or several, are let pass besides same, case, coverage and wider ("wider" by name lets pass what
    a target refuses for its noise); ``strict`` lets only same and case pass, and what ``accept``
    names. ``leading_wildcards=False`` refuses values that begin with a star, as Kibana can be set
    to. ``node`` is what the query asks, where ``rules.query_tree`` has read it already.
    ``settings`` are the user's (``kqlx.settings.load``); none are read unless they are given; what
    is said here goes before them. ``fields`` says the types of fields, before what the packs and
    ECS say of them: a field list, a table name → Elasticsearch type, the name of a file with a data
    view, ``_mapping`` or ``_field_caps``, "ecs", or "none": no types are known. ``language`` is
    what rules call the language of a text that is no rule. ``options`` are those of
    ``backends.target.Options``, of which each target takes its own; ``exact`` asks any for the form
    without a difference in letter case.

    Raises QuerySyntaxError, MappingError, UnsupportedError (with the notes) and UsageError.
    """
    if isinstance(rule, Reading):
        source, mappings = rule.source, rule.packs
    choices = choose(
        to, format, source, mappings, unmapped, accept, strict, dict(options), settings
    )
    reading = (
        rule
        if isinstance(rule, Reading)
        else read(
            rule,
            source=source,
            mappings=choices.packs,
            leading_wildcards=leading_wildcards,
            node=node,
            fields=fields,
            language=language,
        )
    )
    plan = plan_of(reading, choices)
    emission = write(plan, choices)
    judge(emission.notes, choices)
    if plan.sources[0].options.annotate and "annotate" in choices.target.options:
        emission = with_comments(plan, emission, choices)
    emission = with_length_notes(emission, choices)
    from kqlx.render import joined, render

    files = render(plan, emission, choices.target, choices.format)
    sources = ", ".join(dict.fromkeys(b.source for b in plan.bounds if b.source)) or None
    place, notes = plan.bounds[0].place, in_order(emission.notes)
    name, format = choices.target.name, choices.format.name
    pieces, trees = emission.pieces, tuple(bound.node for bound in plan.bounds)
    parts, query = files if len(files) > 1 else (), emission.query
    text = joined(files)
    return Conversion(query, text, notes, sources, name, format, place, pieces, trees, parts)


def _json_text(value: Any) -> str:
    from kqlx.backends.artifact_text import json_text

    return json_text(value)
