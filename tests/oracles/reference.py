"""A second evaluator, as plain and slow as can be, to hold the fast one against.

It flattens the whole event for every test, tries every field, and shares nothing with
``kqlx.evaluate`` but the words of a text (``kqlx.words``) and the reading of dates
(``kqlx.date_math``), which have tables of their own. It knows the types of ``edges.TYPES``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from kqlx.elastic import date_math
from kqlx.elastic.text_analysis import words
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FreeText,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Term,
)
from kqlx.patterns import Wildcard
from kqlx.testing.edges import NOW, TYPES

_NOW = date_math.instant_of(NOW)
_SPANS = {"long": (-(2**63), 2**63 - 1), "byte": (-128, 127)}


def holds(node: Node, event: dict[str, Any], path: str = "") -> bool:
    if isinstance(node, And):
        return all(holds(item, event, path) for item in node.items)
    if isinstance(node, Or):
        return any(holds(item, event, path) for item in node.items)
    if isinstance(node, Not):
        return not holds(node.item, event, path)
    if isinstance(node, Nested):
        inner = path + node.path.name + "."
        return any(holds(node.item, item, inner) for item in objects(event, node.path.name))
    if isinstance(node, FreeText):
        return free_text(node.value, event, path)
    if isinstance(node, Equals | Like | Exists | Compare):
        return field_test(node, event, path)
    return isinstance(node, Always)


def flatten(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Each value with its full dotted name, however it is spelled."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flatten(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for inner in value:
            yield from flatten(inner, name)
    elif value is not None:
        yield name, value


def objects(event: Any, path: str, name: str = "") -> Iterator[dict[str, Any]]:
    if isinstance(event, list):
        for item in event:
            yield from objects(item, path, name)
    elif isinstance(event, dict) and name == path:
        yield event
    elif isinstance(event, dict):
        spelled = {}
        for key, value in event.items():
            full = f"{name}.{key}" if name else key
            if full.startswith(path + "."):
                spelled[full.removeprefix(path + ".")] = value
            yield from objects(value, path, full)
        if spelled and not name.startswith(path + "."):
            yield spelled


def field_test(node: Equals | Like | Exists | Compare, event: dict[str, Any], path: str) -> bool:
    found = [(path + name, value) for name, value in flatten(event)]
    if isinstance(node, Equals | Compare) and node.value.value is None:
        is_date = TYPES.get(path + node.field.name) == "date" and isinstance(node.field, Literal)
        if isinstance(node, Compare) or is_date:
            return field_test(Exists(node.field), event, path)
        return False
    if isinstance(node.field, Literal):
        wanted = path + node.field.name
        if wanted.startswith("labels."):
            return of_key(node, wanted, found)
        if not path and (wanted + ".").startswith("parts."):
            return False
        if isinstance(node, Exists) and wanted not in TYPES:
            return any(f"{name}.".startswith(wanted + ".") for name, _ in found)
        own = [(wanted, value) for name, value in found if name == wanted]
        if wanted == "user.name.text" and not own:
            own = [(wanted, value) for name, value in found if name == "user.name"]
        if wanted == "labels":
            own = [(wanted, value) for name, value in found if f"{name}.".startswith("labels.")]
        return any(passes(node, name, value) for name, value in own)
    fit = "^" + re.escape(path) + star(node.field)
    return any(
        re.match(fit, name, re.DOTALL) and passes(node, name, value)
        for real_name, value in found
        for name in names_over(real_name)
    )


def of_key(node: Node, name: str, found: list[tuple[str, Any]]) -> bool:
    """A test of a key of a flattened field."""
    own = [value for other, value in found if other == name]
    if isinstance(node, Compare):
        return False
    if not isinstance(node, Like):
        return any(passes(node, name, value) for value in own)
    whole = [f"{n.removeprefix('labels.')}\0{spelled(v)}" for n, v in found if "labels." in n]
    for piece in pieces(node.pattern):
        match piece.tokens:
            case (str(text),):
                met = text in map(spelled, own)
            case (Wildcard.ANY_RUN,):
                met = bool(own)
            case (str(text), Wildcard.ANY_RUN):
                met = any(spelled(value).startswith(text) for value in own)
            case _:
                met = any(re.match(star(piece), text, re.DOTALL) for text in whole)
        if met:
            return True
    return False


def spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def free_text(value: Term, event: dict[str, Any], path: str) -> bool:
    null = Literal("null")
    if path:
        if isinstance(value, Literal):
            return field_test(Equals(null, value), event, path)
        if value.name == "*":
            return field_test(Exists(null), event, path)
        return field_test(Like(null, value), event, path)
    found = list(flatten(event))
    if isinstance(value, Pattern):
        if value.name == "*":
            return True
        tests: list[Node] = []
        for piece in pieces(value):
            test: Node
            if piece.tokens == (Wildcard.ANY_RUN,):
                return True
            test = Equals(null, Literal(piece.name)) if is_plain(piece) else Like(null, piece)
            tests.append(test)
    else:
        tests = [Equals(null, value)]
    return any(
        passes(test, name, leaf)
        for test in tests
        for real_name, leaf in found
        for name in names_over(real_name)
        if not name.startswith("parts.") and name != "parts"
    )


def names_over(name: str) -> list[str]:
    """The fields that a value under this name belongs to."""
    found = [] if name == "parts" or name.startswith("labels.") else [name]
    if name == "user.name":
        found.append("user.name.text")
    if name.startswith("labels."):
        found.append("labels")
    return found


def pieces(pattern: Pattern) -> Iterator[Pattern]:
    marks = {Wildcard.ANY_RUN: "\0", Wildcard.ANY_ONE: "\1"}
    whole = "".join(token if isinstance(token, str) else marks[token] for token in pattern.tokens)
    whole = re.sub("[ \t\r\n]+", " ", whole.replace("\u3000", " ")).strip(" ")
    wildcards = {mark: wildcard for wildcard, mark in marks.items()}
    # A blank parts where a piece beside it has a wildcard.
    for piece in re.findall(r"[^ \0\1]+(?: [^ \0\1]+)*(?![^ ])|[^ ]+", whole):
        yield Pattern.of(*(wildcards.get(character, character) for character in piece))


def is_plain(pattern: Pattern) -> bool:
    return not any(isinstance(token, Wildcard) for token in pattern.tokens)


def star(pattern: Pattern) -> str:
    signs = {Wildcard.ANY_RUN: ".*", Wildcard.ANY_ONE: "."}
    return "".join(re.escape(t) if isinstance(t, str) else signs[t] for t in pattern.tokens) + r"\Z"


def passes(node: Node, name: str, value: Any) -> bool:
    """Whether one value passes a test, by the type of the field."""
    kind = TYPES.get(name) or ("keyword" if name.startswith("labels.") else type(value).__name__)
    if kind == "flattened" and isinstance(node, Like):
        return any(
            piece.tokens == (Wildcard.ANY_RUN,)
            or bool(re.match(star(piece), spelled(value), re.DOTALL))
            for piece in pieces(node.pattern)
        )
    if kind in ("flattened", "str", "keyword"):
        return isinstance(node, Exists) or of_text(node, spelled(value))
    if kind in ("text", "match_only_text"):
        return of_words(node, words(value if isinstance(value, str) else json.dumps(value)))
    if isinstance(node, Exists) and name not in TYPES:
        return True
    if isinstance(node, Like):
        return name in TYPES and in_pieces(node, name, value)
    if kind in ("boolean", "bool"):
        table: dict[Any, Any] = {"true": 1, "false": 0, "": 0} if kind == "boolean" else {}
        found = int(value) if isinstance(value, bool) else table.get(value)
        wanted = {"true": 1, "false": 0}.get(operand(node) or "")
        return between(node, found, wanted, wanted)
    if kind == "ip":
        start, end = network(operand(node) or "")
        if isinstance(node, Compare) and "/" in node.value.name:
            return False
        return between(node, network(str(value))[0] if "/" not in str(value) else None, start, end)
    if kind == "date":
        text = operand(node) or ""
        at = date_math.instant(value if isinstance(value, str) else json.dumps(value))
        return between(
            node,
            millis(None if isinstance(value, bool) else at),
            millis(date_math.instant(text, now=_NOW)),
            millis(date_math.instant(text, now=_NOW, round_up=True)),
        )
    return of_number(node, kind, value)


def in_pieces(node: Like, name: str, value: Any) -> bool:
    """A pattern on a field that has none: only its pieces without stars, and lone stars, count."""
    tests: list[Node] = []
    for piece in pieces(node.pattern):
        if is_plain(piece):
            tests.append(Equals(node.field, Literal(piece.name)))
            if is_refused(TYPES[name], piece.name):
                return False
        elif piece.tokens == (Wildcard.ANY_RUN,):
            tests.append(Exists(node.field))
        else:
            return False
    return any(passes(test, name, value) for test in tests)


def is_refused(kind: str, text: str) -> bool:
    if kind == "boolean":
        return text not in ("true", "false")
    if kind == "ip":
        return network(text)[0] is None
    if kind == "date":
        return date_math.instant(text, now=_NOW) is None
    return number(text) is None


def of_text(node: Node, text: str) -> bool:
    if isinstance(node, Like):
        return bool(re.match(star(node.pattern), text, re.DOTALL))
    return between(node, text, operand(node), operand(node))


def of_words(node: Node, found: list[str]) -> bool:
    if isinstance(node, Exists):
        return True
    if isinstance(node, Like):
        return any(
            piece.tokens == (Wildcard.ANY_RUN,)
            or (is_plain(piece) and set(words(piece.name)) & set(found))
            or (
                not is_plain(piece)
                and any(re.match(star(lowered(piece)), word, re.DOTALL) for word in found)
            )
            for piece in pieces(node.pattern)
        )
    text = operand(node)
    if text is None:
        return False
    if isinstance(node, Compare):
        return any(between(node, word, text, text) for word in found)
    wanted = words(text)
    if not isinstance(node, Equals) or not node.value.phrase:
        return bool(set(wanted) & set(found))
    together = f" {' '.join(found)} "
    return bool(wanted) and f" {' '.join(wanted)} " in together


def lowered(pattern: Pattern) -> Pattern:
    tokens = pattern.tokens
    return Pattern.of(
        *("".join(c.lower()[0] for c in t) if isinstance(t, str) else t for t in tokens)
    )


def of_number(node: Node, kind: str, value: Any) -> bool:
    wanted, found = number(operand(node) or ""), number(value)
    low, high = _SPANS.get(kind, (-(10**500), 10**500))
    if kind in _SPANS and found is not None:
        found = Fraction(math.trunc(found))
        found = found if low <= found <= high else None
    if kind in _SPANS and isinstance(node, Compare) and wanted is not None:
        taken = (-(2**31), 2**31 - 1) if kind == "byte" else (low, high)
        if not taken[0] <= wanted <= taken[1]:
            return False
    if kind in ("double", "float"):
        found = as_double(found)
        if isinstance(node, Equals):
            wanted = as_double(wanted)
        elif wanted is not None:
            wanted = as_double(wanted) or (wanted if as_double(wanted) is None else Fraction(0))
    return between(node, found, wanted, wanted)


def as_double(exact: Fraction | None) -> Fraction | None:
    try:
        return None if exact is None else Fraction(float(exact))
    except OverflowError:
        return None


def number(value: Any) -> Fraction | None:
    if isinstance(value, bool) or (isinstance(value, str) and not re.fullmatch(
        r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value, re.ASCII
    )):  # fmt: skip
        return None
    return Fraction(value)


def network(text: str) -> tuple[int | None, int | None]:
    address, _, prefix = text.partition("/")
    try:
        at = ip_address(address)
    except ValueError:
        return None, None
    bits = at.max_prefixlen
    if isinstance(at, IPv4Address):
        at = IPv6Address(f"::ffff:{at}")
    free = bits - (int(prefix) if prefix else bits)
    return int(at) >> free << free, ((int(at) >> free) + 1 << free) - 1


def millis(at: int | None) -> int | None:
    return None if at is None else at // 1_000_000


def operand(node: Node) -> str | None:
    if not isinstance(node, Equals | Compare) or node.value.value is None:
        return None
    return node.value.name


def between(node: Node, found: Any, first: Any, last: Any) -> bool:
    """Where a value stands to what an operand covers, from first to last."""
    if isinstance(node, Exists):
        return found is not None
    if found is None or first is None or last is None:
        return False
    if isinstance(node, Equals):
        return bool(first <= found <= last)
    assert isinstance(node, Compare)
    if node.op in ("gt", "gte"):
        return bool(found > last if node.op == "gt" else found >= first)
    return bool(found < first if node.op == "lt" else found <= last)
