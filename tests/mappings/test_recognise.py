"""Which data sources a rule is about: by its query, its index patterns, its integrations, and by
the kind of events that it asks for where nothing else says it.
"""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.mappings.pack_library import Packs, packs_of
from kqlx.mappings.reader.builtin import builtin_marks, builtin_telling_fields
from kqlx.mappings.reader.pack_data import of_data
from kqlx.mappings.recognition import recognise
from kqlx.mappings.source_hints import own_names
from kqlx.mappings.telling_fields import NO_VALUES, TellingValues
from kqlx.nodes import Equals, Like, Literal, Pattern
from kqlx.notes import Effect


def pack(source: str, **recognised: Any) -> Any:
    place = {"base": f"sourcetype={source}"}
    return of_data(
        {
            "source": source,
            "recognise": recognised,
            "targets": {"spl": [{**place, "fields": {"process.name": "Image"}}]},
        }
    )


class Only(Packs):
    """Packs without those of this package."""

    def marks(self) -> Any:
        return {source: pack.recognise for source, pack in sorted(self.own.items())}


PACKS = Only(
    {
        pack.source: pack
        for pack in (
            pack(
                "cloud.trail",
                fields={"event.dataset": ["cloud.trail"]},
                own=["cloud.trail.*", "cloud_region"],
                indices=["logs-cloud.trail-*"],
            ),
            pack("cloud.flow", fields={"event.dataset": ["cloud.flow"]}, own=["cloud.flow.*"]),
            pack(
                "sensor.events",
                fields={"event.dataset": ["sensor.process"]},
                indices=["logs-sensor.*"],
                assumed=[
                    {"event.category": ["process", "file"]},
                    {"event.category": ["network"], "host.os.type": ["windows"]},
                ],
            ),
        )
    }
)


def found(query: str, indices: tuple[str, ...] = (), integrations: tuple[str, ...] = ()) -> str:
    packs, notes = recognise(kqlx.parse(query), indices, integrations, PACKS)
    return " ".join([*(pack.source for pack in packs), *(note.code for note in notes)])


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ("event.dataset:cloud.trail and cloud.flow.id:1", "cloud.trail"),
        ("event.dataset:(cloud.trail or cloud.flow)", "cloud.flow cloud.trail"),
        ("event.dataset:(cloud.trail or zeek.http)", "cloud.trail source-left-out"),
        (
            "(event.dataset:zeek.http and a:1) or event.dataset:cloud.trail",
            "cloud.trail source-left-out",
        ),
        ("event.dataset:zeek.http", ""),
        ("cloud.trail.name:x", "cloud.trail"),
        ("cloud.trail.name:x* and not cloud.flow.id:1", "cloud.trail"),
        ("cloud.trail.name:* or cloud.trail.id > 3", "cloud.trail"),
        ("cloud.trail.list:{ name:x }", "cloud.trail"),
        ("a:1 and (cloud.trail.name:1 or (cloud_region:2 and c:3))", "cloud.trail"),
        ("cloud_region:x", "cloud.trail"),
        ("cloud_region.name:x", ""),
        ("cloud.trailer:x", ""),
        ("cloud.trail.name:x or cloud.flow.id:1", "cloud.flow cloud.trail"),
        ("cloud.trail.name:x or (cloud.flow.id:1 and not a:1)", "cloud.flow cloud.trail"),
        ("cloud.trail.name:x or a:1", ""),
        ("not cloud.trail.name:x", ""),
        ("cloud.trail.*:x", ""),
        ("event.category:process and x:1", "sensor.events source-assumed"),
        ("event.category:(process or file) and x:1", "sensor.events source-assumed"),
        ("event.category:(process or network) and x:1", ""),
        ("event.category:network and x:1", ""),
        ("event.category:network and host.os.type:windows", "sensor.events source-assumed"),
        ("not event.category:process", ""),
        ("event.category:process and event.module:other", ""),
        ("event.category:process and data_stream.dataset:other.log", ""),
        ("event.category:process or x:1", ""),
    ],
)
def test_by_the_query(query: str, sources: str) -> None:
    assert found(query) == sources


@pytest.mark.parametrize(
    ("indices", "integrations", "sources"),
    [
        (("logs-cloud.trail-*",), ("sensor",), "cloud.trail"),
        (("east:logs-cloud.trail-*", "*:logs-*"), (), "cloud.trail source-assumed"),
        (("logs-cloud.trail-*", "-logs-cloud.trail-test", "-*:x"), (), "cloud.trail"),
        (("logs-*", "filebeat-*"), ("sensor",), "sensor.events source-assumed"),
        ((), ("cloud",), "cloud.flow cloud.trail source-assumed"),
        ((), ("cloud.flow",), "cloud.flow source-assumed"),
        ((), ("clou",), ""),
        (("logs-other.log-*",), ("cloud",), ""),
        (("logs-other.log-*", "logs-sensor.file-*"), (), "sensor.events source-left-out"),
        ((), ("other",), ""),
    ],
)
def test_by_index_patterns_and_integrations(
    indices: tuple[str, ...], integrations: tuple[str, ...], sources: str
) -> None:
    assert found("event.category:process", indices, integrations) == sources


@pytest.mark.parametrize(
    ("other", "effect"),
    [("endgame-*", "same"), ("ours-*", "same"), ("logs-zeek.*", "narrower")],
)
def test_events_that_are_not_looked_for_are_a_gap(other: str, effect: str) -> None:
    _, notes = recognise(kqlx.parse("a:1"), ("logs-sensor.*", other), (), PACKS)
    assert [str(note.effect) for note in notes] == [effect]


