"""Splunk: rules that go by when events arrived. Searches are run on events that are on time, late
or ahead of the clock, at the borders of their windows, and compared with what Kibana sees.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from tests.conftest import examples
from tests.oracles.arrivals import (
    DAY,
    INTERVAL,
    NOW,
    Arrived,
    events,
    first_seen,
    new_terms,
    reached,
    rule,
    run,
    seen,
    threshold,
)
from tests.oracles.loaders import detection_problems, saved_search_problems, stanzas
from tests.oracles.spl.reader import parse_search
from tests.oracles.splunk_tools import app_problems

RUNS = [NOW + INTERVAL * number for number in range(-1, 3)]


def spl(rule: kqlx.Rule, format: str = "query", **options: Any) -> kqlx.Conversion:
    return kqlx.convert(rule, "spl", format=format, **{"source": "none", **options})


def saved(found: kqlx.Conversion) -> tuple[str, dict[str, str]]:
    """The search of a stanza, and the time modifiers beside it."""
    (settings,) = stanzas(found.text).values()
    names = {
        "earliest_time": "earliest",
        "latest_time": "latest",
        "index_earliest": "_index_earliest",
        "index_latest": "_index_latest",
    }
    around = {
        name: settings[f"dispatch.{key}"]
        for key, name in names.items()
        if f"dispatch.{key}" in settings
    }
    return settings["search"], around


def detection(found: kqlx.Conversion) -> tuple[str, dict[str, str]]:
    """The same of a detection of contentctl, without the macro at its end."""
    read = yaml.safe_load(found.text)
    times = read["deployment"]["scheduling"]
    around = {"earliest": times["earliest_time"], "latest": times["latest_time"]}
    return read["search"].rpartition("\n| `")[0], around


SCHEDULED = {"savedsearches": saved, "escu": detection}


def parted(found: kqlx.Conversion, format: str) -> tuple[str, dict[str, str]]:
    """A search and the time modifiers beside it; for a bare query what a user has chosen, which
    does not count where the search has a window of its own.
    """
    anything = {"earliest": "-1m", "latest": "now"}
    return SCHEDULED[format](found) if format in SCHEDULED else (found.text, anything)


def within_a_day(found: list[Arrived]) -> list[Arrived]:
    """Those that no result may miss: a day late at most, and not further ahead than Splunk takes
    times.
    """
    return [event for event in found if event.arrived - event.happened <= DAY]


@pytest.mark.parametrize("format", SCHEDULED)
@examples(15)
@given(found=events())
def test_each_run_sees_what_kibanas_sees(format: str, found: list[Arrived]) -> None:
    search, around = SCHEDULED[format](spl(rule(), format))
    for now in RUNS:
        numbers = {int(str(row["_raw"])) for row in run(search, found, now, around)}
        expected = {event.number for event in seen(found, now)}
        assert numbers <= expected
        assert {e.number for e in within_a_day(seen(found, now))} <= numbers


@pytest.mark.parametrize("format", ["query", *SCHEDULED])
@examples(10)
@given(found=events().map(within_a_day), least=st.integers(1, 3))
def test_each_run_counts_what_kibana_counts(format: str, found: list[Arrived], least: int) -> None:
    converted = spl(threshold(least), format)
    search, around = parted(converted, format)
    for now in RUNS:
        users = {row["user.name"] for row in run(search, found, now, around)}
        assert users == reached(found, now, least)


@pytest.mark.parametrize("format", ["query", *SCHEDULED])
@examples(10)
@given(found=events(3 * DAY).map(within_a_day))
def test_terms_are_new_by_when_they_first_arrived(format: str, found: list[Arrived]) -> None:
    converted = spl(new_terms(), format)
    search, around = parted(converted, format)
    for now in RUNS:
        users = {row["user.name"] for row in run(search, found, now, around)}
        assert users == first_seen(found, now, 3 * DAY)


@examples(10)
@given(found=events(3 * DAY).map(within_a_day))
def test_a_table_remembers_by_when_they_arrived(found: list[Arrived]) -> None:
    converted = spl(new_terms(), "savedsearches", new_terms="lookup")
    search, around = saved(converted)
    (note,) = [note for note in converted.notes if "inputlookup" in note.message]
    (name,) = [word for word in search.split() if word.endswith("_seen.csv")][:1]
    tables: dict[str, list[Mapping[str, object]]] = {}
    since = note.message.partition("line, with ")[2].partition(";")[0].replace(" and ", " ")
    first = "\n".join(line for line in search.split("\n") if "inputlookup" not in line)
    begin = first.index("_index_latest")
    run(f"{since} {first[begin:]}", found, RUNS[0] - INTERVAL, around, tables=tables)
    assert name in tables
    for now in RUNS:
        users = {row["user.name"] for row in run(search, found, now, around, tables=tables)}
        assert users == first_seen(found, now, 3 * DAY), now


def test_what_is_written() -> None:
    (settings,) = stanzas(spl(rule(), "savedsearches").text).values()
    assert {key: text for key, text in settings.items() if key.startswith("dispatch.")} == {
        "dispatch.earliest_time": "-25h@m",
        "dispatch.latest_time": "+2d",
        "dispatch.index_earliest": "-9m@m",
        "dispatch.index_latest": "now",
    }
    assert settings["search"].startswith('event.action="go"')
    search, around = detection(spl(rule(), "escu"))
    assert search.startswith('_index_earliest=-9m@m _index_latest=now event.action="go"\n')
    assert around == {"earliest": "-25h@m", "latest": "+2d"}
    assert spl(rule()).text == 'event.action="go"'  # to a query alone no window belongs
    window = "earliest=-25h latest=+2d _index_earliest=-9m _index_latest=now"
    assert spl(threshold()).text.startswith(f'{window} event.action="go"\n')
    window = "earliest=-4d latest=+2d _index_earliest=-3d _index_latest=now"
    for format in ("query", *SCHEDULED):
        text = spl(new_terms(), format).text
        assert f"{window} event.action=" in text
        assert "min(_indextime) as firstArrival" in text
        assert 'where firstArrival>relative_time(now(), "-9m")' in text


@pytest.mark.parametrize("format", ["query", "savedsearches", "escu"])
@pytest.mark.parametrize("made", [rule, threshold, new_terms])
def test_without_an_override_nothing_is_by_arrival(made: Any, format: str) -> None:
    bare, named = (
        spl(made(timestamp_override=override), format) for override in (None, "@timestamp")
    )
    assert bare.text == named.text
    assert "_index" not in bare.text and "index_earliest" not in bare.text
    assert "+2d" not in bare.text
    assert "event.ingested" not in str(bare.notes)


@pytest.mark.parametrize(
    ("late", "made", "earliest"),
    [
        ("30m", rule(), "-39m@m"),
        ("1h", rule(), "-2h@m"),
        ("12h", rule(), "-13h@m"),
        ("3d", rule(), "-73h@m"),
        ("1w", rule(), "-169h@m"),
        ("45s", rule(interval="30s", **{"from": "now-90s"}), "-3m@m"),
        (None, rule(interval="1d", **{"from": "now-25h"}), "-49h@m"),
        ("2d", new_terms(14), "-16d"),
    ],
)
def test_how_late_events_may_be(late: str | None, made: kqlx.Rule, earliest: str) -> None:
    found = spl(made, "savedsearches", late_events=late)
    assert saved(found)[1]["earliest"] == earliest
    (note,) = [note for note in found.notes if note.code == "late-events"]
    assert not note.is_quiet
    assert str(note.effect) == "same"
    assert f"happened in the last {earliest[1:].removesuffix('@m')}" in note.message
    assert "event.ingested" in note.message
    assert "late_events=" in note.hint


@pytest.mark.parametrize("format", SCHEDULED)
def test_a_beginning_of_the_querys_own_stays(format: str) -> None:
    """It is about when events happened; without ``latest`` the search would end now."""
    found = spl(rule(query="event.action:go and @timestamp >= now-1h"), format)
    search, around = SCHEDULED[format](found)
    assert "earliest=-1h latest=+2d" in search
    (note,) = [note for note in found.notes if note.code == "late-events"]
    assert note.message.endswith("arrived in the last 9m and happened in the last 1h")
    assert note.hint == "the query itself says when they happened"
    events = [
        Arrived(1, "a", NOW - 3_500, NOW - 60),
        Arrived(2, "a", NOW - 3_700, NOW - 60),
        Arrived(3, "a", NOW + 600, NOW - 60),
        Arrived(4, "a", NOW - 1_000, NOW - 900),
    ]
    assert [row["_raw"] for row in run(search, events, NOW, around)] == ["1", "3"]


def test_a_drilldown_goes_by_the_time_of_the_run_alone() -> None:
    """Whoever follows it does so when nothing has arrived lately."""
    several: dict[str, Any] = {"index": ["logs-okta.system-*", "logs-aws.cloudtrail-*"]}
    kinds: dict[str, dict[str, Any]] = {
        "query": {},
        "threshold": {"threshold": {"field": ["source.ip"], "value": 2}},
        "new_terms": {"new_terms_fields": ["source.ip"]},
    }
    for kind, more in kinds.items():
        for format in SCHEDULED:
            text = spl(rule(kind, "source.ip:1.2.3.4", **several, **more), format, source=None).text
            if format == "escu":
                (drilldown,) = yaml.safe_load(text)["drilldown_searches"]
            else:
                (stanza,) = stanzas(text).values()
                (drilldown,) = json.loads(stanza["action.notable.param.drilldown_searches"])
            assert "earliest=" not in drilldown["search"]
            assert "latest=" not in drilldown["search"]


@pytest.mark.parametrize("value", ["b", "b" * 60])
def test_neither_a_comment_nor_a_long_line_keeps_the_time_in_a_drilldown(value: str) -> None:
    several = rule(
        query=f'source.ip:1.2.3.4 and user_agent.original:"{value}" and process.interactive:true',
        index=["logs-okta.system-*", "logs-aws.cloudtrail-*"],
    )
    found = kqlx.convert(several, "spl", format="escu", unmapped="comment", accept="wider")
    made = yaml.safe_load(found.text)
    assert made["search"].startswith("``` left out")
    assert made["search"].count("_index_earliest=") == 1
    (drilldown,) = made["drilldown_searches"]
    assert "earliest=" not in drilldown["search"]


def test_alternatives_of_one_search_have_one_window() -> None:
    several = rule(query="source.ip:1.2.3.4", index=["logs-okta.system-*", "logs-aws.cloudtrail-*"])
    search, _ = detection(spl(several, "escu", source=None))
    assert search.startswith(
        "_index_earliest=-9m@m _index_latest=now\n"
        '((sourcetype="aws:cloudtrail" sourceIPAddress="1.2.3.4")\n'
        'OR (sourcetype="OktaIM2:log" client.ipAddress="1.2.3.4"))\n'
    )
    parse_search(search)


def test_another_override_is_told() -> None:
    for format in ("query", *SCHEDULED):
        found = spl(threshold(timestamp_override="event.created"), format)
        (wider,) = [note for note in found.notes if note.effect == kqlx.Effect.WIDER]
        assert "event.created" in wider.message
        assert "_index" in found.text.replace("index_", "_index_")


def test_splunks_own_tools_take_them(tmp_path: Path) -> None:
    several: dict[str, Any] = {"index": ["logs-okta.system-*", "logs-aws.cloudtrail-*"]}
    counted = {"threshold": {"field": ["source.ip"], "value": 3}}
    made = [
        (rule(), "none"),
        (threshold(), "none"),
        (new_terms(), "none"),
        (rule(query="source.ip:1.2.3.4", **several), None),
        (rule("threshold", "source.ip:*", **counted, **several), None),
        (rule("new_terms", "source.ip:*", new_terms_fields=["source.ip"], **several), None),
    ]
    for one, source in made[:4]:  # others begin with multisearch
        text = spl(one, "savedsearches", source=source).text
        assert not [*saved_search_problems(text)]
    texts = [spl(one, "escu", source=source).text for one, source in made]
    assert detection_problems(texts) == [[] for _ in texts]
    texts = [spl(one, "savedsearches", source=source).text for one, source in made]
    assert app_problems(texts, tmp_path) == [[] for _ in texts]
