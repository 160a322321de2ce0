"""In which form changes are told."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    MARKDOWN = "markdown"
