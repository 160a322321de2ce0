"""Queries over several kinds of events, each in a place of its own: what is asked of each kind is
asked there, as if it stood alone.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

import kqlx
from kqlx.notes import Effect
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.splunk import without_times

DELETED = "event.category:file and event.type:deletion and file.path:/etc/passwd"
STARTED = "event.category:process and event.type:start and process.name:vi"
WRITTEN = "event.category:registry and event.type:change and registry.path:*\\\\Run\\\\*"
LINUX, WINDOWS = "host.os.type:linux and ", "host.os.type:windows and "


def rule(query: str, kind: str = "query", **data: Any) -> kqlx.Rule:
    return kqlx.Rule("r", query, type=kind, data={"index": ["logs-endpoint.events.*"], **data})


def text_of(query: str, target: str) -> str:
    return kqlx.convert(query, target, source="endpoint.events").text


def rows(made: kqlx.Conversion, *events: dict[str, Any]) -> list[dict[str, Any]]:
    text = re.sub(r"\b(_index_)?(earliest|latest)=\S+\s+", "", str(made.query))
    pipeline, _ = without_times(text)
    stored = [{**event, "_time": "1", "_indextime": "1"} for event in events]
    return [dict(row) for row in evaluate(pipeline, stored, now=2)]


SYSMON = {"sourcetype": "sysmon:linux", "host": "h", "User": "u"}
FILE_DELETED = {**SYSMON, "EventID": "23", "TargetFilename": "/etc/passwd", "Image": "/usr/bin/rm"}
VI = {**SYSMON, "EventID": "1", "Image": "/usr/bin/vi"}
OTHERS = (
    {**FILE_DELETED, "TargetFilename": "/etc/group"},
    {**FILE_DELETED, "EventID": "11", "Image": "/usr/bin/vi"},
    {**VI, "EventID": "3"},
    {**VI, "Image": "/usr/bin/rm", "TargetFilename": "/etc/passwd"},
)


def test_splunk_finds_the_events_of_either_kind() -> None:
    made = kqlx.convert(rule(f"{LINUX}(({DELETED}) or ({STARTED}))"), "spl")
    assert [len(rows(made, event)) for event in (FILE_DELETED, VI, *OTHERS)] == [1, 1, 0, 0, 0, 0]
    threshold = {"field": ["host.id"], "value": 2}
    counted = rule(f"{LINUX}(({DELETED}) or ({STARTED}))", "threshold", threshold=threshold)
    assert len(rows(kqlx.convert(counted, "spl"), FILE_DELETED, VI, *OTHERS)) == 1
    assert not rows(kqlx.convert(counted, "spl"), FILE_DELETED, *OTHERS)


@pytest.mark.parametrize("kinds", [(WRITTEN, STARTED), (STARTED, WRITTEN), (WRITTEN, STARTED, "")])
def test_each_document_of_sigma_is_that_of_its_kind(kinds: tuple[str, ...]) -> None:
    more = "event.category:process and event.type:start and process.name:ed"
    alternatives = [kind or more for kind in kinds]
    whole = f"{WINDOWS}({' or '.join(f'({kind})' for kind in alternatives)})"
    made = [*yaml.safe_load_all(text_of(whole, "sigma"))]
    assert len(made) == 2
    for kind in (WRITTEN, STARTED):
        asked = " or ".join(f"({other})" for other in alternatives if other[:20] == kind[:20])
        alone = text_of(f"{WINDOWS}({asked})", "sigma")
        expected = yaml.safe_load(alone)
        (found,) = [one for one in made if one["logsource"] == expected["logsource"]]
        assert found["detection"] == expected["detection"]


def test_each_table_of_sentinel_is_asked_for_its_kind() -> None:
    text = text_of(f"{LINUX}(({DELETED}) or ({STARTED}))", "sentinel")
    assert text.startswith("union isfuzzy=true")
    for kind in (DELETED, STARTED):
        alone = text_of(f"{LINUX}{kind}", "sentinel")
        assert " ".join(alone.split()) in " ".join(text.split())


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_an_alternative_of_any_kind_is_refused(target: str) -> None:
    with pytest.raises(kqlx.MappingError, match="does not say which"):
        kqlx.convert(f"({DELETED}) or user.name:u", target, source="endpoint.events")
    with pytest.raises(kqlx.MappingError, match="does not say which"):
        kqlx.convert(f"not ({DELETED}) or ({STARTED})", target, source="endpoint.events")


def test_what_a_place_never_holds_is_told_as_it_is_alone() -> None:
    opened = "event.category:file and event.action:open and file.path:/etc/passwd"
    with pytest.raises(kqlx.UnsupportedError, match=r"never holds event\.action") as refused:
        kqlx.convert(f"{LINUX}(({opened}) or ({STARTED}))", "spl", source="endpoint.events")
    assert Effect.NARROWER in {note.effect for note in refused.value.notes}
