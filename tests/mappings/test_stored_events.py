"""What a pack makes of a query finds the same events in the target as the query does in Elastic:
real records, as each system holds them. See ``pack_events``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.pack import Pack
from kqlx.mappings.reader.builtin import builtin
from kqlx.testing.agreement import REFUSALS
from tests.oracles.kusto import analyse
from tests.oracles.pack_events import (
    FOLDER,
    TARGETS,
    EventFile,
    Outcome,
    converted,
    in_other_case,
    judged,
    matched,
    read,
)
from tests.oracles.sentinel_rows import known_tables

FILES = [path.stem for path in sorted(FOLDER.glob("*.yml"))]
PLACES = [
    (source, target)
    for source in FILES
    for target in TARGETS
    if any(place.fields for place in builtin(source).targets.get(target, ()))
]


@cache
def events_of(source: str) -> EventFile:
    return read(FOLDER / f"{source}.yml")


@pytest.mark.parametrize("source", FILES)
def test_the_queries_find_events(source: str) -> None:
    """A file that cannot fail shows nothing."""
    file = events_of(source)
    assert file.source == source
    found = matched(file, builtin(source))
    print(f"{source}: {len(found)} of {len(file.queries)} queries match an event")
    assert found


@pytest.mark.parametrize(("source", "target"), PLACES)
def test_the_target_finds_what_kibana_finds(source: str, target: str) -> None:
    file = events_of(source)
    outcome = judged(file, builtin(source), target)
    print(f"{source} → {target}: {outcome}")
    for query, reason in outcome.refused.items():
        print(f"  refused: {query}\n    {reason}")
    assert not outcome.reports, "\n".join([f"{len(outcome.reports)} reports", *outcome.reports])
    assert outcome.hits, "no query finds an event"
    assert outcome.misses, "every query finds every event"
    assert outcome.held == holding(file, target), "no query reads where some event is"


@pytest.mark.parametrize(("source", "target"), PLACES)
def test_the_target_finds_it_in_any_letter_case(source: str, target: str) -> None:
    """The same queries with each text in its other case, and a test that folds letters."""
    outcome = judged(events_of(source), builtin(source), target, in_other_case)
    print(f"{source} → {target}: {outcome}")
    assert not outcome.reports, "\n".join([f"{len(outcome.reports)} reports", *outcome.reports])
    assert outcome.hits, "no query finds an event"


def holding(file: EventFile, target: str) -> set[int]:
    """The numbers of the events that the file has for a target."""
    held = {"spl": "splunk", "sentinel": "rows", "sigma": "sigma"}[target]
    return {event.number for event in file.events if getattr(event, held)}


def test_the_analyser_takes_every_query() -> None:
    """Microsoft's own reader, on the columns that the tables really have."""
    queries: list[str] = []
    for source, target in PLACES:
        for query in events_of(source).queries if target == "sentinel" else ():
            try:
                queries.append(converted(query, builtin(source), target).text)
            except REFUSALS:
                continue
    complaints = [
        f"{complaint}\n{query}"
        for query, found in zip(queries, analyse(queries), strict=True)
        for complaint in found
        if "an analytics rule takes 10,000" not in complaint
    ]
    assert not complaints, "\n\n".join(complaints[:10])


# The harness sees what is wrong


def with_field(pack: Pack, target: str, name: str, spec: FieldSpec) -> Pack:
    """The pack with another mapping of one field in all destinations of a target."""
    changed = tuple(
        replace(destination, fields={**destination.fields, name: spec})
        for destination in pack.targets[target]
    )
    return replace(pack, targets={**pack.targets, target: changed})


@pytest.mark.parametrize(
    ("target", "name", "spec"),
    [
        ("spl", "event.provider", FieldSpec("Operation")),
        ("spl", "event.outcome", FieldSpec(value_predicates={"success": 'ResultStatus:"success"'})),
        ("sentinel", "event.provider", FieldSpec("Operation")),
        ("sentinel", "event.provider", FieldSpec("SourceSystem")),
        ("sigma", "event.provider", FieldSpec("Operation")),
    ],
)
def test_a_wrong_mapping_is_seen(target: str, name: str, spec: FieldSpec) -> None:
    pack = builtin("o365.audit")
    file = small_file()
    assert not judged(file, pack, target).reports
    assert judged(file, with_field(pack, target, name, spec), target).reports


def small_file() -> EventFile:
    """One event of Exchange, without a ResultStatus."""
    (event, *_) = [e for e in events_of("o365.audit").events if e.splunk and e.rows]
    queries = ("event.provider:Exchange and event.outcome:success", "not event.provider:Exchange")
    return EventFile("o365.audit", queries, (event,))


def test_what_is_refused_as_never_matching_must_not_match() -> None:
    pack = replace(builtin("o365.audit"), constants={"event.provider": "Other"})
    reports = judged(small_file(), pack, "spl").reports
    assert any("refused as one that never does" in report for report in reports)


def test_a_row_must_fit_its_table() -> None:
    from tests.oracles.sentinel_rows import matching

    assert "OfficeActivity" in known_tables()
    for row in ({"Operatoin": "x"}, {"Operation": 5}, {"Members": None, "TimeGenerated": 1}):
        with pytest.raises(ValueError, match="OfficeActivity"):
            matching("OfficeActivity", ["OfficeActivity"], [(1, "OfficeActivity", row)])


def test_counts_are_told() -> None:
    outcome = Outcome(hits=2, misses=3, told=1)
    assert str(outcome).startswith("5 pairs compared, 2 of them hits; 1 more under a note")
