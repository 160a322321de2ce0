"""Regular expressions of a field, and functions of fields: both need the values as Elastic has
them, in a column, in one of several, by the kind of event, or in a part of a column.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from kqlx.elastic.functions import holds_of
from kqlx.elastic.multi_fields import base_field
from kqlx.elastic.type_names import INTEGERS, STRINGS
from kqlx.mappings.binding import Binding, is_decided
from kqlx.mappings.bound import DECODED
from kqlx.mappings.column_tests import bind_predicate, describe_column
from kqlx.mappings.field_spec import ColumnSpec, FieldSpec
from kqlx.mappings.kind_tests import bind_by_kind
from kqlx.mappings.value_spellings import none_of
from kqlx.mappings.whole_regexps import in_part, is_no_number, is_same_in_xml
from kqlx.nodes import (
    And,
    Call,
    Case,
    Exists,
    FieldTest,
    FieldValue,
    FunctionTest,
    Literal,
    Node,
    Operand,
    Regexp,
    any_of,
)
from kqlx.notes import Effect
from kqlx.records import replace
from kqlx.regular_expressions import compiled


class Specs(Protocol):
    """What becomes of fields, for the query that is bound."""

    def select_spec(self, spec: FieldSpec) -> FieldSpec:
        """Of the specs of a field the one that is for the query."""

    def apply_spec(self, node: FieldTest, spec: FieldSpec) -> Node:
        """The test of a field by what becomes of it."""

    def bind_absent(self, node: Node, name: str, spec: FieldSpec) -> Node | None:
        """The test of a field that no event has; None for any other."""


Make = Callable[[Literal, FieldSpec], Node | None]
"""The test of the column that has the values, or of the part of it that the pack says; None where
nothing says it.
"""

_BESIDE_VALUES = frozenset(
    {"column", "any_of", "exists", "guard", "note", "counted_by", "counted_as", "finer", "when"}
    | {"unless", "alternatives", "case_field", "cases", "case_values", "apart", "below"}
    | {"value_part", "separators", "value_patterns"}
)
_ALTERING = tuple(name for name in FieldSpec.__match_args__ if name not in _BESIDE_VALUES)
_PLAIN = FieldSpec()

_WITHOUT_SIGNS = ("host.name", "host.hostname", "computer_name", "user.id", "sid", "guid")
"""How the names of fields end whose texts have none of the signs which XML escapes."""


def bind_regexp(binder: Binding, specs: Specs, node: Regexp) -> Node:
    """A regular expression of the values of a field."""
    return _OfRegexp(binder, specs, node).test(node.field, _OfRegexp.made)


def bind_functions(binder: Binding, specs: Specs, node: FunctionTest) -> Node:
    """Functions of the values of fields: a test for each combination of their columns."""
    names = [*{field.name: field for field in node.fields}.values()]

    def bind(fields: Sequence[Literal], found: dict[str, Operand]) -> Node:
        if not fields:
            return FunctionTest(_with_values(node.call, found), node.span)
        first, *others = fields

        def made(_: _Values, column: Literal, spec: FieldSpec) -> Node | None:
            value = _part_of(FieldValue(column, first.span), spec)
            return None if value is None else bind(others, {**found, first.name: value})

        return _OfFunctions(binder, specs, node, first.name).test(first, made)

    return bind(names, {})


def _with_values(call: Call, values: Mapping[str, Operand]) -> Call:
    """The call of other values, by the names of the fields in whose places they stand."""
    made: list[Operand] = []
    for argument in call.arguments:
        if isinstance(argument, FieldValue):
            made.append(values[argument.field.name])
        else:
            made.append(_with_values(argument, values) if isinstance(argument, Call) else argument)
    return replace(call, arguments=tuple(made))


def _part_of(value: FieldValue, spec: FieldSpec) -> Operand | None:
    """What the pack says of a column's value as a function of it: all, what stands before or behind
    a mark; None for other parts.
    """
    if spec.takes or (spec.value_part and spec.value_patterns):
        return None
    if spec.value_part:
        mark = Literal(spec.separators, True, kind="string")
        ended = Call("concat", (value, mark))
        whole = spec.value_part == "before" and spec.separators
        return _substring(value, None, Call("index_of", (ended, mark))) if whole else None
    if not spec.value_patterns:
        return value
    before, _, after = spec.value_patterns[0].partition("{}")
    mark = Literal((before or after).strip("*"), True, kind="string")
    place = Call("index_of", (value, mark))
    if spec.value_patterns[1:] or not mark.value or "*" in mark.name:
        return None
    if not before and after == f"{mark.name}*":
        return _substring(value, None, place)
    if not after and before == f"*{mark.name}":
        length = Literal(str(len(mark.name)), False, kind="number")
        return _substring(value, Call("add", (place, length)), None)
    return None


def _substring(value: Operand, start: Operand | None, end: Operand | None) -> Call:
    first = start or Literal("0", False, kind="number")
    return Call("substring", (value, first) if end is None else (value, first, end))


class _Values(ABC):
    """The values that one test asks for, which ``what`` names where they are not there."""

    def __init__(
        self, binder: Binding, specs: Specs, node: Regexp | FunctionTest, what: str
    ) -> None:
        self.binder = binder
        self.specs = specs
        self.node = node
        self.what = what

    @abstractmethod
    def fits(self, text: str) -> bool:
        """Whether a text meets the test, or may."""

    @abstractmethod
    def tells_signs(self, name: str, spec: FieldSpec) -> bool:
        """Whether the test says another thing of a text whose signs are written as in XML."""

    def takes(self, like: ColumnSpec, type: str) -> bool:
        """Whether a column has such values as the test can be asked of."""
        altered = like.characters or like.words or like.ipv4_mapped or like.hex
        return not altered and like.layout not in ("words", "changes")

    def test(self, field: Literal, made: Callable[[Any, Literal, FieldSpec], Node | None]) -> Node:
        """The test of the values of a field, wherever they are."""
        binder, name = self.binder, field.name
        spec = binder.destination.field(name)
        known = is_decided(binder.pack, name) or binder.destination.never.get(name)
        if spec is None or known or base_field(name) != name:
            return self.unmapped()
        spec = self.specs.select_spec(spec)
        if (absent := self.specs.bind_absent(self.node, name, spec)) is not None:
            return absent
        if (note := spec.note) is not None:
            binder.add_note(note.code, note.message, self.node.span, note.effect)
        asked = Exists(field, self.node.span)
        return self.of_spec(asked, spec, lambda column, spec: made(self, column, spec))

    def unmapped(self, why: str = "") -> Node:
        return self.binder.unmapped(self.node, self.what, why)

    def of_spec(self, asked: Exists, spec: FieldSpec, make: Make) -> Node:
        """The test where the pack says where the values of the field are that is ``asked``."""
        binder, span = self.binder, self.node.span
        if any(getattr(spec, name) != getattr(_PLAIN, name) for name in _ALTERING):
            return self.unmapped(spec.no_counterpart or "")
        if spec.case_field:

            def apply(test: FieldTest, case: FieldSpec) -> Node:
                if test is asked:
                    return self.of_spec(asked, case, make)
                return self.specs.apply_spec(test, case)

            return bind_by_kind(binder, asked, spec, apply)
        if spec.guard:
            beside = bind_predicate(binder, spec.guard, span, asked.field.name)
            return And((beside, self.of_spec(asked, replace(spec, guard=""), make)), span)
        alone = [replace(spec, column=one, any_of=()) for one in spec.any_of]
        if spec.column is not None:
            alone.append(spec)
        each = [self.of_column(asked, one, make) for one in alone]
        return any_of(each, span) if each else self.unmapped()

    def of_column(self, asked: Exists, spec: FieldSpec, make: Make) -> Node:
        """The test of one column, less the texts that stand there for no value."""
        binder, there, name = self.binder, spec.column or "", asked.field.name
        like = binder.destination.column(there)
        column = describe_column(binder, there, binder.type_of(name), name, spec.below)
        if not self.takes(like, column.type):
            return self.unmapped()
        escaped = like.layout == "xml" or binder.destination.escaped
        bound = binder.column_name(asked.field, there)
        if escaped and column.type in STRINGS and self.tells_signs(name, spec):
            bound = Literal(f"{there}{DECODED}", span=asked.field.span)
            binder.columns[f"{there}{DECODED}"] = replace(column, escaped=True)
        found = make(bound, spec)
        if found is None:
            return self.unmapped()
        met = [text for text in binder.destination.absent_in(there) if self.fits(text)]
        return none_of(binder, found, column, met) if met else found


class _OfRegexp(_Values):
    """Those of a regular expression."""

    node: Regexp

    def __init__(self, binder: Binding, specs: Specs, node: Regexp) -> None:
        super().__init__(binder, specs, node, f"{node.field.name}, tested by a regular expression,")
        self.matches = compiled(node.regexp, ignore_case=node.case is Case.FOLDED).fullmatch

    def fits(self, text: str) -> bool:
        return self.matches(text) is not None

    def tells_signs(self, name: str, spec: FieldSpec) -> bool:
        return bool(spec.value_part) or not is_same_in_xml(self.node.regexp)

    def takes(self, like: ColumnSpec, type: str) -> bool:
        numbers = like.dwords and not is_no_number(self.node.regexp)
        return super().takes(like, type) and not numbers and type not in INTEGERS

    def made(self, column: Literal, spec: FieldSpec) -> Node | None:
        """The regular expression of a column, or one of the whole for a part of it."""
        node = replace(self.node, field=column)
        if not spec.value_part and not spec.value_patterns:
            return node
        found = in_part(self.node.regexp, spec, negative=self.binder.negative)
        if found is None:
            return None
        regexp, effect = found
        message = f"{self.node.field.name} is matched as a part of {spec.column}"
        code = "value-translated"
        if effect is Effect.WIDER:
            code, message = "approximated", f"{message}, which may be longer"
        self.binder.add_note(code, message, None, effect)
        return replace(node, regexp=regexp)


class _OfFunctions(_Values):
    """Those of functions of several fields, of which one is looked for."""

    node: FunctionTest

    def __init__(self, binder: Binding, specs: Specs, node: FunctionTest, name: str) -> None:
        super().__init__(binder, specs, node, f"{name}, of which a function is asked,")

    def fits(self, text: str) -> bool:
        several = len({field.name for field in self.node.fields}) > 1
        return several or holds_of(self.node.call, text)

    def tells_signs(self, name: str, spec: FieldSpec) -> bool:
        plain = name.lower().endswith(_WITHOUT_SIGNS) or self.binder.pack.spells_in_one_way(name)
        return not plain

    def takes(self, like: ColumnSpec, type: str) -> bool:
        return super().takes(like, type) and not like.dwords
