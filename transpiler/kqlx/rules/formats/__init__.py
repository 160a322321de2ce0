"""The formats of rule files, one small module each; nothing is registered.

Such a module has ``SUFFIXES`` of file names; ``looks_like(text)``, whether a text without a telling
name is of the format; ``read(text)``, the objects in it as ``Entry``, and errors where it is broken
(``kqlx.rules.source_text``); and ``replace(text, entry, query)``, the same text with another query
of one rule, or None where that cannot be done without other change.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import PurePath
from types import ModuleType

from kqlx.resources import modules_in

# Query files go by this name too, but so do notes and lists of packages: one is read where it is
# named, and is passed over in a folder.
_VAGUE = ".txt"

_OF_ONE = {".toml": "toml"}
"""The suffix of most rules, which one format alone has: the others need not be loaded."""


@cache
def modules() -> tuple[ModuleType, ...]:
    """All formats, those that the most tells of first: a text is a query if it is nothing else."""
    found = [import_module(f"{__name__}.{name}") for name in modules_in(__path__)]
    return tuple(
        sorted((m for m in found if hasattr(m, "SUFFIXES")), key=lambda m: name(m) == "query")
    )


def name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def suffixes() -> tuple[str, ...]:
    """Those by which the rule files of a folder are known."""
    return tuple(s for module in modules() for s in module.SUFFIXES if s != _VAGUE)


def of(path: PurePath | None, text: str) -> ModuleType:
    """The format of a file, by its name if that tells it, else by its content."""
    suffix = path.suffix.lower() if path else ""
    if suffix in _OF_ONE:
        return by_name(_OF_ONE[suffix])
    if suffix != _VAGUE:
        named = [module for module in modules() if suffix in module.SUFFIXES]
        fitting = [module for module in named if module.looks_like(text)]
        if named:
            return (fitting or named)[0]
    return next(module for module in modules() if module.looks_like(text))


def by_name(format: str) -> ModuleType:
    return import_module(f"{__name__}.{format}")
