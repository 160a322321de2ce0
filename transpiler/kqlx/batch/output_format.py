"""In which form it is said what becomes of a run."""

from __future__ import annotations

from enum import StrEnum


class OutputFormat(StrEnum):
    """What is said of a run: to people on standard error, or to programs on standard output."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    JSONL = "jsonl"
    SARIF = "sarif"
    GITHUB = "github"
    MARKDOWN = "markdown"

    @property
    def is_for_people(self) -> bool:
        return self in (OutputFormat.FULL, OutputFormat.CONCISE)
