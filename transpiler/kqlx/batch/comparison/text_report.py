"""A comparison for people: a line for each rule that changed, and below it what its targets make of
it, with the lines of the artifact that differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import unified_diff

from kqlx.batch.comparison.changes import Kind, RuleChange, TargetChange, error_of
from kqlx.batch.comparison.comparison import Totals
from kqlx.batch.outcome import RuleInfo
from kqlx.errors import KqlxError
from kqlx.records import dataclass

_WIDTH = 60
"""Of queries whose lines are compared: most tests have a line of their own."""
MOST_LINES = 2000
"""Longer texts are not compared line by line, which takes time that grows with the square."""


@dataclass(slots=True)
class TextReport:
    """``write`` takes a line; ``concise`` leaves the lines of artifacts out."""

    write: Callable[[str], object]
    concise: bool = False

    def take(self, change: RuleChange) -> None:
        rule = change.rule
        name = f": {rule.name}" if rule.name else ""
        self.write(f"{rule.label}: {own_changes(change) or 'changed'}{name}{_before(change)}")
        if not self.concise:
            for line in differing_query(change):
                self.write(f"    {line}")
        for made in change.targets:
            self.write(f"  {made.target}: {told(change, made)}")
            if not self.concise:
                for line in differing(made):
                    self.write(f"    {line}")

    def finish(self, totals: Totals, exit_status: int) -> None:
        self.write(str(totals))


def own_changes(change: RuleChange, without: tuple[Kind, ...] = ()) -> str:
    """The changes of the rule itself; of its meaning with the parts that differ."""
    parts = f" ({', '.join(change.meaning)})" if change.meaning else ""
    return ", ".join(
        f"{kind}{parts if kind is Kind.MEANING else ''}"
        for kind in change.own_kinds
        if kind not in without
    )


def _before(change: RuleChange) -> str:
    """Where and under which name a rule was known."""
    if change.old is None or change.new is None:
        return ""
    was = change.old.rule
    parts = []
    if Kind.RENAMED in change.own_kinds:
        parts.append(f"was called {was.name}")
    if Kind.MOVED in change.own_kinds:
        parts.append(f"was {was.label}")
    return f" ({', '.join(parts)})" if parts else ""


def told(change: RuleChange, made: TargetChange) -> str:
    """What became of a rule for a target, in words."""
    if not made.new_grade:
        text = f"was {made.old_grade}"
    elif not made.old_grade or made.old_grade == made.new_grade:
        text = made.new_grade
    else:
        text = f"{made.old_grade} -> {made.new_grade}"
    if kinds := ", ".join(_WORDS.get(kind, str(kind)) for kind in made.kinds):
        text += f" ({kinds})"
    error = error_of(change.new, made.new)
    if error is not None:
        effect = "" if error.effect is None else str(error.effect)
        text += f": {error.message} {_note((error.code, effect))}"
    elif made.old is not None and made.new is not None:
        notes = [f"+{_note(one)}" for one in made.notes_added]
        notes += [f"-{_note(one)}" for one in made.notes_removed]
        text += f": {', '.join(notes)}" if notes else ""
    return text


_WORDS = {
    Kind.QUERY: "another query",
    Kind.ARTIFACT: "another text of the same query",
    Kind.NOTES: "other notes",
}


def _note(note: tuple[str, str]) -> str:
    code, effect = note
    return f"[{effect}: {code}]" if effect else f"[{code}]"


def differing(made: TargetChange) -> Iterator[str]:
    """The lines of the artifact that are no longer there or new, and some around them."""
    if made.old is None or made.new is None or not (made.old.text and made.new.text):
        return
    yield from _differing(made.old.text, made.new.text)


def differing_query(change: RuleChange) -> Iterator[str]:
    """Likewise of the rule's query, where that asks for something else; in canonical form, so that
    its layout is no difference.
    """
    if change.old is None or change.new is None or "query" not in change.meaning:
        return
    yield from _differing(_canonical(change.old.rule), _canonical(change.new.rule))


def _canonical(rule: RuleInfo) -> str:
    from kqlx.frontends import format_text

    try:
        return format_text(rule.query, _WIDTH, language=rule.language)
    except KqlxError:
        return rule.query


def _differing(before: str, after: str) -> Iterator[str]:
    old, new = before.strip().split("\n"), after.strip().split("\n")
    if max(len(old), len(new)) > MOST_LINES:
        yield f"{len(old)} lines -> {len(new)} lines"
        return
    for number, line in enumerate(unified_diff(old, new, lineterm="", n=2)):
        if number > 2:  # the names of the two texts, and the place of the first lines
            yield "..." if line.startswith("@@") else line
