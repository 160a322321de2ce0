"""The options of a conversion: what they may be, and which targets take them.

Each target says in its ``TARGET`` which it takes (``exact`` concerns all). What no target takes is
an error, for an option that does nothing would be believed to do something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kqlx.backends import targets
from kqlx.backends.target import Options, Target
from kqlx.errors import UsageError
from kqlx.hints import did_you_mean
from kqlx.mappings.place_names import FORMS, name_problem
from kqlx.records import fields
from kqlx.rules.late_events import length_of

Spelling = Callable[[str], str]

_DEFAULTS: Mapping[str, Any] = {f.name: f.default for f in fields(Options) if f.name != "format"}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "case": ("sensitive", "insensitive"),
    "new_terms": ("stats", "lookup"),
    "sequence": ("scan", "join"),
    "signers": ("join",),
}
_SWITCHES = frozenset(
    {
        *("exact", "annotate", "compact", "filters_in_must"),
        *("case_insensitive", "ignore_unmapped", "locations"),
    }
)


def given_options(options: Mapping[str, Any], spell: Spelling = str) -> dict[str, Any]:
    """The options that are given, a switch also where it is off: the settings may say otherwise.
    Raises UsageError for one that there is not, and for a value that it cannot have; ``spell`` says
    how the user has written its name.
    """
    for name in options:
        if name not in _DEFAULTS:
            known = ", ".join(_DEFAULTS)
            hint = did_you_mean(name, _DEFAULTS, f"it has {known}")
            raise UsageError(f"convert() has no option {name!r}", hint=hint)
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        _check(name, value, spell(name))
    return given


def that_ask(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that are not as they are by themselves."""
    return {name: value for name, value in given.items() if value is not _DEFAULTS[name]}


def check_taken(chosen: Iterable[Target], given: Mapping[str, Any], spell: Spelling = str) -> None:
    """Raises UsageError for an option that none of these targets takes; ``spell`` as above."""
    chosen = tuple(chosen)
    for name in that_ask(given):
        if any(takes(target, name) for target in chosen):
            continue
        takers = [target.name for target in targets() if takes(target, name)]
        names = ", ".join(target.name for target in chosen)
        message = f"{spell(name)} does nothing for {names}"
        raise UsageError(message, hint=f"it is an option for {' and '.join(takers)}")


def options_for(target: Target, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that the target takes."""
    return {name: value for name, value in given.items() if takes(target, name)}


def takes(target: Target, name: str) -> bool:
    """Whether the option concerns the target."""
    return name == "exact" or name in target.options


def _check(name: str, value: Any, spelt: str) -> None:
    """Raises UsageError for a value that the option cannot have."""
    if name in _SWITCHES:
        if not isinstance(value, bool):
            raise UsageError(f"{spelt} is true or false, not {value!r}")
        return
    if name == "networks":
        from kqlx.mappings.lookup_names import networks_problem

        if problem := networks_problem(value):
            raise UsageError(f"{spelt} {problem}")
        return
    if not isinstance(value, str):
        raise UsageError(f"{spelt} is a text, not {value!r}")
    if name in FORMS and (problem := name_problem(name, value)):
        raise UsageError(f"{spelt} {problem}")
    if name in _WORDS and value not in _WORDS[name]:
        message = f"{spelt} is {' or '.join(_WORDS[name])}, not {value!r}"
        raise UsageError(message, hint=did_you_mean(value, _WORDS[name]))
    if name == "time_zone":
        from kqlx.elastic.date_math import time_zone_of

        try:
            time_zone_of(value)
        except UsageError as error:
            raise UsageError(f"{spelt}: {error.message}", hint=error.hint) from None
    if name == "late_events":
        length_of(value, spelt)
