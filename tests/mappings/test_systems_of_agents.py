"""The operating system of a user agent, which Elastic and Okta each read in their own way: a rule
that counts systems counts what browsers call them, behind the first parenthesis.
"""

from __future__ import annotations

import re
from itertools import combinations

import pytest

import kqlx
from kqlx.mappings.reader.builtin import builtin
from kqlx.notes import Effect

# What https://github.com/ua-parser/uap-core makes of them (os_parsers).
AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0": "Windows",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:115.0) Gecko/20100101 Firefox/115.0": "Windows",
    "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft) Edge/15.1": "Windows Phone",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Safari/605.1": "Mac OS X",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0": "Linux",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0": "Ubuntu",
    "Mozilla/5.0 (X11; Fedora; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0": "Fedora",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/131.0": "Chrome OS",
    "Mozilla/5.0 (X11; FreeBSD amd64; rv:132.0) Gecko/20100101 Firefox/132.0": "FreeBSD",
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 Chrome/131.0 Mobile": "Android",
    "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0": "Android",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1": "iOS",
    "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1": "iOS",
    "OktaVerify/8.9 iOS/17.2 Apple/iPhone": "iOS",
    "OktaVerify/8.9 Android/14 Google/Pixel": "Android",
}
COUNTED = "okta.debug_context.debug_data.dt_hash"
QUERY = "event.dataset:okta.system and user_agent.os.name:*"


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_two_systems_are_never_one(target: str) -> None:
    for place in builtin("okta.system").targets[target]:
        spec = place.fields["user_agent.os.name"]
        parts = {agent: re.match(spec.counted_as, agent) for agent in AGENTS}
        for one, other in combinations(AGENTS, 2):
            first, second = parts[one], parts[other]
            assert first and second
            if AGENTS[one] != AGENTS[other]:
                assert first[1] != second[1]
        # Versions of browsers and systems make no difference.
        windows = {
            parts[agent][1]  # type: ignore[index] # each has parts
            for agent in AGENTS
            if AGENTS[agent] == "Windows"
        }
        assert len(windows) == 1


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_the_names_of_systems_are_counted_not_compared(target: str) -> None:
    data = {
        "threshold": {
            "field": [COUNTED],
            "value": 1,
            "cardinality": [{"field": "user_agent.os.name", "value": 2}],
        }
    }
    rule = kqlx.Rule("r", QUERY, type="threshold", data=data)
    notes = [note for note in kqlx.convert(rule, target).notes if note.code == "value-differs"]
    assert [note.effect for note in notes] == [Effect.WIDER]
    with pytest.raises(kqlx.UnsupportedError, match="parse the user agent"):
        kqlx.convert(f'{QUERY} and user_agent.os.name:"Mac OS X"', target)


def test_a_correlation_by_whole_user_agents_has_smaller_groups() -> None:
    data = {"threshold": {"field": ["user_agent.os.name"], "value": 5}}
    rule = kqlx.Rule("r", QUERY, type="threshold", data=data)
    with pytest.raises(kqlx.UnsupportedError, match="rawUserAgent is counted in its place"):
        kqlx.convert(rule, "sigma")
