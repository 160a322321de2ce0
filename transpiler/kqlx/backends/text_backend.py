"""What the targets share that write text: grouping, types, polarity, letter case."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import ClassVar

from kqlx.backends.base import Backend
from kqlx.backends.letter_case import effective_case
from kqlx.elastic import ecs
from kqlx.elastic.text_analysis import odd_letters
from kqlx.elastic.type_names import NUMBERS, TEXTS
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.type_check import checked_test
from kqlx.mappings.value_conditions import alike_values, has_values, why_without_values
from kqlx.nodes import Case, Compare, Equals, FieldTest, Like, Node, Pattern
from kqlx.notes import Effect, Note

_NETWORK = re.compile(r"[0-9.]+/[0-9]{1,2}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?")


class Group(Enum):
    """What holds a text together, and so whether it needs parentheses within another."""

    ATOM = "atom"
    NOT = "not"
    AND = "and"
    OR = "or"


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the target's text.

    ``rank``: the lower, the cheaper to test, for targets that sort. ``alternatives``: those of an
    OR.
    """

    text: str
    group: Group = Group.ATOM
    rank: int = 0
    alternatives: tuple[str, ...] = ()


@dataclass
class TextBackend(Backend[Text]):
    """``negative`` is True below an odd number of nots, where what matches more makes the query
    match less.
    """

    negative: bool = False
    folded: dict[bool, dict[str, FieldTest]] = field(default_factory=lambda: {False: {}, True: {}})

    language = "the target"
    own_case: ClassVar[Case] = Case.FOLDED
    """How the language compares letters where nobody asks for the other way."""

    @contextmanager
    def under_not(self) -> Iterator[None]:
        self.negative = not self.negative
        yield
        self.negative = not self.negative

    def is_number(self, column: Column) -> bool:
        return column.type in NUMBERS

    def is_text(self, column: Column) -> bool:
        return column.type in TEXTS

    @staticmethod
    def is_network(text: str) -> bool:
        """Whether the text is an address with a prefix length."""
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            return False
        return "/" in text

    @staticmethod
    def network(text: str) -> str:
        """A network without host bits; of one IPv6 address, which has many spellings, that of one.

        "" for anything else, a single IPv4 address among it.
        """
        start, slash, prefix = text.partition("/")
        text = f"{start.partition('%')[0]}{slash}{prefix}" if ":" in start else text
        if not _NETWORK.fullmatch(text):
            return ""
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return ""
        first = network.network_address
        mapped = first.ipv4_mapped if isinstance(first, ipaddress.IPv6Address) else None
        if mapped is not None and network.prefixlen >= 96:  # for Elasticsearch the same address
            length = network.prefixlen - 96
            return str(mapped) if length == 32 else f"{mapped}/{length}"
        return str(network)

    def checked(self, node: FieldTest, prefix: str = "", inside: str = "") -> Node:
        """The test of a field that a name with stars stands for, by the field's type, with its
        notes (``type_check.checked_test``). Raises UnsupportedError.
        """
        made, notes = checked_test(self.bound, node, self.negative, prefix, inside)
        self.notes += notes
        return made

    def wider(self, code: str, node: FieldTest, message: str) -> None:
        """Notes that a test matches more than Kibana's; below a not the query misses events."""
        self.note(code, Effect.NARROWER if self.negative else Effect.WIDER, message, node.span)

    def effective_case(self, test: Equals | Like | Compare) -> Case:
        """How the target compares the letters of a test."""
        named = isinstance(test.field, Pattern)
        column = Column(test.field.name) if named else self.column(test)
        return effective_case(test, column, self.options.letter_case, self.own_case)

    def ignores_case(self, column: Column, text: str, node: Equals | Like) -> None:
        """Notes that a test has no regard to letter case, where Elasticsearch has."""
        if column.type in NUMBERS | {"boolean", "ip", "date"} or text.lower() == text.upper():
            return
        if node.case is Case.FOLDED:
            return
        if self.options.exact:
            what = f"the letter case of {column.name}"
            self.refuse(node.span, what, f"{self.language} ignores it")
        self.folded[self.negative].setdefault(column.name, node)

    def analysed(self, column: Column, node: FieldTest) -> None:
        """Notes that Elasticsearch splits a text field into words, which the target does not."""
        self.note(
            "text-analysis",
            Effect.DIFFERENT,
            f"{column.name} is text: Elasticsearch compares words, {self.language} not",
            node.span,
        )

    def folds_oddly(self, column: Column, node: Equals | Like, *, exact: bool) -> None:
        """Notes that letters of a word may not be found in their other case, or others for them."""
        letters = odd_letters(node.value.name if isinstance(node, Equals) else node.pattern.name)
        if not letters:
            return
        if exact:
            what = f"the letters {letters} in words of {column.name}"
            self.refuse(node.span, what, "systems do not agree on their other case")
        message = (
            f"{letters} in {column.name}: systems do not agree on the other case of such letters"
        )
        self.note("case-folded", Effect.CASE, message, node.span)

    def finished_notes(self) -> list[Note]:
        """The notes, and for each polarity one on letter case that names the columns."""
        for negative, tests in self.folded.items():
            if not tests:
                continue
            names = ", ".join(tests)
            more = "; under `not` it therefore excludes more events" if negative else ""
            first = next(iter(tests.values()))
            self.note(
                "case-folded",
                Effect.CASE,
                f"{names}: {self.language} ignores letter case{more}",
                first.span,
            )
        return self.notes


