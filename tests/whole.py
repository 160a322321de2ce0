"""What becomes of whole rules, by their type, in every target and format: converted, refused with
what reason, or crashed.

Nothing is accepted that a user does not get by default, so that a rule which would lose its meaning
counts as refused. A result that the model of its loader refuses counts as crashed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import kqlx
from agreement import REFUSALS
from kibana_import import import_problems, strict, watch_problems

TYPES = ("query", "threshold", "new_terms", "threat_match", "saved_query")
KEPT: Mapping[str, Any] = {"source": "none", "unmapped": "keep"}
MAPPED: Mapping[str, Any] = {}
"""Options of a conversion: with Elastic's field names kept, or by the mapping packs."""

MODELS: dict[tuple[str, str], Callable[[str], Iterable[str]]] = {
    ("elasticsearch", "rule"): import_problems,
    ("elasticsearch", "watcher"): lambda text: watch_problems(strict(text)),
    ("elasticsearch", "search"): lambda text: () if "body" in strict(text) else ("no body",),
}
"""What says of an artifact why it would not be loaded, by target and format."""

BY_NATURE = ("tstats",)


@dataclass
class Fate:
    """Of the rules of one type in one format: how many are converted as a whole, and how many as
    their query alone, with a note. ``reasons`` are of refusals, ``crashes`` in words.
    """

    whole: int = 0
    alone: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.whole}/{self.alone}/{self.reasons.total()}/{len(self.crashes)}"


Fates = dict[tuple[str, str], dict[str, Fate]]
"""By target and format, then by type."""


def fates(rules: Iterable[kqlx.Rule], options: Mapping[str, Any]) -> Fates:
    """What becomes of the rules in all formats of all targets."""
    found: Fates = {(t.name, format): {} for t in kqlx.targets() for format in t.formats}
    for rule in rules:
        for (target, format), by_type in found.items():
            fate = by_type.setdefault(rule.type, Fate())
            try:
                result = kqlx.convert(rule, target, format=format, **options)
                model = MODELS.get((target, format))
                problems = list(model(result.text)) if model else []
            except REFUSALS as error:
                fate.reasons[shape(error.message)] += 1
            except Exception as error:  # whatever it is, it is what is looked for here
                name = f"{target} {format}: {rule.path or rule.name}"
                fate.crashes.append(f"{name}: {type(error).__name__}: {error}")
            else:
                alone = any(note.code == "rule-type" for note in result.notes)
                fate.alone += alone and not problems
                fate.whole += not alone and not problems
                fate.crashes += [f"{target} {format}: {rule.name}: {p}" for p in problems[:1]]
    return found


def shape(reason: str) -> str:
    """A reason without the names and values of its rule, so that like ones are counted together."""
    reason = re.sub(r'"[^"]*"', "…", reason)
    reason = re.sub(r"@timestamp|[\w@*-]+(\.[\w@*-]+)+", "…", reason)
    return reason if len(reason) <= 110 else reason[:109] + "…"


def table(found: Fates) -> Iterator[str]:
    """A row a format, a column a type: whole/query alone/refused/crashed."""
    types = [type for type in TYPES if any(type in by_type for by_type in found.values())]
    yield f"{'':26}" + " ".join(f"{type:>14}" for type in types)
    for (target, format), by_type in found.items():
        cells = " ".join(f"{by_type.get(type, Fate())!s:>14}" for type in types)
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


def crashes(found: Fates) -> list[str]:
    return [crash for types in found.values() for fate in types.values() for crash in fate.crashes]
