"""Searches for rules: what they find is what the rule alerts on, by a model of its own in Python.

The searches are run by the reading of Elasticsearch's reference in ``searches``.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.rules.model import Rule
from tests.conftest import examples
from tests.oracles.searches import Event, Search, values

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
TYPES = {"@timestamp": "date", "event.ingested": "date", "kind": "keyword"}
FIELDS = ("user.id", "host.id", "source.ip")


def rule_of(kind: str, **data: Any) -> Rule:
    table = {"type": kind, "from": "now-9m", "index": ["logs-*"], **data}
    return Rule(name="A rule", query="kind:a", type=kind, data=table, id="x")


def body_of(rule: Rule, **options: Any) -> dict[str, Any]:
    query = kqlx.convert(rule, "es", format="search", **options).query
    assert isinstance(query, dict)
    return query


def at(minutes: float) -> str:
    """The time so many minutes before now."""
    moment = NOW - timedelta(minutes=minutes)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Half minutes, so that none is on a border of a window
MINUTES = st.integers(-2, 40).map(lambda number: number + 0.5)
VALUES = st.none() | st.sampled_from("abc") | st.lists(st.sampled_from("abc"), max_size=3)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    found: list[Event] = []
    for _ in range(draw(st.integers(0, 12))):
        event: dict[str, Any] = {"kind": draw(st.sampled_from("aaab"))}
        event["@timestamp"] = at(draw(MINUTES))
        if draw(st.booleans()):
            event["event.ingested"] = at(draw(MINUTES))
        event |= {name: draw(VALUES) for name in FIELDS}
        found.append({name: value for name, value in event.items() if value not in (None, [])})
    return found


def time_of(event: Event, rule: Rule) -> datetime | None:
    """The time by which the rule judges the event: the model's own reading of the documentation."""
    override = rule.data.get("timestamp_override")
    if override and override in event:
        return datetime.fromisoformat(event[override])
    if override and rule.data.get("timestamp_override_fallback_disabled"):
        return None
    return datetime.fromisoformat(event["@timestamp"])


def within(event: Event, rule: Rule, minutes: int) -> bool:
    time = time_of(event, rule)
    return time is not None and NOW - timedelta(minutes=minutes) <= time <= NOW


def groups_of(found: list[Event], names: tuple[str, ...]) -> dict[tuple[Any, ...], list[Event]]:
    groups: dict[tuple[Any, ...], list[Event]] = defaultdict(list)
    for event in found:
        for key in itertools.product(*[set(values(event, name)) for name in names]):
            groups[key].append(event)
    return groups


TIMES = st.sampled_from(
    [
        {},
        {"timestamp_override": "event.ingested"},
        {
            "timestamp_override": "event.ingested",
            "timestamp_override_fallback_disabled": True,
        },
    ]
)


@examples(38)
@given(events=events(), times=TIMES, most=st.integers(1, 5))
def test_a_query_finds_the_events_of_its_window(
    events: list[Event], times: dict[str, Any], most: int
) -> None:
    rule = rule_of("query", max_signals=most, **times)
    expected = [e for e in events if e["kind"] == "a" and within(e, rule, 9)]
    search = Search(body_of(rule), TYPES, NOW)
    assert sorted(map(str, search.found(events))) == sorted(map(str, expected))
    assert len(search.hits(events)) == min(most, len(expected))


@examples(75)
@given(
    events=events(),
    times=TIMES,
    by=st.lists(st.sampled_from(FIELDS[:2]), max_size=2, unique=True),
    least=st.integers(1, 4),
    distinct=st.none() | st.integers(1, 3),
)
def test_a_threshold_keeps_the_groups_that_reach_it(
    events: list[Event], times: dict[str, Any], by: list[str], least: int, distinct: int | None
) -> None:
    cardinality = [{"field": "source.ip", "value": distinct}] if distinct else []
    table = {"field": by, "value": least, "cardinality": cardinality}
    rule = rule_of("threshold", threshold=table, **times)
    inside = [e for e in events if e["kind"] == "a" and within(e, rule, 9)]
    expected = {
        key: len(group)
        for key, group in groups_of(inside, tuple(by)).items()
        if len(group) >= least
        and (not distinct or len({v for e in group for v in values(e, "source.ip")}) >= distinct)
    }
    assert Search(body_of(rule), TYPES, NOW).groups(events) == expected


