"""The functions that give a value: of text, numbers, JSON and time, with those of ``multivalue``.

Those that must not evaluate all their arguments first stand in ``expressions``. Sources as in
``signatures``.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import unquote

from tests.oracles.spl.arguments import (
    Arguments,
    Surroundings,
    index_argument,
    literal,
    number_argument,
    text_argument,
)
from tests.oracles.spl.errors import Doubtful, NotEvaluated
from tests.oracles.spl.json_functions import extract, extract_path, members
from tests.oracles.spl.multivalue import MULTIVALUE
from tests.oracles.spl.regexes import translate
from tests.oracles.spl.times import format_time, parse_time, shift_time
from tests.oracles.spl.values import Value, number_of, single, text_of


def _tonumber(arguments: Arguments, _: Surroundings) -> Value:
    """NULL where the text is no number, also for a space round it."""
    value = single(arguments[0], "tonumber()")
    if len(arguments) == 1:
        return number_of(value)
    base = index_argument(arguments[1], "tonumber()")
    if value is None or base is None:
        return None
    if not 2 <= base <= 36:
        raise Doubtful("tonumber() with this base")
    text = text_of(value)
    if not re.fullmatch("-?[0-9A-Za-z]+", text):
        return None
    try:
        return float(int(text, base))
    except (ValueError, OverflowError):
        return None


def _tostring(arguments: Arguments, _: Surroundings) -> Value:
    value = single(arguments[0], "tostring()")
    if len(arguments) > 1:
        raise NotEvaluated("tostring() with a format")
    if value is None:
        raise Doubtful("tostring() of NULL")
    return text_of(value)


def _on_text(
    name: str, change: Callable[[str], Value]
) -> Callable[[Arguments, Surroundings], Value]:
    def call(arguments: Arguments, _: Surroundings) -> Value:
        text = text_argument(arguments[0], name)
        return None if text is None else change(text)

    return call


def _on_number(
    name: str, change: Callable[[float], float]
) -> Callable[[Arguments, Surroundings], Value]:
    def call(arguments: Arguments, _: Surroundings) -> Value:
        number = number_argument(arguments[0], name)
        return None if number is None else change(number)

    return call


def _substr(arguments: Arguments, _: Surroundings) -> Value:
    """Positions count from 1, or from the end when negative."""
    text, start = text_argument(arguments[0], "substr()"), index_argument(arguments[1], "substr()")
    length = index_argument(arguments[2], "substr()") if len(arguments) > 2 else None
    if text is None or start is None or (len(arguments) > 2 and length is None):
        return None
    if start == 0 or start < -len(text) or (length is not None and length < 0):
        raise Doubtful("substr() from outside the text")
    begin = start - 1 if start > 0 else len(text) + start
    return text[begin:] if length is None else text[begin : begin + length]


def _replace(arguments: Arguments, _: Surroundings) -> Value:
    text, new = text_argument(arguments[0], "replace()"), text_argument(arguments[2], "replace()")
    if text is None or new is None:
        return None
    pattern = translate(literal(arguments[1]))
    if re.search(r"\\\D|\\$", new):
        raise Doubtful("this backslash in the replacement")

    def put(found: re.Match[str]) -> str:
        def group(reference: re.Match[str]) -> str:
            if int(reference[1]) > pattern.groups:
                raise Doubtful("a group that is not there")
            return found[int(reference[1])] or ""

        return re.sub(r"\\(\d)", group, new)

    return pattern.sub(put, text)


def _trim(arguments: Arguments, _: Surroundings) -> Value:
    """Without a second argument, spaces and tabs go."""
    text = text_argument(arguments[0], "trim()")
    characters = literal(arguments[1]) if len(arguments) > 1 else " \t"
    return None if text is None else text.strip(characters)


def _round(arguments: Arguments, _: Surroundings) -> Value:
    number = number_argument(arguments[0], "round()")
    digits = index_argument(arguments[1], "round()") if len(arguments) > 1 else 0
    if number is None or digits is None or not math.isfinite(number):
        return number if digits is not None else None
    if not 0 <= digits <= 15 or abs(number) >= 1e15:
        raise Doubtful("round() to so many digits")
    return float(Decimal(repr(number)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def _extreme(last: bool) -> Callable[[Arguments, Surroundings], Value]:
    """max() and min(): texts count as greater than numbers."""

    def call(arguments: Arguments, _: Surroundings) -> Value:
        values = [v for v in (single(a, "max() or min()") for a in arguments) if v is not None]
        numbers = [n for n in map(number_of, values) if n is not None]
        texts = [text_of(v) for v in values if number_of(v) is None]
        if last:
            return max(texts) if texts else max(numbers, default=None)
        return min(numbers) if numbers else min(texts, default=None)

    return call


def _now(_: Arguments, around: Surroundings) -> Value:
    if around.now is None:
        raise NotEvaluated("now() without a clock")
    return around.now


# Time


def _strptime(arguments: Arguments, _: Surroundings) -> Value:
    text = text_argument(arguments[0], "strptime()")
    return None if text is None else parse_time(text, literal(arguments[1]))


def _strftime(arguments: Arguments, _: Surroundings) -> Value:
    number = number_argument(arguments[0], "strftime()")
    return None if number is None else format_time(number, literal(arguments[1]))


def _relative_time(arguments: Arguments, _: Surroundings) -> Value:
    number = number_argument(arguments[0], "relative_time()")
    return None if number is None else shift_time(number, literal(arguments[1]))


def _json_extract(arguments: Arguments, _: Surroundings) -> Value:
    text = text_argument(arguments[0], "json_extract()")
    if text is None or len(arguments) == 1:
        return text
    return extract(text, literal(arguments[1]))


FUNCTIONS: dict[str, Callable[[Arguments, Surroundings], Value]] = {
    **MULTIVALUE,
    "null": lambda _, __: None,
    "tonumber": _tonumber,
    "tostring": _tostring,
    "lower": _on_text("lower()", str.lower),
    "upper": _on_text("upper()", str.upper),
    "md5": _on_text("md5()", lambda text: hashlib.md5(text.encode()).hexdigest()),
    "len": _on_text("len()", lambda text: float(len(text))),
    "substr": _substr,
    "replace": _replace,
    "trim": _trim,
    "urldecode": _on_text("urldecode()", unquote),
    "round": _round,
    "abs": _on_number("abs()", abs),
    "ceiling": _on_number("ceiling()", lambda n: float(math.ceil(n)) if math.isfinite(n) else n),
    "floor": _on_number("floor()", lambda n: float(math.floor(n)) if math.isfinite(n) else n),
    "max": _extreme(True),
    "min": _extreme(False),
    "json_array_to_mv": _on_text("json_array_to_mv()", members),
    "json_extract": _json_extract,
    "spath": lambda arguments, _: extract_path(
        text_argument(arguments[0], "spath()"), literal(arguments[1])
    ),
    "now": _now,
    "relative_time": _relative_time,
    "strftime": _strftime,
    "strptime": _strptime,
}
