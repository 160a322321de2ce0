"""Functions of values, for ``where``: ``length(f) > 5`` is ``len(f)>5``.

A function of ``eval`` takes one value: ``mvmap`` tries those of a field one by one, and within it
those of the next field. ``substr`` follows SQLite: it counts from 1, and of the length nought it
gives the empty text
(https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/evaluation-functions/text-functions).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kqlx.backends.function_calls import (
    FunctionCalls,
    argument,
    bare,
    is_never_empty,
    is_never_negative,
    may_be_nothing,
    shortened_by,
    whole_number,
)
from kqlx.backends.spl.syntax import decoded, eval_name, quote, regex
from kqlx.elastic.literal_values import number_in
from kqlx.elastic.type_names import NUMBERS
from kqlx.mappings.bound import Column
from kqlx.nodes import Call, Case, FieldValue, Literal, Operand, Pattern
from kqlx.regular_expressions import Item, searching

_GROUP = r"\1"
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class EvalCalls(FunctionCalls[str]):
    """Calls as expressions of ``eval``, conditions among them. ``folds`` says whether letters of a
    call count in one case alone.
    """

    folds: Callable[[Call], bool]

    def value(self, operand: Operand) -> str:
        """A value, which stands in an expression as it is."""
        match operand:
            case FieldValue():
                return self.field(self.column(operand))
            case Literal():
                if operand.kind == "number":
                    return operand.name.lstrip("+")
                return quote(operand.name)
            case Call():
                return self.made(operand)
        raise AssertionError("a pattern is an argument of like alone")

    def field(self, column: Column) -> str:
        name = _text_of(column)
        return f"tonumber({name})" if column.type in NUMBERS else name

    def text(self, operand: Operand, folds: bool = False) -> str:
        """A text, in lower case where letters are to be folded."""
        if isinstance(operand, Literal):
            return quote(operand.name.lower() if folds else operand.name)
        made = self.value(operand)
        return f"lower({bare(made)})" if folds else made

    # Texts

    def length(self, call: Call) -> str:
        return f"len({bare(self.value(call.arguments[0]))})"

    def substring(self, call: Call) -> str:
        text, start = call.arguments[:2]
        end = argument(call, 2)
        made = self.value(text)
        first = self._place(start, text, made)
        if end is None:
            return made if first == "0" else f"substr({made}, {_plus_one(first)})"
        last = self._place(end, text, made)
        if first == "0":
            return f"substr({made}, 1, {last})"
        length = f"{last}-{_grouped(first)}"
        numbers = whole_number(start), whole_number(end)
        if all(n is not None and n >= 0 for n in numbers):
            low, high = (n for n in numbers if n is not None)
            return f"substr({made}, {low + 1}, {max(high - low, 0)})"
        place = _plus_one(first)
        if may_be_nothing(start) or may_be_nothing(end):
            cut = f"substr({made}, {place}, {length})"
            return f'case({length}>0, {cut}, {length}<=0, "")'
        return f"substr({made}, {place}, max({length}, 0))"

    def _place(self, operand: Operand, asked: Operand, text: str) -> str:
        """A place in the text that is asked, from 0 on: a negative one counts from its end."""
        number = whole_number(operand)
        if number is not None:
            return str(number) if number >= 0 else f"max(len({text})-{-number}, 0)"
        made = bare(self.value(operand))
        if is_never_negative(operand):
            return made
        if (less := shortened_by(operand, asked)) is not None:
            cut = self.value(less)
            return f"if(len({text})<{bare(cut)}, max(2*len({text})-{cut}, 0), len({text})-{cut})"
        return f"if({made}<0, max(len({text})+{_grouped(made)}, 0), {made})"

    def concat(self, call: Call) -> str:
        if len(call.arguments) == 1:
            return self.as_text(call.arguments[0])
        return f"({' . '.join(map(self.as_text, call.arguments))})"

    def string(self, call: Call) -> str:
        return self.as_text(call.arguments[0])

    def as_text(self, operand: Operand) -> str:
        """A value as text."""
        if isinstance(operand, FieldValue):
            return _text_of(self.column(operand))
        if isinstance(operand, Literal):
            return quote(operand.name)
        made = self.value(operand)
        kind = self.kind(operand)
        if kind == "boolean":
            return f'if({made}, "true", "false")'
        # Not tostring: of a null it may be a text, of which no document says that it is none.
        return f'({made} . "")' if kind == "whole" else made

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
        inner = f"{regex(left.name)}({many}){regex(right.name)}"
        rest = ".*?" if many == ".*" else ".*"
        found = f"match({made}, {quote(flags + inner)})"
        whole = quote(rf"{flags}\A.*?{inner}{rest}\z")
        cut = f"replace({made}, {whole}, {quote(_GROUP)})"
        if may_be_nothing(text):
            return f'case({found}, {cut}, isnotnull({made}), "")'
        return f'if({found}, {cut}, "")'

    def index_of(self, call: Call) -> str:
        text, part = call.arguments[:2]
        start = argument(call, 2)
        if start is not None and whole_number(start) != 0:
            self.fail(call.span, "indexOf from a place on", "the target looks from the beginning")
        if isinstance(part, Literal) and not part.name:
            self.fail(call.span, 'indexOf of ""', "it is always 0: leave it out")
        folds = self.folds(call)
        looked_at = self.text(text, folds)
        if isinstance(part, Literal):
            expression = regex(part.name.lower() if folds else part.name)
            behind = quote(f"(?s){expression}.*")
            before = f'len(replace({looked_at}, {behind}, ""))'
            return f"if(match({looked_at}, {quote(expression)}), {before}, null())"
        pieces = f"split({looked_at}, {self.text(part, folds)})"
        place = f"if(mvcount({pieces})>1, len(mvindex({pieces}, 0)), null())"
        return place if is_never_empty(part) else f"if({self._is_empty(call)}, 0, {place})"

    # Numbers

    def number(self, call: Call) -> str:
        made = self.value(call.arguments[0])
        given = argument(call, 1)
        base = 10 if given is None else whole_number(given)
        if base is None or not 2 <= base <= 36:
            self.fail(call.span, "number with a base that a field gives", "it must be known")
        digits = f'if(match({made}, "^0x"), substr({made}, 3), {made})'
        if given is None:
            return f'if(match({made}, "^0x"), tonumber(substr({made}, 3), 16), tonumber({made}))'
        if base == 16:
            return f"tonumber({digits}, 16)"
        return f"tonumber({made})" if base == 10 else f"tonumber({made}, {base})"

    def add(self, call: Call) -> str:
        return self._calculated(call, "+")

    def subtract(self, call: Call) -> str:
        return self._calculated(call, "-")

    def multiply(self, call: Call) -> str:
        return self._calculated(call, "*")

    def negate(self, call: Call) -> str:
        return f"(0-{self.value(call.arguments[0])})"

    def _calculated(self, call: Call, sign: str) -> str:
        left, right = map(self.value, call.arguments)
        right = f"({right})" if right.startswith("-") else right
        return f"({left}{sign}{right})"

    def divide(self, call: Call) -> str:
        left, right = call.arguments
        made = self._calculated(call, "/")
        kinds = {self.kind(left), self.kind(right)}
        if kinds == {"whole"}:
            return _cut_off(made)
        if any(isinstance(one, Call) and one.function == "number" for one in call.arguments):
            what, why = "a division by what number(…) gives", "whole numbers are divided otherwise"
            self.fail(call.span, what, why)
        return made

    def modulo(self, call: Call) -> str:
        left, right = map(self.value, call.arguments)
        return f"({left}-({right})*{_cut_off(f'({left}/({right}))')})"

    # Conditions

    def equals(self, call: Call) -> str:
        left, right = call.arguments
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, right = right, left
        if self.kind(left) == "boolean":
            return self._boolean(call, left, right)
        if self.kind(left) != "text":
            return f"{bare(self.value(left))}={bare(self.value(right))}"
        folds = self.folds(call)
        if isinstance(right, Literal) and _looks_like_a_number(right.name):
            flags = "(?i)" if folds else ""
            whole = quote(rf"{flags}\A{regex(right.name)}\z")
            return f"match({self.value(left)}, {whole})"
        return f"{self.text(left, folds)}={self.text(right, folds)}"

    def _boolean(self, call: Call, left: Operand, right: Operand) -> str:
        if isinstance(left, FieldValue) or isinstance(right, FieldValue):
            texts = [
                self.as_text(one) if not isinstance(one, Literal) else quote(one.name)
                for one in (left, right)
            ]
            return "=".join(texts)
        if not isinstance(right, Literal):
            self.fail(call.span, "a comparison of two conditions", "the target has no form for it")
        condition = self.value(left)
        if right.value is True:
            return condition
        if may_be_nothing(left):
            self.fail(call.span, "a condition that is to be false", "it may have no value")
        return f"NOT ({condition})"

    def gt(self, call: Call) -> str:
        return self._compared(call)

    def gte(self, call: Call) -> str:
        return self._compared(call)

    def lt(self, call: Call) -> str:
        return self._compared(call)

    def lte(self, call: Call) -> str:
        return self._compared(call)

    def _compared(self, call: Call) -> str:
        left, right = call.arguments
        if self.kind(left) not in ("whole", "number"):
            what, why = "the order of two texts", "Splunk compares as numbers what looks like them"
            self.fail(call.span, what, why)
        sign = _SIGNS[call.function]
        return f"{bare(self.value(left))}{sign}{bare(self.value(right))}"

    def exists(self, call: Call) -> str:
        (asked,) = call.arguments
        if isinstance(asked, Call) and asked.function == "index_of":
            start = argument(asked, 2)
            if start is None or whole_number(start) == 0:
                return self._has_part(asked)
        return f"isnotnull({bare(self.value(asked))})"

    def like(self, call: Call) -> str:
        value, pattern = call.arguments
        assert isinstance(pattern, Pattern)
        flags = "(?is)" if self.folds(call) else "(?s)"
        expression = rf"{flags}\A{pattern.as_atomic_regex(regex, '.*', '.')}\z"
        return f"match({self.value(value)}, {quote(expression)})"

    def regexp(self, call: Call) -> str:
        value, expression = call.arguments
        pattern, has_dot = searching(_item(expression), r"\z")
        flags = ("i" if self.folds(call) else "") + ("s" if has_dot else "")
        pattern = pattern.replace("`", "\\x60")
        pattern = f"(?{flags}){pattern}" if flags else pattern
        return f"match({self.value(value)}, {quote(pattern)})"

    def starts_with(self, call: Call) -> str:
        text, part = call.arguments
        if isinstance(part, Literal):
            return self._matches(call, rf"\A{regex(part.name)}")
        folds = self.folds(call)
        begun = f"substr({self.text(text, folds)}, 1, len({bare(self.value(part))}))"
        return f"{begun}={self.text(part, folds)}"

    def ends_with(self, call: Call) -> str:
        text, part = call.arguments
        if isinstance(part, Literal):
            return self._matches(call, rf"{regex(part.name)}\z")
        folds = self.folds(call)
        whole, end = self.value(text), self.value(part)
        start = f"max(len({bare(whole)})-len({bare(end)}), 0)+1"
        return f"substr({self.text(text, folds)}, {start})={self.text(part, folds)}"

    def contains(self, call: Call) -> str:
        part = call.arguments[1]
        if isinstance(part, Literal):
            return self._matches(call, regex(part.name)) if part.name else "false()"
        found = self._pieces(call)
        return found if is_never_empty(part) else f"(len({self.value(part)})>0 AND {found})"

    def _has_part(self, call: Call) -> str:
        """Whether a text has the other in it, of which the empty one is in every text."""
        part = call.arguments[1]
        if isinstance(part, Literal):
            return self._matches(call, regex(part.name))
        found = self._pieces(call)
        return found if is_never_empty(part) else f"({self._is_empty(call)} OR {found})"

    def _is_empty(self, call: Call) -> str:
        """Whether the part is empty that a text is looked through for."""
        text, part = call.arguments[:2]
        test = f"len({bare(self.value(part))})=0"
        nothing = may_be_nothing(text)
        return f"(isnotnull({bare(self.value(text))}) AND {test})" if nothing else test

    def _pieces(self, call: Call) -> str:
        folds = self.folds(call)
        text, part = (self.text(one, folds) for one in call.arguments[:2])
        return f"mvcount(split({text}, {part}))>1"

    def _matches(self, call: Call, expression: str) -> str:
        flags = "(?i)" if self.folds(call) else ""
        return f"match({self.value(call.arguments[0])}, {quote(flags + expression)})"

    def cidr_match(self, call: Call) -> str:
        value, *networks = call.arguments
        made = self.value(value)
        tests = [f"cidrmatch({self.value(network)}, {made})" for network in networks]
        return tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})"


def _text_of(column: Column) -> str:
    """What a column holds, as text."""
    name = eval_name(column.name)
    return decoded(name) if column.escaped else name


def tried(condition: str, names: Sequence[str]) -> str:
    """Whether some combination of the values of fields passes the condition."""
    made = f"if({condition}, 1, null())"
    for name in reversed(names):
        made = f"mvmap({name}, {made})"
    return f"isnotnull({made})"


def folding(columns: Sequence[Column], *, exact: bool) -> Callable[[Call], bool]:
    """Whether the letters of a call are folded: as it says, and where a column has another letter
    case than Elastic's and the user does not mind.
    """
    differs = not exact and any(column.case == "differs" for column in columns)
    return lambda call: differs or call.case is Case.FOLDED


def _item(operand: Operand) -> Item:
    assert not isinstance(operand, FieldValue | Literal | Pattern | Call)
    return operand


def _looks_like_a_number(text: str) -> bool:
    return number_in(text.strip()) is not None


def _plus_one(place: str) -> str:
    return str(int(place) + 1) if place.isdigit() else f"{place}+1"


def _grouped(expression: str) -> str:
    return expression if expression.isdigit() or expression.endswith(")") else f"({expression})"


def _cut_off(quotient: str) -> str:
    """A quotient without its fraction, towards nought."""
    return f"if({quotient}<0, ceiling({quotient}), floor({quotient}))"
