"""Rules that count by the agent: where its ID is not stored, its computer stands for it."""

from __future__ import annotations

import pytest

from kqlx.mappings.reader.builtin import builtin, sources

OF_ONE_COMPUTER = ("system.", "windows.", "winlog.", "auditd_manager.", "cloud_defend", "endpoint.")


@pytest.mark.parametrize("source", [name for name in sources() if name.startswith(OF_ONE_COMPUTER)])
def test_what_is_counted_by_host_is_counted_by_agent(source: str) -> None:
    for target, destinations in builtin(source).targets.items():
        for destination in destinations:
            host, agent = destination.field("host.id"), destination.field("agent.id")
            if host is None or not (host.counted_by or host.column):
                continue
            place = (target, destination.name)
            assert agent is not None, place
            assert agent.counted_by == (host.counted_by or host.column), place
