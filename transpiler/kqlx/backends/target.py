"""What a target says of itself: its name, formats and options, and how it is written; what it is
asked to write, and its answer.

The description imports nothing heavy; ``load`` brings the emitter in when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Sequence as SequenceOf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqlx.errors import UnsupportedError
from kqlx.fragments import Piece
from kqlx.hints import Argument, Hint
from kqlx.nodes import Case
from kqlx.notes import Note
from kqlx.records import dataclass, field

if TYPE_CHECKING:
    from kqlx.mappings.bound import Bound
    from kqlx.rules.model import Rule
    from kqlx.sequences import Pipe, Sample, Sequence, Step


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asks of a back end; each takes what concerns it.

    ``exact``: no difference in letter case, at the price of speed. ``annotate``: the notes of
    effect wider and worse as comments above the query. ``format`` is the artifact asked for.
    ``index`` and ``macro`` are Splunk's: they begin the search, the macro instead of the source
    type; ``new_terms`` says how it finds terms that are new: by ``stats`` over the history (None),
    or by a ``lookup`` that remembers them. ``table``, ``case`` (None, "sensitive" or
    "insensitive") and ``sequence`` (how it is found: None, "scan" or "join") are Sentinel's.
    ``late_events`` is theirs both: how late events may arrive that rules are to see, as ``1d``
    (None: a day).
    Looked up beside the events: ``signers`` are Sentinel's ("join": the table of certificates is
    joined); ``locations`` and ``networks`` of addresses theirs both, the second by the names of the
    user's own table (``mappings.lookup_names``). The others are Elasticsearch's: ``compact``, a
    smaller equivalent query; ``time_zone`` of dates; ``case_insensitive`` for keyword fields;
    ``ignore_unmapped`` for nested groups (None: not given); ``filters_in_must``, ``must`` instead
    of ``filter``.
    """

    exact: bool = False
    annotate: bool = False
    format: str = "query"
    index: str | None = None
    macro: str | None = None
    new_terms: str | None = None
    late_events: str | None = None
    table: str | None = None
    case: str | None = None
    sequence: str | None = None
    signers: str | None = None
    networks: Mapping[str, str] | None = None
    locations: bool = False
    compact: bool = False
    time_zone: str | None = None
    case_insensitive: bool | None = None
    ignore_unmapped: bool | None = None
    filters_in_must: bool = False

    @property
    def letter_case(self) -> Case | None:
        """How the user wants letters compared where the query says EXACT; None: no matter."""
        if self.exact:
            return Case.EXACT
        if self.case is None:
            return None
        return {"sensitive": Case.EXACT, "insensitive": Case.FOLDED}.get(self.case)


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """The query bound to one place of events, and the options for these."""

    bound: Bound
    options: Options


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of a sequence or a sample, with its condition bound to each place of its events; at
    least one. The keys of ``step`` have Elastic's names. They are bound as the fields are by which
    a threshold rule counts: a value of each that is not optional is asked for where the key is
    read, and not by the trees.
    """

    step: Step
    sources: tuple[PlannedSource, ...]


@dataclass(frozen=True, slots=True)
class PlannedEvents:
    """Several events that a rule asks for together (``kqlx.sequences``)."""

    asked: Sequence | Sample
    steps: tuple[PlannedStep, ...]
    until: PlannedStep | None = None
    pipes: tuple[Pipe, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule, with its query for each data source; at least one. ``accept`` are the effects that
    the user accepts by name, ``comments`` what is to stand above the query. A rule that asks for
    several events together has its ``events``; their sources, in order, are those of the plan.
    """

    rule: Rule
    sources: tuple[PlannedSource, ...]
    accept: frozenset[str] = frozenset()
    comments: tuple[str, ...] = ()
    events: PlannedEvents | None = None

    @property
    def bounds(self) -> tuple[Bound, ...]:
        return tuple(source.bound for source in self.sources)

    @property
    def several(self) -> bool:
        """Whether the events are in several places, so that their queries are to be one."""
        return len(self.sources) > 1

    @property
    def format(self) -> str:
        """The name of the format."""
        return self.sources[0].options.format

    def only_source(self, title: str) -> PlannedSource:
        """The one source, for a target of this title that cannot write several as one. Raises
        UnsupportedError where there are several.
        """
        if self.several:
            raise UnsupportedError(
                f"the query is about several data sources, which {title} cannot express",
                code="sources-not-joined",
                hint=Hint("name one with ", Argument("source")),
            )
        return self.sources[0]


