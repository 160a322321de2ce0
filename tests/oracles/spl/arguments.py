"""The arguments of a function, brought to the kind that it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracles.spl.errors import Doubtful
from tests.oracles.spl.values import Value, number_of, single, text_of

Arguments = list[Value]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a function may ask for beside its arguments.

    ``now``: seconds since 1970, or None; ``searches``: whether the event fits a text of search.
    """

    now: float | None
    searches: Callable[[str], bool]


def text_argument(value: Value, what: str) -> str | None:
    """An argument as text, or None for NULL; ``what`` names the function."""
    found = single(value, what)
    return None if found is None else text_of(found)


def number_argument(value: Value, what: str) -> float | None:
    """An argument as number, or None where it is NULL or does not look like one."""
    return number_of(single(value, what))


def literal(value: Value) -> str:
    """The text literal that the reader has made sure of."""
    assert isinstance(value, str)
    return value


def index_argument(value: Value, what: str) -> int | None:
    """An argument as whole number, or None."""
    number = number_argument(value, what)
    if number is None:
        return None
    if not number.is_integer():
        raise Doubtful(f"{what} with a broken number")
    return int(number)
