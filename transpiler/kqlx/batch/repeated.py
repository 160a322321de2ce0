"""What is the same for many rules, or for several targets of a rule: said once.

What concerns rules as a whole, such as what a destination may lack, and what is about letter case
alone is said at the end of a run with the number of rules. Of other notes the first stands with its
rule, and the end says of how many more rules the same is true; a hint stands where it is needed
first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kqlx.batch.messages import Choice, lines_of
from kqlx.batch.outcome import Remark, RuleOutcome, Severity
from kqlx.notes import Effect
from kqlx.records import dataclass, field, replace
from kqlx.rules.places import FilePlace

_Key = tuple[str, ...]


@dataclass(slots=True)
class _Kept:
    """What is kept for the end of a run: the first remark of its kind, how many rules it is true
    of, and for which targets. ``texts`` counts the rules by what exactly is said.
    """

    first: Remark
    rules: int = 0
    targets: set[str] = field(default_factory=set)
    texts: dict[str, int] = field(default_factory=dict)

    def add(self, remark: Remark, targets: Iterable[str]) -> None:
        self.rules += 1
        self.targets.update(targets)
        count = self.texts[remark.message] = self.texts.get(remark.message, 0) + 1
        if count > self.texts.get(self.first.message, 0):
            self.first = remark


@dataclass(slots=True)
class Repeated:
    """``said`` are the notes that stand with a rule, ``again`` those of them that are true of more
    rules, and ``at_end`` those that the end says alone. ``hints`` are those that stand
    somewhere, ``targets`` those of the run, in their order.
    """

    said: set[_Key] = field(default_factory=set)
    again: dict[_Key, _Kept] = field(default_factory=dict)
    at_end: dict[_Key, _Kept] = field(default_factory=dict)
    hints: set[str] = field(default_factory=set)
    targets: dict[str, None] = field(default_factory=dict)

    def left(self, outcome: RuleOutcome, choice: Choice) -> list[tuple[str, list[Remark]]]:
        """The remarks on a rule's conversions that are to be said with it, with their targets."""
        if not choice.says_once:
            return [(made.target, [*made.remarks]) for made in outcome.conversions]
        self.targets |= dict.fromkeys(made.target for made in outcome.conversions)
        found: dict[str, list[Remark]] = {}
        heads: set[_Key] = set()
        counted: set[_Key] = set()
        for remark, targets in _by_remark(outcome).items():
            if remark.severity is Severity.ERROR:
                left = replace(remark, snippet="")
            elif not choice.takes(remark) or self._keeps(remark, targets, heads, counted):
                continue
            else:
                left = remark
            found.setdefault(", ".join(targets), []).append(left)
        return [(label, self.without_hints(remarks, choice)) for label, remarks in found.items()]

    def _keeps(
        self, remark: Remark, targets: list[str], heads: set[_Key], counted: set[_Key]
    ) -> bool:
        """Whether a note is not said with its rule, but counted. ``heads`` are the kinds of notes
        of which the rule has one, which stands for all; ``counted`` is what was counted of it.
        """
        if _is_for_end(remark):
            return _count(self.at_end, _kind(remark), remark, targets, counted)
        label = ", ".join(targets)
        key = (label, remark.code, str(remark.effect), remark.message)
        if key in self.said:
            return _count(self.again, key, remark, targets, counted)
        if key[:3] not in heads:
            heads.add(key[:3])
            self.said.add(key)
        return False

    def without_hints(self, remarks: Iterable[Remark], choice: Choice) -> list[Remark]:
        """The remarks without the hints that stand elsewhere already."""
        if not choice.says_once:
            return [*remarks]
        left = []
        for remark in remarks:
            left.append(replace(remark, hint="") if remark.hint in self.hints else remark)
            self.hints.add(remark.hint)
        return left

    def lines(self, choice: Choice) -> Iterator[str]:
        """What was kept: warnings first, and what is true of most rules first."""
        severities, names = [*Severity], [*self.targets]
        each = [(kept, "more ") for kept in self.again.values()]
        each += [(kept, "") for kept in self.at_end.values()]

        def label(kept: _Kept) -> str:
            return ", ".join(sorted(kept.targets, key=names.index))

        def rank(item: tuple[_Kept, str]) -> tuple[int, int, str, str, str]:
            kept, first = item[0], item[0].first
            loudness = -severities.index(first.severity)
            return loudness, -kept.rules, label(kept), first.code, first.message

        for kept, more in sorted(each, key=rank):
            remark = kept.first
            if kept.rules > 1 or more:
                noun = "rule" if kept.rules == 1 else "rules"
                such = ", such as" if len(kept.texts) > 1 else ""
                message = f"{kept.rules} {more}{noun}{such}: {remark.message}"
                place = remark.place if remark.span is not None and not more else FilePlace("")
                remark = replace(remark, message=message, place=place, count=1)
            yield from lines_of(label(kept), self.without_hints([remark], choice), choice)


def _by_remark(outcome: RuleOutcome) -> dict[Remark, list[str]]:
    """The remarks on a rule's conversions, each with the targets that it is about."""
    found: dict[Remark, list[str]] = {}
    for made in outcome.conversions:
        for remark in made.remarks:
            targets = found.setdefault(remark, [])
            if made.target not in targets:
                targets.append(made.target)
    return found


def _is_for_end(remark: Remark) -> bool:
    if remark.effect is Effect.CASE:
        return True
    return remark.span is None and remark.effect in (Effect.SAME, Effect.COVERAGE)


def _kind(remark: Remark) -> _Key:
    """What remarks are counted by that the end says: their code, and where they say what a
    destination lacks, the destination, which they begin with.
    """
    where = remark.message.partition("; ")[0] if remark.effect is Effect.COVERAGE else ""
    return (str(remark.severity), remark.code, str(remark.effect), where)


def _count(
    table: dict[_Key, _Kept], key: _Key, remark: Remark, targets: list[str], counted: set[_Key]
) -> bool:
    """Counts a rule; once, whatever it has of the kind."""
    one = table.setdefault(key, _Kept(remark))
    if key in counted:
        one.targets.update(targets)
    else:
        counted.add(key)
        one.add(remark, targets)
    return True
