"""Splunk: thresholds, new terms and indicators. The searches are run on made-up events and compared
with what Kibana does, told in plain Python.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.errors import UnsupportedError, UsageError
from kqlx.rules.model import Rule
from tests.conftest import examples
from tests.oracles.mapped import searches
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import Event, values_of
from tests.oracles.spl.reader import parse_search

DAY, HOUR, MINUTE = 86_400, 3_600, 60
NOW = 1_700_000_040  # a whole minute


def rule(type: str, query: str = "a:b", **data: Any) -> Rule:
    return Rule(name="A Rule", query=query, type=type, data={"type": type, **data}, id="x")


def threshold(field: Sequence[str], value: int, *distinct: tuple[str, int], **data: Any) -> Rule:
    cardinality = [{"field": name, "value": least} for name, least in distinct]
    table = {"field": list(field), "value": value, "cardinality": cardinality}
    return rule("threshold", **{"from": "now-9m", "threshold": table, **data})


def new_terms(*fields: str, window: str = "now-7d", **data: Any) -> Rule:
    wanted = {"new_terms_fields": list(fields), "history_window_start": window, "from": "now-9m"}
    return rule("new_terms", **{**wanted, **data})


def spl(rule: Rule, **options: Any) -> kqlx.Conversion:
    return kqlx.convert(rule, to="spl", **{"source": "none", **options})


def codes(conversion: kqlx.Conversion) -> set[str]:
    return {note.code for note in conversion.notes}


CLOUDTRAIL = "event.dataset:aws.cloudtrail and event.action:X"


def test_a_threshold_is_counted() -> None:
    found = spl(threshold(["user.name", "tags"], 3, ("event.id", 2)))
    assert found.text == (
        'a="b"\n'
        "| eval tags=mvdedup(tags)\n"
        "| stats count as event_count dc(event.id) as dc_event_id min(_time) as firstTime\n"
        "    max(_time) as lastTime by user.name, tags\n"
        "| where event_count>=3 AND dc_event_id>=2"
    )
    assert {"threshold-window"} <= codes(found)
    assert "rule-type" not in codes(found)


GLOBAL = (
    "| stats count as event_count min(_time) as firstTime max(_time) as lastTime\n"
    "    values(userIdentity.principalId) as userIdentity.principalId"
)


@pytest.mark.parametrize(
    ("by", "least", "distinct", "expected"),
    [
        ([], 1, [], f"{GLOBAL}\n| where event_count>=1"),
        (["event.dataset"], 5, [], f"{GLOBAL}\n| where event_count>=5"),
        (["cloud.account.id"], 1, [("event.dataset", 1)],
         "| eval cloud_account_id=coalesce("
             "nullif(nullif('userIdentity.accountId', \"\"), \"null\"),\n"
             '        nullif(nullif(recipientAccountId, ""), "null"))\n'
         "| stats count as event_count min(_time) as firstTime max(_time) as lastTime"
         " by cloud_account_id"),
    ],
)  # fmt: skip
def test_thresholds_in_the_names_of_a_pack(
    by: list[str], least: int, distinct: list[tuple[str, int]], expected: str
) -> None:
    counted = threshold(by, least, *distinct)
    found = spl(Rule(**{**vars_of(counted), "query": CLOUDTRAIL}), source=None)
    assert found.text == f'sourcetype="aws:cloudtrail" eventName="X"\n{expected}'
    parse_search(found.text)


def vars_of(rule: Rule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in ("name", "query", "type", "data", "id")}


def test_what_cannot_be_counted_is_refused() -> None:
    def convert(counted: Rule) -> None:
        spl(Rule(**{**vars_of(counted), "query": CLOUDTRAIL}), source=None)

    with pytest.raises(UnsupportedError, match="can never alert"):
        convert(threshold([], 1, ("event.dataset", 2)))
    with pytest.raises(UnsupportedError, match=r"host\.name has no counterpart"):
        convert(threshold(["host.name"], 2))
    with pytest.raises(UnsupportedError, match="can never alert"):
        convert(new_terms("event.dataset"))
    with pytest.raises(UnsupportedError, match="a meaning of its own"):
        spl(threshold(["source"], 2))


def test_new_terms_over_the_history() -> None:
    found = spl(new_terms("user.name", "host.name"))
    assert found.text == (
        'earliest=-7d a="b"\n'
        "| stats count as event_count min(_time) as firstTime max(_time) as lastTime"
        " by user.name, host.name\n"
        '| where firstTime>relative_time(now(), "-9m")'
    )
    assert codes(found) >= {"history-window"}
    odd = spl(new_terms("user.name", window="2020-01-01"), accept=["different"])
    assert odd.text.startswith("earliest=-14d ")
    with pytest.raises(UsageError, match="new_terms is stats or lookup"):
        spl(new_terms("user.name"), new_terms="join")


def test_new_terms_with_a_table() -> None:
    found = spl(new_terms("user.name"), new_terms="lookup")
    assert found.text == (
        'earliest=-14m a="b"\n'
        '| eval knownTime=if(_time<=relative_time(now(), "-9m"), _time, null())\n'
        "| stats max(_time) as lastTime max(knownTime) as knownTime by user.name\n"
        "| inputlookup append=true a_rule_2d711642_seen.csv\n"
        '| where lastTime>=relative_time(now(), "-7d")\n'
        "| stats max(lastTime) as lastTime max(knownTime) as knownTime by user.name\n"
        "| outputlookup a_rule_2d711642_seen.csv\n"
        '| where lastTime>relative_time(now(), "-9m")\n'
        '    AND (isnull(knownTime) OR knownTime<relative_time(now(), "-7d"))'
    )


def entry(field: str, value: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "type": "mapping", "value": value, **more}


MATCHED = rule(
    "threat_match",
    threat_index=["blocklist"],
    threat_mapping=[
        {"entries": [entry("url.full", "threat.indicator.url.full")]},
        {"entries": [entry("u", "i.u"), entry("v", "i.v")]},
    ],
)


def test_indicators_are_a_lookup_that_must_be_accepted() -> None:
    with pytest.raises(UnsupportedError, match="would be different: the rule's indicators are in"):
        spl(MATCHED)
    found = spl(MATCHED, accept=["different"])
    assert found.text == (
        'a="b"\n'
        "| lookup threat_indicators threat.indicator.url.full as url.full\n"
        "    OUTPUT threat.indicator.url.full as indicator_1\n"
        "| lookup threat_indicators i.u as u i.v as v OUTPUT i.u as indicator_2\n"
        "| where isnotnull(indicator_1) OR isnotnull(indicator_2)"
    )
    table: list[Event] = [
        {"threat.indicator.url.full": "bad", "i.u": "1", "i.v": "2"},
        {"i.u": "3", "i.v": "4"},
    ]
    events: list[Event] = [
        {"a": "b", "url.full": "bad"},
        {"a": "b", "u": "1", "v": "4"},
        {"a": "b", "u": "3", "v": "4"},
        {"a": "c", "url.full": "bad"},
    ]
    kept = evaluate(parse_search(found.text), events, tables={"threat_indicators": table})
    assert [event.get("url.full", event.get("v")) for event in kept] == ["bad", "4"]
    negated = rule("threat_match", threat_mapping=[{"entries": [entry("u", "v", negate=True)]}])
    for broken in (negated, rule("threat_match"), rule("threat_match", threat_mapping=[{}])):
        with pytest.raises(UnsupportedError):
            spl(broken, accept=["different"])


SEVERAL = ["logs-okta.system-*", "logs-aws.cloudtrail-*"]


def of_several(counted: Rule, query: str = "source.ip:*") -> Rule:
    return Rule(**{**vars_of(counted), "query": query})


def test_several_data_sources_are_counted_together() -> None:
    """Neither by subsearches, of which Splunk cuts off what takes long, nor each by itself."""
    told = {"field_names": ["user.name", "source.ip"]}
    counted = threshold(["source.ip"], 3, index=SEVERAL, investigation_fields=told)
    found = spl(of_several(counted), source=None)
    assert found.text == (
        "| multisearch\n"
        '    [search sourcetype="aws:cloudtrail"'
        ' sourceIPAddress IN ("0.0.0.0/0", "::/0")\n'
        "    | eval source_ip=sourceIPAddress\n"
        '    | eval user_name=coalesce(nullif(nullif(\'userIdentity.userName\', ""), "null"),\n'
        "            nullif(nullif('userIdentity.sessionContext.sessionIssuer.userName', \"\"),"
        ' "null"))]\n'
        '    [search sourcetype="OktaIM2:log" client.ipAddress!="null" NOT client.ipAddress=""\n'
        "    | eval source_ip='client.ipAddress'\n"
        "    | eval user_name=if(match('actor.alternateId', "
        r'"(?is)^.*?([A-Za-z0-9._-]+).*$"), '
        "replace('actor.alternateId', "
        r'"(?is)^.*?([A-Za-z0-9._-]+).*$", "\\1"), '
        "null())"
        "\n"
        '    | eval user_name=nullif(nullif(user_name, ""), "null")]\n'
        "| stats count as event_count min(_time) as firstTime max(_time) as lastTime\n"
        "    values(user_name) as user_name by source_ip\n"
        "| where event_count>=3"
    )
    assert "counted-per-source" not in codes(found)
    one, other = searches(found.text)
    assert one.endswith(")\n" + found.text.partition("]\n")[2].partition("]\n")[2])
    for part in (one, other):
        parse_search(part)


def test_terms_that_are_new_are_known_from_any_data_source() -> None:
    found = spl(of_several(new_terms("source.ip", "event.dataset", index=SEVERAL)), source=None)
    assert found.text.count("[search earliest=-7d ") == 2
    assert found.text.count('| eval event_dataset="aws.cloudtrail"]') == 1
    assert found.text.count("| stats") == 1
    assert "counted-per-source" not in codes(found)


# Against Kibana's own meaning

VALUES = st.sampled_from(["x", "y", "X", ""])
FIELDS = ("user.name", "tags", "host.name")


def made_events(most_times: int = 1) -> st.SearchStrategy[list[Event]]:
    """Events of few values: missing, single, several, and the same twice where a field is known to
    hold lists.
    """
    field = st.none() | VALUES
    listed = field | st.lists(VALUES, min_size=2, max_size=3)
    event = st.fixed_dictionaries(
        {"user.name": field, "tags": listed, "host.name": field, "event.id": field | listed}
    )
    times = st.integers(min_value=0, max_value=most_times)
    return st.lists(
        st.tuples(event, st.sampled_from(["b", "c"]), times).map(
            lambda drawn: {**drawn[0], "a": drawn[1], "_time": str(drawn[2])}
        ),
        max_size=12,
    )


def distinct(event: Event, name: str) -> set[str]:
    """A field's values as Elasticsearch keeps those of keywords: each once."""
    return set(values_of(event, name))


