"""Rules that go by when events arrived: what the user says of late events, and the targets that
have no window, or the very field.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import kqlx
from kqlx import settings
from kqlx.mappings.pack_library import packs_of
from tests.oracles.arrivals import new_terms, rule, threshold
from tests.oracles.loaders import stanzas
from tests.oracles.searches import Event, Search

# What the user says


def earliest(rule: kqlx.Rule, **options: Any) -> str:
    found = kqlx.convert(rule, "spl", format="savedsearches", **options)
    ((_, stanza),) = stanzas(found.text).items()
    return stanza["dispatch.earliest_time"]


def period(rule: kqlx.Rule, **options: Any) -> str:
    text = kqlx.convert(rule, "sentinel", format="rule", **options).text
    return str(yaml.safe_load(text)["queryPeriod"])


O365 = rule(query="event.dataset:o365.audit and event.action:X")
OKTA = rule(query="event.dataset:okta.system and event.action:X")
BOTH = rule(query="source.ip:1.2.3.4", index=["logs-okta.system-*", "logs-aws.cloudtrail-*"])


@pytest.mark.parametrize("text", ["", "1", "d", "0d", "-1d", "1y", "1 d", "1d1h", "now-1d", "1.5h"])
@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_what_is_no_length_of_time_is_refused(text: str, target: str, tmp_path: Path) -> None:
    with pytest.raises(
        kqlx.UsageError, match="late_events must be a duration such as 1d or 12h, not"
    ):
        kqlx.convert(O365, target, late_events=text)
    for file in (f"late_events: '{text}'", f"{target}: {{late_events: {{o365.audit: '{text}'}}}}"):
        (tmp_path / "kqlx.yml").write_text(file, "utf-8")
        with pytest.raises(kqlx.UsageError, match=r"late_events\S* must be a duration such"):
            settings.load(tmp_path / "kqlx.yml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("late_events: 2d", ("-49h@m", "49h", "-49h@m")),
        ("late_events: {o365.audit: 12h}", ("-13h@m", "13h", "-25h@m")),
        ("late_events: 2d\nspl: {late_events: 6h}", ("-7h@m", "49h", "-7h@m")),
        ("late_events: 2d\nspl: {late_events: {o365.audit: 6h}}", ("-7h@m", "49h", "-49h@m")),
        ("late_events: {okta.system: 2d}\nsentinel: {late_events: 6h}", ("-25h@m", "7h", "-49h@m")),
    ],
)
def test_the_settings_say_it_for_all_by_target_and_by_source(
    tmp_path: Path, text: str, expected: tuple[str, str, str]
) -> None:
    (tmp_path / "kqlx.yml").write_text(text, "utf-8")
    own = settings.load(tmp_path / "kqlx.yml")
    found = (
        earliest(O365, settings=own),
        period(O365, settings=own),
        earliest(OKTA, settings=own),
    )
    assert found == expected
    assert earliest(O365, settings=own, late_events="3d") == "-73h@m"
    for target in ("elasticsearch", "sigma"):  # which have no use for it
        assert kqlx.convert(O365, target, settings=own).text == kqlx.convert(O365, target).text


def test_of_several_data_sources_the_latest_counts(tmp_path: Path) -> None:
    (tmp_path / "kqlx.yml").write_text(
        "late_events: {okta.system: 2d, aws.cloudtrail: 3h}", "utf-8"
    )
    assert earliest(BOTH, settings=settings.load(tmp_path / "kqlx.yml")) == "-49h@m"


def test_a_data_source_that_there_is_not_is_named(tmp_path: Path) -> None:
    text = "late_events: {o365.audti: 2d}\nspl: {late_events: {own: 1d}}"
    (tmp_path / "kqlx.yml").write_text(text, "utf-8")
    told = settings.load(tmp_path / "kqlx.yml").strangers(packs_of([], ("spl", "sentinel")))
    assert [line.partition(".yml: ")[2] for line in told] == [
        "late_events.o365.audti: unknown data source; did you mean o365.audit?",
        "spl.late_events.own: unknown data source",
    ]


# Targets without a window


@pytest.mark.parametrize(
    ("target", "format", "kind"),
    [
        ("sigma", "rule", "query"),
        ("sigma", "rule", "threshold"),
        ("sigma", "query", "query"),
        ("spl", "query", "query"),
        ("spl", "tstats", "query"),
        ("spl", "tstats", "threshold"),
        ("sentinel", "query", "query"),
    ],
)
def test_what_has_no_window_says_so_once(target: str, format: str, kind: str) -> None:
    """Sigma has no notion of it, and a query that is only a query none either."""

    def convert(override: str | None) -> kqlx.Conversion:
        count = {"threshold": {"field": ["user.name"], "value": 2}}
        one = rule(kind, "process.name:go", timestamp_override=override, **count)
        accept = ["different", "wider"]
        return kqlx.convert(one, target, format=format, source="none", accept=accept)

    found = convert("event.ingested")
    assert found.text == convert(None).text
    (note,) = [note for note in found.notes if "event.ingested" in note.message]
    assert note.is_quiet
    assert "sets no time range" in note.message


# Elasticsearch, which has the field itself

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
TYPES = {"@timestamp": "date", "event.ingested": "date", "event.action": "keyword"}


def at(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def event(user: str, happened: float, arrived: float | None) -> Event:
    found = {"event.action": "go", "user.name": user, "@timestamp": at(happened)}
    return found if arrived is None else {**found, "event.ingested": at(arrived)}


DAYS = 24 * 60
EVENTS = [
    event("late", 1 * DAYS, 1),
    event("late", 1 * DAYS, 8.9),
    event("early", 1, 9.1),  # its clock is ahead: it arrived before the window
    event("early", 1, 12),
    event("plain", 1, None),
    event("plain", 8.9, None),
    event("old", 9.1, None),
    event("old", 12, None),
    event("known", 1 * DAYS, 1),
    event("known", 5 * DAYS, 2 * DAYS),
    event("forgotten", 1 * DAYS, 1),
    event("forgotten", 1, 4 * DAYS),  # by its arrival it is before the history
]


@pytest.mark.parametrize("format", ["search", "watcher"])
@pytest.mark.parametrize("disabled", [False, True])
def test_elasticsearch_filters_by_the_field_or_else_by_the_time_of_the_event(
    format: str, disabled: bool
) -> None:
    def search(made: kqlx.Rule) -> Search:
        body = kqlx.convert(made, "elasticsearch", format=format).query
        assert isinstance(body, dict)
        return Search(body, TYPES, NOW)

    more: dict[str, Any] = {"timestamp_override_fallback_disabled": True} if disabled else {}
    plain = [] if disabled else ["plain", "plain"]
    hits = search(rule(**more)).found(EVENTS)
    assert sorted(str(hit["user.name"]) for hit in hits) == sorted(
        ["late", "late", "known", "forgotten", *plain]
    )
    assert set(search(threshold(2, **more)).groups(EVENTS)) == {
        ("late",), *((user,) for user in plain)
    }  # fmt: skip
    assert set(search(new_terms(3, **more)).groups(EVENTS)) == {
        ("late",), ("forgotten",), *((user,) for user in plain)
    }  # fmt: skip


def test_what_came_at_the_very_beginning_of_the_look_back_is_known() -> None:
    body = kqlx.convert(new_terms(3), "elasticsearch", format="search").query
    assert isinstance(body, dict)
    found = [event("a", 1, 9), event("b", 1, 8.99), event("c", 9, None), event("d", 8.99, None)]
    assert set(Search(body, TYPES, NOW).groups(found)) == {("b",), ("d",)}
    body = kqlx.convert(new_terms(3, **{"from": "now-1h/h"}), "es", format="search").query
    assert isinstance(body, dict)
    aggregations = body["aggs"]["groups"]["aggs"]
    assert '"gte": "now-1h/h"' in json.dumps(aggregations["recent"])
    assert '"lt": "now-1h/h"' in json.dumps(aggregations["before"])


def test_a_rule_of_kibana_keeps_the_override() -> None:
    text = kqlx.convert(rule(), "elasticsearch", format="rule").text
    assert '"timestamp_override": "event.ingested"' in text
