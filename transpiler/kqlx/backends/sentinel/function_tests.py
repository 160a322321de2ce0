"""Functions of values, in Kusto's own: ``length(f) > 5`` is ``strlen(f) > 5``.

Texts are never null there: that each column has a value is asked first. ``substring`` counts from
0, and ``indexof`` gives -1 where there is no such part
(https://learn.microsoft.com/kusto/query/scalar-functions?view=microsoft-sentinel).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from kqlx.backends.function_calls import (
    FunctionCalls,
    argument,
    bare,
    is_never_empty,
    is_never_negative,
    notes_on_counts,
    shortened_by,
    whole_number,
)
from kqlx.backends.sentinel.boolean import FALSE, all_text
from kqlx.backends.sentinel.column_access import REGEX, Columns
from kqlx.backends.sentinel.dynamic_arrays import value_regex
from kqlx.backends.sentinel.equality import real
from kqlx.backends.sentinel.existence import Existence
from kqlx.backends.sentinel.syntax import quote, regex
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.mappings.bound import Column, described
from kqlx.nodes import (
    Call,
    Case,
    Exists,
    FieldValue,
    FunctionTest,
    Literal,
    Operand,
    Pattern,
)
from kqlx.notes import Effect
from kqlx.regular_expressions import Item, searching

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class KustoCalls(FunctionCalls[str]):
    """Calls as expressions of Kusto. ``access`` gives the value of a column, ``folds`` says whether
    letters of a call count in one case alone.
    """

    access: Callable[[FieldValue], str]
    folds: Callable[[Call], bool]

    def __init__(self, column: Callable[[Literal], Column], refuse: Callable[..., NoReturn]):
        super().__init__(column, refuse)
        self.needed: list[str] = []
        """What must hold so that there is a value at all."""

    def need(self, test: str) -> None:
        if test not in self.needed:
            self.needed.append(test)

    def value(self, operand: Operand) -> str:
        """A value, which stands in an expression as it is."""
        match operand:
            case FieldValue():
                return self.access(operand)
            case Literal():
                return real(operand.name) if operand.kind == "number" else quote(operand.name)
            case Call():
                return self.made(operand)
        raise AssertionError("a pattern is an argument of like alone")

    # Texts

    def length(self, call: Call) -> str:
        return f"strlen({self.value(call.arguments[0])})"

    def substring(self, call: Call) -> str:
        text, start = call.arguments[:2]
        end = argument(call, 2)
        made = self.value(text)
        first = self._place(start, text, made)
        if end is None:
            return made if first == "0" else f"substring({made}, {first})"
        last = self._place(end, text, made)
        numbers = whole_number(start), whole_number(end)
        if all(n is not None and n >= 0 for n in numbers):
            low, high = (n for n in numbers if n is not None)
            return f"substring({made}, {low}, {max(high - low, 0)})"
        if first == "0":
            return f"substring({made}, 0, {last})"
        return f"substring({made}, {first}, max_of({last} - {_grouped(first)}, 0))"

    def _place(self, operand: Operand, asked: Operand, text: str) -> str:
        """A place in the text that is asked, from 0 on: a negative one counts from its end."""
        number = whole_number(operand)
        if number is not None:
            return str(number) if number >= 0 else f"max_of(strlen({text}) - {-number}, 0)"
        made = bare(self.value(operand))
        if is_never_negative(operand):
            return made
        if (less := shortened_by(operand, asked)) is not None:
            cut, length = self.value(less), f"strlen({text})"
            rest = f"max_of(2 * {length} - {cut}, 0)"
            return f"iff({length} < {bare(cut)}, {rest}, {length} - {cut})"
        counted = f"max_of(strlen({text}) + {_grouped(made)}, 0)"
        return f"iff({made} < 0, {counted}, {made})"

    def concat(self, call: Call) -> str:
        if len(call.arguments) == 1:
            return self.as_text(call.arguments[0])
        return f"strcat({', '.join(map(self.as_text, call.arguments))})"

    def string(self, call: Call) -> str:
        return self.as_text(call.arguments[0])

    def as_text(self, operand: Operand) -> str:
        """A value as text."""
        if isinstance(operand, Literal):
            return quote(operand.name)
        made, kind = self.value(operand), self.kind(operand)
        if kind == "boolean":
            return f'iff({made}, "true", "false")'
        return f"tostring({made})" if kind == "whole" else made

    def between(self, call: Call) -> str:
        text, left, right = call.arguments[:3]
        greedy = argument(call, 3)
        known = isinstance(left, Literal) and isinstance(right, Literal)
        if not known or not (greedy is None or isinstance(greedy, Literal)):
            self.fail(call.span, "between with texts that a field gives", "they must be known")
        assert isinstance(left, Literal) and isinstance(right, Literal)
        made = self.value(text)
        if not left.name or not right.name:
            return made
        flags = "(?is)" if self.folds(call) else "(?s)"
        many = ".*" if isinstance(greedy, Literal) and greedy.value is True else ".*?"
        expression = f"{flags}{regex(left.name)}({many}){regex(right.name)}"
        return f"extract({quote(expression)}, 1, {made})"

    def index_of(self, call: Call) -> str:
        text, part = call.arguments[:2]
        start = argument(call, 2)
        if isinstance(part, Literal) and not part.name and start is None:
            return "0"
        if start is not None and not is_never_negative(start):
            self.fail(call.span, "indexOf from a place before the beginning", "it is none")
        folds = self.folds(call)
        known = [self._folded(one, folds) for one in (text, part)]
        place = f"indexof({', '.join([*known, *([bare(self.value(start))] if start else [])])})"
        self.need(f"{place} >= 0")
        return place

    def _folded(self, operand: Operand, folds: bool) -> str:
        if isinstance(operand, Literal):
            return quote(operand.name.lower() if folds else operand.name)
        made = self.value(operand)
        return f"tolower({made})" if folds else made

    # Numbers

    def number(self, call: Call) -> str:
        made = self.value(call.arguments[0])
        given = argument(call, 1)
        base = 10 if given is None else whole_number(given)
        if base not in (10, 16):
            self.fail(call.span, "number with this base", "Kusto reads those of base 10 and 16")
        if given is None:
            found = f'iff({made} startswith_cs "0x", todouble(tolong({made})), todouble({made}))'
        elif base == 16:
            digits = f'tolong(strcat("0x", trim_start("-|0x", {made})))'
            found = f'iff({made} startswith_cs "-", -1, 1) * {digits}'
        else:
            found = f"todouble({made})"
        self.need(f"isnotnull({found})")
        return found

    def add(self, call: Call) -> str:
        return self._calculated(call, "+")

    def subtract(self, call: Call) -> str:
        return self._calculated(call, "-")

    def multiply(self, call: Call) -> str:
        return self._calculated(call, "*")

    def negate(self, call: Call) -> str:
        return f"(0 - {self.value(call.arguments[0])})"

    def _calculated(self, call: Call, sign: str) -> str:
        left, right = map(self.value, call.arguments)
        right = f"({right})" if right.startswith("-") else right
        return f"({left} {sign} {right})"

    def divide(self, call: Call) -> str:
        if any(isinstance(one, Call) and one.function == "number" for one in call.arguments):
            what, why = "a division by what number(…) gives", "whole numbers are divided otherwise"
            self.fail(call.span, what, why)
        made, right = self._calculated(call, "/"), call.arguments[1]
        if not whole_number(right):
            self.need(f"{bare(self.value(right))} != 0")
        return made

    def modulo(self, call: Call) -> str:
        if self.kind(call) != "whole":
            self.fail(call.span, "the rest of a division with a fraction", "Kusto has none")
        left, right = map(self.value, call.arguments)
        if not whole_number(call.arguments[1]):
            self.need(f"{bare(right)} != 0")
        return f"({left} - {right} * ({left} / {right}))"

    # Conditions

    def equals(self, call: Call) -> str:
        left, right = call.arguments
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, right = right, left
        if self.kind(left) == "boolean":
            return self._boolean(call, left, right)
        text = self.kind(left) == "text"
        sign = "=~" if text and self.folds(call) else "=="
        return f"{bare(self.value(left))} {sign} {bare(self.value(right))}"

    def _boolean(self, call: Call, left: Operand, right: Operand) -> str:
        if isinstance(left, FieldValue) and isinstance(right, FieldValue):
            return f"{self.value(left)} == {self.value(right)}"
        if not isinstance(right, Literal):
            self.fail(call.span, "a comparison of two conditions", "the target has no form for it")
        return self.value(left) if right.value is True else f"not({self.value(left)})"

    def gt(self, call: Call) -> str:
        return self._compared(call)

    def gte(self, call: Call) -> str:
        return self._compared(call)

    def lt(self, call: Call) -> str:
        return self._compared(call)

    def lte(self, call: Call) -> str:
        return self._compared(call)

    def _compared(self, call: Call) -> str:
        left, right = [bare(self.value(argument)) for argument in call.arguments]
        sign = _SIGNS[call.function]
        if self.kind(call.arguments[0]) == "text":
            return f"strcmp({left}, {right}) {sign} 0"
        return f"{left} {sign} {right}"

    def exists(self, call: Call) -> str:
        (asked,) = call.arguments
        self.as_text(asked)  # which asks for all that it needs
        return "true"

    def like(self, call: Call) -> str:
        value, pattern = call.arguments
        assert isinstance(pattern, Pattern)
        flags = "(?is)" if self.folds(call) else "(?s)"
        return f"{self.value(value)} matches regex {quote(flags + value_regex(pattern))}"

    def regexp(self, call: Call) -> str:
        value, expression = call.arguments
        found, has_dot = searching(_item(expression))
        flags = ("i" if self.folds(call) else "") + ("s" if has_dot else "")
        expression_text = quote(f"(?{flags}){found}" if flags else found)
        return f"{self.value(value)} matches regex {expression_text}"

    def starts_with(self, call: Call) -> str:
        return self._operator(call, "startswith")

    def ends_with(self, call: Call) -> str:
        return self._operator(call, "endswith")

    def contains(self, call: Call) -> str:
        part = call.arguments[1]
        made = self._operator(call, "contains")
        known = is_never_empty(part) or isinstance(part, FieldValue)
        return made if known else f"(isnotempty({self.value(part)}) and {made})"

    def _operator(self, call: Call, name: str) -> str:
        left, right = map(self.value, call.arguments)
        return f"{left} {name}{'' if self.folds(call) else '_cs'} {right}"

    def cidr_match(self, call: Call) -> str:
        value, *networks = call.arguments
        made, tests = self.value(value), []
        for network in networks:
            version = "6" if isinstance(network, Literal) and ":" in network.name else "4"
            tests.append(f"ipv{version}_is_in_range({made}, {self.value(network)})")
        return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def condition(backend: TextBackend, columns: Columns, node: FunctionTest) -> Text:
    """The test, with what else must hold: that there are values. Arrays, whose values no expression
    looks at one by one, are tested for having some.
    """
    cells = {name.name: columns.cell(backend.bound.column(name.name)) for name in node.fields}
    calls = KustoCalls(lambda name: backend.bound.column(name.name), backend.refuse)
    calls.check(node)
    backend.notes.extend(notes_on_counts(node))
    existence = Existence(backend)
    present: list[Text] = []
    asked = node.call
    enough = _implies_a_text(asked)
    for name, cell in cells.items():
        exists = existence.exists(cell, Exists(Literal(name), node.span))
        if cell.form == "column" and enough and cell.is_string:
            continue
        present.append(exists)
    arrays = [cell for cell in cells.values() if cell.form != "column"]
    if arrays:
        message = f"{described(arrays[0].column)}: Kusto cannot compute with values of an array"
        backend.note("approximated", Effect.WIDER, message, node.span)
        return FALSE if backend.negative else all_text(present)
    differs = any(cell.column.case == "differs" for cell in cells.values())
    wanted = backend.options.letter_case
    if differs and wanted is Case.EXACT:
        message = "the columns may be spelt in another letter case in the destination"
        backend.note("case-kept", Effect.CASE, message, node.span)
    folds_all = wanted is Case.FOLDED or (wanted is None and differs)
    if folds_all and not backend.options.exact:
        message = "the functions ignore letter case"
        backend.note("case-folded", Effect.CASE, message, node.span)
    calls.access = lambda value: cells[value.field.name].access
    calls.folds = lambda call: folds_all or call.case is Case.FOLDED
    made = calls.made(asked)
    if asked.function == "cidr_match" and backend.negative:
        made = f"coalesce({made}, false)"
    tests = [*calls.needed, *([made] if made != "true" else [])]
    return all_text([*present, *[Text(test, rank=REGEX) for test in tests]])


def _implies_a_text(call: Call) -> bool:
    """Whether the condition holds of no empty text: a length of one or more."""
    match call:
        case Call(
            function="gt" | "gte" | "equals", arguments=(Call(function="length") as of, limit)
        ):
            number = whole_number(limit)
            is_of_field = isinstance(of.arguments[0], FieldValue)
            return is_of_field and number is not None and number >= (call.function != "gt")
    return False


def _item(operand: Operand) -> Item:
    assert not isinstance(operand, FieldValue | Literal | Pattern | Call)
    return operand


def _grouped(expression: str) -> str:
    return expression if expression.isdigit() or expression.endswith(")") else f"({expression})"
