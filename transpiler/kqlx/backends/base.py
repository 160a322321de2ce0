"""What every target shares: the dispatch over the tree, and the vocabulary that a target fills in.

A target is one module in this package. It derives from ``Backend``, says its vocabulary, and names
itself in a ``TARGET``. What it leaves undefined is refused with a reason, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, assert_never

from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound, Column
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Span,
)
from kqlx.notes import Effect, Note

if TYPE_CHECKING:
    from kqlx.rules.model import Rule

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asks of a back end; each takes what concerns it.

    ``exact``: no difference in letter case, at the price of speed. ``form`` is the format asked
    for. ``index`` and ``macro`` are Splunk's: they begin the search, the macro instead of the
    source type; ``new_terms`` says how it finds terms that are new: by ``stats`` over the history
    (None), or by a ``lookup`` that remembers them. ``table`` and ``case`` (None, "sensitive" or
    "insensitive") are Sentinel's. ``late_events`` is theirs both: how late events may arrive that
    rules are to see, as ``1d`` (None: a day). The others are Elasticsearch's: ``compact``, a
    smaller equivalent query; ``time_zone`` of dates; ``case_insensitive`` for keyword fields;
    ``ignore_unmapped`` for nested groups (None leaves it unsaid); ``filters_in_must``, ``must``
    instead of ``filter``.
    """

    exact: bool = False
    form: str = "query"
    index: str | None = None
    macro: str | None = None
    new_terms: str | None = None
    late_events: str | None = None
    table: str | None = None
    case: str | None = None
    compact: bool = False
    time_zone: str | None = None
    case_insensitive: bool | None = None
    ignore_unmapped: bool | None = None
    filters_in_must: bool = False


