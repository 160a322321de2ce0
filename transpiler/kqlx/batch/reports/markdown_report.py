"""A report as Markdown, for a comment on a pull request: the totals, then what needs a look.

GitHub takes 65,536 characters in a comment. The report keeps within that, and says how many lines
it leaves out.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from kqlx.batch.messages import Choice, grouped
from kqlx.batch.outcome import Remark, RuleInfo, RuleOutcome, Severity, Status
from kqlx.batch.reports.report import RunEnd, Subject, Write
from kqlx.batch.summary import Summary
from kqlx.notes import Effect
from kqlx.records import dataclass, field
from kqlx.regexes import late_regex

LONGEST = 60_000
"""Characters of a report."""
MOST_OF_A_LINE = 1000
_ROOM = {"worse": 12_000, "refused": 16_000, "effects": 16_000, "other": 8_000, "files": 6_000}
"""Characters of each section; together with the totals they stay below ``LONGEST``."""


@dataclass(slots=True)
class Section:
    """Lines as far as there is room, and the number of the others."""

    room: int
    lines: list[str] = field(default_factory=list)
    left_out: int = 0

    def add(self, line: str) -> None:
        if self.left_out or len(line) >= self.room:
            self.left_out += 1
        else:
            self.room -= len(line) + 1
            self.lines.append(line)

    def text(self, title: str) -> str:
        if not self.lines and not self.left_out:
            return ""
        more = [f"- … and {self.left_out} more"] if self.left_out else []
        count = len(self.lines) + self.left_out
        return "\n".join([f"\n### {title}: {count}", "", *self.lines, *more, ""])


@dataclass(slots=True)
class MarkdownReport:
    """Sections fill up as the outcomes come, and are written at the end."""

    subject: Subject
    write: Write
    sections: dict[str, Section] = field(
        default_factory=lambda: {name: Section(room) for name, room in _ROOM.items()}
    )

    def take(self, outcome: RuleOutcome) -> None:
        if outcome.status in (Status.SKIPPED, Status.NO_RULE):
            return
        choice = Choice(self.subject.verbose, ignored=self.subject.ignored, grouped=True)
        for several in grouped(outcome.remarks, choice):
            name = "refused" if several[0].severity is Severity.ERROR else "other"
            self._add(name, outcome.rule, "", several)
        for made in outcome.conversions:
            for several in grouped(made.remarks, choice):
                name = _section_of(several[0], made.status)
                if name:
                    self._add(name, outcome.rule, made.target, several)

    def finish(self, end: RunEnd) -> None:
        for target, remark in end.remarks:
            rule = RuleInfo(remark.place.path, remark.place.line)
            self._add("worse", rule, target, [remark])
        for file in end.files:
            if file.kind.is_wrong:
                path = code(PurePath(file.path).as_posix())
                why = f": {plain(file.reason)}" if file.reason else ""
                self.sections["files"].add(f"- {path} {file.kind}{why}"[:MOST_OF_A_LINE])
        self.write("\n".join(_totals(end)))
        titles = {
            "worse": "Worse than before",
            "refused": "Refused and failed",
            "effects": "Rules that match other events than in Elastic",
            "other": "Questionable queries",
            "files": "Files that are out of date",
        }
        for name, title in titles.items():
            self.write(self.sections[name].text(title))

    def _add(self, section: str, rule: RuleInfo, target: str, remarks: list[Remark]) -> None:
        first = remarks[0]
        count = sum(remark.count for remark in remarks)
        times = f" ×{count}" if count > 1 else ""
        who = f" **{target}**:" if target else ""
        effect = f"{first.effect}: " if first.effect is not None else ""
        name = f" {plain(rule.name)}:" if rule.name else ""
        message = first.message
        if len(message) > MOST_OF_A_LINE:  # before what it holds is escaped
            message = f"{message[:MOST_OF_A_LINE].rpartition(' ')[0]} …"
        message = plain(message)
        place = code(str(first.place) if first.place.path else rule.label)
        text = f"- {place}{name}{who} {message}{times} ({effect}{first.code})"
        self.sections[section].add(text)


def _section_of(remark: Remark, status: Status) -> str:
    """Where a remark on a conversion belongs; "" for one that needs no look."""
    if remark.severity is Severity.ERROR:
        return "refused"
    if status is Status.CONVERTED and remark.effect is not None and remark.effect.is_difference:
        return "effects"
    return ""


_EFFECTS = (Effect.SAME, Effect.CASE, Effect.COVERAGE, Effect.WIDER, Effect.NARROWER)
_WORST = (Effect.DIFFERENT, Effect.UNMAPPED)


def _totals(end: RunEnd) -> Iterator[str]:
    summary: Summary = end.summary
    verdict = {0: "passed", 1: "failed"}.get(end.exit_status, "could not use all of its input")
    yield f"## kqlx {verdict}"
    yield ""
    yield f"{summary}"
    yield ""
    if end.hidden:
        yield end.told_of_hidden
        yield ""
    if not summary.statuses:
        return
    effects = [*_EFFECTS, *(e for e in _WORST if any(c[e] for c in summary.effects.values()))]
    heads = ["target", "converted", *map(str, effects), "refused", "failed"]
    yield f"| {' | '.join(heads)} |"
    yield f"|---|{'---:|' * (len(heads) - 1)}"
    for target, counts in summary.statuses.items():
        found = summary.effects.get(target, Counter())
        cells = [
            target,
            counts[Status.CONVERTED],
            *(found[effect] for effect in effects),
            counts[Status.REFUSED],
            counts[Status.FAILED],
        ]
        yield f"| {' | '.join(map(str, cells))} |"
    yield ""


def code(text: str) -> str:
    """Text as it is, between as many backquotes as it takes."""
    text = _shown(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if longest else ""
    return f"{fence}{blank}{text}{blank}{fence}"


_MARKS = late_regex(r"[\\`*~|\[\]]|(?<![^\W_])_|_(?![^\W_])")
_MEANT_FOR_GITHUB = late_regex(r"([@#])(?=\w)")


def plain(text: str) -> str:
    """Text without a meaning in Markdown or HTML, and that names no people or issues to GitHub."""
    text = html.escape(_shown(text), quote=False)
    text = _MARKS.sub(r"\\\g<0>", text)
    return _MEANT_FOR_GITHUB.sub(r"\1<!-- -->", text)


def _shown(text: str) -> str:
    """Text on one line."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
