"""What makes a run fail: conditions that the user names, or what became worse than recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kqlx.batch.outcome import ConversionOutcome, RuleOutcome, Severity, Status
from kqlx.errors import UsageError
from kqlx.hints import did_you_mean
from kqlx.notes import Effect

STALE = "stale"
"""A file of an earlier run that no rule makes any more."""
LINT = "lint"
"""A doubtful query, whatever the targets make of it."""

CONDITIONS = (
    *(str(status) for status in (Status.REFUSED, Status.FAILED, Status.SKIPPED)),
    STALE,
    LINT,
    *(str(effect) for effect in Effect if effect > Effect.SAME),
)
DEFAULT = frozenset({str(Status.REFUSED), str(Status.FAILED), STALE})
NEVER = "never"


def conditions(names: Iterable[str], known: Sequence[str] = CONDITIONS) -> frozenset[str]:
    """The conditions of ``--fail-on``: names, each of which may be several with commas between;
    none for "never". Raises UsageError for one that is not known.
    """
    found = [name.strip() for text in names for name in text.split(",")]
    if found == [NEVER]:
        return frozenset()
    for name in found:
        if name not in known:
            choices = [*known, NEVER]
            hint = did_you_mean(name, choices, f"it takes {', '.join(choices)}")
            if name == NEVER:
                raise UsageError("--fail-on: never and other conditions", hint="give only one")
            raise UsageError(f"--fail-on: unknown condition {name!r}", hint=hint)
    return frozenset(found)


def met(outcome: RuleOutcome, wanted: frozenset[str]) -> frozenset[str]:
    """Those of the conditions that an outcome meets. A rule in another language that the user
    named, file and all, counts as failed: nothing came of what was asked for.
    """
    found = {str(outcome.status)}
    if outcome.status is Status.SKIPPED and outcome.is_named:
        found.add(str(Status.FAILED))
    if any(remark.severity is Severity.WARNING for remark in outcome.remarks):
        found.add(LINT)
    for made in outcome.conversions:
        found |= _met_by(made)
    return wanted & found


def met_for(outcome: RuleOutcome, target: str, wanted: frozenset[str]) -> frozenset[str]:
    """Those of the conditions that the conversions to a target meet; with "", the rule that came to
    none.
    """
    found = {str(outcome.status)} if not target else set()
    for made in outcome.conversions:
        if made.target == target:
            found |= _met_by(made)
    return wanted & found


def _met_by(made: ConversionOutcome) -> set[str]:
    effects = {str(remark.effect) for remark in made.remarks if remark.effect is not None}
    return {str(made.status), *effects}
