"""The targets. One module each; nothing is registered: a module with a ``TARGET`` is a target.

Other packages add targets through the entry-point group ``kqlx.backends``, each entry a ``Target``.
"""

from __future__ import annotations

import pkgutil
from contextlib import suppress
from functools import cache
from importlib import import_module

from kqlx.backends.base import Target
from kqlx.errors import UsageError


def find(name: str) -> Target:
    """The target of this name or alias. Raises UsageError that lists those there are."""
    if name.isidentifier():
        with suppress(ModuleNotFoundError):  # The plain case: one module is imported, no others.
            target = getattr(import_module(f"{__name__}.{name}"), "TARGET", None)
            if isinstance(target, Target):
                return target
    for target in targets():
        if name == target.name or name in target.aliases:
            return target
    names = ", ".join(target.name for target in targets())
    raise UsageError(f"unknown target {name!r}", hint=f"the targets are {names}, or all")


@cache
def targets() -> tuple[Target, ...]:
    """All targets, this package's first, each group by name."""
    own = [
        import_module(f"{__name__}.{module.name}").TARGET
        for module in pkgutil.iter_modules(__path__)
        if hasattr(import_module(f"{__name__}.{module.name}"), "TARGET")
    ]
    from importlib.metadata import entry_points

    others = [entry.load() for entry in entry_points(group="kqlx.backends")]
    return (*sorted(own, key=lambda t: t.name), *sorted(others, key=lambda t: t.name))


def binding_targets() -> tuple[str, ...]:
    """The names of the targets whose fields are other than Elastic's."""
    return tuple(target.name for target in targets() if target.binds)
