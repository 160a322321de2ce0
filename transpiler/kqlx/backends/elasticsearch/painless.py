"""Functions of values as a ``script`` query in Painless, which tries every combination of the
fields' values. Elasticsearch makes scripts of EQL's functions too
(https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-script-query).

A field that an index does not map, or an event lacks, has no values, so that nothing is tried. What
has no value for its arguments goes on to the next combination; no script ends in an error, which
would fail the whole search.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from kqlx.backends.function_calls import (
    FunctionCalls,
    argument,
    bare,
    whole_number,
)
from kqlx.mappings.bound import Column
from kqlx.nodes import Call, Case, FieldValue, FunctionTest, Literal, Operand, Pattern
from kqlx.patterns import Shape
from kqlx.regexes import late_regex

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

_WILDCARD = late_regex(r"[*?\\]")

_HELPERS = {
    "part": (
        "String part(String s, long from, long to) { int n = s.length();"
        " int a = (int) Math.min(from < 0 ? Math.max(from + n, 0L) : from, (long) n);"
        " int b = (int) Math.min(to < 0 ? Math.max(to + n, 0L) : to, (long) n);"
        ' return a < b ? s.substring(a, b) : ""; }'
    ),
    "between": (
        "String between(String s, String l, String r, boolean greedy, boolean fold) {"
        " if (s.isEmpty() || l.isEmpty() || r.isEmpty()) { return s; }"
        " String t = fold ? s.toLowerCase() : s; int a = t.indexOf(fold ? l.toLowerCase() : l);"
        ' if (a < 0) { return ""; } a += l.length(); String e = fold ? r.toLowerCase() : r;'
        " int b = greedy ? t.lastIndexOf(e) : t.indexOf(e, a);"
        ' return b < a ? "" : s.substring(a, b); }'
    ),
    "fits": (
        "boolean fits(String s, String p) { int i = 0; int j = 0; int star = -1; int at = 0;"
        " while (i < s.length()) { char c = j < p.length() ? p.charAt(j) : (char) 0;"
        " if (j < p.length() && c == (char) 42) { star = j; j += 1; at = i; }"
        " else if (j < p.length() && c == (char) 63) { i += step(s, i); j += 1; }"
        " else if (j < p.length() && c == (char) 92 && p.charAt(j + 1) == s.charAt(i))"
        " { i += 1; j += 2; }"
        " else if (j < p.length() && c != (char) 92 && c == s.charAt(i)) { i += 1; j += 1; }"
        " else if (star >= 0) { j = star + 1; at += step(s, at); i = at; }"
        " else { return false; } }"
        " while (j < p.length() && p.charAt(j) == (char) 42) { j += 1; } return j == p.length(); }"
    ),
    "step": (
        "int step(String s, int i)"
        " { return i + 1 < s.length() && s.codePointAt(i) > 65535 ? 2 : 1; }"
    ),
    "numberIn": (
        "def numberIn(String s, int base) { try {"
        " if (base != 10 && base != 16 && base != 0) { return Long.parseLong(s, base); }"
        ' if (base != 10 && s.startsWith("0x")) { return Long.parseLong(s.substring(2), 16); }'
        " if (base == 16) { return Long.parseLong(s, 16); }"
        " for (int i = 0; i < s.length(); i += 1)"
        ' { if ("+-.eE0123456789".indexOf(s.substring(i, i + 1)) < 0) { return null; } }'
        ' if (s.indexOf(".") < 0 && s.indexOf("e") < 0 && s.indexOf("E") < 0)'
        " { return Long.parseLong(s); }"
        " return Double.parseDouble(s); } catch (Exception e) { return null; } }"
    ),
}
"""Functions that scripts define where they need them."""


class PainlessCalls(FunctionCalls[str]):
    """Calls as expressions of Painless. ``before`` are statements that go on to the next values
    where there is none of a call.
    """

    def __init__(self, column: Callable[[Literal], Column], refuse: Callable[..., NoReturn]):
        super().__init__(column, refuse)
        self.before: list[str] = []
        self.helpers: dict[str, None] = {}
        self.fields: list[str] = []

    def value(self, operand: Operand) -> str:
        """A value, which stands in an expression as it is."""
        match operand:
            case FieldValue():
                self.fields.append(self.column(operand).name)
                return f"v{len(self.fields)}"
            case Literal():
                return self._literal(operand)
            case Call():
                return self.made(operand)
        raise AssertionError("a pattern is an argument of like alone")

    def _literal(self, literal: Literal) -> str:
        if literal.kind != "number":
            return text_literal(literal.name) if isinstance(literal.value, str) else literal.name
        digits = literal.name.lstrip("+")
        if self.kind(literal) != "whole":
            return f"{digits}D"
        return f"{int(digits)}L" if abs(int(digits)) < 2**63 else f"{float(digits)!r}D"

    def named(self, made: str, type: str = "def") -> str:
        """A variable that has the value."""
        name = f"n{len(self.before) + 1}"
        self.before.append(f"{type} {name} = {bare(made)};")
        return name

    def skip_if(self, test: str) -> None:
        self.before.append(f"if ({test}) {{ continue; }}")

    def helper(self, name: str) -> str:
        if name == "fits":
            self.helpers["step"] = None
        self.helpers[name] = None
        return name

    # Texts

    def folded(self, operand: Operand, call: Call) -> str:
        if call.case is Case.EXACT:
            return self.value(operand)
        if isinstance(operand, Literal):
            return text_literal(operand.name.lower())
        return f"{self.value(operand)}.toLowerCase()"

    def length(self, call: Call) -> str:
        return f"{self.value(call.arguments[0])}.length()"

    def substring(self, call: Call) -> str:
        text, start, *rest = (self.value(argument) for argument in call.arguments)
        end = rest[0] if rest else f"{2**31 - 1}L"
        return f"{self.helper('part')}({bare(text)}, {bare(start)}, {bare(end)})"

    def concat(self, call: Call) -> str:
        made = " + ".join(map(self.as_text, call.arguments))
        return f"({made})" if len(call.arguments) > 1 else made

    def string(self, call: Call) -> str:
        return self.as_text(call.arguments[0])

    def as_text(self, operand: Operand) -> str:
        """A value as text."""
        if isinstance(operand, Literal):
            return text_literal(operand.name)
        made = self.value(operand)
        return made if self.kind(operand) == "text" else f"String.valueOf({bare(made)})"

    def between(self, call: Call) -> str:
        text, left, right, *rest = [bare(self.value(argument)) for argument in call.arguments]
        greedy = rest[0] if rest else "false"
        fold = "false" if call.case is Case.EXACT else "true"
        return f"{self.helper('between')}({text}, {left}, {right}, {greedy}, {fold})"

    def index_of(self, call: Call) -> str:
        text, part = (self.folded(argument, call) for argument in call.arguments[:2])
        given = argument(call, 2)
        if given is None:
            place = self.named(f"{text}.indexOf({bare(part)})", "int")
        else:
            start, looked_at = self.named(self.value(given), "long"), self.named(text, "String")
            self.skip_if(f"{start} > {looked_at}.length()")
            begin = f"(int) Math.max({start}, 0L)"
            place = self.named(f"{looked_at}.indexOf({bare(part)}, {begin})", "int")
        self.skip_if(f"{place} < 0")
        return place

    # Numbers

    def number(self, call: Call) -> str:
        text = self.value(call.arguments[0])
        given = argument(call, 1)
        base = 0 if given is None else whole_number(given)
        if base is None or base == 1 or base > 36 or base < 0:
            self.fail(call.span, "number with this base", "there is none")
        found = self.named(f"{self.helper('numberIn')}({bare(text)}, {base})")
        self.skip_if(f"{found} == null")
        return found

    def add(self, call: Call) -> str:
        return self._calculated(call, "+")

    def subtract(self, call: Call) -> str:
        return self._calculated(call, "-")

    def multiply(self, call: Call) -> str:
        return self._calculated(call, "*")

    def negate(self, call: Call) -> str:
        return f"(-{self.value(call.arguments[0])})"

    def divide(self, call: Call) -> str:
        return self._of_divisor(call, "/")

    def modulo(self, call: Call) -> str:
        return self._of_divisor(call, "%")

    def _calculated(self, call: Call, sign: str) -> str:
        left, right = map(self.value, call.arguments)
        right = f"({right})" if right.startswith("-") else right
        return f"({left} {sign} {right})"

    def _of_divisor(self, call: Call, sign: str) -> str:
        left, divisor = call.arguments
        dividend = self.value(left)
        if whole_number(divisor):
            right = self.value(divisor)
            return f"({dividend} {sign} {f'({right})' if right.startswith('-') else right})"
        right = self.named(self.value(divisor))
        self.skip_if(f"{right} == 0")
        return f"({dividend} {sign} {right})"

    # Conditions

    def equals(self, call: Call) -> str:
        left, right = call.arguments
        if self.kind(left) != "text":
            return f"{bare(self.value(left))} == {bare(self.value(right))}"
        one, other = self.folded(left, call), self.folded(right, call)
        return f"{one}.equals({bare(other)})"

    def gt(self, call: Call) -> str:
        return self._compared(call)

    def gte(self, call: Call) -> str:
        return self._compared(call)

    def lt(self, call: Call) -> str:
        return self._compared(call)

    def lte(self, call: Call) -> str:
        return self._compared(call)

    def _compared(self, call: Call) -> str:
        left, right = map(self.value, call.arguments)
        sign = _SIGNS[call.function]
        if self.kind(call.arguments[0]) == "text":
            return f"{left}.compareTo({bare(right)}) {sign} 0"
        return f"{bare(left)} {sign} {bare(right)}"

    def exists(self, call: Call) -> str:
        made = self.as_text(call.arguments[0])  # which goes on where there is none
        return f"{bare(made)} != null"

    def like(self, call: Call) -> str:
        value, pattern = call.arguments
        assert isinstance(pattern, Pattern)
        asked = pattern.collapsed()
        if call.case is Case.FOLDED:
            asked = asked.map_literals(str.lower)
        method = {
            Shape.PREFIX: "startsWith",
            Shape.SUFFIX: "endsWith",
            Shape.CONTAINS: "contains",
        }.get(asked.shape)
        made = self.folded(value, call)
        if method and asked.text:
            return f"{made}.{method}({text_literal(asked.text)})"
        return f"{self.helper('fits')}({bare(made)}, {text_literal(_glob(asked))})"

    def regexp(self, call: Call) -> str:
        self.fail(
            call.span, "a regular expression of what functions make", "scripts may not have one"
        )

    def starts_with(self, call: Call) -> str:
        return self._method(call, "startsWith")

    def ends_with(self, call: Call) -> str:
        return self._method(call, "endsWith")

    def contains(self, call: Call) -> str:
        part = call.arguments[1]
        if isinstance(part, Literal):
            return self._method(call, "contains") if part.name else "false"
        text = self.folded(call.arguments[0], call)
        made = self.named(self.folded(part, call), "String")
        return f"!{made}.isEmpty() && {text}.contains({made})"

    def _method(self, call: Call, name: str) -> str:
        left, right = (self.folded(argument, call) for argument in call.arguments)
        return f"{left}.{name}({bare(right)})"

    def cidr_match(self, call: Call) -> str:
        self.fail(call.span, "a network of what functions make", "name the field itself")


def script_query(
    test: FunctionTest,
    column: Callable[[Literal], Column],
    refuse: Callable[..., NoReturn],
    prefix: str = "",
) -> dict[str, Any]:
    """The ``script`` query of a test. Raises UnsupportedError."""
    calls = PainlessCalls(column, refuse)
    calls.check(test)
    condition = calls.made(test.call)
    names = [prefix + name for name in calls.fields]
    lacking = " || ".join(
        f"!doc.containsKey({text_literal(name)})" for name in dict.fromkeys(names)
    )
    loops = [
        f"for (def v{number} : doc[{text_literal(name)}]) {{"
        for number, name in enumerate(names, 1)
    ]
    source = [
        *(_HELPERS[name] for name in _HELPERS if name in calls.helpers),
        f"if ({lacking}) {{ return false; }}",
        *loops,
        *calls.before,
        f"if ({condition}) {{ return true; }}",
        "} " * len(loops) + "return false;",
    ]
    return {"script": {"script": {"lang": "painless", "source": " ".join(source)}}}


def text_literal(text: str) -> str:
    """A text in Painless, which has no escapes but for a quotation mark and a backslash: what else
    needs one has none, and stands as it is.
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _glob(pattern: Pattern) -> str:
    """The pattern for ``fits``, with a backslash before signs that stand for themselves."""
    return pattern.as_regex(lambda text: _WILDCARD.sub(r"\\\g<0>", text), "*", "?")