@dataclass(frozen=True, slots=True)
class Emission:
    """A back end's answer: the query (text, or a dict for JSON), and what it says about itself.

    ``whole`` says that the query counts or compares what the rule's type asks for.
    """

    query: str | dict[str, Any]
    notes: tuple[Note, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Collected:
    """A file for all rules of a format: its name, what stands between two of them, and a regular
    expression whose group is what must not be the same in two (a stanza's name, an id).
    ``renamed`` makes another such name of it and of a few characters that tell the rule from
    others; None: there is no other.
    """

    format: str
    name: str
    between: str
    unique: str
    renamed: Callable[[str, str], str] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A language to convert to.

    ``formats`` are the artifacts that it can be written as, the default first; ``binds`` says
    whether its fields are other than Elastic's, so that queries are bound to a data source before
    they are emitted. ``comment`` is how the language writes the heading above one of several
    results, "" where it has no comments; ``remark`` how it writes one within a result, where that
    is another, and ``remarks_above`` the line above which it stands, "" for the first.
    ``left_out`` makes the notes on what of a rule is beside its query, of the rule, the bound tree,
    the format and the accepted effects; None: those of ``rules.left_out``. ``finds_new_terms`` says
    whether a result can look for values that are new. ``join`` makes one query of those for several
    data sources; None: it cannot. ``assumes_types`` says that the form of a test depends on the
    type of the field, so that one is assumed where none is known. ``complete`` adds to the query
    what the rule's type asks for beyond it; None: the query alone is the result. ``by_part`` says
    that a rule about several data sources is a document for each. ``collected`` are the files that
    hold all rules in a format; ``file_name`` names the file of a rule whose events are in a place,
    None: by the rule's name. ``about_length`` makes the notes on how long a finished query is, for
    the format, and refuses one that is too long for it. ``options`` are the names of the
    ``Options`` that it takes, besides ``exact``.
    """

    name: str
    title: str
    emit: Callable[[Bound, Options], Emission]
    aliases: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("query",)
    options: frozenset[str] = frozenset()
    binds: bool = True
    ecs_formats: frozenset[str] = frozenset()
    suffix: str = ".txt"
    comment: str = "# {}"
    remark: str = ""
    remarks_above: str = ""
    left_out: Callable[[Rule, Bound, str, frozenset[str]], Iterable[Note]] | None = None
    finds_new_terms: bool = True
    by_part: bool = False
    assumes_types: bool = True
    complete: Callable[[Rule, Bound, Emission, Options], Emission] | None = None
    join: Callable[[list[str]], str] | None = None
    collected: tuple[Collected, ...] = ()
    file_name: Callable[[Rule, Mapping[str, object]], str] | None = None
    about_length: Callable[[str, str], Iterable[Note]] | None = None


@dataclass
class Backend(Generic[E]):
    """Tree → expression of the target, with notes. One object a conversion."""

    bound: Bound
    options: Options
    notes: list[Note] = field(default_factory=list)

    def expression(self, node: Node) -> E:
        """The node in the target's language. Raises UnsupportedError with the reason."""
        match node:
            case And():
                return self.all_of(node)
            case Or():
                return self.any_of(node)
            case Not():
                return self.negate(node)
            case Equals():
                return self.equals(self.column(node), node)
            case Like():
                return self.like(self.column(node), node)
            case Exists():
                return self.exists(self.column(node), node)
            case Compare():
                return self.compare(self.column(node), node)
            case Nested():
                return self.nested(node)
            case FreeText():
                return self.free_text(node)
            case Always():
                return self.always()
            case Never():
                return self.never()
            case _:
                assert_never(node)

    # The vocabulary

    def all_of(self, node: And) -> E:
        self.refuse(node.span, "and")

    def any_of(self, node: Or) -> E:
        self.refuse(node.span, "or")

    def negate(self, node: Not) -> E:
        self.refuse(node.span, "not")

    def equals(self, column: Column, node: Equals) -> E:
        self.refuse(node.span, "a field with a value")

    def like(self, column: Column, node: Like) -> E:
        self.refuse(node.span, "a value with a wildcard")

    def exists(self, column: Column, node: Exists) -> E:
        self.refuse(node.span, "the existence of a field")

    def compare(self, column: Column, node: Compare) -> E:
        self.refuse(node.span, "a range")

    def nested(self, node: Nested) -> E:
        self.refuse(node.span, "a nested group, path:{ ... }")

    def free_text(self, node: FreeText) -> E:
        self.refuse(node.span, "a value without a field, searched in all fields")

    def always(self) -> E:
        self.refuse(None, "a query that matches every event")

    def never(self) -> E:
        self.refuse(None, "a query that can never match")

    # For the targets' use

    def column(self, node: FieldTest) -> Column:
        """The column that a test is about. Raises UnsupportedError for a wildcard in the field's
        name.
        """
        if isinstance(node.field, Pattern):
            self.refuse(node.span, f"a field name with a wildcard, {node.field.name}")
        return self.bound.column(node.field.name)

    def note(
        self, code: str, effect: Effect, message: str, span: Span | None = None, hint: str = ""
    ) -> None:
        self.notes.append(Note(code, effect, message, span, hint))

    def refuse(self, span: Span | None, what: str, why: str = "", hint: str = "") -> NoReturn:
        """Raises UnsupportedError: the target cannot say ``what``, because of ``why``."""
        reason = why or "this target has no form for it"
        note = Note("unsupported", Effect.DIFFERENT, f"{what}: {reason}", span, hint)
        raise UnsupportedError(f"cannot convert {what}: {reason}", notes=(note,), hint=hint)


@dataclass(frozen=True, slots=True)
class ValueList:
    """Alternatives on one column, for the target's list form."""

    field: Literal | Pattern
    tests: tuple[Equals | Like, ...]

    @property
    def span(self) -> Span:
        return (self.tests[0].span[0], self.tests[-1].span[1])


def gather(items: Sequence[Node], fits: Callable[[Node], bool]) -> list[Node | ValueList]:
    """The items of an Or, with those that fit gathered into one list a field, where the first
    stood.
    """
    lists: dict[Any, list[Equals | Like]] = {}
    result: list[Any] = []
    for item in items:
        if isinstance(item, Equals | Like) and fits(item):
            if item.field not in lists:
                lists[item.field] = []
                result.append(item.field)
            lists[item.field].append(item)
        else:
            result.append(item)
    gathered: list[Node | ValueList] = []
    for item in result:
        if not isinstance(item, Literal | Pattern):
            gathered.append(item)
        elif len(lists[item]) == 1:
            gathered.append(lists[item][0])
        else:
            gathered.append(ValueList(item, tuple(lists[item])))
    return gathered
