"""The table of docs/eql.md: what each function of EQL becomes in each target."""

from __future__ import annotations

import kqlx
from kqlx.frontends.eql.functions import NAMES
from kqlx.notes import Effect
from kqlx.testing.agreement import REFUSALS

TARGETS = {
    "elasticsearch": "Elasticsearch",
    "spl": "Splunk",
    "sentinel": "Sentinel",
    "sigma": "Sigma",
}
CONDITIONS = (
    'startsWith(file.name, "a")',
    'startsWith~(file.name, "a")',
    'endsWith(file.name, ".exe")',
    'stringContains(file.path, "temp")',
    "startsWith(host.name, user.name)",
    "endsWith~(file.name, user.name)",
    "stringContains(process.command_line, user.name)",
    'cidrMatch(source.ip, "10.0.0.0/8", "fe80::/10")',
    "length(file.name) > 0",
    "length(file.name) > 50",
    "length(process.args) > 50",
    'substring(file.name, 0, 3) == "abc"',
    'substring(file.name, -4) : ".exe"',
    'concat(user.domain, "\\\\", user.name) == "A\\\\b"',
    'indexOf(file.path, "\\\\temp\\\\") > 3',
    "indexOf(file.path, user.name) != null",
    'indexOf(file.path, "a", 3) != null',
    'between(file.path, "\\\\", ".exe") == "cmd"',
    'string(process.pid) : "1*"',
    "number(user.id) > 500",
    "number(file.name, 16) == 255",
    "process.pid + 1 == 5",
    "add(process.pid, 1) == 5",
    "subtract(process.exit_code, process.pid) > 0",
    "multiply(process.pid, 2) > 10",
    "divide(process.pid, 2) > 10",
    "modulo(process.pid, 2) == 0",
)
"""One or more for each function."""


def functions_table() -> str:
    """The table as Markdown."""
    lines = [f"| condition | {' | '.join(TARGETS.values())} |", f"|---|{'---|' * len(TARGETS)}"]
    for condition in CONDITIONS:
        cells = [_cell(condition, target) for target in TARGETS]
        shown = condition.replace("|", "\\|")
        lines.append(f"| `{shown}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(condition: str, target: str) -> str:
    """What becomes of a condition where letter case counts, field names are kept and all effects
    are accepted.
    """
    try:
        made = kqlx.convert(
            f"any where {condition}",
            target,
            language="eql",
            source="none",
            exact=target != "elasticsearch",
            accept=["narrower", "different"],
        )
    except REFUSALS:
        return "refused"
    codes = {note.code for note in made.notes}
    effects = {note.effect for note in made.notes} - {Effect.SAME, Effect.COVERAGE}
    told = [str(effect) for effect in sorted(effects)]
    if "text-length" in codes:
        told.append("counts emoji once")
    return ", ".join(told) or "exact"


def functions_without_a_row() -> set[str]:
    """The functions that no condition has."""
    return {name for name in NAMES if not any(f"{name}" in one for one in CONDITIONS)}
