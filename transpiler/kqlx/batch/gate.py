"""Whether a run has failed: by the conditions that the user names, or by what became worse than in
a recorded run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kqlx.batch.exit_policy import DEFAULT, LINT, STALE, conditions, met, met_for
from kqlx.batch.outcome import Remark, RuleOutcome, Severity, Status
from kqlx.errors import UsageError
from kqlx.notes import Effect
from kqlx.records import dataclass
from kqlx.rules.places import FilePlace

if TYPE_CHECKING:
    from kqlx.batch.baseline import Baseline
    from kqlx.batch.whole_file import WholeFile

FAILED = str(Status.FAILED)
_NOT_RECORDED = frozenset({LINT, str(Status.SKIPPED)})
"""Conditions of which a baseline has no record."""


@dataclass(slots=True)
class Gate:
    """``wanted`` are the conditions. With a ``baseline`` a conversion fails only if it is worse
    than recorded, or not recorded; where the user names conditions of conversions, or none,
    ``is_chosen``, it must also meet one. ``update`` is where to record this run instead, and
    ``recorded`` what of it.
    """

    wanted: frozenset[str] = DEFAULT
    is_chosen: bool = False
    baseline: Baseline | None = None
    update: Path | None = None
    recorded: Baseline | None = None
    has_failed: bool = False
    is_unusable: bool = False

    @classmethod
    def of(cls, fail_on: Iterable[str] | None, baseline: str | None, *, update: bool) -> Gate:
        """Raises UsageError, and OutputError for a baseline that cannot be written."""
        wanted = conditions(fail_on) if fail_on else DEFAULT
        if baseline is None:
            if update:
                raise UsageError("--update-baseline needs --baseline, which names the file")
            return cls(wanted)
        from kqlx.batch.baseline import Baseline
        from kqlx.batch.baseline import load as load_baseline

        path = Path(baseline)
        if not update:
            is_chosen = bool(fail_on) and not (wanted and wanted <= {*_NOT_RECORDED, STALE})
            return cls(wanted, is_chosen, load_baseline(path))
        _file(path).discard()  # an error is one before the run
        return cls(wanted, baseline=_before(path), update=path, recorded=Baseline())

    def add(self, outcome: RuleOutcome) -> Iterator[tuple[str, Remark]]:
        """Takes an outcome; what became worse, with the target: an error if it is to fail."""
        if outcome.is_unusable or any(made.is_unusable for made in outcome.conversions):
            self.is_unusable |= FAILED in self.wanted
        if self.recorded is not None:
            if not outcome.is_unusable:
                self.recorded.add(outcome)
            return
        found = met(outcome, self.wanted)
        if self.baseline is None:
            self.has_failed |= bool(found)
            return
        self.has_failed |= bool(found & _NOT_RECORDED)
        self.has_failed |= outcome.status is Status.SKIPPED and FAILED in found
        for target, then, now in self.baseline.worse(outcome):
            is_failure = self._fails(outcome, target, then, now)
            self.has_failed |= is_failure
            if then or is_failure:
                place = FilePlace(outcome.rule.path, outcome.rule.line)
                message = f"{now}, {f'but {then} in' if then else 'not in'} the baseline"
                severity = Severity.ERROR if is_failure else Severity.WARNING
                yield target, Remark(severity, "worse-than-baseline", message, place)

    def _fails(self, outcome: RuleOutcome, target: str, then: str, now: str) -> bool:
        """Whether what is worse than recorded, or not recorded, makes the run fail."""
        if self.is_chosen:
            return bool(met_for(outcome, target, self.wanted))
        from kqlx.batch.baseline import GRADES

        return bool(then) or GRADES.index(now) > GRADES.index(str(Effect.WIDER))

    def add_stale(self) -> None:
        """Takes a file that is not what the rules make now."""
        self.has_failed |= STALE in self.wanted

    @property
    def exit_status(self) -> int:
        """That of the program: 2 where something could not be used, 1 where the run failed."""
        return 2 if self.is_unusable else int(self.has_failed)

    def finish(self, targets: Collection[str]) -> str:
        """Records the run over these targets where that is asked for; what there is to say of it.
        Raises OutputError.
        """
        if self.update is None or self.recorded is None:
            return ""
        kept = self.recorded.keep(self.baseline, targets) if self.baseline is not None else 0
        file = _file(self.update)
        try:
            file.write(self.recorded.text())
            file.keep()
        finally:
            file.discard()
        if not kept:
            return ""
        rules = "1 rule" if kept == 1 else f"{kept} rules"
        told = f"{self.update}: what it had of {rules} not converted now stays"
        return f"{told}; remove the file first to drop it"


def _file(path: Path) -> WholeFile:
    """The baseline to be written."""
    from kqlx.batch.whole_file import WholeFile

    return WholeFile(str(path), "--baseline")


def _before(path: Path) -> Baseline | None:
    """What the file records so far; None where there is none. Raises UsageError for a file that is
    no baseline, such as a rule, and would be lost.
    """
    if not (path.is_file() and path.stat().st_size):
        return None
    from kqlx.batch.baseline import load as load_baseline

    try:
        return load_baseline(path)
    except UsageError as error:
        hint = error.hint or "remove the file, or give --baseline another name"
        raise UsageError(error.message, hint=hint) from None
