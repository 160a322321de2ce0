"""What becomes of whole rules, by their type, in every target and format: converted, refused with
what reason, malformed (what loads the format, or a model of it, does not take the result), or
crashed.

Nothing is accepted that a user does not get by default, so that a rule which would lose its meaning
counts as refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import kqlx
from kqlx.testing.agreement import REFUSALS
from tests.oracles import loaders

TYPES = ("query", "threshold", "new_terms", "threat_match", "saved_query", "eql")
KEPT: Mapping[str, Any] = {"source": "none", "unmapped": "keep"}
MAPPED: Mapping[str, Any] = {}
"""Options of a conversion: with Elastic's field names kept, or by the mapping packs."""

BY_NATURE = ("tstats",)


@dataclass
class Fate:
    """Of the rules of one type in one format: how many are converted as a whole, and how many as
    their query alone, with a note. ``reasons`` are of refusals; ``malformed`` and ``crashes`` in
    words.
    """

    whole: int = 0
    alone: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    malformed: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        failed = f"{len(self.malformed)}/{len(self.crashes)}"
        return f"{self.whole}/{self.alone}/{self.reasons.total()}/{failed}"


Fates = dict[tuple[str, str], dict[str, Fate]]
"""By target and format, then by type."""


def fates(rules: Iterable[kqlx.Rule], options: Mapping[str, Any]) -> Fates:
    """What becomes of the rules in all formats of all targets."""
    rules = list(rules)
    return {
        (target.name, format): fates_of(rules, target.name, format, options)
        for target in kqlx.targets()
        for format in target.format_names
    }


def fates_of(
    rules: Iterable[kqlx.Rule], target: str, format: str, options: Mapping[str, Any]
) -> dict[str, Fate]:
    """By type, what becomes of the rules in one format."""
    found: dict[str, Fate] = {}
    made: list[tuple[kqlx.Rule, kqlx.Conversion]] = []
    for rule in rules:
        fate = found.setdefault(rule.type, Fate())
        try:
            made.append((rule, kqlx.convert(rule, target, format=format, **options)))
        except REFUSALS as error:
            fate.reasons[shape(error.message)] += 1
        except Exception as error:  # whatever it is, it is what is looked for here
            name = f"{target} {format}: {rule.path or rule.name}"
            fate.crashes.append(f"{name}: {type(error).__name__}: {error}")
    problems = loaders.load(target, format, [result.text for _, result in made])
    for (rule, result), complaints in zip(made, problems, strict=True):
        fate = found[rule.type]
        if complaints:
            fate.malformed.append(f"{target} {format}: {rule.name}: {complaints[0]}")
        elif any(note.code == "rule-type" for note in result.notes):
            fate.alone += 1
        else:
            fate.whole += 1
    return found


def shape(reason: str) -> str:
    """A reason without the names and values of its rule, so that like ones are counted together."""
    reason = re.sub(r'"[^"]*"', "…", reason)
    reason = re.sub(r"@timestamp|[\w@*-]+(\.[\w@*-]+)+", "…", reason)
    return reason if len(reason) <= 110 else reason[:109] + "…"


def table(found: Fates) -> Iterator[str]:
    """A row a format, a column a type: whole/query alone/refused/malformed/crashed."""
    types = [type for type in TYPES if any(type in by_type for by_type in found.values())]
    yield f"{'':26}" + " ".join(f"{type:>16}" for type in types)
    for (target, format), by_type in found.items():
        cells = " ".join(f"{by_type.get(type, Fate())!s:>16}" for type in types)
        yield f"{f'{target} {format}':26}{cells}"


def reasons(found: Fates, most: int) -> Iterator[str]:
    """The commonest reasons for a refusal, by type, counted over all formats but those that refuse
    most rules by nature.
    """
    by_type: dict[str, Counter[str]] = {}
    for (_, format), types in found.items():
        for type, fate in types.items() if format not in BY_NATURE else ():
            by_type.setdefault(type, Counter()).update(fate.reasons)
    for type in TYPES:
        for reason, count in by_type.get(type, Counter()).most_common(most):
            yield f"{count:5}  {type}: {reason}"


def failures(found: Fates) -> list[str]:
    """What crashed or was malformed, in words."""
    every = [fate for types in found.values() for fate in types.values()]
    return [failure for fate in every for failure in (*fate.malformed, *fate.crashes)]
