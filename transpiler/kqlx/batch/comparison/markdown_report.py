"""A comparison as Markdown, for a comment on a pull request: the totals, a table of what became
worse, and then each rule with the lines of its artifacts that differ.

GitHub takes 65,536 characters in a comment. The report keeps within that, and says how much it
leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from kqlx.batch.comparison.changes import Kind, RuleChange
from kqlx.batch.comparison.comparison import Totals
from kqlx.batch.comparison.text_report import differing, differing_query, own_changes, told
from kqlx.batch.reports.markdown_report import Section, code, plain
from kqlx.batch.reports.matching_parts import shown
from kqlx.records import dataclass, field

_MOST_OF_A_LINE = 400
_MOST_LINES = 40
_ROOM = {"worse": 14_000, "changed": 32_000, "added": 5_000, "removed": 5_000}
"""Characters of each section."""
_TITLES = {
    "worse": "Worse than before",
    "changed": "Changed",
    "added": "Added",
    "removed": "Removed",
}


@dataclass(slots=True)
class MarkdownReport:
    """Sections fill up as the changes come, and are written at the end."""

    write: Callable[[str], object]
    sections: dict[str, Section] = field(
        default_factory=lambda: {name: Section(room) for name, room in _ROOM.items()}
    )

    def take(self, change: RuleChange) -> None:
        name = _section(change)
        head = f"- {code(change.rule.label)}"
        if change.rule.name:
            head += f" {plain(_cut(change.rule.name))}"
        if kinds := own_changes(change, without=(Kind.ADDED, Kind.REMOVED)):
            head += f": {kinds}"
        lines = [head, *_block(differing_query(change), "  ")]
        for made in change.targets:
            lines.append(f"  - **{made.target}**: {plain(_cut(told(change, made)))}")
            lines += _block(differing(made), "    ")
        self.sections[name].add("\n".join(lines))

    def finish(self, totals: Totals, exit_status: int) -> None:
        title = "what changes" if totals.kinds else "nothing changes"
        self.write(f"## kqlx: {title}\n\n{totals}\n")
        for name, section in self.sections.items():
            self.write(section.text(_TITLES[name]))


def _section(change: RuleChange) -> str:
    for kind, name in ((Kind.REMOVED, "removed"), (Kind.WORSE, "worse"), (Kind.ADDED, "added")):
        if kind in change.kinds:
            return name
    return "changed"


def _block(differing: Iterator[str], margin: str) -> Iterator[str]:
    """The lines that differ, as a block that nothing in them can end, below an item of a list."""
    lines = [_cut(shown(line)) for line in differing]
    if not lines:
        return
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"... and {len(lines) - _MOST_LINES} more lines"]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{margin}{line}" for line in ("", f"{fence}diff", *lines, fence))


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_OF_A_LINE else f"{text[:_MOST_OF_A_LINE]} …"
