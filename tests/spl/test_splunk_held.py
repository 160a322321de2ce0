"""Correlation searches of Enterprise Security: which alerts they hold back, and what tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import kqlx
from kqlx.rules.model import Rule
from tests.oracles.spl.reader import parse_search
from tests.spl.test_splunk_conf import CLOUDTRAIL, convert, one


def held(**data: Any) -> tuple[str | None, str | None, set[str]]:
    found = convert(**data)
    settings = one(found.text)
    fields, period = (settings.get(f"alert.suppress.{key}") for key in ("fields", "period"))
    return fields, period, {note.code for note in found.notes}


def test_alerts_are_held_back() -> None:
    apart = {"interval": "1h", "from": "now-1h"}
    assert held(**apart)[:2] == (None, None)
    by = {"group_by": ["user.id", "source.ip"], "duration": {"value": 5, "unit": "h"}}
    fields, period, noted = held(alert_suppression=by, **apart)
    assert (fields, period) == ("userIdentity.principalId,sourceIPAddress", "18000s")
    assert "suppression-left-out" not in noted
    fields, period, noted = held(alert_suppression={"group_by": ["user.id"]}, **apart)
    assert (fields, period) == ("userIdentity.principalId", "3600s")
    assert "schedule" in noted
    alone = {**by, "missing_fields_strategy": "doNotSuppress"}
    assert "suppression-left-out" in held(alert_suppression=alone, **apart)[2]
    unknown = {"group_by": ["host.name"], "duration": {"value": 5, "unit": "h"}}
    fields, _, noted = held(alert_suppression=unknown)
    assert fields == "event_hash"
    assert "suppression-left-out" in noted
    counted = {"type": "threshold", "threshold": {"field": ["user.id"], "value": 3}}
    assert held(**counted)[:2] == ("userIdentity.principalId", "360s")
    everything: dict[str, Any] = {"type": "threshold", "threshold": {"field": [], "value": 3}}
    assert held(**everything)[:2] == ("group_hash", "360s")
    everything["alert_suppression"] = {"duration": {"value": 1, "unit": "d"}}
    assert held(**everything)[:2] == ("group_hash", "86400s")
    terms = {"type": "new_terms", "new_terms_fields": ["cloud.account.id", "user.id"]}
    assert held(**terms)[0] == "cloud_account_id,userIdentity.principalId"


def test_alerts_are_held_back_where_the_search_itself_runs_more_often() -> None:
    """No cron runs each 45 minutes; runs each 30 minutes look back at each other."""
    assert held(interval="45m", **{"from": "now-45m"})[:2] == ("event_hash", "2700s")
    assert held(interval="30m", **{"from": "now-30m"})[:2] == (None, None)


def test_what_holding_back_changes_is_told() -> None:
    counted = {"type": "threshold", "threshold": {"field": ["user.id"], "value": 3}}
    assert "alerts-throttled" in held(**counted)[2]
    assert "alerts-throttled" not in held(**counted, interval="6m")[2]
    short = {"group_by": ["user.id"], "duration": {"value": 10, "unit": "m"}}
    assert "alerts-repeated" in held(alert_suppression=short, **{"from": "now-1h"})[2]
    assert "alerts-repeated" not in held(alert_suppression=short, **{"from": "now-9m"})[2]


SEVERAL = {"index": ["logs-okta.system-*", "logs-aws.cloudtrail-*"], "interval": "1h"}


def test_a_field_whose_name_no_setting_takes_is_held_back_by_a_hash() -> None:
    """Without it all groups would be one."""
    table = {"threshold": {"field": ["a b"], "value": 2}, "name": "x", "from": "now-9m"}
    counted = Rule(name="x", query="c:d", type="threshold", data=table, format="toml")
    table = {"alert_suppression": {"group_by": ["a b"]}, "name": "x"}
    events = Rule(name="x", query="c:d", data=table, format="toml")
    for rule in (counted, events):
        found = kqlx.convert(rule, to="spl", format="savedsearches", source="none")
        settings = one(found.text)
        assert settings["alert.suppress.fields"] == "group_hash"
        assert settings["search"].endswith("""group_hash=md5(coalesce(mvjoin('a b', ","), ""))""")


def test_several_data_sources_are_held_back_by_what_each_has() -> None:
    """By a field that one of them lacks all its alerts would be one."""
    by = {"group_by": ["source.ip", "event.action"], "duration": {"value": 5, "unit": "h"}}
    settings = one(convert("source.ip:*", alert_suppression=by, **SEVERAL).text)
    assert settings["alert.suppress.fields"] == "group_hash"
    (*_, last) = settings["search"].partition("| eval group_hash=")
    assert " ".join(last.split()) == (
        'md5(coalesce(mvjoin(sourceIPAddress, ","), mvjoin(\'client.ipAddress\', ","), "")'
        ' ."|".coalesce(mvjoin(eventName, ","), mvjoin(eventType, ","), ""))'
    )
    parse_search(settings["search"].replace("\n", " "))
    (drilldown,) = json.loads(settings["action.notable.param.drilldown_searches"])
    assert drilldown["search"].endswith(
        'sourceIPAddress="$sourceIPAddress$" OR client.ipAddress="$client.ipAddress$"'
    )
    counted = {"type": "threshold", "threshold": {"field": ["source.ip"], "value": 3}}
    settings = one(convert("source.ip:*", **counted, **{**SEVERAL, "from": "now-2h"}).text)
    assert settings["alert.suppress.fields"] == "source_ip"
    assert settings["action.notable.param.nes_fields"] == "source_ip"


def test_a_window_that_is_none_changes_what_is_counted() -> None:
    rule = Rule(
        name="x",
        query=CLOUDTRAIL,
        type="threshold",
        data={"threshold": {"field": ["user.id"], "value": 3}, "from": "now-1h/h"},
    )
    for format in ("query", "savedsearches", "escu"):
        with pytest.raises(kqlx.UnsupportedError, match="not a plain time span before now"):
            kqlx.convert(rule, to="spl", format=format)


@pytest.mark.parametrize("query", [CLOUDTRAIL, "source.ip:*"])
def test_a_drilldown_finds_the_events_of_new_terms(query: str) -> None:
    """Later nothing is new, and the table of what was seen is not to be written."""
    of = Rule(
        name="x",
        query=query,
        type="new_terms",
        data={"new_terms_fields": ["source.ip"], "index": SEVERAL["index"]},
    )
    for form in ("stats", "lookup"):
        found = kqlx.convert(of, to="spl", format="savedsearches", new_terms=form)
        assert "earliest=" in one(found.text)["search"]
        settings = one(found.text)
        (drilldown,) = json.loads(settings["action.notable.param.drilldown_searches"])
        for word in ("earliest=", "| stats", "lookup"):
            assert word not in drilldown["search"]
        assert "\n| search " in drilldown["search"]
