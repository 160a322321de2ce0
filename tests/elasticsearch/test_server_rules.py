"""Whole rules on a real Elasticsearch: it finds the events near the border of each that Kibana's
meaning has, and counts what a model of Kibana's counts.

The distribution has no scripts, so that the last step of an aggregation, which keeps groups or
drops them by their counts, is done here on the counts that Elasticsearch answers.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

import kqlx
from kqlx.evaluate.compiler import compile
from kqlx.evaluate.event_fields import all_values
from kqlx.mappings.field_list import of_types
from kqlx.mappings.known_types import Types, field_tests, types_for
from kqlx.nodes import FreeText, Nested, Node, Pattern, walk
from kqlx.rules.load import load_rules
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.query_tree import query_of
from kqlx.rules.threshold import threshold_of
from kqlx.testing.bounds import types_of
from kqlx.testing.near import near_events
from kqlx.testing.stored import as_stored
from tests import corpus
from tests.conftest import OWN_RULES
from tests.oracles.searches import Event, Search
from tests.oracles.server import Refused, Server

pytestmark = pytest.mark.elasticsearch

EVENTS = 20
"""Events near the border of each rule. Each query is asked about those of all rules."""

Rules = list[tuple[Path, kqlx.Rule]]


def ours() -> Rules:
    return [(path, rule) for path in OWN_RULES for rule in load_rules(path).rules]


def rules() -> Rules:
    """Those about single events: this distribution has no EQL search, which sequences are for."""
    found = [*ours(), *corpus.rules()]
    return [(path, rule) for path, rule in found if not query_of(rule).steps]


def counted_by(rule: kqlx.Rule) -> tuple[str, ...]:
    threshold, terms = threshold_of(rule), new_terms_of(rule)
    distinct = tuple(name for name, _ in threshold.distinct) if threshold else ()
    return (*(threshold.by if threshold else ()), *distinct, *(terms.fields if terms else ()))


def all_types(found: Iterable[kqlx.Rule]) -> dict[str, str]:
    """The types of the fields of all rules: as their sources have them, else keyword or, where one
    is compared with a number, double; those above and below them too.
    """
    types: dict[str, str] = {"@timestamp": "date", "event.ingested": "date"}
    for rule in found:
        node = kqlx.parse(rule.query, language=rule.language)
        known = types_for(node, indices=rule.indices, integrations=rule.integrations)
        guessed = types_of(node)
        names = {*(name for name, _ in field_tests(node)), *counted_by(rule)}
        types |= dict.fromkeys(groups_of(node), "nested")
        types |= dict.fromkeys(made_for_stars(node), "keyword")
        for name in names:
            if kind := known.get(name) or guessed.get(name) or "keyword":
                if known.below(name, "flattened"):
                    continue
                types.setdefault(name, kind)
                _parents(name, known, types)
        types |= {
            name: kind
            for name, kind in known.listed().items()
            if kind == "flattened" and any(other.startswith(f"{name}.") for other in names)
        }
    return types


def groups_of(node: Node) -> Iterator[str]:
    """The paths of the nested groups, which an index must have as such."""
    for part in walk(node):
        if isinstance(part, Nested):
            yield part.path.name


def made_for_stars(node: Node) -> Iterator[str]:
    """The fields that ``near_events`` makes for names with stars: an index that has them knows
    them, and without a type of our own it would make texts of them.
    """
    for part in walk(node):
        field = getattr(part, "field", None)
        if isinstance(field, Pattern):
            yield field.name.replace("*", "x")


def _parents(name: str, known: Types, types: dict[str, str]) -> None:
    """What stands above a field, and the field of which it is another reading."""
    end = name.rfind(".")
    while end > 0:
        above = name[:end]
        kind = known.get(above)
        if kind is None and name[end + 1 :] in ("text", "keyword", "caseless"):
            kind = "keyword"
        if kind is not None:
            types.setdefault(above, kind)
        end = name.rfind(".", 0, end)


class Stock:
    """The events of all rules in one index, and who has to find which."""

    def __init__(self, engine: Server, index: str, found: Rules, count: int = EVENTS) -> None:
        self.engine, self.index = engine, index
        self.types = all_types(rule for _, rule in found)
        events = list(self._drawn(found, count))
        engine.create(index, self.types)
        refused = engine.fill(index, events)
        self.events = {n: event for n, event in enumerate(events) if n not in refused}
        self.refused = refused
        self.known: dict[str, set[int]] = {}

    def _drawn(self, found: Rules, count: int) -> Iterator[Event]:
        for path, rule in found:
            seed = crc32(path.name.encode())
            node = kqlx.parse(rule.query, language=rule.language)
            for event in near_events(node, self.types, count, seed):
                yield as_stored(event, self.types)

    def ours(self, rule: Rule) -> set[int]:
        """The numbers of the events that match by our meaning."""
        query = rule.query
        if query not in self.known:
            holds = compile(query, self.types, language=rule.language)
            self.known[query] = {n for n, event in self.events.items() if holds(event)}
        return self.known[query]


@pytest.fixture(scope="module")
def stock(elasticsearch: Server) -> Stock:
    return Stock(elasticsearch, "rules", rules())


def test_most_events_can_be_indexed(stock: Stock) -> None:
    """Some hold a value where others hold an object."""
    assert len(stock.refused) < 0.02 * (len(stock.events) + len(stock.refused)), stock.refused


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("typed", ["by the source", "by the index"])
def test_rules_find_their_events(stock: Stock, typed: str, compact: bool) -> None:
    fields = of_types(stock.types) if typed == "by the index" else None
    found = rules()
    queries: list[Any] = [
        kqlx.convert(
            rule.query,
            "es",
            fields=fields,
            compact=compact,
            accept=["different"],
            language=rule.language,
        ).query
        for _, rule in found
    ]
    different = []
    some = 0
    answers = stock.engine.matching_each(stock.index, queries)
    for (path, rule), answer in zip(found, answers, strict=True):
        expected = stock.ours(rule)
        some += 0 < len(expected) < len(stock.events)
        if isinstance(answer, Refused) or answer != expected:
            found_one = answer if isinstance(answer, Refused) else sorted(answer ^ expected)[:5]
            different.append(f"{path.name}: {found_one}")
    assert different == []
    assert some > 0.95 * len(found)  # else little was tried


AGES = (1, 3, 7, 30, 300, 3000, 30000)
"""Minutes before now, none at the border of a window."""


def aged(
    events: Iterable[Event], names: Sequence[str], seed: int, now: datetime
) -> Iterator[Event]:
    """The events in flat spelling, each of some age, with values to count by."""
    rng = random.Random(seed)

    def at(minutes: float) -> str:
        moment = now - timedelta(minutes=minutes, seconds=20)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    for event in events:
        flat: dict[str, Any] = {}
        for name, value in all_values(event):
            flat.setdefault(name, []).append(value)
        for name in names:
            values = rng.choice([["a"], ["b"], ["a", "b"], ["c"], []])
            flat[name] = values
        happened = rng.choice(AGES)
        flat["@timestamp"] = [at(happened)]
        flat["event.ingested"] = [at(rng.choice([1, happened]))] if rng.random() < 0.8 else []
        yield {
            name: found[0] if len(found) == 1 else found for name, found in flat.items() if found
        }


def test_searches_and_their_counts(elasticsearch: Server) -> None:
    """The bodies for rules of all types: windows, groups and the counts of each."""
    different, kinds = [], set()
    for number, (path, rule) in enumerate(rules()):
        try:
            conversion = kqlx.convert(rule, "es", format="search", accept=["different", "narrower"])
        except kqlx.UnsupportedError:
            continue
        body: Any = conversion.query
        if path not in OWN_RULES and number % (3 if "aggs" in body else 16):
            continue  # of the many some are enough: each has an index of its own
        node = kqlx.parse(rule.query, language=rule.language)
        if any(isinstance(part, Nested | FreeText) for part in walk(node)):
            continue  # flat events have no objects, nor fields of no type
        types = all_types([rule])
        names = [name for name in counted_by(rule) if types.get(name, "keyword") == "keyword"]
        now = datetime.now(UTC)
        near = near_events(node, types, 60, crc32(path.name.encode()))
        events = list(aged((as_stored(event, types) for event in near), names, number, now))
        index = f"search-{number}"
        elasticsearch.create(index, types)
        refused = elasticsearch.fill(index, events)
        kept = [event for n, event in enumerate(events) if n not in refused]
        model = Search(body, types, now)
        kinds.add(rule.type)
        if "aggs" not in body:
            numbers = {n for n, event in enumerate(events) if n not in refused}
            found = elasticsearch.matching(index, body["query"])
            expected = {n for n in numbers if model.holds(body["query"], events[n])}
            if found != expected:
                different.append(f"{path.name}: events {sorted(found ^ expected)[:5]}")
        else:
            answer, ours = groups(elasticsearch, index, body), in_texts(model.groups(kept))
            if answer != ours:
                different.append(f"{path.name}: {answer} and {ours}")
        elasticsearch.ask("DELETE", f"/{index}")
    assert different == []
    assert {"query", "threshold", "new_terms"} <= kinds


_TEST = re.compile(r"params\.(\w+) (>=|>|==) (\d+)", re.ASCII)


def in_texts(groups: Mapping[tuple[Any, ...], int]) -> dict[tuple[Any, ...], int]:
    """The groups with the texts of values, which are what a keyword holds."""
    return {
        tuple([value if isinstance(value, str) else json.dumps(value) for value in key]): count
        for key, count in groups.items()
    }


def groups(engine: Server, index: str, body: Mapping[str, Any]) -> dict[tuple[Any, ...], int]:
    """What Elasticsearch counts in each group, and which groups the selectors would keep."""
    asked = json.loads(json.dumps(body))
    outer = asked["aggs"]["groups"]
    selectors = [
        outer["aggs"].pop(name)["bucket_selector"]
        for name, inner in list(outer["aggs"].items())
        if "bucket_selector" in inner
    ]
    buckets = engine.search(index, asked)["aggregations"]["groups"]["buckets"]
    kept = {}
    for bucket in buckets:
        if all(_selected(selector, bucket) for selector in selectors) and bucket["doc_count"]:
            key = tuple(bucket["key"].values()) if "key" in bucket else ()
            kept[key] = int(bucket["doc_count"])
    return in_texts(kept)


def _selected(selector: Mapping[str, Any], bucket: Mapping[str, Any]) -> bool:
    values = {}
    for name, path in selector["buckets_path"].items():
        inner = path.partition(">")[0]
        count = bucket["doc_count"] if path == "_count" else bucket[inner].get("doc_count")
        values[name] = bucket[inner]["value"] if count is None else count
    found = [_TEST.fullmatch(test) for test in selector["script"].split(" && ")]
    return all(match and _stands(values[match[1]], match[2], int(match[3])) for match in found)


def _stands(value: int, sign: str, limit: int) -> bool:
    return {">=": value >= limit, ">": value > limit, "==": value == limit}[sign]
