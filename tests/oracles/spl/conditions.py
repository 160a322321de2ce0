"""The functions that give true or false: values → ``Outcome``. Sources as in ``signatures``.

What such a function does with a missing field is not documented; it is not true, at least.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from tests.oracles.spl.arguments import Arguments, Surroundings, literal, text_argument
from tests.oracles.spl.regexes import translate
from tests.oracles.spl.values import (
    FALSE,
    TRUE,
    Outcome,
    false_or_null,
    known,
    number_of,
    single,
    unknown,
)


def _isnum(arguments: Arguments, _: Surroundings) -> Outcome:
    value = single(arguments[0], "isnum()")
    return (
        false_or_null("isnum() of NULL") if value is None else known(number_of(value) is not None)
    )


def _isint(arguments: Arguments, _: Surroundings) -> Outcome:
    value = single(arguments[0], "isint()")
    number = number_of(value)
    if value is None:
        return false_or_null("isint() of NULL")
    if number is None or not number.is_integer():
        return FALSE
    if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
        return unknown(f"isint() of {value}")
    return TRUE


def _isstr(arguments: Arguments, _: Surroundings) -> Outcome:
    value = single(arguments[0], "isstr()")
    if value is None:
        return false_or_null("isstr() of NULL")
    if isinstance(value, str) and number_of(value) is not None:
        return unknown("isstr() of a text that looks like a number")
    return known(isinstance(value, str))


def _match(arguments: Arguments, _: Surroundings) -> Outcome:
    """True if the pattern hits any part of the text."""
    text = text_argument(arguments[0], "match()")
    if text is None:
        return false_or_null("match() of NULL")
    return known(bool(translate(literal(arguments[1])).search(text)))


def _like(arguments: Arguments, _: Surroundings) -> Outcome:
    text = text_argument(arguments[0], "like()")
    return (
        false_or_null("like() of NULL")
        if text is None
        else known(like(text, literal(arguments[1])))
    )


def like(text: str, pattern: str) -> bool:
    """% is any text, _ one character, with case."""
    wild = {"%": ".*", "_": "."}
    regex = "".join(wild.get(character) or re.escape(character) for character in pattern)
    return bool(re.fullmatch(regex, text, re.DOTALL))


def _cidrmatch(arguments: Arguments, _: Surroundings) -> Outcome:
    text = text_argument(arguments[1], "cidrmatch()")
    if text is None:
        return false_or_null("cidrmatch() of NULL")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return FALSE
    return known(address in ipaddress.ip_network(literal(arguments[0])))


CONDITIONS: dict[str, Callable[[Arguments, Surroundings], Outcome]] = {
    "isnull": lambda arguments, _: known(arguments[0] is None),
    "isnotnull": lambda arguments, _: known(arguments[0] is not None),
    "isnum": _isnum,
    "isint": _isint,
    "isstr": _isstr,
    "match": _match,
    "like": _like,
    "cidrmatch": _cidrmatch,
    "searchmatch": lambda arguments, around: known(around.searches(literal(arguments[0]))),
    "true": lambda _, __: TRUE,
    "false": lambda _, __: FALSE,
}
