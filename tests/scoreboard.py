"""What ``make scoreboard CORPUS=DIR`` prints: how many of the rules in the folder each target says
the same, with what effect, or refuses and why; those in Kibana KQL, and those in EQL that ask for
single events. What becomes of whole rules is counted of those that ask for several, too.

Each target that has an engine (``ENGINES``) is judged too: the queries are read by it and asked
about events near the border of each rule, the same ones at each run. A difference that no note
announces, a query that the target's reader refuses and a crash are printed, and make the exit
status 1.

    python -m tests.scoreboard [--exact]
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from zlib import crc32

import kqlx
from kqlx.notes import Effect, worst
from kqlx.testing.agreement import REFUSALS, Engine, Malformed, convert, plain_conversion
from kqlx.testing.near import near_events
from tests import corpus
from tests.oracles import loaders, mapped, whole
from tests.oracles.sentinel import SENTINEL
from tests.oracles.sigma_rules import SIGMA
from tests.oracles.splunk import SPLUNK
from tests.oracles.whole import shape

ENGINES: dict[str, Engine] = {"spl": SPLUNK, "sentinel": SENTINEL, "sigma": SIGMA}
EVENTS = 40
REASONS = 5
"""How many of the commonest reasons for a refusal are printed."""

SHOWN = 20
"""How many failures of a target are printed in full."""

EFFECTS = [str(effect) for effect in Effect]
COLUMNS = [*EFFECTS, "refused", "crashed", "malformed", "unannounced"]
FAILURES = ("crashed", "malformed", "unannounced")


@dataclass
class Score:
    """What became of the rules in one target. ``outcomes`` counts by the names of ``COLUMNS``."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(self.outcomes[kind] for kind in FAILURES)


def score(target: str, rules: list[tuple[str, kqlx.Rule]], *, exact: bool) -> Score:
    """Converts every rule to the target under its own field names, accepting every effect."""
    found = Score()
    engine = ENGINES.get(target)
    for name, rule in rules:
        try:
            if engine is None:
                conversion = plain_conversion(
                    rule.query, target, exact=exact, language=rule.language
                )
                notes = conversion.notes
            else:
                query = convert(rule.query, engine, target, exact=exact, language=rule.language)
                notes = query.notes
                events = near_events(query.node, query.types, EVENTS, crc32(name.encode()))
                asked = query.asked(events)
                reports = [report for event in asked if (report := query.disagreement(event))]
                if reports:
                    found.outcomes["unannounced"] += 1
                    found.failures.append(f"{name}: {reports[0]}")
        except REFUSALS as error:
            found.outcomes["refused"] += 1
            found.reasons[shape(error.message)] += 1
        except Malformed as error:
            found.outcomes["malformed"] += 1
            found.failures.append(f"{name}: malformed: {error}")
        except Exception as error:  # whatever it is, it is what is looked for here
            found.outcomes["crashed"] += 1
            found.failures.append(f"{name}: crashed: {type(error).__name__}: {error}")
        else:
            found.outcomes[str(worst(notes))] += 1
    if target == SENTINEL.name and engine is SENTINEL:
        for complaint in SENTINEL.complaints_if_any():
            found.outcomes["malformed"] += 1
            found.failures.append(f"malformed: {complaint}")
    return found


def table(scores: dict[str, Score]) -> Iterator[str]:
    """A row a target; "-" where a target is not judged, having no engine."""
    yield " ".join(f"{title:>{max(7, len(title))}}" for title in ("target       ", *COLUMNS))
    for target, found in scores.items():
        cells = [f"{target:13}"]
        for kind in COLUMNS:
            judged = target in ENGINES or kind not in ("malformed", "unannounced")
            cell = str(found.outcomes[kind]) if judged else "-"
            cells.append(f"{cell:>{max(7, len(kind))}}")
        yield " ".join(cells)


def main(arguments: list[str]) -> int:
    """Prints the scoreboard. The status: 1 for any failure, 2 where there is no corpus."""
    started = time.perf_counter()
    try:
        rules = [(path.name, rule) for path, rule in corpus.rules()]
        in_eql = [(path.name, rule) for path, rule in corpus.rules_in_eql()]
    except (kqlx.RuleError, NotADirectoryError) as error:
        print(error, file=sys.stderr)
        return 2
    if not rules and not in_eql:
        print("no rules: make scoreboard CORPUS=DIR, a folder of rules in TOML", file=sys.stderr)
        return 2
    exact = "--exact" in arguments
    rest = corpus.rule_set()
    events = [(name, rule) for name, rule in in_eql if corpus.is_of_one_event(rule)]
    others = len(in_eql) - len(events)
    about = {
        "Kibana KQL": f"{len(rest.skipped)} in other languages, {len(rest.errors)} broken",
        "EQL": f"{others} that ask for several events, counted by type alone",
    }
    scores: dict[str, Score] = {}
    for language, asked in zip(about, (rules, events), strict=True):
        if not asked:
            continue
        of_target = {
            target.name: score(target.name, asked, exact=exact and target.name in ENGINES)
            for target in kqlx.targets()
        }
        print(f"{len(asked)} rules in {language} ({about[language]}), field names kept\n")
        print("\n".join([*table(of_target), ""]))
        scores |= {f"{target}, {language}": one for target, one in of_target.items()}
    shares = mapped.shares([rule for _, rule in (*rules, *events)])
    print("with the mapping packs: rules whose every field is mapped, or declared to have no")
    print("counterpart (in brackets: how many of them are converted)\n")
    print("\n".join(mapped.table(shares)))
    rules += in_eql
    by_type = [whole.fates([rule for _, rule in rules], o) for o in (whole.KEPT, whole.MAPPED)]
    for title, fates in zip(("field names kept", "with the mapping packs"), by_type, strict=True):
        print(f"\nby type of rule, {title}, nothing accepted:")
        print("whole/query alone/refused/malformed/crashed\n")
        print("\n".join([*whole.table(fates), *whole.reasons(fates, REASONS)]))
    for target, found in scores.items():
        if found.reasons:
            print(f"\n{target}: why refused")
            for reason, count in found.reasons.most_common(REASONS):
                print(f"{count:5}  {reason}")
    for target, found in scores.items():
        if found.failures:
            print(f"\n{target}: failures")
            print("\n".join(found.failures[:SHOWN]))
            if len(found.failures) > SHOWN:
                print(f"… and {len(found.failures) - SHOWN} more")
    bad = [complaint for share in shares.values() for complaint in share.malformed]
    bad += [crash for fates in by_type for crash in whole.failures(fates)]
    print("\n".join(["", *bad[:SHOWN]]) if bad else "")
    print("\n".join(loaders.lacking()), file=sys.stderr)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    return int(bool(bad) or any(found.failed for found in scores.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
