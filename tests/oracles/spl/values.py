"""Values of expressions, and what is known of a condition.

A value is NULL (``None``), a text, a number, or a list of two or more texts and numbers. Fields are
texts until something asks for a number. A condition is true, false or NULL; where the documentation
leaves open which of them, all that are possible are kept, and only an event whose fate hangs on it
is ``Doubtful``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from tests.oracles.spl.errors import Doubtful

Single = str | float
Value = None | Single | list[Single]

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The truth values that a condition may have, and why there is more than one."""

    possible: frozenset[bool | None]
    reason: str = ""

    def decide(self) -> bool:
        """Whether it is true. ``where`` keeps only true. Raises Doubtful."""
        if True not in self.possible:
            return False
        if len(self.possible) > 1:
            raise Doubtful(self.reason)
        return True


TRUE = Outcome(frozenset({True}))
FALSE = Outcome(frozenset({False}))
NULL = Outcome(frozenset({None}))


def known(truth: bool) -> Outcome:
    return TRUE if truth else FALSE


def unknown(reason: str) -> Outcome:
    """Nothing is documented about the outcome."""
    return Outcome(frozenset({True, False, None}), reason)


def false_or_null(reason: str) -> Outcome:
    """Not true; whether NOT makes it true is not documented."""
    return Outcome(frozenset({False, None}), reason)


def negate(outcome: Outcome) -> Outcome:
    """NOT; NOT NULL is NULL (unverified, and generally observed)."""
    flipped = frozenset(None if truth is None else not truth for truth in outcome.possible)
    return Outcome(flipped, outcome.reason)


def combine(
    join: Callable[[bool | None, bool | None], bool | None], left: Outcome, right: Outcome
) -> Outcome:
    """Every way in which the two may be joined."""
    possible = frozenset(join(a, b) for a, b in product(left.possible, right.possible))
    reason = left.reason if len(left.possible) > 1 else right.reason
    return Outcome(possible, reason)


def both(a: bool | None, b: bool | None) -> bool | None:
    """AND with NULL for unknown, as SQL has it (unverified for Splunk)."""
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def either(a: bool | None, b: bool | None) -> bool | None:
    """OR with NULL for unknown, as SQL has it (unverified for Splunk)."""
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def one(a: bool | None, b: bool | None) -> bool | None:
    """XOR."""
    return None if a is None or b is None else a != b


def pack(values: list[Single]) -> Value:
    """No value is NULL, and one value is itself rather than a list."""
    return None if not values else values[0] if len(values) == 1 else values


def unpack(value: Value) -> list[Single]:
    return [] if value is None else value if isinstance(value, list) else [value]


def single(value: Value, what: str) -> Single | None:
    """The value, unless there are several: what most functions do then is not documented."""
    if isinstance(value, list):
        raise Doubtful(f"{what} of a field of many values")
    return value


def number_of(value: Single | None) -> float | None:
    """The number that the value is or looks like: numbers are double precision floats
    (https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/eval).
    """
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) else None
    return value


def text_of(value: Single) -> str:
    """A number as text: whole ones without a point, others with up to 15 digits (unverified)."""
    if isinstance(value, str):
        return value
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return format(value, ".15g")
