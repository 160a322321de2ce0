"""Outcomes → lines for people: ``PATH:LINE:COLUMN: severity: target: message [effect: code]``.

Where many rules are converted, the notes of one code that a conversion has several of are one line,
with the first of them and their number; who asks for all gets each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kqlx.batch.outcome import Remark, RuleOutcome, Severity, Status
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """Which remarks are wanted: with ``verbose`` all, with ``quiet`` errors alone, without the
    codes ``ignored``. ``grouped`` puts notes of one code together, for many rules at once;
    ``concise`` leaves out hints and lines of queries.
    """

    verbose: bool = False
    quiet: bool = False
    ignored: frozenset[str] = frozenset()
    grouped: bool = False
    concise: bool = False

    @property
    def says_once(self) -> bool:
        """Whether what is the same for many rules is said once."""
        return self.grouped and not self.verbose

    def takes(self, remark: Remark) -> bool:
        if remark.severity is Severity.ERROR:
            return True
        if self.quiet or remark.code in self.ignored:
            return False
        return self.verbose or not remark.is_quiet

    def hides(self, remark: Remark) -> bool:
        """Whether a note of a difference is one that only those get who ask for all."""
        is_left_out = remark.code in self.ignored or self.takes(remark)
        return remark.is_quiet and bool(remark.effect) and not is_left_out


_UNTELLING = frozenset({"error", "rule", "usage", "output", "language-skipped", "no-rule"})
"""Codes that say no more than the message."""


def line_of(remark: Remark, target: str = "", more: int = 0) -> str:
    """The line of a remark; ``more`` is of how many others of its code it stands for."""
    place = remark.place
    words = [f"{place}" if place.path else "", str(remark.severity), target, place.within]
    text = remark.message
    if remark.count + more > 1:
        text += f" ×{remark.count + more}"
    told = ": ".join([*filter(None, words), text])
    if remark.code in _UNTELLING:
        return told
    said = f"{remark.effect}: {remark.code}" if remark.effect is not None else remark.code
    return f"{told} [{said}]"


def lines_of(target: str, remarks: Iterable[Remark], choice: Choice) -> Iterator[str]:
    """What is said of a rule, or with a target of its conversion."""
    for several in grouped(remarks, choice):
        first = several[0]
        yield line_of(first, target, sum(remark.count for remark in several[1:]))
        if choice.concise:
            continue
        if first.snippet:
            yield from first.snippet.split("\n")
        if first.hint:
            yield f"  hint: {first.hint}"


def grouped(remarks: Iterable[Remark], choice: Choice) -> list[list[Remark]]:
    """The wanted remarks; those of one code and effect together, unless all are asked for."""
    found: dict[object, list[Remark]] = {}
    for number, remark in enumerate(filter(choice.takes, remarks)):
        alone = not choice.says_once or remark.severity is Severity.ERROR
        key = number if alone else (remark.code, remark.effect, remark.severity)
        found.setdefault(key, []).append(remark)
    return list(found.values())


def is_said(outcome: RuleOutcome, choice: Choice) -> bool:
    """Whether anything is said of a rule that was skipped: each by itself where all is asked for,
    or where the user named its very file; else the summary counts them.
    """
    if outcome.status in (Status.SKIPPED, Status.NO_RULE):
        return choice.verbose or (outcome.is_named and not choice.quiet)
    return True


def hidden_notes(count: int) -> str:
    """What is said of notes that ``Choice.hides``."""
    notes = "1 note is" if count == 1 else f"{count} notes are"
    return f"{notes} not shown: letter case in values with one spelling only (-v shows all notes)"
