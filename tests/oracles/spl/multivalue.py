"""The functions on fields of many values. Sources as in ``signatures``."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracles.spl.arguments import (
    Arguments,
    Surroundings,
    index_argument,
    literal,
    text_argument,
)
from tests.oracles.spl.regexes import translate
from tests.oracles.spl.values import Single, Value, pack, text_of, unpack


def _split(arguments: Arguments, _: Surroundings) -> Value:
    text, delimiter = (text_argument(argument, "split()") for argument in arguments)
    if text is None or delimiter is None:
        return None
    parts: list[Single] = [*(text.split(delimiter) if delimiter else text)]
    return pack(parts)


def _mvdedup(arguments: Arguments, _: Surroundings) -> Value:
    return pack(
        list({text_of(value): value for value in reversed(unpack(arguments[0]))}.values())[::-1]
    )


def _mvfind(arguments: Arguments, _: Surroundings) -> Value:
    """The index of the first value that the pattern hits, from 0; NULL if there is none."""
    pattern = translate(literal(arguments[1]))
    for i, value in enumerate(unpack(arguments[0])):
        if pattern.search(text_of(value)):
            return float(i)
    return None


def _mvindex(arguments: Arguments, _: Surroundings) -> Value:
    """Indexes count from 0, negative ones from the end; outside gives NULL."""
    values = unpack(arguments[0])
    bounds = [index_argument(argument, "mvindex()") for argument in arguments[1:]]
    if None in bounds or not values:
        return None
    places = [bound + len(values) if bound < 0 else bound for bound in bounds if bound is not None]
    begin, end = places[0], places[-1]
    if begin > end or begin < 0 or end < 0:
        return None
    return pack(values[begin : end + 1])


def _mvjoin(arguments: Arguments, _: Surroundings) -> Value:
    values = unpack(arguments[0])
    return literal(arguments[1]).join(map(text_of, values)) if values else None


def _mvzip(arguments: Arguments, _: Surroundings) -> Value:
    """First with first, second with second, like Python's zip, joined with a comma or the text."""
    delimiter = literal(arguments[2]) if len(arguments) > 2 else ","
    pairs = zip(unpack(arguments[0]), unpack(arguments[1]), strict=False)
    return pack([text_of(a) + delimiter + text_of(b) for a, b in pairs])


def _mvcount(arguments: Arguments, _: Surroundings) -> Value:
    return float(len(unpack(arguments[0]))) or None


MULTIVALUE: dict[str, Callable[[Arguments, Surroundings], Value]] = {
    "split": _split,
    "mvappend": lambda arguments, _: pack([v for a in arguments for v in unpack(a)]),
    "mvcount": _mvcount,
    "mvdedup": _mvdedup,
    "mvfind": _mvfind,
    "mvindex": _mvindex,
    "mvjoin": _mvjoin,
    "mvzip": _mvzip,
}
