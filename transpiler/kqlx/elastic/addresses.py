"""The field type ``ip``: addresses of both versions, networks in queries.

IPv4 addresses are their IPv4-mapped IPv6 addresses, as Elasticsearch keeps them, so that
``::ffff:10.0.0.1`` equals ``10.0.0.1`` and ranges run over both versions
(https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/ip). The zone of an IPv6
address (``fe80::1%eth0``) does not matter; octets with leading zeros are not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network
from typing import Any

from kqlx.elastic.field_types import COMPARISONS, FieldType, Test, any_piece
from kqlx.nodes import Literal, Operator, Pattern
from kqlx.regexes import late_regex

_MAPPED = 0xFFFF << 32
_BITS = 128
_PREFIX = late_regex(r"\+?0*\d{1,3}", re.ASCII)
_NETWORK = late_regex(r"[0-9.]+/[0-9]{1,2}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?")


@lru_cache(maxsize=10_000)
def address(text: str) -> int | None:
    """The address as a number of 128 bits, or None."""
    try:
        if ":" not in text:
            return _MAPPED + int(IPv4Address(text))
        plain, percent, zone = text.partition("%")
        return None if percent and not zone else int(IPv6Address(plain))
    except AddressValueError:
        return None


def canonical(text: str) -> str:
    """An address as Elasticsearch gives it back: IPv6 in its shortest form, IPv4 by itself. Other
    texts stay.
    """
    at = address(text)
    if at is None:
        return text
    found = IPv6Address(at)
    return str(found.ipv4_mapped or found)


def network(text: str) -> tuple[int, int] | None:
    """First and last address of ``10.0.0.0/8``; bits beyond the prefix do not matter. A lone
    address is a network of one, and one written as an IPv4-mapped IPv6 address is refused, as in
    Elasticsearch.
    """
    start, slash, prefix = text.partition("/")
    at = address(start)
    if at is None or not slash:
        return None if at is None else (at, at)
    if not _PREFIX.fullmatch(prefix) or (":" in start and at >> 32 == 0xFFFF):
        return None
    length = int(prefix) + (0 if ":" in start else _BITS - 32)
    if length > _BITS:
        return None
    rest = (1 << (_BITS - length)) - 1
    return at & ~rest, at | rest


def is_network(text: str) -> bool:
    """Whether the text is an address with a prefix length."""
    if "/" not in text or not text[-1].isdigit():
        return False
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=2048)
def plain_network(text: str) -> str:
    """A network without host bits; of one IPv6 address, which has many spellings, that of one.

    "" for anything else, a single IPv4 address among it.
    """
    start, slash, prefix = text.partition("/")
    text = f"{start.partition('%')[0]}{slash}{prefix}" if ":" in start else text
    if not _NETWORK.fullmatch(text):
        return ""
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        return ""
    first = found.network_address
    mapped = first.ipv4_mapped if isinstance(first, IPv6Address) else None
    if mapped is not None and found.prefixlen >= 96:  # for Elasticsearch the same address
        length = found.prefixlen - 96
        return str(mapped) if length == 32 else f"{mapped}/{length}"
    return str(found)


class Ip(FieldType):
    """Addresses; a value may be a network, a bound of a range may not, and a pattern is refused."""

    takes_patterns = False
    takes_any_case = False

    def refuses(self, literal: Literal) -> bool:
        return network(literal.name) is None

    def refuses_bound(self, literal: Literal) -> bool:
        return address(literal.name) is None

    def like(self, pattern: Pattern) -> Test | None:
        return any_piece(self, pattern)

    def holds(self, value: Any) -> bool:
        return isinstance(value, str) and address(value) is not None

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        spans = [span for literal in wanted if (span := network(literal.name))]
        singles = frozenset([first for first, last in spans if first == last])
        spans = [(first, last) for first, last in spans if first != last]
        if not singles and not spans:
            return None

        def within(value: Any) -> bool:
            at = address(value) if isinstance(value, str) else None
            if at is None:
                return False
            return at in singles or any([first <= at <= last for first, last in spans])

        return within

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        limit = address(bound.name)
        if limit is None:
            return None
        stands = COMPARISONS[op]

        def within(value: Any) -> bool:
            at = address(value) if isinstance(value, str) else None
            return at is not None and stands(at, limit)

        return within
