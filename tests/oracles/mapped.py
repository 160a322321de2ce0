"""How far the mapping packs reach: of the rules of each data source, the share whose every field
has a counterpart in the target, or of which the pack says why there is none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import kqlx
from kqlx.mappings.recognition import recognise
from kqlx.testing.agreement import Malformed
from tests.oracles.kusto import analyse
from tests.oracles.sigma_rules import SIGMA
from tests.oracles.splunk import SPLUNK

TARGETS = ("spl", "sentinel", "sigma")
NONE = "no source recognised"


@dataclass
class Share:
    """Of the rules of one source in one target: how many there are, how many have every field
    mapped or declared, how many are converted, and what the target's own reader refuses.
    """

    rules: int = 0
    mapped: int = 0
    converted: int = 0
    malformed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def shares(rules: Iterable[kqlx.Rule]) -> dict[tuple[str, str], Share]:
    """By source and target."""
    found: dict[tuple[str, str], Share] = defaultdict(Share)
    queries: list[tuple[str, str]] = []
    for rule in rules:
        node = kqlx.parse(rule.query, language=rule.language)
        packs, _ = recognise(node, rule.indices, rule.integrations)
        source = ", ".join(pack.source for pack in packs) or NONE
        for target in TARGETS:
            share = found[source, target]
            share.rules += 1
            try:
                converted = kqlx.convert(
                    rule, target, accept=("wider", "narrower", "different")
                ).query
            except kqlx.KqlxError as error:
                notes = getattr(error, "notes", ())
                told = [note for note in notes if note.code == "unmapped-field"]
                share.mapped += bool(packs) and not told
                share.missing += [f"{rule.name}: {note.message}" for note in told]
                continue
            share.mapped += 1
            share.converted += 1
            text = str(converted)
            if target == "sentinel":
                queries.append((source, text))
                continue
            try:
                for part in [text] if target == "spl" else text.split("\n---\n"):
                    (SPLUNK if target == "spl" else SIGMA).read(part)
            except Malformed as error:
                share.malformed.append(f"{rule.name}: {target}: {error}")
    texts = [text for _, text in queries]
    for (source, text), complaints in zip(queries, analyse(texts), strict=True):
        if bad := [c for c in complaints if "an analytics rule takes 10,000" not in c]:
            found[source, "sentinel"].malformed.append(f"{bad}\n{text}")
    return found


def searches(text: str) -> list[str]:
    """The searches of one for several data sources, which the strict reader takes one by one, each
    with what is counted of all.
    """
    if not (start := re.match(r"\| multisearch\s+\[search ", text)):
        return [text]
    whole, mark, counted = re.sub(r"\]\s*\| stats ", "]\n| stats ", text).partition("]\n| stats ")
    parts = re.split(r"\]\s+\[search ", (whole if mark else whole.removesuffix("]"))[start.end() :])
    return [part.replace("\n    ", "\n") + mark[1:] + counted for part in parts]


def table(found: Mapping[tuple[str, str], Share]) -> Iterator[str]:
    """A row a source, the last for all."""
    sources = sorted({source for source, _ in found}, key=lambda source: (source == NONE, source))
    width = max(map(len, [*sources, "all"]))
    yield f"{'source':{width}}  rules " + " ".join(f"{target:>16}" for target in TARGETS)
    for source in [*sources, "all"]:
        of = [[s for (name, t), s in found.items() if source in (name, "all") and t == target]
              for target in TARGETS]  # fmt: skip
        rules = sum(share.rules for share in of[0])
        cells = []
        for each in of:
            mapped = sum(share.mapped for share in each)
            converted = sum(share.converted for share in each)
            cells.append(f"{100 * mapped / rules:6.1f} % ({converted:4})".rjust(16))
        yield f"{source:{width}}  {rules:5} " + " ".join(cells)
