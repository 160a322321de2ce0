"""The recipes of docs/ci.md, by the name of the file that each is."""

from __future__ import annotations

import re
from functools import cache

from tests.conftest import ROOT

PAGE = ROOT / "docs/ci.md"
_RECIPE = re.compile(r"^`([\w./-]+)`:?\n\n```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)


@cache
def recipes() -> dict[str, str]:
    """Each file that the page shows whole: its name stands on a line above it."""
    return dict(_RECIPE.findall(PAGE.read_text("utf-8")))


def recipe(name: str) -> str:
    return recipes()[name]
