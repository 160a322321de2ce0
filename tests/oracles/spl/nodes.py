"""The tree of a search: terms of ``search``, and the commands of a pipeline.

Every node has a ``span``: the offsets of its first character and of the one after its last.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.oracles.spl.eval_nodes import Expression

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something legal that an emitter should not write. ``code`` is a stable word."""

    code: str
    message: str
    offset: int


@dataclass(frozen=True, slots=True)
class Value:
    """The right side of a comparison: text between its stars, escapes undone.

    ``parts`` has one element more than the value has wildcards.
    """

    parts: tuple[str, ...]
    span: Span
    quoted: bool = False
    case_sensitive: bool = False

    @property
    def text(self) -> str:
        return "*".join(self.parts)

    @property
    def has_wildcard(self) -> bool:
        return len(self.parts) > 1


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word or quoted phrase, looked for in ``_raw``; ``whole`` for TERM()."""

    value: Value
    span: Span
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """``field op value`` with op one of = != < <= > >=."""

    field: str
    operator: str
    value: Value
    span: Span


@dataclass(frozen=True, slots=True)
class InList:
    field: str
    values: tuple[Value, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class TimeModifier:
    """``earliest=…``, ``latest=…`` and the like of ``_indextime``: the time range of the search, no
    field of the event.
    """

    name: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Macro:
    """`` `name(arguments)` ``, not expanded. Its arguments are kept as one text."""

    name: str
    arguments: str
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    item: Term
    span: Span


@dataclass(frozen=True, slots=True)
class And:
    """``grouped`` tells whether parentheses stand round it."""

    items: tuple[Term, ...]
    span: Span
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Term, ...]
    span: Span
    grouped: bool = False


Term = Word | Comparison | InList | TimeModifier | Macro | Not | And | Or


@dataclass(frozen=True, slots=True)
class Search:
    term: Term
    span: Span


@dataclass(frozen=True, slots=True)
class Where:
    expression: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Regex:
    field: str
    negated: bool
    pattern: str
    span: Span


@dataclass(frozen=True, slots=True)
class Rex:
    """``rex``: the fields that the named groups of the pattern take out of another, ``most`` values
    each, or all for 0.
    """

    field: str
    pattern: str
    most: int
    span: Span


@dataclass(frozen=True, slots=True)
class Eval:
    assignments: tuple[tuple[str, Expression], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Foreach:
    """``template`` is the text of an eval, with ``<<FIELD>>`` for the name of each field."""

    names: tuple[str, ...]
    template: str
    span: Span


@dataclass(frozen=True, slots=True)
class Fields:
    """``fields`` or ``table``. ``names`` may hold stars; ``keep`` is False for ``fields -``."""

    command: str
    names: tuple[str, ...]
    keep: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Aggregation:
    """``function(field) as name``; ``field`` is "" for a plain count, ``name`` "" without as.
    ``expression`` stands for the field of ``function(eval(...))``.
    """

    function: str
    field: str
    name: str
    span: Span
    expression: Expression | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    aggregations: tuple[Aggregation, ...]
    by: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Streamstats:
    """``window`` is 0 where all events before count; ``current``: also the event itself."""

    current: bool
    window: int
    aggregations: tuple[Aggregation, ...]
    by: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Sort:
    """All events, by fields, each with whether the greatest comes first."""

    fields: tuple[tuple[str, bool], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Multisearch:
    """Searches side by side; no event is taken from another."""

    parts: tuple[Pipeline, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Append:
    """Behind the results those of another search, of all events."""

    part: Pipeline
    span: Span


@dataclass(frozen=True, slots=True)
class Tstats:
    options: tuple[tuple[str, str], ...]
    macros: tuple[Macro, ...]
    aggregations: tuple[Aggregation, ...]
    datamodel: str
    where: Term | None
    by: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Lookup:
    """``inputs`` and ``outputs`` are pairs (name in the table, name in the event)."""

    table: str
    inputs: tuple[tuple[str, str], ...]
    mode: str
    outputs: tuple[tuple[str, str], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Rename:
    pairs: tuple[tuple[str, str], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Simple:
    """A command that only takes options, numbers and field names."""

    command: str
    options: tuple[tuple[str, str], ...]
    arguments: tuple[str, ...]
    span: Span


Command = (
    Search
    | Where
    | Regex
    | Rex
    | Eval
    | Foreach
    | Fields
    | Stats
    | Streamstats
    | Sort
    | Multisearch
    | Append
    | Tstats
    | Lookup
    | Rename
    | Simple
    | Macro
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands in their order; ``doubtful`` lists what is legal but better not emitted."""

    text: str
    commands: tuple[Command, ...]
    doubtful: tuple[Doubt, ...]
