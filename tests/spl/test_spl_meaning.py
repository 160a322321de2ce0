"""The SPL that we write means what the query means, or its notes say what is different.

Kibana's answer comes from ``kqlx.evaluate`` with the types of ECS (every other field a keyword, as
the conversion takes it), Splunk's from the strict reader and evaluator in ``spl``. What the event
looks like in both is assumed in ``stored`` and ``splunk``; what a note allows is in ``agreement``.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlx.elastic import ecs
from kqlx.frontends.kql.formatter import shown_node
from kqlx.notes import Effect
from kqlx.testing.agreement import REFUSALS, Malformed, Query, convert
from kqlx.testing.near import near_events
from tests.conftest import examples
from tests.oracles.drawn import check_drawn
from tests.oracles.splunk import SPLUNK

NAMES = [
    "event.action",
    "user.name",
    "user.name.text",
    "process.command_line",
    "data_stream.dataset",
    "message",
    "source.bytes",
    "event.risk_score",
    "gen_ai.request.temperature",
    "process.code_signature.trusted",
    "@timestamp",
    "source.ip",
    "file.elf.imports",
    "file.elf.sections",
    "file.elf.sections.name",
    "file.elf.sections.physical_size",
    "vendor.field",
    "vendor.name.caseless",
]
FIELDS = {name: ecs.types().get(name, "keyword") for name in NAMES}
"""A field of each kind that ECS has, and two that it has not."""


@pytest.mark.parametrize("exact", [False, True])
@examples(38)
@given(data=st.data())
def test_the_search_means_what_the_query_means(exact: bool, data: st.DataObject) -> None:
    check_drawn(data, SPLUNK, "spl", FIELDS, exact=exact)


VALUES = {
    "keyword": ["Send", '"a b"', "10.0.0.0/8", '"*"', "a\\*c", '""', '"C:\\\\x"', "true", "5"],
    "match_only_text": ["Send", "Access Denied", '"access denied"', '""', "a\\*c", '"-"'],
    "wildcard": ["Send", "a\\*c"],
    "constant_keyword": ["Send"],
    "long": ["5", "5.0", "5.5", "abc", '"-1"', "9007199254740993", "9223372036854775808"],
    "float": ["5", "5.0", "5.5", "-0.5", "1e3"],
    "double": ["5", "0.1", "1e400"],
    "boolean": ["true", "false", '"true"', "TRUE", "5"],
    "date": ["2024-02", "now-1d/d", '"2024-02-29T12:00:00.000Z"', "abc"],
    "ip": ["10.0.0.1", "10.0.0.0/8", '"2001:db8::/32"', "10.0.0.1/8", '"::1"', "abc"],
    "flattened": ["Send"],
}
PATTERNS = ["Se*", "*nd", "*e*", "a*b*c", "a\\*b*", "*a b*", "**", "1*"]
GROUPS = [
    "file.elf.sections:{ name:a }",
    "file.elf.sections:{ name:a and physical_size > 5 }",
    "file.elf.sections:{ name:a and not physical_size:5 }",
    "file.elf.sections:{ name:a* or physical_size:5 }",
    "file.elf.sections.name:a",
    "file.elf.sections.physical_size > 5",
]
ANYWHERE = ["Send", '"access denied"', "Se*", "*", "10.0.0.1", "5", "true", '""', "a b"]
TIMES = [
    *(f"@timestamp {operator} now-1d" for operator in ("<", "<=", ">", ">=")),
    *(f"@timestamp {operator} now-1d/d" for operator in ("<", "<=", ">", ">=")),
    "@timestamp >= now-1w/w and @timestamp < now/w",
    "@timestamp >= now-1M and event.action:Send",
    "@timestamp >= now-1M or event.action:Send",
    "@timestamp >= now+2h+5s",
]
NAMES_WITH_STARS = ["vendor.n*:a", "mess*:Send", "*.ip:10.0.0.1", "vendor.*:*"]


def small_queries() -> dict[str, list[str]]:
    """Every kind of test on every kind of field, each alone, by field or construct."""
    queries = {
        "nested groups": GROUPS,
        "no field": ANYWHERE,
        "names with stars": NAMES_WITH_STARS,
        "everything": ["*:*", "event.action:* or *:*"],
        "times": TIMES,
    }
    for name, kind in FIELDS.items():
        if kind == "nested" or name.startswith("file.elf.sections."):
            continue
        one = VALUES[kind][0]
        queries[name] = [
            *(f"{name}:{value}" for value in VALUES[kind]),
            *(f"{name} {operator} {one}" for operator in ("<", "<=", ">", ">=")),
            *(f"{name}:{pattern}" for pattern in PATTERNS),
            *(f"{name}:{rest}" for rest in ("*", "(a or b*)", "(a and b)", "null")),
            f"{name}:({one} or {VALUES[kind][-1]})",
            f"{name} > {one} and {name} < {VALUES[kind][1 % len(VALUES[kind])]}",
        ]
    return queries


QUERIES = small_queries()


def conversions(subject: str, exact: bool) -> tuple[list[Query], list[str]]:
    """Of the queries of a subject, each as it is and below a not; and what the reader refuses."""
    queries: list[Query] = []
    malformed: list[str] = []
    for text in QUERIES[subject]:
        for wrapped in (text, f"not ({text})"):
            try:
                queries.append(convert(wrapped, SPLUNK, "spl", exact=exact))
            except Malformed as error:
                malformed.append(str(error))
            except REFUSALS as error:
                assert error.notes
    return queries, malformed


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("subject", QUERIES)
def test_no_difference_without_a_note(subject: str, exact: bool) -> None:
    queries, reports = conversions(subject, exact)
    for query in queries:
        events = near_events(query.node, query.types, 60, seed=1)
        reports += [found for event in events if (found := query.disagreement(event))][:1]
    assert not reports, "\n".join([f"{len(reports)} queries differ", *reports])


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("subject", QUERIES)
def test_no_note_without_a_difference(subject: str, exact: bool) -> None:
    """What a note claims is borne out by some event: a different one by any difference."""
    reports = []
    for query in conversions(subject, exact)[0]:
        claims = {note: _borne_out_by(note.effect) for note in query.notes}
        unshown = {note for note, effects in claims.items() if effects}
        for event in near_events(query.node, query.types, 400, seed=1):
            if not unshown:
                break
            shown = query.difference(event)
            unshown = {note for note in unshown if shown not in claims[note]}
        text = f"{shown_node(query.node)} → {query.text}"
        reports += [f"{note.code} ({note.effect}): {text}" for note in unshown]
    assert not reports, "\n".join([f"{len(reports)} notes are unfounded", *sorted(reports)])


def _borne_out_by(effect: Effect) -> set[Effect | None]:
    if effect is Effect.SAME:
        return set()
    return {effect} if effect < Effect.DIFFERENT else {Effect.WIDER, Effect.NARROWER}
