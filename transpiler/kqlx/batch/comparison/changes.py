"""A rule as it was and as it is → what changed in it, and in what each target makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from kqlx.batch.baseline import GRADES
from kqlx.batch.outcome import ConversionOutcome, Remark, RuleInfo, RuleOutcome, Severity, Status
from kqlx.notes import Effect
from kqlx.records import dataclass


class Kind(StrEnum):
    """What may change, of rules and, from ``WORSE`` on, of their conversions."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    """The rule has another name."""
    MOVED = "moved"
    """The rule is in another file."""
    MEANING = "meaning"
    """The rule asks for something else: by its query, its conditions or its type."""
    WORSE = "worse"
    """Refused now, or of a worse effect; a new rule where it is worse than wider."""
    BETTER = "better"
    QUERY = "query"
    """The target's query asks for something else, or in another place."""
    ARTIFACT = "artifact"
    """The text differs, and the query asks for the same."""
    NOTES = "notes"
    """Other notes, on the same text."""


Told = tuple[str, str]
"""A note by its code and its effect."""


@dataclass(frozen=True, slots=True)
class TargetChange:
    """What changed for a target; ``old`` and ``new`` are None where that side has no conversion.
    Grades are an effect, "refused", "skipped" or "failed", "" without a rule.
    """

    target: str
    kinds: tuple[Kind, ...]
    old: ConversionOutcome | None
    new: ConversionOutcome | None
    old_grade: str
    new_grade: str
    notes_added: tuple[Told, ...] = ()
    notes_removed: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What changed of a rule: ``kinds`` are its own and those of its targets. ``meaning`` names the
    parts that ask for something else: "query", "conditions", "type", "index".
    """

    kinds: tuple[Kind, ...]
    old: RuleOutcome | None
    new: RuleOutcome | None
    targets: tuple[TargetChange, ...]
    own_kinds: tuple[Kind, ...]
    meaning: tuple[str, ...] = ()

    @property
    def rule(self) -> RuleInfo:
        """As it is, or, of one that is removed, as it was."""
        outcome = self.new or self.old
        assert outcome is not None
        return outcome.rule


def change_of(
    old: RuleOutcome | None, new: RuleOutcome | None, targets: Iterable[str], *, is_moved: bool
) -> RuleChange | None:
    """What changed; None for nothing."""
    own = [*_own(old, new)]
    if is_moved:
        own.append(Kind.MOVED)
    found = [
        change
        for target in targets
        if (change := _of_target(target, old, new)).kinds or old is None or new is None
    ]
    kinds = {*own, *(kind for change in found for kind in change.kinds)}
    if not kinds:
        return None
    parts = tuple(_parts(old, new)) if Kind.MEANING in own else ()
    return RuleChange(_in_order(kinds), old, new, tuple(found), _in_order(own), parts)


def _own(old: RuleOutcome | None, new: RuleOutcome | None) -> Iterable[Kind]:
    if old is None or new is None:
        yield Kind.ADDED if old is None else Kind.REMOVED
        return
    if old.rule.name and new.rule.name and old.rule.name != new.rule.name:
        yield Kind.RENAMED
    if old.meaning and new.meaning:
        is_same = not [*_parts(old, new)]
    else:
        is_same = (old.status, old.kind) == (new.status, new.kind) and _broken(old) == _broken(new)
    if not is_same:
        yield Kind.MEANING


def _parts(old: RuleOutcome | None, new: RuleOutcome | None) -> Iterator[str]:
    """The parts of a rule that ask for something else, where both sides could be read. What goes
    from its query into a filter is the same.
    """
    if old is None or new is None or old.meaning is None or new.meaning is None:
        return
    was, now = old.meaning, new.meaning
    if was.tree != now.tree:
        if was.query != now.query:
            yield "query"
        if was.conditions != now.conditions:
            yield "conditions"
    if was.type != now.type:
        yield "type"
    if was.index != now.index:
        yield "index"


def _broken(outcome: RuleOutcome) -> tuple[str, str]:
    """What is known of a rule that was not read."""
    return outcome.rule.query, "".join(remark.message for remark in outcome.remarks)


def _of_target(target: str, old: RuleOutcome | None, new: RuleOutcome | None) -> TargetChange:
    was, now = _conversion(old, target), _conversion(new, target)
    old_grade, new_grade = _grade(old, was), _grade(new, now)
    kinds: list[Kind] = []
    if new is not None and old_grade != new_grade:
        before = GRADES_OF_RULES.index(old_grade or str(Effect.WIDER))
        after = GRADES_OF_RULES.index(new_grade)
        if after > before:
            kinds.append(Kind.WORSE)
        elif after < before and old is not None:
            kinds.append(Kind.BETTER)
    added, removed = _noted(now) - _noted(was), _noted(was) - _noted(now)
    if was is not None and now is not None and was.text and now.text and was.text != now.text:
        kinds.append(Kind.ARTIFACT if was.meaning == now.meaning else Kind.QUERY)
    if old is not None and new is not None and (added or removed) and not kinds:
        kinds.append(Kind.NOTES)
    return TargetChange(
        target,
        tuple(kinds),
        was,
        now,
        old_grade,
        new_grade,
        tuple(sorted(added)),
        tuple(sorted(removed)),
    )


GRADES_OF_RULES = (*GRADES[:-1], str(Status.SKIPPED), GRADES[-1])
"""What may become of a rule, from the best."""


def _conversion(outcome: RuleOutcome | None, target: str) -> ConversionOutcome | None:
    made = outcome.conversions if outcome is not None else ()
    return next((one for one in made if one.target == target), None)


def _grade(outcome: RuleOutcome | None, made: ConversionOutcome | None) -> str:
    if made is not None:
        return str(made.status if made.fidelity is None else made.fidelity)
    return "" if outcome is None else str(outcome.status)


def _noted(made: ConversionOutcome | None) -> set[Told]:
    """What a person is told of a conversion."""
    return {
        (remark.code, "" if remark.effect is None else str(remark.effect))
        for remark in (made.remarks if made is not None else ())
        if not remark.is_quiet
    }


def error_of(outcome: RuleOutcome | None, made: ConversionOutcome | None) -> Remark | None:
    """Why a rule is refused or broken."""
    remarks = (*(outcome.remarks if outcome else ()), *(made.remarks if made else ()))
    return next((remark for remark in remarks if remark.severity is Severity.ERROR), None)


def _in_order(kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    return tuple(sorted(kinds, key=[*Kind].index))
