"""Sequences and samples on streams of events: a correlation never misses one that Elastic finds,
and finds more only where a note says it. What it finds is played through by ``sigma_correlations``,
and by the engine rsigma where it is built.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kqlx
from kqlx.records import dataclass
from tests.conftest import DEEP, ROOT, missing
from tests.oracles.sigma_correlations import alerts
from tests.oracles.sigma_rules import documents

STREAMS = int(os.environ.get("STREAMS") or (4000 if DEEP else 400))
NOON = 1_800_000_000
KINDS = ["a", "b", "c", "d"]
ENGINE = Path(
    os.environ.get("SIGMA_CORRELATIONS") or ROOT / "tests/engines/sigma/target/release/correlations"
)


@dataclass(frozen=True, slots=True)
class Case:
    """A query and a stream: events with their seconds."""

    query: str
    stream: tuple[tuple[int, dict[str, Any]], ...]

    @property
    def in_time(self) -> bool:
        """Whether no two events are of the same moment."""
        return len({seconds for seconds, _ in self.stream}) == len(self.stream)


def drawn(count: int) -> Iterator[Case]:
    """Queries of one to four steps: by keys of one name and of two, of values that overlap, with
    runs and ``until``, samples; streams of few times, so that exact spans and ties come up.
    """
    chance = random.Random(17)
    for _ in range(count):
        sample = chance.random() < 0.15
        wanted = chance.choice([2, 2, 3] if sample else [1, 2, 2, 2, 3, 4])
        yield Case(_query(chance, sample, wanted), tuple(_stream(chance, wanted)))


def _query(chance: random.Random, sample: bool, wanted: int) -> str:
    keys = chance.choice([["h"], ["h", "u"], ["h", "u"]])
    several_names = chance.random() < 0.3
    parts = ["sample" if sample else f"sequence with maxspan={chance.choice([2, 3, 5])}s"]
    for number in range(wanted):
        values = [KINDS[number]]
        if chance.random() < 0.2:
            values.append(chance.choice(KINDS))
        by = [*keys[:-1], "g" if several_names and number % 2 else keys[-1]]
        test = " or ".join([f'kind == "{value}"' for value in dict.fromkeys(values)])
        parts.append(f"[any where {test}] by {', '.join(by)}")
        if not sample and (wanted == 1 or chance.random() < 0.15):
            parts.append(f"with runs={chance.choice([2, 3])}")
    if not sample and chance.random() < 0.15:
        parts.append(f'until [any where kind == "z"] by {", ".join(keys)}')
    return " ".join(parts)


def _stream(chance: random.Random, wanted: int) -> Iterator[tuple[int, dict[str, Any]]]:
    seconds = 0
    for _ in range(chance.randint(2, 12)):
        seconds += chance.choice([0, 1, 1, 1, 1, 2, 3])
        event = {"kind": chance.choice([*KINDS[:wanted], *KINDS[:wanted], "z"])}
        for key in ("h", "u", "g"):
            if chance.random() < 0.9:
                event[key] = chance.choice(["1", "1", "2"])
        yield seconds, event


def converted(query: str) -> kqlx.Conversion:
    types = dict.fromkeys(["kind", "h", "u", "g"], "keyword")
    return kqlx.convert(query, "sigma", language="eql", source="none", fields=types)


def found(case: Case) -> list[int]:
    """The places of the last events of what Elastic finds."""
    events = [
        {"@timestamp": (NOON + seconds) * 1000, "place": place, **event}
        for place, (seconds, event) in enumerate(case.stream)
    ]
    types = dict.fromkeys(["kind", "h", "u", "g"], "keyword")
    each = kqlx.find_sequences(case.query, events, types)
    return sorted({max(int(event["place"]) for event in one.events) for one in each})


CASES = [*drawn(STREAMS)]
RULES: dict[str, kqlx.Conversion] = {}


def rule_of(case: Case) -> kqlx.Conversion:
    if case.query not in RULES:
        RULES[case.query] = converted(case.query)
    return RULES[case.query]


def test_no_sequence_is_missed_and_more_is_found_only_where_it_is_said() -> None:
    seen = {"found": 0, "exact": 0, "wider": 0}
    for case in CASES:
        rule = rule_of(case)
        expected, answer = found(case), alerts(rule.text, case.stream)
        codes = {note.code for note in rule.notes}
        if case.query.startswith("sample"):
            # Elastic gives a sample when it has seen all events, a correlation as soon as it can.
            assert bool(expected) <= bool(answer), case
        else:
            assert set(expected) <= set(answer), case
        seen["found"] += bool(expected)
        if not codes & {"sequence-repeated", "sequence-order", "sequence-left-out"}:
            seen["exact"] += bool(expected)
            assert not case.in_time or expected == answer, case
        elif answer and not expected:
            seen["wider"] += 1
            told = codes & {"sequence-order", "sequence-left-out"}
            assert told or not case.in_time, case
    assert min(seen.values()) > STREAMS / 100, seen


def test_rsigma_finds_the_same() -> None:
    if not ENGINE.is_file():
        missing("rsigma is not built (tests/engines/sigma)")
    lines = []
    for case in CASES:
        text = rule_of(case).text
        title = documents(text)[-1]["title"]
        lines.append(json.dumps({"rule": text, "title": title, "events": case.stream}))
    done = subprocess.run(
        [ENGINE], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    for case, line in zip(CASES, done.stdout.splitlines(), strict=True):
        assert json.loads(line) == alerts(rule_of(case).text, case.stream), case