@dataclass(frozen=True, slots=True)
class Emission:
    """A back end's answer: the query (text, or a dict for JSON), and what it says about itself.

    ``covers_rule_type`` says that the result counts or compares what the rule's type asks for, and
    not its query alone: else a note says what it lacks. ``by_source`` are the queries of the plan's
    sources by themselves, of which formats that are a document for each are made; ``structure`` is
    the query in its parts, where the target's artifacts need more than its text. ``pieces`` are
    what was made of the parts of the tree, in the order of the query.
    """

    query: str | dict[str, Any]
    notes: tuple[Note, ...] = ()
    covers_rule_type: bool = False
    by_source: tuple[str, ...] = ()
    structure: Any = None
    pieces: tuple[Piece, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file for all rules of a format: its name, what stands between two of them, and a regular
    expression whose group is what must not be the same in two (a stanza's name, an id).
    ``renamed`` makes another such name of it and of a few characters that tell the rule from
    others; None: there is no other.
    """

    name: str
    between: str
    unique: str
    renamed: Callable[[str, str], str] | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """An artifact that a target is written as.

    ``template`` is a file of the target's templates, "" for the query alone. ``binds`` is False
    where the names stay Elastic's though the target has others. ``document_per_source`` says that a
    rule about several data sources is a document for each, in a file of its own, unless it counts
    the events of all; ``bundle`` is the file that holds all
    rules of the format.
    """

    name: str
    template: str = ""
    binds: bool = True
    document_per_source: bool = False
    bundle: Bundle | None = None


MetadataNotes = Callable[["Plan"], Iterable[Note]]
"""Of a plan: notes on what of the rule is beside its query."""

Artifact = Callable[["Plan", Any], object]
"""Of a plan and its query (``Emission.structure`` where there is one): what the template prints,
with all that is decided about it.
"""


@dataclass(frozen=True, slots=True)
class ResultDocument:
    """One file of several that a rule becomes: what the template prints, and the place of its
    events.
    """

    artifact: object
    place: Mapping[str, object]


Documents = Callable[["Plan", "tuple[str, ...]"], SequenceOf[ResultDocument]]
"""Of a plan and the queries of its sources (``Emission.by_source``): the files of the rule."""


@dataclass(frozen=True, slots=True)
class Writer:
    """How a target is written.

    ``emit`` makes the query of a plan: one for all its sources, with what the rule's type asks for
    as far as the target can say it. ``metadata_notes`` are the notes on what of a rule is beside it
    and its type; None: those of ``rules.query_only_notes``. ``length_notes`` makes the notes on how
    long a finished query is, for the format, and refuses one that is too long for it. ``file_name``
    names the file of a rule whose events are in a place; None: by the rule's name. ``artifact``
    makes the object that the templates print, as ``artifact``, and ``documents`` those of a format
    that is a document for each source; ``filters`` are what they call.
    """

    emit: Callable[[Plan], Emission]
    metadata_notes: MetadataNotes | None = None
    length_notes: Callable[[str, str], Iterable[Note]] | None = None
    file_name: Callable[[Rule, Mapping[str, object]], str] | None = None
    artifact: Artifact | None = None
    documents: Documents | None = None
    filters: Callable[[], Mapping[str, Callable[..., Any]]] = dict


@dataclass(frozen=True, slots=True)
class Target:
    """A language to convert to.

    ``formats`` are the artifacts that it can be written as, the default first. ``binds`` says
    whether its fields are other than Elastic's, so that queries are bound to a data source before
    they are emitted; ``takes_filters`` that filters beside a query stay clauses of Query DSL.
    ``matches_arguments`` says that it has a form of its own for an argument of a command line
    (``nodes.CommandLineArgument``), which is else the patterns of it. ``comment`` is how the
    language writes the heading above one of several results, "" where it has no comments.
    ``finds_new_terms`` says whether a result can look for values that are new,
    ``finds_sequences`` that it can ask for several events together, ``checks_types``
    that the form of a test depends on the type of the field, so that tests are checked by it
    (``mappings.type_check``), and one is assumed where none is known. ``options`` are the names of
    the ``Options`` that it takes, besides ``exact``. ``templates`` is the folder of its templates;
    None: the one of its name among those of this package.
    """

    name: str
    title: str
    load: Callable[[], Writer]
    aliases: tuple[str, ...] = ()
    formats: tuple[Format, ...] = (Format("query"),)
    options: frozenset[str] = frozenset()
    binds: bool = True
    takes_filters: bool = False
    suffix: str = ".txt"
    comment: str = "# {}"
    finds_new_terms: bool = True
    finds_sequences: bool = False
    checks_types: bool = True
    matches_arguments: bool = False
    templates: Path | None = None

    @property
    def writer(self) -> Writer:
        """How it is written; brings the emitter in."""
        return self.load()

    def emit(self, plan: Plan) -> Emission:
        """The query of a plan. Raises UnsupportedError."""
        return self.writer.emit(plan)

    def format(self, name: str) -> Format | None:
        """The format of this name."""
        return next((format for format in self.formats if format.name == name), None)

    @property
    def format_names(self) -> tuple[str, ...]:
        return tuple(format.name for format in self.formats)
