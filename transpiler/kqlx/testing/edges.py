"""Fields, values and edge values that tests draw from (``strategies``) or use by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from kqlx.elastic import date_math
from kqlx.elastic.literal_values import value_of
from kqlx.elastic.text_analysis import pieces_of
from kqlx.nodes import (
    Call,
    Compare,
    Equals,
    FieldValue,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Node,
    Pattern,
    Regexp,
    Term,
)
from kqlx.testing.regexp_samples import samples

TYPES: dict[str, str] = {
    "event.action": "keyword",
    "user.name": "keyword",
    "user.name.text": "match_only_text",
    "message": "text",
    "source.bytes": "long",
    "level": "byte",
    "score": "double",
    "ok": "boolean",
    "@timestamp": "date",
    "source.ip": "ip",
    "labels": "flattened",
    "parts": "nested",
    "parts.name": "keyword",
    "parts.count": "long",
}
"""A field of each kind. Besides these, names drawn include ``other.field``, which has no type."""

NOW = datetime(2024, 2, 29, 12, tzinfo=UTC)
"""The "now" for which edge values are made; give it to ``compile``."""

TEXTS = [
    "a",
    "A",
    "abc",
    "a b",
    "Send",
    "MailItemsAccessed",
    "powershell.exe",
    "",
    "*",
    "a*c",
    "?",
    "a?c",
    "C:\\Windows\\System32",
    "\\",
    "\\\\host\\share$",
    'say "hi"',
    "it's",
    "50%",
    "a_b",
    "a'||'b",
    "$x",
    "x | y",
    "a\nb",
    "a\tb",
    "é",
    "Straße",
    "İI",
    "😀",
    "日本",
    "and",
    "or not",
    "NULL",
    "[a]",
    "(a)",
    "{a}",
    "/re/",
    "<b>",
    "a=b",
    "a,b",
    "-a",
    "@",
]
NUMBERS = [
    "0",
    "1",
    "5",
    "-1",
    "5.0",
    "5.5",
    "-0.5",
    "007",
    "1e3",
    "100",
    "127",
    "128",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "1e400",
]
ADDRESSES = [
    "10.0.0.1",
    "10.0.0.0/8",
    "192.168.1.0/24",
    "0.0.0.0/0",
    "10.0.0.1/32",
    "255.255.255.255",
    "::1",
    "2001:db8::/32",
    "::ffff:10.0.0.1",
    "fe80::1",
]
DATES = [
    "2024",
    "2024-02",
    "2024-02-29",
    "2023-12-31T23:59:59",
    "2024-02-29T12:00:00.000Z",
    "2024-02-29T13:00:00+01:00",
    "1709208000000",
    "now",
    "now-1d/d",
    "2024-01-31||+1M/M",
]
BOOLEANS = ["true", "false"]

VALUES_OF_TYPE = {
    "boolean": BOOLEANS,
    "date": DATES,
    "date_nanos": DATES,
    "ip": ADDRESSES,
    **dict.fromkeys(("long", "integer", "short", "byte", "unsigned_long"), NUMBERS),
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), NUMBERS),
}
EVERYTHING = [*TEXTS, *NUMBERS, *ADDRESSES, *DATES, *BOOLEANS, "null"]
CONTAINERS = ("nested", "object")


def put(event: dict[str, Any], name: str, value: Any, *, dotted: bool = False) -> None:
    """Stores a value under a field name, nested, or dotted where asked or where a part of the name
    already has a value of its own.
    """
    here = event
    *parts, last = name.split(".")
    for part in () if dotted else parts:
        inner = here.setdefault(part, {})
        if not isinstance(inner, dict):
            dotted = True
            break
        here = inner
    if dotted or last in here:
        event[name] = value
    else:
        here[last] = value


def edge_values(node: Node, type_name: str | None = None) -> list[Any]:
    """JSON values at the edges of one test (``Equals``, ``Like``, ``Exists``, ``Compare`` or
    ``FreeText``), for a field of that type: some pass it, some just do not. Never null or a list.
    """
    values: list[Any] = ["", "zzz", 7, True]
    if isinstance(node, Like) or (isinstance(node, FreeText) and isinstance(node.value, Pattern)):
        term = node.pattern if isinstance(node, Like) else node.value
        assert isinstance(term, Pattern)
        for run, one in ("", "x"), ("x", "y"), ("*", "?"), ("\n", "\n"), (" ", " "):
            values += _text_edges(_filled(term, run, one))
        if term.has_any_one:  # two characters, or none, where one is asked for
            values += [_filled(term, "", "xy"), _filled(term, "x", "")]
        pieces = pieces_of(term)
        for piece in pieces if len(pieces) > 1 else []:  # which some types take one by one
            values += _text_edges(_filled(piece, "x"))
        values.append(_filled(term, "", "").removesuffix(term.suffix))
        values += _between_signs(_filled(term, "x"), node, type_name)
    elif isinstance(node, Equals | Compare | FreeText):
        text = node.value.name
        values += _text_edges(text) + _number_edges(text)
        values += _between_signs(text, node, type_name)
        if type_name in ("date", "date_nanos"):
            values += _date_edges(text)
        if type_name == "ip" or "/" in text or ":" in text:
            values += _address_edges(text)
        if type_name == "boolean" or text in BOOLEANS:
            values += [True, False, "true", "false"]
    elif isinstance(node, Regexp):
        for text in samples(node.regexp):
            values += _text_edges(text)
    if type_name in VALUES_OF_TYPE:
        values += VALUES_OF_TYPE[type_name][:4]
    return values


def function_values(node: FunctionTest) -> list[Any]:
    """JSON values for the fields of functions: texts and numbers that the call names, and others
    beside them, of lengths about its numbers.
    """
    texts, numbers = _constants(node.call)
    values: list[Any] = ["", "a", "abc", 0, 3]
    for text in texts:
        values += _text_edges(text)
    for number in numbers:
        values += [number - 1, number, number + 1]
        values += ["x" * int(n) for n in (number - 1, number, number + 1) if 0 <= n < 1_000]
    return values


def _constants(call: Call) -> tuple[list[str], list[float]]:
    """The texts and the numbers of a call, with texts that its patterns fit."""
    texts: list[str] = []
    numbers: list[float] = []
    for argument in call.arguments:
        if isinstance(argument, Call):
            inner = _constants(argument)
            texts += inner[0]
            numbers += inner[1]
        elif isinstance(argument, Pattern):
            texts.append(_filled(argument, "x"))
        elif isinstance(argument, Literal):
            value = value_of(argument)
            if isinstance(value, str):
                texts.append(value)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                numbers.append(value)
        elif not isinstance(argument, FieldValue):
            texts += samples(argument)
    return texts, numbers


def _filled(pattern: Pattern, run: str, one: str = "x") -> str:
    """A text that fits, with these for its wildcards."""
    return pattern.as_regex(str, any_run=run, any_one=one)


def _text_edges(text: str) -> list[Any]:
    edges = [text, text, text.swapcase(), text + "x", "x " + text + " y", text[:-1], text[1:]]
    edges.append(re.sub(r"\w+", r"x\g<0>x", text))
    return [*edges, text.replace("*", "xyz")] if "*" in text else edges


def _between_signs(text: str, node: Node, type_name: str | None) -> list[Any]:
    """Where words count: the text beside signs, some of which part words and some do not."""
    if type_name not in ("text", "match_only_text") and not isinstance(node, FreeText):
        return []
    return [f"x,{text};", f"x.{text}", f"x.{text}.y", f"x-{text}/y", f"<{text}>"]


def _number_edges(text: str) -> list[Any]:
    if not re.fullmatch(r"-?\d{1,30}(\.\d{1,10})?", text, re.ASCII):
        return []
    number = Decimal(text)
    whole = int(number.to_integral_value(ROUND_FLOOR))
    return [whole - 1, whole, whole, whole + 1, float(number), float(number) + 0.5, str(whole)]


def _date_edges(text: str) -> list[Any]:
    edges: list[Any] = []
    for round_up in (False, True):
        at = date_math.instant(text, round_up=round_up, now=date_math.instant_of(NOW))
        if at is not None:
            millis = at // date_math.MILLISECOND
            edges += [millis - 1, millis, millis + 1]
    return edges


def _address_edges(text: str) -> list[Any]:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return []
    edges = []
    for at in (network.network_address, network.broadcast_address):
        for distance in (-1, 0, 1):
            number = int(at) + distance
            if 0 <= number < 1 << at.max_prefixlen:
                edges.append(str(ip_address(number) if at.version == 4 else IPv6Address(number)))
        if at.version == 4:
            edges.append(f"::ffff:{at}")
    return edges


def field_names(field: Term, types: Mapping[str, str], prefix: str) -> list[str]:
    """The field of a test; for a name with stars one declared field and one that is not."""
    if isinstance(field, Literal):
        return [field.name]
    fit = field.matcher()
    declared = [
        name.removeprefix(prefix)
        for name, kind in sorted(types.items())
        if name.startswith(prefix) and kind not in CONTAINERS
    ]
    return [*[name for name in declared if fit(name)][:1], _filled(field, "x")]
