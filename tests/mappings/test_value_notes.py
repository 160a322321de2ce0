"""Values for which a destination has a predicate that other events meet too: what is told, and that
below a not they take nothing away.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

import kqlx
from kqlx.notes import Effect
from tests.oracles.splunk import SPLUNK

ENDPOINT: dict[str, Any] = {"source": "endpoint.events"}
SOURCE = "event.module:endpoint and event.category:file and file.name:x and "


def convert(query: str, to: str = "spl", **options: Any) -> kqlx.Conversion:
    return kqlx.convert(SOURCE + query, to=to, **options)


def told(conversion: kqlx.Conversion) -> set[Effect]:
    return {note.effect for note in conversion.notes if note.code == "value-differs"}


@pytest.mark.parametrize("to", ["spl", "sigma"])
@pytest.mark.parametrize(
    ("query", "effect"),
    [
        ("event.type:creation", Effect.WIDER),
        ("event.action:overwrite", Effect.WIDER),
        ("not event.type:creation", Effect.WIDER),
        ("not event.type:change", Effect.WIDER),
        ("not (event.type:change or event.action:overwrite)", Effect.WIDER),
        ("not (process.name:y and not event.type:creation)", Effect.WIDER),
    ],
)
def test_what_finds_more_is_told(query: str, effect: Effect, to: str) -> None:
    assert told(convert(query, to)) == {effect}


@pytest.mark.parametrize("to", ["spl", "sigma"])
@pytest.mark.parametrize("query", ["event.type:change", "not (not event.type:change)"])
def test_what_finds_others_is_refused_until_it_is_accepted(query: str, to: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="the result would be different"):
        convert(query, to)
    assert told(convert(query, to, accept={"different"})) == {Effect.DIFFERENT}


def test_the_predicate_stands_where_it_is_asked_for() -> None:
    assert "EventID=11" in str(convert("event.type:change", accept={"different"}).query)
    assert "EventID=11" in str(convert("event.type:creation").query)


@pytest.mark.parametrize("value", ["event.type:change", "event.type:creation", "event.type:c*"])
def test_below_a_not_nothing_is_taken_away(value: str) -> None:
    query = str(convert(f"not {value}").query)
    assert "NOT" not in query
    assert query.count("EventID") == 1  # that of all events of files


def test_other_values_are_asked_for_below_a_not() -> None:
    result = convert("not event.type:(change or deletion)")
    assert "NOT EventID IN (23, 26)" in str(result.query)
    assert told(result) == {Effect.WIDER}
    assert not told(convert("not event.type:deletion"))


def test_a_value_of_other_sensors_is_why_nothing_matches() -> None:
    with pytest.raises(kqlx.MappingError, match="never matches in DeviceProcessEvents") as raised:
        kqlx.convert("event.action:executed and event.category:process", "sentinel", **ENDPOINT)
    assert 'has no event.action "executed"' in raised.value.message
    rest = kqlx.convert(
        "event.category:process and not event.action:executed and process.name:x",
        "sentinel",
        **ENDPOINT,
    )
    assert {n.message for n in rest.notes} >= {
        'event.action "executed" is false in DeviceProcessEvents'
    }


@pytest.mark.parametrize("source", ["endpoint.events", "sentinel_one_cloud_funnel.event"])
@pytest.mark.parametrize("test", ["dns.question.name:*.xyz", "event.action:lookup_requested"])
def test_sysmon_for_linux_records_no_lookups(test: str, source: str) -> None:
    """Neither among its own events nor among those of Sysmon on any system."""
    lookup = f"event.category:network and process.name:nc and {test}"
    assert re.search(r"\b22\b", str(kqlx.convert(lookup, "spl", source=source).query))
    with pytest.raises(kqlx.KqlxError, match=r"Sysmon for Linux does not|never matches"):
        kqlx.convert(f"host.os.type:linux and {lookup}", "spl", source=source)


LINUX = 'process where host.os.type == "linux" and process.name == "nc" and event.action in '


def of_list(values: str, to: str) -> kqlx.Conversion:
    return kqlx.convert(LINUX + values, to, source="endpoint.events", language="eql")


@pytest.mark.parametrize("to", ["spl", "sentinel", "sigma"])
def test_events_that_repeat_others_are_lost_to_nobody(to: str) -> None:
    """A fork has the name and the command line of the process that it copies."""
    made = of_list('("exec", "fork")', to)
    (note,) = [note for note in made.notes if 'never holds event.action "fork"' in note.message]
    assert note.effect is Effect.COVERAGE
    assert (to != "spl") or "repeats an event of exec" in note.message


def test_events_that_repeat_none_that_is_asked_for_are_lost() -> None:
    query = LINUX.replace("nc", "sh") + '("end", "fork")'
    with pytest.raises(kqlx.UnsupportedError, match="narrower") as refused:
        kqlx.convert(query, "spl", source="endpoint.events", language="eql")
    assert 'never holds event.action "fork"' in refused.value.message


@pytest.mark.parametrize("to", ["sentinel", "sigma"])
def test_a_value_without_a_counterpart_is_told_beside_one_that_all_events_have(to: str) -> None:
    made = of_list('("exec", "zap")', to)
    told = [note for note in made.notes if 'the value "zap" of event.action' in note.message]
    assert [note.effect for note in told] == [Effect.COVERAGE]


TOKENS = "event.dataset:google_workspace.token and "
SCOPES = "google_workspace.token.scope.value"


@pytest.mark.parametrize("test", [":*openid*", ":(*openid* or *email*)", ":*"])
@pytest.mark.parametrize("sign", ["", "not "])
def test_a_text_of_several_values_holds_what_one_of_them_does(test: str, sign: str) -> None:
    query = f"{TOKENS}event.action:authorize and {sign}{SCOPES}{test}"
    notes = kqlx.convert(query, "sentinel", accept=["different"]).notes
    told = [note for note in notes if note.code != "unconfirmed-mapping"]
    assert not [note for note in told if note.effect > Effect.CASE]


@pytest.mark.parametrize("test", [":openid", ":openid*", ":*openid", ':"*a,b*"', ":*a b*"])
def test_whole_values_are_not_told_from_several(test: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="several values as one text"):
        kqlx.convert(f"{TOKENS}{SCOPES}{test}", "sentinel")


LINUX_FILES = "event.module:endpoint and event.category:file and host.os.type:linux and "


def test_sysmon_for_linux_has_new_files_alone() -> None:
    notes = kqlx.convert(f"{LINUX_FILES}event.action:creation", "spl").notes
    assert not [note for note in notes if note.effect > Effect.COVERAGE]
    for test in ("event.action:overwrite", "event.type:change"):
        with pytest.raises(kqlx.UnsupportedError, match="events of new files alone"):
            kqlx.convert(f"{LINUX_FILES}process.args:x and {test}", "spl", unmapped="comment")


@pytest.mark.parametrize("system", ["windows", "linux", "(linux or macos)", "(linux or windows)"])
def test_changed_files_are_those_of_the_data_model_in_splunk(system: str) -> None:
    """What other sensors saw; what Sysmon's events tell is left to these."""
    begin = "event.module:endpoint and event.category:file and file.name:x and "
    begin += f"host.os.type:{system} and "
    made = kqlx.convert(f"{begin}event.type:(creation or change)", "spl")
    text = str(made.query)
    assert "tag=filesystem" in text and "Sysmon" not in text and "sysmon" not in text
    assert 'action IN ("created", "modified", "acl_modified")' in text
    assert any("created files are found too" in note.message for note in made.notes)
    assert "some add-on must map" in str(made.notes)
    for other in ("event.type:creation", "not event.type:change", "event.action:deletion"):
        assert "ysmon" in str(kqlx.convert(f"{begin}{other}", "spl").query)


def test_the_data_model_is_asked_for_the_changes_of_one_system() -> None:
    begin = "event.module:endpoint and event.category:file and host.os.type:windows and "
    query = str(kqlx.convert(f"{begin}event.type:change and file.name:a.dll", "spl").query)
    event: dict[str, Any] = {
        "tag": ["endpoint", "filesystem"],
        "file_name": "a.dll",
        "file_path": "C:\\x\\a.dll",
    }
    stored = [
        {**event, "action": "modified"},
        {**event, "action": "created"},
        {**event, "action": "deleted"},
        {**event, "action": "read"},
        {**event, "action": "modified", "file_path": "/x/a.dll"},
        {**event, "action": "modified", "file_name": "b.dll"},
    ]
    kept = [SPLUNK.keeps(query, one, []) for one in stored]
    assert kept == [True, True, False, False, False, False]
