"""Parameters of ASIM's parsers: what a query asks of all rows, said to the parser too, which then
reads less of each source. They only leave out rows that the query's own tests leave out again.

https://learn.microsoft.com/azure/sentinel/normalization-schema-network, "Filtering parser
parameters", and the pages of the other schemas beside it. Those of texts go by words: of these only
whole domains are said, for a word within a word is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kqlx.backends.sentinel.syntax import quote
from kqlx.elastic.addresses import canonical, network, plain_network
from kqlx.nodes import Equals, Like, Literal, Node, alternatives
from kqlx.nodes import Or as Either
from kqlx.patterns import ANY_RUN
from kqlx.regexes import late_regex

MOST_VALUES = 100
"""So many prefixes or domains a parameter has at most; the parsers take 10,000."""

_DOMAIN = late_regex(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")

Test = Equals | Like
_Made = Callable[[Sequence[Test]], str]


def with_parameters(table: str, items: Iterable[Node]) -> str:
    """The call of a parser, with what the conjuncts ask; other tables as they are."""
    known = _PARAMETERS.get(table)
    if known is None:
        return table
    found: dict[str, str] = {}
    for item in items:
        tests = alternatives(item) if isinstance(item, Either) else [item]
        single = [one for one in tests if isinstance(one, Test) and isinstance(one.field, Literal)]
        names = {one.field.name for one in single}
        if len(single) < len(tests) or len(names) != 1:
            continue
        name, make = known.get(names.pop(), ("", None))
        if make is not None and name not in found and (value := make(single)):
            found[name] = value
    said = ", ".join(f"{name} = {value}" for name, value in found.items())
    return f"{table}({said})" if said else table


def _port(tests: Sequence[Test]) -> str:
    """One number: the parameter takes no list."""
    if len(tests) != 1 or not isinstance(tests[0], Equals) or not tests[0].value.name.isdecimal():
        return ""
    return tests[0].value.name


def _prefixes(tests: Sequence[Test]) -> str:
    """Addresses of version 4, and of networks the whole bytes in which they begin."""
    found: dict[str, None] = {}
    for test in tests:
        asked = test.value.name if isinstance(test, Equals) else ""
        text = plain_network(asked) if "/" in asked else canonical(asked)
        if network(text) is None or ":" in text:
            return ""
        address, _, length = text.partition("/")
        bytes_said = int(length or 32) // 8
        if not bytes_said:
            return ""
        start = ".".join(address.split(".")[:bytes_said])
        found[start if bytes_said == 4 else f"{start}."] = None
    return _listed(found)


def _domains(tests: Sequence[Test]) -> str:
    """Whole domains, and those below one."""
    found: dict[str, None] = {}
    for test in tests:
        if isinstance(test, Equals):
            text = test.value.name
        else:
            first, *rest = test.pattern.tokens
            text = str(rest[0])[1:] if first is ANY_RUN and len(rest) == 1 else ""
            text = text if str(rest[:1] and rest[0])[:1] == "." else ""
        if not _DOMAIN.fullmatch(text):
            return ""
        found[text] = None
    return _listed(found)


def _status_codes(tests: Sequence[Test]) -> str:
    """Numbers, which have one spelling."""
    found = {test.value.name: None for test in tests if isinstance(test, Equals)}
    whole = len(found) == len(tests) and all(map(str.isdecimal, found))
    return _listed(found) if whole else ""


def _listed(values: Iterable[str]) -> str:
    texts = [*values]
    return f"dynamic([{', '.join(map(quote, texts))}])" if len(texts) <= MOST_VALUES else ""


_SOURCE: tuple[str, _Made] = ("srcipaddr_has_any_prefix", _prefixes)
_PARAMETERS: dict[str, dict[str, tuple[str, _Made]]] = {
    "_Im_NetworkSession": {
        "SrcIpAddr": _SOURCE,
        "DstIpAddr": ("dstipaddr_has_any_prefix", _prefixes),
        "DstPortNumber": ("dstportnumber", _port),
    },
    "_Im_WebSession": {
        "SrcIpAddr": _SOURCE,
        "EventResultDetails": ("eventresultdetails_in", _status_codes),
    },
    "_Im_Dns": {"DnsQuery": ("domain_has_any", _domains)},
}
"""By parser and column the parameter, and what makes its value, "" where it cannot say it."""
