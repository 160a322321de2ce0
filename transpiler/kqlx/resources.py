"""Where the grammar, the templates and the mapping packs lie, in a wheel or in a checkout; and what
lies in a package.
"""

from __future__ import annotations

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
    files = (file for folder in package for file in Path(folder).glob("*.py"))
    return sorted(file.stem for file in files if file.stem != "__init__")


def packages_in(package: Iterable[str]) -> list[str]:
    """Likewise of its packages."""
    files = (file for folder in package for file in Path(folder).glob("*/__init__.py"))
    return sorted(file.parent.name for file in files)
