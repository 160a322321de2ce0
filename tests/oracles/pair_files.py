"""Raw events of real products beside the documents that Elastic's own ingest pipelines make of
them, if there are any beside the project: they belong to others, and are never part of it.

``PAIRS`` in the environment names the folder; else it is ``shared/pairs`` next to the checkout. A
file ``<data source>.jsonl`` has a pair a line: ``id``, ``source``, ``raw`` and ``elastic``. What is
known to differ, because a pair is older than the pipeline that a pack follows, is in
``pairs_known.yml``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.oracles.reference import flatten
from tests.oracles.sigma_rules import documents

BESIDE = ROOT.parent / "shared" / "pairs"
KNOWN = Path(__file__).parent / "pairs_known.yml"

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One event: as its product writes it, and by field the values of Elastic's document."""

    name: str
    raw: Mapping[str, Any]
    fields: Mapping[str, Values]


@dataclass(frozen=True, slots=True)
class Known:
    """A field that some pairs have otherwise than the pack, and why; only where it is asked for
    the value, if there is one.
    """

    source: str
    field: str
    reason: str
    value: str = "*"
    pair: str = "*"

    def covers(self, pair: str, field: str, value: object) -> bool:
        return (
            fnmatchcase(pair, f"{self.source}-{self.pair}")
            and fnmatchcase(field, self.field)
            and fnmatchcase(str(value), self.value)
        )


def folder() -> Path | None:
    """Where the pairs are, or None. A folder that ``PAIRS`` names but is not there is an error:
    raises NotADirectoryError.
    """
    named = os.environ.get("PAIRS")
    if not named:
        return BESIDE if BESIDE.is_dir() else None
    if not Path(named).is_dir():
        raise NotADirectoryError(f"PAIRS names {named}, which is no folder")
    return Path(named)


def sources() -> list[str]:
    """The data sources that there are pairs of."""
    path = folder()
    return [] if path is None else sorted(file.stem for file in path.glob("*.jsonl"))


@cache
def pairs(source: str) -> tuple[Pair, ...]:
    path = folder()
    assert path is not None
    lines = (path / f"{source}.jsonl").read_text("utf-8").splitlines()
    return tuple(map(_pair, map(json.loads, lines)))


def _pair(data: Mapping[str, Any]) -> Pair:
    return Pair(data["id"], data["raw"], fields_of(data["elastic"]))


def fields_of(document: Mapping[str, Any]) -> dict[str, Values]:
    """The values of a document, by the full name of the field."""
    found: dict[str, list[Any]] = {}
    for name, value in flatten(document):
        found.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in found.items()}


@cache
def known() -> tuple[Known, ...]:
    """What is known to differ."""
    (data,) = documents(KNOWN.read_text("utf-8"))
    return tuple(
        Known(source, field, item["reason"], str(item.get("value", "*")), str(pair))
        for source, items in data.items()
        for item in items
        for field in item["fields"]
        for pair in item.get("pairs", ["*"])
    )