def buckets(events: Iterable[Event], by: Sequence[str]) -> dict[tuple[str, ...], list[Event]]:
    """A composite aggregation: a bucket for each combination of values, none for missing ones."""
    found = defaultdict(list)
    for event in events:
        if values_of(event, "a") == ["b"]:
            for place in product(*(distinct(event, name) for name in by)):
                found[place].append(event)
    return found


def groups(found: Iterable[Event], by: Sequence[str]) -> set[tuple[object, ...]]:
    return {tuple(row[name] for name in by) for row in found}


@examples(30)
@given(
    made_events(),
    st.lists(st.sampled_from(FIELDS), max_size=3, unique=True),
    st.integers(1, 3),
    st.lists(st.tuples(st.just("event.id"), st.integers(1, 3)), max_size=1),
)
def test_counting_is_kibanas(
    events: list[Event], by: list[str], least: int, unlike: list[tuple[str, int]]
) -> None:
    query = spl(threshold(by, least, *unlike)).text
    expected = {
        place
        for place, members in buckets(events, by).items()
        if len(members) >= least
        and all(len(set().union(*(distinct(e, f) for e in members))) >= n for f, n in unlike)
    }
    assert groups(evaluate(parse_search(query), events), by) == expected


def new_in_kibana(events: Iterable[Event], by: Sequence[str], now: int) -> set[tuple[str, ...]]:
    """Terms that the history has first after the beginning of the look-back."""
    within = [event for event in events if now - 7 * DAY <= int(str(event["_time"])) < now]
    return {
        place
        for place, members in buckets(within, by).items()
        if min(int(str(member["_time"])) for member in members) > now - 9 * MINUTE
    }


def at(minutes: int) -> int:
    """Times near the ends of the history and of the look-back for small numbers."""
    return (
        NOW - (7 * DAY + 2 * MINUTE) + minutes * MINUTE
        if minutes < 10
        else NOW - (30 - minutes) * MINUTE
    )


@examples(30)
@given(made_events(30), st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3, unique=True))
def test_what_is_new_is_kibanas(events: list[Event], by: list[str]) -> None:
    events = [{**event, "_time": str(at(int(str(event["_time"]))))} for event in events]
    earliest, query = spl(new_terms(*by)).text.split(" ", 1)
    assert earliest == "earliest=-7d"
    within = [event for event in events if NOW - 7 * DAY <= int(str(event["_time"])) < NOW]
    found = evaluate(parse_search(query), within, now=NOW)
    assert groups(found, by) == new_in_kibana(events, by, NOW)