def about_counted(field: str, bound: Bound, coarser: Effect = Effect.NARROWER) -> list[Note]:
    """Notes on a field by which a rule counts or compares. ``coarser`` is what it means that some
    values count as one.
    """
    found = (
        case_kept(field, bound),
        one_of_several(field, bound),
        counted_as_one(field, bound, coarser),
        kinds_without_values(field, bound),
    )
    return [note for note in found if note]


def of_new_terms(notes: Iterable[Note]) -> list[Note]:
    """Notes on fields whose new values a rule looks for: one that is not seen in the history is
    found to be new later.
    """
    return [
        replace(note, effect=Effect.DIFFERENT) if note.effect is Effect.NARROWER else note
        for note in notes
    ]


def counted_as_one(field: str, bound: Bound, coarser: Effect) -> Note | None:
    """A note on a field some of whose values the destination does not tell apart."""
    spec = bound.destination.field(field) if bound.destination is not None else None
    groups = alike_values(spec, bound, field) if spec is not None else []
    if not groups:
        return None
    told = ", ".join(" and ".join(group) for group in groups[:3])
    more = f" and {len(groups) - 3} more groups of values" if groups[3:] else ""
    message = f"the values {told}{more} of {field} count as one there"
    return Note("value-differs", coarser, message)


def kinds_without_values(field: str, bound: Bound) -> Note | None:
    """A note on a field that is another column by the kind of event, and none for some kinds."""
    spec = bound.destination.field(field) if bound.destination is not None else None
    if (
        bound.destination is None
        or spec is None
        or not spec.case_field
        or not any(map(has_values, spec.cases))
    ):
        return None
    lacking = [case for case in spec.cases if not has_values(case)]
    if not lacking:
        return None
    kinds = [kind for case in lacking for kind in case.case_values]
    named = f"{spec.case_field} {', '.join(kinds[:5])}" if kinds else f"another {spec.case_field}"
    more = f" and {len(kinds) - 5} more" if kinds[5:] else ""
    why = why_without_values(spec, bound.destination)
    message = f"events with {named}{more} count for nothing where a rule goes by {field}"
    return Note("value-differs", Effect.NARROWER, f"{message}: {why}" if why else message)


def one_of_several(field: str, bound: Bound) -> Note | None:
    """A note on a field whose values stand in one text, with a sign between, of which one is taken
    out.
    """
    spec = bound.destination.field(field) if bound.destination is not None else None
    ends = [
        pattern.partition("{}") for pattern in (spec.value_patterns if spec is not None else ())
    ]
    if not any(one[-1:] == other[:1] and one[-1:] in {";", ",", "|"} for one, _, other in ends):
        return None
    message = f"of several values of {field} in one text one is counted or compared"
    return Note("value-differs", Effect.NARROWER, message)


def case_kept(field: str, bound: Bound) -> Note | None:
    """A note on a field by which a rule counts or compares, where one value of Elastic's may be
    spelt in several ways.
    """
    destination = bound.destination
    spec = destination.field(field) if destination is not None else None
    if destination is None or spec is None:
        return None
    each = [spec, *spec.cases]
    columns = {name for one in each for name in (one.counted_by or one.column, *one.any_of) if name}
    if all(destination.column(name).case != "differs" for name in columns):
        return None
    message = f"{field} may be spelt in several letter cases, each of which is counted by itself"
    return Note("case-kept", Effect.CASE, message)


def joined(field: str, columns: Iterable[str]) -> Note:
    """A note on the first of several columns, by which a rule counts or compares. Of a field that
    has all of their values at once, an array of ECS, the others are lost.
    """
    message = f"{field} is the first of {', '.join(columns)} that an event has"
    if field not in ecs.arrays():
        return Note("columns-joined", Effect.SAME, message)
    return Note("columns-joined", Effect.NARROWER, f"{message}; Elastic counts the values of all")


def joined_by_kind(field: str, spec: FieldSpec) -> Note:
    """The same of a field that is another column by the kind of event: of a kind that has several
    the first is taken.
    """
    message = f"{field} is another column by {spec.case_field}"
    kinds = [kind for case in spec.cases for kind in case.case_values]
    several = len(set(kinds)) < len(kinds) or any(case.any_of for case in spec.cases)
    if not several or field not in ecs.arrays():
        return Note("columns-joined", Effect.SAME, message)
    message = f"{message}, of several the first; Elastic counts the values of all"
    return Note("columns-joined", Effect.NARROWER, message)
