"""What real engines say of our Sigma rules: rsigma and sigma-rust, by a small program of Rust
(``tests/engines/sigma``).

``cargo build --release`` there builds it; ``SIGMA_ENGINES`` names it elsewhere. Where it is not,
the tests take the verdicts of ``engine_verdicts.json``, which ``python -m
tests.sigma.engine_verdicts`` writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import kqlx
from kqlx.records import dataclass
from kqlx.rules.model import Rule
from kqlx.testing.bounds import types_of
from kqlx.testing.near import near_events
from kqlx.testing.stored import as_stored
from tests.conftest import ROOT, own_rules

STORED = Path(__file__).with_name("engine_verdicts.json")
ENGINES = ("rsigma", "sigma_rust")
HEAD = "title: A Rule\nid: 5d7c6c8e-5f0a-5d35-9f4b-0a4f5a1b2c3d\nstatus: test\nlevel: low\n"

Verdicts = dict[str, str]
"""By engine a digit for each event, 1 where it matches; or why there are none."""


@dataclass(frozen=True, slots=True)
class Case:
    """A rule's log source and detection, with events near its border in the target's names."""

    name: str
    body: str
    events: tuple[Mapping[str, Any], ...]

    @property
    def key(self) -> str:
        text = json.dumps([self.body, self.events], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def cases(rules: Iterable[Rule], count: int) -> Iterator[Case]:
    """Of each log source of the rules that Sigma can say."""
    for rule in rules:
        with suppress(kqlx.KqlxError):
            made = kqlx.convert(rule, "sigma", format="query", accept=["wider", "narrower"])
            bodies = str(made.query).split("\n---\n")
            for body, tree in zip(bodies, made.trees, strict=True):
                types = types_of(tree)
                near = near_events(tree, types, count, seed=1)
                events = tuple([as_stored(event, types) for event in near])
                yield Case(rule.name, body, events)


def own_cases() -> list[Case]:
    return list(cases(own_rules(), 12))


def program() -> Path | None:
    """The program that asks the engines, where it is built."""
    built = ROOT / "tests/engines/sigma/target/release/verdicts"
    path = Path(os.environ.get("SIGMA_ENGINES") or built)
    return path if path.is_file() else None


def asked(program: Path, asked: Sequence[Case]) -> list[Verdicts]:
    """What the engines say of each case now."""
    lines = [json.dumps({"rule": HEAD + case.body, "events": case.events}) for case in asked]
    done = subprocess.run(
        [program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    return [
        {engine: _shown(answer[engine]) for engine in ENGINES}
        for answer in map(json.loads, done.stdout.splitlines())
    ]


def _shown(verdicts: list[bool] | str) -> str:
    if isinstance(verdicts, str):
        return verdicts
    return "".join("1" if verdict is True else "0" for verdict in verdicts)


@cache
def stored() -> dict[str, Verdicts]:
    """What they said when the verdicts were written, by keys of cases."""
    found: dict[str, Verdicts] = json.loads(STORED.read_text("utf-8"))
    return found


def write() -> None:
    found = program()
    assert found is not None, "cargo build --release in tests/engines/sigma builds the program"
    every = own_cases()
    verdicts = {case.key: said for case, said in zip(every, asked(found, every), strict=True)}
    text = json.dumps(dict(sorted(verdicts.items())), indent=0)
    STORED.write_text(f"{text}\n", "utf-8")
    print(f"{STORED}: {len(verdicts)} rules")


if __name__ == "__main__":
    write()
