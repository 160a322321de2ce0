"""The state of one attempt to bind a tree to a destination: columns, notes, polarity; and the tests
that are folded to true or false, or have no counterpart.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from kqlx.elastic.matching import matches_value
from kqlx.errors import MappingError
from kqlx.mappings.asserted_values import Asserted, Groups
from kqlx.mappings.bound import Column
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.known_types import Types
from kqlx.mappings.pack import Destination, KnownValues, Pack
from kqlx.nodes import Always, FieldTest, Literal, Never, Node, Span, Term, Unmapped
from kqlx.notes import Effect, Note

MOST_NAMES = 12
"""How many fields a name with stars is written out for, and how many values a note names."""


class NeverMatchesError(MappingError):
    """The query can match no event at a destination, though every test has a counterpart there."""


class OtherEventsError(MappingError):
    """The query asks for events of the data source that no destination is for."""


def no_mapping(pack: Pack, known: str, notes: Iterable[Note] = ()) -> OtherEventsError:
    """The error for events of a data source that no destination is for."""
    message = f"no mapping for these events of {pack.source}; known are those in"
    message += f" {known}"
    note = Note("unmapped-field", Effect.UNMAPPED, message)
    hint = "name them in a mapping of your own"
    return OtherEventsError(message, code=note.code, notes=(*notes, note), hint=hint)


class Binding:
    """One attempt to bind a tree to a destination: what was found out on the way."""

    def __init__(
        self,
        pack: Pack,
        destination: Destination,
        asserted: Asserted,
        types: Types | None = None,
        groups: Groups | None = None,
    ) -> None:
        self.pack = pack
        self.types = types if types is not None else Types(packs=(pack,))
        self.destination = destination
        self.asserted = asserted
        self.groups = groups or Groups()
        # By the id of a spec of the pack the one that is for what is asserted.
        self.selected: dict[int, FieldSpec] = {}
        # By field what the pack says of its values.
        self.known_values: dict[str, KnownValues | None] = {}
        self.columns: dict[str, Column] = {}
        # By field its column, if it is one and nothing else whatever the value of a test is.
        self.plain: dict[str, Column | None] = {}
        # By field of which the destination says nothing the data source that alone has it, or "".
        self.missing: dict[str, str] = {}
        # By field of which neither it nor the data source says anything why it has no counterpart.
        self.unknown: dict[str, str] = {}
        # The field of the last test, and the name of its column.
        self.last_field: tuple[Term, Literal] = Literal(""), Literal("")
        self.described: dict[tuple[str, str, str, bool], Column] = {}
        self.negative = False  # below an odd number of nots
        self.required = True  # whether every event of the query must meet the test
        self.in_exception = False  # below one not that every event of the query must meet
        # The tests that were left out because the destination does not tell their events.
        self.left_out: list[Unmapped] = []
        self.reasons_for_never: list[str] = []  # why tests were folded to false
        # What the destination's events have in common, and a test asks otherwise.
        self.required_kinds: list[str] = []
        # The items of the or that a test stands in.
        self.sibling_alternatives: tuple[Node, ...] = ()
        self.guarded_field = ""  # the field whose predicate is said already
        self.has_predicates = False  # whether the values of a field are told by other columns
        self.marks = 0  # how many tests were marked as without a counterpart
        self.notes: list[Note] = []  # on the test that is being bound
        self.absent_values: list[Note] = []  # those of them on values that are never there

    @cached_property
    def known_names(self) -> list[str]:
        """The names of all fields of which something is known, in order."""
        known = {*self.types, *self.destination.fields, *self.pack.types}
        return sorted(name for name in known if "*" not in name)

    def column_name(self, asked: Term, name: str) -> Literal:
        """The name of a column in the place of the field: the tests of a list have it in common."""
        before, made = self.last_field
        if before is not asked or made.value != name:
            made = Literal(name, span=asked.span)
            self.last_field = asked, made
        return made

    def fold_constant(self, node: FieldTest, value: str, where: str) -> Node:
        """What is the same on every event of the data source is true or false, and no
        difference.
        """
        true = matches_value(node, value)
        end = "" if true else ", so this never holds"
        message = f'{node.field.name} is "{value}" on every event of {where}{end}'
        self.add_note("constant-folded", message, node.span)
        return self.constant(true, message, node.span)

    def assume_constant(self, node: FieldTest, value: str) -> Node:
        """What the destination does not hold, but stands for: a test of it is left out."""
        true = matches_value(node, value)
        message = (
            f"{node.field.name} is not stored in {self.destination.name}; every event there is"
            f' assumed to have "{value}"'
        )
        effect = Effect.WIDER if true else Effect.NARROWER
        self.add_note("value-assumed", message, node.span, effect)
        return self.constant(true, message, node.span)

    def unmapped(self, node: Node, what: str, why: str = "") -> Node:
        """A test without a counterpart, marked as such: ``what`` has none, because of ``why``."""
        self.marks += 1
        return Unmapped(node, node, what, why, node.span)

    def type_of(self, name: str) -> str:
        """The Elasticsearch type of a field."""
        return self.types.get(name, "keyword")

    def add_note(
        self, code: str, message: str, span: Span | None, effect: Effect = Effect.SAME
    ) -> None:
        """A note; ``effect`` is that of the test itself, which a not turns round."""
        if self.negative and effect in (Effect.WIDER, Effect.NARROWER):
            effect = Effect.NARROWER if effect is Effect.WIDER else Effect.WIDER
        self.notes.append(Note(code, effect, message, span))

    def constant(self, true: bool, message: str, span: Span) -> Node:
        """True or false; the message is kept if it is what may make the query impossible."""
        if true is self.negative:
            self.reasons_for_never.append(message)
        return Always(span) if true else Never(span)


def is_decided(pack: Pack, name: str) -> bool:
    """Whether the pack says of some values that all events have them, or none does."""
    known = name in pack.constants or name in pack.always_includes
    return known or pack.possible(name) is not None
