"""What holds for every mapping pack of this package: names of fields, addresses of facts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kqlx.elastic import ecs
from kqlx.mappings.pack import Pack
from kqlx.mappings.reader.builtin import builtin, builtin_data, sources
from kqlx.notes import Effect

# Names beyond ECS that several integrations share, with where they are documented.
SHARED = {
    "winlog": "https://www.elastic.co/docs/reference/beats/winlogbeat/exported-fields-winlog",
    "powershell": "https://www.elastic.co/docs/reference/integrations/windows",
    "sysmon": "https://www.elastic.co/docs/reference/integrations/windows",
    "process.Ext": "https://github.com/elastic/endpoint-package/tree/main/custom_schemas",
    "process.parent.Ext": "https://github.com/elastic/endpoint-package/tree/main/custom_schemas",
    "file.Ext": "https://github.com/elastic/endpoint-package/tree/main/custom_schemas",
    "dll.Ext": "https://github.com/elastic/endpoint-package/tree/main/custom_schemas",
    "file.code_signature": "https://www.elastic.co/docs/reference/integrations/windows",
    "actor.entity": "https://www.elastic.co/docs/reference/ecs/ecs-entity",
    "target.entity": "https://www.elastic.co/docs/reference/ecs/ecs-entity",
    "related.entity": "https://www.elastic.co/docs/reference/ecs/ecs-entity",
    "auditd": "https://www.elastic.co/docs/reference/integrations/auditd_manager",
    "user.audit": "https://www.elastic.co/docs/reference/integrations/auditd_manager",
    "fortinet": "https://www.elastic.co/docs/reference/integrations/fortinet_fortigate",
    "juniper": "https://www.elastic.co/docs/reference/integrations/juniper_srx",
    "sonicwall": "https://www.elastic.co/docs/reference/integrations/sonicwall_firewall",
    "cisco": "https://www.elastic.co/docs/reference/integrations/cisco_asa",
    "microsoft": "https://www.elastic.co/docs/reference/integrations/microsoft_defender_endpoint",
    "geo": "https://www.elastic.co/docs/reference/integrations/azure",
    "session": "https://www.elastic.co/docs/reference/integrations/azure",
    "icmp": "https://www.elastic.co/docs/reference/integrations/network_traffic",
    "request": "https://www.elastic.co/docs/reference/integrations/network_traffic",
    "http.request.headers": "https://www.elastic.co/docs/reference/integrations/network_traffic",
    "http.response.headers": "https://www.elastic.co/docs/reference/integrations/network_traffic",
}


def field_names(pack: Pack) -> set[str]:
    """The names of Elastic's fields that a pack says something of, without ``.*``."""
    names = {*pack.constants, *pack.always_includes, *pack.allowed_values, *pack.types}
    for destinations in pack.targets.values():
        for destination in destinations:
            names |= {*destination.fields, *destination.never}
            names |= {name for when in destination.when for name in when}
    return {name.removesuffix(".*") for name in names}


@pytest.mark.parametrize("source", sources())
def test_fields_are_of_ecs_or_of_the_source(source: str) -> None:
    known = ecs.types()
    # The fields, and the objects that they lie in.
    groups = {name.rsplit(".", depth)[0] for name in known for depth in range(5)}
    own = (source.partition(".")[0], *SHARED)
    unknown = [
        name
        for name in field_names(builtin(source))
        if name not in groups and not any(name == one or name.startswith(f"{one}.") for one in own)
    ]
    assert not unknown


@pytest.mark.parametrize("source", sources())
def test_every_destination_says_where_its_facts_are_from(source: str) -> None:
    pack = builtin(source)
    assert {*pack.targets, *pack.lacking} == {"spl", "sentinel", "sigma"}
    assert not pack.targets.keys() & pack.lacking.keys()
    for target, destinations in pack.targets.items():
        assert destinations, target
        assert all(destination.source for destination in destinations), target


def test_what_a_place_may_lack_is_told() -> None:
    """Of each destination in Splunk: what it needs to hold the events is the first cause of rules
    that never fire. (A log source of Sigma is no place.)
    """
    for source in sources():
        for destination in builtin(source).targets.get("spl", ()):
            told = [note for note in destination.notes if note.effect is Effect.COVERAGE]
            assert told, f"{source}: {destination.name} {destination.when}"


def test_windows_logs_are_read_as_xml() -> None:
    for source in ("system.security", "windows.sysmon_operational", "windows.powershell"):
        for destination in builtin(source).targets["spl"]:
            assert any("XML" in note.message for note in destination.notes)


def test_the_source_type_of_an_event_hub_is_told() -> None:
    for source in sources():
        for destination in builtin(source).targets.get("spl", ()):
            if "azure:monitor" in destination.name:
                assert any("mscs:azure:eventhub" in note.message for note in destination.notes)


def texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for item in data.values() if isinstance(data, dict) else data:
            yield from texts(item)


@pytest.mark.parametrize("source", sources())
def test_no_word_is_broken_behind_a_hyphen(source: str) -> None:
    """YAML reads a line that ends in ``user-`` and the next one as ``user- account``."""
    each = texts(builtin_data(source))
    assert not [text for text in each if re.fullmatch(r"[a-z-]+- [a-z -]+", text)]
