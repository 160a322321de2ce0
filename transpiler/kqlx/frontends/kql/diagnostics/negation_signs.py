"""``-``, ``!`` and ``+`` before a test that follows another one: ``a:b -c:d``, ``a:b &&
!(c:d)``.
"""

from __future__ import annotations

from kqlx.frontends.kql.diagnostics.colons_and_comparisons import respelled_value, with_field
from kqlx.frontends.kql.diagnostics.parse_failure import Diagnosis, ParseFailure, expression_at
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.kql.wording import suggest
from kqlx.regexes import late_regex

_BLANKS = late_regex(f"[{SPACES}]+")
_SIGNED = late_regex(r"(?P<sign>[-!+])(?P<name>[A-Za-z_@][\w.@*/-]*)?")
_JOINING = {"&&": "and", "&": "and", "||": "or"}


def explain_negation_sign(failure: ParseFailure) -> Diagnosis | None:
    """What the sign stands for, or None where the failure is of another kind."""
    if failure.is_in_values or "_AND" not in failure.expected:
        return None
    if failure.kind_before() == "UNQUOTED" and failure.follows_value:
        return _in_value(failure)
    signed = _SIGNED.match(failure.found_text) if failure.found.kind == "UNQUOTED" else None
    if signed is None or failure.follows_directly or _BLANKS.search(failure.found_text):
        return None
    test = expression_at(failure.text, failure.offset + 1)
    return _diagnosis(signed["sign"], failure.previous_expression, "and", test)


def _in_value(failure: ParseFailure) -> Diagnosis | None:
    """The value before the failure ends with the sign, or with the sign and a name."""
    words = _BLANKS.split(failure.text_before())
    name = ""
    if failure.found.kind in ("_COLON", "OPERATOR"):
        name = words.pop()
        if words and words[-1] in ("!", "-", "+"):
            name = words.pop() + name
    elif (
        failure.found.kind == "LPAR"
        and not failure.follows_directly
        and words[-1] not in ("!", "-")
    ):
        return None
    elif failure.found.kind == "LPAR":
        name = words.pop()
    signed = _SIGNED.fullmatch(name)
    if signed is None or not words or (failure.found.kind == "LPAR") == bool(signed["name"]):
        return None
    keyword = "and"
    if words[-1] in _JOINING:
        keyword = _JOINING[words.pop()]
    if not words:
        return None
    if signed["name"]:
        blank = " " if failure.found.kind == "OPERATOR" else ""
        value = respelled_value(failure)
        test = value and f"{signed['name']}{blank}{failure.found_text}{blank}{value}"
    else:
        test = expression_at(failure.text, failure.offset)
    return _diagnosis(signed["sign"], with_field(failure, " ".join(words)), keyword, test)


def _diagnosis(sign: str, head: str, keyword: str, test: str) -> Diagnosis:
    if sign == "+":
        hint = suggest(f"{head} {keyword} {test}") if head and test else ""
        return Diagnosis("symbol-operator", "+ is not an operator", hint or "remove it")
    hint = suggest(f"{head} {keyword} not {test}") if head and test else ""
    message = f'Kibana KQL uses "not" instead of {sign}'
    return Diagnosis("symbol-operator", message, hint or 'write "and not" instead')
