"""Sigma as an engine of ``agreement``: pySigma reads the rule, a small evaluator plays it through.

The evaluator knows of Sigma what its specification says
(https://github.com/SigmaHQ/sigma-specification): values are compared whole and without regard to
letter case, with ``*`` and ``?``; ``cased`` counts it; numbers are compared as numbers, addresses
with networks; any value of a list may match; ``exists`` asks for a field, "be
it empty or null", and ``null`` for one that is not there or null. Keywords stand somewhere in the
text of the event. The event is flattened as for Splunk, see ``spl.events``.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import yaml
from sigma.collection import SigmaCollection
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.exceptions import SigmaError
from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SpecialChars,
)

from kqlx.testing.agreement import Malformed
from kqlx.testing.stored import Event
from tests.oracles.spl.events import Event as FlatEvent
from tests.oracles.spl.events import flat_event, values_of

Test = Callable[[str], bool]
Predicate = Callable[[FlatEvent], bool]


class UniqueKeys(yaml.SafeLoader):
    """A loader that refuses what YAML does, and PyYAML and ``SigmaCollection`` let pass: a key
    that stands twice in a map. Dates stay texts, as the JSON schema wants them.
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [
            self.construct_object(key, deep=True)
            for key, _ in node.value
            if key.tag != "tag:yaml.org,2002:merge"
        ]
        if len(set(keys)) != len(keys):
            raise yaml.YAMLError(f"a key stands twice among {keys}")
        return super().construct_mapping(node, deep)


UniqueKeys.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(text: str) -> list[Any]:
    """The documents of a stream of YAML. Raises YAMLError."""
    return list(yaml.load_all(text, Loader=UniqueKeys))


class Sigma:
    """The target ``sigma``."""

    name = "sigma"

    def read(self, query: str) -> None:
        """Raises Malformed for what pySigma refuses, and for selectors that select nothing."""
        try:
            documents(query)
            _predicate(query)
        except (SigmaError, yaml.YAMLError) as error:
            raise Malformed(str(error)) from None

    def holds(self, query: str, event: Event) -> bool:
        return _predicate(query)({**dict.fromkeys(_nulls(event)), **flat_event(event)})


def _nulls(value: object, name: str = "") -> Iterator[str]:
    """The names of fields that are null, or a list that holds a null."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _nulls(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for item in value:
            yield from _nulls(item, name)
    elif value is None:
        yield name


SIGMA = Sigma()


@lru_cache(maxsize=1000)
def _predicate(query: str) -> Predicate:
    (rule,) = SigmaCollection.from_yaml(f"title: a rule\n{query}\n").rules
    if rule.errors:
        raise rule.errors[0]
    (condition,) = rule.detection.parsed_condition
    names = set(rule.detection.detections)
    for selector in re.findall(r"\bof (\S+?)\)*(?: |$)", condition.condition):
        if not any(re.fullmatch(selector.replace("*", ".*"), name) for name in names):
            raise SigmaError(f"{selector} selects nothing")
    return _compiled(condition.parsed)


def _compiled(node: Any) -> Predicate:
    if isinstance(node, ConditionAND | ConditionOR):
        items = [_compiled(item) for item in node.args]
        join = all if isinstance(node, ConditionAND) else any
        return lambda event: join(item(event) for item in items)
    if isinstance(node, ConditionNOT):
        inner = _compiled(node.args[0])
        return lambda event: not inner(event)
    if isinstance(node, ConditionValueExpression):
        word = _pattern(node.value, "*", "*")
        return lambda event: word(str(event["_raw"]))
    assert isinstance(node, ConditionFieldEqualsValueExpression), node
    name = node.field
    if isinstance(node.value, SigmaExists):
        wanted = node.value.exists
        return lambda event: (name in event) is wanted
    if isinstance(node.value, SigmaNull):
        return lambda event: not values_of(event, name)
    if isinstance(node.value, SigmaFieldReference):
        other = node.value.field
        return lambda event: not {*values_of(event, name)}.isdisjoint(values_of(event, other))
    test = _test(node.value)
    return lambda event: any(map(test, values_of(event, name)))


def _test(value: Any) -> Test:
    """The test of one value of a field."""
    match value:
        case SigmaString():
            return _pattern(value)
        case SigmaRegularExpression():
            # https://sigmahq.io/docs/basics/modifiers.html: letter case counts, unless |i is said
            flags = sum(getattr(re, flag.name) for flag in value.flags)
            search = re.compile(str(value.regexp), flags | re.ASCII).search
            return lambda text: search(text) is not None
        case SigmaBool():
            return lambda text: text == str(value.boolean).lower()
        case SigmaNumber():
            number = Decimal(str(value.number))
            return lambda text: _number(text) == number
        case SigmaCompareExpression():
            compare = getattr(
                operator, {"gte": "ge", "lte": "le"}.get(o := value.op.name.lower(), o)
            )
            limit = Decimal(str(value.number.number))
            return lambda text: (n := _number(text)) is not None and bool(compare(n, limit))
        case SigmaCIDRExpression():
            return lambda text: _in_network(text, value.network)
    raise AssertionError(f"a value of type {type(value).__name__}")


def _pattern(value: SigmaString, *around: str) -> Test:
    wild = {SpecialChars.WILDCARD_MULTI: ".*", SpecialChars.WILDCARD_SINGLE: "."}
    cased = isinstance(value, SigmaCasedString)
    parts = [
        re.escape(part if cased else part.lower()) if isinstance(part, str) else wild[part]
        for part in value.s
    ]
    edge = ".*" if around else ""
    fits = re.compile(edge + "".join(parts) + edge, re.DOTALL).fullmatch
    return lambda text: fits(text if cased else text.lower()) is not None


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _in_network(text: str, network: Any) -> bool:
    try:
        return ipaddress.ip_address(text) in network
    except ValueError:
        return False
