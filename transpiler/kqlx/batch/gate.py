"""Whether a run has failed: by the conditions that the user names, or by what became worse than in
a recorded run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kqlx.batch.baseline import Baseline
from kqlx.batch.baseline import load as load_baseline
from kqlx.batch.exit_policy import DEFAULT, LINT, STALE, conditions, met
from kqlx.batch.outcome import Remark, RuleOutcome, Severity
from kqlx.errors import UsageError
from kqlx.records import dataclass, field
from kqlx.rules.places import FilePlace

if TYPE_CHECKING:
    from kqlx.batch.whole_file import WholeFile


@dataclass(slots=True)
class Gate:
    """``wanted`` are the conditions. With a ``baseline`` those of conversions give way to it: what
    is recorded passes, and what is worse fails. ``update`` is where to record this run instead.
    """

    wanted: frozenset[str] = DEFAULT
    baseline: Baseline | None = None
    update: Path | None = None
    has_failed: bool = False
    is_unusable: bool = False
    recorded: Baseline = field(default_factory=Baseline)

    @classmethod
    def of(cls, fail_on: Iterable[str] | None, baseline: str | None, *, update: bool) -> Gate:
        """Raises UsageError, and OutputError for a baseline that cannot be written."""
        wanted = conditions(fail_on) if fail_on else DEFAULT
        if baseline is None:
            if update:
                raise UsageError("--update-baseline needs --baseline, which names the file")
            return cls(wanted)
        if update:
            _file(Path(baseline)).discard()  # an error is one before the run
            _refuse_other(Path(baseline))
            return cls(wanted, update=Path(baseline))
        return cls(wanted, load_baseline(Path(baseline)))

    def add(self, outcome: RuleOutcome) -> Iterator[tuple[str, Remark]]:
        """Takes an outcome; what became worse, with the target."""
        if outcome.is_unusable or any(made.is_unusable for made in outcome.conversions):
            self.is_unusable |= "failed" in self.wanted
        if self.update is not None:
            self.recorded.add(outcome)
            return
        if self.baseline is None:
            self.has_failed |= bool(met(outcome, self.wanted))
            return
        self.has_failed |= LINT in met(outcome, self.wanted)
        for target, then, now in self.baseline.worse(outcome):
            self.has_failed = True
            place = FilePlace(outcome.rule.path, outcome.rule.line)
            message = (
                f"{now}, but {then} in the baseline" if then else f"{now}, not in the baseline"
            )
            yield target, Remark(Severity.ERROR, "worse-than-baseline", message, place)

    def add_stale(self) -> None:
        """Takes a file that is not what the rules make now."""
        self.has_failed |= STALE in self.wanted

    @property
    def exit_status(self) -> int:
        """That of the program: 2 where something could not be used, 1 where the run failed."""
        return 2 if self.is_unusable else int(self.has_failed)

    def finish(self) -> None:
        """Records the run where that is asked for. Raises OutputError."""
        if self.update is None:
            return
        file = _file(self.update)
        try:
            file.write(self.recorded.text())
            file.keep()
        finally:
            file.discard()


def _file(path: Path) -> WholeFile:
    """The baseline to be written."""
    from kqlx.batch.whole_file import WholeFile

    return WholeFile(str(path), "--baseline")


def _refuse_other(path: Path) -> None:
    """Raises UsageError for a file that is no baseline, such as a rule, and would be lost."""
    if path.is_file() and path.stat().st_size:
        try:
            load_baseline(path)
        except UsageError as error:
            hint = "remove the file, or give --baseline another name"
            raise UsageError(error.message, hint=hint) from None
