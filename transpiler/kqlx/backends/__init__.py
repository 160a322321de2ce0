"""The targets, a folder each. Nothing is registered: each such package has a ``TARGET``.

Other packages add targets through the entry-point group ``kqlx.backends``, each entry a ``Target``.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from typing import Any

from kqlx.backends.target import Options, Target
from kqlx.errors import UsageError
from kqlx.hints import did_you_mean
from kqlx.records import fields
from kqlx.resources import packages_in


def find(name: str) -> Target:
    """The target of this name or alias. Raises UsageError that lists those there are."""
    if name in _own_names():  # the plain case: nothing is asked of other packages
        return _own(name)
    for target in targets():
        if name == target.name or name in target.aliases:
            return target
    names = ", ".join(target.name for target in targets())
    known = [word for target in targets() for word in (target.name, *target.aliases)]
    hint = did_you_mean(name, [*known, "all"], f"the targets are {names}, or all")
    raise UsageError(f"unknown target {name!r}", hint=hint)


@cache
def targets() -> tuple[Target, ...]:
    """All targets, this package's first, each group by name. One of another package that cannot be
    loaded is passed over with a warning that names its distribution.
    """
    from importlib.metadata import entry_points

    loaded = [_load(entry) for entry in entry_points(group="kqlx.backends")]
    others = [target for target in loaded if target is not None]
    return (*map(_own, _own_names()), *sorted(others, key=lambda target: target.name))


def binding_targets() -> tuple[str, ...]:
    """The names of the targets whose fields are other than Elastic's."""
    return tuple(target.name for target in targets() if target.binds)


@cache
def _own_names() -> tuple[str, ...]:
    return tuple(packages_in(__path__))


def _own(name: str) -> Target:
    target: Target = import_module(f"{__name__}.{name}").TARGET
    return target


def _load(entry: Any) -> Target | None:
    of = f"of {entry.dist.name} {entry.dist.version}" if entry.dist is not None else "installed"
    try:
        target = entry.load()
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
    else:
        why = _what_is_wrong(target, entry.value)
        if not why:
            found: Target = target
            return found
    message = f"the target {entry.name} {of} cannot be loaded: {why}"
    warnings.warn(message, RuntimeWarning, stacklevel=2)
    return None


def _what_is_wrong(target: object, name: str) -> str:
    """Why an object of another package is no target, "" where it is one. Its options are those of
    ``Options``: nobody could set others.
    """
    if not isinstance(target, Target):
        return f"{name} is not a kqlx.backends.target.Target"
    known = {field.name for field in fields(Options)}
    unknown = ", ".join(sorted(target.options - known))
    return f"kqlx has no option {unknown} for it to take" if unknown else ""
