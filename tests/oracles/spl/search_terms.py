"""A term of ``search`` and an event → whether the event is kept.

https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/search-commands/search
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.oracles.spl.errors import Doubtful, NotEvaluated
from tests.oracles.spl.events import values_of
from tests.oracles.spl.nodes import (
    And,
    Comparison,
    InList,
    Macro,
    Not,
    Or,
    Term,
    TimeModifier,
    Value,
    Word,
)

MAJOR = " \t\r\n[]<>(){}|!;,'\"*&?+"
MINOR = "/:=@.-$#%\\_"
"""Default breakers: segmenters.conf.spec in https://github.com/splunk/vscode-extension-splunk"""

PREFIX = re.compile(r"/\d{1,3}\Z")  # netmasks are not documented
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_BEFORE = f"(?:(?<![^{re.escape(MAJOR + MINOR)}])|(?=[{re.escape(MAJOR + MINOR)}]))"
_AFTER = f"(?:(?![^{re.escape(MAJOR + MINOR)}])|(?<=[{re.escape(MAJOR + MINOR)}]))"


@dataclass(frozen=True, slots=True)
class Settings:
    """``expand`` reads a macro; ``empty_exists`` says whether ``f=*`` matches an empty text, which
    is not documented.
    """

    expand: Callable[[Macro], Term]
    empty_exists: bool = True


def keeps(term: Term, event: Mapping[str, object], settings: Settings) -> bool:
    """Whether the term is true of the event. Raises Doubtful and NotEvaluated."""
    match term:
        case And(items=items):
            return _all(items, event, settings, wanted=True)
        case Or(items=items):
            for item in items:
                _check_expansion(item, settings)
            return not _all(items, event, settings, wanted=False)
        case Not(item=item):
            _check_expansion(item, settings)
            return not keeps(item, event, settings)
        case Macro():
            return keeps(settings.expand(term), event, settings)
        case Comparison():
            return _compare(term, event, settings)
        case InList(field=field, values=values):
            return any([_equals(field, value, event, settings) for value in values])
        case Word():
            return _in_raw(term, values_of(event, "_raw"))
        case TimeModifier():
            raise NotEvaluated("the time range of a search")


def _all(
    items: tuple[Term, ...], event: Mapping[str, object], settings: Settings, *, wanted: bool
) -> bool:
    """Whether every item has the wanted outcome; a doubtful one is no matter beside one that has
    the other outcome for sure.
    """
    doubt: Doubtful | None = None
    for item in items:
        try:
            if keeps(item, event, settings) != wanted:
                return False
        except Doubtful as error:
            doubt = error
    if doubt:
        raise doubt
    return True


def _check_expansion(term: Term, settings: Settings) -> None:
    """Macros are expanded as text, so that NOT and OR before one reach its first term alone:
    https://help.splunk.com/en/splunk-enterprise/manage-knowledge-objects/knowledge-management-manual/10.0/search-macros
    """
    if isinstance(term, Macro):
        expansion = settings.expand(term)
        if isinstance(expansion, And | Or) and not expansion.grouped:
            raise Doubtful(f"macro {term.name} of several terms beside NOT or OR")


def _compare(term: Comparison, event: Mapping[str, object], settings: Settings) -> bool:
    if term.operator == "=":
        return _equals(term.field, term.value, event, settings)
    values = values_of(event, term.field)
    if term.operator == "!=":
        # https://docs.splunk.com/Documentation/Splunk/9.0.2/Search/NOTexpressions
        differs = [not _equal(value, term.value, settings) for value in values]
        if any(differs) and not all(differs):
            raise Doubtful("!= on a field of many values, some of which differ")
        return any(differs)
    return any(_in_order(value, term.operator, term.value.text) for value in values)


def _in_order(left: str, name: str, right: str) -> bool:
    """As numbers if both are, else in byte order, upper case first:
    https://docs.splunk.com/Documentation/SCS/current/Search/Lexicographicalorder
    """
    if NUMBER.fullmatch(left) and NUMBER.fullmatch(right):
        return ORDER[name](float(left), float(right))
    encoded = (text.encode("utf-8", "surrogatepass") for text in (left, right))
    return ORDER[name](*encoded)


def _equals(field: str, value: Value, event: Mapping[str, object], settings: Settings) -> bool:
    """Whether any value of the field matches; a missing field matches nothing."""
    return any([_equal(text, value, settings) for text in values_of(event, field)])


def _equal(text: str, value: Value, settings: Settings) -> bool:
    if not text and value.has_wildcard and not any(value.parts):
        return settings.empty_exists
    if not value.case_sensitive:
        text = fold(text)
    if _regex(value.parts, not value.case_sensitive).fullmatch(text):
        return True
    return _in_network(text, value.text)


@lru_cache(maxsize=10_000)
def _regex(parts: tuple[str, ...], is_folded: bool) -> re.Pattern[str]:
    """What a text has to be that has these parts around stars."""
    wanted = map(fold, parts) if is_folded else parts
    return re.compile(".*".join(map(re.escape, wanted)), re.DOTALL)


def fold(text: str) -> str:
    """Without letter case, one character at a time. How Splunk folds letters outside ASCII is
    unverified.
    """
    if text.isascii():
        return text.lower()
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _in_network(text: str, network_text: str) -> bool:
    """``ip="10.0.0.0/8"`` matches addresses (the search page, example 7). What host bits in the
    network do is not documented.
    """
    if not PREFIX.search(network_text):
        return False
    try:
        network = ipaddress.ip_network(network_text, strict=False)
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version != network.version or address not in network:
        return False
    if ipaddress.ip_address(network_text.partition("/")[0]) != network.network_address:
        raise Doubtful(f"{network_text} has host bits")
    return True


def _in_raw(word: Word, raws: list[str]) -> bool:
    """Words and phrases are looked for in ``_raw`` between breakers, whatever their letter case:
    https://help.splunk.com/splunk-enterprise/search/search-manual/10.0/search-primer/event-segmentation-and-searching
    """
    parts = word.value.parts
    if not any(parts):
        return True
    raw = raws[0] if raws else ""
    if not word.value.case_sensitive:
        parts, raw = tuple(map(fold, parts)), fold(raw)
    if word.whole:
        return _is_token(parts, raw)
    before = _BEFORE if parts[0] else ""
    after = _AFTER if parts[-1] else ""
    found = []
    for gap in (f"[^{re.escape(MAJOR)}]*", ".*"):
        pattern = before + gap.join(map(re.escape, parts)) + after
        found.append(bool(re.search(pattern, raw, re.DOTALL)))
    if found[0] != found[1]:
        raise Doubtful("a star in a phrase that would have to pass a breaker")
    return found[0]


def _is_token(parts: tuple[str, ...], raw: str) -> bool:
    """TERM(): the text between two major breakers, or one of its pieces between minor ones:
    https://help.splunk.com/splunk-enterprise/search/search-manual/10.0/search-primer/use-case-and-term-to-match-phrases
    """
    pattern = re.compile(".*".join(map(re.escape, parts)))
    tokens = re.split(f"[{re.escape(MAJOR)}]+", raw)
    pieces = [piece for token in tokens for piece in re.split(f"[{re.escape(MINOR)}]+", token)]
    return any(token and pattern.fullmatch(token) for token in tokens + pieces)
