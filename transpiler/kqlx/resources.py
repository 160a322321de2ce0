"""Where the grammar, the templates and the mapping packs lie, in a wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent

ROOT = PACKAGE if (PACKAGE / "grammars").is_dir() else PACKAGE.parent.parent
"""The folder that holds ``grammars/`` and ``templates/``: the package in a wheel, the checkout
otherwise.
"""

PACKS = PACKAGE / "mappings" / "packs"


def read(relative: str) -> str:
    """The text of a resource, such as ``grammars/kql.lark``.

    Raises FileNotFoundError if the installation is incomplete.
    """
    return (ROOT / relative).read_text(encoding="utf-8")
