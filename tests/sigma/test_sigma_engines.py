"""Real engines read our Sigma rules and find what the rules mean. Both have faults of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from tests import corpus
from tests.conftest import missing
from tests.oracles.sigma_rules import SIGMA
from tests.sigma.engine_verdicts import (
    ENGINES,
    Case,
    Verdicts,
    asked,
    cases,
    own_cases,
    program,
    stored,
)

KEYWORDS = re.compile(r"(?m)^    keywords\w*:\n {8}(?:(?P<all>'\|all':)|- )")

_TYPED = re.compile(r"(?i)true|false|yes|no|-?[0-9.]+")


def _values(event: object) -> list[Any]:
    if isinstance(event, dict):
        return [value for item in event.values() for value in _values(item)]
    return [event]


def is_fair(engine: str, event: object) -> bool:
    """Whether an event has nothing that the engine is known to read otherwise.

    rsigma takes an empty list for a value, its ``*`` within a value matches no line break, and a
    text such as ``TRUE`` is a Boolean. sigma-rust looks into no lists, and a number or a Boolean of
    a rule is never the text of an event.
    """
    for value in _values(event):
        if isinstance(value, list) and (engine == "sigma_rust" or None in value or not value):
            return False
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, float) or (isinstance(item, str) and "\n" in item):
                return False
            if isinstance(item, str) and _TYPED.fullmatch(item):
                return False
    return True


def reads(engine: str, body: str) -> bool:
    """Whether an engine can read a rule: rsigma finds nothing by keywords that must all be there,
    and sigma-rust takes a keyword for the whole of a value.
    """
    keywords = KEYWORDS.search(body)
    return keywords is None or (engine == "rsigma" and not keywords["all"])


def differences(every: Sequence[Case], said: Sequence[Verdicts]) -> list[str]:
    """Rules that an engine does not load, and events of which it says otherwise than they mean."""
    reports, compared, found = [], 0, 0
    for case, verdicts in zip(every, said, strict=True):
        for engine in [engine for engine in ENGINES if reads(engine, case.body)]:
            digits = verdicts[engine]
            # The specification asks whether the name is there; rsigma whether there is a value.
            nulls_are_missing = engine == "rsigma" and "|exists:" in case.body
            if not set(digits) <= {"0", "1"}:
                reports.append(f"{case.name}: {engine} does not load it: {digits}")
                continue
            for event, digit in zip(case.events, digits, strict=True):
                if not is_fair(engine, event) or (nulls_are_missing and None in _values(event)):
                    continue
                meant = SIGMA.holds(case.body, event)
                compared, found = compared + 1, found + meant
                if meant is not (digit == "1"):
                    reports.append(f"{case.name}: {engine} says {digit} of {event}")
    print(f"{len(every)} rules, {compared} verdicts, {found} of events that match")
    assert 0 < found < compared
    return reports


def test_engines_find_what_our_own_rules_mean() -> None:
    every = own_cases()
    if (engines := program()) is not None:
        assert not (found := differences(every, asked(engines, every))), "\n".join(found[:20])
        return
    known = [case for case in every if case.key in stored()]
    if not known:
        pytest.skip("the stored verdicts are of other rules: tests.sigma.engine_verdicts says how")
    said = [stored()[case.key] for case in known]
    assert not (found := differences(known, said)), "\n".join(found[:20])


@pytest.mark.skipif(corpus.folder() is None, reason="there is no corpus of rules")
def test_engines_find_what_real_rules_mean() -> None:
    if (engines := program()) is None:
        missing("tests/engines/sigma is not built")
    in_eql = [rule for _, rule in corpus.rules_in_eql() if corpus.is_of_one_event(rule)]
    every = list(cases([*(rule for _, rule in corpus.rules()), *in_eql], 60))
    found = differences(every, asked(engines, every))
    assert not found, "\n".join([f"{len(found)} differences", *found[:20]])