def test_an_index_pattern_forbids_the_assumption() -> None:
    assert found("event.category:process", ("logs-other.log-*",)) == ""
    assert found("event.category:process", ("winlogbeat-*",)) == "sensor.events source-assumed"


@pytest.mark.parametrize(
    ("metadata", "data", "integrations"),
    [
        ({"integration": ["aws", "aws"]}, {}, ("aws",)),
        ({"integration": "aws"}, {}, ("aws",)),
        ({"integration": 7}, {"related_integrations": "x"}, ()),
        (
            {},
            {
                "related_integrations": [
                    {"package": "aws", "integration": "cloudtrail", "version": "^2"},
                    {"package": "okta"},
                    {"version": "1"},
                    "odd",
                ]
            },
            ("aws.cloudtrail", "okta"),
        ),
    ],
)
def test_integrations_of_rules(
    metadata: dict[str, Any], data: dict[str, Any], integrations: tuple[str, ...]
) -> None:
    rule = kqlx.Rule(name="x", query="a:1", metadata=metadata, data=data)
    assert rule.integrations == integrations


def test_overlays_add_to_what_names_a_source(tmp_path: Any) -> None:
    path = tmp_path / "own.yml"
    text = "source: okta.system\nrecognise: {own: [ourokta.*], assumed: [{a: [x]}]}\n"
    path.write_text(text, encoding="utf-8")
    packs = packs_of([path])
    for query in ("ourokta.name:1", "a:x"):
        assert [p.source for p in recognise(kqlx.parse(query), packs=packs)[0]] == ["okta.system"]


def test_a_source_without_the_fields_to_count_by_is_left_out() -> None:
    packs = Only(
        {
            "a.log": pack("a.log", fields={"event.module": ["both"]}),
            "b.log": of_data(
                {
                    "source": "b.log",
                    "recognise": {"fields": {"event.module": ["both"]}},
                    "targets": {
                        "spl": [
                            {
                                "base": "sourcetype=b",
                                "fields": {
                                    "event.module": {"fixed": "both"},
                                    "process.name": "Image",
                                    "host.id": "Host",
                                },
                            }
                        ]
                    },
                }
            ),
        }
    )
    rule = kqlx.Rule(
        name="new",
        query="event.module:both and process.name:x",
        type="new_terms",
        data={"new_terms_fields": ["host.id"], "history_window_start": "now-7d"},
    )
    with pytest.raises(kqlx.KqlxError, match=r"a\.log"):
        kqlx.convert(rule, "spl", mappings=packs)
    found = kqlx.convert(rule, "spl", mappings=packs, accept=["narrower"], unmapped="keep")
    assert found.source == "b.log"
    assert "host.id has no counterpart to count by" in " ".join(n.message for n in found.notes)


def test_owners_of_fields_are_those_whose_names_the_field_has() -> None:
    marks = builtin_marks()
    own = {name for each in marks.values() for name in each.exclusive_fields}
    asked = {name.removesuffix("*") for name in own} | {name.replace("*", "a.b") for name in own}
    for name in asked | {"event.action", "winlog", "o365", "x"}:
        lengths = {
            source: max(map(len, ours))
            for source, each in marks.items()
            if (ours := own_names(name, each.exclusive_fields))
        }
        assert builtin_telling_fields().having(name) == lengths
        nearest = {s for s, length in lengths.items() if length == max(lengths.values())}
        assert builtin_telling_fields().owners(name) == nearest


def test_sources_of_a_value_are_those_whose_values_it_is() -> None:
    named = {
        "a": ["Microsoft-Windows-Sysmon/Operational", "both"],
        "b": ["both", "microsoft-windows-*"],
        "c": ["[x]"],
    }
    values = TellingValues(named.items())
    for text, found in {
        "BOTH": "ab",
        "microsoft-windows-sysmon/operational": "ab",
        "Microsoft-Windows-Other": "b",
        "microsoft-windows-*": "b",
        "x": "c",
        "[x]": "",
        "none": "",
    }.items():
        assert values.sources_of(Equals(Literal("f"), Literal(text))) == {*found}
    for pattern, found in {"*": "", "b*": "ab", "*SYSMON*": "a", "micro*": "ab", "n*": ""}.items():
        assert values.sources_of(Like(Literal("f"), Pattern.from_stars(pattern))) == {*found}
    assert not NO_VALUES.sources_of(Equals(Literal("f"), Literal("both")))


@pytest.mark.parametrize(
    ("query", "effect"),
    [
        ("event.category:(network or network_traffic) and destination.port:1723", Effect.COVERAGE),
        ("destination.port:1723", Effect.NARROWER),
        ("event.category:(network or web) and destination.port:1723", Effect.NARROWER),
    ],
)
def test_traffic_of_any_module_is_where_that_of_any_product_is(query: str, effect: Effect) -> None:
    rule = kqlx.Rule(
        name="x", query=query, data={"index": ["filebeat-*", "logs-network_traffic.*"]}
    )
    notes = kqlx.convert(rule, "spl", accept="narrower").notes
    assert [n.effect for n in notes if "filebeat-*" in n.message] == [effect]


def test_a_word_in_an_action_names_no_product() -> None:
    """It may be one of any product; how an action of one begins is its own."""
    for query in ("event.action:*delete*", "event.action:*_user and user.name:*"):
        assert recognise(kqlx.parse(query), ["logs-*"]) == ((), ())
    (pack,), _ = recognise(kqlx.parse("event.action:od_delete*"), ["logs-*"])
    assert pack.source == "jamf_protect.telemetry"
