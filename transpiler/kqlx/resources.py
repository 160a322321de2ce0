"""Where the grammar, the templates and the mapping packs lie, in a wheel or in a checkout; and what
lies in a package.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
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


def modules_in(package: Iterable[str]) -> list[str]:
    """The names of the modules in a package, by its ``__path__``, as ``pkgutil`` has them, which
    takes longer to load.
    """
    names = (name for folder in package for name in os.listdir(folder))  # noqa: PTH208 - faster
    return sorted(name[:-3] for name in names if name.endswith(".py") and name != "__init__.py")


def packages_in(package: Iterable[str]) -> list[str]:
    """Likewise of its packages."""
    entries = (entry for folder in package for entry in Path(folder).iterdir())
    return sorted(entry.name for entry in entries if (entry / "__init__.py").is_file())