@examples(75)
@given(
    events=events(),
    times=TIMES,
    fields=st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3, unique=True),
)
def test_new_terms_are_those_not_seen_before(
    events: list[Event], times: dict[str, Any], fields: list[str]
) -> None:
    rule = rule_of("new_terms", new_terms_fields=fields, history_window_start="now-30m", **times)
    matching = [e for e in events if e["kind"] == "a"]
    recent = [e for e in matching if within(e, rule, 9)]
    history = [e for e in matching if within(e, rule, 30) and not within(e, rule, 9)]
    seen = groups_of(history, tuple(fields))
    expected = {
        key: len(group)
        for key, group in groups_of(recent, tuple(fields)).items()
        if key not in seen
    }
    assert Search(body_of(rule), TYPES, NOW).groups(events) == expected


def test_the_reader_of_searches_sees_what_is_wrong() -> None:
    """A model that could not fail would show nothing."""
    rule = rule_of("threshold", threshold={"field": ["user.id"], "value": 2})
    body = body_of(rule)
    event = {"kind": "a", "@timestamp": at(1), "user.id": "a"}
    assert Search(body, TYPES, NOW).groups([event, event]) == {("a",): 2}
    selector = body["aggs"]["groups"]["aggs"]["enough"]["bucket_selector"]
    selector["script"] = "params.events >= 3"
    assert not Search(body, TYPES, NOW).groups([event, event])
    selector["script"] = "params.events < 3"
    with pytest.raises(AssertionError):
        Search(body, TYPES, NOW).groups([event])
    with pytest.raises(AssertionError):
        Search({**body, "min_score": 1}, TYPES, NOW)


def test_the_window_is_the_rules_own() -> None:
    window = body_of(rule_of("query", to="now-1m"))["query"]["bool"]["filter"][1]
    assert window == {"range": {"@timestamp": {"gte": "now-9m", "lte": "now-1m"}}}
    bare = kqlx.convert("a:b", "es", format="search")
    assert isinstance(bare.query, dict)
    window = bare.query["query"]["bool"]["filter"][1]
    assert window == {"range": {"@timestamp": {"gte": "now-6m", "lte": "now"}}}
    assert "index-assumed" in {note.code for note in bare.notes}
    assert bare.query["size"] == 100


@pytest.mark.parametrize(
    "start", ["now-1d/d", "now-2w+1h", "2024-01-01", "2024-01-01T00:00:00Z||-1d/d", "now/M"]
)
def test_date_math_is_kept(start: str) -> None:
    window = body_of(rule_of("query", **{"from": start}))["query"]["bool"]["filter"][1]
    assert window["range"]["@timestamp"]["gte"] == start


@pytest.mark.parametrize("start", ["yesterday", "now-", "now-1x", "", 5, "now-1d ", "2024-01-01x"])
def test_what_is_no_time_is_announced(start: object) -> None:
    rule = rule_of("query", **{"from": start})
    if str(start).strip() == "now-1d":
        assert body_of(rule)
        return
    with pytest.raises(kqlx.UnsupportedError, match="not a time that Elasticsearch reads"):
        body_of(rule)
    window = body_of(rule, accept=["different"])["query"]["bool"]["filter"][1]
    assert window["range"]["@timestamp"]["gte"] == "now-6m"


@pytest.mark.parametrize(
    ("most", "size"), [(20, 20), (10_000, 10_000), (50_000, 10_000), (0, 100), (True, 100)]
)
def test_as_many_hits_as_the_rule_makes_alerts(most: object, size: int) -> None:
    assert body_of(rule_of("query", max_signals=most))["size"] == size


@pytest.mark.parametrize("kind", ["threat_match", "saved_query"])
@pytest.mark.parametrize("format", ["search", "watcher"])
def test_what_one_search_cannot_say_is_refused(kind: str, format: str) -> None:
    rule = rule_of(kind, saved_id="x")
    why = "indicator" if kind == "threat_match" else "saved query"
    with pytest.raises(kqlx.UnsupportedError, match=why):
        kqlx.convert(rule, "es", format=format)
    found = kqlx.convert(rule, "es", format=format, accept=["different"])
    assert "rule-type" in {note.code for note in found.notes}


def test_filters_and_exceptions_are_in_the_search() -> None:
    clause = {"term": {"host.id": {"value": "h"}}}
    rule = rule_of("query", filters=[{"meta": {"negate": True}, "query": clause}])
    found = body_of(rule)["query"]
    assert found["bool"]["must_not"] == [clause]
    assert "range" in found["bool"]["filter"][-1]  # in one group with the window
    rule = rule_of("threshold", threshold={"field": [], "value": 2}, filters=rule.data["filters"])
    assert body_of(rule)["query"] == found
