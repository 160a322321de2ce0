"""What every target shares: the dispatch over the tree, and the vocabulary that a target fills in.

The emitter of a target derives from ``Backend`` and says its vocabulary. What it leaves undefined
is refused with a reason, never guessed. ``target`` has what a target says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, NoReturn, TypeVar

from kqlx.backends.target import Options
from kqlx.elastic.multi_fields import CASELESS
from kqlx.errors import UnsupportedError, kind_of, unknown
from kqlx.fragments import Piece
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.command_line_arguments import in_patterns
from kqlx.nodes import (
    HOLDERS,
    Always,
    And,
    Case,
    CommandLineArgument,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    Span,
    Unmapped,
    case_of,
    kinds_of,
    walk,
)
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, field

if TYPE_CHECKING:
    pass

E = TypeVar("E")

NO_FORM = "construct-not-supported"
"""The code of what a target does not define."""

_VALUE_TESTS = (Equals, Like)

LEAVES = (Equals, Like, Exists, Compare, Regexp, FreeText, Always, Never, Unmapped)
"""The leaves of which targets know what they mean."""


@dataclass()
class Backend(Generic[E]):
    """Tree → expression of the target, with notes. One object a conversion."""

    bound: Bound
    options: Options
    notes: list[Note] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    """What was made of the parts of the tree, where ``fragments`` finds them again."""

    is_known: bool = field(default=False, kw_only=True)
    """Whether another of the same tree has found all its parts to be such as it can say."""

    leaves: ClassVar[tuple[type, ...]] = LEAVES
    """The leaves that the target can say, if it defines them, or that it leaves out with a note. A
    tree with any other is refused, wherever it stands.
    """

    knows_case: ClassVar[bool] = False
    """Whether it looks at ``case``; else tests without regard to it are refused."""

    constants: ClassVar[tuple[object, ...]] = ()
    """What stands for every event or none, and is nothing that a part of the query says."""

    def __post_init__(self) -> None:
        if self.is_known:
            return
        known = (*HOLDERS, *self.leaves)
        if self.knows_case and kinds_of(self.bound.node) <= {*known}:
            return
        for leaf in walk(self.bound.node):
            if not isinstance(leaf, known):
                self.refuse(leaf.span, kind_of(leaf), code=NO_FORM)
            if self.knows_case or not isinstance(leaf, FieldTest | Regexp):
                continue
            if case_of(leaf) is Case.FOLDED and not leaf.field.name.endswith(CASELESS):
                what = f"a test of {leaf.field.name} in any letter case"
                self.refuse(leaf.span, what, code=NO_FORM)

    def expression(self, node: Node) -> E:
        """The node in the target's language, kept as a piece. Raises UnsupportedError with the
        reason.
        """
        before = len(self.pieces)
        made: E
        match node:  # the most frequent first
            case Equals():
                made = self.equals(self.column(node), node)
            case Like():
                made = self.like(self.column(node), node)
            case And():
                made = self.all_of(node)
            case Or():
                made = self.any_of(node)
            case Not():
                made = self.negate(node)
            case Exists():
                made = self.exists(self.column(node), node)
            case Compare():
                made = self.compare(self.column(node), node)
            case Regexp():
                made = self.regexp(self.column(node), node)
            case FunctionTest():
                made = self.function_test(node)
            case CommandLineArgument():
                made = self.argument(node)
            case Nested():
                made = self.nested(node)
            case FreeText():
                made = self.free_text(node)
            case Always():
                made = self.always()
            case Never():
                made = self.never()
            case Unmapped():
                why = node.why or "the destination has none"
                self.refuse(node.span, node.what, why, code="unmapped-field")
            case _:
                unknown(node)
        return self.kept(made, before, node.span)

    def kept(self, made: E, before: int, *spans: Span) -> E:
        """Keeps what was made of these parts of the query as one piece, of those that were kept
        since there were ``before``.
        """
        inner = tuple(self.pieces[before:])
        del self.pieces[before:]
        if (shown := getattr(made, "text", made)) not in self.constants:
            self.pieces.append(Piece(shown, spans, inner))
        return made

    # The vocabulary

    def all_of(self, node: And) -> E:
        self.refuse(node.span, "and", code=NO_FORM)

    def any_of(self, node: Or) -> E:
        self.refuse(node.span, "or", code=NO_FORM)

    def negate(self, node: Not) -> E:
        self.refuse(node.span, "not", code=NO_FORM)

    def equals(self, column: Column, node: Equals) -> E:
        self.refuse(node.span, "a field with a value", code=NO_FORM)

    def like(self, column: Column, node: Like) -> E:
        self.refuse(node.span, "a value with a wildcard", code=NO_FORM)

    def exists(self, column: Column, node: Exists) -> E:
        self.refuse(node.span, "the existence of a field", code=NO_FORM)

    def compare(self, column: Column, node: Compare) -> E:
        self.refuse(node.span, "a range", code=NO_FORM)

    def regexp(self, column: Column, node: Regexp) -> E:
        self.refuse(node.span, "a regular expression", code=NO_FORM)

    def function_test(self, node: FunctionTest) -> E:
        """``FunctionTest``; a target that defines it has it among its ``leaves`` too."""
        self.refuse(node.span, kind_of(node), code=NO_FORM)

    def argument(self, node: CommandLineArgument) -> E:
        """Its patterns, unless the target has a form of its own."""
        return self.expression(in_patterns(node))

    def nested(self, node: Nested) -> E:
        self.refuse(node.span, "a nested group, path:{ ... }", code=NO_FORM)

    def free_text(self, node: FreeText) -> E:
        self.refuse(node.span, "a value without a field, searched in all fields", code=NO_FORM)

    def always(self) -> E:
        self.refuse(None, "a query that matches every event", code="matches-every-event")

    def never(self) -> E:
        self.refuse(None, "a query that can never match", code="matches-no-event")

    # For the targets' use

    def column(self, node: FieldTest | Regexp) -> Column:
        """The column that a test is about. Raises UnsupportedError for a wildcard in the field's
        name.
        """
        if isinstance(node.field, Pattern):
            what = f"a field name with a wildcard, {node.field.name}"
            self.refuse(node.span, what, code=NO_FORM)
        return self.bound.column(node.field.name)

    def note(
        self, code: str, effect: Effect, message: str, span: Span | None = None, hint: str = ""
    ) -> None:
        self.notes.append(Note(code, effect, message, span, hint))

    def refuse(
        self, span: Span | None, what: str, why: str = "", hint: str = "", *, code: str
    ) -> NoReturn:
        """Raises UnsupportedError: the target cannot say ``what``, because of ``why``.

        ``code`` is a stable word for the reason: one of ``kqlx.refusal_codes`` or ``kqlx.notes``,
        or, for a target of another package, of its own.
        """
        reason = why or "this target has no form for it"
        note = Note(code, Effect.DIFFERENT, f"{what}: {reason}", span, hint)
        message = f"cannot convert {what}: {reason}"
        raise UnsupportedError(message, code=code, notes=(note,), hint=hint)


@dataclass(frozen=True, slots=True)
class ValueList:
    """Alternatives on one column that compare letters alike, for the target's list form."""

    field: Literal | Pattern
    tests: tuple[Equals | Like, ...]

    @property
    def span(self) -> Span:
        return (self.tests[0].span[0], self.tests[-1].span[1])

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(test.span for test in self.tests)


def gather(
    items: Sequence[Node],
    fits: Callable[[Node], bool],
    case: Callable[[Equals | Like], Case] = case_of,
) -> list[Node | ValueList]:
    """The items of an Or, with those that fit gathered into one list for each field and ``case``,
    where the first stood. Tests of one field that say the same of letter case are of one ``case``.
    """
    lists: dict[tuple[Literal | Pattern, Case], list[Equals | Like]] = {}
    result: list[Node | list[Equals | Like]] = []
    last: tuple[Literal | Pattern, Case] | None = None
    for item in items:
        if isinstance(item, _VALUE_TESTS) and fits(item):
            if last is None or item.field is not last[0] or item.case is not last[1]:
                last = item.field, item.case
                joined = lists.setdefault((item.field, case(item)), [])
                if not joined:
                    result.append(joined)
            joined.append(item)
        else:
            result.append(item)
    return [
        found
        if not isinstance(found, list)
        else ValueList(found[0].field, tuple(found))
        if len(found) > 1
        else found[0]
        for found in result
    ]
