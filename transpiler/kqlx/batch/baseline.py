"""What was recorded of an earlier run, and what became worse since: a gate for continuous
integration that lets pass what is known.

The file is JSON: by rule (its id, or else its path) and target the status or the effect.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from kqlx import named_pipes
from kqlx.batch.outcome import RuleOutcome, Status
from kqlx.errors import UsageError
from kqlx.notes import Effect
from kqlx.records import dataclass, field

VERSION = 1

GRADES = (*(str(effect) for effect in Effect), *map(str, (Status.REFUSED, Status.FAILED)))
"""What a conversion may be, from the best."""


@dataclass(slots=True)
class Baseline:
    """Grades by target by rule: an effect, "refused" or "failed"; by "" for a rule that came to no
    target. ``places`` are those of the rules, by which one is known that is broken.
    """

    grades: dict[str, dict[str, str]] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)

    def add(self, outcome: RuleOutcome) -> None:
        """Records an outcome; of several rules of one id the worst."""
        self.places.add(outcome.rule.label)
        for target, grade in grades_of(outcome).items():
            recorded = self.grades.setdefault(key_of(outcome), {})
            recorded[target] = max(recorded.get(target, grade), grade, key=GRADES.index)

    def worse(self, outcome: RuleOutcome) -> Iterator[tuple[str, str, str]]:
        """The targets for which an outcome is worse than recorded, or not recorded: target, grade
        then or "", grade now.
        """
        before = self.grades.get(key_of(outcome)) or self.grades.get(outcome.rule.label, {})
        for target, grade in grades_of(outcome).items():
            then = before.get(target) or before.get("", "")
            if not then or GRADES.index(grade) > GRADES.index(then):
                yield target, then, grade

    def keep(self, before: Baseline, targets: Collection[str]) -> int:
        """Takes over what ``before`` has of rules that were not looked at, and of targets that are
        not among ``targets``; returns the number of those rules.
        """
        unseen = 0
        for key, by_target in before.grades.items():
            now = self.grades.get(key)
            if now is None and key not in self.places:
                self.grades[key] = by_target
                unseen += 1
            elif now is not None:
                others = {one: by_target[one] for one in by_target if one and one not in targets}
                self.grades[key] = others | now
        return unseen

    def text(self) -> str:
        """The file, the same for the same rules in whatever order."""
        return (
            json.dumps({"version": VERSION, "rules": self.grades}, indent=1, sort_keys=True) + "\n"
        )


def key_of(outcome: RuleOutcome) -> str:
    """By what a rule is known from one run to the next."""
    return outcome.rule.id or outcome.rule.label


def grades_of(outcome: RuleOutcome) -> Mapping[str, str]:
    """What became of a rule, by target; by "" where it came to no target."""
    if outcome.status is Status.FAILED:
        return {"": str(Status.FAILED)}
    return {
        made.target: str(made.fidelity if made.fidelity is not None else made.status)
        for made in outcome.conversions
    }


def load(path: Path) -> Baseline:
    """Raises UsageError where there is no such file, or it is something else or of a later version
    of kqlx.
    """
    try:
        named_pipes.refuse(path)
        data = json.loads(path.read_text(encoding="utf-8"))
        version = data["version"]
        if not isinstance(version, int) or version < 1:
            raise ValueError
        if version > VERSION:
            hint = "update kqlx, or give --baseline another name"
            raise UsageError(f"{path}: of a later version of kqlx", hint=hint)
        found = {
            str(rule): {str(target): GRADES[GRADES.index(grade)] for target, grade in by.items()}
            for rule, by in data["rules"].items()
        }
    except FileNotFoundError:
        hint = "--update-baseline writes it"
        raise UsageError(f"{path}: no such baseline", hint=hint) from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"{path}: not a baseline of kqlx") from None
    return Baseline(found)
