"""``-``, ``!`` and ``+`` before a test that follows another one: ``a:b -c:d``, ``a:b &&
!(c:d)``.
"""

from __future__ import annotations

import re

from kqlx.frontends.kql.diagnostics.colons_and_comparisons import in_place, respelled_value
from kqlx.frontends.kql.diagnostics.parse_failure import Diagnosis, Stop, expression_at
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import write

_BLANKS = re.compile(f"[{SPACES}]+")
_SIGNED = re.compile(r"(?P<sign>[-!+])(?P<name>[A-Za-z_@][\w.@*/-]*)?")
_JOINING = {"&&": "and", "&": "and", "||": "or"}


def negation(stop: Stop) -> Diagnosis | None:
    """What the sign stands for, or None where the stop is of another kind."""
    if stop.in_values or "_AND" not in stop.expected:
        return None
    if stop.kind() == "UNQUOTED" and stop.follows_value:
        return _in_value(stop)
    here = _SIGNED.match(stop.here) if stop.at.kind == "UNQUOTED" else None
    if here is None or stop.touches or _BLANKS.search(stop.here):
        return None
    test = expression_at(stop.text, stop.offset + 1)
    return _said(here["sign"], stop.preceding, "and", test)


def _in_value(stop: Stop) -> Diagnosis | None:
    """The value before the stop ends with the sign, or with the sign and a name."""
    words = _BLANKS.split(stop.word())
    name = ""
    if stop.at.kind in ("_COLON", "OPERATOR"):
        name = words.pop()
        if words and words[-1] in ("!", "-", "+"):
            name = words.pop() + name
    elif stop.at.kind == "LPAR" and not stop.touches and words[-1] not in ("!", "-"):
        return None
    elif stop.at.kind == "LPAR":
        name = words.pop()
    signed = _SIGNED.fullmatch(name)
    if signed is None or not words or (stop.at.kind == "LPAR") == bool(signed["name"]):
        return None
    keyword = "and"
    if words[-1] in _JOINING:
        keyword = _JOINING[words.pop()]
    if not words:
        return None
    if signed["name"]:
        blank = " " if stop.at.kind == "OPERATOR" else ""
        value = respelled_value(stop)
        test = value and f"{signed['name']}{blank}{stop.here}{blank}{value}"
    else:
        test = expression_at(stop.text, stop.offset)
    return _said(signed["sign"], in_place(stop, " ".join(words)), keyword, test)


def _said(sign: str, head: str, keyword: str, test: str) -> Diagnosis:
    if sign == "+":
        hint = write(f"{head} {keyword} {test}") if head and test else ""
        return Diagnosis("symbol-operator", "+ is not an operator", hint or "remove it")
    hint = write(f"{head} {keyword} not {test}") if head and test else ""
    message = f'Kibana KQL uses "not" instead of {sign}'
    return Diagnosis("symbol-operator", message, hint or 'write "and not" instead')
