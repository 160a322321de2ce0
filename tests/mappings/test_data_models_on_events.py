"""Drawn queries in fields of ECS alone, on the stored events of all data models: what is searched
together finds each event that Kibana finds, or says that its data model is left out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

import pytest

import kqlx
from kqlx.evaluate.compiler import matches
from kqlx.evaluate.event_fields import values
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.reader.builtin import builtin, builtin_marks
from kqlx.mappings.source_hints import own_names
from kqlx.notes import Effect
from kqlx.rules.model import Rule
from tests.conftest import DEEP
from tests.oracles.pack_events import FOLDER, read
from tests.oracles.sentinel_rows import matching
from tests.oracles.spl.events import stored_event
from tests.oracles.splunk import SPLUNK

MODELS = {source: marks for source, marks in builtin_marks().items() if marks.is_data_model}
EVENTS = [(source, event) for source in MODELS for event in read(FOLDER / f"{source}.yml").events]
FIELDS = (
    "event.category",
    "event.type",
    "event.outcome",
    "source.ip",
    "source.port",
    "destination.ip",
    "destination.port",
    "destination.bytes",
    "network.transport",
    "network.protocol",
    "network.bytes",
    "url.full",
    "url.path",
    "url.domain",
    "http.response.status_code",
    "user_agent.original",
    "dns.question.name",
    "file.name",
    "file.hash.md5",
    "registry.path",
    "user.name",
    "rule.name",
)
VALUES = {
    name: sorted({str(one) for _, event in EVENTS for one in values(event.elastic, name)})
    for name in FIELDS
}
CATEGORIES = sorted({one for marks in MODELS.values() for one in marks.categories})


def drawn(random: random.Random, depth: int = 2) -> str:
    kind = random.random()
    if depth and kind < 0.4:
        return f"({' and '.join(drawn(random, depth - 1) for _ in range(2))})"
    if depth and kind < 0.6:
        return f"({' or '.join(drawn(random, depth - 1) for _ in range(2))})"
    if depth and kind < 0.75:
        return f"not {drawn(random, depth - 1)}"
    name = random.choice(FIELDS)
    if name != "event.category" and random.random() < 0.2:
        return f"{name}:*"
    value = random.choice(VALUES[name]).replace("\\", "\\\\")
    return f'{name}:"{value}"'


def query_of(number: int) -> str:
    by = random.Random(number)
    asked = drawn(by)
    return f"event.category:{by.choice(CATEGORIES)} and {asked}" if by.random() < 0.6 else asked


def found_in_splunk(query: str) -> dict[int, bool]:
    SPLUNK.read(query)
    return {
        number: SPLUNK.keeps(
            query,
            stored_event(event.splunk, False),
            [str(time) for time in values(event.elastic, "@timestamp")],
        )
        for number, (_, event) in enumerate(EVENTS)
        if event.splunk is not None
    }


def found_in_sentinel(query: str) -> dict[int, bool]:
    tables = sorted({*re.findall(r"_Im_\w+", query)})
    rows = [
        (number, table, row)
        for number, (_, event) in enumerate(EVENTS)
        for table, row in event.rows
        if table in tables
    ]
    found = matching(query, tables, rows)
    return {number: number in found for number, (_, event) in enumerate(EVENTS) if event.rows}


FOUND = {"spl": found_in_splunk, "sentinel": found_in_sentinel}


@pytest.mark.parametrize("target", FOUND)
def test_no_event_is_missed_without_a_word(target: str) -> None:
    fired = 0
    count = 300 if target == "spl" else 120
    for number in range(10 * count if DEEP else count):
        query = query_of(number)
        rule = Rule("r", query, format="toml", data={"index": ["logs-*"]})
        try:
            made = kqlx.convert(rule, target)
        except kqlx.KqlxError:
            continue
        told = " ".join(note.message for note in made.notes)
        if "assumed: endpoint.events" in told:
            continue  # these are no events of Elastic Defend's
        wider = made.fidelity >= Effect.WIDER or any(n.effect is Effect.CASE for n in made.notes)
        found = FOUND[target](str(made.query))
        for at, hit in found.items():
            source, event = EVENTS[at]
            wanted = bool(matches(kqlx.parse(query), event.elastic))
            fired += wanted and hit
            if wanted and not hit:
                assert f"{source} is left out" in told or _unsearched(source, told), query
            assert wanted or not hit or wider, query
    assert fired > 20


def _unsearched(source: str, told: str) -> bool:
    """Whether it is told that no other data models than these are searched."""
    return "and in no others" in told and source not in told


@pytest.mark.parametrize("source", MODELS)
def test_a_model_names_what_its_destinations_map(source: str) -> None:
    """Else a query that asks for such a field passes it over without a word."""
    telling = {name for marks in MODELS.values() for name in marks.model_fields}
    own = MODELS[source].model_fields
    mapped = {
        name
        for destinations in builtin(source).targets.values()
        for destination in destinations
        for name, spec in destination.fields.items()
        if _has_values(spec) and own_names(name, telling)
    }
    assert not [name for name in sorted(mapped) if not own_names(name, own)]
    named: Mapping[str, None] = dict.fromkeys(name for name in own if not name.endswith("*"))
    assert not [name for name in named if name not in mapped]


def _has_values(spec: FieldSpec) -> bool:
    return not spec.no_counterpart or bool(spec.value_predicates)
